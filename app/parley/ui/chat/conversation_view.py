"""ConversationView: shows one conversation and lets a person talk in it. Connects engine and store with the chat page.

Generation belongs to the conversation, not to this view: opening another one stops nothing, and coming back replays.
"""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from parley.errors import ConversationUnknown, MessageUnknown
from parley.messages import Conversation, MessageStatus, Role
from parley.services import Services
from parley.store import ANYONE, EVERYTHING, MESSAGE, Change
from parley.trees import ConversationTree
from parley.ui.chat.chat_page import ChatPage
from parley.ui.chat.following import Following
from parley.ui.composer.drafts import Draft
from parley.ui.composer.outbox import Outbox
from parley.ui.composer.queue import Queue
from parley.ui.models.model_choice import ModelChoice
from parley.ui.tasks import Tasks

GATHER_MS = 15
"""Changes that come within this time are shown together."""

FIRST = 60
"""Messages of a conversation that are read before it is shown: more than fit into a window."""

STEP_MS = 10
STEP_SECONDS = 0.005
"""The older ones are read in steps that take about so long, with pauses between."""


class ConversationView(QObject):
    """What the right column does."""

    opened = Signal(object)
    """Another conversation is on show: its id, or None for a new chat."""

    updated = Signal()
    """What is on show, or what is known of it, has changed."""

    def __init__(self, services: Services, page: ChatPage, models: ModelChoice, tasks: Tasks) -> None:
        super().__init__(page)
        self._services = services
        self._page = page
        self._models = models
        self._tasks = tasks
        self._tree: ConversationTree | None = None
        self._changed: set[str] = set()
        self._everything = False
        self._following = Following(services, page.transcript, tasks, self._ended)
        self.outbox = Outbox(services, page.composer, models, tasks)
        self.outbox.stored.connect(self._stored)
        self.queue = Queue(services, page.composer, page.notices, self.outbox, tasks)
        self.queue.changed.connect(self._reload)
        page.composer.history.source = self._asked
        self._gather = QTimer(self, interval=GATHER_MS, singleShot=True)
        self._gather.timeout.connect(self._reload)
        self._loading = QTimer(self, interval=STEP_MS, singleShot=True)
        self._loading.timeout.connect(self._load_step)
        self._step = FIRST
        page.composer.stopped.connect(self.stop)
        page.asked.connect(self.ask)
        page.header.renamed.connect(self._rename)
        page.transcript.retry_requested.connect(self.regenerate)
        page.transcript.regenerate_requested.connect(self.regenerate)
        page.transcript.version_requested.connect(self._show_version)
        page.transcript.all_wanted.connect(self._load_all)
        models.changed.connect(self._show_welcome)

    @property
    def tree(self) -> ConversationTree | None:
        """Return the conversation on show with its messages, as last read. Of a long one older ones come later."""
        return self._tree

    @property
    def whole_tree(self) -> ConversationTree | None:
        """Return it with all its messages, which are read now if they are not."""
        self._load_all()
        return self._tree

    @property
    def conversation(self) -> Conversation | None:
        """Return the conversation on show."""
        return self._tree.conversation if self._tree else None

    @property
    def shown_id(self) -> str | None:
        """Return its id; None in a new chat."""
        return self._tree.conversation.id if self._tree else None

    @property
    def can_regenerate(self) -> bool:
        """Return whether there is a last answer, and none on its way."""
        leaf = self._tree.leaf if self._tree else None
        return leaf is not None and leaf.status is not MessageStatus.STREAMING

    def open(self, conversation_id: str | None, message_id: str = "", words: str = "") -> None:
        """Show a conversation, at one of its messages and the words in it if given; None begins a new chat."""
        if conversation_id is None or conversation_id != self.shown_id:
            self._leave()
            newest = self._services.store.conversations.newest
            self._tree = newest(conversation_id, FIRST) if conversation_id else None
            self._enter()
        if message_id:
            self._tasks.start(self._jump(message_id, words))

    def ask(self, question: str) -> None:
        """Send a question that the window offers."""
        self.outbox.send(Draft(question))

    def stop(self) -> None:
        """Stop the answer that is coming. What waits for it goes back into the composer."""
        self.queue.stop()

    def regenerate(self, message_id: str) -> None:
        """Answer again, in place of the reply of that id."""
        self._tasks.start(self._regenerate(message_id))

    def regenerate_last(self) -> None:
        """Answer the last question again, unless it is being answered."""
        if self._tree and self._tree.leaf and self.can_regenerate:
            self.regenerate(self._tree.leaf.id)

    def change(self, change: Change) -> None:
        """Look whether a change of the store, by any process, concerns what is on show."""
        if self._tree is None:
            return
        if change.noun == EVERYTHING:
            self._everything = True
        elif change.noun == MESSAGE:
            if self._is_elsewhere(change.id):
                return
            self._changed.add(change.id)
        elif change.id != self.shown_id:
            return
        if change.id not in self._following:
            self._gather.start()

    def _is_elsewhere(self, message_id: str) -> bool:
        """Return whether a message is an answer that comes into another conversation, as a hundred may at once."""
        turn = self._services.turn(message_id, account=ANYONE)
        return turn is not None and turn.conversation_id != self.shown_id

    def _leave(self) -> None:
        self._following.leave()
        self._gather.stop()
        self._loading.stop()
        self._changed.clear()
        self._everything = False

    def _enter(self) -> None:
        self._models.show_for(self.conversation)
        self._page.header.stop_editing()
        self._show_title()
        if self._tree:
            self._page.show_transcript()
            self._show_messages(self._page.transcript.show_messages, self._tree)
        else:
            self._page.transcript.show_messages(self.queue.shown([]), {})
            self._show_welcome()
        self.outbox.show(self.shown_id)
        self._page.composer.setFocus()
        self.opened.emit(self.shown_id)
        self._follow_turns()

    def _reload(self) -> None:
        """Show what the store has now, without moving what the person reads."""
        if not self._tree:
            return
        conversations = self._services.store.conversations
        everything, self._everything = self._everything, False
        changed, self._changed = self._changed, set()
        try:
            tree = conversations.tree(self._tree.conversation.id) if everything else self._tree
            tree = conversations.changed(tree, changed)
        except ConversationUnknown:
            self.open(None)
            return
        queued = self.queue.count
        self.queue.shown(tree.branch())
        if tree is not self._tree or self.queue.count != queued:
            self._tree = tree
            self._show_messages(self._page.transcript.refresh, tree)
            self._models.show_for(self.conversation)
            self._show_title()
        self._follow_turns()

    def _ended(self, reply_id: str) -> None:
        """Show a reply as it is kept, or as it came while it cannot be saved."""
        came = self._page.transcript.message(reply_id)
        if self._tree and came and self._unsaved(reply_id):
            self._tree = self._tree.changed(self._tree.conversation, [came])
        else:
            self._changed.add(reply_id)
        self._reload()

    def _unsaved(self, reply_id: str) -> bool:
        self._changed.discard(reply_id)
        try:
            return self._services.store.messages.get(reply_id).status is MessageStatus.STREAMING
        except MessageUnknown:
            return False

    def _show_messages(self, show: Callable[..., None], tree: ConversationTree) -> None:
        unread = 0 if tree.whole else max(1, tree.conversation.message_count - len(tree.messages))
        show(self.queue.shown(tree.branch()), tree.all_versions(), unread)
        if not tree.whole and not self._loading.isActive():
            self._loading.start()

    def _load_step(self) -> None:
        """Read some of the older messages: as many as a frame does not notice."""
        began = time.perf_counter()
        self._load(self._step)
        took = max(1e-4, time.perf_counter() - began)
        self._step = max(FIRST, int(self._step * max(0.5, min(2.0, STEP_SECONDS / took))))

    def _load_all(self) -> None:
        """Read all older messages now: somebody waits for them."""
        self._loading.stop()
        if self._tree:
            self._load(self._tree.conversation.message_count + 1)

    def _load(self, count: int) -> None:
        if self._tree and not self._tree.whole:
            self._tree = self._services.store.conversations.earlier(self._tree, count)
            self._show_messages(self._page.transcript.refresh, self._tree)

    def _asked(self) -> list[str]:
        """Return what people have said in this conversation, the newest last; what waits is edited in the queue."""
        branch = self.queue.shown(self._tree.branch()) if self._tree else []
        return [message.text for message in branch if message.role is Role.USER]

    def _follow_turns(self) -> None:
        if self._tree:
            self._following.follow(self._tree)
        self._page.composer.set_answering(bool(self._following) or self.queue.count > 0)
        self.updated.emit()

    def _stored(self, place: str | None, conversation_id: str) -> None:
        """Show a message that has been sent from here."""
        if self.shown_id != place:
            return
        if place is None:
            self.open(conversation_id)
        else:
            self._reload()
        self._page.transcript.to_latest()

    async def _regenerate(self, message_id: str) -> None:
        await self._services.engine.regenerate(message_id)
        self._reload()
        self._page.transcript.to_latest()

    def _rename(self, title: str) -> None:
        if self._tree:
            self._tasks.start(self._services.store.conversations.rename(self._tree.conversation.id, title))

    def _show_version(self, message_id: str) -> None:
        self._tasks.start(self._show_branch_of(message_id))

    async def _show_branch_of(self, message_id: str) -> None:
        """Show the branch that a message is in, to its newest end."""
        if self._tree is None:
            return
        leaf = self._tree.newest_leaf(message_id)
        await self._services.store.conversations.show_leaf(self._tree.conversation.id, leaf)
        self._reload()

    async def _jump(self, message_id: str, words: str) -> None:
        if self._tree and self._tree.message(message_id) is None:
            self._load_all()
        if self._tree is None or self._tree.message(message_id) is None:
            raise MessageUnknown(message=message_id)
        if not self._page.transcript.shows(message_id):
            await self._show_branch_of(message_id)
        self._page.transcript.jump_to(message_id, words)

    def _show_title(self) -> None:
        conversation = self.conversation
        title = conversation.title if conversation else self.tr("New chat")
        self._page.header.show_title(title, editable=conversation is not None)
        self._page.window().setWindowTitle(title)

    def _show_welcome(self) -> None:
        if self._tree is None:
            self._page.show_welcome(only_guide=self._models.only_guide, model=self._models.label)

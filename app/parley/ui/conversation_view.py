"""ConversationView: shows one conversation and lets a person talk in it. Connects engine and store with the chat page.

Generation belongs to the conversation, not to this view: opening another one stops nothing, and coming back replays.
"""

from collections.abc import Mapping

from PySide6.QtCore import QObject, QTimer, Signal

from parley.errors import ConversationUnknown, MessageUnknown
from parley.messages import Conversation, ConversationTree, Message, MessageStatus
from parley.services import Services
from parley.store import EVERYTHING, Change
from parley.ui.chat_page import ChatPage
from parley.ui.drafts import Draft
from parley.ui.following import Following
from parley.ui.model_choice import ModelChoice
from parley.ui.outbox import Outbox
from parley.ui.queue import Queue
from parley.ui.tasks import Tasks

GATHER_MS = 15
"""Changes that come within this time are shown together."""


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
        self._following = Following(services.engine, page.transcript, tasks, self._reload)
        self.outbox = Outbox(services, page.composer, models, tasks)
        self.outbox.stored.connect(self._stored)
        self.queue = Queue(services.engine, page.composer, page.notices, self.outbox, tasks)
        self._gather = QTimer(self, interval=GATHER_MS, singleShot=True)
        self._gather.timeout.connect(self._reload)
        page.composer.stopped.connect(self.stop)
        page.welcome.asked.connect(self.ask)
        page.header.renamed.connect(self._rename)
        page.transcript.retry_requested.connect(self.regenerate)
        page.transcript.regenerate_requested.connect(self.regenerate)
        page.transcript.version_requested.connect(self._show_version)
        models.changed.connect(self._show_welcome)

    @property
    def tree(self) -> ConversationTree | None:
        """Return the conversation on show with its messages, as last read."""
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
        branch = self._tree.branch() if self._tree else []
        return bool(branch) and branch[-1].status is not MessageStatus.STREAMING

    def open(self, conversation_id: str | None, message_id: str = "", words: str = "") -> None:
        """Show a conversation, at one of its messages and the words in it if given; None begins a new chat."""
        if conversation_id is None or conversation_id != self.shown_id:
            self._leave()
            self._tree = self._services.store.conversations.tree(conversation_id) if conversation_id else None
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
        if self._tree and self.can_regenerate:
            self.regenerate(self._tree.branch()[-1].id)

    def change(self, change: Change) -> None:
        """Look whether a change of the store, by any process, concerns what is on show."""
        concerned = change.noun == EVERYTHING or change.id == self.shown_id
        if self._tree and (concerned or self._tree.message(change.id)) and change.id not in self._following:
            self._gather.start()

    def _leave(self) -> None:
        self._following.leave()
        self._gather.stop()

    def _enter(self) -> None:
        self._models.show_for(self.conversation)
        self._page.header.stop_editing()
        self._show_title()
        if self._tree:
            self._page.show_transcript()
            self._page.transcript.show_messages(*self._branch(self._tree))
        else:
            self._page.transcript.show_messages([], {})
            self._show_welcome()
        self.outbox.show(self.shown_id)
        self._page.composer.setFocus()
        self.opened.emit(self.shown_id)
        self._follow_turns()

    def _reload(self) -> None:
        """Show what the store has now, without moving what the person reads."""
        if not self._tree:
            return
        try:
            self._tree = self._services.store.conversations.tree(self._tree.conversation.id)
        except ConversationUnknown:
            self.open(None)
            return
        self._page.transcript.refresh(*self._branch(self._tree))
        self._models.show_for(self.conversation)
        self._show_title()
        self._follow_turns()

    def _branch(self, tree: ConversationTree) -> tuple[list[Message], Mapping[str, list[Message]]]:
        """Return the messages on show, and the versions of each that has more than one."""
        messages = self.queue.shown(tree.branch())
        versions = {message.id: tree.versions(message) for message in messages}
        return messages, {id: found for id, found in versions.items() if len(found) > 1}

    def _follow_turns(self) -> None:
        self._following.follow(self.queue.shown(self._tree.branch() if self._tree else []))
        self._page.composer.set_answering(bool(self._following) or bool(self.queue))
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
        leaf = message_id
        for message in self._tree.messages:  # oldest first: the last child wins
            if message.parent_id == leaf:
                leaf = message.id
        await self._services.store.conversations.show_leaf(self._tree.conversation.id, leaf)
        self._reload()

    async def _jump(self, message_id: str, words: str) -> None:
        if self._tree is None or self._tree.message(message_id) is None:
            raise MessageUnknown(message=message_id)
        if all(message.id != message_id for message in self._tree.branch()):
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

"""Chats: connects the sidebar with the store. The list follows every change; rename, pin, delete."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from parley.errors import ConversationUnknown, StoreError
from parley.messages import OWNER
from parley.services import Services
from parley.store import CONVERSATION, EVERYTHING, Change
from parley.ui.appearance.painting import isolated
from parley.ui.sidebar.sidebar import Sidebar
from parley.ui.tasks import Tasks
from parley.ui.undo import Undo


class Chats(QObject):
    """What happens to conversations as a whole."""

    deleted = Signal(str)
    """The conversation on show has gone into the trash."""

    restored = Signal(str)
    """It is back."""

    not_renamed = Signal(object, str, object)
    """Why a title could not be kept, the title, and what tries it again."""

    def __init__(self, services: Services, sidebar: Sidebar, undo: Undo, tasks: Tasks) -> None:
        super().__init__(sidebar)
        self._services = services
        self._store = services.store
        self._sidebar = sidebar
        self._undo = undo
        self._tasks = tasks
        self._stop_search: Callable[[], None] | None = None
        sidebar.searched.connect(self._search)
        sidebar.folded.connect(lambda folded: services.settings.update(network_folded=folded))
        sidebar.rename_requested.connect(self.rename)
        sidebar.delete_requested.connect(lambda ids: self.delete(*ids))

    def change(self, change: Change) -> None:
        """Show what has changed, in whichever process."""
        if change.noun == EVERYTHING:
            self._sidebar.reload()
        if change.noun != CONVERSATION:
            return
        try:
            conversation = self._store.conversations.get(change.id)
        except ConversationUnknown:
            self._sidebar.remove(change.id)
            return
        if conversation.archived:
            self._sidebar.remove(change.id)
        elif conversation.account_id == OWNER:
            self._sidebar.put(conversation)

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title."""
        self._tasks.start(self._rename(conversation_id, title))

    async def _rename(self, conversation_id: str, title: str) -> None:
        try:
            await self._store.conversations.rename(conversation_id, title)
        except StoreError as error:
            self.not_renamed.emit(error, title, partial(self.rename, conversation_id, title))

    def pin(self, *ids: str) -> None:
        """Pin conversations, or let them go if the first one is pinned."""
        self._tasks.start(self._pin(ids, not self._store.conversations.get(ids[0]).pinned))

    async def _pin(self, ids: Sequence[str], pinned: bool) -> None:
        for conversation_id in ids:
            await self._store.conversations.pin(conversation_id, pinned)

    def delete(self, *ids: str) -> None:
        """Put conversations into the trash, and offer to undo that: all at once."""
        self._tasks.start(self._delete(ids))

    async def _delete(self, ids: Sequence[str]) -> None:
        with self._undo.doing():
            title = self._store.conversations.get(ids[0]).title
            silent = await self._stop_answers(ids)
            shown = self._sidebar.shown_id if self._sidebar.shown_id in ids else None
            await self._store.conversations.trash(*ids)
            if shown:
                self.deleted.emit(shown)
            several, one = self.tr("%n chats were deleted.", "", len(ids)), self.tr("“{title}” was deleted.")
            named = title if title.isascii() else isolated(title)  # it must not turn the sentence round
            text = one.format(title=named) if len(ids) == 1 else several
            self._undo.offer(text, partial(self._restore, ids, silent, shown))

    async def _stop_answers(self, ids: Sequence[str]) -> list[str]:
        """Stop the answers to conversations. Return those of which nothing had come: their messages still wait."""
        turns = [turn for id in ids for turn in self._services.engine.turns(id) if not turn.ended]
        for turn in turns:
            turn.stop()
        for turn in turns:
            await turn.wait()
        return [turn.reply_id for turn in turns if not turn.parts]

    async def _restore(self, ids: Sequence[str], silent: Sequence[str], shown: str | None) -> None:
        """Bring conversations back, and the one to the screen that was there when they were deleted."""
        await self._store.conversations.restore(*ids)
        if shown:
            self.restored.emit(shown)
        if silent:
            self._tasks.start(self._answer(silent))

    async def _answer(self, silent: Sequence[str]) -> None:
        """Have the messages answered that waited, one after the other as before."""
        for reply_id in silent:
            await self._services.engine.resume(reply_id)

    def _search(self, words: str) -> None:
        if self._stop_search:
            self._stop_search()
        if words.strip():
            self._stop_search = self._tasks.start(self._find(words))

    async def _find(self, words: str) -> None:
        from parley.ui.sidebar.search_results import Result

        hits = await self._store.search(words)
        nothing = self.tr("Nothing found for “{words}”.").format(words=words.strip())
        self._sidebar.show_results([Result.of(hit, words) for hit in hits], nothing)

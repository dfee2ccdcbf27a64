"""Chats: connects the sidebar with the store. The list follows every change; rename, pin, delete."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from parley.errors import ConversationUnknown
from parley.messages import OWNER
from parley.services import Services
from parley.store import CONVERSATION, EVERYTHING, Change
from parley.ui.sidebar.search_results import Result
from parley.ui.sidebar.sidebar import Sidebar
from parley.ui.tasks import Tasks
from parley.ui.undo import Undo

if TYPE_CHECKING:
    import asyncio

    from parley.store import Hit


class Chats(QObject):
    """What happens to conversations as a whole."""

    deleted = Signal(str)
    restored = Signal(str)

    def __init__(self, services: Services, sidebar: Sidebar, undo: Undo, tasks: Tasks) -> None:
        super().__init__(sidebar)
        self._services = services
        self._store = services.store
        self._sidebar = sidebar
        self._undo = undo
        self._tasks = tasks
        self._search_task: asyncio.Task[None] | None = None
        sidebar.searched.connect(self._search)
        sidebar.rename_requested.connect(self.rename)
        sidebar.delete_requested.connect(self.delete)

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
        if conversation.account_id == OWNER:
            self._sidebar.put(conversation)

    def rename(self, conversation_id: str, title: str) -> None:
        """Give a conversation another title."""
        self._tasks.start(self._store.conversations.rename(conversation_id, title))

    def pin(self, conversation_id: str) -> None:
        """Pin a conversation, or let it go."""
        pinned = self._store.conversations.get(conversation_id).pinned
        self._tasks.start(self._store.conversations.pin(conversation_id, not pinned))

    def delete(self, conversation_id: str) -> None:
        """Put a conversation into the trash, and offer to undo that."""
        self._tasks.start(self._delete(conversation_id))

    async def _delete(self, conversation_id: str) -> None:
        title = self._store.conversations.get(conversation_id).title
        while turn := self._services.engine.running(conversation_id):
            turn.stop()
            await turn.wait()
        await self._store.conversations.trash(conversation_id)
        self.deleted.emit(conversation_id)
        self._undo.offer(self.tr("“{title}” was deleted.").format(title=title), partial(self._restore, conversation_id))

    async def _restore(self, conversation_id: str) -> None:
        await self._store.conversations.restore(conversation_id)
        self.restored.emit(conversation_id)

    def _search(self, words: str) -> None:
        if self._search_task:
            self._search_task.cancel()
        if words.strip():
            self._search_task = self._tasks.start(self._find(words))

    async def _find(self, words: str) -> None:
        hits = await self._store.search(words)
        nothing = self.tr("Nothing found for “{words}”.").format(words=words.strip())
        self._sidebar.show_results([_result(hit, words) for hit in hits], nothing)


def _result(hit: "Hit", words: str) -> Result:
    named = hit.message_id is None
    return Result(
        hit.conversation_id,
        hit.title,
        hit.created_at,
        hit.message_id or "",
        "" if named else hit.snippet,
        () if named else hit.marks,
        "" if named else words,
    )

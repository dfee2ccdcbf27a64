"""Unread: which answers nobody has looked at yet, and what counts as looking.

The store marks a conversation when an answer ends in it, whichever process wrote it. Here the mark is taken away: when
the conversation is opened, or when its end is on show in the active window.
"""

from PySide6.QtCore import QEvent, QObject, QTimer, Signal

from parley.services import Services
from parley.store import CONVERSATION, EVERYTHING, Change
from parley.ui.chat.conversation_view import ConversationView
from parley.ui.tasks import Tasks
from parley.ui.transcript import Transcript

GATHER_MS = 30
"""Changes that come within this time are looked at together."""


class Unread(QObject):
    """Keeps count of the conversations with an unread answer."""

    changed = Signal(int)
    """So many conversations have an unread answer now."""

    arrived = Signal(str)
    """An answer has ended in this conversation, and nobody was looking."""

    def __init__(self, services: Services, view: ConversationView, transcript: Transcript, tasks: Tasks) -> None:
        super().__init__(view)
        self._conversations = services.store.conversations
        self._view = view
        self._transcript = transcript
        self._tasks = tasks
        self._ids: frozenset[str] = frozenset()
        self._gather = QTimer(self, interval=GATHER_MS, singleShot=True)
        self._gather.timeout.connect(self._look)

    def start(self) -> None:
        """Look for the first time; what is unread already does not arrive."""
        self._ids = frozenset(self._conversations.unread())
        self.changed.emit(len(self._ids))
        self._view.opened.connect(self._opened)
        self._transcript.verticalScrollBar().valueChanged.connect(self._see_shown)
        self._transcript.window().installEventFilter(self)
        self._opened(self._view.shown_id)

    @property
    def count(self) -> int:
        """Return how many conversations have an unread answer."""
        return len(self._ids)

    def change(self, change: Change) -> None:
        """Look whether a change of the store, by any process, concerns us."""
        if change.noun in (CONVERSATION, EVERYTHING):
            self._gather.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowActivate:
            self._see_shown()
        return False

    def _opened(self, conversation_id: str | None) -> None:
        if conversation_id in self._ids and self._transcript.isActiveWindow():
            self._see(conversation_id)

    def _see_shown(self) -> None:
        """See the answer on show if the person has its end before them."""
        shown = self._view.shown_id
        if shown in self._ids and self._transcript.isActiveWindow() and self._transcript.following:
            self._see(shown)

    def _see(self, conversation_id: str) -> None:
        self._ids -= {conversation_id}
        self.changed.emit(len(self._ids))
        self._tasks.start(self._conversations.see(conversation_id))

    def _look(self) -> None:
        before, self._ids = self._ids, frozenset(self._conversations.unread())
        self._see_shown()
        if self._ids != before:
            self.changed.emit(len(self._ids))
        for conversation_id in self._ids - before:
            self.arrived.emit(conversation_id)

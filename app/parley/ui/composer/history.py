"""History: the up key in the composer brings back what was said before, the down key what was being written."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QTextCursor

from parley.ui.composer.drafts import Draft

if TYPE_CHECKING:
    from parley.ui.composer.composer import Composer

MODIFIERS = ~Qt.KeyboardModifier.KeypadModifier


class History(QObject):
    """Looks through earlier messages. One that is changed is from then on what is being written."""

    def __init__(self, composer: "Composer") -> None:
        super().__init__(composer)
        self._composer = composer
        self.source: Callable[[], Sequence[str]] = tuple
        """Returns what was said, the newest last."""
        self._texts: Sequence[str] = ()
        self._at = 0
        self._shown = Draft()
        self._unsent: Draft | None = None
        composer.field.installEventFilter(self)

    @property
    def unsent(self) -> Draft | None:
        """Return what was being written before an earlier message was brought back; None if none is on show."""
        return self._unsent if self._unsent is not None and self._composer.draft == self._shown else None

    def leave(self) -> None:
        """Forget what was looked at."""
        self._unsent = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent) or self._composer.field.composing:
            return False
        if event.modifiers() & MODIFIERS:
            return False
        looking = self.unsent is not None
        match event.key():
            case Qt.Key.Key_Up if self._on_first_line() if looking else self._at_start():
                return self._step(-1)
            case Qt.Key.Key_Down if looking and self._on_last_line():
                return self._step(1)
            case Qt.Key.Key_Escape if looking:
                return self._step(len(self._texts))
        return False

    def _step(self, step: int) -> bool:
        if self.unsent is None:
            self._texts = [text for text in self.source() if text.strip()]
            self._at, self._unsent = len(self._texts), self._composer.draft
        at = max(0, self._at + step)
        if not self._texts:
            self._unsent = None
            return False
        if at >= len(self._texts):
            before, self._unsent = self._unsent or Draft(), None
            self._composer.replace_draft(before)
        elif at != self._at:
            self._at, self._shown = at, Draft().after(self._texts[at])
            self._composer.replace_draft(self._shown)
        return True

    def _at_start(self) -> bool:
        cursor = self._composer.field.textCursor()
        return cursor.atStart() and not cursor.hasSelection()

    def _on_first_line(self) -> bool:
        cursor = self._composer.field.textCursor()
        return not cursor.hasSelection() and cursor.blockNumber() == 0 and _line(cursor) == 0

    def _on_last_line(self) -> bool:
        cursor = self._composer.field.textCursor()
        last = self._composer.field.document().lastBlock()
        return not cursor.hasSelection() and cursor.block() == last and _line(cursor) == last.layout().lineCount() - 1


def _line(cursor: QTextCursor) -> int:
    """Return on which line of its paragraph a caret stands, as the paragraph is broken on the screen."""
    return int(cursor.block().layout().lineForTextPosition(cursor.positionInBlock()).lineNumber())

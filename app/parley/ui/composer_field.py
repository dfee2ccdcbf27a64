"""ComposerField: the text field of the composer. It knows keys, input methods and pastes, and nothing of chats."""

from PySide6.QtCore import QEvent, QMimeData, Qt, Signal
from PySide6.QtGui import QFocusEvent, QInputMethodEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from parley.ui.drafts import FOLD_CHARACTERS

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
LOWEST_LINES = 1
FRAME = 2
MARGIN = 7


class ComposerField(QPlainTextEdit):
    """A plain text field that grows with its text, up to a height that its owner sets."""

    submitted = Signal()
    escaped = Signal()
    pasted_long = Signal(str)
    focus_changed = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.send_with_enter = True
        self._tallest = 200
        self._composing = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(MARGIN)
        self.textChanged.connect(self._grow)
        self._grow()

    def set_tallest(self, height: int) -> None:
        """Scroll from this height on instead of growing."""
        if height != self._tallest:
            self._tallest = height
            self._grow()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER and not self._composing:
            if self._sends(event):
                self.submitted.emit()
            else:
                self.textCursor().insertBlock()
                self.ensureCursorVisible()
        elif event.key() == Qt.Key.Key_Escape and not self._composing:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self._composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def event(self, event: QEvent) -> bool:
        # With nothing of its own to undo the field leaves Ctrl+Z to the window, which undoes a deleted chat.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo = event.matches(QKeySequence.StandardKey.Undo)
            if undo and not self.document().isUndoAvailable():
                event.ignore()
                return False
        return super().event(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        text = source.text()
        if len(text) > FOLD_CHARACTERS:
            self.pasted_long.emit(text)
        else:
            super().insertFromMimeData(source)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._grow()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._grow()

    def _sends(self, event: QKeyEvent) -> bool:
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        wanted = Qt.KeyboardModifier.NoModifier if self.send_with_enter else Qt.KeyboardModifier.ControlModifier
        return modifiers == wanted

    def _grow(self) -> None:
        """Take the height of the text. Stops counting at the tallest: a long text costs no more than a screenful."""
        margins = 2 * int(self.document().documentMargin()) + FRAME
        height, block = 0.0, self.document().firstBlock()
        while block.isValid() and height < self._tallest:
            height += self.blockBoundingRect(block).height()
            block = block.next()
        lowest = LOWEST_LINES * self.fontMetrics().lineSpacing()
        wanted = int(max(height, lowest)) + margins
        scrolls = wanted > self._tallest
        policy = Qt.ScrollBarPolicy.ScrollBarAsNeeded if scrolls else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        self.setVerticalScrollBarPolicy(policy)
        if min(wanted, self._tallest) != self.height() or self.minimumHeight() != self.height():
            self.setFixedHeight(min(wanted, self._tallest))

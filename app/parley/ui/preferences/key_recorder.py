"""KeyRecorder: shows the keys of a command, and takes the next ones that are pressed."""

from PySide6.QtCore import QEvent, QKeyCombination, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QPushButton, QWidget

from parley.ui.actions import native

MODIFIERS = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr)
EDITING = (
    QKeySequence.StandardKey.Copy,
    QKeySequence.StandardKey.Cut,
    QKeySequence.StandardKey.Paste,
    QKeySequence.StandardKey.SelectAll,
    QKeySequence.StandardKey.Redo,
)
"""Text fields take these for themselves."""

FUNCTION_KEYS = range(Qt.Key.Key_F1.value, Qt.Key.Key_F35.value + 1)


class KeyRecorder(QPushButton):
    """A button that listens once it was pressed. Escape ends that, Backspace takes the keys away."""

    recorded = Signal(str)
    """Keys as Qt writes them, or nothing."""
    refused = Signal(str)
    """Why these keys cannot be taken."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._shown = self._name = ""
        self.listening = False
        self.setProperty("kind", "choice")
        self.setMinimumWidth(140)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # as keys are written everywhere
        self.clicked.connect(self._listen)

    def set_name(self, name: str) -> None:
        """Take the name of the command, for screen readers."""
        self._name = name

    def show_keys(self, keys: str) -> None:
        """Show keys as the system writes them."""
        self._shown = keys
        self._show()

    def event(self, event: QEvent) -> bool:
        if self.listening and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._take(event)
                return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._stop()

    def _listen(self) -> None:
        self.listening = True
        self._show()

    def _stop(self) -> None:
        self.listening = False
        self._show()

    def _show(self) -> None:
        words = self.tr("Press the keys…") if self.listening else self._shown or self.tr("None")
        self.setText(words)
        self.setAccessibleName(f"{self._name}: {words}")

    def _take(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        bare = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in MODIFIERS or key == Qt.Key.Key_unknown:
            return
        if not bare and key in (Qt.Key.Key_Escape, Qt.Key.Key_Backspace):
            self._stop()
            if key == Qt.Key.Key_Backspace:
                self.recorded.emit("")
            return
        keys = QKeySequence(QKeyCombination(bare, key))
        self._stop()
        if problem := self._problem(keys, key, bare):
            self.refused.emit(problem)
        else:
            self.recorded.emit(keys.toString(QKeySequence.SequenceFormat.PortableText))

    def _problem(self, keys: QKeySequence, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> str:
        shown = native(keys)
        if any(keys in QKeySequence.keyBindings(standard) for standard in EDITING):
            return self.tr("{keys} is for editing text.").format(keys=shown)
        alone = modifiers in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
        if alone and key.value not in FUNCTION_KEYS:
            return self.tr("{keys} alone is needed for writing. Add Ctrl or Alt.").format(keys=shown)
        return ""

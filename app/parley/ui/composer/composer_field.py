"""ComposerField: the text field of the composer. It knows keys, input methods and pastes, and nothing of chats."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCursor,
)
from PySide6.QtWidgets import QFrame, QMenu, QPlainTextEdit, QStyle, QWidget

from parley.ui.composer.drafts import FOLD_CHARACTERS

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
PLAIN_PASTE = "Ctrl+Shift+V"
LOWEST_LINES = 1
LOOKED_AT = 200
FRAME = 2
MARGIN = 7


class ComposerField(QPlainTextEdit):
    """A plain text field that grows with its text, up to a height that its owner sets."""

    submitted = Signal()
    escaped = Signal()
    pasted_long = Signal(str)
    pasted_rich = Signal(str, str)
    """HTML is pasted, and the plain text that came with it. Whoever takes this puts one of them in."""

    pasted = Signal()
    """What was pasted stands there; before that nothing should be sent."""

    refused = Signal()
    """Something other than text is pasted."""

    focus_changed = Signal(bool)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.send_with_enter = True
        self.hint = ""
        """What stands in the empty field."""
        self._paints_hint = False
        """Qt's own placeholder lies under the caret where text begins at the right."""
        self._tallest = 200
        self.composing = False
        """Whether an input method has the keys."""
        self.filled = 0
        """How often the whole text was put in: what belongs to the one before does not belong here."""
        self._pasting = 0
        self._ahead: list[QKeyEvent] | None = None
        """While the text must not change: the keys that are pressed."""
        self.prepare_menu: Callable[[QMenu, QPoint, Callable[[], None]], None] = lambda menu, place, done: done()
        """Adds to the context menu at a place of the field, then calls what opens it."""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(MARGIN)
        self.textChanged.connect(self._grow)
        self.textChanged.connect(self._turn)
        self._turn()
        self._grow()

    def set_hint(self, text: str) -> None:
        """Say what stands in the empty field."""
        self.hint = text
        self._turn()

    def set_tallest(self, height: int) -> None:
        """Scroll from this height on instead of growing."""
        if height != self._tallest:
            self._tallest = height
            self._grow()

    @property
    def pasting(self) -> bool:
        """Return whether something that was pasted is still being read."""
        return self._pasting > 0

    def set_pasting(self, pasting: bool) -> None:
        """Count the pastes that are being read."""
        self._pasting = max(0, self._pasting + (1 if pasting else -1))
        if not self._pasting:
            self.pasted.emit()

    def fill(self, text: str) -> None:
        """Put in another text as a whole, with the caret at its end and nothing to undo."""
        self.filled += 1
        self._pasting = 0
        self.setPlainText(text)
        self.moveCursor(QTextCursor.MoveOperation.End)

    def set_waiting(self, waiting: bool) -> None:
        """Let the text stand as it is for a moment. What is typed meanwhile is typed afterwards."""
        self.setReadOnly(waiting)
        if waiting:
            self._ahead = self._ahead or []
        else:
            self.type_keys(self.take_ahead())

    def take_ahead(self) -> Sequence[QKeyEvent]:
        """Return the keys that have been pressed while the text had to stand, and wait no more."""
        ahead, self._ahead = self._ahead or [], None
        return ahead

    def type_keys(self, keys: Sequence[QKeyEvent]) -> None:
        """Type. From a key on that sends, the rest waits again."""
        for key in keys:
            self.keyPressEvent(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._ahead is not None and _writes(event):
            facts = event.key(), event.modifiers(), event.text(), event.isAutoRepeat(), event.count()
            self._ahead.append(QKeyEvent(event.type(), *facts))
        elif event.key() in ENTER and not self.composing:
            if self._sends(event):
                self.submitted.emit()
            else:
                self.textCursor().insertBlock()
                self.ensureCursorVisible()
        elif event.key() == Qt.Key.Key_Escape and not self.composing:
            self.escaped.emit()
        elif QKeySequence(event.keyCombination()) == QKeySequence(PLAIN_PASTE):
            self.paste_plain()
        else:
            super().keyPressEvent(event)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        self.composing = bool(event.preeditString())
        super().inputMethodEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._paints_hint and not self.composing and self.document().isEmpty():
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().placeholderText().color())
            room = self.viewport().rect().adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
            side = QStyle.visualAlignment(self.layoutDirection(), Qt.AlignmentFlag.AlignLeft)
            painter.drawText(room, side | Qt.AlignmentFlag.AlignTop, self.hint)
            painter.end()

    def event(self, event: QEvent) -> bool:
        # With nothing of its own to undo the field leaves Ctrl+Z to the window, which undoes a deleted chat.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            undo = event.matches(QKeySequence.StandardKey.Undo)
            if undo and not self.document().isUndoAvailable():
                event.ignore()
                return False
        return super().event(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return source.hasText() or source.hasHtml() or source.hasUrls() or source.hasImage()

    def insertFromMimeData(self, source: QMimeData) -> None:
        text = source.text()
        if self.isReadOnly():
            return
        if any(url.isLocalFile() for url in source.urls()) or not (text or source.hasHtml()):
            self.refused.emit()
        elif source.hasHtml() and not _from_an_editor(source):
            self.pasted_rich.emit(source.html(), text)
        else:
            self.insert_at(self.textCursor(), text)

    def insert_at(self, cursor: QTextCursor, text: str) -> None:
        """Put a text in, so that one undo takes it out again; a long one is handed over instead."""
        if len(text) > FOLD_CHARACTERS:
            self.pasted_long.emit(text)
        elif text:
            cursor.insertText(text)
            self.ensureCursorVisible()

    def paste_plain(self) -> None:
        """Paste the plain text of what is on the clipboard."""
        if not self.isReadOnly():
            self.insert_at(self.textCursor(), QGuiApplication.clipboard().text())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.createStandardContextMenu(event.pos())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        actions = menu.actions()
        paste = next((at for at, action in enumerate(actions) if action.objectName() == "edit-paste"), None)
        if paste is not None:
            plain = QAction(self.tr("Paste as plain text"), menu)
            plain.setShortcut(QKeySequence(PLAIN_PASTE))
            plain.setEnabled(actions[paste].isEnabled())
            plain.triggered.connect(self.paste_plain)
            menu.insertAction(actions[paste + 1], plain)
        where = event.globalPos()
        self.prepare_menu(menu, event.pos(), lambda: menu.popup(where))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit(event.reason() == Qt.FocusReason.PopupFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._grow()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            if self.testAttribute(Qt.WidgetAttribute.WA_SetFont):
                self.viewport().setFont(self.font())  # draws the placeholder; under a style sheet it does not inherit
            self._grow()
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self._turn()

    def _sends(self, event: QKeyEvent) -> bool:
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        wanted = Qt.KeyboardModifier.NoModifier if self.send_with_enter else Qt.KeyboardModifier.ControlModifier
        return modifiers == wanted

    def _turn(self) -> None:
        """Run from the side where the text's first letter wants to start; an empty field like the window around it."""
        beginning = self.document().firstBlock().text()[:LOOKED_AT]
        right = None
        if beginning:
            from parley.render.direction import is_rtl

            right = is_rtl(beginning)
        if right is None:
            right = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        option = self.document().defaultTextOption()
        if option.alignment() != side:
            option.setAlignment(side)
            self.document().setDefaultTextOption(option)
        self._paints_hint = right
        shown = "" if right else self.hint
        if self.placeholderText() != shown:
            self.setPlaceholderText(shown)

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


def _from_an_editor(source: QMimeData) -> bool:
    """Return whether a code editor says that this comes from it: its HTML holds nothing but colours."""
    return any(name.startswith(("vscode-", "application/vnd.code.")) for name in source.formats())


def _writes(event: QKeyEvent) -> bool:
    """Return whether a key changes the text, or sends it."""
    changes = event.key() in (*ENTER, Qt.Key.Key_Backspace, Qt.Key.Key_Delete)
    return changes or bool(event.text() and event.text().isprintable())

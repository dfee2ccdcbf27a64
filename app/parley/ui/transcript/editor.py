"""Editor: a message as a text field in its place. What is written stays until it is sent or left."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from parley.messages import Message, Role
from parley.ui.composer.composer_field import MARGIN, ComposerField
from parley.ui.transcript.cell import Cell
from parley.ui.transcript.row import Row
from parley.ui.transcript.words import Words

if TYPE_CHECKING:
    from parley.ui.transcript.view import Transcript

TALLEST_SHARE = 0.6
"""How much of the transcript's height a field may take before it scrolls."""
LEAST_TALL = 96
SPACE = 8


class Editor(QFrame):
    """The field and its buttons. An answer can be saved only; what a person said can be sent again."""

    submitted = Signal(str, bool)
    """The text is to be kept, and perhaps to be answered."""
    cancelled = Signal()
    changed = Signal()
    """It needs another height, or holds another text."""

    def __init__(self, text: str, *, answer: bool, send_with_enter: bool, words: Words, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("composer")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._answer = answer
        self._words = words
        self._height = 0
        self._font: QFont | None = None
        self.field = ComposerField(self)
        self.field.setAccessibleName(words.edited_text())
        self.field.setPlainText(text)
        self.field.moveCursor(self.field.textCursor().MoveOperation.End)
        self.field.document().clearUndoRedoStacks()
        self._error = QLabel(self)
        self._error.setProperty("error", True)
        self._error.setWordWrap(True)
        self._error.setTextFormat(Qt.TextFormat.PlainText)
        self._error.setIndent(MARGIN)
        self._error.hide()
        self.go = self._button(words.save() if answer else words.send(), "primary")
        self.save_only = self._button(words.save_only(), "quiet")
        self.save_only.setVisible(not answer)
        self.save_only.setObjectName("aside")
        self.cancel = self._button(words.cancel(), "quiet")
        self.cancel.setObjectName("aside")
        self._buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._buttons.setSpacing(4)
        self._buttons.addStretch(1)
        for button in (self.cancel, self.save_only, self.go):
            self._buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.setSpacing(4)
        column.addWidget(self.field)
        column.addWidget(self._error)
        column.addLayout(self._buttons)
        self.set_send_key(send_with_enter=send_with_enter)
        self._connect()
        self._refresh()

    @property
    def text(self) -> str:
        """Return what is written."""
        return self.field.toPlainText()

    def set_send_key(self, *, send_with_enter: bool) -> None:
        """Change what Enter does. In an answer, which has many lines, it always begins a new one."""
        self.field.send_with_enter = send_with_enter and not self._answer
        self.go.setToolTip(self._words.by_key(self.go.text(), enter=self.field.send_with_enter))

    def follow(self, before: QWidget) -> None:
        """Come after a widget when one goes on by Tab."""
        for widget in (self.field, self.go, self.save_only, self.cancel):
            self.setTabOrder(before, widget)
            before = widget

    def wear(self, font: QFont) -> None:
        """Write in a font."""
        if font != self._font:
            self._font = font
            self.field.setFont(font)
            self.changed.emit()

    def set_busy(self, *, busy: bool) -> None:
        """While the text is being stored it stands there, and cannot be changed or sent twice."""
        self.field.setReadOnly(busy)
        self.show_error("")
        self._refresh()

    def show_error(self, sentence: str) -> None:
        """Say why the text could not be kept; an empty sentence takes that away."""
        self._error.setText(sentence)
        self._error.setVisible(bool(sentence))
        self.changed.emit()

    def height_at(self, width: int, tallest: int) -> int:
        """Take a width, and return the height that it needs then."""
        self.field.set_tallest(tallest)
        self.resize(width, max(self.height(), self.minimumSizeHint().height()))
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self._height = layout.heightForWidth(width) if layout.hasHeightForWidth() else self.sizeHint().height()
        return self._height

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        shown = [button for button in (self.cancel, self.save_only, self.go) if not button.isHidden()]
        wanted = sum(button.sizeHint().width() + 4 for button in shown) + 2 * SPACE
        way = QBoxLayout.Direction
        self._buttons.setDirection(way.LeftToRight if wanted <= event.size().width() else way.BottomToTop)

    def _connect(self) -> None:
        self.field.submitted.connect(lambda: self._submit(resend=not self._answer))
        self.field.escaped.connect(self.cancelled)
        self.field.pasted_long.connect(self.field.insertPlainText)
        self.field.textChanged.connect(self._refresh)
        self.field.textChanged.connect(self.changed)
        self.field.focus_changed.connect(self._show_focus)
        self.go.clicked.connect(lambda: self._submit(resend=not self._answer))
        self.save_only.clicked.connect(lambda: self._submit(resend=False))
        self.cancel.clicked.connect(self.cancelled)

    def _button(self, text: str, kind: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("kind", kind)
        return button

    def _submit(self, *, resend: bool) -> None:
        if self.text.strip() and not self.field.isReadOnly():
            self.submitted.emit(self.text.strip(), resend)

    def _refresh(self) -> None:
        usable = bool(self.text.strip()) and not self.field.isReadOnly()
        self.go.setEnabled(usable)
        self.save_only.setEnabled(usable)

    def _show_focus(self, focused: bool) -> None:
        self.setProperty("focused", focused)
        self.style().unpolish(self)
        self.style().polish(self)


class EditorCell(Cell):
    """Keeps the place of an editor among a row's cells."""

    wide = True

    def __init__(self, editor: Editor, view: "Transcript") -> None:
        self.editor = editor
        self._view = view

    def estimate(self, width: int) -> int:
        return self.height or LEAST_TALL

    def lay_out(self, width: int) -> int:
        tallest = max(LEAST_TALL, int(self._view.viewport().height() * TALLEST_SHARE))
        self.width, self.height = width, self.editor.height_at(width, tallest) + SPACE
        return self.height


@dataclass(slots=True)
class _Draft:
    """What is written in the place of a message, and where the caret is."""

    text: str
    caret: int


class Editors(QObject):
    """The edits that were begun, of this conversation and of others: each is there until it is sent, saved or left."""

    def __init__(self, view: "Transcript") -> None:
        super().__init__(view)
        self._view = view
        self._send_with_enter = True
        self._drafts: dict[str, _Draft] = {}
        self._cells: dict[str, EditorCell] = {}

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._drafts

    def set_send_key(self, key: str) -> None:
        """Change what Enter does in the fields."""
        self._send_with_enter = key == "enter"
        for cell in self._cells.values():
            cell.editor.set_send_key(send_with_enter=self._send_with_enter)

    def editor(self, message_id: str) -> Editor | None:
        """Return the editor in the place of a message, if it is there."""
        cell = self._cells.get(message_id)
        return cell.editor if cell else None

    def begin(self, message_id: str, text: str | None = None) -> None:
        """Edit a message, from what it says or from this text, and put the caret into the field."""
        view = self._view
        index = view.book.index_of(message_id)
        written = view.book.current(index).text if text is None and index >= 0 else text or ""
        self._drafts.setdefault(message_id, _Draft(written, len(written)))
        if index < 0:  # it is there once its conversation is shown
            return
        view.change_row(index, self.put_into)
        placed = [placed for placed in view.place() if placed.row_index == index]
        self.place()
        if not placed or placed[0].y < 0:
            view.reveal(index, 0, 0)
            view.place()
            self.place()
        self._cells[message_id].editor.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_caret(message_id)

    def end(self, message_id: str) -> None:
        """Show the message again; the keyboard goes to it if it was in its field."""
        self._drafts.pop(message_id, None)
        cell = self._cells.pop(message_id, None)
        if cell is None:
            return
        editor, view = cell.editor, self._view
        keyboard: QWidget | None = editor.window().focusWidget()
        focused = keyboard is not None and editor.isAncestorOf(keyboard)
        index = view.book.index_of(message_id)
        if index >= 0:
            view.change_row(index, lambda row: row.edit(None))
        if focused:
            view.setFocus(Qt.FocusReason.OtherFocusReason)
            view.focused = index
        editor.hide()
        editor.deleteLater()

    def fail(self, message_id: str, sentence: str) -> None:
        """Say in the field why the text could not be kept."""
        if editor := self.editor(message_id):
            editor.set_busy(busy=False)
            editor.show_error(sentence)

    def put_into(self, row: Row) -> None:
        """Have the editor stand in a row's place if its message is being edited. Cheap: asked for every row shown."""
        draft = self._drafts.get(row.message.id)
        if draft is None or row.live or row.field is not None:
            return
        cell = self._cells.get(row.message.id)
        if cell is None:
            cell = self._cells[row.message.id] = EditorCell(self._new_editor(row.message, draft), self._view)
        row.edit(cell)

    def place(self) -> None:
        """Put every editor where its cell is. One that is out of sight keeps the keyboard: it is only moved away."""
        view = self._view
        for message_id, cell in list(self._cells.items()):
            row = view.book.built(message_id)
            if row is None or row.field is not cell:
                del self._cells[message_id]
                if draft := self._drafts.get(message_id):
                    draft.caret = cell.editor.field.textCursor().position()
                cell.editor.hide()
                cell.editor.deleteLater()
                continue
            placed = next((placed for placed in view.placed if placed.cell is cell), None)
            top = placed.y if placed else -cell.height - view.viewport().height()
            left, width = view.column()
            editor = cell.editor
            editor.wear(view.kit.style.answer)
            editor.setGeometry(left, top, width, max(cell.height - SPACE, editor.minimumSizeHint().height()))

    def _new_editor(self, message: Message, draft: _Draft) -> Editor:
        view, message_id = self._view, message.id
        made = Editor(
            draft.text,
            answer=message.role is not Role.USER,
            send_with_enter=self._send_with_enter,
            words=view.words,
            parent=view.viewport(),
        )
        caret = made.field.textCursor()
        caret.setPosition(min(draft.caret, len(draft.text)))
        made.field.setTextCursor(caret)
        made.submitted.connect(lambda text, resend: self._submit(message_id, text, resend))
        made.cancelled.connect(lambda: self._cancel(message_id))
        made.changed.connect(lambda: self._changed(message_id))
        made.wear(view.kit.style.answer)
        made.follow(view)
        made.move(0, -10_000)
        made.show()
        return made

    def _changed(self, message_id: str) -> None:
        view, cell = self._view, self._cells.get(message_id)
        index = view.book.index_of(message_id)
        if cell is None or index < 0:
            return
        field = cell.editor.field
        self._drafts[message_id] = _Draft(cell.editor.text, field.textCursor().position())
        row = view.row_at(index)
        if row.field is cell:
            row.changed(cell)
            view.place()
            self.place()
            if field.hasFocus():
                self._show_caret(message_id)
            view.viewport().update()

    def _show_caret(self, message_id: str) -> None:
        """Scroll so that the line one writes in is in sight."""
        view, cell = self._view, self._cells[message_id]
        if all(placed.cell is not cell for placed in view.placed):
            view.reveal(view.book.index_of(message_id), 0, 0)
            view.place()
            self.place()
        field = cell.editor.field
        rect = field.cursorRect()
        top = field.viewport().mapTo(view.viewport(), rect.topLeft()).y()
        bottom = cell.editor.mapTo(view.viewport(), QPoint(0, cell.editor.height())).y()
        room = view.viewport().height() - SPACE
        if top < SPACE:
            view.scroll_by(top - SPACE)
        elif bottom > room:
            view.scroll_by(min(bottom - room, top - SPACE))

    def _submit(self, message_id: str, text: str, resend: bool) -> None:
        index = self._view.book.index_of(message_id)
        if not resend and index >= 0 and text == self._view.book.current(index).text:
            self.end(message_id)
            return
        if editor := self.editor(message_id):
            editor.set_busy(busy=True)
        self._view.edited.emit(message_id, text, resend)

    def _cancel(self, message_id: str) -> None:
        draft = self._drafts.get(message_id)
        index = self._view.book.index_of(message_id)
        said = self._view.book.current(index).text if index >= 0 else ""
        self.end(message_id)
        if draft and draft.text.strip() and draft.text != said:
            self._view.edit_cancelled.emit(message_id, draft.text)

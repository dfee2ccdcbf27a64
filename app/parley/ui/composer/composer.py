"""Composer: one rounded field with its tools inside. It emits what a person wants to send; it sends nothing itself."""

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from parley.ui.appearance.look import Look
from parley.ui.composer.composer_field import ComposerField
from parley.ui.composer.drafts import Draft
from parley.ui.composer.history import History

if TYPE_CHECKING:
    from parley.ui.notices import Notice

NATIVE = QKeySequence.SequenceFormat.NativeText
UNFOLD_CHARACTERS = 100_000
"""A folded paste up to this length can be put into the field after all."""

TIP_CHARACTERS = 400


class Composer(QWidget):
    """The field, the chips of folded pastes above it, and the row of tools below it."""

    sent = Signal(Draft)
    stopped = Signal()
    mend_requested = Signal()
    """The person wants to put right why the message was not sent."""
    written = Signal()
    """What is in the composer has changed."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.look = look
        self._pasted: list[str] = []
        self._answering = self._sending = self._hasty = False
        self._error: Notice | None = None
        self._frame = QFrame(self)
        self._frame.setObjectName("composer")
        self.field = ComposerField(self._frame)
        self.field.set_hint(self.tr("Message"))
        self.field.setAccessibleName(self.tr("Message"))
        self._send = self._button("send", self.tr("Send"), "send", "on_accent")
        self._stop = self._button("stop", self.tr("Stop the answer"), "stop", "text")
        self.history = History(self)
        self._chips = QVBoxLayout()
        self.tools = QHBoxLayout()
        self._arrange()
        self.field.submitted.connect(self._submit)
        self.field.escaped.connect(self._escape)
        self.field.pasted_long.connect(self._fold)
        self.field.pasted.connect(self._pasted_all)
        self.field.textChanged.connect(self._changed)
        self.field.focus_changed.connect(self._show_focus)
        self._send.clicked.connect(self._submit)
        self._stop.clicked.connect(self.stopped)
        self.setFocusProxy(self.field)
        self._refresh()

    @property
    def draft(self) -> Draft:
        """Return what has been written and pasted."""
        return Draft(self.field.toPlainText(), tuple(self._pasted))

    @property
    def answering(self) -> bool:
        """Return whether Stop is offered."""
        return self._answering

    @property
    def error(self) -> str:
        """Return the sentence that says why the message was not sent."""
        return self._error.accessibleName() if self._error else ""

    @property
    def unsent(self) -> Draft:
        """Return what is to be kept: while earlier messages are looked through, what was written before."""
        unsent = self.history.unsent
        return self.draft if unsent is None else unsent

    def show_draft(self, draft: Draft) -> None:
        """Put a draft into the field, with the caret at its end and nothing to undo."""
        self.history.leave()
        self._pasted = list(draft.pasted)
        self._show_chips()
        self._hasty = False
        self.field.fill(draft.text)

    def replace_draft(self, draft: Draft) -> None:
        """Put a draft into the field in the place of what is there, which an undo brings back."""
        self._pasted = list(draft.pasted)
        self._show_chips()
        cursor = self.field.textCursor()
        cursor.select(cursor.SelectionType.Document)
        cursor.insertText(draft.text)
        self.field.setTextCursor(cursor)

    def put_above(self, widget: QWidget) -> None:
        """Give a widget the place right above the field."""
        self._column.insertWidget(self._column.count() - 1, widget)

    def set_answering(self, answering: bool) -> None:
        """Offer Stop while this conversation is being answered."""
        self._answering = answering
        self._refresh()

    def set_sending(self, sending: bool) -> None:
        """While a message is being stored the text stands there, and cannot be changed or sent twice."""
        self._sending = sending
        self.field.set_waiting(sending)
        self._refresh()

    def set_send_key(self, key: Literal["enter", "ctrl+enter"]) -> None:
        """Change what Enter does."""
        self.field.send_with_enter = key == "enter"
        keys = QKeySequence("Enter" if key == "enter" else "Ctrl+Enter").toString(NATIVE)
        self._send.setToolTip(self.tr("Send ({keys})").format(keys=keys))

    def show_error(self, text: str, detail: str = "", action: str = "") -> None:
        """Say beside the field why the message was not sent; an empty text takes it away."""
        if self._error:
            self._column.removeWidget(self._error)
            self._error.hide()
            self._error.deleteLater()
            self._error = None
        if text:
            from parley.ui.notices import Notice

            self._error = Notice(self.look, text, action=action, detail=detail, error=True, parent=self)
            self._error.acted.connect(self.mend_requested)
            self._error.dismissed.connect(lambda: self.show_error(""))
            self._column.insertWidget(0, self._error)

    def _button(self, name: str, label: str, icon: str, token: str) -> QToolButton:
        button = QToolButton(self._frame)
        button.setObjectName(name)
        button.setToolTip(label)
        button.setAccessibleName(label)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setFixedSize(36, 36)
        self.look.dress(button, icon, token)
        return button

    def _arrange(self) -> None:
        self.tools.setSpacing(4)
        self.tools.addStretch(1)
        self.tools.addWidget(self._stop)
        self.tools.addWidget(self._send)
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(10, 8, 10, 10)
        inside.setSpacing(4)
        self._chips.setSpacing(4)
        inside.addLayout(self._chips)
        inside.addWidget(self.field)
        inside.addLayout(self.tools)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(self._frame)

    def _submit(self) -> None:
        self._hasty = self.field.pasting  # what was pasted belongs to the message
        if not self._hasty and not self._sending and not self.draft.empty:
            self.sent.emit(self.draft)

    def _pasted_all(self) -> None:
        if self._hasty:
            self._submit()

    def _escape(self) -> None:
        if self._error:
            self.show_error("")
        elif self._answering:
            self.stopped.emit()

    def _changed(self) -> None:
        self._refresh()
        self.written.emit()

    def _refresh(self) -> None:
        has_text = bool(self._pasted) or not self.field.document().isEmpty()
        self._send.setEnabled(has_text and not self._sending)
        self.look.dress(self._send, "send", "on_accent" if self._send.isEnabled() else "muted")
        self._send.setVisible(has_text or not self._answering)
        self._stop.setVisible(self._answering)

    def _show_focus(self, focused: bool) -> None:
        self._frame.setProperty("focused", focused)
        self._frame.style().unpolish(self._frame)
        self._frame.style().polish(self._frame)

    def _fold(self, text: str) -> None:
        self._pasted.append(text)
        self._show_chips()
        self._changed()

    def _show_chips(self) -> None:
        while item := self._chips.takeAt(0):
            if old := item.widget():
                old.hide()
                old.deleteLater()
        for number, text in enumerate(self._pasted):
            chip = self._chip(number, text)
            self._chips.addWidget(chip)
            chip.show()
        self._refresh()

    def _chip(self, number: int, text: str) -> QFrame:
        length = len(text.encode("utf-8", "surrogatepass"))
        size = QLocale().formattedDataSize(length, 0, QLocale.DataSizeFormat.DataSizeSIFormat)
        chip = QFrame(self._frame)
        chip.setObjectName("chip")
        words = QPushButton(self.tr("Pasted text, {size}").format(size=size), chip)
        words.setProperty("kind", "quiet")
        self.look.dress(words, "document")
        tip = text[:TIP_CHARACTERS].strip()
        short = len(text) <= UNFOLD_CHARACTERS
        words.setToolTip((self.tr("Click to edit it in the field") + "\n\n" if short else "") + tip)
        if short:
            words.clicked.connect(lambda: self._unfold(number))
        remove = QToolButton(chip)
        remove.setAccessibleName(self.tr("Remove the pasted text"))
        remove.setToolTip(self.tr("Remove"))
        self.look.dress(remove, "close")
        remove.clicked.connect(lambda: self._remove(number))
        row = QHBoxLayout(chip)
        row.setContentsMargins(4, 2, 4, 2)
        row.addWidget(words)
        row.addStretch(1)
        row.addWidget(remove)
        return chip

    def _unfold(self, number: int) -> None:
        text = self._pasted.pop(number)
        self.field.insertPlainText(text)
        self._show_chips()
        self._changed()
        self.field.setFocus()

    def _remove(self, number: int) -> None:
        del self._pasted[number]
        self._show_chips()
        self._changed()
        self.field.setFocus()

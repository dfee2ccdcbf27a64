"""QueueStrip: the messages that wait, above the composer. It shows them and says what was asked for; nothing else."""

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from parley.ui.appearance.look import Look

MOST_LINES = 3
LINE_HEIGHT = 36
SHOWN_CHARACTERS = 300


class QueueLine(QFrame):
    """One waiting message. Only the next one can be sent now: the others would overtake it."""

    def __init__(self, look: Look, text: str, *, can_go: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._whole = " ".join(text[:SHOWN_CHARACTERS].split())
        self.setFixedHeight(LINE_HEIGHT)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.words.setAlignment(_leading(self))
        self.words.setAccessibleName(self._whole)
        self.words.setToolTip(text[:SHOWN_CHARACTERS])
        self.send = QPushButton(self.tr("Send now"), self)
        self.send.setProperty("kind", "link")
        self.send.setToolTip(self.tr("Stop the answer that is coming, and answer this"))
        self.send.setAccessibleName(self.tr("Send now: {message}").format(message=self._whole))
        self.send.setVisible(can_go)
        self.edit = self._button(look, "rename", self.tr("Edit"), self.tr("Edit: {message}"))
        self.remove = self._button(look, "close", self.tr("Remove"), self.tr("Remove: {message}"))
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 10, 0)
        row.setSpacing(2)
        row.addWidget(self.words, 1)
        for button in (self.send, self.edit, self.remove):
            row.addWidget(button)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.words.width()
        self.words.setText(self.words.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, room))

    def _button(self, look: Look, icon: str, name: str, accessible: str) -> QToolButton:
        button = QToolButton(self)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setToolTip(name)
        button.setAccessibleName(accessible.format(message=self._whole))
        look.dress(button, icon)
        return button


class QueueStrip(QFrame):
    """The waiting messages, one line each. Some are in view, the rest scrolls."""

    send_now = Signal(int)
    edit = Signal(int)
    remove = Signal(int)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("queue")
        self._look = look
        self.lines: list[QueueLine] = []
        self._count = QLabel(self)
        self._count.setProperty("muted", True)
        self._count.setContentsMargins(10, 6, 10, 0)
        self._count.setAlignment(_leading(self))
        self._scroll = QScrollArea(self)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._scroll.setWidget(self._inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(0)
        column.addWidget(self._count)
        column.addWidget(self._scroll)
        self.hide()

    def show_texts(self, texts: Sequence[str], *, can_go: bool) -> None:
        """Show these messages, the next one first."""
        for line in self.lines:
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        self.lines = []
        for number, text in enumerate(texts):
            line = QueueLine(self._look, text, can_go=can_go and number == 0, parent=self._inside)
            line.send.clicked.connect(lambda _checked=False, number=number: self.send_now.emit(number))
            line.edit.clicked.connect(lambda _checked=False, number=number: self.edit.emit(number))
            line.remove.clicked.connect(lambda _checked=False, number=number: self.remove.emit(number))
            self._column.addWidget(line)
            line.show()
            self.lines.append(line)
        self._count.setText(self.tr("%n waiting", "", len(texts)))
        self._scroll.setFixedHeight(min(len(texts), MOST_LINES) * LINE_HEIGHT)
        self.setVisible(bool(texts))

    def put_before(self, widget: QWidget) -> None:
        """Let Tab lead through the lines and then into a widget."""
        before = widget.previousInFocusChain()
        while before and (widget.isAncestorOf(before) or not before.focusPolicy() & Qt.FocusPolicy.TabFocus):
            before = before.previousInFocusChain()
        buttons = [button for line in self.lines for button in (line.send, line.edit, line.remove)]
        for one, other in pairwise([before, *buttons] if before else buttons):
            QWidget.setTabOrder(one, other)


def _leading(widget: QWidget) -> Qt.AlignmentFlag:
    """Return the side where reading starts in the window, whatever direction a text has by itself."""
    right_to_left = widget.layoutDirection() == Qt.LayoutDirection.RightToLeft
    side = Qt.AlignmentFlag.AlignRight if right_to_left else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter

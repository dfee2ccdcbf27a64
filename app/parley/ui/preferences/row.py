"""Row: how every setting stands on its page: words, what changes it, what is wrong with it, and the way back."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from parley.ui.appearance.look import Look

NARROW = 430
"""Below this width there is no room for words and editor side by side."""


def words_label(text: str, parent: QWidget, kind: str = "") -> QLabel:
    """Return a label that wraps. `kind` is one of the theme's: muted, error or title."""
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if parent.layoutDirection() == Qt.LayoutDirection.RightToLeft:  # also where the words have not been translated
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter)
    if kind:
        label.setProperty(kind, True)
    return label


class Row(QWidget):
    """One setting. With `below` its editor always stands under the words."""

    reset = Signal()

    def __init__(
        self, label: str, help: str, editor: QWidget, look: Look, parent: QWidget, *, below: bool = False
    ) -> None:
        super().__init__(parent)
        self._below = below
        self.haystack = f"{label} {help}".casefold()
        """What the search of the window looks through."""
        self.label = words_label(label, self, "title")
        self._help = words_label(help, self, "muted")
        self._help.setVisible(bool(help))
        self.problem = words_label("", self, "error")
        self.note = words_label("", self)
        for line in (self.problem, self.note):
            line.hide()
        self.reset_button = QToolButton(self)
        self.reset_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        look.dress(self.reset_button, "undo")
        self.reset_button.setAccessibleName(self.tr("Reset “{setting}”").format(setting=label))
        self.reset_button.setToolTip(self.tr("Back to how it came"))
        self.reset_button.clicked.connect(self.reset)
        policy = self.reset_button.sizePolicy()
        policy.setRetainSizeWhenHidden(not below)
        self.reset_button.setSizePolicy(policy)
        self.reset_button.hide()
        self._words = words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        for part in (self.label, self._help, self.problem, self.note):
            words.addWidget(part)
        words.addStretch(1)
        side = QHBoxLayout()
        side.setSpacing(4)
        side.addWidget(editor, 1 if below else 0)
        side.addWidget(self.reset_button, 0, Qt.AlignmentFlag.AlignTop if below else Qt.AlignmentFlag.AlignVCenter)
        self._side = side
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._line.setContentsMargins(0, 10, 0, 10)
        self._line.setSpacing(8)
        self._line.addLayout(words, 1)
        self._line.addLayout(side)
        self._turn(self.width())

    def add_below(self, part: QWidget) -> None:
        """Put something below the words."""
        self._words.insertWidget(self._words.count() - 1, part, 0, Qt.AlignmentFlag.AlignLeft)

    def show_problem(self, text: str) -> None:
        """Say why what was typed has not been taken; an empty text takes that away."""
        if text and text != self.problem.text():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def show_note(self, text: str) -> None:
        """Say what has come of it."""
        self.note.setText(text)
        self.note.setVisible(bool(text))

    def show_changed(self, changed: bool) -> None:
        """Offer the way back to the default."""
        self.reset_button.setVisible(changed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn(event.size().width())

    def _turn(self, width: int) -> None:
        stacked = self._below or width < NARROW
        way = QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight
        if self._line.direction() != way:
            self._line.setDirection(way)
        if not self._below:
            ahead = QBoxLayout.Direction.LeftToRight if stacked else QBoxLayout.Direction.RightToLeft
            self._side.setDirection(ahead)  # so that editors end below each other
            aside = Qt.AlignmentFlag.AlignLeft if stacked else Qt.AlignmentFlag.AlignRight
            self._line.setAlignment(self._side, aside | Qt.AlignmentFlag.AlignVCenter)

"""ChoiceButton: shows one of several things, and opens a menu with all of them."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QStyle, QWidget

from parley.ui.appearance.look import Look

ARROW = 12
ASIDE = 44
"""What the button needs beside its words."""


class ChoiceButton(QPushButton):
    """A button with an arrow. `chosen` tells the value of what was picked."""

    chosen = Signal(str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._name = ""
        self._whole = ""
        self.setProperty("kind", "choice")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.menu_ = QMenu(self)
        self.clicked.connect(self._open)

    def set_name(self, name: str) -> None:
        """Say what is chosen here, for screen readers."""
        self._name = name
        self._tell()

    def offer(self, choices: Sequence[tuple[str, str]], current: str, also: Sequence[str] = ()) -> None:
        """Offer these values with their words, and tick the current one, or several."""
        self.menu_.clear()
        for value, words in choices:
            action = self.menu_.addAction(words)
            action.setCheckable(True)
            action.setChecked(value == current or value in also)
            action.triggered.connect(lambda _checked=False, value=value: self.chosen.emit(value))
        self.show_words(next((words for value, words in choices if value == current), current))

    def show_words(self, words: str) -> None:
        """Show what is chosen."""
        self._whole = words
        self._tell()
        self.updateGeometry()
        self._cut()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + ASIDE, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(ASIDE + 40, super().minimumSizeHint().height())

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._cut()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        place = QRect(self.width() - ARROW - 10, (self.height() - ARROW) // 2, ARROW, ARROW)
        place = QStyle.visualRect(self.layoutDirection(), self.rect(), place)
        self._look.icon("chevron-down").paint(painter, place)

    def _open(self) -> None:
        """Open the menu without a nested event loop."""
        left = self.width() - self.menu_.sizeHint().width()
        right_to_left = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        self.menu_.popup(self.mapToGlobal(QPoint(left if right_to_left else 0, self.height() + 2)))

    def _tell(self) -> None:
        self.setAccessibleName(f"{self._name}: {self._whole}" if self._name else self._whole)

    def _cut(self) -> None:
        room = max(24, self.width() - ASIDE + 8)
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, room))

"""Card: a frame for one thing of a list, whose words and buttons stand side by side where there is room."""

from typing import ClassVar

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget


class Card(QFrame):
    """Its `line` holds words and buttons; where it is narrower than `narrow` pixels, one above the other."""

    narrow: ClassVar[int] = 400

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("provider")
        self._line = QBoxLayout(QBoxLayout.Direction.LeftToRight)

    def put_side_by_side(self, texts: QVBoxLayout, buttons: QHBoxLayout) -> None:
        """Fill the line."""
        self._line.addLayout(texts, 1)
        self._line.addLayout(buttons)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        stacked = event.size().width() < self.narrow
        way = QBoxLayout.Direction.TopToBottom if stacked else QBoxLayout.Direction.LeftToRight
        if self._line.direction() != way:
            self._line.setDirection(way)

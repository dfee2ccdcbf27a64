"""The button under the composer that says which model answers, and opens the model picker."""

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QWidget

from parley.ui.appearance.look import Look

ARROW = 12
ASIDE = 54
"""What the button needs beside its words: icon, arrow and margins."""


class ModelButton(QPushButton):
    """Shows which model answers, and opens the popup."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._whole = ""
        self._look = look
        self.setObjectName("modelButton")
        self.setProperty("kind", "quiet")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        look.dress(self, "model")
        self.show_model("", "")

    def show_model(self, label: str, model_id: str) -> None:
        """Show the model that will answer."""
        self._whole = label or self.tr("Choose a model")
        self.setToolTip(self.tr("Choose a model") + (f"\n{model_id}" if model_id else ""))
        self.setAccessibleName(self.tr("Model: {model}").format(model=self._whole))
        self.updateGeometry()
        self._cut()

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + ASIDE, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(ASIDE + 24, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        place = QRect(self.width() - ARROW - 8, (self.height() - ARROW) // 2, ARROW, ARROW)
        place = QStyle.visualRect(self.layoutDirection(), self.rect(), place)
        self._look.icon("chevron-down").paint(painter, place)

    def _cut(self) -> None:
        room = max(24, self.width() - ASIDE + 2)
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, room))

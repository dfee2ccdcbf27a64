"""The round button that goes to the end; there while one reads above it."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton

from parley.ui.transcript import icons
from parley.ui.transcript.scroller import Scroller
from parley.ui.transcript.style import Style
from parley.ui.transcript.words import Words

SIZE = 36
GAP = 8
EDGE = 2


class LatestButton(QAbstractButton):
    """Jump to latest."""

    def __init__(self, owner: Scroller) -> None:
        super().__init__(owner)
        self._owner = owner
        self._style: Style | None = None
        words = Words(self)
        self.setToolTip(words.latest())
        self.setAccessibleName(words.latest())
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(owner.to_latest)
        self.hide()

    def dress(self, style: Style) -> None:
        """Take the colours."""
        self._style = style
        self.update()

    def place(self, column: tuple[int, int], *, visible: bool) -> None:
        """Stand above the lower edge where the text column ends, over as little of it as the room allows; or go."""
        room = self._owner.viewport().geometry()
        left, width = column
        begin = max(EDGE, min(left + width + GAP, room.width() - SIZE - EDGE))
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            begin = room.width() - SIZE - begin
        self.setGeometry(room.left() + begin, room.bottom() - SIZE - 12, SIZE, SIZE)
        if self.isVisible() != visible:
            self.setVisible(visible)

    def paintEvent(self, event: QPaintEvent) -> None:
        style = self._style
        if style is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focus = self.hasFocus()
        edge: QColor = style.color("accent" if focus else "faint")
        painter.setPen(QPen(edge, 2 if focus else 1))
        painter.setBrush(style.color("hover" if self.underMouse() else "raised"))
        painter.drawEllipse(QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5))
        box = QRectF(0, 0, 20, 20)
        box.moveCenter(QRectF(self.rect()).center())
        icons.paint(painter, "latest", box, style.color("text"))
        painter.end()

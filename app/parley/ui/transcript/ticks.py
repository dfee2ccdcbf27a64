"""Ticks: short lines on the scroll bar where the messages have what is looked for."""

from collections.abc import Iterable
from itertools import accumulate

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from parley.ui.transcript.fenwick import Fenwick
from parley.ui.transcript.scroller import Scroller
from parley.ui.transcript.style import Style

HEIGHT = 2
APART = 4
"""Lines stand at least so far apart: the bar's handle is seen between them."""


class Ticks(QWidget):
    """Lies over the scroll bar and lets the pointer through."""

    stale = Signal()
    """The bar has another height: the lines are to be shown anew."""

    def __init__(self, owner: Scroller) -> None:
        self._bar = owner.verticalScrollBar()
        super().__init__(self._bar)
        self._style: Style | None = None
        self._lines: set[int] = set()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._bar.installEventFilter(self)
        self.hide()

    @property
    def count(self) -> int:
        """Return how many lines there are."""
        return len(self._lines)

    def show_for(self, shares: Iterable[tuple[int, int]], heights: Fenwick, style: Style, *, above: int = 0) -> None:
        """Show lines for messages, given as (number of the message, places in it); `above` them more will come."""
        self._style = style
        rows = heights[:]
        tops = list(accumulate(rows, initial=above))
        scale = max(1, self._bar.height() - HEIGHT) / max(1, tops[-1])
        low = 2 * APART / scale
        lines: set[int] = set()
        for index, count in shares if self._bar.maximum() else ():  # else all is in sight
            if index >= len(rows):
                break
            height, top = rows[index], tops[index]
            if height < low:
                lines.add(_apart(top * scale))
                continue
            number = min(count, int(height * scale / APART))
            lines.update(_apart((top + height * (line + 0.5) / number) * scale) for line in range(number))
        self._lines = lines
        self.setGeometry(self._bar.rect())
        self.setVisible(bool(lines))
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.stale.emit()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._style is None:
            return
        painter = QPainter(self)
        color = self._style.color("mark_edge")
        painter.setOpacity(0.7)
        for y in self._lines:
            painter.fillRect(1, y, self.width() - 2, HEIGHT, color)
        painter.end()


def _apart(y: float) -> int:
    """Return where a line stands: others, of whatever message, on the same place or far enough away."""
    return int(y / APART) * APART

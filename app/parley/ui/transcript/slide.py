"""Slide: how far something wider than its room is scrolled sideways, and the thin bar that shows and drags it."""

from PySide6.QtCore import QPointF, QRectF, Qt

from parley.ui.transcript.cell import Canvas, Hot

ACTION = "slide"
ROOM = 12
"""Height that the bar takes, at 100 %."""
ASIDE = 48
"""What stays in sight at the left of what is brought there."""


class Slide:
    """One horizontal offset. Parts of one table share it."""

    def __init__(self) -> None:
        self.offset = 0
        self.extent = 0
        self.room = 0
        self.mirrored = False
        """Whether it begins at the right, and keeps to that when it gets other room."""
        self._grip = 0.0

    @property
    def needed(self) -> bool:
        """Say whether there is anything to scroll."""
        return self.extent > self.room

    def fit(self, extent: int, room: int) -> None:
        """Take the width of what is shown and of the room for it."""
        before = self.extent - self.room
        self.extent, self.room = extent, room
        self.by(extent - room - max(0, before) if self.mirrored else 0)

    def by(self, pixels: int) -> bool:
        """Scroll; say whether anything moved."""
        before = self.offset
        self.offset = max(0, min(self.extent - self.room, self.offset + pixels))
        return self.offset != before

    def bring(self, left: float, right: float) -> None:
        """Scroll until what lies between is in sight, with something of what is around it."""
        if left < self.offset or right > self.offset + self.room:
            self.by(int(left) - min(ASIDE, self.room // 4) - self.offset)

    def thumb(self, x: int, bottom: int, height: int) -> QRectF:
        """Return the bar's handle, in a groove that begins at `x` and ends above `bottom`."""
        size = max(24.0, self.room * self.room / max(1, self.extent))
        free = max(1, self.extent - self.room)
        return QRectF(x + (self.room - size) * self.offset / free, bottom - height, size, height)

    def hot_at(self, point: QPointF, x: int, bottom: int, height: int) -> Hot | None:
        """Return the bar if the point is on it."""
        grasp = self.thumb(x, bottom, height).adjusted(0, -height, 0, height)
        return Hot(ACTION, grasp) if self.needed and grasp.contains(point) else None

    def press(self, point: QPointF) -> None:
        """Begin to drag."""
        self._grip = point.x()

    def drag(self, point: QPointF) -> bool:
        """Drag the handle to a point."""
        moved = round((point.x() - self._grip) * self.extent / max(1, self.room))
        self._grip = point.x()
        self.by(moved)
        return True

    def paint(self, canvas: Canvas, x: int, bottom: int, height: int) -> None:
        """Draw the bar, stronger under the pointer."""
        if not self.needed:
            return
        hovered = canvas.hover is not None and canvas.hover.action == ACTION
        canvas.painter.setPen(Qt.PenStyle.NoPen)
        canvas.painter.setBrush(canvas.style.color("muted" if hovered else "outline"))
        canvas.painter.setOpacity(1.0 if hovered else 0.55)
        canvas.painter.drawRoundedRect(self.thumb(x, bottom, height), height / 2, height / 2)
        canvas.painter.setOpacity(1.0)

"""Pointer: what the mouse does to the transcript. Hovering, pressing, selecting, scrolling."""

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolTip

from parley.ui.transcript.cell import Cell
from parley.ui.transcript.places import Hover, corner, hot_at, placed_at, row_at, spot_at
from parley.ui.transcript.row import Row
from parley.ui.transcript.selection import Spot
from parley.ui.transcript.slide import ACTION as SLIDE
from parley.ui.transcript.textcell import BlockCell

if TYPE_CHECKING:
    from parley.ui.transcript.view import Transcript

AUTO_MS = 30
NOTCH = 120


class Pointer(QObject):
    """Watches the viewport. `hover` is what can be pressed under the pointer, `row` the message that it is on."""

    def __init__(self, view: "Transcript") -> None:
        super().__init__(view)
        self._view = view
        self.hover: Hover | None = None
        self.row: Row | None = None
        self.pressed = False
        self._dragged: tuple[Cell, QPointF] | None = None
        self._selecting = ""
        self._last = QPointF()
        self._clicked = (0.0, QPointF(), 0)
        self._auto = QTimer(self)
        self._auto.setInterval(AUTO_MS)
        self._auto.timeout.connect(self._scroll_on)
        view.viewport().installEventFilter(self)
        view.viewport().setCursor(Qt.CursorShape.IBeamCursor)

    def clear(self) -> None:
        """Forget what was under the pointer."""
        self.hover = self.row = self._dragged = None
        self.pressed = False
        self._selecting = ""
        self._auto.stop()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event:
            case QMouseEvent():
                return self._mouse(event)
            case QWheelEvent():
                return self._wheel(event)
            case QContextMenuEvent():
                self._view.commands.menu_at(QPointF(event.pos()), event.globalPos())
                return True
            case QHelpEvent():
                self._tip(event)
                return True
            case _ if event.type() == QEvent.Type.Leave and not self.pressed:
                self._hover_over(None, None)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        point = event.position()
        kind = event.type()
        if kind == QEvent.Type.MouseMove:
            self._move(event)
        elif event.button() != Qt.MouseButton.LeftButton:
            return False
        elif kind in {QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick}:
            self._press(point, event)
        elif kind == QEvent.Type.MouseButtonRelease:
            self._release(point)
        else:
            return False
        return True

    def _hover_over(self, hover: Hover | None, row: Row | None) -> None:
        before = (self.hover[2] if self.hover else None, self.row)
        self.hover, self.row = hover, row
        if before != (hover[2] if hover else None, row):
            self._view.viewport().update()
        hand = hover is not None and hover[2].action != SLIDE
        arrow = hover is not None and hover[2].action == SLIDE
        shape = Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.IBeamCursor
        self._view.viewport().setCursor(Qt.CursorShape.ArrowCursor if arrow or row is None else shape)

    def _move(self, event: QMouseEvent) -> None:
        point = event.position()
        if self._dragged:
            cell, origin = self._dragged
            cell.drag(point - origin)
            self._view.viewport().update()
        elif self._selecting and event.buttons() & Qt.MouseButton.LeftButton:
            self._last = point
            self._extend(point)
            beyond = point.y() < 0 or point.y() > self._view.viewport().height()
            if beyond and not self._auto.isActive():
                self._auto.start()
            elif not beyond:
                self._auto.stop()
        else:
            self._hover_over(hot_at(self._view, point), row_at(self._view, point))

    # --- pressing
    def _press(self, point: QPointF, event: QMouseEvent) -> None:
        self._view.focused = -1
        hover = hot_at(self._view, point)
        self._hover_over(hover, row_at(self._view, point))
        self.pressed = hover is not None
        self._last = point
        if hover and hover[2].action == SLIDE:
            placed = placed_at(self._view, point)
            origin = corner(self._view, placed) if placed else QPointF()
            hover[1].press(hover[2], point - origin)
            self._dragged = (hover[1], origin)
            return
        if hover and hover[2].action != "link":
            self._view.viewport().update()
            return
        clicks = self._count(point)
        self._selecting = ("letter", "word", "paragraph")[min(clicks, 3) - 1]
        spots = self._unit(point)
        if spots is None:
            self._view.selection.clear()
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._view.selection.start:
            self._view.selection.extend(*spots)
        else:
            self._view.selection.begin(*spots)
        self._view.viewport().update()

    def _count(self, point: QPointF) -> int:
        """Return how many times in a row there was a click here."""
        now = time.monotonic()
        at, where, count = self._clicked
        near = (point - where).manhattanLength() < QApplication.startDragDistance()
        quick = now - at < QApplication.doubleClickInterval() / 1000
        count = count + 1 if near and quick else 1
        self._clicked = (now, point, count)
        return count

    def _release(self, point: QPointF) -> None:
        hover, was_pressed = self.hover, self.pressed
        self._auto.stop()
        self.pressed, self._dragged, self._selecting = False, None, ""
        now = hot_at(self._view, point)
        self._view.viewport().update()
        same = hover is not None and now is not None and now[2] == hover[2] and now[1] is hover[1]
        if not (hover and was_pressed and same):
            return
        if hover[2].action == "link" and self._view.selection:
            return
        if hover[2].action != SLIDE:
            self._view.commands.run(hover[2].action, hover[0], hover[1], hover[2])
            self._view.place()
            self._hover_over(hot_at(self._view, point), row_at(self._view, point))

    # --- selecting
    def _unit(self, point: QPointF) -> tuple[Spot, Spot] | None:
        """Return the ends of what one click, two or three select at a point."""
        spot = spot_at(self._view, point)
        if spot is None:
            return None
        cell = self._view.row_at(spot.row).cells[spot.cell]
        if self._selecting == "letter" or not isinstance(cell, BlockCell):
            return spot, spot
        ends = cell.word_at(spot.position) if self._selecting == "word" else cell.paragraph_at(spot.position)
        return spot._replace(position=ends[0]), spot._replace(position=ends[1])

    def _extend(self, point: QPointF) -> None:
        spots = self._unit(point)
        if spots:
            self._view.selection.extend(*spots)
            self._view.viewport().update()

    def _scroll_on(self) -> None:
        """Scroll while the button is held beyond the edge."""
        height = self._view.viewport().height()
        beyond = self._last.y() if self._last.y() < 0 else self._last.y() - height
        self._view.scroll_by(round(max(-120, min(120, beyond))))
        self._view.place()
        self._extend(QPointF(self._last.x(), max(0, min(height - 1, self._last.y()))))

    # --- scrolling
    def _wheel(self, event: QWheelEvent) -> bool:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        delta = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta() * 48 / NOTCH * 2
        across = abs(delta.x()) > abs(delta.y())
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not across:
            delta, across = QPoint(delta.y(), 0), True
        if across:
            placed = placed_at(self._view, event.position())
            if placed and placed.cell.slide(-delta.x()):
                self._view.viewport().update()
        else:
            self._view.scroll_by(-delta.y())
        event.accept()
        return True

    def _tip(self, event: QHelpEvent) -> None:
        hover = hot_at(self._view, QPointF(event.pos()))
        QToolTip.showText(event.globalPos(), hover[2].tip if hover else "", self._view.viewport())

"""Places: what is at a point of the viewport, as it was painted last."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect

from parley.ui.transcript.cell import Cell, Hot
from parley.ui.transcript.painting import row_rect
from parley.ui.transcript.row import Row
from parley.ui.transcript.scroller import Placed
from parley.ui.transcript.selection import Spot

if TYPE_CHECKING:
    from parley.ui.transcript.view import Transcript

Hover = tuple[Row, Cell, Hot]


def corner(view: "Transcript", placed: Placed) -> QPointF:
    """Return where a cell's own coordinates begin."""
    return QPointF(view.column()[0] + placed.row.cell_left(placed.cell), placed.y)


def placed_at(view: "Transcript", point: QPointF) -> Placed | None:
    """Return the cell at a point."""
    return next((placed for placed in view.placed if placed.y <= point.y() < placed.y + placed.cell.height), None)


def hot_at(view: "Transcript", point: QPointF) -> Hover | None:
    """Return what can be pressed at a point."""
    placed = placed_at(view, point)
    hot = placed.cell.hot_at(point - corner(view, placed)) if placed else None
    return (placed.row, placed.cell, hot) if placed and hot else None


def row_at(view: "Transcript", point: QPointF) -> Row | None:
    """Return the message at a point."""
    found = None
    for placed in view.placed:
        if placed.y - placed.cell.above <= point.y():
            found = placed.row
    return found


def rect_of(view: "Transcript", message_id: str) -> QRect:
    """Return where a message is in the viewport, as far as it is in sight; the viewport where it is not."""
    room = view.viewport().rect()
    placed = next((placed for placed in view.placed if placed.row.message.id == message_id), None)
    return row_rect(view, placed).toAlignedRect().intersected(room) if placed else room


def spot_at(view: "Transcript", point: QPointF) -> Spot | None:
    """Return the place between letters nearest to a point."""
    best: Spot | None = None
    for placed in view.placed:
        if not placed.cell.length() and best is not None:
            continue
        inner = point - corner(view, placed)
        if inner.y() < 0 and best is not None:
            break
        inner.setY(max(0.0, min(inner.y(), placed.cell.height - 1.0)))
        best = Spot(placed.row_index, placed.index, placed.cell.position_at(inner))
    return best

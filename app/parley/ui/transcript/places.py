"""Places: what is at a point of the viewport, as it was painted last."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect

from parley.ui.transcript.cell import Cell, Hot
from parley.ui.transcript.marks import Place
from parley.ui.transcript.painting import row_rect
from parley.ui.transcript.row import MAX_RICH, Row
from parley.ui.transcript.scroller import Placed
from parley.ui.transcript.selection import Spot
from parley.ui.transcript.textcell import BlockCell

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


def to_place(view: "Transcript", place: Place, *, anywhere: bool = True) -> bool:
    """Bring a place of what is looked for into sight; say whether the message has it.

    What is in sight already stays where it is, if it may be `anywhere`.
    """
    index = view.book.index_of(place.message_id)
    row = view.row_at(index)
    if is_cut(row):
        view.commands.run("show-all", row)
        row = view.row_at(index)
    view.marks.current = place
    view.viewport().update()
    found = view.marks.locate(row, place.number)
    if found is None:
        return False
    number, span = found
    row.measure(number)
    cell = row.cells[number]
    top = cell.top_of(span[0])
    if isinstance(cell, BlockCell):
        cell.bring(span)
    shown = next((placed for placed in view.place() if placed.row is row and placed.index == number), None)
    line = view.kit.style.line
    if shown and anywhere and shown.y + top >= 0 and shown.y + top + line <= view.viewport().height():
        return True
    view.reveal(index, number, row.lead(number) + top)
    return True


def is_cut(row: Row) -> bool:
    """Say whether only the beginning of a long message is shown."""
    return len(row.message.text) > MAX_RICH and not row.full and not row.live


def select(view: "Transcript", place: Place) -> None:
    """Select a place of what is looked for, if it is there."""
    index = view.book.index_of(place.message_id)
    found = view.marks.locate(view.row_at(index), place.number) if index >= 0 else None
    if found:
        number, (start, end) = found
        view.selection.begin(Spot(index, number, start), Spot(index, number, end))

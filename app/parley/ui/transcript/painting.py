"""Paints what is in sight: boxes, cells, bars of quotes, the focus ring."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from parley.ui.transcript.cell import Canvas
from parley.ui.transcript.scroller import Placed
from parley.ui.transcript.textcell import BlockCell
from parley.ui.transcript.wanted import Span

if TYPE_CHECKING:
    from parley.ui.transcript.view import Transcript


def paint_rows(view: "Transcript", painter: QPainter) -> None:
    """Paint the viewport."""
    style = view.kit.style
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.color("window"))
    painter.drawRect(view.viewport().rect())  # to fill it PySide would load all that it knows of gradients
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    rows: dict[int, Placed] = {}
    for placed in view.placed:
        rows.setdefault(placed.row_index, placed)
    for placed in rows.values():
        _paint_back(view, painter, placed)
        if placed.index == 0 and placed.row.message.id == view.seen_from:
            _paint_seen_from(view, painter, placed)
    current = {index: view.marks.current_in(placed.row) for index, placed in rows.items()}
    for placed in view.placed:
        _paint_cell(view, painter, placed, current[placed.row_index])


def row_rect(view: "Transcript", placed: Placed) -> QRectF:
    """Return the whole of a row of which one cell is placed, in the viewport, without the room above it."""
    row = placed.row
    px = row.kit.style.px
    index = min(placed.index, len(row.cells) - 1)
    top = placed.y - row.lead(index) - row.heights.prefix(index)
    left, width = view.column()
    if row.box:
        pad = px(16)
        begin, height = row.box
        return QRectF(left + row.left - pad, top + begin, row.content + 2 * pad, height)
    return QRectF(left, top + px(6), width, row.total - px(6))


def _paint_back(view: "Transcript", painter: QPainter, placed: Placed) -> None:
    style = view.kit.style
    box = row_rect(view, placed)
    sight = QRectF(view.viewport().rect()).adjusted(0, -40, 0, 40)
    focused = placed.row_index == view.focused and view.hasFocus()
    boxed = placed.row.box is not None
    if boxed:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.color("user_box"))
        radius = style.px(14)
        painter.drawRoundedRect(QRectF(box).intersected(sight), radius, radius)
    if focused:
        width = style.theme.focus_width
        painter.setPen(QPen(style.color("accent"), width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        around = 3 if boxed else 10
        ring = box.adjusted(-around, -around if boxed else -4, around, around if boxed else 0)
        radius = style.px(16) if boxed else style.theme.radius
        painter.drawRoundedRect(ring.intersected(sight), radius, radius)


def _paint_seen_from(view: "Transcript", painter: QPainter, placed: Placed) -> None:
    """Draw a faint line with a few words in the room above a message."""
    style = view.kit.style
    left, width = view.column()
    words = view.words.seen_from_here()
    top = placed.y - placed.row.lead(0)
    room = QRectF(left, top, width, style.px(18))
    painter.setFont(style.quiet)
    taken = QFontMetricsF(style.quiet).horizontalAdvance(words) + style.px(20)
    painter.setPen(style.color("faint"))
    y = room.center().y()
    for start, end in ((left, left + (width - taken) / 2), (left + (width + taken) / 2, left + width)):
        if end > start:
            painter.drawLine(QPointF(start, y), QPointF(end, y))
    painter.setPen(style.color("muted"))
    painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), words)


def _paint_cell(view: "Transcript", painter: QPainter, placed: Placed, current: tuple[int, Span] | None) -> None:
    cell, row = placed.cell, placed.row
    left = view.column()[0] + row.cell_left(placed.cell)
    top = max(0, -placed.y)
    bottom = min(cell.height, view.viewport().height() - placed.y)
    if bottom <= top:
        return
    hover = view.pointer.hover
    mine = hover is not None and hover[0] is row and hover[1] is cell
    canvas = Canvas(
        painter,
        row.kit.style,
        QRectF(0, top, cell.width, bottom - top),
        selected=view.selection.inside(placed.row_index, placed.index, cell),
        marks=view.marks.in_cell(row, placed.index),
        mark=current[1] if current and current[0] == placed.index else None,
        hover=hover[2] if hover is not None and mine else None,
        pressed=view.pointer.pressed,
        boxed=row.is_user,
        active=row in (view.pointer.row, view.commands.row) or (view.focused == placed.row_index and view.hasFocus()),
    )
    painter.save()
    right = Qt.LayoutDirection.RightToLeft
    painter.setLayoutDirection(right if cell.rtl else Qt.LayoutDirection.LeftToRight)
    painter.translate(left, placed.y)
    if isinstance(cell, BlockCell) and cell.block.quote:
        above = row.cells[placed.index - 1] if placed.index else None
        cell.paint_bars(canvas, above.block.quote if isinstance(above, BlockCell) else 0)
    cell.paint(canvas)
    painter.restore()

"""The few line drawings that the transcript paints itself, on a grid of 20, and the look of its painted buttons."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen

from parley.ui.transcript.cell import Canvas
from parley.ui.transcript.style import Style

Points = Sequence[tuple[float, float]]

_LINES: dict[str, Sequence[Points]] = {
    "check": [[(4.5, 10.5), (8.5, 14.5), (15.5, 6)]],
    "copy": [
        [(7.5, 7.5), (16, 7.5), (16, 16), (7.5, 16), (7.5, 7.5)],
        [(12.5, 4.5), (12.5, 4), (4, 4), (4, 12.5), (4.5, 12.5)],
    ],
    "edit": [
        [(4, 16), (4.8, 12.6), (13.6, 3.8), (16.2, 6.4), (7.4, 15.2), (4, 16)],
        [(11.8, 5.6), (14.4, 8.2)],
    ],
    "continue": [[(4, 10), (15.5, 10)], [(10.5, 5), (15.5, 10), (10.5, 15)]],
    "previous": [[(11.8, 5.5), (7.2, 10), (11.8, 14.5)]],
    "next": [[(8.2, 5.5), (12.8, 10), (8.2, 14.5)]],
    "down": [[(5.5, 8), (10, 12.5), (14.5, 8)]],
    "latest": [[(10, 4), (10, 15.5)], [(5, 10.5), (10, 15.5), (15, 10.5)]],
    "warning": [[(10, 3.5), (17.5, 16.5), (2.5, 16.5), (10, 3.5)], [(10, 8), (10, 12)], [(10, 14.1), (10, 14.3)]],
    "settings": [
        [(3, 6.5), (8.5, 6.5)],
        [(13, 6.5), (17, 6.5)],
        [(8.5, 4.5), (13, 4.5), (13, 8.5), (8.5, 8.5), (8.5, 4.5)],
        [(3, 13.5), (5.5, 13.5)],
        [(10, 13.5), (17, 13.5)],
        [(5.5, 11.5), (10, 11.5), (10, 15.5), (5.5, 15.5), (5.5, 11.5)],
    ],
    "stopped": [[(6.5, 6.5), (13.5, 6.5), (13.5, 13.5), (6.5, 13.5), (6.5, 6.5)]],
}
_DIRECTED = frozenset({"previous", "next", "continue"})
"""Drawings that point along the text; the others stand as they are where it runs from right to left."""


def paint(painter: QPainter, name: str, box: QRectF, color: QColor, *, mirrored: bool = False) -> None:
    """Draw an icon into a box."""
    scale = box.width() / 20
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.center())
    painter.scale(-scale if mirrored and name in _DIRECTED else scale, scale)
    painter.translate(-10, -10)
    pen = QPen(color, 1.5)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if name == "again":
        _again(painter)
    if name == "more":
        _more(painter, color)
    for points in _LINES.get(name, ()):
        path = QPainterPath(QPointF(*points[0]))
        for point in points[1:]:
            path.lineTo(QPointF(*point))
        painter.drawPath(path)
    painter.restore()


def _again(painter: QPainter) -> None:
    """An arrow that turns back to its beginning."""
    path = QPainterPath()
    path.arcMoveTo(QRectF(4, 4, 12, 12), 50)
    path.arcTo(QRectF(4, 4, 12, 12), 50, 280)
    painter.drawPath(path)
    head = QPainterPath(QPointF(14.6, 2.6))
    head.lineTo(QPointF(14.6, 6.2))
    head.lineTo(QPointF(11, 6.2))
    painter.drawPath(head)


def _more(painter: QPainter, color: QColor) -> None:
    """Three dots."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    for x in (4.8, 10, 15.2):
        painter.drawEllipse(QPointF(x, 10), 1.25, 1.25)


def button_width(style: Style, words: str, height: float) -> float:
    """Return the width of a painted button with an icon and perhaps words."""
    icon = height - style.px(8)
    pad = style.px(8)
    return QFontMetricsF(style.quiet).horizontalAdvance(words) + icon + style.px(5) + 2 * pad if words else height


def button(
    canvas: Canvas,
    box: QRectF,
    icon: str,
    words: str = "",
    *,
    hover: bool = False,
    pressed: bool = False,
    token: str = "muted",
    framed: bool = False,
) -> None:
    """Draw a button: quiet until the pointer is on it."""
    painter, style = canvas.painter, canvas.style
    radius = style.theme.radius * 0.75
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if hover or framed:
        painter.setPen(style.color("outline") if framed else Qt.PenStyle.NoPen)
        painter.setBrush(style.color("faint" if pressed else "hover") if hover else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    color = style.color("text" if hover else token)
    size = box.height() - style.px(8)
    rtl = painter.layoutDirection() == Qt.LayoutDirection.RightToLeft
    if not words:
        square = QRectF(0, 0, size, size)
        square.moveCenter(box.center())
        paint(painter, icon, square, color, mirrored=rtl)
        return
    pad = style.px(8)
    left = box.right() - pad - size if rtl else box.left() + pad
    paint(painter, icon, QRectF(left, box.top() + style.px(4), size, size), color, mirrored=rtl)
    room = (
        box.adjusted(pad, 0, -pad - size - style.px(5), 0)
        if rtl
        else box.adjusted(pad + size + style.px(5), 0, -pad, 0)
    )
    painter.setPen(color)
    painter.setFont(style.quiet)
    side = Qt.AlignmentFlag.AlignRight if rtl else Qt.AlignmentFlag.AlignLeft
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignAbsolute | side, words)

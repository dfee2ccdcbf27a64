"""The bullets and numbers of lists, painted by us: Qt puts them close to the text and a little too low."""

from typing import NamedTuple

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QTextDocument, QTextListFormat

from parley.ui.transcript.style import Style

GAP = 8
"""Room between a marker and the text."""
_BULLETS = {
    QTextListFormat.Style.ListDisc: "disc",
    QTextListFormat.Style.ListCircle: "circle",
    QTextListFormat.Style.ListSquare: "disc",
}


class Marker(NamedTuple):
    """What stands before an item: a kind of bullet or a number; and the item's paragraph."""

    text: str
    bullet: bool
    block: int


def take_markers(document: QTextDocument) -> list[Marker]:
    """Return the markers of a document's lists; Qt paints them no more."""
    markers = []
    lists = {}
    block = document.begin()
    while block.isValid():
        found = block.textList()
        if found is not None:
            style = found.format().style()
            if style != QTextListFormat.Style.ListStyleUndefined:
                text = _BULLETS.get(style) or found.itemText(block)
                markers.append(Marker(text, style in _BULLETS, block.blockNumber()))
                lists[found.objectIndex()] = found
        block = block.next()
    for found in lists.values():
        form = found.format()
        form.setStyle(QTextListFormat.Style.ListStyleUndefined)
        found.setFormat(form)
    return markers


def paint_markers(
    painter: QPainter,
    document: QTextDocument,
    markers: list[Marker],
    style: Style,
    color: QColor,
    sight: tuple[float, float],
) -> None:
    """Paint the markers whose items begin between two heights."""
    layout = document.documentLayout()
    font = document.defaultFont()
    metrics = QFontMetricsF(font)
    gap = style.px(GAP)
    painter.setFont(font)
    for marker in markers:
        block = document.findBlockByNumber(marker.block)
        origin = layout.blockBoundingRect(block).topLeft()
        line = block.layout().lineAt(0)
        if not line.isValid() or not sight[0] - 2 * style.line < origin.y() < sight[1]:
            continue
        rtl = block.textDirection() == Qt.LayoutDirection.RightToLeft
        start = origin.x() + float(line.cursorToX(0)[0])  # type: ignore[index]
        base = origin.y() + line.y() + line.ascent()
        if marker.bullet:
            size = metrics.xHeight() * (0.62 if marker.text == "disc" else 0.56)
            middle = QPointF(start + (gap + size / 2) * (1 if rtl else -1), base - metrics.xHeight() * 0.52)
            painter.setBrush(color if marker.text == "disc" else Qt.BrushStyle.NoBrush)
            painter.setPen(Qt.PenStyle.NoPen if marker.text == "disc" else QPen(color, style.px(1) or 1))
            painter.drawEllipse(middle, size / 2, size / 2)
        else:
            painter.setPen(color)
            painter.setLayoutDirection(block.textDirection())
            width = metrics.horizontalAdvance(marker.text)
            painter.drawText(QPointF(start + gap if rtl else start - gap - width, base), marker.text)

"""Spans: where found letters are in a document, and what is drawn behind them."""

from collections.abc import Iterable
from typing import NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QTextDocument, QTextLine

from parley.ui.transcript.cell import Canvas
from parley.ui.transcript.wanted import Span


class Line(NamedTuple):
    """A line of a document: the positions of its letters, and where it is."""

    start: int
    end: int
    place: QRectF
    line: QTextLine
    paragraph: int
    """The position at which its paragraph begins."""

    @classmethod
    def at(cls, document: QTextDocument, position: int) -> "Line | None":
        """Return the line that a position is in."""
        block = document.findBlock(position)
        line = block.layout().lineForTextPosition(position - block.position())
        if not line.isValid():
            return None
        start = block.position() + line.textStart()
        corner = document.documentLayout().blockBoundingRect(block).topLeft()
        return cls(start, start + line.textLength(), line.rect().translated(corner), line, block.position())

    def rect(self, start: int, end: int) -> QRectF:
        """Return where some of its letters are."""
        ends = [self.line.cursorToX(position - self.paragraph)[0] for position in (start, end)]  # type: ignore[index]
        left, right = sorted(ends)
        beyond = self.place.left() - self.line.x()
        return QRectF(beyond + left, self.place.top(), right - left, self.place.height())


def rects_in(document: QTextDocument, spans: Iterable[Span]) -> list[tuple[Span, QRectF]]:
    """Return where letters are, line by line. A line is looked for once: a frame may show hundreds of places."""
    found: list[tuple[Span, QRectF]] = []
    line: Line | None = None
    for span in spans:
        start, end = span
        while start < end:
            if line is None or not line.start <= start < line.end:
                line = Line.at(document, start)
            if line is None or not line.start <= start < line.end:
                break
            found.append((span, line.rect(start, min(end, line.end))))
            start = line.end
    return found


def in_sight(document: QTextDocument, clip: QRectF) -> Span:
    """Return the first and the last position of the lines in a rectangle."""
    layout = document.documentLayout()
    top, bottom = (layout.hitTest(at, Qt.HitTestAccuracy.FuzzyHit) for at in (clip.topLeft(), clip.bottomRight()))
    first, last = Line.at(document, top), Line.at(document, bottom)  # one of another direction begins at its other end
    return first.start if first else top, last.end if last else bottom


def paint_marks(canvas: Canvas, rects: Iterable[QRectF], *, current: bool) -> None:
    """Draw what is behind found letters; the place that one is at has an edge too."""
    style, painter = canvas.style, canvas.painter
    painter.setPen(style.color("mark_edge") if current else Qt.PenStyle.NoPen)
    painter.setBrush(style.color("mark_current" if current else "mark"))
    radius = style.px(3)
    for rect in rects:
        painter.drawRoundedRect(rect.adjusted(-1, 0, 1, 0), radius, radius)

"""A formula that stands by itself; a wide one scrolls sideways. Until it is drawn, its source."""

from PySide6.QtCore import QPointF, QRectF

from parley.render import Block
from parley.render.blocks import html_of_plain
from parley.render.math import Drawing, FormulaError, formula_of
from parley.ui.transcript.cell import Canvas, Hot
from parley.ui.transcript.formulas import Formulas
from parley.ui.transcript.slide import ROOM, Slide
from parley.ui.transcript.spans import paint_marks
from parley.ui.transcript.style import Style
from parley.ui.transcript.textcell import TextCell
from parley.ui.transcript.wanted import Span, Wanted

LARGER = 1.1
"""A formula by itself is a little larger than one in a line."""


class MathCell(TextCell):
    """A formula. It is selected as a whole: position 0 is before it, the last one behind it."""

    def __init__(self, block: Block, style: Style, formulas: Formulas, *, muted: bool = False) -> None:
        super().__init__(block, style, formulas, muted=muted)
        self._formula = formula_of(block.code)
        self._slide = Slide()
        self._drawn = formulas.get(self._formula)

    @property
    def drawing(self) -> Drawing | None:
        """Return the drawing, if there is one."""
        return self._drawn if isinstance(self._drawn, Drawing) else None

    def refresh(self) -> bool:
        if self._drawn is not None:
            return False
        self._drawn = self.formulas.get(self._formula)
        self._document, self._waiting = None, set()
        return self._drawn is not None

    def html(self) -> str:
        """Return the source as text; as code, if it is no formula."""
        html = html_of_plain(self.block.code)
        if isinstance(self._drawn, FormulaError):
            html = f"<p><code>{html.removeprefix('<p>').removesuffix('</p>')}</code></p>"
        return html

    @property
    def _em(self) -> float:
        style = self.style
        return style.em * LARGER * (style.quiet.pointSizeF() / style.answer.pointSizeF() if self.muted else 1.0)

    def estimate(self, width: int) -> int:
        drawing = self.drawing
        if drawing is None:
            return super().estimate(width)
        room = self.style.px(ROOM) if drawing.width * self._em > width else 0
        return int((drawing.ascent + drawing.depth) * self._em + 0.99) + 2 * self.style.px(4) + room

    def lay_out(self, width: int) -> int:
        drawing = self.drawing
        if drawing is None:
            return super().lay_out(width)
        if width != self.width:
            self.width = width
            self._slide.fit(int(drawing.width * self._em + 0.99), width)
            self.height = self.estimate(width)
        return self.height

    def natural_width(self, width: int) -> int:
        drawing = self.drawing
        if drawing is None:
            return super().natural_width(width)
        self.width = -1
        return min(width, int(drawing.width * self._em + 0.99))

    def paint(self, canvas: Canvas) -> None:
        drawing = self.drawing
        if drawing is None:
            super().paint(canvas)
            return
        painter, pad = canvas.painter, self.style.px(4)
        painter.save()
        painter.setClipRect(QRectF(0, canvas.clip.y(), self.width, canvas.clip.height()))
        high = (drawing.ascent + drawing.depth) * self._em
        if canvas.selected:
            chosen = QRectF(-self._slide.offset, 0, drawing.width * self._em, high + 2 * pad)
            painter.fillRect(chosen, canvas.style.color("selection"))
        if canvas.marks:
            paint_marks(canvas, [QRectF(0, 0, self.width, high + 2 * pad)], current=canvas.mark in canvas.marks)
        origin = QPointF(-self._slide.offset, pad + drawing.ascent * self._em)
        color = canvas.style.color("muted" if self.muted else "text")
        self.formulas.brush.paint(painter, drawing, origin, self._em, color)
        painter.restore()
        self._slide.paint(canvas, 0, self.height, canvas.style.px(5))

    # --- text
    def length(self) -> int:
        return len(self.block.code) if self.drawing else super().length()

    def position_at(self, point: QPointF) -> int:
        if self.drawing is None:
            return super().position_at(point)
        return 0 if point.x() < min(self.width, self._slide.extent) / 2 else self.length()

    def top_of(self, position: int) -> int:
        return 0 if self.drawing else super().top_of(position)

    def text(self, start: int, end: int) -> str:
        if self.drawing is None:
            return super().text(start, end)
        return self._formula.latex if start < end else ""

    def written(self, start: int, end: int) -> str:
        if self.drawing is None:
            return super().text(start, end)
        return self.block.code if start < end else ""

    def word_at(self, position: int) -> tuple[int, int]:
        return (0, self.length()) if self.drawing else super().word_at(position)

    def paragraph_at(self, position: int) -> tuple[int, int]:
        return (0, self.length()) if self.drawing else super().paragraph_at(position)

    def find(self, wanted: Wanted) -> list[Span]:
        return list(wanted.spans(self.block.code)) if self.drawing else super().find(wanted)

    def links(self) -> list[tuple[str, str]]:
        return []

    # --- what can be pressed
    def hot_at(self, point: QPointF) -> Hot | None:
        return self._slide.hot_at(point, 0, self.height, self.style.px(5)) if self.drawing else None

    def slide(self, pixels: int) -> bool:
        return self._slide.by(pixels) if self.drawing else False

    def press(self, hot: Hot, point: QPointF) -> None:
        self._slide.press(point)

    def drag(self, point: QPointF) -> bool:
        return self._slide.drag(point)

"""Code: a rounded panel with a label, a Copy button, and lines that never wrap. Only lines in sight are laid out."""

import re
from bisect import bisect_left
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QTextLayout

from parley.render import Block
from parley.render.code import label
from parley.ui.transcript import icons
from parley.ui.transcript.cell import Canvas, Hot
from parley.ui.transcript.codelines import CodeLines, letters_before, units
from parley.ui.transcript.slide import ROOM, Slide
from parley.ui.transcript.spans import paint_marks
from parley.ui.transcript.style import Style
from parley.ui.transcript.textcell import BlockCell
from parley.ui.transcript.wanted import Span, Wanted

COPY = "copy-code"
MOST_AGAIN = 2000
"""Letters of code that has grown in which is looked once more: what is found may end in what has come."""
_WORD = re.compile(r"\w+|[^\w\s]+|\s+")
_LEFT = Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class CodeCell(BlockCell):
    """A code block. Positions count the letters of the code."""

    def __init__(self, block: Block, style: Style, copy: str, copied: str) -> None:
        super().__init__(block, style)
        self.lines = CodeLines(block.code, block.language, style)
        self.copied = False
        self._words = (copy, copied)
        height = QFontMetricsF(style.mono).height()
        self._line = int(height * 1.3 + 0.99)
        self._ascent = (self._line - height) / 2
        self._head = style.px(34)
        self._pad = style.px(14)
        self._slide = Slide()

    def grow(self, block: Block) -> bool:
        """Take a longer version of the block; say whether it is one."""
        if block.language != self.block.language or not block.code.startswith(self.block.code):
            return False
        if len(block.code) != len(self.block.code):
            self.lines.grow(block.code)
        self.block = block
        self.width = -1
        return True

    # --- geometry
    def estimate(self, width: int) -> int:
        return self._head + len(self.lines.starts) * self._line + self.style.px(14)

    def lay_out(self, width: int) -> int:
        if width != self.width:
            self.width = width
            self._fit()
            bar = self.style.px(ROOM // 2) if self._slide.needed else 0
            self.height = self.estimate(width) + bar
        return self.height

    def _fit(self) -> None:
        self._slide.fit(int(self.lines.width + 2), max(1, self.width - 2 * self._pad))

    def top_of(self, position: int) -> int:
        return self._head + self.lines.line_of(position) * self._line

    # --- painting
    def paint(self, canvas: Canvas) -> None:
        painter, style = canvas.painter, canvas.style
        radius = style.theme.radius
        painter.setPen(style.color("faint"))
        painter.setBrush(style.color("code_panel"))
        panel = QRectF(0.5, 0.5, self.width - 1, self.height - 1)
        painter.drawRoundedRect(panel.intersected(canvas.clip.adjusted(-9, -99, 9, 99)), radius, radius)
        self._paint_head(canvas)
        pad, head = self._pad, self._head
        first = max(0, int((canvas.clip.top() - head) // self._line))
        last = min(len(self.lines.starts), int((canvas.clip.bottom() - head) // self._line) + 1)
        painter.save()
        painter.setClipRect(QRectF(pad - 2, canvas.clip.y(), self.width - 2 * pad + 4, canvas.clip.height()))
        painter.setPen(style.color("text"))
        for line in range(first, last):
            layout = self.lines.layout(line)
            place = QPointF(pad - self._slide.offset, head + line * self._line)
            self._paint_marks(canvas, line, layout, place)
            self._paint_selection(canvas, line, layout, place)
            layout.draw(painter, place + QPointF(0, self._ascent), [])
        painter.restore()
        if self.lines.width > self._slide.extent:
            self._fit()  # a line turned out wider than its letters promised
        self._slide.paint(canvas, pad, self.height - style.px(5), style.px(5))

    def _paint_head(self, canvas: Canvas) -> None:
        painter, style = canvas.painter, canvas.style
        painter.setFont(style.quiet)
        painter.setPen(style.color("muted"))
        room = QRectF(self._pad, 0, self.width - 2 * self._pad, self._head)
        painter.drawText(room, _LEFT, label(self.block.language))
        button = self.copy_button()
        hot = canvas.hover is not None and canvas.hover.action == COPY
        icons.button(
            canvas,
            button,
            "check" if self.copied else "copy",
            self._words[self.copied],
            hover=hot,
            pressed=hot and canvas.pressed,
        )

    def _paint_selection(self, canvas: Canvas, line: int, layout: QTextLayout, place: QPointF) -> None:
        if not canvas.selected:
            return
        letters = self.lines.letters(line)
        start = self.lines.starts[line]
        first = max(0, canvas.selected[0] - start)
        last = min(len(letters), canvas.selected[1] - start)
        beyond = canvas.selected[0] <= start + len(letters) < canvas.selected[1]
        if first > len(letters) or last < first or (first == last and not beyond):
            return
        left, right = self._across(layout, letters, first, last)
        right += self.lines.letter if beyond else 0
        color: QColor = canvas.style.color("selection")
        canvas.painter.fillRect(QRectF(place.x() + left, place.y(), right - left, self._line), color)

    def _paint_marks(self, canvas: Canvas, line: int, layout: QTextLayout, place: QPointF) -> None:
        letters, start = self.lines.letters(line), self.lines.starts[line]
        end = start + len(letters)
        index = max(0, bisect_left(canvas.marks, (start, 0)) - 1)
        found: dict[bool, list[QRectF]] = {False: [], True: []}
        while index < len(canvas.marks) and canvas.marks[index][0] < end:
            span = canvas.marks[index]
            index += 1
            first, last = max(span[0], start) - start, min(span[1], end) - start
            if first < last:
                left, right = self._across(layout, letters, first, last)
                rect = QRectF(place.x() + left, place.y() + 1, right - left, self._line - 2)
                found[span == canvas.mark].append(rect)
        for current, rects in found.items():
            if rects:
                paint_marks(canvas, rects, current=current)
        canvas.painter.setPen(canvas.style.color("text"))

    @staticmethod
    def _across(layout: QTextLayout, letters: str, first: int, last: int) -> tuple[float, float]:
        """Return the ends of letters of a line, from its left."""
        line = layout.lineAt(0)
        left, right = (_x(line.cursorToX(units(letters, end))) for end in (first, last))
        return left, right

    # --- text
    def length(self) -> int:
        return len(self.block.code)

    def position_at(self, point: QPointF) -> int:
        line = int((point.y() - self._head) // self._line)
        if line < 0:
            return 0
        if line >= len(self.lines.starts):
            return self.length()
        x = point.x() - self._pad + self._slide.offset
        letters = self.lines.letters(line)
        return self.lines.starts[line] + letters_before(letters, self.lines.layout(line).lineAt(0).xToCursor(x))

    def text(self, start: int, end: int) -> str:
        return self.block.code[start:end]

    def find(self, wanted: Wanted) -> list[Span]:
        return list(wanted.spans(self.block.code))

    def find_again(self, wanted: Wanted, before: Block, spans: Sequence[Span]) -> list[Span]:
        code, known = self.block.code, len(before.code)
        if not code.startswith(before.code):
            return self.find(wanted)
        start = code.rfind("\n", 0, max(0, known - MOST_AGAIN)) + 1
        kept = bisect_left(spans, (start, 0))
        while kept and spans[kept - 1][1] > start:
            kept -= 1
            start = code.rfind("\n", 0, spans[kept][0] + 1) + 1
        further = wanted.spans(code[start:])
        return [*spans[:kept], *((first + start, last + start) for first, last in further)]

    def bring(self, span: Span) -> None:
        line = self.lines.line_of(span[0])
        letters, start = self.lines.letters(line), self.lines.starts[line]
        last = min(len(letters), span[1] - start)
        left, right = self._across(self.lines.layout(line), letters, span[0] - start, last)
        self._fit()
        self._slide.bring(left, right)

    def word_at(self, position: int) -> tuple[int, int]:
        line = self.lines.line_of(position)
        start = self.lines.starts[line]
        for match in _WORD.finditer(self.lines.letters(line)):
            if match.end() > position - start:
                return start + match.start(), start + match.end()
        return position, position

    def paragraph_at(self, position: int) -> tuple[int, int]:
        line = self.lines.line_of(position)
        return self.lines.starts[line], self.lines.starts[line] + len(self.lines.letters(line))

    # --- what can be pressed
    def copy_button(self) -> QRectF:
        """Return where the Copy button is."""
        height = self._head - self.style.px(8)
        width = icons.button_width(self.style, self._words[self.copied], height)
        return QRectF(self.width - width - self.style.px(6), self.style.px(4), width, height)

    def hot_at(self, point: QPointF) -> Hot | None:
        button = self.copy_button()
        if button.contains(point):
            return Hot(COPY, button)
        return self._slide.hot_at(point, self._pad, self.height - self.style.px(5), self.style.px(5))

    def slide(self, pixels: int) -> bool:
        return self._slide.by(pixels)

    def press(self, hot: Hot, point: QPointF) -> None:
        self._slide.press(point)

    def drag(self, point: QPointF) -> bool:
        return self._slide.drag(point)


def _x(found: object) -> float:
    """Return the x of what `cursorToX` gives: a number, or a pair of it and the position."""
    return float(found[0]) if isinstance(found, tuple | list) else float(str(found))

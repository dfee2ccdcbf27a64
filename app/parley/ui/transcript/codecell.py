"""Code: a rounded panel with a label, a Copy button, and lines that never wrap. Only the lines in sight are laid out.

Positions count the letters of the code. Colours come later, in slices (`colors`), and change no geometry.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QTextCharFormat, QTextLayout, QTextOption

from parley.render import Block
from parley.render.code import MAX_HIGHLIGHT, Shade, has_colors, label, shades
from parley.ui.transcript import icons
from parley.ui.transcript.cell import Canvas, Hot
from parley.ui.transcript.slide import ROOM, Slide
from parley.ui.transcript.style import Style
from parley.ui.transcript.textcell import BlockCell

COPY = "copy-code"
LONGEST = 4000
"""A longer line is shown as several: laying it out would take longer than a frame."""
KEPT = 300
"""Lines that stay laid out."""
_WORD = re.compile(r"\w+|[^\w\s]+|\s+")

_LEFT = Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter

Span = tuple[int, int, Shade]


class CodeCell(BlockCell):
    """A code block."""

    def __init__(self, block: Block, style: Style, copy: str, copied: str) -> None:
        super().__init__(block, style)
        self._words = (copy, copied)
        self.copied = False
        metrics = QFontMetricsF(style.mono)
        self._advance = metrics.horizontalAdvance("0")
        self._line = int(metrics.height() * 1.3 + 0.99)
        self._ascent = (self._line - metrics.height()) / 2
        self._slide = Slide()
        self._spans: list[Span] = []
        self._colored = 0
        """The letters up to which colours are known."""
        self._layouts: dict[int, QTextLayout] = {}
        self._starts: list[int] = [0]
        self._longest = 0
        self._widest = 0.0
        self._index(0)

    def grow(self, block: Block) -> bool:
        """Take a longer version of the block; say whether it is one."""
        if block.language != self.block.language or not block.code.startswith(self.block.code):
            return False
        known = len(self._starts) - 1
        before, self.block = self.block, block
        self._layouts.pop(known, None)
        if len(block.code) != len(before.code):
            self._index(known)
            self._colored = min(self._colored, self._starts[known])
        self.width = -1
        return True

    def _index(self, known: int) -> None:
        """Find the lines from the known one on."""
        del self._starts[known + 1 :]
        code = self.block.code
        start = self._starts[known]
        while True:
            end = code.find("\n", start)
            stop = len(code) if end < 0 else end
            length = stop - start
            if length > LONGEST:
                stop = start + LONGEST
                length, following = LONGEST, stop
            elif end < 0:
                following = -1
            else:
                following = stop + 1
            tabs = code.count("\t", start, stop)
            self._longest = max(self._longest, length + 3 * tabs)
            if following < 0:
                return
            self._starts.append(following)
            start = following

    # --- geometry
    def _head(self) -> int:
        return self.style.px(34)

    def _pad(self) -> int:
        return self.style.px(14)

    def estimate(self, width: int) -> int:
        return self._head() + len(self._starts) * self._line + self.style.px(14)

    def lay_out(self, width: int) -> int:
        if width != self.width:
            self.width = width
            self._fit()
            bar = self.style.px(ROOM // 2) if self._slide.needed else 0
            self.height = self.estimate(width) + bar
        return self.height

    def _fit(self) -> None:
        extent = max(self._longest * self._advance, self._widest)
        self._slide.fit(int(extent + 2), max(1, self.width - 2 * self._pad()))

    def release(self) -> None:
        self._layouts.clear()

    def top_of(self, position: int) -> int:
        return self._head() + self._line_of(position) * self._line

    def _line_of(self, position: int) -> int:
        return max(0, bisect_right(self._starts, position) - 1)

    def _letters(self, line: int) -> str:
        start = self._starts[line]
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self.block.code)
        return self.block.code[start:end].removesuffix("\n")

    def _layout(self, line: int) -> QTextLayout:
        found = self._layouts.get(line)
        if found is None:
            if len(self._layouts) > KEPT:
                self._layouts.clear()
            letters = self._letters(line)
            found = QTextLayout(letters, self.style.mono)
            option = QTextOption()
            option.setWrapMode(QTextOption.WrapMode.NoWrap)
            option.setTabStopDistance(4 * self._advance)
            option.setTextDirection(Qt.LayoutDirection.LeftToRight)
            found.setTextOption(option)
            found.setCacheEnabled(True)
            found.setFormats(self._formats(line, letters))
            found.beginLayout()
            made = found.createLine()
            made.setLineWidth(2**24)
            found.endLayout()
            self._layouts[line] = found
            natural = made.naturalTextWidth()
            if natural > self._widest:
                self._widest = natural
                if natural > self._slide.extent:
                    self._fit()
        return found

    def _formats(self, line: int, letters: str) -> list[QTextLayout.FormatRange]:
        start = self._starts[line]
        end = start + len(letters)
        found = []
        index = max(0, bisect_right(self._spans, (start, 0)) - 1)
        while index < len(self._spans) and self._spans[index][0] < end:
            first, last, shade = self._spans[index]
            index += 1
            first, last = max(first, start) - start, min(last, end) - start
            if last <= first:
                continue
            form = QTextLayout.FormatRange()
            form.start = units(letters, first)
            form.length = units(letters, last) - form.start
            look = QTextCharFormat()
            look.setForeground(self.style.shades[shade])
            form.format = look
            found.append(form)
        return found

    # --- colours
    def wants_colors(self, *, whole: bool) -> bool:
        """Say whether there is something to colour: in the whole, or in the lines that are complete."""
        end = len(self.block.code) if whole else self._starts[-1]
        return self._colored < end <= MAX_HIGHLIGHT and has_colors(self.block.language)

    def colors(self, *, whole: bool) -> Iterator[None]:
        """Work the colours out, a little with each step: of the whole, or of what has been added since."""
        code = self.block.code
        start = 0 if whole else self._starts[self._line_of(self._colored)]
        code = code if whole else code[: self._starts[-1]]
        spans = [] if whole else [span for span in self._spans if span[1] <= start]
        for count, (first, last, shade) in enumerate(shades(code[start:], self.block.language)):
            spans.append((first + start, last + start, shade))
            if count % 40 == 39:
                yield
        if self.block.code.startswith(code):
            self._spans, self._colored = spans, len(code)
            self._layouts.clear()

    # --- painting
    def paint(self, canvas: Canvas) -> None:
        painter, style = canvas.painter, canvas.style
        radius = style.theme.radius
        painter.setPen(style.color("faint"))
        painter.setBrush(style.color("code_panel"))
        panel = QRectF(0.5, 0.5, self.width - 1, self.height - 1)
        painter.drawRoundedRect(panel.intersected(canvas.clip.adjusted(-9, -99, 9, 99)), radius, radius)
        self._paint_head(canvas)
        pad, head = self._pad(), self._head()
        first = max(0, int((canvas.clip.top() - head) // self._line))
        last = min(len(self._starts), int((canvas.clip.bottom() - head) // self._line) + 1)
        painter.save()
        painter.setClipRect(QRectF(pad - 2, canvas.clip.y(), self.width - 2 * pad + 4, canvas.clip.height()))
        painter.setPen(style.color("text"))
        for line in range(first, last):
            layout = self._layout(line)
            place = QPointF(pad - self._slide.offset, head + line * self._line)
            self._paint_selection(canvas, line, layout, place)
            layout.draw(painter, place + QPointF(0, self._ascent), [])
        painter.restore()
        self._slide.paint(canvas, pad, self.height - style.px(5), style.px(5))

    def _paint_head(self, canvas: Canvas) -> None:
        painter, style = canvas.painter, canvas.style
        painter.setFont(style.quiet)
        painter.setPen(style.color("muted"))
        room = QRectF(self._pad(), 0, self.width - 2 * self._pad(), self._head())
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
        letters = self._letters(line)
        start = self._starts[line]
        first = max(0, canvas.selected[0] - start)
        last = min(len(letters), canvas.selected[1] - start)
        beyond = canvas.selected[0] <= start + len(letters) < canvas.selected[1]
        if first > len(letters) or last < first or (first == last and not beyond):
            return
        text_line = layout.lineAt(0)
        left, right = (_x(text_line.cursorToX(units(letters, end))) for end in (first, last))
        right += self._advance if beyond else 0
        color: QColor = canvas.style.color("selection")
        canvas.painter.fillRect(QRectF(place.x() + left, place.y(), right - left, self._line), color)

    # --- text
    def length(self) -> int:
        return len(self.block.code)

    def position_at(self, point: QPointF) -> int:
        line = int((point.y() - self._head()) // self._line)
        if line < 0:
            return 0
        if line >= len(self._starts):
            return self.length()
        x = point.x() - self._pad() + self._slide.offset
        letters = self._letters(line)
        return self._starts[line] + letters_before(letters, self._layout(line).lineAt(0).xToCursor(x))

    def text(self, start: int, end: int) -> str:
        return self.block.code[start:end]

    def find(self, wanted: str) -> tuple[int, int] | None:
        start = self.block.code.casefold().find(wanted)
        return None if start < 0 else (start, start + len(wanted))

    def word_at(self, position: int) -> tuple[int, int]:
        line = self._line_of(position)
        start = self._starts[line]
        for match in _WORD.finditer(self._letters(line)):
            if match.end() > position - start:
                return start + match.start(), start + match.end()
        return position, position

    def paragraph_at(self, position: int) -> tuple[int, int]:
        line = self._line_of(position)
        return self._starts[line], self._starts[line] + len(self._letters(line))

    # --- what can be pressed
    def copy_button(self) -> QRectF:
        """Return where the Copy button is."""
        height = self._head() - self.style.px(8)
        width = icons.button_width(self.style, max(self._words, key=len), height)
        return QRectF(self.width - width - self.style.px(6), self.style.px(4), width, height)

    def hot_at(self, point: QPointF) -> Hot | None:
        button = self.copy_button()
        if button.contains(point):
            return Hot(COPY, button)
        return self._slide.hot_at(point, self._pad(), self.height - self.style.px(5), self.style.px(5))

    def slide(self, pixels: int) -> bool:
        return self._slide.by(pixels)

    def press(self, hot: Hot, point: QPointF) -> None:
        self._slide.press(point)

    def drag(self, point: QPointF) -> bool:
        return self._slide.drag(point)


def units(text: str, letters: int) -> int:
    """Return the UTF-16 units of the first letters: Qt counts those."""
    return letters if text.isascii() else len(text[:letters].encode("utf-16-le")) // 2


def letters_before(text: str, count: int) -> int:
    """Return the letters in the first UTF-16 units."""
    if text.isascii():
        return count
    return len(text.encode("utf-16-le")[: 2 * count].decode("utf-16-le", "ignore"))


def _x(found: object) -> float:
    """Return the x of what `cursorToX` gives: a number, or a pair of it and the position."""
    return float(found[0]) if isinstance(found, tuple | list) else float(str(found))

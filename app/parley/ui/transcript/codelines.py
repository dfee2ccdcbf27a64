"""CodeLines: where the lines of a code begin, the layouts of those in sight, and their colours.

Positions count the letters of the code. Colours come later, in slices (`colors`), and change no geometry.
"""

from bisect import bisect_right
from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QTextCharFormat, QTextLayout, QTextOption

from parley.render.code import MAX_HIGHLIGHT, Shade, shades
from parley.ui.transcript.style import Style

LONGEST = 4000
"""A longer line is shown as several: laying it out would take longer than a frame."""
KEPT = 300
"""Lines that stay laid out."""


class CodeLines:
    """The lines of a code that may grow."""

    def __init__(self, code: str, language: str, style: Style) -> None:
        self.code = code
        self.starts: list[int] = [0]
        self.letter = QFontMetricsF(style.mono).horizontalAdvance("0")
        self.language = language
        self._style = style
        self._spans: list[tuple[int, int, Shade]] = []
        self._colored = 0
        """The letters up to which colours are known."""
        self._layouts: dict[int, QTextLayout] = {}
        self._longest = 0
        self._widest = 0.0
        self._index(0)

    @property
    def width(self) -> float:
        """Return the width of the longest line, as far as it is known."""
        return max(self._longest * self.letter, self._widest)

    def grow(self, code: str) -> None:
        """Take a longer version of the code."""
        known = len(self.starts) - 1
        self.code = code
        self._layouts.pop(known, None)
        self._index(known)
        self._colored = min(self._colored, self.starts[known])

    def _index(self, known: int) -> None:
        """Find the lines from the known one on."""
        del self.starts[known + 1 :]
        code = self.code
        start = self.starts[known]
        while True:
            end = code.find("\n", start)
            stop = len(code) if end < 0 else end
            following = -1 if end < 0 else stop + 1
            if stop - start > LONGEST:
                following = stop = start + LONGEST
            self._longest = max(self._longest, stop - start + 3 * code.count("\t", start, stop))
            if following < 0:
                return
            self.starts.append(following)
            start = following

    def line_of(self, position: int) -> int:
        """Return the line that a position is in."""
        return max(0, bisect_right(self.starts, position) - 1)

    def letters(self, line: int) -> str:
        """Return the letters of a line."""
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.code)
        return self.code[self.starts[line] : end].removesuffix("\n")

    def layout(self, line: int) -> QTextLayout:
        """Return a line laid out and coloured."""
        found = self._layouts.get(line)
        if found is not None:
            return found
        if len(self._layouts) > KEPT:
            self._layouts.clear()
        letters = self.letters(line)
        found = QTextLayout(letters, self._style.mono)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        option.setTabStopDistance(4 * self.letter)
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        found.setTextOption(option)
        found.setCacheEnabled(True)
        found.setFormats(self._formats(line, letters))
        found.beginLayout()
        made = found.createLine()
        made.setLineWidth(2**24)
        found.endLayout()
        self._layouts[line] = found
        self._widest = max(self._widest, made.naturalTextWidth())
        return found

    def _formats(self, line: int, letters: str) -> list[QTextLayout.FormatRange]:
        start = self.starts[line]
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
            look.setForeground(self._style.shades[shade])
            form.format = look
            found.append(form)
        return found

    def wants_colors(self, *, whole: bool) -> bool:
        """Say whether there is something to colour: in the whole, or in the lines that are complete."""
        end = len(self.code) if whole else self.starts[-1]
        return self._colored < end <= MAX_HIGHLIGHT

    def colors(self, *, whole: bool) -> Iterator[None]:
        """Work the colours out, a little with each step: of the whole, or of what has been added since."""
        start = 0 if whole else self.starts[self.line_of(self._colored)]
        code = self.code if whole else self.code[: self.starts[-1]]
        spans = [] if whole else [span for span in self._spans if span[1] <= start]
        for count, (first, last, shade) in enumerate(shades(code[start:], self.language)):
            spans.append((first + start, last + start, shade))
            if count % 40 == 39:
                yield
        if self.code.startswith(code):
            self._spans, self._colored = spans, len(code)
            self._layouts.clear()


def units(text: str, letters: int) -> int:
    """Return the UTF-16 units of the first letters: Qt counts those."""
    return letters if text.isascii() else len(text[:letters].encode("utf-16-le")) // 2


def letters_before(text: str, count: int) -> int:
    """Return the letters in the first UTF-16 units."""
    if text.isascii():
        return count
    return len(text.encode("utf-16-le")[: 2 * count].decode("utf-16-le", "ignore"))

"""Cell: one thing in a message that is laid out and painted by itself. What all kinds of cells have in common."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from parley.ui.transcript.style import Style
from parley.ui.transcript.wanted import Span


@dataclass(frozen=True, slots=True)
class Hot:
    """A place that can be pressed. `rect` is in the cell's own coordinates."""

    action: str
    rect: QRectF = field(compare=False)
    value: str = ""
    tip: str = field(default="", compare=False)
    words: str = field(default="", compare=False)


@dataclass(slots=True)
class Canvas:
    """What a cell paints on and with. The origin is the cell's corner, `clip` the part of it that is in sight."""

    painter: QPainter
    style: Style
    clip: QRectF
    selected: tuple[int, int] | None = None
    marks: Sequence[Span] = ()
    """Places of what is looked for, in order."""
    mark: Span | None = None
    """The one among them that one is at."""
    hover: Hot | None = None
    pressed: bool = False
    boxed: bool = False
    """The message stands in a box."""
    active: bool = False
    """The pointer or the focus is on the message."""


class Cell:
    """Nothing in particular: no height, no text. Positions are what the kind of cell counts, from 0 to `length()`."""

    above = 0
    """Room above it."""
    inset = 0
    """How far in it stands, on the side where its text begins."""
    rtl = False
    wide = False
    """It takes the whole column, also where the message stands in a narrower box."""
    width = -1
    height = 0

    def estimate(self, width: int) -> int:
        """Return a likely height at a width, quickly."""
        return self.height if width == self.width else 0

    def lay_out(self, width: int) -> int:
        """Return the height at a width; builds what it takes."""
        self.width = width
        return self.height

    def paint(self, canvas: Canvas) -> None:
        """Draw what is in sight."""

    def length(self) -> int:
        """Return the position after the last letter."""
        return 0

    def position_at(self, point: QPointF) -> int:
        """Return the position nearest to a point."""
        return 0

    def top_of(self, position: int) -> int:
        """Return how far down the line of a position begins."""
        return 0

    def text(self, start: int, end: int) -> str:
        """Return the letters between two positions."""
        return ""

    def written(self, start: int, end: int) -> str:
        """Return what is between two positions as it was written, as far as that is known."""
        return self.text(start, end)

    def markdown(self) -> str:
        """Return the whole as it was written."""
        return ""

    def word_at(self, position: int) -> tuple[int, int]:
        """Return the ends of the word around a position."""
        return 0, self.length()

    def paragraph_at(self, position: int) -> tuple[int, int]:
        """Return the ends of the paragraph or line around a position."""
        return 0, self.length()

    def hot_at(self, point: QPointF) -> Hot | None:
        """Return what can be pressed at a point."""
        return None

    def slide(self, pixels: int) -> bool:
        """Scroll sideways; say whether anything moved."""
        return False

    def press(self, hot: Hot, point: QPointF) -> None:
        """Begin to drag a hot place."""

    def drag(self, point: QPointF) -> bool:
        """Drag it on; say whether that is something to do."""
        return False

"""Selection: a stretch of text across messages, and what it is as text or Markdown. Knows nothing of widgets."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from parley.ui.transcript.cell import Cell
from parley.ui.transcript.row import Row
from parley.ui.transcript.textcell import BlockCell

MANY = 100
"""From this many messages on, those in the middle are taken as they were written: building them would take seconds."""

Unit = Callable[[Cell, int], tuple[int, int]]


class Spot(NamedTuple):
    """A place between two letters."""

    row: int
    cell: int
    position: int


LAST = 1 << 60


class Selection:
    """What is selected: from where it began to where the pointer is now."""

    def __init__(self) -> None:
        self.start: tuple[Spot, Spot] | None = None
        """What was pressed first: two ends, as a word may have been."""
        self.end: tuple[Spot, Spot] | None = None

    def __bool__(self) -> bool:
        first, last = self.ends()
        return first is not None and first != last

    def clear(self) -> None:
        """Select nothing."""
        self.start = self.end = None

    def begin(self, first: Spot, last: Spot) -> None:
        """Begin anew."""
        self.start = self.end = (first, last)

    def extend(self, first: Spot, last: Spot) -> None:
        """Select up to there."""
        self.end = (first, last)
        self.start = self.start or self.end

    def select_all(self, rows: int) -> None:
        """Select everything."""
        self.begin(Spot(0, 0, 0), Spot(rows, 0, 0))

    def ends(self) -> tuple[Spot | None, Spot | None]:
        """Return the first and the last spot, in order."""
        if self.start is None or self.end is None:
            return None, None
        return min(self.start[0], self.end[0]), max(self.start[1], self.end[1])

    def inside(self, row: int, index: int, cell: Cell) -> tuple[int, int] | None:
        """Return what of a cell is selected."""
        first, last = self.ends()
        if first is None or last is None or first == last or not isinstance(cell, BlockCell):
            return None
        here = (row, index)
        if here < first[:2] or here > last[:2]:
            return None
        start = first.position if here == first[:2] else 0
        end = last.position if here == last[:2] else LAST
        return (start, end) if start < end else None

    def text(self, row_at: Callable[[int], Row], count: int, *, markdown: bool = False) -> str:
        """Return what is selected."""
        first, last = self.ends()
        if first is None or last is None or first == last:
            return ""
        rows = range(first.row, min(last.row, count - 1) + 1)
        found = []
        for row in rows:
            whole = first.row < row < last.row
            if whole and (markdown or len(rows) > MANY):
                found.append(row_at(row).message.text if len(rows) <= MANY else self.source(row))
                continue
            found.append(self._row_text(row, row_at(row), markdown=markdown))
        return "\n\n".join(text for text in found if text)

    source: Callable[[int], str] = staticmethod(lambda row: "")
    """Returns a message's Markdown without building it; the owner sets it."""

    def _row_text(self, index: int, row: Row, *, markdown: bool) -> str:
        found: list[str] = []
        for number, cell in enumerate(row.cells):
            span = self.inside(index, number, cell)
            if span is None or not isinstance(cell, BlockCell):
                continue
            whole = span[0] == 0 and span[1] >= cell.length()
            end = min(span[1], cell.length())
            part = cell.written(span[0], end) if markdown else cell.text(span[0], end)
            text = cell.markdown() if markdown and whole else part
            found.append(text if markdown or not found else f"{cell.parting}{text}")
        return "".join(found).strip("\n")

    def remap(self, row: int, first: int, before: Sequence[Cell], after: Sequence[Cell]) -> None:
        """Follow the letters when the cells of a row change from `first` on."""

        def moved(spot: Spot) -> Spot:
            if spot.row != row or spot.cell < first or spot.cell >= len(before):
                return spot
            if before[spot.cell] in after:
                return spot._replace(cell=after.index(before[spot.cell]))
            letters = sum(cell.length() + 1 for cell in before[first : spot.cell]) + spot.position
            for number, cell in enumerate(after[first:], first):
                if letters <= cell.length() or number == len(after) - 1:
                    return Spot(row, number, min(letters, cell.length()))
                letters -= cell.length() + 1
            return spot

        if self.start and self.end and any(spot.row == row for spot in (*self.start, *self.end)):
            self.start = (moved(self.start[0]), moved(self.start[1]))
            self.end = (moved(self.end[0]), moved(self.end[1]))

    def move_rows(self, places: Callable[[int], int]) -> None:
        """Follow the messages when rows come or go; nothing stays selected if an end is gone."""
        if not self.start or not self.end:
            return
        spots = [*self.start, *self.end]
        rows = [places(spot.row) for spot in spots]
        moved = [spot._replace(row=row) for spot, row in zip(spots, rows, strict=True) if row >= 0]
        if len(moved) < len(spots):
            self.clear()
        else:
            self.start, self.end = (moved[0], moved[1]), (moved[2], moved[3])

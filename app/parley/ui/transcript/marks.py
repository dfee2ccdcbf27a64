"""Marks: which letters in the messages are marked, because they are what somebody looks for. Knows no widgets."""

from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakKeyDictionary

from parley.render import Block
from parley.ui.transcript.cell import Cell
from parley.ui.transcript.codecell import CodeCell
from parley.ui.transcript.row import Row
from parley.ui.transcript.textcell import BlockCell
from parley.ui.transcript.wanted import Span, Wanted


class Place(NamedTuple):
    """One of the places where a message has what is looked for: the first is number 0."""

    message_id: str
    number: int


class Marks:
    """What is looked for, in all messages or in `only` one, and the place that one is at.

    Cells are looked through when they are painted, and again only when they show something else.
    """

    def __init__(self) -> None:
        self.wanted: Wanted | None = None
        self.only = ""
        self.current: Place | None = None
        self._spans: WeakKeyDictionary[BlockCell, tuple[Block, list[Span]]] = WeakKeyDictionary()
        self._counts: WeakKeyDictionary[BlockCell, tuple[Block, int]] = WeakKeyDictionary()

    def show(self, wanted: Wanted | None, only: str = "") -> None:
        """Mark this and nothing else."""
        self.wanted, self.only, self.current = wanted, only, None
        self._spans.clear()
        self._counts.clear()

    def spans(self, cell: Cell) -> Sequence[Span]:
        """Return the places in a cell that is laid out."""
        if self.wanted is None or not isinstance(cell, BlockCell):
            return ()
        known = self._spans.get(cell)
        if known is None:
            known = self._spans[cell] = (cell.block, cell.find(self.wanted))
        elif known[0] is not cell.block:
            known = self._spans[cell] = (cell.block, cell.find_again(self.wanted, *known))
        return known[1]

    def count(self, cell: Cell) -> int:
        """Return how many places a cell has, without laying it out."""
        if self.wanted is None or not isinstance(cell, BlockCell):
            return 0
        if isinstance(cell, CodeCell):  # which is searched as it is
            return len(self.spans(cell))
        known = self._counts.get(cell)
        if known is None or known[0] is not cell.block:
            known = self._counts[cell] = (cell.block, sum(1 for _ in self.wanted.spans(cell.letters())))
        return known[1]

    def in_cell(self, row: Row, index: int) -> Sequence[Span]:
        """Return what is marked in one of a row's cells, which is laid out."""
        return () if self.only and self.only != row.message.id else self.spans(row.cells[index])

    def locate(self, row: Row, number: int) -> tuple[int, Span] | None:
        """Return the cell and the letters of one of a message's places; the last one if there are fewer."""
        last = None
        for index, cell in enumerate(row.cells):
            count = self.count(cell)
            if count:
                last = index
            if number < count:
                break
            number -= count
        spans = self.spans(row.cells[last]) if last is not None else ()
        return (last, spans[min(number, len(spans) - 1)]) if last is not None and spans else None

    def current_in(self, row: Row) -> tuple[int, Span] | None:
        """Return the cell and the letters of the place that one is at, if it is in this row."""
        here = self.wanted is not None and self.current is not None and self.current.message_id == row.message.id
        return self.locate(row, self.current.number) if here and self.current else None

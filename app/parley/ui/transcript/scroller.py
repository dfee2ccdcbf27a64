"""Scroller: many rows of cells, of which only those in sight are laid out.

The position is a cell and how far its top is above the viewport's: whatever changes above or below, the cell stays.
While `following`, the position is the end of the last row.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QWidget

from parley.ui.transcript.cell import Cell
from parley.ui.transcript.fenwick import Fenwick
from parley.ui.transcript.row import Row
from parley.ui.viewports import put_viewport

FAR = 20
"""A jump of more viewports than this goes by estimates."""


@dataclass(slots=True)
class Anchor:
    """The cell at the viewport's top, and how many pixels of it (with the room above it) are out of sight."""

    row: int = 0
    cell: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A cell in sight, as it was when it was last painted. `y` is where it begins, below the room above it."""

    row_index: int
    row: Row
    index: int
    y: int
    cell: Cell


class Scroller(QAbstractScrollArea):
    """The machinery of scrolling. Who derives from it says what the rows are (`row_at`)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        put_viewport(self)
        self.heights = Fenwick()
        self.anchor = Anchor()
        self.following = True
        self.placed: list[Placed] = []
        self.unread_height = 0
        """About how high that is which will come above the first row: for the scroll bar."""
        self._syncing = False
        self._reading: tuple[Cell, int, int] | None = None
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.verticalScrollBar().valueChanged.connect(self._bar_moved)
        self.verticalScrollBar().setSingleStep(48)

    def row_at(self, index: int) -> Row:
        """Return a row, built if it is not yet."""
        raise NotImplementedError

    def bottom_margin(self) -> int:
        """Return the room below the last row."""
        return 16

    # --- placing
    def place(self) -> list[Placed]:
        """Lay out what is in sight and say where it is."""
        if not len(self.heights):
            self.placed = []
            self._sync_bar()
            return []
        if self.following:
            self._go_to_end()
        bottom = self._fill()
        if bottom <= self.viewport().height():
            self._go_to_end()
            self._fill()
            self.following = True
        self._sync_bar()
        return self.placed

    def place_again(self, place: Callable[[int], int]) -> None:
        """Follow what is in sight when rows or cells have other numbers: a click may come before it is painted."""
        self.placed = [
            replace(placed, row_index=place(placed.row_index), index=placed.row.cells.index(placed.cell))
            for placed in self.placed
            if place(placed.row_index) >= 0 and placed.cell in placed.row.cells
        ]

    def _measure(self, row_index: int, row: Row, cell: int) -> int:
        height = row.measure(cell)
        self.heights.set(row_index, row.total)
        return height

    def _fill(self) -> int:
        """Place cells from the anchor down; return where the last one ends."""
        self._normalise()
        height = self.viewport().height()
        y = -self.anchor.offset
        index, cell = self.anchor.row, self.anchor.cell
        self.placed = []
        while index < len(self.heights) and y < height:
            row = self.row_at(index)
            while cell < len(row.cells) and y < height:
                size = self._measure(index, row, cell)
                self.placed.append(Placed(index, row, cell, y + row.lead(cell), row.cells[cell]))
                y += size
                cell += 1
            if cell >= len(row.cells):
                index, cell = index + 1, 0
        return y + self.bottom_margin() if index >= len(self.heights) else max(y, height + 1)

    def _go_to_end(self) -> None:
        y = self.viewport().height() - self.bottom_margin()
        index = len(self.heights)
        cell = 0
        while index > 0 and y > 0:
            index -= 1
            row = self.row_at(index)
            cell = len(row.cells)
            while cell > 0 and y > 0:
                cell -= 1
                y -= self._measure(index, row, cell)
        self.anchor = Anchor(index, cell, max(0, -y))

    def _normalise(self) -> None:
        """Let the anchor be the cell that the viewport's top is in."""
        anchor = self.anchor
        anchor.row = max(0, min(anchor.row, len(self.heights) - 1))
        row = self.row_at(anchor.row)
        anchor.cell = max(0, min(anchor.cell, len(row.cells) - 1))
        while anchor.offset < 0:
            if anchor.cell == 0 and anchor.row == 0:
                anchor.offset = 0
                break
            if anchor.cell == 0:
                anchor.row -= 1
                row = self.row_at(anchor.row)
                anchor.cell = len(row.cells)
            anchor.cell -= 1
            anchor.offset += self._measure(anchor.row, row, anchor.cell)
        while True:
            height = self._measure(anchor.row, row, anchor.cell)
            last = anchor.cell == len(row.cells) - 1
            if anchor.offset < height or (last and anchor.row == len(self.heights) - 1):
                break
            anchor.offset -= height
            anchor.cell += 1
            if last:
                anchor.row, anchor.cell = anchor.row + 1, 0
                row = self.row_at(anchor.row)

    # --- moving
    def scroll_by(self, pixels: int) -> None:
        """Scroll down, or up."""
        if not len(self.heights) or not pixels:
            return
        if abs(pixels) > FAR * max(1, self.viewport().height()):
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + pixels)
            return
        if pixels > 0 and self.following:
            return
        self._move_to(Anchor(self.anchor.row, self.anchor.cell, self.anchor.offset + pixels))

    def to_latest(self) -> None:
        """Go to the end and stay there while it grows."""
        self.following = True
        self._reading = None
        self.viewport().update()

    def to_start(self) -> None:
        """Go to the beginning."""
        self._move_to(Anchor())

    def reveal(self, row: int, cell: int, y: int) -> None:
        """Scroll so that what is `y` pixels into a cell stands a quarter down the viewport."""
        self._move_to(Anchor(row, cell, y - self.viewport().height() // 4))

    def leave_room_above(self, height: int) -> None:
        """Leave the upper edge to something else. What one reads stays where it is on the screen; the beginning moves:
        it would be cut.
        """
        change = height - self.viewportMargins().top()
        self.setViewportMargins(0, height, 0, 0)
        if change and self.placed and self.anchor == Anchor():
            self.to_start()
        elif change and not self.following:
            self._move_to(Anchor(self.anchor.row, self.anchor.cell, self.anchor.offset + change))

    def _move_to(self, anchor: Anchor) -> None:
        self.following = False
        self._reading = None
        self.anchor = anchor
        if len(self.heights):
            self._normalise()
        self.viewport().update()

    def _bar_moved(self, value: int) -> None:
        if self._syncing or not len(self.heights):
            return
        if value >= self.verticalScrollBar().maximum():
            self.to_latest()
            return
        row, offset = self.heights.find(max(0, value - self.unread_height))
        cell, offset = self.row_at(row).heights.find(offset)
        self._move_to(Anchor(row, cell, offset))

    def _sync_bar(self) -> None:
        bar = self.verticalScrollBar()
        self._syncing = True
        room = self.viewport().height()
        bar.setRange(0, max(0, self.unread_height + self.heights.total + self.bottom_margin() - room))
        bar.setPageStep(room)
        if self.following or not len(self.heights):
            bar.setValue(bar.maximum())
        else:
            row = self.row_at(self.anchor.row)
            above = self.unread_height + self.heights.prefix(self.anchor.row) + row.heights.prefix(self.anchor.cell)
            bar.setValue(above + self.anchor.offset)
        self._syncing = False

    # --- staying where one reads
    def keep_reading(self) -> None:
        """Remember the letter at the viewport's top: what is laid out anew comes back to it (`resume_reading`)."""
        if self.following or self._reading or not len(self.heights):
            return
        row = self.row_at(self.anchor.row)
        if self.anchor.cell >= len(row.cells):
            return
        cell = row.cells[self.anchor.cell]
        y = self.anchor.offset - row.lead(self.anchor.cell)
        if cell.width <= 0 or y <= 0:
            return
        position = cell.position_at(QPointF(cell.width if cell.rtl else 0, y + 1))
        self._reading = (cell, position, y - cell.top_of(position))

    def resume_reading(self, cell: Cell | None = None) -> None:
        """Come back to the letter; `cell` is what now shows the cell that was read."""
        if not self._reading or self.following:
            return
        row = self.row_at(self.anchor.row)
        old, position, beyond = self._reading
        new = cell or old
        if new not in row.cells:
            return
        self.anchor.cell = row.cells.index(new)
        row.measure(self.anchor.cell)
        self._reading = (new, position, beyond)
        self.anchor.offset = row.lead(self.anchor.cell) + new.top_of(position) + min(beyond, 24)

    def keep_cell(self, row: int) -> Cell | None:
        """Return the cell at the viewport's top if it is in that row, for `return_to`."""
        if self.following or self.anchor.row != row:
            return None
        cells = self.row_at(row).cells
        return cells[self.anchor.cell] if self.anchor.cell < len(cells) else None

    def return_to(self, cell: Cell | None) -> None:
        """Find the kept cell again in its row, wherever it is now."""
        cells = self.row_at(self.anchor.row).cells if cell is not None else []
        if cell is not None and cell in cells:
            self.anchor.cell = cells.index(cell)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Nothing: everything is painted where it is."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.viewport().update()

"""Grouping: which heading stands over which places of a list, and what row that makes of each place."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from parley.store import Cursor
from parley.ui.sidebar.dates import Groups


class Group:
    """A heading, the key that is the least under it, and how many places stand there."""

    def __init__(self, heading: str, least: tuple[bool, float], count: int = 0) -> None:
        self.heading = heading
        self.least = least
        self.count = count


class Grouping:
    """Counts places and rows; a row is a heading or a place. The order of places descends."""

    def __init__(self, dates: Groups, order: Sequence[Cursor] = ()) -> None:
        self.dates = dates
        self._groups: list[Group] = []
        self._find(order)

    def __len__(self) -> int:
        return self._ends[-1] if self._groups else 0

    def row_of(self, place: int) -> int:
        """Return the row of a place."""
        return place + bisect_right(self._places, place) + 1 if self._groups else 0

    def place_at(self, row: int) -> int | None:
        """Return the place of a row; None for a heading, and for a row that is not there."""
        group = bisect_right(self._ends, row)
        is_heading = row == (self._ends[group - 1] if group else 0)
        return None if is_heading or not 0 <= row < len(self) else row - group - 1

    def heading_at(self, row: int) -> str:
        """Return the heading that is a row, or nothing."""
        group = bisect_right(self._ends, row)
        is_heading = row == (self._ends[group - 1] if group else 0)
        return self._groups[group].heading if is_heading and group < len(self._groups) else ""

    def new_row(self, place: int, cursor: Cursor) -> int:
        """Return the row that a place has once it is there, under its heading."""
        return place + self._group(cursor) + 1

    def missing(self, cursor: Cursor) -> int | None:
        """Return where the heading over a place has to stand; None if there is one."""
        group = self._group(cursor)
        there = group < len(self._groups) and self._groups[group].least == self._least(cursor)
        return None if there else (self._ends[group - 1] if group else 0)

    def open(self, cursor: Cursor) -> None:
        """Add the heading over a place."""
        heading, begins = self.dates.of(cursor.pinned, cursor.updated_at)
        self._groups.insert(self._group(cursor), Group(heading, (cursor.pinned, begins)))
        self._count_anew()

    def add(self, cursor: Cursor) -> None:
        """Count one place more, under its heading."""
        self._groups[self._group(cursor)].count += 1
        self._count_anew()

    def take(self, place: int) -> None:
        """Count this place no more."""
        self._groups[bisect_right(self._places, place)].count -= 1
        self._count_anew()

    @property
    def empty(self) -> int | None:
        """Return the row of a heading over nothing, or None."""
        for number, group in enumerate(self._groups):
            if not group.count:
                return self._ends[number] - 1
        return None

    def close(self) -> None:
        """Remove the headings over nothing."""
        self._groups = [group for group in self._groups if group.count]
        self._count_anew()

    def _find(self, order: Sequence[Cursor]) -> None:
        """Find the groups of an order by halving, not by looking at each."""
        first = 0
        while first < len(order):
            cursor = order[first]
            heading, begins = self.dates.of(cursor.pinned, cursor.updated_at)
            least = (cursor.pinned, begins)
            behind = bisect_left(order, True, lo=first, key=lambda other, least=least: other[:2] < least)  # type: ignore[misc]
            self._groups.append(Group(heading, least, behind - first))
            first = behind
        self._count_anew()

    def _group(self, cursor: Cursor) -> int:
        """Return which group a place belongs to, or would be in."""
        least = self._least(cursor)
        return bisect_left(self._groups, True, key=lambda group: group.least <= least)

    def _least(self, cursor: Cursor) -> tuple[bool, float]:
        return cursor.pinned, self.dates.of(cursor.pinned, cursor.updated_at)[1]

    def _count_anew(self) -> None:
        self._places = list(accumulate(group.count for group in self._groups))
        self._ends = [places + number + 1 for number, places in enumerate(self._places)]

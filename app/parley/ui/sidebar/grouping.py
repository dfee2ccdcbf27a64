"""Grouping: which heading stands over which places of a list, and what row that makes of each place."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate

from parley.store import NETWORK, Spot
from parley.ui.sidebar.dates import Groups

LID = (NETWORK, float("-inf"))
"""The least key of the network."""


class Group:
    """A heading, the key that is the least under it, and how many places stand there. A lid stays over nothing."""

    def __init__(self, heading: str, least: tuple[int, float], count: int = 0, *, lid: bool = False) -> None:
        self.heading = heading
        self.least = least
        self.count = count
        self.lid = lid


class Grouping:
    """Counts places and rows; a row is a heading or a place. The order of places descends.

    With `lid` there is a heading for the network, although its places are folded away.
    """

    def __init__(self, dates: Groups, order: Sequence[Spot] = (), *, lid: bool = False) -> None:
        self.dates = dates
        self._groups: list[Group] = []
        self._find(order)
        if lid:
            self.put_lid()

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

    @property
    def network_row(self) -> int | None:
        """Return the row of the network's heading, or None."""
        for number, group in enumerate(self._groups):
            if group.least[0] == NETWORK:
                return self._ends[number - 1] if number else 0
        return None

    @property
    def lid(self) -> bool:
        """Return whether the places of the network are folded away under their heading."""
        return any(group.lid for group in self._groups)

    @property
    def lid_row(self) -> int:
        """Return the row in which such a heading stands, or would stand."""
        number = bisect_left(self._groups, True, key=lambda group: group.least <= LID)
        return self._ends[number - 1] if number else 0

    def put_lid(self) -> None:
        """Add such a heading."""
        number = bisect_left(self._groups, True, key=lambda group: group.least <= LID)
        self._groups.insert(number, Group(self.dates.of(*LID)[0], LID, lid=True))
        self._count_anew()

    def take_lid(self) -> None:
        """Remove it."""
        self._groups = [group for group in self._groups if not group.lid]
        self._count_anew()

    def new_row(self, place: int, spot: Spot) -> int:
        """Return the row that a place has once it is there, under its heading."""
        return place + self._group(spot) + 1

    def missing(self, spot: Spot) -> int | None:
        """Return where the heading over a place has to stand; None if there is one."""
        group = self._group(spot)
        there = group < len(self._groups) and self._groups[group].least == self._least(spot)
        return None if there else (self._ends[group - 1] if group else 0)

    def open(self, spot: Spot) -> None:
        """Add the heading over a place."""
        heading, begins = self.dates.of(spot.shelf, spot.updated_at)
        self._groups.insert(self._group(spot), Group(heading, (spot.shelf, begins)))
        self._count_anew()

    def add(self, spot: Spot) -> None:
        """Count one place more, under its heading."""
        self._groups[self._group(spot)].count += 1
        self._count_anew()

    def take(self, place: int) -> None:
        """Count this place no more."""
        self._groups[bisect_right(self._places, place)].count -= 1
        self._count_anew()

    @property
    def empty(self) -> int | None:
        """Return the row of a heading over nothing, or None."""
        for number, group in enumerate(self._groups):
            if not group.count and not group.lid:
                return self._ends[number] - 1
        return None

    def close(self) -> None:
        """Remove the headings over nothing."""
        self._groups = [group for group in self._groups if group.count or group.lid]
        self._count_anew()

    def _find(self, order: Sequence[Spot]) -> None:
        """Find the groups of an order by halving, not by looking at each."""
        first = 0
        while first < len(order):
            spot = order[first]
            heading, begins = self.dates.of(spot.shelf, spot.updated_at)
            least = (spot.shelf, begins)
            behind = bisect_left(order, True, lo=first, key=lambda other, least=least: other[:2] < least)  # type: ignore[misc]
            self._groups.append(Group(heading, least, behind - first))
            first = behind
        self._count_anew()

    def _group(self, spot: Spot) -> int:
        """Return which group a place belongs to, or would be in."""
        least = self._least(spot)
        return bisect_left(self._groups, True, key=lambda group: group.least <= least)

    def _least(self, spot: Spot) -> tuple[int, float]:
        return spot.shelf, self.dates.of(spot.shelf, spot.updated_at)[1]

    def _count_anew(self) -> None:
        self._places = list(accumulate(group.count for group in self._groups))
        self._ends = [places + number + 1 for number, places in enumerate(self._places)]

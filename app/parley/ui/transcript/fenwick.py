"""Fenwick tree: heights of many rows, with sums from the top and the row at a height in O(log n)."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import overload


class Fenwick:
    """A list of heights that knows its sums. Knows nothing of what has them."""

    def __init__(self, values: Iterable[int] = ()) -> None:
        self._build(list(values))

    def _build(self, values: list[int]) -> None:
        sums = [0, *accumulate(values)]
        self._values = values
        self._tree = [sums[node] - sums[node & node - 1] for node in range(len(sums))]
        self.total = sums[-1]

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        return self._values[index]

    def replace(self, start: int, end: int, values: Sequence[int]) -> None:
        """Put other heights in the place of some. Cheap at the end."""
        if end == len(self):
            self.truncate(start)
            for value in values:
                self.append(value)
        else:
            self._build([*self._values[:start], *values, *self._values[end:]])

    def set(self, index: int, value: int) -> None:
        """Change one height."""
        change = value - self._values[index]
        if not change:
            return
        self._values[index] = value
        self.total += change
        node = index + 1
        while node < len(self._tree):
            self._tree[node] += change
            node += node & -node

    def append(self, value: int) -> None:
        """Add a height at the end."""
        node = len(self._tree)
        self._values.append(value)
        self._tree.append(value + self.prefix(node - 1) - self.prefix(node - (node & -node)))
        self.total += value

    def truncate(self, size: int) -> None:
        """Forget all heights from `size` on."""
        for value in self._values[size:]:
            self.total -= value
        del self._values[size:]
        del self._tree[size + 1 :]

    def prefix(self, count: int) -> int:
        """Return the sum of the first `count` heights."""
        total = 0
        while count > 0:
            total += self._tree[count]
            count &= count - 1
        return total

    def find(self, height: int) -> tuple[int, int]:
        """Return the row that `height` falls into and how far; the last one's end where it is below them all."""
        size = len(self._values)
        if not size:
            return 0, 0
        node = 0
        bit = 1 << size.bit_length()
        while bit:
            if node + bit <= size and self._tree[node + bit] <= height:
                node += bit
                height -= self._tree[node]
            bit >>= 1
        return (node, height) if node < size else (size - 1, self._values[-1])

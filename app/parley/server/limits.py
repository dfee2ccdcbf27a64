"""Limits: how much may be asked in a minute, by whom. Nothing here knows of HTTP."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from math import ceil

from parley.errors import TooManyRequests

WINDOW_SECONDS = 60.0
"""What limits are counted over: the minute before now, at every moment."""

_MOST_KEYS = 10_000


class Limits:
    """Sliding windows, one for each key. `clock` tells seconds; it must not jump."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: OrderedDict[Hashable, deque[float]] = OrderedDict()

    def take(self, key: Hashable, most: int) -> int:
        """Count one more, and return how many are left. Raises TooManyRequests: that one does not count."""
        now = self._clock()
        taken = self._window(key, now)
        if len(taken) >= most:
            wait = taken[len(taken) - most] + WINDOW_SECONDS - now if most else WINDOW_SECONDS
            raise TooManyRequests(seconds=max(1, ceil(wait)))
        taken.append(now)
        return most - len(taken)

    def left(self, key: Hashable, most: int) -> int:
        """Return how many are left, and count none."""
        return max(0, most - len(self._window(key, self._clock())))

    def _window(self, key: Hashable, now: float) -> deque[float]:
        taken = self._taken.setdefault(key, deque())
        self._taken.move_to_end(key)
        if len(self._taken) > _MOST_KEYS:
            self._taken.popitem(last=False)
        while taken and taken[0] <= now - WINDOW_SECONDS:
            taken.popleft()
        return taken

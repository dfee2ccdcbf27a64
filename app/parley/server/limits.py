"""Limits: how much may be asked in a minute, by whom. Nothing here knows of HTTP."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from ipaddress import IPv6Address, ip_address
from math import ceil

from parley.errors import TooManyRequests

WINDOW_SECONDS = 60.0
"""What limits are counted over: the minute before now, at every moment."""

MOST_KEYS = 10_000
"""How many windows are kept; then the one is forgotten that was used longest ago."""

_OF_ONE_PLACE = 64
"""Bits of an IPv6 address that a household has: the others its computers choose as they like."""


class Limits:
    """Sliding windows, one for each key. `clock` tells seconds; it must not jump.

    What anybody can make keys of has limits of its own: a flood of them pushes nobody else's windows out.
    """

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
        if len(self._taken) > MOST_KEYS:
            self._taken.popitem(last=False)
        while taken and taken[0] <= now - WINDOW_SECONDS:
            taken.popleft()
        return taken


def place_of(address: str) -> str:
    """Return what stands for all addresses that one client may have: of IPv6 the network."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        shift = found.max_prefixlen - _OF_ONE_PLACE
        return f"{IPv6Address(int(found) >> shift << shift)}/{_OF_ONE_PLACE}"
    return str(found)


def plain(address: str) -> str:
    """Return an address as its own kind writes it: on a socket for both kinds, IPv4's come as IPv6's."""
    mapped = address.lower().removeprefix("::ffff:")
    return mapped if "." in mapped else address

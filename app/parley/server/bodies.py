"""Bodies on their way in: bounded in size, time and number, and JSON as it has to be. Nothing here knows of routes."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from parley.errors import BodySlow, BodyTooLarge, BodyUnreadable, ServerBusy

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]

MEGABYTE = 1024 * 1024

BODY_SECONDS = 30
"""How long a client may keep us waiting for a body: of JSON altogether, of uploads beyond what their rate takes."""

UPLOAD_RATE = 10 * 1024
"""Bytes a second, over the whole of it: slower than this nobody uploads."""

AT_ONCE = 8
"""So many bodies of the largest size may be on their way at the same time, of each kind."""

DRAIN_SECONDS = 2.0
DRAIN_BYTES = 64 * MEGABYTE
"""How much of a refused body is read and thrown away, so that a client which is still sending gets to the answer."""

MOST_FIELDS = 150_000
"""So many objects and fields one body has at most: reading them keeps everybody else waiting.

Ten thousand messages with calls of tools have two thirds of it.
"""

_LARGEST_INTEGER = 2**63
_BUSY_SECONDS = 5


class Room:
    """The memory for JSON bodies that are being read, or the disk for files."""

    def __init__(self) -> None:
        self._taken = 0

    def take(self, size: int, most: int) -> None:
        """Take some of `most` bytes. Raises ServerBusy when so much is not left."""
        if self._taken + size > most:
            raise ServerBusy(seconds=_BUSY_SECONDS)
        self._taken += size

    def give_back(self, size: int) -> None:
        """It is not needed any more."""
        self._taken -= size


class Body:
    """One request's body. `length` is what the client told, None where it comes in chunks."""

    def __init__(self, receive: Receive, length: int | None) -> None:
        self._receive = receive
        self._length = length
        self._room = Room()
        self._most = self._come = self._held = 0
        self._rate: int | None = None
        self._megabytes = 0
        self._waited = 0.0
        self.whole = length == 0
        """Whether nothing more comes."""

    def allow(self, megabytes: int, room: Room, rate: int | None = None) -> None:
        """Let so much come, in `BODY_SECONDS` or at a rate. Raises BodyTooLarge if more has been told."""
        self._megabytes, self._most, self._room, self._rate = megabytes, megabytes * MEGABYTE, room, rate
        if self._length is not None and self._length > self._most:
            raise BodyTooLarge(megabytes=megabytes)

    async def receive(self) -> Event:
        """Return what comes next; after the end, that the client has gone.

        Raises BodyTooLarge, BodySlow and ServerBusy.
        """
        if self.whole:
            return await self._receive()
        began = time.monotonic()
        allowed = BODY_SECONDS + (self._come / self._rate if self._rate else 0)
        try:
            async with asyncio.timeout(max(0.0, allowed - self._waited)):
                event = await self._receive()
        except TimeoutError:
            raise BodySlow(seconds=round(allowed)) from None
        self._waited += time.monotonic() - began
        size = len(event.get("body", b""))
        self._come += size
        if self._come > self._most:
            raise BodyTooLarge(megabytes=self._megabytes)
        self._room.take(size, AT_ONCE * self._most)
        self._held += size
        self.whole = not event.get("more_body", False)
        return event

    async def json(self) -> bytes:
        """Return the whole of it, which is good JSON. Raises BodyUnreadable, and what `receive` does."""
        pieces: list[bytes] = []
        while not self.whole:
            event = await self.receive()
            if event["type"] != "http.request":
                raise BodyUnreadable(problem="it broke off")
            pieces.append(event.get("body", b""))
        body = b"".join(pieces)
        if body:
            demand_json(body)
        return body

    def release(self) -> None:
        """The request has been read: others may come."""
        self._room.give_back(self._held)
        self._held = 0

    async def drain(self) -> None:
        """Throw away what still comes, for a moment."""
        come = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while not self.whole and come < DRAIN_BYTES:
                    event = await self._receive()
                    come += len(event.get("body", b""))
                    self.whole = not event.get("more_body", False)


def replaying(body: bytes, receive: Receive) -> Receive:
    """Return what hands out a body that has been read, and then what else comes: that the client has gone."""
    handed_out = False

    async def receiving() -> Event:
        nonlocal handed_out
        if not handed_out:
            handed_out = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return receiving


def demand_json(body: bytes) -> None:
    """Raise BodyUnreadable unless this is JSON in UTF-8 that means one thing only, and that Python holds.

    No NaN or Infinity, no halves of characters, no name twice in one object, no number that a computer lacks, no more
    than `MOST_FIELDS`, and no deeper than people write it.
    """
    from pydantic_core import from_json

    try:
        from_json(body, allow_inf_nan=False)
        json.loads(body, object_pairs_hook=_Fields(), parse_int=_integer, parse_float=_number)
    except BodyUnreadable:
        raise
    except (ValueError, RecursionError) as error:
        raise BodyUnreadable(problem=f"its body is no JSON ({error})") from None


class _Fields:
    """Makes the objects of one body, and counts what they have."""

    def __init__(self) -> None:
        self._left = MOST_FIELDS

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self._left -= 1 + len(pairs)
        if self._left < 0:
            raise BodyUnreadable(problem="its body has too many fields")
        found = dict(pairs)
        if len(found) != len(pairs):
            raise BodyUnreadable(problem="its body names a field twice")
        return found


def _integer(text: str) -> int:
    if len(text) > 20 or not -_LARGEST_INTEGER <= (number := int(text)) < _LARGEST_INTEGER:
        raise BodyUnreadable(problem="a number in its body is too large")
    return number


def _number(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise BodyUnreadable(problem="a number in its body is too large")
    return number

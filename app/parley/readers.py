"""Readers: bytes as the network has cut them -> lines, and the data of server-sent events."""

import re
from collections.abc import Iterator

MAX_STRAY = 64 * 1024

_NEWLINE = re.compile(rb"\r\n|\r|\n")


class LineReader:
    """Cuts bytes into lines, wherever the network has cut them."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._after_return = False
        self.pending = 0

    @property
    def at_start(self) -> bool:
        """Return whether the next byte begins a line."""
        return not self._pieces and not self._after_return

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes and yield the lines that they complete, without their ends."""
        start = 1 if self._after_return and data.startswith(b"\n") else 0
        self._after_return = data.endswith(b"\r") if data else self._after_return
        for found in _NEWLINE.finditer(data, start):
            self._pieces.append(data[start : found.start()])
            start = found.end()
            yield self._take()
        if start < len(data):
            self._pieces.append(data[start:])
            self.pending += len(data) - start

    def end(self) -> Iterator[bytes]:
        """Yield the last line if nothing ended it."""
        if self._pieces:
            yield self._take()

    def _take(self) -> bytes:
        line = b"".join(self._pieces)
        self._pieces.clear()
        self.pending = 0
        return line


class EventReader:
    """Reads server-sent events as the HTML standard has them; a last event without its blank line counts too."""

    def __init__(self) -> None:
        self._lines = LineReader()
        self._data: list[str] = []
        self._size = 0
        self._first = True
        self._stray = bytearray()
        self._whole = True
        """All that has come so far were whole events with plain line ends."""

    @property
    def stray(self) -> str:
        """Return the beginning of what came in lines that no event has: some servers tell an error so."""
        return self._stray.decode("utf-8", "replace")

    @property
    def pending(self) -> int:
        """Return how many bytes are held of an event that is not complete."""
        return self._lines.pending + self._size

    def feed(self, data: bytes) -> list[str]:
        """Take bytes and return the data of the events that they complete."""
        if self._whole and data.endswith(b"\n\n") and b"\r" not in data:
            return self._whole_events(data)
        self._whole = False
        found = [event for line in self._lines.feed(data) for event in self._line(line)]
        self._whole = not self._data and self._lines.at_start
        return found

    def end(self) -> list[str]:
        """Return the data of an event that the end of the stream completes."""
        return [event for line in (*self._lines.end(), b"") for event in self._line(line)]

    def _whole_events(self, data: bytes) -> list[str]:
        """Return the data of events that came whole, as they mostly do: without looking at each line by itself."""
        if self._first:
            self._first = False
            data = data.removeprefix(b"\xef\xbb\xbf")
        found: list[str] = []
        for block in data[:-2].decode("utf-8", "replace").split("\n\n"):
            field, _, rest = block.partition("\n")
            if not rest and field.startswith("data: "):
                found.append(field[6:])
            elif field.startswith("event: ") and rest.startswith("data: ") and "\n" not in rest:
                found.append(rest[6:])
            else:
                for line in (*block.split("\n"), ""):
                    found += self._line(line.encode())
        return found

    def _line(self, line: bytes) -> Iterator[str]:
        if self._first:
            self._first = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            if self._data:
                yield "\n".join(self._data)
                self._data, self._size = [], 0
            return
        field, _, value = line.partition(b":")
        if field == b"data":
            self._size += len(value)
            self._data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
        elif field not in (b"", b"event", b"id", b"retry") and len(self._stray) < MAX_STRAY:
            self._stray += line[:MAX_STRAY] + b"\n"

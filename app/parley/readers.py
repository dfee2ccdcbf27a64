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

    @property
    def stray(self) -> str:
        """Return the beginning of what came in lines that no event has: some servers tell an error so."""
        return self._stray.decode("utf-8", "replace")

    @property
    def pending(self) -> int:
        """Return how many bytes are held of an event that is not complete."""
        return self._lines.pending + self._size

    def feed(self, data: bytes) -> Iterator[str]:
        """Take bytes and yield the data of the events that they complete."""
        for line in self._lines.feed(data):
            yield from self._line(line)

    def end(self) -> Iterator[str]:
        """Yield the data of an event that the end of the stream completes."""
        for line in (*self._lines.end(), b""):
            yield from self._line(line)

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

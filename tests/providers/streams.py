"""What holds for every provider that reads server-sent events, whatever the vendor: checks on a real socket.

`Stream` is a recording of one answer and how to make the provider that reads it. Its checks send the recording in
every form that the HTML standard allows, and cut off at every byte. Each provider has its row in test_streams.py.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from parley.errors import AnswerBroken
from parley.events import Event, Finished
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import RemoteProvider
from tests.providers.helpers import events_of, events_until_error, question
from tests.providers.sockets import Exchange, FakeServer, bytes_handler, chunk, head

SSE = "text/event-stream"


@dataclass(frozen=True)
class Stream:
    """A recorded answer: events that end with a blank line each, their data JSON. `make` takes a base URL."""

    make: Callable[[str], RemoteProvider]
    recording: bytes
    request: ProviderRequest = field(default_factory=question)

    async def events(self, *pieces: bytes) -> list[Event]:
        """Return the events of the recording, or of other bytes, each piece sent as a chunk of its own."""
        pieces = pieces or (self.recording,)

        async def handle(exchange: Exchange) -> None:
            await exchange.stream(SSE, (piece for piece in pieces if piece))

        async with FakeServer(handle) as server:
            provider = self.make(server.url)
            try:
                return await events_of(provider, self.request)
            finally:
                await provider.close()

    async def check_forms(self) -> None:
        """Every form of the recording gives the same events."""
        expected = await self.events()
        for name, pieces in forms(self.recording):
            assert await self.events(*pieces) == expected, name

    async def check_cuts(self) -> None:
        """Cut at any byte, the answer is told to be broken, or it is whole; what came first is the beginning of it.

        The end looks like a proper one, or (which needs no more than some samples) like the broken connection it is.
        """
        whole = await self.events()
        cuts = [head(content_type=SSE) + self.recording[:at] for at in range(len(self.recording))]
        start = head(content_type=SSE, transfer_encoding="chunked")
        cuts += [start] + [start + chunk(self.recording[:at]) for at in range(1, len(self.recording), 16)]
        async with FakeServer() as server:
            provider = self.make(server.url)
            try:
                for sent in cuts:
                    server.handler = bytes_handler(sent)
                    events, error = await events_until_error(provider, self.request)
                    _check_beginning(events, whole)
                    assert isinstance(events[-1] if events else None, Finished) == (error is None), (sent, error)
                    assert error is None or isinstance(error, AnswerBroken), (sent, error)
            finally:
                await provider.close()


def forms(recording: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the same events in other bytes: the name of the form, and the pieces to send."""
    yield "byte by byte", [recording[at : at + 1] for at in range(len(recording))]
    yield "CRLF", [recording.replace(b"\n", b"\r\n")]
    yield "CRLF, byte by byte", [bytes([byte]) for byte in recording.replace(b"\n", b"\r\n")]
    yield "CR", [recording.replace(b"\n", b"\r")]
    yield "a byte order mark", [b"\xef\xbb\xbf" + recording]
    yield "comments", [b": hello\n\n" + recording.replace(b"\n\n", b"\n\n: keep-alive\n\n:\n\n")]
    yield "other fields", [recording.replace(b"\n\n", b"\nid: 7\nretry: 3000\n\n")]
    yield "no space behind the colon", [recording.replace(b"\ndata: ", b"\ndata:").replace(b"data: ", b"data:", 1)]
    yield "several lines of data", [in_lines(recording)]
    yield "several lines of data, CRLF, in pieces of seven", _sevens(in_lines(recording).replace(b"\n", b"\r\n"))
    yield "no blank line at the end", [recording.rstrip(b"\n")]


def in_lines(recording: bytes) -> bytes:
    """Return the same events with their JSON over several lines of `data:`."""
    lines = []
    for line in recording.split(b"\n"):
        value = line.removeprefix(b"data: ")
        if value != line and value.startswith((b"{", b"[{")):
            written = json.dumps(json.loads(value), ensure_ascii=False, indent=1)
            lines += [b"data: " + part.encode() for part in written.split("\n")]
        else:
            lines.append(line)
    return b"\n".join(lines)


def _sevens(data: bytes) -> list[bytes]:
    return [data[at : at + 7] for at in range(0, len(data), 7)]


def _check_beginning(events: Sequence[Event], whole: Sequence[Event]) -> None:
    """Events that came are the first ones of the whole answer; an end may lack the usage, which comes last."""
    for came, expected in zip(events, whole, strict=False):
        if isinstance(came, Finished) and isinstance(expected, Finished):
            assert came in (expected, replace(expected, usage=None))
        else:
            assert came == expected
    assert len(events) <= len(whole)

"""The wire: uvicorn's protocols with bounds on what a client may send, hold and leave lying, before it is a request."""

import asyncio
import logging
import sys
import time
from collections.abc import Iterable
from http import HTTPStatus
from math import inf
from typing import Any

import uvicorn
from httptools import HttpParserUpgrade, HttpRequestParser, parse_url
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState
from websockets.http11 import Request

from parley.errors import ChatError, RequestInvalid, ServerBusy
from parley.keys import redacted
from parley.server.guard import ADMITTED, Guard
from parley.server.limits import place_of, plain

HEAD_SECONDS = 15.0
"""How long a client may take from the connection, or from the last answer, to the end of the next request's head."""

STALLED_SECONDS = 60.0
TAKEN_BYTES = 64 * 1024
"""Who takes less than this of an answer in `STALLED_SECONDS` is not waited for."""

LONGEST_ADDRESS = 8 * 1024
LARGEST_HEAD = 64 * 1024
MOST_HEADERS = 128
MOST_WAITING = 32
"""Requests on one connection that wait for the one before."""

MOST_FRAGMENTS = 100_000
"""Pieces that one message of a socket may come in: those that are empty do not add to its size."""

MOST_CONNECTIONS = 1000
MOST_FROM_ONE = 250
OTHER_FILES = 128
"""How many open files the rest of the program is left, where the system allows only few."""

MOST_UNREAD = 1024 * 1024
"""Bytes of control frames that a socket's client has made us answer, and does not read."""

MOST_OF_STRANGERS = 1024 * 1024
"""Bytes that a socket may send before it is known whose it is."""

MOST_HELD = 256 * 1024 * 1024
"""Bytes of all answers that have not been taken yet; over it, those go first who have most to take."""

_NOISE = {
    "Invalid HTTP request received.",
    "Unsupported upgrade request.",
    "Invalid UTF-8 sequence received from client.",
    "ASGI callable returned without completing response.",  # it was ended from our side, or the guard has logged why
}


class _Refused(Exception):
    """Ends the reading of a request: the parser hands it on as an error of its own."""


class _Parser(HttpRequestParser):
    """Keeps what it has not read because the client has asked for another protocol."""

    unread = b""

    def feed_data(self, data: Any) -> None:
        """Read on. Raises HttpParserError, and HttpParserUpgrade."""
        try:
            super().feed_data(data)
        except HttpParserUpgrade as ending:
            self.unread = data[ending.args[0] :]
            raise


class _Stall:
    """Whether somebody still takes what is sent."""

    def __init__(self) -> None:
        self._since = 0.0
        self._size: int | None = None

    def end(self) -> None:
        """All has been taken, or nearly."""
        self._size = None

    def look(self, transport: asyncio.Transport, now: float) -> None:
        """Break the connection off if too little has been taken for too long."""
        size = transport.get_write_buffer_size()
        if self._size is None:
            self._since, self._size = now, size
        elif now - self._since >= STALLED_SECONDS:
            if size > self._size - TAKEN_BYTES:
                transport.abort()
            self._since, self._size = now, size


class Http(HttpToolsProtocol):
    """HTTP/1.1 with bounds. Refusals say why in the words of the dialect, as far as the path is known."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.url = b""
        self._waiting_since: float | None = time.monotonic()
        self._beside = 0
        self._in_head = True
        self._declined = False
        self._stall = _Stall()
        self._refusal: tuple[HTTPStatus, ChatError] | None = None
        self._begin_reading()

    def _begin_reading(self) -> None:
        self._parser = self.parser = _Parser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless there are too many."""
        super().connection_made(transport)
        self.place = _place(self.client)
        theirs = sum(getattr(other, "place", None) == self.place for other in self.connections)
        if len(self.connections) > most_connections() or theirs > MOST_FROM_ONE:
            self._refusal = HTTPStatus.SERVICE_UNAVAILABLE, ServerBusy(seconds=5)
            self.send_400_response("")

    def look(self, now: float) -> None:
        """Break the connection off if the client keeps us waiting."""
        if self.flow.write_paused or self.transport.is_closing():
            self._stall.look(self.transport, now)
        elif self._waiting_since is not None and now - self._waiting_since >= HEAD_SECONDS:
            self.transport.close()

    def resume_writing(self) -> None:
        """Something has been taken."""
        self._stall.end()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Read on, but not for ever: what is no body is kept by the parser until it is complete."""
        if self.transport.is_closing():
            return
        self._beside += len(data)
        super().data_received(data)
        while self._declined and not self.transport.is_closing():
            self._decline()
        if self._beside > LARGEST_HEAD and not self.transport.is_closing():
            too_long, too_large = HTTPStatus.REQUEST_URI_TOO_LONG, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            status = too_long if len(self.url) > LONGEST_ADDRESS else too_large
            self._refusal = status, RequestInvalid(problem="its head is too large")
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """Begin to read a head."""
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. Those behind the body are none of the request's (RFC 9110, 6.5.1).

        The guard has read the others by then, and what stands before us may look at those alone.
        """
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin a request, or refuse it."""
        self._waiting_since, self._beside, self._in_head = None, 0, False
        if self.parser.get_http_version() not in ("1.0", "1.1"):
            self._refuse(HTTPStatus.BAD_REQUEST, "its version of HTTP is not spoken here")
        if any(value.lower() != b"chunked" for name, value in self.headers if name == b"transfer-encoding"):
            self._refuse(HTTPStatus.BAD_REQUEST, "its Transfer-Encoding is not taken")
        sizes = [len(name) + len(value) + 4 for name, value in self.headers]
        if len(self.url) > LONGEST_ADDRESS:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG, "its address is too long")
        if len(sizes) > MOST_HEADERS or sum(sizes) > LARGEST_HEAD:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "its headers are too large")
        if len(self.pipeline) >= MOST_WAITING:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too many requests wait for the one before")
        self._take_host_of_address()
        upgrades = self.parser.should_upgrade() and not self._should_upgrade()
        self._declined = upgrades and any(name == b"upgrade" for name, _ in self.headers)
        if self._declined:
            return
        super().on_headers_complete()
        if upgrades:  # CONNECT: the parser reads no further
            self.cycle.keep_alive = False

    def _decline(self) -> None:
        """Read a request again, as if it had not asked for another protocol: the parser does not go on behind that.

        Java's client asks for HTTP/2 with each first request, and sends the body along.
        """
        self._declined = False
        line = b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        headers = [b"%s: %s\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        unread = self._parser.unread
        self._begin_reading()
        super().data_received(b"".join((line, *headers, b"\r\n", unread)))

    def on_body(self, body: bytes) -> None:
        """Take a part of the body. What is written around its chunks may be as much as they are."""
        self._beside -= 2 * len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request; what comes now is the next one's."""
        self._beside = 0
        if not self._declined:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        if not self.pipeline:
            self._waiting_since = time.monotonic()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Send why this is no request, and close.

        Nothing is said in the place of another request's answer, or behind one that has begun.
        """
        cycle: RequestResponseCycle | None = self.cycle
        in_body = cycle is not None and cycle.more_body and not cycle.response_started and not self.pipeline
        if cycle is not None and in_body:
            cycle.disconnected = True
            cycle.message_event.set()
        if cycle is None or cycle.response_complete or in_body:
            unread = HTTPStatus.BAD_REQUEST, RequestInvalid(problem="it is no HTTP")
            self.transport.write(self._refused(*(self._refusal or unread)))
        self.transport.close()

    def _refuse(self, status: HTTPStatus, problem: str) -> None:
        self._refusal = status, RequestInvalid(problem=problem)
        raise _Refused

    def _refused(self, status: HTTPStatus, error: ChatError) -> bytes:
        """Return the bytes of an answer that the application does not get to see."""
        guard: Guard = self.config.app  # type: ignore[assignment]
        path = (self.url or b"/").partition(b"?")[0].decode("latin-1")
        _, headers, body = guard.refusal(path, error)
        headers = [*self.server_state.default_headers, *headers, (b"connection", b"close")]
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status, status.phrase.encode(), lines, body)

    def _take_host_of_address(self) -> None:
        """Take the host from an address that has one: what the header says does not count then (RFC 9112, 3.2.2)."""
        if self.url.startswith(b"/"):
            return
        found = parse_url(self.url)
        if found.schema and (found.schema.lower() not in (b"http", b"https") or found.userinfo):
            self._refuse(HTTPStatus.BAD_REQUEST, "its address is none of ours")
        if found.host:
            host = b"[%s]" % found.host if b":" in found.host else found.host
            host = b"%s:%d" % (host, found.port) if found.port else host
            self.headers[:] = [header for header in self.headers if header[0] != b"host"]
            self.headers.append((b"host", host))


class WebSocket(WebSocketsSansIOProtocol):
    """A socket with bounds."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._stall = _Stall()
        self._left: float = MOST_OF_STRANGERS
        self._closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection from HTTP."""
        super().connection_made(transport)
        self.place = _place(self.client)

    def look(self, now: float) -> None:
        """Break the connection off if the client keeps us waiting."""
        if not self.writable.is_set() or self.transport.is_closing():
            self._stall.look(self.transport, now)

    def resume_writing(self) -> None:
        """Something has been taken."""
        self._stall.end()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Read on, unless the client only writes."""
        if self.transport.is_closing():
            return
        if self.transport.get_write_buffer_size() > MOST_UNREAD:
            self.transport.abort()
            return
        self._left -= len(data)
        if self._left < 0:
            self.transport.abort()
            return
        try:
            super().data_received(data)
        except InvalidState:  # more is wrong than what it has been ended for
            self.transport.abort()
        if len(self.frames) > MOST_FRAGMENTS:
            self.transport.abort()
        if not self.handshake_initiated:  # the whole head has been handed over, and is none of a socket's
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            self.transport.close()

    def handle_connect(self, event: Request) -> None:
        """Begin a socket, which may send little until it is known whose it is."""
        super().handle_connect(event)
        if not self.close_sent:
            self.scope[ADMITTED] = self._admit  # type: ignore[literal-required]

    def _admit(self) -> None:
        self._left = inf

    async def send(self, message: ASGISendEvent) -> None:
        """Send on. Raises ClientDisconnected (an OSError) if uvicorn has closed it: as the client would have.

        A handshake that was refused with an answer is complete: uvicorn would log an error.
        """
        if self.close_sent and not self._closed:
            raise ClientDisconnected
        await super().send(message)
        self._closed = self.close_sent
        if message["type"] == "websocket.http.response.body" and not message.get("more_body"):
            self.handshake_complete = True


def configured(guard: Guard, *, largest_message: int) -> uvicorn.Config:
    """Return how to serve what the guard lets through. A socket's message has at most so many bytes.

    No log of requests is written, no header believed that a proxy could have written, and nothing compressed: secrets
    and what others wrote are in the same stream.
    """
    logging.getLogger("uvicorn.error").addFilter(without_secrets)
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of each form that is none
    config = uvicorn.Config(
        guard,
        interface="asgi3",
        http=Http,
        ws=WebSocket,
        ws_max_size=largest_message,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        lifespan="off",
        server_header=False,
    )
    config.load()
    return config


def look_after(connections: Iterable[Any], now: float) -> None:
    """Break off those whose clients keep us waiting, or hold too much. To be called about once a second."""
    ours = [each for each in connections if isinstance(each, Http | WebSocket)]
    for connection in ours:
        connection.look(now)
    held = {each: each.transport.get_write_buffer_size() for each in ours}
    too_much = sum(held.values()) - MOST_HELD
    for connection, size in sorted(held.items(), key=lambda pair: pair[1], reverse=True):
        if too_much <= 0:
            break
        connection.transport.abort()
        too_much -= size


def without_secrets(record: logging.LogRecord) -> bool:
    """Take tokens out of what uvicorn logs, which has addresses in it; and leave out what any client can provoke."""
    if record.msg in _NOISE:
        return False
    record.msg, record.args = redacted(record.getMessage()), ()
    return True


def most_connections() -> int:
    """Return how many connections are taken: fewer where the system allows few open files."""
    if sys.platform == "win32":
        return MOST_CONNECTIONS
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if files == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, max(32, files - OTHER_FILES))


def _place(client: tuple[str, int] | None) -> str:
    return place_of(plain(client[0])) if client else ""

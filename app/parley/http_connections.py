"""Connections of aiohttp: those that have ended are not used again, and what a server said before it hung up is heard.

Imports aiohttp, so it is imported at first use. What it overrides is aiohttp's own, and guarded by tests.
"""

import asyncio
import select
import socket
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from threading import Thread
from time import monotonic
from typing import Any, Self
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

DEAD_SECONDS = 1.0
"""Within so long a connection that had ended before turns out to have: a round trip. Who hangs up later may have begun
to answer."""

PIECE = 64 * 1024
MOST_TURNS = 100
"""So many turns of the event loop what is to be read is waited for: reading may rest because nobody takes it."""


@dataclass
class Attempt:
    """One sending of a request: whether it must have a new connection, and which one it got."""

    new: bool = False
    handler: "Handler | None" = None
    reused: bool = False
    begun: float = 0.0

    @property
    def unheard(self) -> bool:
        """Return whether the connection was one that a server may have closed before it was asked, without a word."""
        silent = self.handler is not None and not self.handler.heard
        return self.reused and silent and monotonic() - self.begun < DEAD_SECONDS


ATTEMPT: ContextVar[Attempt] = ContextVar("ATTEMPT")


class Handler(ResponseHandler):
    """The reader of a connection. It knows whether anything has come of what was asked last."""

    heard = False
    made: ResponseHandler | None = None

    def data_received(self, data: bytes) -> None:
        """Read what has come."""
        self.heard = True
        super().data_received(data)

    def close(self) -> None:
        """Close at once: else what waits to be sent would go first, and a goodbye of TLS be awaited for 30 seconds."""
        self.abort()

    def connection_lost(self, exc: BaseException | None) -> None:
        """End. What the server said before it hung up may lie unread, when it was the writing that failed."""
        if exc is not None and self.transport is not None and self.transport.get_extra_info("sslcontext") is None:
            with suppress(OSError), self.transport.get_extra_info("socket").dup() as rest:
                while self._parser is not None and (data := rest.recv(PIECE)):
                    self.data_received(data)
        super().connection_lost(exc)


class Pieces:
    """A long body, piece by piece, so that others have their turn.

    What the server says meanwhile is read first. It may have refused the body and hung up: a piece that cannot be
    written any more would take the refusal with it.
    """

    def __init__(self, body: bytes, attempt: Attempt) -> None:
        self._rest = memoryview(body)
        self._attempt = attempt

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> memoryview:
        if not self._rest:
            raise StopAsyncIteration
        await asyncio.sleep(0)
        handler = self._attempt.handler
        turns = MOST_TURNS
        while turns and handler is not None and handler.is_connected() and _is_readable(handler.transport):
            turns -= 1
            await asyncio.sleep(0)
        piece, self._rest = self._rest[:PIECE], self._rest[PIECE:]
        return piece


class Fresh(aiohttp.TCPConnector):
    """Takes a kept connection only if it has not ended: that may lie unread while the event loop was busy."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = partial(Handler, loop=self._loop)  # type: ignore[assignment]
        self._met: WeakSet[ResponseHandler] = WeakSet()

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Return a connection, for the attempt that is under way."""
        attempt = ATTEMPT.get()
        while True:
            connection = await super().connect(req, traces, timeout)
            handler = connection.protocol
            assert isinstance(handler, Handler)
            attempt.handler, attempt.reused, attempt.begun = handler, handler in self._met, monotonic()
            if not attempt.reused or not (attempt.new or _is_readable(handler.transport)):
                break
            connection.close()
        self._met.add(handler)
        handler.heard = False
        return connection


def through_socks(host: str, port: int, user: str, password: str, options: dict[str, Any]) -> Fresh:
    """Return what connects through a SOCKS proxy, which looks names up itself."""
    from aiohttp_socks import ProxyConnector

    class Socks(Fresh, ProxyConnector):
        """Reads with a handler of ours: the library's own, which it has made, would know nothing of all this."""

        async def _connect_via_proxy(self, *args: Any, **found: Any) -> tuple[asyncio.Transport, ResponseHandler]:
            transport, made = await super()._connect_via_proxy(*args, **found)
            handler = Handler(self._loop)
            handler.made = made  # it holds what would close the connection if it went
            transport.set_protocol(handler)
            handler.connection_made(transport)
            return transport, handler

    login = {"username": Utf8(user), "password": Utf8(password)} if user else {}
    return Socks(host=host, port=port, rdns=True, **login, **options)


class Names(AbstractResolver):
    """Looks names up in threads that keep no process from ending: a lookup cannot be cancelled, and may take a minute.

    Who asks for the same name meanwhile waits for the same thread.
    """

    def __init__(self) -> None:
        self._asked: dict[tuple[str, int], Future[list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of a host. Raises OSError, and UnicodeError for what can be no name."""
        key = (host, port)
        future = self._asked.get(key)
        if future is None or future.done():
            future = Future()
            future.set_running_or_notify_cancel()  # who waits may go, the others go on
            Thread(target=_look_up, args=(host, port, future), name="names", daemon=True).start()
            self._asked[key] = future
        try:
            return await asyncio.wrap_future(future)
        finally:
            if future.done() and self._asked.get(key) is future:
                del self._asked[key]

    async def close(self) -> None:
        """Nothing is held."""


class Utf8(str):
    """A user or a password. The library for SOCKS counts characters and writes ASCII; what is sent is counted bytes."""

    __slots__ = ()

    def __len__(self) -> int:
        return len(self.encode())

    def encode(self, encoding: str = "", errors: str = "replace") -> bytes:
        """Return UTF-8, whatever is asked for."""
        return super().encode("utf-8", errors)


def _look_up(host: str, port: int, future: "Future[list[ResolveResult]]") -> None:
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    try:
        found = []
        for family, _, proto, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            place = str(address[0])
            if len(address) == 4 and address[3]:  # only a text says on which network it is
                place = socket.getnameinfo(address, socket.NI_NUMERICHOST | socket.NI_NUMERICSERV)[0]
            one = ResolveResult(hostname=host, host=place, port=port, family=family, proto=proto, flags=flags)
            found.append(one)
    except (OSError, ValueError) as error:
        future.set_exception(error)
    else:
        future.set_result(found)


def _is_readable(transport: asyncio.BaseTransport | None) -> bool:
    """Return whether something lies unread. On a connection on which nothing is asked that is its end."""
    place = transport.get_extra_info("socket") if transport else None
    number = place.fileno() if place else -1
    if number < 0:
        return True
    if not hasattr(select, "poll"):  # Windows, where the other has no limit to the numbers
        return bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))

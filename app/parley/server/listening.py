"""Listening: connections come in over some sockets, and uvicorn's protocols make requests of them.

With certificates the first byte tells whether a connection is encrypted: one port serves both, so that switching
encryption on breaks no program on this computer.
"""

import asyncio
import errno
import logging
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from email.utils import formatdate
from functools import partial
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from parley.server import wire
from parley.server.limits import place_of, plain

logger = logging.getLogger(__name__)

GRACE_SECONDS = 0.6
"""How long connections may take to end by themselves."""

HANDSHAKE_SECONDS = 15.0
"""How long a client may take until its handshake is done."""

REST_SECONDS = 0.5
"""How long no connection is accepted after the system has refused one: there may be too many open files."""

_NO_SOCKET = {errno.EBADF, errno.EINVAL, errno.ENOTSOCK}
"""Errors after which nothing can be accepted any more. All others are the fault of one connection, or pass."""

_TLS = b"\x16"
"""With this byte TLS begins, and no HTTP does."""


class Listening:
    """What is listened to, from `start` to `stop`. `lost` is called should it end by itself."""

    def __init__(
        self,
        config: Config,
        sockets: list[socket.socket],
        context: ssl.SSLContext | None,
        lost: Callable[[BaseException], None],
    ) -> None:
        self._sockets = sockets
        self._context = context
        self._lost = lost
        self._state = ServerState()
        self._accepting: set[asyncio.Task[None]] = set()
        self._welcoming: dict[asyncio.Task[None], str] = {}
        self._clock: asyncio.TimerHandle | None = None
        self._ending = False
        config.loaded_app = self._serve_with(config.loaded_app)
        protocol: Any = config.http_protocol_class
        self._make_protocol = partial(protocol, config=config, server_state=self._state, app_state={})

    def start(self) -> None:
        """Accept connections."""
        self._tick()
        for each in self._sockets:
            accepting = asyncio.get_running_loop().create_task(self._accept(each))
            self._accepting.add(accepting)
            accepting.add_done_callback(self._ended)

    async def stop(self, end_all: Callable[[], Awaitable[None]]) -> None:
        """Accept none any more, and end those that are open. `end_all` tells the requests to end."""
        self._ending = True
        if self._clock:
            self._clock.cancel()
        await _cancelled({*self._accepting, *self._welcoming})
        for each in self._sockets:
            each.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_SECONDS):
                await end_all()
                for connection in tuple(self._state.connections):
                    connection.shutdown()
                while self._state.connections or self._state.tasks:  # noqa: ASYNC110 - uvicorn tells nobody
                    await asyncio.sleep(0.01)
        # Those that do not read what they are sent, or say nothing: they are cut off, then what served them is ended.
        for connection in tuple(self._state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)
        await _cancelled(self._state.tasks)

    def _serve_with(self, application: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            try:
                await application(scope, receive, send)
            except asyncio.CancelledError:
                if not self._ending:  # by us; uvicorn would log it as a bug
                    raise

        return serve

    def _tick(self) -> None:
        """Tell what time it is, which all answers say, and look after the connections."""
        wire.look_after(self._state.connections, time.monotonic())
        self._state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]
        self._clock = asyncio.get_running_loop().call_later(1, self._tick)

    def _take(self, connection: socket.socket, place: str) -> None:
        """Welcome a connection, unless too many have not said a word yet: of all, or of its place."""
        theirs = sum(other == place for other in self._welcoming.values())
        if len(self._welcoming) >= wire.most_connections() or theirs >= wire.MOST_FROM_ONE:
            connection.close()
            return
        task = asyncio.get_running_loop().create_task(self._welcome(connection))
        self._welcoming[task] = place
        task.add_done_callback(self._welcoming.pop)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._accepting.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._lost(error)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listener)
            except OSError as error:
                if error.errno in _NO_SOCKET:
                    raise
                logger.warning("a connection could not be accepted: %s", error)
                await asyncio.sleep(REST_SECONDS)
                continue
            self._take(connection, place_of(plain(address[0])))

    async def _welcome(self, connection: socket.socket) -> None:
        """See whether a connection is encrypted, and have it served."""
        secrecy: dict[str, Any] = {}
        try:
            connection.setblocking(False)
            # asyncio does this only for sockets that say what they speak, which those that are accepted do not. Without
            # it the body of an answer waits until its head has been acknowledged: 40 ms.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                if self._context and await _first_byte(connection) == _TLS:
                    times = {"ssl_handshake_timeout": HANDSHAKE_SECONDS, "ssl_shutdown_timeout": 1.0}
                    secrecy = {"ssl": self._context, **times}
        except BaseException as error:
            connection.close()
            if isinstance(error, OSError):
                return
            raise
        loop = asyncio.get_running_loop()
        with suppress(OSError):  # it has gone, or does not trust our certificate
            await loop.connect_accepted_socket(self._make_protocol, connection, **secrecy)


async def _first_byte(connection: socket.socket) -> bytes:
    """Return the first byte that comes, which stays to be read; nothing if the other side closes before."""
    while True:
        try:
            return connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            await _readable(connection)


async def _readable(connection: socket.socket) -> None:
    """Wait until there may be something to read."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        loop.add_reader(connection, ready.set)
    except NotImplementedError:  # Windows: its loop can only read, and what is read is gone
        await asyncio.sleep(0.01)
        return
    try:
        await ready.wait()
    finally:
        loop.remove_reader(connection)


async def _cancelled(tasks: "set[asyncio.Task[None]]") -> None:
    """End tasks, and wait until they have ended."""
    ending = tuple(tasks)
    for task in ending:
        task.cancel()
    if ending:
        await asyncio.wait(ending)

"""EmbeddedServer: binds its socket itself, so that a busy port is a sentence, and leaves signals to the program."""

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from parley.errors import AddressTaken, SettingInvalid
from parley.server.application import application

if TYPE_CHECKING:
    import uvicorn

logger = logging.getLogger(__name__)

GRACE_SECONDS = 3
"""How long open requests may take to end."""


class EmbeddedServer:
    """Server mode, in this process and on its event loop. Satisfies `services.ServerSwitch`."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self._address: str | None = None

    @property
    def address(self) -> str | None:
        """Return the URL at which it listens, or None."""
        return self._address

    async def start(self) -> None:
        """Listen. Raises AddressTaken, and SettingInvalid for an address that this computer does not have."""
        if self._task is not None:
            return
        listener = self._bind()
        try:
            self._server = await asyncio.to_thread(_make_server)
        except BaseException:
            listener.close()
            raise
        host, port = listener.getsockname()[:2]
        self._address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._task = asyncio.get_running_loop().create_task(self._serve(self._server, listener))

    async def stop(self) -> None:
        """Listen no more, and end open requests. Does nothing when it is not running."""
        if self._task is None or self._server is None:
            return
        self._server.should_exit = True
        await asyncio.wait([self._task])
        self._server = self._task = None

    async def _serve(self, server: "uvicorn.Server", listener: socket.socket) -> None:
        try:
            with listener:
                await server.serve(sockets=[listener])
        except Exception:
            logger.exception("the server ended by itself")
        finally:
            self._address = None

    def _bind(self) -> socket.socket:
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)[0]
        except OSError as error:
            raise SettingInvalid(key="--host", value=self._host, expected=error.strerror or str(error)) from error
        listener = socket.socket(family, kind, protocol)
        try:
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
            listener.listen(128)
            listener.setblocking(False)
        except OSError as error:
            listener.close()
            raise self._refused(error) from error
        return listener

    def _refused(self, error: OSError) -> AddressTaken | SettingInvalid:
        if error.errno == errno.EADDRINUSE:
            return AddressTaken(host=self._host, port=self._port, detail=str(error))
        key, value = ("--port", self._port) if isinstance(error, PermissionError) else ("--host", self._host)
        return SettingInvalid(key=key, value=value, expected=error.strerror or str(error))


def _make_server() -> "uvicorn.Server":
    """Import uvicorn and make a server that takes no signals and writes no access log."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return Server(config)

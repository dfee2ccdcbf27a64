"""EmbeddedServer: server mode, off or on. It binds its socket itself, so that a busy port is a sentence, and leaves
signals to the program.
"""

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from parley.errors import AddressTaken, ChatError, InternalError, LanRefused, SettingInvalid
from parley.keys import redacted
from parley.server.backend import Backend, Plan
from parley.server.bodies import MEGABYTE
from parley.server.connections import Connections
from parley.serving import Certificates, Client, Offer, ServerState
from parley.store.changes import ACCOUNT, EVERYTHING, TOKEN, Change

if TYPE_CHECKING:
    import uvicorn

    from parley.server.dialect import Dialect
    from parley.server.guard import Guard
    from parley.services import Services

logger = logging.getLogger(__name__)

PORTS_TRIED = 100
HIGHEST_PORT = 65_535

TOLD_SECONDS = 0.25
"""Observers are told so much later of what changes many times a second."""


class EmbeddedServer:
    """Server mode, in this process and on its event loop. Satisfies `serving.ServerSwitch`.

    `plan` takes the place of the settings.
    """

    def __init__(
        self,
        services: "Services",
        plan: Plan | None = None,
        dialects: "Callable[[], Sequence[Dialect]] | None" = None,
    ) -> None:
        self._services = services
        self._chosen = plan
        self._dialects = dialects
        self._observers: list[Callable[[], None]] = []
        self._telling: asyncio.TimerHandle | None = None
        self._state: ServerState = "off"
        self._problem: ChatError | None = None
        self._connections = Connections()
        self._addresses: list[str] = []
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] = _nothing

    @property
    def state(self) -> ServerState:
        """Return whether it is on."""
        return self._state

    @property
    def address(self) -> str | None:
        """Return the URL at which it listens, or None."""
        return self._addresses[0] if self._addresses else None

    @property
    def addresses(self) -> Sequence[str]:
        """Return the URLs at which it can be reached."""
        return tuple(self._addresses)

    @property
    def problem(self) -> ChatError | None:
        """Return why the last start failed, or it ended by itself."""
        return self._problem

    @property
    def warnings(self) -> Sequence[ChatError]:
        """Return what does not work although it is on."""
        return ()

    @property
    def requests(self) -> int:
        """Return how many requests have come since it was started."""
        return self._connections.requests

    @property
    def clients(self) -> Sequence[Client]:
        """Return who is connected, or was in the last minutes."""
        return self._connections.clients()

    @property
    def certificates(self) -> Certificates | None:
        """Return the authority, or None as long as none has been needed."""
        return None

    def offer(self, account: str) -> Offer:
        """Return an offer to pair one device of an account."""
        raise NotImplementedError

    def free_port(self) -> int:
        """Return the next port on which nobody listens. Raises AddressTaken without any."""
        plan = self._chosen or Plan.of(self._services.settings.options)
        for port in range(plan.port + 1, min(plan.port + PORTS_TRIED, HIGHEST_PORT) + 1):
            try:
                self._bind(replace(plan, port=port)).close()
            except (AddressTaken, SettingInvalid):
                continue
            return port
        raise AddressTaken(host=plan.host, port=plan.port)

    def subscribe(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call the observer after something of this has changed. Return what ends that."""
        self._observers.append(observer)

        def unsubscribe() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return unsubscribe

    async def start(self) -> None:
        """Listen. Raises AddressTaken, LanRefused, and SettingInvalid for an address that this computer lacks."""
        if self._state != "off":
            return
        self._become("starting")
        try:
            await self._start(self._chosen or Plan.of(self._services.settings.options))
        except BaseException as error:
            self._problem = error if isinstance(error, ChatError) else None
            self._become("off")
            raise
        self._problem = None
        self._become("on")

    async def stop(self) -> None:
        """Listen no more, and end open requests. Does nothing when it is not running."""
        if self._task is None or self._server is None:
            return
        self._become("ending")
        self._server.should_exit = True
        await self._connections.end_all()
        await asyncio.wait([self._task])
        self._server = self._task = None
        if self._telling:
            self._telling.cancel()

    async def _start(self, plan: Plan) -> None:
        if plan.lan and not plan.auth:
            raise LanRefused
        listener = self._bind(plan)
        try:
            self._connections = Connections(self._soon_tell)
            make = await asyncio.to_thread(_application_maker, self._dialects)
            backend = Backend(self._services, plan, self._connections, self._names())
            largest = backend.options.server_json_mib * MEGABYTE
            self._server = await asyncio.to_thread(_make_server, make(backend), largest)
        except BaseException:
            listener.close()
            raise
        host, port = listener.getsockname()[:2]
        self._addresses = [f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"]
        self._services.store.start_watching()  # another process may revoke a token
        self._unsubscribe = self._services.store.subscribe(lambda change: self._notice(change, backend))
        self._task = asyncio.get_running_loop().create_task(self._serve(self._server, listener))

    async def _serve(self, server: "uvicorn.Server", listener: socket.socket) -> None:
        try:
            with listener:
                await server.serve(sockets=[listener])
        except Exception as error:
            logger.exception("the server ended by itself")
            self._problem = InternalError(detail=redacted(repr(error)))
        finally:
            self._unsubscribe()
            self._addresses = []
            self._become("off")

    def _names(self) -> Callable[[], frozenset[str]]:
        from parley.server.addresses import Names

        names, settings = Names(), self._services.settings
        return lambda: names(settings.options.server_names)

    def _notice(self, change: Change, backend: Backend) -> None:
        if change.noun in (TOKEN, ACCOUNT, EVERYTHING):
            self._connections.demand_good(backend.still_good)
        backend.news.notice(change)

    def _become(self, state: ServerState) -> None:
        self._state = state
        self._tell()

    def _soon_tell(self) -> None:
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TOLD_SECONDS, self._tell)

    def _tell(self) -> None:
        self._telling = None
        for observer in tuple(self._observers):
            observer()

    def _bind(self, plan: Plan) -> socket.socket:
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(plan.host, plan.port, type=socket.SOCK_STREAM)[0]
        except OSError as error:
            raise SettingInvalid(key="--host", value=plan.host, expected=error.strerror or str(error)) from error
        listener = socket.socket(family, kind, protocol)
        try:
            if os.name == "posix":
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
            listener.listen(128)
            listener.setblocking(False)
        except OSError as error:
            listener.close()
            raise _refused(plan, error) from error
        return listener


def _refused(plan: Plan, error: OSError) -> AddressTaken | SettingInvalid:
    if error.errno == errno.EADDRINUSE:
        return AddressTaken(host=plan.host, port=plan.port, detail=str(error))
    key, value = ("--port", plan.port) if isinstance(error, PermissionError) else ("--host", plan.host)
    return SettingInvalid(key=key, value=value, expected=error.strerror or str(error))


def _application_maker(dialects: "Callable[[], Sequence[Dialect]] | None") -> "Callable[[Backend], Guard]":
    """Import FastAPI and the dialects, which takes a while, and return what makes the application of them."""
    from parley.server.application import make_application
    from parley.server.dialects import BUILT_IN

    spoken = tuple(dialects()) if dialects else BUILT_IN
    return lambda backend: make_application(backend, spoken)


def _make_server(guard: "Guard", largest_message: int) -> "uvicorn.Server":
    """Import uvicorn and make a server."""
    from parley.server.wire import make_server

    return make_server(guard, largest_message=largest_message)


def _nothing() -> None:
    pass

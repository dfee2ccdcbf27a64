"""EmbeddedServer: server mode, off or on. It binds its sockets itself, so that a busy port is a sentence, leaves
signals to the program, and begins anew when the settings want it otherwise.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from parley.errors import ChatError, InternalError, LanRefused, ServerOff
from parley.keys import redacted
from parley.server import addresses
from parley.server.backend import Backend, Plan
from parley.server.bodies import MEGABYTE
from parley.server.connections import Connections
from parley.server.neighbours import Neighbours
from parley.server.pairing import OFFER_SECONDS, Pairing
from parley.serving import Certificates, Client, Offer, ServerState
from parley.store.changes import ACCOUNT, EVERYTHING, TOKEN, Change

if TYPE_CHECKING:
    from uvicorn import Config

    from parley.options import Options
    from parley.server.dialect import Dialect
    from parley.server.listening import Listening
    from parley.services import Services

logger = logging.getLogger(__name__)

TOLD_SECONDS = 0.25
"""Observers are told so much later of what changes many times a second."""

SETTLED_SECONDS = 0.3
"""So long after the last change of a setting it holds: several of them come together."""

LOOK_SECONDS = 15.0
"""How often it is seen whether the computer's addresses have changed, or a certificate is about to end."""


class EmbeddedServer:
    """Server mode, in this process and on its event loop. Satisfies `serving.ServerSwitch`.

    `plan` takes the place of the settings, or is made of them.
    """

    def __init__(
        self,
        services: "Services",
        plan: "Plan | Callable[[Options], Plan]" = Plan.of,
        dialects: "Callable[[], Sequence[Dialect]] | None" = None,
    ) -> None:
        self._services = services
        self._planned = (lambda options: plan) if isinstance(plan, Plan) else plan
        self._dialects = dialects
        self._observers: list[Callable[[], None]] = []
        self._telling: asyncio.TimerHandle | None = None
        self._switching = asyncio.Lock()
        self._state: ServerState = "off"
        self._problem: ChatError | None = None
        self._connections = Connections()
        self._pairing = Pairing()
        self._neighbours = Neighbours(services)
        self._plan: Plan | None = None
        self._port = 0
        self._listening: Listening | None = None
        self._looking: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._settled: asyncio.TimerHandle | None = None
        self._unsubscribe: list[Callable[[], None]] = []
        self._restarting: asyncio.Task[None] | None = None

    @property
    def state(self) -> ServerState:
        """Return whether it is on."""
        return self._state

    @property
    def address(self) -> str | None:
        """Return the first of the addresses, or None."""
        return next(iter(self.addresses), None)

    @property
    def addresses(self) -> Sequence[str]:
        """Return the URLs at which it can be reached."""
        return self._neighbours.addresses

    @property
    def problem(self) -> ChatError | None:
        """Return why the last start failed, or it ended by itself."""
        return self._problem

    @property
    def warnings(self) -> Sequence[ChatError]:
        """Return what does not work although it is on."""
        return self._neighbours.warnings

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
        return self._neighbours.certificates

    def offer(self, account: str) -> Offer:
        """Return an offer to pair one device of an account. Raises ServerOff, and AccountUnknown."""
        if self._state != "on" or not self.addresses:
            raise ServerOff
        self._services.store.accounts.get(account)
        code = self._pairing.offer(account)
        # A phone cannot reach what is this computer's only.
        address = self.addresses[min(1, len(self.addresses) - 1)]
        return Offer(f"{address}/#pair={code}", code, time.time() + OFFER_SECONDS)

    def free_port(self) -> int:
        """Return the next port on which nobody listens. Raises AddressTaken without any."""
        return addresses.free_port(self._planned(self._services.settings.options))

    def subscribe(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call the observer after something of this has changed. Return what ends that."""
        self._observers.append(observer)

        def unsubscribe() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return unsubscribe

    async def start(self) -> None:
        """Listen as the settings say; where it does so otherwise, it begins anew.

        Raises AddressTaken, LanRefused, CertificatesUnusable, StoreError, and SettingInvalid for an address that this
        computer lacks.
        """
        async with self._switching:
            plan = self._planned(self._services.settings.options)
            if self._state == "on":
                if plan == self._plan:
                    return
                await self._stop()
            self._problem = None
            self._become("starting")
            try:
                await self._start(plan)
            except BaseException as error:
                await self._end_all()
                self._problem = error if isinstance(error, ChatError) else None
                self._become("off")
                raise
            self._become("on")

    async def stop(self) -> None:
        """Listen no more, and end open requests. Does nothing when it is not running."""
        if self._restarting and self._restarting is not asyncio.current_task():
            self._restarting.cancel()
        async with self._switching:
            if self._state == "on":
                await self._stop()

    async def _start(self, plan: Plan) -> None:
        if plan.open and not plan.auth:
            raise LanRefused
        sockets = addresses.bind(plan)
        try:
            self._plan, self._port = plan, sockets[0].getsockname()[1]
            context = await self._neighbours.context(plan)
            make = await asyncio.to_thread(_maker, self._dialects)
            self._connections = Connections(self._soon_tell)
            backend = Backend(
                self._services,
                plan,
                self._connections,
                self._neighbours.names,
                self._pairing,
                self._neighbours.authority_pem,
            )
            largest = backend.options.server_json_mib * MEGABYTE
            config = await asyncio.to_thread(make, backend, largest)
        except BaseException:
            for each in sockets:
                each.close()
            raise
        from parley.server.listening import Listening

        self._listening = Listening(config, sockets, context, self._lost)
        self._listening.start()
        self._services.store.start_watching()  # another process may revoke a token
        self._unsubscribe = [
            self._services.store.subscribe(lambda change: self._notice(change, backend)),
            self._services.settings.subscribe(lambda options: self._soon_settle()),
        ]
        await self._neighbours.begin(plan, self._port)
        self._looking = asyncio.get_running_loop().create_task(self._keep_looking())

    async def _stop(self) -> None:
        self._become("ending")
        await self._end_all()
        self._become("off")

    async def _end_all(self) -> None:
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        looking, self._looking = self._looking, None
        if looking:
            looking.cancel()
            await asyncio.wait({looking})
        listening, self._listening = self._listening, None
        if listening:
            await listening.stop(self._connections.end_all)
        await self._neighbours.end()
        for timer in (self._settled, self._telling):
            if timer:
                timer.cancel()
        self._settled = self._telling = self._plan = None

    async def _keep_looking(self) -> None:
        """See to what changes while it is on: addresses, certificates, and what the settings say of the rest."""
        while self._plan:
            self._changed.clear()
            try:
                if await self._neighbours.look(self._plan, self._port):
                    self._tell()
            except Exception:
                logger.exception("the surroundings of the server could not be seen to")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._changed.wait()

    def _soon_settle(self) -> None:
        if self._settled:
            self._settled.cancel()
        self._settled = asyncio.get_running_loop().call_later(SETTLED_SECONDS, self._settle)

    def _settle(self) -> None:
        """Let changed settings hold."""
        self._settled = None
        self._restarting = asyncio.get_running_loop().create_task(self._restart())

    async def _restart(self) -> None:
        try:
            await self.start()
            self._changed.set()
        except ChatError as error:
            logger.warning("the server could not be started with the changed settings: %s", error)
        except Exception as error:
            logger.exception("the server could not be started with the changed settings")
            self._fail(error)
        finally:
            self._restarting = None

    def _lost(self, error: BaseException) -> None:
        """It has ended by itself."""
        logger.error("the server ended by itself", exc_info=error)
        self._fail(error)
        if self._restarting is None:
            self._restarting = asyncio.get_running_loop().create_task(self._give_up())

    async def _give_up(self) -> None:
        try:
            await self.stop()
        finally:
            self._restarting = None

    def _fail(self, error: BaseException) -> None:
        self._problem = InternalError(detail=redacted(repr(error)))
        self._tell()

    def _notice(self, change: Change, backend: Backend) -> None:
        if change.noun in (TOKEN, ACCOUNT, EVERYTHING):
            self._connections.demand_good(backend.still_good)
        if change.noun == ACCOUNT and not backend.has(change.id):
            self._services.engine.stop(change.id)  # also what nobody waits for
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


def _maker(dialects: "Callable[[], Sequence[Dialect]] | None") -> "Callable[[Backend, int], Config]":
    """Import FastAPI, uvicorn and the dialects, which takes a while, and return what configures a server of them."""
    from parley.server.application import make_application
    from parley.server.dialects import BUILT_IN
    from parley.server.wire import configured

    spoken = tuple(dialects()) if dialects else BUILT_IN
    return lambda backend, largest: configured(make_application(backend, spoken), largest_message=largest)

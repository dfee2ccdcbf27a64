"""ServerControl: server mode as the window wishes it. The server follows its settings by itself.

It is made when somebody first looks at it, and what it is made of is imported when it is first started.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from parley.errors import ChatError
from parley.services import Services
from parley.serving import ServerState, ServerSwitch
from parley.ui.program.garbage import Garbage
from parley.ui.tasks import Tasks

HAND_OVER_SECONDS = 0.0005
"""How long a thread may keep Python while another one waits for it. With the usual 5 ms a frame would take several."""


class ServerControl(QObject):
    """Turns the server on and off."""

    changed = Signal()
    """The server, or what is wished of it, is another one. Told a few times a second at most."""

    failed = Signal(object)
    """It could not be started, or has ended by itself: the ChatError."""

    def __init__(self, services: Services, tasks: Tasks, parent: QObject) -> None:
        super().__init__(parent)
        self._services = services
        self._tasks = tasks
        self._wanted = False
        self._before: ServerState = "off"
        self._unsubscribe: Callable[[], None] | None = None
        self.restarting = False
        """Whether it ends for a moment, to begin anew with other settings."""

    @cached_property
    def switch(self) -> ServerSwitch:
        """Return the server, off as long as nobody has started it."""
        made = self._services.server
        self._unsubscribe = made.subscribe(self._told)
        return made

    @property
    def state(self) -> ServerState:
        """Return what the switch shows. No server is made for it."""
        return self.switch.state if "switch" in vars(self) else "off"

    @property
    def wanted(self) -> bool:
        """Return whether it is to be on."""
        return self._wanted

    @property
    def guests(self) -> int:
        """Return how many are being served at this moment."""
        return sum(client.open > 0 for client in self.switch.clients) if self.state == "on" else 0

    def turn(self, *, on: bool) -> None:
        """Have it on, or off."""
        self._wanted = on
        self._tasks.start(self._start() if on else self._stop())

    async def use_next_port(self) -> None:
        """Choose the next port that nobody uses, and start there. Raises ChatError."""
        import asyncio

        port = await asyncio.to_thread(self.switch.free_port)
        self._services.settings.update(server_port=port)
        self.turn(on=True)

    async def close_down(self) -> None:
        """Stop it, with whatever streams are open, and follow it no more."""
        self._wanted = False
        if "switch" in vars(self):
            await self.switch.stop()
        if self._unsubscribe:
            self._unsubscribe()

    async def _start(self) -> None:
        try:
            with self._quietly():
                await self.switch.start()
        except ChatError as error:
            self._fail(error)
        except BaseException:
            self._wanted = False
            raise
        if not self._wanted:  # turned off meanwhile
            await self._stop()

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Let the window move while a thread imports what serves: at the first start that takes seconds."""
        app = QApplication.instance()
        garbage = app.findChild(Garbage) if app and "fastapi" not in sys.modules else None
        interval = sys.getswitchinterval()
        sys.setswitchinterval(HAND_OVER_SECONDS)
        try:
            with garbage.resting() if garbage else nullcontext():
                yield
        finally:
            sys.setswitchinterval(interval)

    async def _stop(self) -> None:
        await self.switch.stop()
        self.changed.emit()

    def _told(self) -> None:
        before, self._before = self._before, self.switch.state
        if self._before == "ending":
            self.restarting = self._wanted
        elif self._before == "on":
            self.restarting = False
        elif self._before == "off" and before != "off" and self._wanted and self.switch.problem:
            self._fail(self.switch.problem)
            return
        self.changed.emit()

    def _fail(self, error: ChatError) -> None:
        """It is off, and is to stay so until somebody wishes otherwise."""
        self.restarting = False
        if self._wanted:
            self._wanted = False
            self.failed.emit(error)
        self.changed.emit()

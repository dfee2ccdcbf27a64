"""Shell: what every command is given, and how it waits for what is asynchronous."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from parley import log
from parley.paths import Paths

if TYPE_CHECKING:
    from parley.services import Services
    from parley.store import Store

T = TypeVar("T")

ENDING_SIGNALS = ("SIGTERM", "SIGHUP")


class Shell:
    """One data directory, not yet opened, and one event loop that runs while a command waits for something.

    Commands are plain functions: between two waits they may read a line from the terminal. Ctrl+C and
    SIGTERM cancel what is waited for, and then reach the command as KeyboardInterrupt.
    """

    def __init__(self, paths: Paths, open_services: Callable[[Paths], "Services"]) -> None:
        self.paths = paths
        self.ended_by = int(signal.SIGINT)
        self._open_services = open_services
        self._runner = asyncio.Runner()
        self._task: asyncio.Task[Any] | None = None

    @property
    def terminated(self) -> bool:
        """Return whether the command was told to end by more than Ctrl+C."""
        return self.ended_by != signal.SIGINT

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what the coroutine returns. Raises KeyboardInterrupt if it was cancelled by a signal."""
        try:
            return self._runner.run(self._tracked(coroutine))
        except asyncio.CancelledError:
            if self.terminated:
                raise KeyboardInterrupt from None
            raise

    @contextmanager
    def services(self) -> Iterator["Services"]:
        """Lend everything, opened; it is closed afterwards, and what was being answered is kept. Raises ChatError."""
        services = self._open_services(self.paths)
        try:
            yield services
        finally:
            self.run(_to_the_end(services.close()))

    @contextmanager
    def store(self) -> Iterator["Store"]:
        """Lend the store alone: enough to read, and quick. Raises StoreError."""
        from parley.store import Store

        store = Store.open(self.paths.data)
        try:
            yield store
        finally:
            self.run(_to_the_end(store.close()))

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Let SIGTERM and a closed terminal end the command as Ctrl+C does, unless somebody ignores them."""
        numbers = [number for name in ENDING_SIGNALS if (number := getattr(signal, name, None))]
        ours = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
        for number in ours:
            signal.signal(number, self._end)
        try:
            yield
        finally:
            for number in ours:
                signal.signal(number, signal.SIG_DFL)

    def close(self) -> None:
        """Close the loop."""
        self._runner.close()

    async def _tracked(self, coroutine: Coroutine[Any, Any, T]) -> T:
        asyncio.get_running_loop().set_exception_handler(log.loop_exception)
        self._task = asyncio.current_task()
        try:
            return await coroutine
        finally:
            self._task = None

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.ended_by = number
        if self._task is None:
            raise KeyboardInterrupt
        self._runner.get_loop().call_soon_threadsafe(self._task.cancel)


async def _to_the_end(closing: Coroutine[Any, Any, None]) -> None:
    """Close, even if Ctrl+C is pressed once more meanwhile: what was said is being saved."""
    task = asyncio.get_running_loop().create_task(closing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task

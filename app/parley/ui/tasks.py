"""Tasks: what a widget's slot calls when it has to wait. Keeps a reference, reports failures, cancels on close."""

import logging
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

from parley.errors import ChatError, InternalError

if TYPE_CHECKING:
    import asyncio

logger = logging.getLogger(__name__)

Report = Callable[[ChatError], None]
Work = Coroutine[Any, Any, None]


class Tasks:
    """The running coroutines of one owner.

    A window is on show before there is an event loop: what it starts until then waits, and is begun in that order.
    `report` is told every failure: a ChatError as it is, anything else as an InternalError whose
    traceback is in the log.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._waiting: list[Work] = []
        self._running: dict[Work, asyncio.Task[None]] = {}

    def start(self, coroutine: Work) -> Callable[[], None]:
        """Run the coroutine. Calling what this returns ends it silently."""
        self._waiting.append(coroutine)
        self.begin()
        return partial(self._cancel, coroutine)

    def begin(self) -> None:
        """Begin what waits, if there is an event loop by now."""
        loop = _running_loop()
        while loop and self._waiting:
            coroutine = self._waiting.pop(0)
            task = self._running[coroutine] = loop.create_task(self._guarded(coroutine))
            task.add_done_callback(partial(self._ended, coroutine))

    @property
    def busy(self) -> bool:
        """Return whether anything is still running."""
        return bool(self._running or self._waiting)

    async def close(self) -> None:
        """Cancel everything and wait until it has ended."""
        import asyncio

        for coroutine in tuple(self._waiting):
            self._cancel(coroutine)
        running = [task for task in self._running.values() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _cancel(self, coroutine: Work) -> None:
        if coroutine in self._waiting:
            self._waiting.remove(coroutine)
            coroutine.close()
        elif coroutine in self._running:
            self._running[coroutine].cancel()

    def _ended(self, coroutine: Work, _task: object) -> None:
        del self._running[coroutine]
        coroutine.close()  # cancelled before its first step it would never be awaited

    async def _guarded(self, coroutine: Work) -> None:
        try:
            await coroutine
        except ChatError as error:
            self._report(error)
        except Exception as error:
            logger.exception("a task of the window failed")
            self._report(InternalError(detail=repr(error)))


def _running_loop() -> "asyncio.AbstractEventLoop | None":
    if "asyncio" not in sys.modules:
        return None
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None

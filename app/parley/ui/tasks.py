"""Tasks: what a widget's slot calls when it has to wait. Keeps a reference, reports failures, cancels on close."""

import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from parley.errors import ChatError, InternalError

if TYPE_CHECKING:
    import asyncio

logger = logging.getLogger(__name__)

Report = Callable[[ChatError], None]


class Tasks:
    """The running coroutines of one owner.

    `report` is told every failure: a ChatError as it is, anything else as an InternalError whose
    traceback is in the log.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._running: set[asyncio.Task[None]] = set()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run the coroutine. Cancelling what this returns ends it silently."""
        import asyncio

        task = asyncio.get_running_loop().create_task(self._guarded(coroutine))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        task.add_done_callback(lambda _: coroutine.close())  # cancelled before its first step it would never be awaited
        return task

    @property
    def busy(self) -> bool:
        """Return whether anything is still running."""
        return bool(self._running)

    async def close(self) -> None:
        """Cancel everything and wait until it has ended."""
        import asyncio

        running = [task for task in self._running if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _guarded(self, coroutine: Coroutine[Any, Any, None]) -> None:
        try:
            await coroutine
        except ChatError as error:
            self._report(error)
        except Exception as error:
            logger.exception("a task of the window failed")
            self._report(InternalError(detail=repr(error)))

"""The event loop: qasync's, with three of its edges taken off."""

import asyncio
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from parley.log import loop_exception

THREADS = 8


class Loop(QEventLoop):  # type: ignore[misc]
    """asyncio on Qt's event loop.

    qasync handles events once more after `run_until_complete`, when no loop counts as running: tasks that take a
    step then fail for no reason of theirs. Here they wait until the loop runs again. Its own executor is made of
    QThreads, some of which take the process with them when they end; here it is the standard library's.
    """

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="parley"))
        self.set_exception_handler(loop_exception)

    def run_until_complete(self, future: Awaitable[Any]) -> Any:
        """Run until the future is done, and return its result."""
        task = asyncio.ensure_future(future, loop=self)
        task.add_done_callback(self._stop_after)
        try:
            while not task.done():  # quitting from a dock ends Qt's loop; what is under way is still ended in order
                self.run_forever()
        finally:
            task.remove_done_callback(self._stop_after)
        return task.result()

    def _stop_after(self, _done: object) -> None:
        self.stop()

"""Errands: work done in one thread, whose results are fetched between frames. Nothing of Qt is touched there."""

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtCore import QCoreApplication, QObject, QTimer

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

LOOK_MS = 15
"""How often the thread is asked whether it is done: what comes together is shown together."""

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


class Errands(Generic[Key, Result]):
    """Each key is worked for once at a time; `keep` gets what came of it, and `came` is called after some."""

    def __init__(
        self,
        owner: QObject,
        name: str,
        work: Callable[[Key], Result],
        keep: Callable[[Key, "Future[Result]"], None],
        came: Callable[[], None],
    ) -> None:
        self._name, self._work, self._keep, self._came = name, work, keep, came
        self.waiting: dict[Key, Future[Result]] = {}
        self._thread: ThreadPoolExecutor | None = None
        self._timer = QTimer(owner)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        owner.destroyed.connect(self._cancel)
        if app := QCoreApplication.instance():
            app.aboutToQuit.connect(self._cancel)  # a thread that is left ends its work before the process does

    def start(self, key: Key) -> None:
        """Have a key worked for, unless that is under way."""
        if key not in self.waiting:
            from concurrent.futures import ThreadPoolExecutor

            self._thread = self._thread or ThreadPoolExecutor(1, self._name)
            self.waiting[key] = self._thread.submit(self._work, key)
            self._timer.start()

    def stop(self) -> None:
        """Drop all work: who waited for it has gone."""
        self._cancel()
        self._timer.stop()

    def _cancel(self) -> None:
        for future in self.waiting.values():
            future.cancel()
        self.waiting.clear()

    def _look(self) -> None:
        done = [key for key, future in self.waiting.items() if future.done()]
        for key in done:
            self._keep(key, self.waiting.pop(key))
        if not self.waiting:
            self._timer.stop()
        if done:
            self._came()

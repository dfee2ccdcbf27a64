"""Slices: long work on the GUI thread, done a few milliseconds at a time between frames."""

import time
from collections.abc import Callable, Hashable, Iterator

from PySide6.QtCore import QObject, QTimer

BUDGET = 0.006
"""Seconds of work at a time."""
PAUSE_MS = 4


class Slices(QObject):
    """Runs generators one after the other. A second one under the same key replaces the first."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._work: dict[Hashable, tuple[Iterator[None], Callable[[], None]]] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._run)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._work

    def start(self, key: Hashable, steps: Iterator[None], done: Callable[[], None]) -> None:
        """Begin, or begin again; `done` is called after the last step."""
        self._work[key] = (steps, done)
        if not self._timer.isActive():
            self._timer.start(PAUSE_MS)

    def clear(self) -> None:
        """Drop all work."""
        self._work.clear()
        self._timer.stop()

    def _run(self) -> None:
        end = time.perf_counter() + BUDGET
        while self._work and time.perf_counter() < end:
            key, (steps, done) = next(iter(self._work.items()))
            for _ in steps:
                if time.perf_counter() >= end:
                    break
            else:
                del self._work[key]
                done()
        if self._work:
            self._timer.start(PAUSE_MS)

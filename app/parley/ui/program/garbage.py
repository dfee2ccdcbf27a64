"""Garbage: cycles of Python objects are collected on the main thread only.

Python collects them on whichever thread happens to allocate. Where a Qt object is among them it dies on that
thread, and may take the process with it.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 1000
OLDER_EVERY = 10
"""After so many collections of the young the next older generation is looked at."""


class Garbage(QObject):
    """Collects in place of Python until `stop`."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._threshold = gc.get_threshold()[0]
        self._frozen = False
        gc.disable()
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def stop(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Look for none meanwhile, and never among what has come: it is for who imports much, which stays.

        To go through all of it would keep the window for a third of a second.
        """
        self._timer.stop()
        try:
            yield
        finally:
            gc.freeze()
            self._timer.start()

    def _look(self) -> None:
        if not self._frozen:
            self._frozen = True
            gc.collect()
            gc.freeze()  # what is here when all is loaded stays: later collections need not look at it
            return
        young, middle, old = gc.get_count()
        if young <= self._threshold:
            return
        generation = 0
        if middle >= OLDER_EVERY:
            generation = 2 if old >= OLDER_EVERY else 1
        gc.collect(generation)

"""Locks of the operating system, which it gives up when their process dies, however it dies.

Each open store holds the lock of a file of its own in `locks/` and names it in the rows that it is
streaming into (`writer`). Names are never used twice, so a file that is gone, or whose lock can be
taken, belongs to nobody alive. Who opens or restores a store holds the *door* meanwhile.

Not filelock: it takes 15 ms to import and we need forty lines of it.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parley.errors import StoreBusy
from parley.files import lock
from parley.messages import new_id
from parley.store.directory import BUSY_SECONDS, DATABASE, LOCKS, from_os_error, make

logger = logging.getLogger(__name__)


class Writers:
    """The lock files of one data directory. `own` is this store's."""

    def __init__(self, directory: Path) -> None:
        self._folder = directory / LOCKS
        self._handle: int | None = None
        self.own = ""

    @contextmanager
    def door(self, seconds: float = BUSY_SECONDS) -> Iterator[None]:
        """Let nobody else open, migrate or restore meanwhile. Raises StoreBusy, StoreReadOnly and StoreFull."""
        make(self._folder)
        path = self._folder / "door"
        handle = _open(path, os.O_CREAT)
        try:
            _lock_within(handle, seconds, self._folder.parent)
            yield
        finally:
            os.close(handle)

    def enter(self) -> None:
        """Take a lock of our own, and clear away those of the dead. Call it inside the door."""
        for name in self._names():
            if not self.alive(name):
                self._remove(name)
        self.own = f"{new_id()}.lock"
        self._handle = _open(self._folder / self.own, os.O_CREAT | os.O_EXCL)
        lock(self._handle)

    def leave(self) -> None:
        """Give our lock up."""
        if self._handle is None:
            return
        handle, self._handle = self._handle, None
        if sys.platform == "win32":
            os.close(handle)
            self._remove(self.own)
        else:
            self._remove(self.own)
            os.close(handle)

    def alive(self, name: str) -> bool:
        """Return whether the process that named this file is running."""
        if name == self.own:
            return self._handle is not None
        try:
            handle = os.open(self._folder / Path(name).name, os.O_RDWR)
        except FileNotFoundError:
            return False
        except OSError as error:
            logger.warning("lock file %s: %s", name, error)
            return True
        try:
            lock(handle, shared=True)  # whoever else looks at the same moment must not seem to be the writer
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

    def others(self) -> list[str]:
        """Return the lock files of other stores that are open."""
        return [name for name in self._names() if name != self.own and self.alive(name)]

    def _names(self) -> list[str]:
        try:
            return [path.name for path in self._folder.glob("*.lock")]
        except OSError:
            return []

    def _remove(self, name: str) -> None:
        try:
            (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            logger.info("lock file %s stays: %s", name, error)


def _open(path: Path, flags: int) -> int:
    try:
        return os.open(path, os.O_RDWR | flags, 0o600)
    except OSError as error:
        raise from_os_error(error, path.parent.parent) from error


def _lock_within(handle: int, seconds: float, directory: Path) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            lock(handle)
        except OSError as error:
            if time.monotonic() > deadline:
                raise StoreBusy(path=directory / DATABASE, detail=str(error)) from error
            time.sleep(0.01)
        else:
            return

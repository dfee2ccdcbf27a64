"""Opening a data directory: look before anything is touched, migrate, lock, connect."""

import logging
import os
import sys
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path

from parley.errors import StoreBusy, StoreReadOnly, StoreUnreadable
from parley.store import interrupted, migrations
from parley.store.database import Database
from parley.store.directory import DATABASE, connect, from_os_error, prepare, sidecar
from parley.store.locks import Writers
from parley.store.problems import strangeness_told, told
from parley.store.steps import STEPS, Step

logger = logging.getLogger(__name__)


def open_database(directory: Path, steps: Iterable[Step] = STEPS) -> Database:
    """Open the database of a directory. Raises StoreError, and has changed no file then that was there before."""
    directory = directory.absolute()
    prepare(directory)
    path = directory / DATABASE
    writers = Writers(directory)
    steps = tuple(steps)
    with writers.door():
        _bring_up_to_date(path, writers, steps)
        writers.enter()
        try:
            with told(path):
                database = Database(path, writers)
        except BaseException:
            writers.leave()
            raise
    try:
        interrupted.interrupt_the_dead_now(database)
    except BaseException:
        database.close_now()
        raise
    return database


def _bring_up_to_date(path: Path, writers: Writers, steps: tuple[Step, ...]) -> None:
    new = _is_new(path)
    if new:
        from parley.store.backup import set_log_aside

        set_log_aside(path)
        _create(path)
        pending = [step.__name__ for step in steps]
    else:
        with strangeness_told(path), closing(connect(path, "ro")) as connection:
            pending = migrations.pending(connection, path, steps)
        _make_private(path)
    if not pending:
        return
    if not new:
        if writers.others():
            raise StoreBusy(
                path=path, detail="another Parley is running on this data and must be closed for the update"
            )
        from parley.store.backup import keep_copy

        keep_copy(path, f"before-{pending[0]}")
    migrations.migrate(path, steps)


def _is_new(path: Path) -> bool:
    """Return whether there is nothing yet. Raises StoreUnreadable and StoreReadOnly.

    An empty file is nothing: it is what a first start leaves that was cut off before its first commit. But an empty
    file beside a write-ahead log is the rest of something larger; SQLite would throw that log away.
    """
    try:
        facts = path.stat()
    except FileNotFoundError:
        return True
    except OSError as error:
        raise from_os_error(error, path.parent) from error
    if not path.is_file():
        raise StoreUnreadable(path=path, detail="not a file")
    if not os.access(path, os.R_OK | os.W_OK):
        raise StoreReadOnly(path=path.parent, detail=f"{path.name} is not ours to change")
    if facts.st_size:
        return False
    log = sidecar(path, "-wal")
    if log.exists() and log.stat().st_size:
        raise StoreUnreadable(path=path, detail="the file is empty, but its write-ahead log is not")
    logger.warning("%s is empty: starting afresh", path)
    return True


def _create(path: Path) -> None:
    """Make an empty file that only its owner may read; SQLite gives its other files the same rights."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise from_os_error(error, path.parent) from error


def _make_private(path: Path) -> None:
    if sys.platform != "win32" and path.stat().st_mode & 0o077:
        with suppress(OSError):
            path.chmod(0o600)

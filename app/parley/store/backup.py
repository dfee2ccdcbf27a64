"""Backups, copies kept before something risky, and the way back."""

import contextlib
import logging
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from parley.errors import FileProblem, StoreBusy, StoreError, StoreReadOnly, StoreUnreadable
from parley.store import migrations
from parley.store.directory import (
    BACKUPS,
    DATABASE,
    SIDECARS,
    connect,
    fresh_file,
    from_os_error,
    make,
    prepare,
    sidecar,
    swap_in,
)
from parley.store.locks import Writers
from parley.store.packing import pack, unpack
from parley.store.problems import strangeness_told, told

logger = logging.getLogger(__name__)

_KEPT = 5


def back_up(source: Path, target: Path) -> None:
    """Write a copy of a database, whole and checked, or nothing. Others may go on writing meanwhile.

    Raises FileProblem for the target, StoreFull, and StoreError for the source.
    """
    target = target.absolute()
    if target.exists() and (target.is_dir() or target.samefile(source)):
        raise FileProblem(path=target, problem="a backup cannot be written there")
    try:
        with fresh_file(target) as temporary:
            _copy(source, temporary)
            pack(temporary, source.parent)
            demand_sound(temporary, source)
    except StoreReadOnly as error:
        raise FileProblem(path=target, problem=error.detail or "it cannot be written") from error


def keep_copy(path: Path, label: str) -> Path:
    """Keep a copy of a database in `backups/`, and the latest few of those. Raises StoreError."""
    folder = path.parent / BACKUPS
    make(folder)
    kept = folder / f"{path.stem}-{label}-{_now()}.db"
    with fresh_file(kept) as temporary:
        _copy(path, temporary)
    logger.info("kept %s", kept)
    for old in sorted(folder.glob(f"{path.stem}-before-m*.db"), key=lambda file: file.stat().st_mtime_ns)[:-_KEPT]:
        old.unlink(missing_ok=True)
    return kept


def restore(path: Path, directory: Path) -> Path | None:
    """Put a backup in the place of a directory's database. Return where the old one is kept.

    Everything is checked and copied first; the file is swapped in at one stroke.
    Raises FileProblem if there is no such file, StoreUnreadable and StoreNewer for what is in it,
    StoreBusy while a Parley is running on the directory, and StoreError for the directory.
    """
    path, directory = path.absolute(), directory.absolute()
    _inspect(path)
    prepare(directory)
    current, writers = directory / DATABASE, Writers(directory)
    with writers.door(), fresh_file(current, replace=False) as temporary:
        if writers.others():
            raise StoreBusy(path=current, detail="a Parley is running on this data")
        _copy(path, temporary)
        demand_sound(temporary, path)
        unpack(temporary, directory)
        kept = _set_aside(current)
        swap_in(temporary, current)
    if kept:
        _pack_what_was_there(kept, directory)
    return kept


def set_log_aside(path: Path) -> None:
    """Keep the write-ahead log of a database that somebody has moved away: SQLite would delete it."""
    log = sidecar(path, "-wal")
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size:
            folder = path.parent / BACKUPS
            make(folder)
            log.replace(folder / f"{path.stem}-left-{_now()}.db-wal")


def _set_aside(current: Path) -> Path | None:
    """Keep the database that is about to be replaced, and leave no log that would be taken for the new one's."""
    if not current.exists():
        set_log_aside(current)
        return None
    folder = current.parent / BACKUPS
    make(folder)
    kept = folder / f"{current.stem}-before-restore-{_now()}.db"
    try:
        _merge_log(current)
        _link(current, kept)
        for suffix in SIDECARS:
            if sidecar(current, suffix).exists():
                sidecar(current, suffix).replace(sidecar(kept, suffix))
    except OSError as error:
        raise from_os_error(error, current.parent) from error
    return kept


def _pack_what_was_there(kept: Path, directory: Path) -> None:
    """Pack the files of the database that was replaced: those that the new one does not name will be cleared away."""
    if any(sidecar(kept, suffix).exists() for suffix in SIDECARS):
        return  # it is damaged, and is left as it was
    try:
        pack(kept, directory)
    except (StoreError, OSError) as error:
        logger.warning("the files of %s are not in it: %s", kept, error)


def _merge_log(path: Path) -> None:
    """Bring the write-ahead log into the file. A damaged file is left with its log, which SQLite would delete."""
    try:
        with closing(reading(path)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        with closing(connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        logger.warning("%s is set aside with its log: %s", path, error)


def _link(path: Path, other: Path) -> None:
    try:
        os.link(path, other)
    except OSError:  # some file systems have no links
        shutil.copy2(path, other)


def _inspect(path: Path) -> None:
    """Raises FileProblem, StoreUnreadable or StoreNewer unless the file can be taken for a store."""
    if not path.is_file():
        raise FileProblem(path=path, problem="there is no such file" if not path.exists() else "it is no file")
    try:
        with strangeness_told(path), closing(reading(path)) as connection:
            if not migrations.is_store(connection):
                raise StoreUnreadable(path=path, detail="a database of another program")
            migrations.pending(connection, path)
    except StoreReadOnly as error:
        raise FileProblem(path=path, problem=error.detail) from error
    demand_sound(path, path)


def reading(path: Path) -> sqlite3.Connection:
    """Return a connection that reads a file wherever it lies, and leaves nothing beside it.

    A file that lies alone is in nobody's use: who has it open has a log or a journal.
    """
    alone = not any(sidecar(path, suffix).exists() for suffix in SIDECARS)
    return connect(path, "ro&immutable=1" if alone else "ro")


def _copy(source: Path, target: Path) -> None:
    """Copy a database as it is at this moment into one file that needs no other."""
    with told(source), closing(reading(source)) as connection, told(target), closing(connect(target, "rwc")) as copy:
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def demand_sound(path: Path, source: Path) -> None:
    """Raise StoreUnreadable for the source if its copy is damaged."""
    with told(source), closing(reading(path)) as connection:
        findings = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    if findings != ["ok"]:
        raise StoreUnreadable(path=source, detail="; ".join(findings)[:1000])


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d-%H%M%S-%f")

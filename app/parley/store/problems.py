"""SQLite's errors in words that are fit to be shown."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parley.errors import StoreBusy, StoreError, StoreFull, StoreReadOnly, StoreUnreadable
from parley.store.directory import FULL

_PRIMARY = 0xFF
_KINDS: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_FULL: StoreFull,
    sqlite3.SQLITE_BUSY: StoreBusy,
    sqlite3.SQLITE_LOCKED: StoreBusy,
    sqlite3.SQLITE_READONLY: StoreReadOnly,
    sqlite3.SQLITE_CANTOPEN: StoreReadOnly,
    sqlite3.SQLITE_PERM: StoreReadOnly,
    sqlite3.SQLITE_AUTH: StoreReadOnly,
    sqlite3.SQLITE_CORRUPT: StoreUnreadable,
    sqlite3.SQLITE_NOTADB: StoreUnreadable,
    sqlite3.SQLITE_IOERR: StoreError,
    sqlite3.SQLITE_NOMEM: StoreError,
}
_PROBE = 1 << 20


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Raise a StoreError for what goes wrong with the file; a mistake in our SQL stays the bug that it is."""
    try:
        yield
    except sqlite3.Error as error:
        kind = _kind(error, path)
        if kind is None:
            raise
        shown = path.parent if kind is StoreReadOnly else path
        raise kind(path=shown, detail=str(error)) from error


@contextmanager
def strangeness_told(path: Path) -> Iterator[None]:
    """Raise a StoreError for whatever goes wrong with a file that may not be ours: then it is no bug."""
    try:
        with told(path):
            yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise StoreUnreadable(path=path, detail=str(error)) from error


@contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """Raise StoreUnreadable for stored values that make no sense."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise StoreUnreadable(path=path, detail=f"{type(error).__name__}: {error}") from error


def _kind(error: sqlite3.Error, path: Path) -> type[StoreError] | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return StoreUnreadable if "decode" in str(error) else None
    kind = _KINDS.get(code & _PRIMARY)
    if kind is StoreError and _is_full(path):
        return StoreFull
    return kind


def _is_full(path: Path) -> bool:
    """Return whether an input/output error comes from lack of room: of quotas and limits SQLite does not tell."""
    try:
        with tempfile.TemporaryFile(dir=path.parent) as probe:
            probe.write(bytes(_PROBE))
            probe.flush()
    except OSError as error:
        return error.errno in FULL
    return False

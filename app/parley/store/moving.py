"""Moving the data folder: copied and checked, and only then switched. Whatever happens, one whole folder is in use.

The switch is one small file, `Paths.pointer`, which is replaced at one stroke. The old folder is left as it is.
"""

import filecmp
import json
import logging
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal

from parley.errors import StoreUnreadable
from parley.files import write_private
from parley.paths import Paths, moves
from parley.store.backup import demand_sound, reading
from parley.store.directory import DATABASE, LOCKS, connect, flush, from_os_error, network_kind
from parley.store.locks import Writers
from parley.store.problems import told

logger = logging.getLogger(__name__)

Hindrance = Literal["same", "inside", "file", "not_empty", "not_writable", "network", "no_room", "fixed", "in_use"]
"""Why a folder will not do: it is ours or within ours, no folder, holds something, cannot be written, is on a network
share or too small; or that the way there could not be kept; or that another Parley is running on the data."""

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are copied, from the copying thread."""

MARK = "unfinished-move"
"""A file in a folder that is being filled. It names the folder that is copied."""

SUBFOLDER = "Parley"
SPARE = 50_000_000
PAGES = 1024
CHUNK = 1 << 20
_OURS_ALONE = {LOCKS, MARK, "desktop.lock", "keys.lock", "settings.lock", DATABASE}


class MoveRefused(Exception):
    """The folder will not do. Nothing has been changed."""

    def __init__(self, hindrance: Hindrance, path: Path) -> None:
        super().__init__(f"{path}: {hindrance}")
        self.hindrance: Hindrance = hindrance
        self.path = path


class MoveCancelled(Exception):
    """The person has changed their mind. The folder of before is in use."""


def suitable(paths: Paths, wanted: Path) -> Path:
    """Return the folder that the data would be moved to: the wanted one, or one in it if it holds other things.

    Raises MoveRefused.
    """
    target = wanted.expanduser().absolute()
    if target.is_dir() and target.resolve() != paths.data.resolve() and not _is_free(target, paths):
        target /= SUBFOLDER
    ours, resolved = paths.data.resolve(), target.resolve()
    there = target
    while not there.exists() and there != there.parent:
        there = there.parent
    if resolved == ours:
        raise MoveRefused("same", target)
    if resolved.is_relative_to(ours):
        raise MoveRefused("inside", target)
    if not there.is_dir():
        raise MoveRefused("file", there)
    if network_kind(target):
        raise MoveRefused("network", target)
    if target.exists() and not _is_free(target, paths):
        raise MoveRefused("not_empty", target)
    if not os.access(there, os.W_OK | os.X_OK):
        raise MoveRefused("not_writable", there)
    if not os.access(paths.pointer.parent, os.W_OK | os.X_OK):
        raise MoveRefused("fixed", paths.pointer)
    if shutil.disk_usage(there).free < size(paths.data) + SPARE:
        raise MoveRefused("no_room", target)
    return target


def move(
    paths: Paths, wanted: Path, progress: Progress = lambda done, whole: None, cancelled: threading.Event | None = None
) -> Paths:
    """Move the data, and return its paths from now on. The store must be closed.

    Raises MoveRefused, MoveCancelled and StoreError; the folder of before is in use then, and nothing is left behind.
    """
    target = suitable(paths, wanted)
    existed = target.exists()
    copying = _Copying(paths.data, target, progress, cancelled or threading.Event())
    writers = Writers(paths.data)
    with writers.door():
        if writers.others():
            raise MoveRefused("in_use", paths.data)
        try:
            _clear(target, existed)
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            (target / MARK).write_text(str(paths.data), encoding="utf-8")
            copying.run()
            _switch(paths, target)
        except OSError as error:
            raise from_os_error(error, target) from error
        finally:
            if moves(paths)[:1] != [target]:
                _clear(target, existed)
    (target / MARK).unlink()
    logger.info("the data has been moved from %s to %s", paths.data, target)
    return Paths(target, paths.home or paths.data)


def old_folders(paths: Paths) -> list[Path]:
    """Return the folders that the data was in before, as far as they are still there."""
    return [folder for folder in moves(paths)[1:] if folder != paths.data and (folder / DATABASE).exists()]


def size(folder: Path) -> int:
    """Return how many bytes there are to move."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


class _Copying:
    """One copy of everything in a folder."""

    def __init__(self, source: Path, target: Path, progress: Progress, cancelled: threading.Event) -> None:
        self._source, self._target = source, target
        self._progress = progress
        self._cancelled = cancelled
        self._done, self._whole = 0, max(1, size(source))

    def run(self) -> None:
        self._copy_database()
        for file in self._files():
            self._copy(file)
        flush(self._target)
        self._tell(0)

    def _files(self) -> Iterator[Path]:
        for file in sorted(self._source.rglob("*")):
            first = file.relative_to(self._source).parts[0]
            beside = first.startswith((f"{DATABASE}-", f".{DATABASE}."))
            if file.is_file() and first not in _OURS_ALONE and not beside:
                yield file

    def _copy(self, file: Path) -> None:
        copy = self._target / file.relative_to(self._source)
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with file.open("rb") as old, os.fdopen(handle, "wb") as new:
            while chunk := old.read(CHUNK):
                new.write(chunk)
                self._tell(len(chunk))
            new.flush()
            os.fsync(new.fileno())
        shutil.copystat(file, copy)
        if not filecmp.cmp(file, copy, shallow=False):
            raise StoreUnreadable(path=file, detail="the copy is another one")

    def _copy_database(self) -> None:
        source, target = self._source / DATABASE, self._target / DATABASE
        os.close(os.open(target, os.O_CREAT | os.O_RDWR, 0o600))
        weight, before = source.stat().st_size, self._done

        def tell(status: int, remaining: int, total: int) -> None:
            self._done = before + weight * (total - remaining) // max(1, total)
            self._tell(0)

        with told(source), closing(reading(source)) as connection, told(target), closing(connect(target)) as copy:
            connection.backup(copy, pages=PAGES, progress=tell)
            copy.execute("PRAGMA journal_mode = DELETE")
            if _counts(connection) != _counts(copy):
                raise StoreUnreadable(path=source, detail="the copy holds another number of rows")
        with target.open("rb+") as file:
            os.fsync(file.fileno())
        demand_sound(target, source)

    def _tell(self, more: int) -> None:
        if self._cancelled.is_set():
            raise MoveCancelled
        self._done += more
        self._progress(min(self._done, self._whole), self._whole)


def _counts(connection: sqlite3.Connection) -> list[int]:
    counted = ("SELECT count(*) FROM conversations", "SELECT count(*) FROM messages")
    return [connection.execute(statement).fetchone()[0] for statement in counted]


def _switch(paths: Paths, target: Path) -> None:
    """Let the pointer name the new folder: from here on it is in use."""
    before = [folder for folder in (paths.data, *moves(paths)[1:]) if folder != target]
    names = {"data": str(target), "before": list(dict.fromkeys(map(str, before)))}
    write_private(paths.pointer, json.dumps(names, indent=2, ensure_ascii=False) + "\n")
    with suppress(OSError):  # the new name is there, and as good as kept
        flush(paths.pointer.parent)


def _is_free(target: Path, paths: Paths) -> bool:
    """Return whether a folder is empty, or holds the rest of a move of ours that broke off."""
    names = [file.name for file in target.iterdir()]
    if MARK not in names:
        return not names
    try:
        return (target / MARK).read_text(encoding="utf-8") == str(paths.data)
    except (OSError, ValueError):
        return False


def _clear(target: Path, existed: bool) -> None:
    """Take away what a move has put there. What was there before was nothing, or the rest of another move."""
    if not existed:
        shutil.rmtree(target, ignore_errors=True)
        return
    for file in target.iterdir():
        if file.is_dir():
            shutil.rmtree(file, ignore_errors=True)
        else:
            with suppress(OSError):
                file.unlink()

"""Small files of ours: replaced whole or not at all, readable by their owner only, changed by one process at a time."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parley.errors import StoreBusy, StoreFull, StoreReadOnly

if sys.platform == "win32":
    import msvcrt

    def lock(handle: int, *, shared: bool = False) -> None:
        """Take the lock of an open file, until it is closed or the process ends. Raises OSError if somebody has it.

        A shared one others may have too, but not here: Windows has none.
        """
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def lock(handle: int, *, shared: bool = False) -> None:
        """Take the lock of an open file, until it is closed or the process ends. Raises OSError if somebody has it.

        A shared one others may have too.
        """
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


LOCK_SECONDS = 10.0
"""How long another process's change of a file is waited for."""


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let no other process change the file meanwhile. Raises StoreReadOnly, StoreFull and StoreBusy."""
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_suffix(".lock"), timeout=LOCK_SECONDS, mode=0o600)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise StoreBusy(path=path, detail=str(error)) from error
    except OSError as error:
        raise _refused(path, error) from error
    try:
        yield
    finally:
        lock.release()


def write_private(path: Path, text: str) -> None:
    """Replace a file by one with this text, readable by its owner only, whole or not at all.

    Raises StoreReadOnly or StoreFull.
    """
    temporary = ""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> StoreFull | StoreReadOnly:
    full = error.errno in (28, 122)  # ENOSPC, EDQUOT: written out because Windows lacks the second name
    return (StoreFull if full else StoreReadOnly)(path=path.parent, detail=str(error))

"""Small files of ours: replaced whole or not at all, readable by their owner only, changed by one process at a time."""

import os
import re
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


_LONGEST = 180
"""Bytes of a name in UTF-8: file systems take 255, and programs put something before and behind it."""

_LONGEST_KIND = 16
_UNSEEN = "[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]"
"""What controls terminals, and what shows letters in another order than they have."""

_JOINER = "\u200d"
"""It joins emoji; at an end it joins nothing."""

_FORBIDDEN = '[<>:"|?*\ud800-\udfff]'
_DEVICES = r"con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]"
"""Names that Windows takes for its devices, whatever follows a dot."""

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


def safe_name(name: str) -> str:
    """Return a file's name that is one in every folder of every system: no path, nothing hidden, not too long."""
    from unicodedata import normalize

    name = re.split(r"[/\\]", normalize("NFC", name))[-1]
    name = re.sub(_UNSEEN, "", name)
    name = re.sub(_FORBIDDEN, "_", name).strip(" .")
    stem, dot, kind = name.rpartition(".") if "." in name[-_LONGEST_KIND:] else (name, "", "")
    room = _LONGEST - len((dot + kind).encode())
    name = f"{stem.encode()[:room].decode(errors='ignore').rstrip(' .' + _JOINER)}{dot}{kind}"
    if re.fullmatch(_DEVICES, name.partition(".")[0].rstrip(), re.IGNORECASE):
        name = f"_{name}"
    return name or "file"


def _refused(path: Path, error: OSError) -> StoreFull | StoreReadOnly:
    full = error.errno in (28, 122)  # ENOSPC, EDQUOT: written out because Windows lacks the second name
    return (StoreFull if full else StoreReadOnly)(path=path.parent, detail=str(error))

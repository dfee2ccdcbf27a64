"""The data directory: made, checked, and named to SQLite."""

import errno
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parley import paths
from parley.errors import StoreError, StoreFull, StoreOnNetwork, StoreReadOnly

DATABASE = paths.DATABASE
LOCKS = "locks"
BACKUPS = "backups"
FILES = "files"
SIDECARS = ("-wal", "-shm", "-journal")
BUSY_SECONDS = 5.0
"""How long a write of another process is waited for."""

_NETWORK = frozenset(
    {"9p", "acfs", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs"}
    | {"nfs", "nfs4", "smb2", "smb3", "smbfs", "sshfs", "webdav"}
    | {"fuse.ceph", "fuse.curlftpfs", "fuse.davfs2", "fuse.glusterfs", "fuse.gvfsd-fuse", "fuse.rclone", "fuse.s3fs"}
    | {"fuse.smbnetfs", "fuse.sshfs"}
)

FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""What the system says where there is no room: on the disk, for a file, or for a person."""


def prepare(directory: Path) -> None:
    """Make the data directory, readable by its owner only, unless it exists.

    Raises StoreOnNetwork, StoreReadOnly and StoreFull.
    """
    kind = network_kind(directory)
    if kind:
        raise StoreOnNetwork(path=directory, kind=kind)
    make(directory)


def make(directory: Path) -> None:
    """Make a directory of ours unless it exists. Raises StoreReadOnly and StoreFull."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise from_os_error(error, directory) from error


def flush(folder: Path) -> None:
    """Let a folder's names survive a power cut. Raises OSError."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def from_os_error(error: OSError, path: Path) -> StoreError:
    """Return what people are told when the system refuses a file."""
    problem = StoreFull if error.errno in FULL else StoreReadOnly
    return problem(path=path, detail=str(error))


def swap_in(temporary: Path, target: Path) -> None:
    """Put a file in the place of another, so that a power cut leaves the one or the other."""
    temporary.replace(target)
    flush(target.parent)


@contextmanager
def fresh_file(target: Path, *, replace: bool = True) -> Iterator[Path]:
    """Lend an empty file that takes the place of the target when all went well, and is gone otherwise."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise from_os_error(error, target.parent) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        if replace:
            swap_in(temporary, target)
    except OSError as error:
        raise from_os_error(error, target.parent) from error
    finally:
        for leftover in (temporary, *(sidecar(temporary, suffix) for suffix in SIDECARS)):
            leftover.unlink(missing_ok=True)


def connect(path: Path, mode: str = "rw", *statements: str) -> sqlite3.Connection:
    """Return a connection in autocommit mode on which the statements have run. `mode` is SQLite's: `ro` or `rw`."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        for statement in statements:
            connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def sidecar(path: Path, suffix: str) -> Path:
    """Return the file that SQLite keeps beside a database: `-wal`, `-shm` or `-journal`."""
    return path.with_name(path.name + suffix)


def network_kind(directory: Path) -> str:
    """Return the kind of network share that the directory is on, or an empty text for a local disk."""
    place = directory.absolute()
    while not os.path.exists(place) and place != place.parent:  # noqa: PTH110 - that of Path raises in locked ones
        place = place.parent
    place = place.resolve()
    kinds = {"linux": _linux_kind, "win32": _windows_kind, "darwin": _mac_kind}
    return kinds[sys.platform](place) if sys.platform in kinds else ""


def linux_kind(place: Path, mounts: str) -> str:
    """Return the network file system of the mount that holds the place, after the text of /proc/self/mounts."""
    found, depth = "", -1
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mount = Path(fields[1].encode("latin-1").decode("unicode_escape").encode("latin-1").decode("utf-8", "replace"))
        if place.is_relative_to(mount) and len(mount.parts) >= depth:
            found, depth = fields[2], len(mount.parts)
    return found if found in _NETWORK else ""


def _linux_kind(place: Path) -> str:
    try:
        return linux_kind(place, Path("/proc/self/mounts").read_text(encoding="latin-1"))
    except OSError:
        return ""


def _windows_kind(place: Path) -> str:
    if sys.platform == "win32":
        import ctypes

        remote = 4
        if place.drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(place.anchor) == remote:
            return "smb"
    return ""


def _mac_kind(place: Path) -> str:
    import ctypes
    import ctypes.util

    library = ctypes.CDLL(ctypes.util.find_library("c"), use_errno=True)
    statfs = getattr(library, "statfs$INODE64", None) or library.statfs
    facts = ctypes.create_string_buffer(4096)
    if statfs(os.fsencode(place), facts) != 0:
        return ""
    return mac_kind(facts.raw)


def mac_kind(facts: bytes) -> str:
    """Return the network file system named by macOS's `struct statfs` (64-bit inodes)."""
    local = 0x1000
    flags = int.from_bytes(facts[64:68], sys.byteorder)
    name = facts[72:88].split(b"\0")[0].decode("ascii", "replace")
    return "" if flags & local else name

"""Files that were uploaded or made: a row for each, and its bytes once under their SHA-256 in `files/`.

Bytes are on the disk, under their name, before the row is committed; they go after the last row has gone. Both happen
while the writing lock is held, so that no row is ever without its bytes, whoever ends when.
"""

import asyncio
import hashlib
import logging
import os
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from parley.errors import FileProblem, FilesFull, FileUnknown
from parley.files import safe_name
from parley.messages import OWNER, Attachment, Origin, new_id
from parley.store.changes import FILE, note
from parley.store.database import Database
from parley.store.directory import FILES, flush, from_os_error, make
from parley.store.room import demand_room
from parley.store.scope import demand_there, scope
from parley.store.words import storable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

logger = logging.getLogger(__name__)

HEAD = 1024
"""How many bytes of the beginning tell what a file is."""

_COLUMNS = "id, handle, name, media_type, size, sha256, created_at, account_id, origin, conversation_id, message_id"
_SELECT = f"SELECT {_COLUMNS} FROM files"
_INCOMING = "incoming-"
_DAY = 86_400
_WRITTEN_AT_ONCE = 1 << 20
_HANDLES = {"uploaded": "input", "produced": "output"}


class Incoming(NamedTuple):
    """Bytes that have come, in a file of their own that nobody knows yet. `head` is how they begin."""

    path: Path
    sha256: str
    size: int
    head: bytes


class Files:
    """The files of a store. To an account those of others are unknown."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._folder = database.path.parent / FILES

    def all(self, *, limit: int = 100, account: str = OWNER) -> list[Attachment]:
        """Return the files of an account, newest first."""
        return self._values("account_id = ? ORDER BY id DESC LIMIT ?", account, limit)

    def find(self, text: str, *, account: str | None = OWNER) -> Attachment:
        """Return the file of an id or a handle. Raises FileUnknown."""
        condition, whose = scope(account)
        for column in ("id", "handle"):
            for found in self._values(f"{column} = ?{condition}", text, *whose):
                return found
        raise FileUnknown(file=text)

    def of_message(self, message_id: str, *, account: str | None = OWNER) -> list[Attachment]:
        """Return what was made for a message, or first sent with it, oldest first."""
        condition, whose = scope(account)
        return self._values(f"message_id = ?{condition} ORDER BY id", message_id, *whose)

    def of_conversation(self, conversation_id: str, *, account: str | None = OWNER) -> list[Attachment]:
        """Return what was made in a conversation, or first sent in it, oldest first."""
        condition, whose = scope(account)
        return self._values(f"conversation_id = ?{condition} ORDER BY id", conversation_id, *whose)

    def path(self, file: Attachment) -> Path:
        """Return where the bytes are; they do not change. Raises FileProblem if somebody has taken them away."""
        path = self._place(file.sha256)
        if not path.is_file():
            raise FileProblem(path=file.name, problem="what it held is missing; a backup may have it")
        return path

    async def read(self, file: Attachment) -> bytes:
        """Return the bytes of a file. Raises FileProblem."""
        try:
            return await asyncio.to_thread(self.path(file).read_bytes)
        except OSError as error:
            raise FileProblem(path=file.name, problem=error.strerror or str(error)) from error

    @asynccontextmanager
    async def receive(self, chunks: AsyncIterable[bytes], account: str = OWNER) -> "AsyncIterator[Incoming]":
        """Write bytes as they come, and lend them for `add`; what is not added is gone.

        Raises StoreError: DiskLow before anything is written.
        """
        make(self._folder)
        demand_room(self._folder, account)
        path: Path | None = None
        try:
            with _disk_told(self._folder):
                file: IO[bytes] = await asyncio.to_thread(
                    tempfile.NamedTemporaryFile, prefix=_INCOMING, dir=self._folder, delete=False
                )
            path = Path(file.name)
            with _closed(file, self._folder):
                sha256, size, head = await _written(file, chunks, self._folder)
            yield Incoming(path, sha256, size, head)
        finally:
            if path is not None:
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    async def add(
        self,
        incoming: Incoming,
        name: str,
        media_type: str,
        *,
        origin: Origin = "uploaded",
        conversation_id: str | None = None,
        message_id: str | None = None,
        account: str = OWNER,
        most: int | None = None,
    ) -> Attachment:
        """Keep what has come. Its name is made one that is safe in every folder.

        Raises FilesFull if the files of the account had more than `most` bytes then, AccountUnknown and StoreError.
        """
        name = safe_name(name)

        def add(connection: sqlite3.Connection) -> Attachment:
            demand_there(connection, account)
            if most is not None:
                query = "SELECT coalesce(sum(size), 0) FROM files WHERE account_id = ?"
                if connection.execute(query, (account,)).fetchone()[0] + incoming.size > most:
                    raise FilesFull(megabytes=most // 1_000_000)
            self._settle(incoming)
            now = time.time()
            handle = _free_handle(connection, origin, name, int(now * 1000))
            facts = (name, media_type, incoming.size, incoming.sha256, now, account, origin)
            file = Attachment(new_id(), handle, *facts, conversation_id, message_id)
            query = f"INSERT INTO files({_COLUMNS}, used_at, updated_at) VALUES ({'?, ' * 12}?)"
            connection.execute(query, (file.id, handle, *facts, conversation_id, message_id, now, now))
            note(connection, FILE, file.id)
            return file

        return await self._database.write(add)

    async def remove(self, id: str, *, account: str | None = OWNER) -> None:
        """Remove a file; its bytes go with the last one that has them. Raises FileUnknown."""

        def remove(connection: sqlite3.Connection) -> str:
            condition, whose = scope(account)
            query = f"DELETE FROM files WHERE id = ?{condition} RETURNING sha256"
            row = connection.execute(query, (storable(id), *whose)).fetchone()
            if row is None:
                raise FileUnknown(file=id)
            note(connection, FILE, id)
            return str(row[0])

        await self._forget(await self._database.write(remove))

    async def purge(self, older_than_days: float) -> int:
        """Remove the files that belong to no conversation and were not used for so many days. Return how many.

        Bytes that no row names, as a crash may leave them, go too.
        """
        before = time.time() - older_than_days * _DAY

        def purge(connection: sqlite3.Connection) -> int:
            query = "DELETE FROM files WHERE conversation_id IS NULL AND used_at <= ? RETURNING id"
            gone = [id for (id,) in connection.execute(query, (before,)).fetchall()]
            note(connection, FILE, *gone)
            return len(gone)

        unused = "SELECT 1 FROM files WHERE conversation_id IS NULL AND used_at <= ? LIMIT 1"
        purged = await self._database.write(purge) if self._database.row(unused, (before,)) else 0
        on_disk = await asyncio.to_thread(lambda: list(self._on_disk()))
        for sha256 in on_disk:
            if self._database.row("SELECT 1 FROM files WHERE sha256 = ?", (sha256,)) is None:
                await self._forget(sha256)
        return purged

    def _values(self, condition: str, *values: Any) -> list[Attachment]:
        return [_file(row) for row in self._database.rows(f"{_SELECT} WHERE {condition}", values)]

    def _place(self, sha256: str) -> Path:
        return place(self._folder, sha256)

    def _settle(self, incoming: Incoming) -> None:
        """Put bytes where they belong, unless they are there, inside a write."""
        target = self._place(incoming.sha256)
        if target.is_file() and target.stat().st_size == incoming.size:
            return
        make(target.parent)
        with _disk_told(self._folder):
            incoming.path.replace(target)
            flush(target.parent)
            flush(self._folder)

    async def _forget(self, sha256: str) -> None:
        await self._database.write(partial(self._unlink_unless_named, sha256=sha256))

    def _unlink_unless_named(self, connection: sqlite3.Connection, sha256: str) -> None:
        if connection.execute("SELECT 1 FROM files WHERE sha256 = ?", (sha256,)).fetchone() is None:
            try:
                self._place(sha256).unlink(missing_ok=True)
            except OSError as error:  # Windows: somebody reads it; it goes with the next purge
                logger.warning("%s is left for later: %s", sha256, error)

    def _on_disk(self) -> Iterator[str]:
        """Yield the names of all bytes, and take away what has been incoming for a day."""
        with suppress(OSError):
            for path in self._folder.glob(f"{_INCOMING}*"):
                if path.stat().st_mtime < time.time() - _DAY:
                    path.unlink()
        for path in self._folder.glob("??/*"):
            yield path.name


def place(folder: Path, sha256: str) -> Path:
    """Return where bytes are in a folder of files."""
    return folder / sha256[:2] / sha256


@contextmanager
def _disk_told(folder: Path) -> Iterator[None]:
    """Raise a StoreError for what the disk refuses."""
    try:
        yield
    except OSError as error:
        raise from_os_error(error, folder) from error


@contextmanager
def _closed(file: IO[bytes], folder: Path) -> Iterator[None]:
    """Close a file at the end, which writes what it still holds. Raises StoreError."""
    try:
        yield
    finally:
        with _disk_told(folder):
            file.close()


async def _written(file: IO[bytes], chunks: AsyncIterable[bytes], folder: Path) -> tuple[str, int, bytes]:
    """Write chunks until there are no more, and have them on the disk. Return their hash, size, and beginning."""
    digest, size, head = hashlib.sha256(), 0, b""
    waiting: list[bytes] = []
    weight = 0

    def write(pieces: Sequence[bytes], *, last: bool = False) -> None:
        with _disk_told(folder):
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
            if last:
                file.flush()
                os.fsync(file.fileno())

    async for chunk in chunks:
        size += len(chunk)
        weight += len(chunk)
        waiting.append(chunk)
        if len(head) < HEAD:
            head += chunk[: HEAD - len(head)]
        if weight >= _WRITTEN_AT_ONCE:
            await asyncio.to_thread(write, waiting)
            waiting, weight = [], 0
    await asyncio.to_thread(write, waiting, last=True)
    return digest.hexdigest(), size, head


def _free_handle(connection: sqlite3.Connection, origin: Origin, name: str, milliseconds: int) -> str:
    """Return a handle with the time and the name in it, which no other file has."""
    while True:
        handle = f"{_HANDLES[origin]}_{milliseconds}_{name}"
        if connection.execute("SELECT 1 FROM files WHERE handle = ?", (handle,)).fetchone() is None:
            return handle
        milliseconds += 1


def _file(row: Sequence[Any]) -> Attachment:
    return Attachment(*row)

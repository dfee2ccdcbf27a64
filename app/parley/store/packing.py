"""A backup is one file: what uploaded and made files hold is packed into it, and unpacked by a restore."""

import hashlib
import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from parley.store.directory import FILES, connect, fresh_file, make
from parley.store.files import place
from parley.store.problems import told

logger = logging.getLogger(__name__)

_TABLE = "packed_files"


def pack(database: Path, directory: Path) -> None:
    """Put the bytes of all files that a copy of a database names into it. Raises StoreError and OSError.

    What is missing or damaged is left out, and said in the log: it must not keep the rest from being saved.
    """
    with told(database), closing(connect(database)) as connection:
        if not _has(connection, "files"):
            return
        connection.execute("BEGIN")
        connection.execute(f"DROP TABLE IF EXISTS {_TABLE}")
        connection.execute(f"CREATE TABLE {_TABLE}(sha256 TEXT NOT NULL, bytes BLOB NOT NULL)")
        for (sha256,) in connection.execute("SELECT DISTINCT sha256 FROM files").fetchall():
            path = place(directory / FILES, sha256)
            data = path.read_bytes() if path.is_file() else b""
            if hashlib.sha256(data).hexdigest() == sha256:
                connection.execute(f"INSERT INTO {_TABLE} VALUES (?, ?)", (sha256, data))
            else:
                logger.warning("the bytes of %s are not in the backup: missing or damaged", sha256)
        connection.execute("COMMIT")


def unpack(database: Path, directory: Path) -> None:
    """Put what a copy of a backup holds into a directory, and take it out of the copy. Raises StoreError and OSError.

    Bytes that are there stay: their name says what they are.
    """
    with told(database), closing(connect(database)) as connection:
        if not _has(connection, _TABLE):
            return
        for sha256, data in connection.execute(f"SELECT sha256, bytes FROM {_TABLE}"):
            _put(place(directory / FILES, hashlib.sha256(data).hexdigest()), data, sha256)
        connection.execute(f"DROP TABLE {_TABLE}")
        connection.execute("VACUUM")


def _put(path: Path, data: bytes, sha256: str) -> None:
    if path.name != sha256:
        logger.warning("the bytes of %s in the backup are damaged", sha256)
    elif not path.is_file() or path.stat().st_size != len(data):
        make(path.parent)
        with fresh_file(path) as temporary:
            temporary.write_bytes(data)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())


def _has(connection: sqlite3.Connection, table: str) -> bool:
    query = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"
    return connection.execute(query, (table,)).fetchone() is not None

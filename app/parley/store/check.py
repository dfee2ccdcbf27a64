"""What `doctor` says about the store."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from parley.errors import StoreError
from parley.store import migrations
from parley.store.directory import FILES, connect, sidecar
from parley.store.files import place
from parley.store.problems import told
from parley.store.steps import STEPS

_PATIENCE = 3.0
"""Seconds for the check that keeps other writers waiting."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `text` says in English what was found."""

    subject: str
    ok: bool
    text: str


def check(path: Path) -> list[Finding]:
    """Return what is well and what is not. Never raises for a damaged file: that is a finding."""
    findings = [
        Finding("sqlite", True, f"SQLite {sqlite3.sqlite_version}"),
        Finding("size", True, _sizes(path)),
    ]
    checks: dict[str, Callable[[sqlite3.Connection], str]] = {
        "counts": _counts,
        "schema": lambda connection: _schema(connection, path),
        "integrity": _integrity,
        "references": _references,
        "index": _index,
        "files": lambda connection: _files(connection, path.parent),
    }
    for subject, run in checks.items():
        try:
            with told(path), closing(connect(path)) as connection:
                findings.append(Finding(subject, True, run(connection)))
        except (StoreError, _Wrong, sqlite3.Error) as error:
            findings.append(Finding(subject, False, getattr(error, "detail", "") or str(error)))
    return findings


class _Wrong(Exception):
    """Something is not as it should be."""


def _sizes(path: Path) -> str:
    sizes = [
        f"{file.name} {file.stat().st_size / 1e6:.1f} MB" for file in (path, sidecar(path, "-wal")) if file.exists()
    ]
    return ", ".join(sizes)


def _counts(connection: sqlite3.Connection) -> str:
    conversations, trashed = connection.execute("SELECT count(*), count(deleted_at) FROM conversations").fetchone()
    messages = connection.execute("SELECT count(*) FROM messages").fetchone()[0]
    return f"{conversations} conversations, {trashed} of them in the trash; {messages} messages"


def _schema(connection: sqlite3.Connection, path: Path) -> str:
    pending = migrations.pending(connection, path)
    if pending:
        raise _Wrong("pending: " + ", ".join(pending))
    return STEPS[-1].__name__


def _integrity(connection: sqlite3.Connection) -> str:
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
    if found != ["ok"]:
        raise _Wrong("; ".join(found))
    return "sound"


def _references(connection: sqlite3.Connection) -> str:
    broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    lost = connection.execute(
        "SELECT count(*) FROM messages m WHERE parent_id IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM messages p WHERE p.id = m.parent_id AND p.conversation_id = m.conversation_id)"
    ).fetchone()[0]
    if broken or lost:
        raise _Wrong(f"{len(broken)} rows refer to what is gone; {lost} messages have lost the one before them")
    return "complete"


def _files(connection: sqlite3.Connection, directory: Path) -> str:
    found = connection.execute("SELECT DISTINCT sha256, name, size FROM files").fetchall()
    lost = [name for sha256, name, size in found if _size(place(directory / FILES, sha256)) != size]
    if lost:
        raise _Wrong(f"{len(lost)} of {len(found)} are missing or damaged, such as {lost[0]}")
    return f"{len(found)} files, {sum(size for _, _, size in found) / 1e6:.1f} MB"


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _index(connection: sqlite3.Connection) -> str:
    """Compare the full-text index with the messages. That takes the writing lock, so it is given up after a while."""
    timer = threading.Timer(_PATIENCE, connection.interrupt)
    timer.start()
    try:
        for table in ("title_words", "message_words"):
            connection.execute(f"INSERT INTO {table}({table}, rank) VALUES ('integrity-check', 1)")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return "too large to be compared with the messages"
    finally:
        timer.cancel()
    return "complete"

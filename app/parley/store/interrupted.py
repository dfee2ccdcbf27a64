"""Messages whose process died while it was streaming into them."""

import sqlite3
import time
from collections.abc import Collection

from parley.messages import MessageStatus
from parley.store.changes import CONVERSATION, MESSAGE, note
from parley.store.database import Database
from parley.store.rows import columns_of, parts_from_text


def interrupt_the_dead(database: Database) -> bool:
    """Mark what the dead were streaming as interrupted, without waiting for it. Return whether there was anything."""
    dead = _dead(database)
    if dead:
        database.write_later(lambda connection: _interrupt_if_dead(connection, database, dead))
    return bool(dead)


def interrupt_the_dead_now(database: Database) -> None:
    """Mark what the dead were streaming as interrupted, while the store is being opened."""
    dead = _dead(database)
    if dead:
        database.write_now(lambda connection: _interrupt_if_dead(connection, database, dead))


async def interrupt_ourselves(database: Database) -> None:
    """Mark what we have not finished: the store is being closed."""
    own = database.writers.own
    if database.row("SELECT 1 FROM messages WHERE status = 'streaming' AND writer = ?", (own,)):
        await database.write(lambda connection: interrupt(connection, own))


def dead_among(database: Database, place: str, id: str) -> set[str]:
    """Return the ids of messages that dead writers left, and see to it that they are marked.

    They are looked for where the column `place` is `id`: `conversation_id`, or `id` for one message. Ask before the
    messages are read: what is marked in between is right in both.
    """
    query = f"SELECT id, writer FROM messages WHERE {place} = ? AND status = 'streaming' AND writer IS NOT NULL"
    found = dict(database.rows(query, (id,)))
    dead = {writer for writer in set(found.values()) if not database.writers.alive(writer)}
    if dead:
        database.write_later(lambda connection: _interrupt_if_dead(connection, database, dead))
    return {id for id, writer in found.items() if writer in dead}


def interrupt(connection: sqlite3.Connection, writer: str) -> None:
    """Mark the messages that a writer left behind. Their partial text is kept, and found by searching."""
    left = connection.execute(
        "SELECT id, conversation_id, parts FROM messages WHERE status = 'streaming' AND writer = ?", (writer,)
    ).fetchall()
    for id, conversation_id, parts in left:
        connection.execute(
            "UPDATE messages SET status = ?, writer = NULL, parts = ?, text = ?, updated_at = ? WHERE id = ?",
            (MessageStatus.INTERRUPTED, *columns_of(parts_from_text(parts)), time.time(), id),
        )
        note(connection, MESSAGE, id)
        note(connection, CONVERSATION, conversation_id)


def _dead(database: Database) -> list[str]:
    writers = database.rows("SELECT DISTINCT writer FROM messages WHERE status = 'streaming'")
    return [writer for (writer,) in writers if not database.writers.alive(writer)]


def _interrupt_if_dead(connection: sqlite3.Connection, database: Database, writers: Collection[str]) -> None:
    for writer in writers:
        if not database.writers.alive(writer):
            interrupt(connection, writer)

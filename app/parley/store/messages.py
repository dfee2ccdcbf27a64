"""Messages, one by one: read, rewritten in place, put into the trash and taken out of it."""

import sqlite3
import time
from collections.abc import Mapping
from functools import partial
from operator import itemgetter

from parley.errors import MessageStreaming, MessageUnknown
from parley.messages import OWNER, Message, MessageStatus, Text
from parley.store import interrupted, rows
from parley.store.changes import CONVERSATION, MESSAGE, note
from parley.store.database import Database
from parley.store.problems import damage_told
from parley.store.room import demand_room
from parley.store.scope import OF_CONVERSATION, scope
from parley.store.words import storable

_SELECT = f"SELECT {rows.MESSAGE_COLUMNS} FROM messages WHERE id = ?"
_LIVING = f"{_SELECT} AND deleted_at IS NULL"
_ABOVE = """
WITH RECURSIVE up(id, parent_id) AS (
  SELECT id, parent_id FROM messages WHERE id = ?
  UNION ALL SELECT m.id, m.parent_id FROM up JOIN messages m ON m.id = up.parent_id WHERE m.seq >= ?
)
SELECT id FROM up
"""
_DAY = 86_400


class Messages:
    """The messages of a store. Those in the trash are unknown to all but `restore`; others', to an account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, id: str, *, account: str | None = OWNER) -> Message:
        """Return one message. Raises MessageUnknown. What a dead process left streaming is interrupted.

        Its `parent_id` is the message that it was said below, though that may be in the trash.
        """
        dead = interrupted.dead_among(self._database, "id", id)
        condition, whose = scope(account, OF_CONVERSATION)
        row = self._database.row(_LIVING + condition, (id, *whose))
        if row is None:
            raise MessageUnknown(message=id)
        with damage_told(self._database.path):
            return next(rows.messages([row], dead))

    def siblings(self, message: Message) -> list[str]:
        """Return the ids of the message and of all others of the same parent and role, oldest first."""
        query = (
            "SELECT id FROM messages WHERE conversation_id = ? AND parent_id IS ? AND role = ? AND deleted_at IS NULL"
            " AND seq > coalesce((SELECT seq FROM messages WHERE id = ?), 0) ORDER BY seq"
        )  # what hangs on a message is newer
        values = (message.conversation_id, message.parent_id, message.role, message.parent_id)
        return [id for (id,) in self._database.rows(query, values)]

    def streaming_before(self, reply: Message) -> list[str]:
        """Return the ids of the replies being written above this one, and of its older versions, oldest first."""
        dead = interrupted.dead_among(self._database, "conversation_id", reply.conversation_id)
        query = (
            "SELECT id, parent_id, seq FROM messages WHERE conversation_id = ? AND status = 'streaming'"
            " AND deleted_at IS NULL AND +seq < (SELECT seq FROM messages WHERE id = ?)"
        )
        found = [row for row in self._database.rows(query, (reply.conversation_id, reply.id)) if row[0] not in dead]
        if not found:
            return []
        found.sort(key=itemgetter(2))
        above = {id for (id,) in self._database.rows(_ABOVE, (reply.id, found[0][2]))}
        return [id for id, parent_id, _ in found if id in above or parent_id == reply.parent_id]

    async def rewrite(self, id: str, text: str, *, account: str | None = OWNER) -> Message:
        """Put another text in the place of what was said; what was thought stays. Return what it was before.

        Rewriting with the old text undoes it. Raises MessageUnknown, DiskLow, and ChatError while it is being written.
        """

        def rewrite(connection: sqlite3.Connection) -> Message:
            demand_room(connection, account)
            message = read_ended(connection, id, account)
            thoughts = [part for part in message.parts if not isinstance(part, Text)]
            columns = rows.columns_of([*thoughts, Text(text)] if text else thoughts)
            query = "UPDATE messages SET parts = ?, text = ?, updated_at = ? WHERE id = ?"
            connection.execute(query, (*columns, time.time(), id))
            note(connection, MESSAGE, id)
            return message

        return await self._database.write(rewrite)

    async def trash(self, *ids: str, account: str | None = OWNER) -> None:
        """Put messages into the trash, all or none. What hangs below them stays, and is shown below their parents.

        Raises MessageUnknown, and MessageStreaming while one of them is being written.
        """

        def trash(connection: sqlite3.Connection) -> None:
            for id in ids:
                _mark(connection, read_ended(connection, id, account), time.time())

        await self._database.write(trash)

    async def restore(self, *ids: str, account: str | None = OWNER) -> None:
        """Take messages out of the trash: they are where they were. Those not in it stay as they are.

        Raises MessageUnknown.
        """

        def restore(connection: sqlite3.Connection) -> None:
            for id in ids:
                _mark(connection, read(connection, id, account, _SELECT), None)

        await self._database.write(restore)

    async def purge(self, older_than_days: float) -> int:
        """Delete for good what has been in the trash for so many days. Return how many messages that were.

        What hangs below them hangs on their parents from now on.
        """
        before = time.time() - older_than_days * _DAY
        query = "SELECT id FROM messages WHERE deleted_at <= ?"
        purged = 0
        for (id,) in self._database.rows(query, (before,)):
            purged += await self._database.write(partial(_purge, id=id, before=before))
        return purged


def read(connection: sqlite3.Connection, id: str, account: str | None, query: str = _LIVING) -> Message:
    """Return a message, inside a write. Raises MessageUnknown."""
    condition, whose = scope(account, OF_CONVERSATION)
    row = connection.execute(query + condition, (storable(id), *whose)).fetchone()
    if row is None:
        raise MessageUnknown(message=id)
    return rows.message(row)


def read_ended(connection: sqlite3.Connection, id: str, account: str | None) -> Message:
    """Return a message that nobody streams into, inside a write. Raises MessageUnknown and MessageStreaming."""
    message = read(connection, id, account)
    if message.status is MessageStatus.STREAMING:
        raise MessageStreaming
    return message


def above(id: str | None, trashed: Mapping[str, str | None]) -> str | None:
    """Return the message itself, or the nearest one above it that is not in the trash."""
    while id is not None and id in trashed:
        id = trashed[id]
    return id


def _mark(connection: sqlite3.Connection, message: Message, deleted_at: float | None) -> None:
    query = "UPDATE messages SET deleted_at = ?, updated_at = ? WHERE id = ?"
    connection.execute(query, (deleted_at, time.time(), message.id))
    note(connection, MESSAGE, message.id)
    note(connection, CONVERSATION, message.conversation_id)


def _purge(connection: sqlite3.Connection, id: str, before: float) -> int:
    query = "SELECT conversation_id, parent_id FROM messages WHERE id = ? AND deleted_at <= ?"
    row = connection.execute(query, (id, before)).fetchone()
    if row is None:
        return 0
    conversation_id, parent_id = row
    query = "UPDATE messages SET parent_id = ? WHERE conversation_id = ? AND parent_id = ?"
    connection.execute(query, (parent_id, conversation_id, id))
    query = "UPDATE conversations SET leaf_id = ? WHERE id = ? AND leaf_id = ?"
    connection.execute(query, (parent_id, conversation_id, id))
    connection.execute("UPDATE files SET conversation_id = NULL, message_id = NULL WHERE message_id = ?", (id,))
    connection.execute("DELETE FROM messages WHERE id = ?", (id,))
    note(connection, MESSAGE, id)
    return 1

"""Messages, one by one."""

from parley.errors import MessageUnknown
from parley.messages import Message
from parley.store import interrupted, rows
from parley.store.database import Database
from parley.store.problems import damage_told


class Messages:
    """The messages of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, id: str) -> Message:
        """Return one message. Raises MessageUnknown. What a dead process left streaming is interrupted."""
        row = self._database.row(f"SELECT {rows.MESSAGE_COLUMNS} FROM messages WHERE id = ?", (id,))
        if row is None:
            raise MessageUnknown(message=id)
        dead = interrupted.dead_among(self._database, [row])
        with damage_told(self._database.path):
            return next(rows.messages([row], dead))

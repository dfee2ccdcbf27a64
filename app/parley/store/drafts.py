"""Drafts: what is written and not sent yet, for each conversation and for a new one. Nobody is told of them."""

import sqlite3
import time

from parley.errors import ConversationUnknown
from parley.store.database import Database
from parley.store.words import storable


class Drafts:
    """The drafts of a store. None stands for a new conversation. What a draft's text means is its writer's affair."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, conversation_id: str | None) -> str:
        """Return what is written there and not sent, or an empty text."""
        row = self._database.row("SELECT text FROM drafts WHERE conversation_id IS ?", (conversation_id,))
        return "" if row is None else str(row[0])

    async def put(self, conversation_id: str | None, text: str) -> None:
        """Keep what is written there; an empty text removes it. Raises ConversationUnknown."""

        def put(connection: sqlite3.Connection) -> None:
            query = "SELECT 1 FROM conversations WHERE id = ?"
            if conversation_id is not None and not connection.execute(query, (storable(conversation_id),)).fetchone():
                raise ConversationUnknown(conversation=conversation_id)
            remove(connection, conversation_id)
            if text:
                values = (conversation_id, storable(text), time.time())
                connection.execute("INSERT INTO drafts(conversation_id, text, updated_at) VALUES (?, ?, ?)", values)

        await self._database.write(put)


def remove(connection: sqlite3.Connection, conversation_id: str | None) -> None:
    """Remove a draft, inside a write."""
    connection.execute("DELETE FROM drafts WHERE conversation_id IS ?", (conversation_id,))

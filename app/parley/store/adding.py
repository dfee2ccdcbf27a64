"""New rows of conversations and messages, and what files are sent with them, inside a write."""

import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from parley.messages import Conversation, Message
from parley.store import rows
from parley.store.changes import CONVERSATION, FILE, MESSAGE, note
from parley.store.room import demand_room
from parley.store.scope import demand_there
from parley.store.words import one_line, searchable, storable


def add_message(connection: sqlite3.Connection, message: Message, writer: str | None = None) -> None:
    """Add a message, inside a write. A `writer` streams into it."""
    parts, text = (rows.parts_to_text(message.parts), "") if writer else rows.columns_of(message.parts)
    query = "SELECT max(seq) FROM messages WHERE conversation_id = ?"
    newest = connection.execute(query, (message.conversation_id,)).fetchone()[0] or 0
    values: dict[str, Any] = {
        "seq": rows.next_seq(connection, "messages", message.created_at, after=newest),
        "id": message.id,
        "conversation_id": message.conversation_id,
        "parent_id": message.parent_id,
        "role": message.role,
        "status": message.status,
        "writer": writer,
        "model": message.model,
        "parts": parts,
        "text": text,
        "usage": rows.facts_to_text(message.usage),
        "failure": rows.facts_to_text(message.failure),
        "created_at": message.created_at,
        "updated_at": time.time(),
    }
    _insert(connection, "messages", values)
    note(connection, MESSAGE, message.id)


def add_conversation(connection: sqlite3.Connection, conversation: Conversation) -> None:
    """Add a conversation without messages, inside a write. Raises AccountUnknown and DiskLow."""
    demand_there(connection, conversation.account_id)
    demand_room(connection, conversation.account_id)
    title = one_line(storable(conversation.title))
    values: dict[str, Any] = {
        "seq": rows.next_seq(connection, "conversations", conversation.created_at),
        "id": conversation.id,
        "account_id": conversation.account_id,
        "title": title,
        "text": searchable(title),
        "channel": conversation.channel,
        "model": storable(conversation.model),
        "instruction": storable(conversation.instruction),
        "parameters": rows.parameters_to_text(conversation.parameters),
        "leaf_id": conversation.leaf_id,
        "pinned": int(conversation.pinned),
        "created_at": conversation.created_at,
        "active_at": conversation.updated_at,
        "updated_at": time.time(),
    }
    _insert(connection, "conversations", values)
    note(connection, CONVERSATION, conversation.id)


def _insert(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> None:
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table}({', '.join(values)}) VALUES ({marks})", list(values.values()))


def use_files(
    connection: sqlite3.Connection, ids: Sequence[str], conversation_id: str, message_id: str, now: float
) -> None:
    """Note that files are sent with a message, inside a write. They belong to the first conversation that has them."""
    for id in ids:
        query = (
            "UPDATE files SET used_at = ?, message_id = iif(conversation_id IS NULL, ?, message_id),"
            " conversation_id = coalesce(conversation_id, ?), updated_at = ? WHERE id = ?"
        )
        connection.execute(query, (now, message_id, conversation_id, now, id))
        note(connection, FILE, id)

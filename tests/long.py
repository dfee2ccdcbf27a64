"""Long conversations, kept at once: hundreds of turns by the engine would take too long."""

import sqlite3

from parley.messages import Conversation, Message, MessageStatus, Role, Text, new_id
from parley.store import Store
from parley.store.adding import add_conversation, add_message


async def keep_long(store: Store, count: int, title: str = "Long") -> tuple[Conversation, list[str]]:
    """Keep a conversation in which two take turns; return it, and the ids of its messages."""
    ids = [new_id() for _ in range(count)]
    conversation = Conversation(new_id(), title, 1000.0, 1000.0, leaf_id=ids[-1], model="")

    def fill(connection: sqlite3.Connection) -> None:
        add_conversation(connection, conversation)
        for number, id in enumerate(ids):
            role = Role.ASSISTANT if number % 2 else Role.USER
            parent = ids[number - 1] if number else None
            parts, time = (Text(f"text {number}"),), 1000.0 + number
            add_message(connection, Message(id, conversation.id, parent, role, parts, MessageStatus.COMPLETE, time))

    await store.write(fill)
    return store.conversations.get(conversation.id), ids

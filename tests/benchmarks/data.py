"""A data directory that has been in use for years: many conversations, the latest of them very long."""

import asyncio
import random
import shutil
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from parley.messages import Conversation, Message, MessageStatus, Role, Text, new_id
from parley.options import ProviderRow
from parley.paths import Paths
from parley.settings import Settings
from parley.store import Store
from parley.store.adding import add_conversation, add_message
from tests.benchmarks import transcript

YEARS = 2 * 365 * 86_400.0
SHORT = 4
"""Messages of the other conversations."""


@dataclass(frozen=True, slots=True)
class Data:
    """The directory and what is in it. `long_id` is the latest conversation, `short_id` the one before."""

    folder: Path
    conversations: int
    messages: int
    long_id: str
    short_id: str

    def copy(self, folder: Path, server: str = "") -> "Data":
        """Copy it, for a session that writes; `server` is the model server to ask there."""
        shutil.copytree(self.folder, folder)
        if server:
            row = ProviderRow("bench", server)
            Settings(Paths(folder).settings).update(providers=(row,), default_model="bench/words", discover=False)
        return Data(folder, self.conversations, self.messages, self.long_id, self.short_id)


def build(folder: Path, conversations: int, messages: int) -> Data:
    """Fill a new data directory."""
    return asyncio.run(_build(folder, conversations, messages))


async def _build(folder: Path, conversations: int, messages: int) -> Data:
    now = time.time() - 3600.0
    texts = [message.text for message in transcript.conversation(messages)]
    dice = random.Random(7)
    ids = [new_id() for _ in range(conversations)]
    last = conversations - 1

    def fill(connection: sqlite3.Connection) -> None:
        for number, id in enumerate(ids):
            at = now - YEARS * (last - number) / conversations
            if number == last:
                said = texts
            else:
                start = dice.randrange(max(1, messages - SHORT)) & ~1
                said = texts[start : start + SHORT]
            title = " ".join(dice.choices(transcript.WORDS, k=dice.randint(3, 8))).capitalize()
            keep(connection, Conversation(id, title, at - len(said), at, pinned=number % 2000 == 1), said)

    store = Store.open(folder)
    await store.write(fill)
    await store.close()
    return Data(folder, conversations, messages, ids[-1], ids[-2] if conversations > 1 else ids[-1])


def keep(connection: sqlite3.Connection, conversation: Conversation, said: list[str]) -> None:
    """Add a conversation in which a person and a model take turns, a message a second."""
    names = [new_id() for _ in said]
    made = Conversation(
        conversation.id,
        conversation.title,
        conversation.created_at,
        conversation.updated_at,
        leaf_id=names[-1],
        pinned=conversation.pinned,
    )
    add_conversation(connection, made)
    for number, (name, text) in enumerate(zip(names, said, strict=True)):
        role = Role.ASSISTANT if number % 2 else Role.USER
        parent = names[number - 1] if number else None
        at = conversation.created_at + number
        message = Message(name, conversation.id, parent, role, (Text(text),), MessageStatus.COMPLETE, at)
        add_message(connection, message)

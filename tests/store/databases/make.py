"""Make the database of the latest step, when it is released: python -m tests.store.databases.make.

It holds a conversation with a branch, a failed and an unfinished reply, one in the trash, a message in the trash,
a reply that was cut off, drafts, text of many kinds, another account with a token and a login,
an assistant, a folder and an archive, a file, preferences
and an idempotency key.
"""

import asyncio
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

from parley.messages import Failure, MessageStatus, Mood, Reasoning, Text, Usage
from parley.models import Parameters
from parley.people import Permissions
from parley.store import Store
from parley.store.idempotency import Answer, Claim
from parley.store.steps import STEPS

FOLDER = Path(__file__).parent


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def fill(directory: Path) -> Path:
    """Fill a new store; return its file."""
    store = Store.open(directory)
    turns = store.turns
    guide = await store.assistants.add("Travel guide", instruction="Know the way.", model="a/b", tools=["web"])
    trip, question, reply = await turns.begin(
        conversation_id=None,
        title="Trip to Lisbon",
        parts=[Text("Where to eat?")],
        model="a/b",
        instruction="Be brief.",
        parameters=Parameters(temperature=0.5, stop=("END",)),
        assistant_id=guide.id,
        mood=Mood.FRIENDLY,
    )
    usage = Usage(12, 34, 0.5, 2.0)
    await turns.finish(reply.id, [Reasoning("hm", 1.5), Text("**Everywhere.**")], MessageStatus.COMPLETE, usage)
    again = await turns.begin_reply(parent_id=question.id, model="c/d")
    failure = Failure("rate_limited", "Wait a little.", "429")
    await turns.finish(again.id, [Text("Well")], MessageStatus.FAILED, failure=failure)
    await store.conversations.pin(trip.id, True)
    _, _, half = await turns.begin(conversation_id=None, title="北京 👋", parts=[Text("你好吗? שלום")], model="a/b")
    await turns.save(half.id, [Text("half an answer")])
    _, odd, cut = await turns.begin(conversation_id=trip.id, title="", parts=[Text("and now?")], model="a/b")
    await turns.finish(cut.id, [Text("cut o")], MessageStatus.COMPLETE, Usage(reason="length"))
    await store.messages.trash(odd.id, cut.id)
    await store.conversations.show_leaf(trip.id, again.id)
    folder = await store.folders.add("Travels")
    await store.conversations.set_folder(trip.id, folder.id)
    shelved = await store.conversations.add("Shelved", channel="api")
    await store.conversations.set_archived(shelved.id, True)
    async with store.files.receive(_chunks(b"Day 1: Belem\n")) as incoming:
        await store.files.add(incoming, "plan.txt", "text/plain", conversation_id=trip.id, message_id=question.id)
    await store.drafts.put(trip.id, "written and not sent")
    await store.drafts.put(None, "not sent either")
    old, _, gone = await turns.begin(conversation_id=None, title="old", parts=[Text("away")], model="a/b")
    await turns.finish(gone.id, [Text("gone")], MessageStatus.STOPPED)
    await store.conversations.trash(old.id)
    guest = await store.accounts.add("anna@example.org", "Anna", tags=["family"], password="a hash")
    await store.accounts.change(guest.id, permissions=Permissions(frozenset({"a"}), tokens_a_month=500))
    await store.tokens.add(guest.id, "phone", bytes(range(32)))
    await store.tokens.add(guest.id, "laptop", bytes(range(32, 64)), password="a hash")
    await store.preferences.change(guest.id, model="a/b", mood="friendly")
    await store.idempotency.finish(Claim(guest.id, "key", b"print"), Answer(201, "application/json", b"{}"))
    await store.write(
        lambda connection: connection.execute("UPDATE messages SET writer = 'gone.lock' WHERE writer IS NOT NULL")
    )
    await store.close()
    return store.path


def main() -> None:
    """Write step_<number>.db beside this file."""
    target = FOLDER / f"step_{STEPS[-1].__name__[1:4]}.db"
    with tempfile.TemporaryDirectory() as folder:
        path = asyncio.run(fill(Path(folder)))
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("VACUUM")
        shutil.copy(path, target)


if __name__ == "__main__":
    main()

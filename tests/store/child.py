"""Another Parley on the same data: run by the tests as a process of its own.

    python -m tests.store.child COMMAND DIRECTORY [NUMBER]

It prints a line of JSON for every step, and goes on when a line comes in, so tests need not sleep.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from parley.errors import StoreError
from parley.messages import MessageStatus, Text, new_id
from parley.store import Change, Store
from parley.store.directory import network_kind


def say(**facts: object) -> None:
    """Print a line of facts."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


async def hear() -> str:
    """Wait for a line."""
    return await asyncio.to_thread(sys.stdin.readline)


async def stream(directory: Path, _number: int) -> None:
    """Save an ever longer answer, until killed."""
    store = Store.open(directory)
    conversation, _, reply = await store.turns.begin(
        conversation_id=None, title="stream", parts=[Text("the question")], model="a/b"
    )
    await store.turns.save(reply.id, [Text("word 0")])
    say(conversation=conversation.id, reply=reply.id)
    text, number = "word 0", 0
    while True:
        number += 1
        text += f" word {number}"
        await store.turns.save(reply.id, [Text(text)])
        say(saved=number)


async def hold(directory: Path, _number: int) -> None:
    """Begin an answer and keep it open until a line comes in; then finish in good order."""
    store = Store.open(directory)
    conversation, _, reply = await store.turns.begin(
        conversation_id=None, title="hold", parts=[Text("the question")], model="a/b"
    )
    await store.turns.save(reply.id, [Text("half an ")])
    say(conversation=conversation.id, reply=reply.id)
    await hear()
    await store.close()


async def resume(directory: Path, _number: int) -> None:
    """Go on with a reply that had ended, until killed."""
    store = Store.open(directory)
    conversation, _, reply = await store.turns.begin(
        conversation_id=None, title="resume", parts=[Text("the question")], model="a/b"
    )
    await store.turns.finish(reply.id, [Text("half an aardvark")], MessageStatus.STOPPED)
    await store.turns.resume(reply.id)
    say(conversation=conversation.id, reply=reply.id)
    await hear()


async def draft(directory: Path, _number: int) -> None:
    """Keep drafts and send one of them, until killed."""
    store = Store.open(directory)
    conversation, *_ = await store.turns.begin(
        conversation_id=None, title="draft", parts=[Text("sent")], model="a/b", from_draft=True
    )
    await store.drafts.put(None, "a thought")
    say(conversation=conversation.id)
    await hear()


async def write(directory: Path, number: int) -> None:
    """Write so many turns, after a line has come in."""
    store = Store.open(directory)
    say(ready=True)
    await hear()
    for turn in range(number):
        conversation, *_ = await store.turns.begin(
            conversation_id=None, title=f"child {turn}", parts=[Text("hello")], model="a/b"
        )
        say(conversation=conversation.id)
    await store.close()


async def watch(directory: Path, number: int) -> None:
    """Print what others change, so many times."""
    store = Store.open(directory)
    seen = asyncio.Queue[Change]()
    store.subscribe(seen.put_nowait)
    store.start_watching()
    say(ready=True)
    for _ in range(number):
        change = await seen.get()
        say(noun=change.noun, id=change.id)
    await store.close()


async def full(directory: Path, number: int) -> None:
    """Write in a process that may not make files larger than so many bytes; then be allowed to again."""
    import resource

    store = Store.open(directory)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    conversation, *_ = await store.turns.begin(conversation_id=None, title="", parts=[Text("kept")], model="a/b")
    resource.setrlimit(resource.RLIMIT_FSIZE, (number, limits[1]))
    try:
        await store.turns.begin(conversation_id=conversation.id, title="", parts=[Text("x" * number)], model="a/b")
    except StoreError as error:
        say(code=error.code)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    await store.turns.begin(conversation_id=conversation.id, title="", parts=[Text("kept too")], model="a/b")
    say(messages=[message.text for message in store.conversations.tree(conversation.id).messages])
    await store.close()


async def refuse(directory: Path, number: int) -> None:
    """Say why the store cannot be opened, as the user of that number: the superuser may do everything."""
    network_kind(directory.absolute())
    directory.absolute().as_uri()  # these two import what the other user may not read
    if number:
        os.setgroups([])
        os.setgid(number)
        os.setuid(number)
    try:
        store = Store.open(directory)
    except StoreError as error:
        say(code=error.code, sentence=str(error))
    else:
        await store.close()
        say(code="")


async def tokens(directory: Path, number: int) -> None:
    """Say whether a token is good, and again after a line has come in."""
    store = Store.open(directory)
    say(good=store.tokens.find(number) is not None)
    await hear()
    say(good=store.tokens.find(number) is not None)
    await store.close()


async def accounts(directory: Path, _number: int) -> None:
    """Add accounts with a token, two by two, and remove one of them each time, until killed."""
    store = Store.open(directory)
    while True:
        kept, removed = [(await store.accounts.add(f"{new_id()}@example.org", "")).id for _ in range(2)]
        for account in (kept, removed):
            await store.tokens.add(account, "kept", bytes(32))
        await store.accounts.remove(removed)
        say(added=kept, removed=removed)


COMMANDS: dict[str, Callable[[Path, int], Awaitable[None]]] = {
    command.__name__: command for command in (stream, hold, resume, draft, write, watch, full, refuse, tokens, accounts)
}


async def main() -> None:
    """Run one command."""
    command, directory, *number = sys.argv[1:]
    await COMMANDS[command](Path(directory), int(number[0]) if number else 0)


if __name__ == "__main__":
    asyncio.run(main())

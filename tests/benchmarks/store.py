"""How fast the store is. Prints JSON; times are milliseconds.

    python -m tests.benchmarks.store [--messages 1000000]

The words are English as Python's own manual has it, so that they begin, repeat and belong together as words do,
with one made-up word in twelve: names and numbers make a vocabulary large.
"""

import argparse
import asyncio
import json
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

from parley.messages import Conversation, Message, MessageStatus, Role, Text, new_id
from parley.store import Spot, Store, rows
from parley.store.adding import add_conversation, add_message

ENGLISH = re.findall(r"[a-z]+", " ".join(topics.values()).lower())
FREQUENT = [word for word, _ in Counter(ENGLISH).most_common()]
LETTERS = "etaoinshrdlucmfwypvbgk"
MESSAGE_WORDS = 44
PER_CONVERSATION = 10
START = 1_600_000_000


def pool(dice: random.Random) -> list[str]:
    """Return words to draw from, each as often as it occurs."""
    made_up = ["".join(dice.choices(LETTERS, k=dice.randint(4, 11))) for _ in range(len(ENGLISH) // 12)]
    return ENGLISH + made_up


def milliseconds(times: Sequence[float]) -> dict[str, float]:
    """Return the middle, the 95th of a hundred, and the largest."""
    ordered = sorted(times)
    figures = (statistics.median(ordered), ordered[int(len(ordered) * 0.95)], ordered[-1])
    return dict(zip(("p50", "p95", "max"), (round(figure * 1000, 3) for figure in figures), strict=True))


def timed(function: Callable[[], Any], times: int) -> dict[str, float]:
    """Call a function so many times."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return milliseconds(taken)


async def timed_each(calls: Sequence[Callable[[], Awaitable[Any]]]) -> dict[str, float]:
    """Await each call."""
    taken = []
    for call in calls:
        start = time.perf_counter()
        await call()
        taken.append(time.perf_counter() - start)
    return milliseconds(taken)


async def writes(store: Store) -> dict[str, Any]:
    """A turn as it is kept: begin, save once a second, finish."""
    text = " ".join(ENGLISH[:300])
    begun = [
        await store.turns.begin(conversation_id=None, title=f"turn {number}", parts=[Text(text)], model="a/b")
        for number in range(100)
    ]
    conversation = begun[0][0]
    return {
        "begin": await timed_each(
            [
                lambda: store.turns.begin(conversation_id=conversation.id, title="", parts=[Text(text)], model="a/b")
                for _ in range(200)
            ]
        ),
        "save": await timed_each(
            [lambda id=reply.id: store.turns.save(id, [Text(text)]) for *_, reply in begun]  # type: ignore[misc]
        ),
        "finish": await timed_each(
            [
                lambda id=reply.id: store.turns.finish(id, [Text(text)], MessageStatus.COMPLETE)  # type: ignore[misc]
                for *_, reply in begun
            ]
        ),
    }


async def large_tree(store: Store) -> dict[str, Any]:
    """A conversation of 10,000 messages, read whole on the loop."""
    conversation, *_ = await store.turns.begin(conversation_id=None, title="long", parts=[Text("one")], model="a/b")

    def fill(connection: sqlite3.Connection) -> None:
        parent = None
        for number in range(10_000):
            role = Role.ASSISTANT if number % 2 else Role.USER
            text = " ".join(ENGLISH[number : number + MESSAGE_WORDS * 2])
            message = Message(
                new_id(), conversation.id, parent, role, (Text(text),), MessageStatus.COMPLETE, time.time(), "a/b"
            )
            add_message(connection, message)
            parent = message.id

    start = time.perf_counter()
    await store.write(fill)
    return {
        "fill": round((time.perf_counter() - start) * 1000),
        "tree": timed(lambda: store.conversations.tree(conversation.id), 20),
        "page_with_it": timed(lambda: store.conversations.page(limit=100), 50),
    }


async def many_conversations(store: Store) -> dict[str, Any]:
    """The list of 10,000 conversations, of which each tenth was begun from the network."""

    def fill(connection: sqlite3.Connection) -> None:
        for number in range(10_000):
            at = START + number * 60.0
            channel = "desktop" if number % 10 else "api"
            made = Conversation(new_id(), f"conversation {number}", at, at, channel=channel, pinned=number % 500 == 0)
            add_conversation(connection, made)
            for turn in range(4):
                role = Role.ASSISTANT if turn % 2 else Role.USER
                text = (Text("hello"),)
                add_message(connection, Message(new_id(), made.id, None, role, text, MessageStatus.COMPLETE, at))

    await store.write(fill)
    page = store.shelves.page(limit=5000)
    middle = Spot.of(page[-1])
    return {
        "first_page": timed(lambda: store.shelves.page(limit=100), 200),
        "first_page_folded": timed(lambda: store.shelves.page(limit=100, folded=True), 200),
        "page_behind_5000": timed(lambda: store.shelves.page(limit=100, after=middle), 200),
        "latest": timed(store.conversations.latest, 200),
    }


COLUMNS = (
    "seq, id, conversation_id, parent_id, role, status, writer, model, usage, failure,"
    " created_at, updated_at, parts, text"
)
"""Those that are filled, in the order of `messages`; what later steps of the schema add has a default."""


def messages(count: int) -> Iterator[tuple[Any, ...]]:
    """Yield rows of the table of messages."""
    dice = random.Random(1)
    words = pool(dice)
    for number in range(count):
        text = " ".join(dice.choices(words, k=MESSAGE_WORDS))
        at = START + number * 10
        role = "assistant" if number % 2 else "user"
        parts = rows.parts_to_text([Text(text)])
        conversation = f"c{number // PER_CONVERSATION}"
        yield (at << 10, f"m{number}", conversation, None, role, "complete", None, "", None, None, at, at, parts, text)


def conversation_row(number: int) -> tuple[Any, ...]:
    """Return a row of the table of conversations."""
    at = START + number * 10 * PER_CONVERSATION
    title = f"{FREQUENT[number % 3000]} {number}"
    return (at << 10, f"c{number}", title, title, at, at, at)


def fill_quickly(path: Path, count: int) -> None:
    """Fill a store's file with messages, the index at the end."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000")
    trigger = connection.execute("SELECT sql FROM sqlite_schema WHERE name = 'message_added'").fetchone()[0]
    connection.execute("BEGIN")
    connection.execute("DROP TRIGGER message_added")
    connection.executemany(
        "INSERT INTO conversations(seq, id, account_id, title, text, channel, model, instruction, pinned, created_at,"
        " active_at, updated_at) VALUES (?, ?, 'owner', ?, ?, 'desktop', '', '', 0, ?, ?, ?)",
        map(conversation_row, range(count // PER_CONVERSATION)),
    )
    connection.executemany(f"INSERT INTO messages({COLUMNS}) VALUES ({', '.join('?' * 14)})", messages(count))
    connection.execute("INSERT INTO message_words(message_words) VALUES ('rebuild')")
    connection.execute(trigger)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def starts(letters: int, first: int, last: int) -> list[str]:
    """Return beginnings of words, of the frequency given by their rank."""
    return list(dict.fromkeys(word[:letters] for word in FREQUENT[first:last] if len(word) > letters))[:40]


async def searches(count: int) -> dict[str, Any]:
    """Searching a million messages."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        store = Store.open(directory)
        await store.close()
        start = time.perf_counter()
        fill_quickly(store.path, count)
        found: dict[str, Any] = {
            "messages": count,
            "built_seconds": round(time.perf_counter() - start),
            "file_mb": round(store.path.stat().st_size / 1e6),
        }
        found["open"] = await opened(directory)
        store = Store.open(directory)
        kinds = {
            **{f"{letters}_letters_common": starts(letters, 10, 300) for letters in range(3, 10)},
            **{f"{letters}_letters_rarer": starts(letters, 600, 1500) for letters in range(3, 10)},
            "whole_word_common": [word + " " for word in FREQUENT[:40]],
            "whole_word_rarer": [word + " " for word in FREQUENT[600:640]],
            "word_and_beginning": [f"{FREQUENT[50 + n]} {FREQUENT[300 + n][:3]}" for n in range(40)],
            "titles_1_letter": list("abcdefghijklmnoprst"),
            "titles_2_letters": starts(2, 0, 300),
        }
        await store.search("warm up")
        for kind, questions in kinds.items():
            found[kind] = await timed_each([lambda words=words: store.search(words) for words in questions])  # type: ignore[misc]
        found["best_match_rarer"] = await timed_each(
            [lambda words=words: store.search(words, order="best") for words in kinds["whole_word_rarer"]]  # type: ignore[misc]
        )
        await store.close()
        return found


async def opened(directory: Path) -> dict[str, float]:
    """Open a store again and again."""
    taken = []
    for _ in range(20):
        start = time.perf_counter()
        store = Store.open(directory)
        taken.append(time.perf_counter() - start)
        await store.close()
    return milliseconds(taken)


async def run(count: int) -> dict[str, Any]:
    """Run everything."""
    figures: dict[str, Any] = {"python": sys.version.split()[0], "sqlite": sqlite3.sqlite_version}
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        store = Store.open(Path(folder) / "new")
        figures["open_new"] = round((time.perf_counter() - start) * 1000, 1)
        figures["writes"] = await writes(store)
        figures["large_tree"] = await large_tree(store)
        figures["many_conversations"] = await many_conversations(store)
        await store.close()
        figures["open"] = await opened(Path(folder) / "new")
    figures["search"] = await searches(count)
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    print(json.dumps(asyncio.run(run(parser.parse_args().messages)), indent=2))


if __name__ == "__main__":
    main()

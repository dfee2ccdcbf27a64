"""Search in very many messages, as typed by a person; the data and the words are those of `store`."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from parley.store import Store
from tests.benchmarks.store import FREQUENT, fill_quickly, starts

SCAN = "SELECT id FROM messages WHERE text LIKE ? ORDER BY seq DESC LIMIT 50"


def questions() -> Mapping[str, Sequence[str]]:
    """Return what people type: beginnings of words while they write, words, and several of them."""
    beginnings = [word for letters in range(3, 10) for word in (*starts(letters, 10, 300), *starts(letters, 600, 1500))]
    return {
        "beginnings of words": beginnings,
        "whole words": [f"{word} " for word in (*FREQUENT[:40], *FREQUENT[600:640])],
        "two words": [f"{FREQUENT[50 + n]} {FREQUENT[300 + n][:3]}" for n in range(40)],
        "one or two letters": [*"abcdefghijklmnoprst", *starts(2, 0, 300)],
    }


def measure(count: int, scans: int) -> dict[str, list[float]]:
    """Return the seconds of every search, by kind, and those of reading everything (`scan`)."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder), count, scans))


async def _measure(folder: Path, count: int, scans: int) -> dict[str, list[float]]:
    store = Store.open(folder)
    await store.close()
    fill_quickly(store.path, count)
    found = {"scan": _scan(store.path, scans)}
    store = Store.open(folder)
    await store.search("warm up")
    for kind, words in questions().items():
        found[kind] = []
        for each in words:
            began = time.perf_counter()
            await store.search(each)
            found[kind].append(time.perf_counter() - began)
    await store.close()
    return found


def _scan(path: Path, times: int) -> list[float]:
    """Search as without an index: read it all. Rare words, or the newest rows would do."""
    taken = []
    with closing(sqlite3.connect(path)) as connection:
        for word in FREQUENT[-times:]:
            began = time.perf_counter()
            connection.execute(SCAN, (f"%{word}{word}%",)).fetchall()
            taken.append(time.perf_counter() - began)
    return taken

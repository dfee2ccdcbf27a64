"""Search over all messages and titles: on connections of its own, in threads, given up when nobody waits for it."""

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from parley.messages import OWNER, Role
from parley.store.directory import connect
from parley.store.problems import told
from parley.store.snippets import MARKED_BY_SQLITE, MARKS, snippet
from parley.store.steps import PREFIXES
from parley.store.words import Query, queries, quoted, searches_messages

Order = Literal["newest", "best"]

_THREADS = 2
_TITLES_AMONG_MESSAGES = 5
_MOST_ENDINGS = 50

_VOCABULARY = "CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, message_words, instance)"
_MARKED = f"highlight({{}}, 0, '{MARKS[0]}', '{MARKS[1]}')"
_MESSAGES = f"""
SELECT m.conversation_id, m.id, c.title,
  CASE WHEN length(m.text) > {MARKED_BY_SQLITE} THEN m.text ELSE {_MARKED.format("message_words")} END,
  m.created_at, m.role
FROM message_words JOIN messages m ON m.seq = message_words.rowid JOIN conversations c ON c.id = m.conversation_id
WHERE message_words MATCH ? AND c.account_id = ? AND c.deleted_at IS NULL AND m.deleted_at IS NULL
ORDER BY {{}} LIMIT ?
"""
_MESSAGE_ORDERS = {"newest": "message_words.rowid DESC", "best": "message_words.rank"}
_TITLES = f"""
SELECT c.id, NULL, c.title, {_MARKED.format("title_words")}, c.created_at, NULL
FROM title_words JOIN conversations c ON c.seq = title_words.rowid
WHERE title_words MATCH ? AND c.account_id = ? AND c.deleted_at IS NULL
ORDER BY {{}} LIMIT ?
"""
_TITLE_ORDERS = {"newest": "title_words.rowid DESC", "best": "title_words.rank"}


@dataclass(frozen=True, slots=True)
class Hit:
    """A message in which words were found; without `message_id`, a conversation by its title.

    `marks` are the places of the words in `snippet`, as (start, end).
    """

    conversation_id: str
    message_id: str | None
    title: str
    snippet: str
    marks: tuple[tuple[int, int], ...]
    created_at: float
    role: Role | None


class Search:
    """Searches one store's file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._pool: ThreadPoolExecutor | None = None

    async def __call__(
        self, words: str, *, limit: int = 50, account: str = OWNER, order: Order = "newest"
    ) -> list[Hit]:
        """Return what the words are found in. One or two letters are looked for in titles only.

        Cancelling stops the search itself. Raises StoreError.
        """
        import asyncio

        if not queries(words):
            return []
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=_THREADS, thread_name_prefix="store-search")
        with told(self._path):
            connection = self._idle.pop() if self._idle else connect(self._path, "ro", _VOCABULARY)
        future = self._pool.submit(self._search, connection, words, limit, account, order)
        future.add_done_callback(lambda _: self._idle.append(connection))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if not future.done():
                connection.interrupt()
            raise

    def close(self) -> None:
        """Wait for the searches under way and close the connections."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        while self._idle:
            self._idle.pop().close()

    def _search(self, connection: sqlite3.Connection, words: str, limit: int, account: str, order: Order) -> list[Hit]:
        messages = searches_messages(words)
        hits: list[Hit] = []
        with told(self._path):
            for query in queries(words):
                values = (str(query), account, limit)
                hits = _run(connection, _TITLES.format(_TITLE_ORDERS[order]), values, query)
                if messages:
                    values = (_with_endings(connection, query), account, limit)
                    found = _run(connection, _MESSAGES.format(_MESSAGE_ORDERS[order]), values, query)
                    hits = _together(hits, found)[:limit]
                if hits:
                    break
        return hits


def _run(connection: sqlite3.Connection, statement: str, values: tuple[str, str, int], query: Query) -> list[Hit]:
    pattern = query.index_pattern()
    return [_hit(row, pattern) for row in connection.execute(statement, values)]


def _together(titles: list[Hit], messages: list[Hit]) -> list[Hit]:
    """Put the titles first of conversations whose messages are not among the hits."""
    there = {hit.conversation_id for hit in messages}
    return [*[hit for hit in titles if hit.conversation_id not in there][:_TITLES_AMONG_MESSAGES], *messages]


def _with_endings(connection: sqlite3.Connection, query: Query) -> str:
    """Return the query with all words that its last one begins, where no index of beginnings reaches.

    The index would collect every place of all those words before it gave the first; an OR of whole words is lazy.
    """
    start = query.beginning.lower()
    if len(start) <= PREFIXES[-1] or not (start.isascii() and start.isalnum()):
        return str(query)
    found: list[str] = []
    at = start
    while True:
        row = connection.execute("SELECT term FROM temp.words WHERE term >= ? LIMIT 1", (at,)).fetchone()
        if row is None or not row[0].startswith(start):
            break
        found.append(row[0])
        if len(found) > _MOST_ENDINGS:
            return str(query)
        at = row[0] + "\0"
    endings = " OR ".join(map(quoted, found)) or quoted(start)
    return query.expression(f"({endings})")


def _hit(row: tuple[Any, ...], pattern: re.Pattern[str]) -> Hit:
    conversation_id, message_id, title, marked, created_at, role = row
    text, marks = snippet(marked, pattern)
    return Hit(conversation_id, message_id, title, text, marks, created_at, Role(role) if role else None)

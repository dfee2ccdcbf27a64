"""Search in the user's manual: the Markdown pages that ship, cut at their headings."""

import re
import sqlite3
import threading
import unicodedata
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from parley.store.words import searchable

_HEADING = re.compile(r"(#{1,2})\s+(.+?)\s*#*")
_FENCE = re.compile(r"\s*(```|~~~)")
_WORD = re.compile(r"\w+")
_STOP_WORDS = """
a about after all also am an and any are as at be because been before but by can could did do does for from get
had has have hello hey hi how i if in into is it its just like me my need no not of on one or our out please
should so some tell than thank thanks that the their them then there these they this to too us use want was way
we were what when where which who why will with would you your
"""
_MOST_WORDS = 40
_TITLE_WEIGHT, _TEXT_WEIGHT = 5.0, 1.0


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of the manual under one heading. The higher the score, the better it fits."""

    page: str
    title: str
    anchor: str
    text: str
    score: float = 0.0


class ManualIndex:
    """The sections of the pages in a folder, indexed in memory at the first search."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def search(self, question: str, limit: int = 5) -> list[Section]:
        """Return the sections that answer a question best, best first. Any of its words counts. Thread-safe."""
        words = _query_words(question)
        if not words:
            return []
        query = (
            f"SELECT page, heading, anchor, body, bm25(sections, {_TITLE_WEIGHT}, {_TEXT_WEIGHT}) FROM sections"
            " WHERE sections MATCH ? ORDER BY 5, sections.rowid LIMIT ?"
        )
        with self._lock:
            rows = self._index().execute(query, (" OR ".join(words), limit)).fetchall()
        return [Section(page, title, anchor, text, -score) for page, title, anchor, text, score in rows]

    def sections(self) -> list[Section]:
        """Return all sections, in the order of the pages' names."""
        return [section for path in sorted(self._folder.glob("*.md")) for section in read_sections(path)]

    def _index(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            connection.execute(
                "CREATE VIRTUAL TABLE sections USING fts5(title, text, page UNINDEXED, heading UNINDEXED,"
                " anchor UNINDEXED, body UNINDEXED, tokenize = 'porter unicode61 remove_diacritics 2')"
            )
            connection.executemany(
                "INSERT INTO sections VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (searchable(found.title), searchable(found.text), found.page, found.title, found.anchor, found.text)
                    for found in self.sections()
                ],
            )
            self._connection = connection
            weakref.finalize(self, connection.close)
        return self._connection


def read_sections(path: Path) -> Iterator[Section]:
    """Yield the sections of a page: one for each heading of the first or second level that has text under it."""
    title, lines, fenced = path.stem, list[str](), False
    for line in path.read_text(encoding="utf-8").splitlines():
        fenced ^= bool(_FENCE.match(line))
        heading = None if fenced else _HEADING.fullmatch(line)
        if heading is None:
            lines.append(line)
            continue
        yield from _section(path.stem, title, lines)
        title, lines = heading[2], []
    yield from _section(path.stem, title, lines)


def _section(page: str, title: str, lines: list[str]) -> Iterator[Section]:
    text = "\n".join(lines).strip()
    if text:
        yield Section(page, title, anchor(title), text)


def anchor(title: str) -> str:
    """Return the name under which a heading can be linked to, as Markdown viewers make it."""
    kept = re.sub(r"[^\w\- ]", "", unicodedata.normalize("NFC", title).lower())
    return kept.strip().replace(" ", "-")


def _query_words(question: str) -> list[str]:
    """Return the words of a question that say something, as terms of a query; all of them if none does."""
    words = list(dict.fromkeys(_WORD.findall(searchable(question).lower())))[:_MOST_WORDS]
    stop_words = frozenset(_STOP_WORDS.split())
    telling = [word for word in words if word not in stop_words] or words
    return [f'"{word}"' for word in telling]

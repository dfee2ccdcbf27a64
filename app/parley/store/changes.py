"""News of what changed: told on the event loop's thread after the commit, other processes' too.

Every write leaves rows in `changes`. `PRAGMA data_version`, looked at four times a second, tells
whether any connection but ours has committed; the rows tell what.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import asyncio

logger = logging.getLogger(__name__)

CONVERSATION = "conversation"
MESSAGE = "message"
SPENDING = "spending"
ACCOUNT = "account"
TOKEN = "token"
ASSISTANT = "assistant"
FOLDER = "folder"
FILE = "file"
EVERYTHING = "everything"
"""More has changed than could be kept: read again what is on screen."""

LOOK_SECONDS = 0.25
_KEPT = 10_000
_TRIM_EVERY = 256


class Change(NamedTuple):
    """Something is new, different or gone: its noun, such as `conversation` or `spending`, and its id or day."""

    noun: str
    id: str = ""


Observer = Callable[[Change], None]


def note(connection: sqlite3.Connection, noun: str, *ids: str) -> None:
    """Leave the news in the transaction that makes it."""
    connection.executemany("INSERT INTO changes(noun, id) VALUES (?, ?)", [(noun, id) for id in ids])


def last_seq(connection: sqlite3.Connection) -> int:
    """Return the number of the latest news."""
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()[0])


class Changes:
    """Collects what was written, here and elsewhere, and tells the observers."""

    def __init__(self, reader: sqlite3.Connection) -> None:
        self._reader = reader
        self._observers: list[Observer] = []
        self._own: set[int] = set()
        self._version = self._data_version()
        self._seen = last_seq(reader)

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Call the observer with every change from now on. Return what ends that."""
        self._observers.append(observer)

        def unsubscribe() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return unsubscribe

    def tell(self, changes: Iterable[Change]) -> None:
        """Call the observers, in the order of their subscription. One that fails does not keep the news from others."""
        for change in dict.fromkeys(changes):
            for observer in tuple(self._observers):
                try:
                    observer(change)
                except Exception:
                    logger.exception("an observer of the store failed on %s", change)

    def look(self) -> None:
        """Tell what other processes have committed since the last look."""
        version = self._data_version()
        if version == self._version:
            return
        self._version = version
        rows = self._reader.execute("SELECT seq, noun, id FROM changes WHERE seq > ? ORDER BY seq", (self._seen,))
        found = rows.fetchall()
        if not found:
            return
        trimmed = found[0][0] > self._seen + 1
        self._seen = found[-1][0]
        foreign = [Change(noun, id) for seq, noun, id in found if seq not in self._own]
        self._own.difference_update([seq for seq, _, _ in found])
        self.tell([Change(EVERYTHING)] if trimmed else foreign)

    def collect(self, connection: sqlite3.Connection, before: int) -> tuple[range, list[Change]]:
        """Return the news of a transaction that is about to be committed. On the writer's thread.

        They count as told from now on: nobody can see them earlier than the commit that follows.
        """
        rows = connection.execute("SELECT seq, noun, id FROM changes WHERE seq > ? ORDER BY seq", (before,)).fetchall()
        if not rows:
            return range(0), []
        numbers = range(rows[0][0], rows[-1][0] + 1)
        self._own.update(numbers)
        if numbers.stop // _TRIM_EVERY != numbers.start // _TRIM_EVERY:
            connection.execute("DELETE FROM changes WHERE seq < ?", (numbers.stop - _KEPT,))
        return numbers, [Change(noun, id) for _, noun, id in rows]

    def forget(self, numbers: range) -> None:
        """Take back `collect`: the commit failed, and the numbers may become another process's."""
        self._own.difference_update(numbers)

    def _data_version(self) -> int:
        return int(self._reader.execute("PRAGMA data_version").fetchone()[0])


class Watch:
    """Calls something four times a second on the running loop, without a task."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start, unless it has been started."""
        import asyncio

        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._tick)

    def stop(self) -> None:
        """Stop, if it has been started."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        self._timer = None
        self.start()
        self._look()

"""The open file: one connection to read with on the loop, one to write with on a thread of its own."""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from parley.errors import StoreError
from parley.store.changes import Change, Changes, last_seq
from parley.store.directory import connect
from parley.store.locks import Writers
from parley.store.problems import told

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future, ThreadPoolExecutor

logger = logging.getLogger(__name__)

T = TypeVar("T")
Write = Callable[[sqlite3.Connection], T]
Values = Sequence[Any] | Mapping[str, Any]
_WRITER_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # each commit is on the disk before it is reported
    "PRAGMA foreign_keys = ON",
    "PRAGMA journal_size_limit = 67108864",
)
_READER_CACHE = "PRAGMA cache_size = -4096"  # KiB; the system keeps the file's pages too


class Database:
    """The connections to one file, its lock and its news. The nouns of the store work through it."""

    def __init__(self, path: Path, writers: Writers) -> None:
        self.path = path
        self.writers = writers
        with ExitStack() as opened:
            self._writer = opened.enter_context(closing(connect(path, "rw", *_WRITER_SETTINGS)))
            self._reader = opened.enter_context(closing(connect(path, "ro", _READER_CACHE)))
            self.changes = Changes(self._reader)
            opened.pop_all()

    @cached_property
    def _thread(self) -> "ThreadPoolExecutor":
        from concurrent.futures import ThreadPoolExecutor

        return ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-writer")

    def rows(self, query: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds, read on the loop's own connection. Raises StoreError."""
        with told(self.path):
            try:
                return self._reader.execute(query, values).fetchall()
            except UnicodeEncodeError:
                return []  # half a character is asked for: nothing stored holds one

    def row(self, query: str, values: Values = ()) -> tuple[Any, ...] | None:
        """Return the first row that a query finds, or None."""
        return next(iter(self.rows(query, values)), None)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads within see what one commit left, whatever others commit meanwhile. Not to be waited in.

        Raises StoreError.
        """
        with told(self.path):
            self._reader.execute("BEGIN")
            try:
                yield
            finally:
                if self._reader.in_transaction:  # some errors of the file end it by themselves
                    self._reader.execute("ROLLBACK")

    async def write(self, function: Write[T]) -> T:
        """Run a function in a transaction on the writer's thread; tell the news when it is committed.

        What it raises reaches the caller, and nothing is written then. It is carried out even if the caller is
        cancelled; what it raises is logged then.
        """
        import asyncio

        loop = asyncio.get_running_loop()
        future = self._submit(function)
        future.add_done_callback(lambda done: self._tell(loop, done))
        done = asyncio.wrap_future(future)
        try:
            result, _ = await asyncio.shield(done)
        except asyncio.CancelledError:
            done.add_done_callback(_log_failure)
            raise
        return result

    def write_later(self, function: Write[Any]) -> None:
        """Run a function like `write`, without waiting. What it raises is logged.

        Where no loop runs yet its news are told like those of other processes, with the next look.
        """
        loop = _running_loop()
        future = self._submit(function, ours=loop is not None)
        future.add_done_callback(_log_failure)
        if loop is not None:
            future.add_done_callback(lambda done: self._tell(loop, done))

    def write_now(self, function: Write[T]) -> T:
        """Run a function like `write` and block meanwhile: only while opening."""
        return self._submit(function).result()[0]

    async def finish_writes(self) -> None:
        """Wait for the writes under way."""
        import asyncio

        await asyncio.wrap_future(self._thread.submit(lambda: None))

    def look(self) -> None:
        """Tell what other processes have committed. Raises StoreError."""
        with told(self.path):
            self.changes.look()

    async def close(self) -> None:
        """Wait for the writes under way, close the connections and give up the lock."""
        import asyncio

        await asyncio.to_thread(self._thread.shutdown)
        self.close_now()

    def close_now(self) -> None:
        """Close like `close` and block meanwhile."""
        self._thread.shutdown()
        self._reader.close()
        self._writer.close()  # the last one to go clears the write-ahead log away
        self.writers.leave()

    def _submit(self, function: Write[T], *, ours: bool = True) -> "Future[tuple[T, list[Change]]]":
        return self._thread.submit(self._transact, function, ours=ours)

    def _transact(self, function: Write[T], *, ours: bool) -> tuple[T, list[Change]]:
        connection, numbers = self._writer, range(0)
        with told(self.path):
            try:
                connection.execute("BEGIN IMMEDIATE")
                before = last_seq(connection)
                result = function(connection)
                numbers, changes = self.changes.collect(connection, before)
                if not ours:
                    self.changes.forget(numbers)
                connection.execute("COMMIT")
            except BaseException:
                self.changes.forget(numbers)
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        return result, changes

    def _tell(self, loop: "asyncio.AbstractEventLoop", done: "Future[tuple[Any, list[Change]]]") -> None:
        if done.exception() is None:
            try:
                loop.call_soon_threadsafe(self.changes.tell, done.result()[1])
            except RuntimeError:
                logger.debug("the loop has ended before the news of a write")


def _log_failure(done: "Future[Any] | asyncio.Future[Any]") -> None:
    error = done.exception()
    if isinstance(error, StoreError):
        logger.warning("a write that nobody waits for failed: %s", error)
    elif error is not None:
        logger.error("a write that nobody waits for failed", exc_info=error)


def _running_loop() -> "asyncio.AbstractEventLoop | None":
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None

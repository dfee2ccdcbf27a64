"""Store: everything that is kept, in one file."""

import logging
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from parley.errors import StoreError
from parley.store import interrupted, opening
from parley.store.changes import Observer, Watch
from parley.store.conversations import Conversations
from parley.store.database import Database, T, Write
from parley.store.drafts import Drafts
from parley.store.messages import Messages
from parley.store.shelves import Shelves
from parley.store.spending import Spending
from parley.store.turns import Turns

if TYPE_CHECKING:
    from parley.store.accounts import Accounts
    from parley.store.assistants import Assistants
    from parley.store.check import Finding
    from parley.store.files import Files
    from parley.store.folders import Folders
    from parley.store.idempotency import Idempotency
    from parley.store.preferences import Preferences
    from parley.store.search import Search
    from parley.store.tokens import Tokens

_BETWEEN_BURIALS = 5.0
"""Seconds until the dead's unfinished replies are tried again, which fails while the disk is full."""

logger = logging.getLogger(__name__)


class Store:
    """The data of one directory, a noun at a time, and news of what changes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watch = Watch(self._look)
        self._closed = False
        self._problem = ""
        self._bury_after = 0.0
        self.path = database.path
        self.conversations = Conversations(database)
        self.shelves = Shelves(database, self.conversations)
        self.messages = Messages(database)
        self.turns = Turns(database)
        self.drafts = Drafts(database)
        self.spending = Spending(database)

    @cached_property
    def accounts(self) -> "Accounts":
        """Return the accounts: who may ask."""
        from parley.store.accounts import Accounts

        return Accounts(self._database)

    @cached_property
    def tokens(self) -> "Tokens":
        """Return the tokens of the accounts."""
        from parley.store.tokens import Tokens

        return Tokens(self._database)

    @cached_property
    def assistants(self) -> "Assistants":
        """Return the assistants."""
        from parley.store.assistants import Assistants

        return Assistants(self._database)

    @cached_property
    def folders(self) -> "Folders":
        """Return the folders of the accounts."""
        from parley.store.folders import Folders

        return Folders(self._database)

    @cached_property
    def files(self) -> "Files":
        """Return the files that were uploaded or made."""
        from parley.store.files import Files

        return Files(self._database)

    @cached_property
    def preferences(self) -> "Preferences":
        """Return what the accounts prefer."""
        from parley.store.preferences import Preferences

        return Preferences(self._database)

    @cached_property
    def idempotency(self) -> "Idempotency":
        """Return what was answered to requests that may come again."""
        from parley.store.idempotency import Idempotency

        return Idempotency(self._database)

    @cached_property
    def search(self) -> "Search":
        """Return the search over everything."""
        from parley.store.search import Search

        return Search(self.path)

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Open the store of a data directory, making it if there is none. Raises StoreError.

        Blocks: a few milliseconds, more when the schema has to be changed.
        """
        return cls(opening.open_database(directory))

    async def close(self) -> None:
        """Wait for the writes under way, mark what we leave unfinished, and close. May be called again."""
        if self._closed:
            return
        self._closed = True
        import asyncio

        self._watch.stop()
        self.spending.write_pending()
        await self._database.finish_writes()
        try:
            await interrupted.interrupt_ourselves(self._database)
        except StoreError:
            logger.exception("unfinished replies will be marked when the store is opened next")
        if "search" in vars(self):
            await asyncio.to_thread(self.search.close)
        await self._database.close()

    async def write(self, function: Write[T]) -> T:
        """Run a function in a transaction on the writer's thread. Only for the modules of the store."""
        return await self._database.write(function)

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Call the observer with every `Change`, on the loop's thread. Return what ends that.

        Our own commits are told at once, those of other processes within a quarter of a second while watching.
        """
        return self._database.changes.subscribe(observer)

    def start_watching(self) -> None:
        """Look four times a second for what other processes did. Needs a running loop."""
        self._watch.start()

    def stop_watching(self) -> None:
        """Look no more."""
        self._watch.stop()

    async def backup(self, path: Path) -> None:
        """Write a copy of everything into one file. Raises FileProblem and StoreError."""
        import asyncio

        from parley.store.backup import back_up

        await asyncio.to_thread(back_up, self.path, path)

    async def check(self) -> "list[Finding]":
        """Return what is well and what is not, for `doctor`. Takes seconds for large stores."""
        import asyncio

        from parley.store.check import check

        return await asyncio.to_thread(check, self.path)

    def _look(self) -> None:
        try:
            self._database.look()
            if time.monotonic() >= self._bury_after and interrupted.interrupt_the_dead(self._database):
                self._bury_after = time.monotonic() + _BETWEEN_BURIALS
            self._problem = ""
        except StoreError as error:
            if error.code != self._problem:  # not four times a second
                logger.exception("looking for other processes' changes failed")
            self._problem = error.code

"""News: which conversations have changed, told to those who follow them. One look at the store serves all of them."""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from parley.store import ANYONE, CONVERSATION, EVERYTHING, MESSAGE, Change

if TYPE_CHECKING:
    from parley.services import Services

SOON_SECONDS = 0.05
"""What changes within this time is told at once."""

ALL = ""
"""Stands for any conversation: more has changed than is known."""


class Follower:
    """Somebody who follows the conversations of an account, or one of them. Used in a `with` block."""

    def __init__(self, news: "News", account: str, conversation_id: str | None) -> None:
        self._news = news
        self._account = account
        self._conversation_id = conversation_id
        self._changed: dict[str, None] = {}
        self._called = asyncio.Event()

    def __enter__(self) -> Self:
        self._news.followers.add(self)
        return self

    def __exit__(self, *ending: object) -> None:
        self._news.followers.discard(self)

    async def next(self) -> list[str]:
        """Return the ids of those that have changed since the last call, once there are any; or `ALL`."""
        await self._called.wait()
        self._called.clear()
        changed, self._changed = list(self._changed), {}
        return changed

    def tell(self, owners: Iterable[tuple[str, str]], *, everything: bool) -> None:
        """Remember what concerns this one, of conversations that have changed and the accounts that they belong to."""
        wanted = self._conversation_id
        for id, account in owners:
            if account == self._account and wanted in (None, id):
                self._changed[id] = None
        if everything:
            self._changed[ALL] = None
        if self._changed:
            self._called.set()


class News:
    """What the store tells of conversations and messages, collected for a moment and handed to the followers."""

    def __init__(self, services: "Services") -> None:
        self.followers: set[Follower] = set()
        self._services = services
        self._conversations: set[str] = set()
        self._messages: set[str] = set()
        self._everything = False
        self._timer: asyncio.TimerHandle | None = None

    def follow(self, account: str, conversation_id: str | None = None) -> Follower:
        """Return who follows an account's conversations, or one of them."""
        return Follower(self, account, conversation_id)

    def notice(self, change: Change) -> None:
        """Take in a change. Replies that are being written here tell of themselves: their saving is none."""
        if not self.followers:
            return
        if change.noun == CONVERSATION:
            self._conversations.add(change.id)
        elif change.noun == MESSAGE and not self._is_coming(change.id):
            self._messages.add(change.id)
        elif change.noun == EVERYTHING:
            self._everything = True
        else:
            return
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(SOON_SECONDS, self._tell)

    def _is_coming(self, message_id: str) -> bool:
        turn = self._services.engine.turn(message_id, account=ANYONE)
        return turn is not None and not turn.ended

    def _tell(self) -> None:
        self._timer = None
        conversations, messages, everything = self._conversations, self._messages, self._everything
        self._conversations, self._messages, self._everything = set(), set(), False
        if not self.followers:  # they have gone meanwhile, perhaps with the server, and the store may be closed
            return
        owners = self._services.store.conversations.owners(conversations, messages)
        for follower in tuple(self.followers):
            follower.tell(owners, everything=everything)

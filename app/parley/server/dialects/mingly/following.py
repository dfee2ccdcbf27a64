"""Following one conversation: the answers that are coming, replayed from where somebody has left, and what changes."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from typing import Any

from parley.errors import ChatError
from parley.server.backend import Backend
from parley.server.connections import Caller
from parley.server.dialect import to_json
from parley.server.dialects.mingly.rendering import render
from parley.server.news import Follower
from parley.server.streams import sse
from parley.turn import Turn

WAITING = 16
"""Pieces that may wait for a slow reader. What comes after them stays with its turn."""

_MOST_DIGITS = 9


async def followed(backend: Backend, caller: Caller, id: str, last: str) -> AsyncGenerator[bytes, None]:
    """Yield what happens in a conversation, from behind the event of that id on.

    Raises ConversationUnknown once it is no longer there.
    """
    with backend.news.follow(caller.id, id) as news:
        following = _Following(backend, caller, id, news)
        following.start(last)
        try:
            yield b""  # the answer begins, though there may be no news for hours
            while True:
                piece = await following.pieces.get()
                if isinstance(piece, ChatError):
                    raise piece
                yield piece
        finally:
            following.end()


class _Following:
    """What fills the queue of one follower: a task for each turn, and one that looks for news."""

    def __init__(self, backend: Backend, caller: Caller, id: str, news: Follower) -> None:
        self.pieces: asyncio.Queue[bytes | ChatError] = asyncio.Queue(WAITING)
        self._backend = backend
        self._account = caller.id
        self._id = id
        self._news = news
        self._known: set[Turn] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, last: str) -> None:
        """Begin with what has been missed since an event, or, without one, with the answers that are coming."""
        turns = self._turns()
        missed = _missed(turns, last)
        self._known.update(turns)
        for turn, first in missed if missed is not None else _running(turns):
            self._follow(turn, first)
        self._begin(self._watch(told=missed is not None))

    def end(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _watch(self, *, told: bool) -> None:
        """Follow turns as they begin, and tell of changes. Unless all has been `told`, there has been one."""
        try:
            if not told:
                await self._tell_change()
            while True:
                await self._news.next()
                self._backend.services.store.conversations.get(self._id, account=self._account)
                turns = self._turns()
                for turn in turns:
                    if turn not in self._known:
                        self._follow(turn, 0)
                self._known = set(turns)
                await self._tell_change()
        except ChatError as error:
            await self.pieces.put(error)

    def _turns(self) -> list[Turn]:
        return self._backend.services.engine.turns(self._id, account=self._account)

    def _follow(self, turn: Turn, first: int) -> None:
        self._begin(self._pass_on(turn, min(first, turn.size)))

    async def _pass_on(self, turn: Turn, number: int) -> None:
        if number == 0:
            ids = {"conversationId": turn.conversation_id, "messageId": turn.reply_id}
            await self.pieces.put(sse(to_json({"type": "started", **ids})))
        async for batch in turn.batches(number):
            if piece := render(turn, batch, number, messageId=turn.reply_id):
                await self.pieces.put(piece)
            number += len(batch)

    async def _tell_change(self) -> None:
        await self.pieces.put(sse(to_json({"type": "change", "conversationId": self._id})))

    def _begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _running(turns: Sequence[Turn]) -> list[tuple[Turn, int]]:
    return [(turn, 0) for turn in turns if not turn.ended]


def _missed(turns: Sequence[Turn], last: str) -> list[tuple[Turn, int]] | None:
    """Return the turns, each with the number of its first event, that came behind an event; None if that is unknown.

    The event is told by the id of its reply and its number there, or by its number alone: that is one of the turn that
    is running, or of the latest one.
    """
    if not last:
        return _running(turns)
    reply_id, _, digits = last.rpartition(":")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS):
        return None
    candidates = [turn for turn in turns if turn.reply_id == reply_id] if reply_id else turns
    running = [turn for turn in candidates if not turn.ended]
    place = next(iter(running or candidates[-1:]), None)
    if place is None:
        return None
    at = turns.index(place)
    return [*_running(turns[:at]), (place, int(digits) + 1), *((turn, 0) for turn in turns[at + 1 :])]

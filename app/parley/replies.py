"""Replies: saves what comes, about once a second, and the whole at the end; again and again if the disk is full."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import replace

from parley.errors import StoreError
from parley.events import Failed, Finished, LastEvent, Stopped
from parley.messages import Conversation, Message, MessageStatus, Part, Role, Usage, new_id, title_from
from parley.pricing import Prices
from parley.providers.base import ProviderRequest
from parley.providers.catalog import Catalog
from parley.store import Store
from parley.turn import Turn
from parley.written import resumed, unsigned

logger = logging.getLogger(__name__)

SAVE_SECONDS = 1.0
"""How old a partial answer on disk may be."""

RETRY_SAVE_SECONDS = 5.0
"""How often a reply that could not be saved is tried again."""

_STATUS: Mapping[type[LastEvent], MessageStatus] = {
    Finished: MessageStatus.COMPLETE,
    Failed: MessageStatus.FAILED,
    Stopped: MessageStatus.STOPPED,
}


class Replies:
    """The stored replies of the turns of this process, each with what there was of it before its turn."""

    def __init__(self, store: Store, catalog: Catalog, prices: Prices) -> None:
        self._store = store
        self._catalog = catalog
        self._prices = prices
        self._begun: dict[Turn, Message] = {}
        self._unsaved: dict[Turn, tuple[LastEvent, Usage]] = {}

    def __contains__(self, turn: object) -> bool:
        return turn in self._begun

    def begin(self, turn: Turn, reply: Message) -> None:
        """A turn goes on from a reply as it was stored."""
        self._begun[turn] = reply

    async def look_after(self, turn: Turn) -> None:
        """Save what has come once a second, until the whole is saved."""
        saved = 0
        while not await turn.wait(SAVE_SECONDS):
            if turn.size == saved or not turn.parts:
                continue
            saved = turn.size
            try:
                await self._store.turns.save(turn.reply_id, self._parts(turn))
            except StoreError as error:
                logger.warning("a partial answer is not saved yet: %s", error)
        while turn in self._unsaved:
            await asyncio.sleep(RETRY_SAVE_SECONDS)
            await self._save_again(turn)
        del self._begun[turn]

    async def conclude(self, turn: Turn, last: LastEvent) -> LastEvent:
        """Save the whole reply. If that fails the turn ends with the reason, and saving is tried again."""
        spent = self.spent(turn, last)
        if isinstance(last, Finished):
            last = replace(last, usage=self._usage(turn, spent))
        try:
            await self._save(turn, last, spent)
        except StoreError as error:
            logger.error("an answer is not saved yet: %s", error)
            self._unsaved[turn] = last, spent
            return Failed(error.to_failure())
        return last

    async def record(self, turn: Turn, last: LastEvent, *, request: ProviderRequest, channel: str) -> LastEvent:
        """Keep what was asked and answered elsewhere as a conversation. What cannot be kept is lost, and logged.

        Return the last event as it is.
        """
        now, id = time.time(), new_id()
        title = next((found for said in reversed(request.messages) if (found := title_from(said.text))), "")
        conversation = Conversation(
            id,
            title or "Image",
            now,
            now,
            turn.account,
            channel,
            model=turn.model,
            instruction=request.instruction,
            parameters=request.parameters,
        )
        failure = last.failure if isinstance(last, Failed) else None
        usage = self.spent(turn, last)
        said = [replace(message, created_at=now) for message in request.messages]
        said.append(
            Message("", id, None, Role.ASSISTANT, turn.parts, _STATUS[type(last)], now, turn.model, usage, failure)
        )
        try:
            await self._store.turns.record(conversation, said)
        except StoreError as error:
            logger.warning("an exchange is not kept: %s", error)
        return last

    def spent(self, turn: Turn, last: LastEvent) -> Usage:
        """Return what a turn has cost, without what its reply had cost before."""
        usage = replace(last.usage or Usage(), reason=last.reason) if isinstance(last, Finished) else turn.usage
        provider, _, model = turn.model.partition("/")
        priced = self._prices.priced(usage, turn.model, self._catalog.known(provider, model))
        nothing = priced.cost is None and priced.output_tokens is not None and self._catalog.runs_here(turn.model)
        return replace(priced, cost=0.0) if nothing else priced

    async def close(self) -> None:
        """Try once more to save what is not."""
        for turn in tuple(self._unsaved):
            await self._save_again(turn)

    async def _save(self, turn: Turn, last: LastEvent, spent: Usage) -> None:
        failure = last.failure if isinstance(last, Failed) else None
        parts, status, usage = self._parts(turn), _STATUS[type(last)], self._usage(turn, spent)
        await self._store.turns.finish(turn.reply_id, parts, status, usage, failure, turn.model, spent)

    async def _save_again(self, turn: Turn) -> None:
        try:
            await self._save(turn, *self._unsaved[turn])
        except StoreError as error:
            logger.warning("an answer is still not saved: %s", error)
        else:
            del self._unsaved[turn]

    def _parts(self, turn: Turn) -> tuple[Part, ...]:
        """Return what there is of a reply. One that was resumed has thought for longer than its turn knows."""
        reply = self._begun[turn]
        parts = resumed(reply.parts, turn.parts) if reply.parts else turn.parts
        return parts if turn.model in ("", reply.model) else unsigned(parts, reply.parts)

    def _usage(self, turn: Turn, spent: Usage) -> Usage:
        """Return what a reply cost, with what it had cost before it was resumed."""
        before = self._begun[turn]
        return (before.usage or Usage()).resumed(spent) if before.parts else spent

"""The stream of a conversation: what its running replies say, for who only looks on."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from parley.events import Event, Failed, Finished, Stopped, TextDelta
from parley.messages import Message, MessageStatus, Role
from parley.server.backend import Backend
from parley.server.dialect import to_json
from parley.server.dialects.qinaya.asking import LOOK_SECONDS
from parley.server.dialects.qinaya.problems import error_body
from parley.server.dialects.qinaya.shapes import message_facts
from parley.server.problems import Problem
from parley.server.streams import sse
from parley.turn import Turn


async def followed(backend: Backend, id: str, account: str) -> AsyncGenerator[bytes, None]:
    """Yield the unfinished replies of a conversation, one after the other, each from its beginning.

    If there is none, the last reply of the branch shown; that may be written by another process. Starts nothing, and
    stops nothing.
    """
    yield b""  # the answer begins, though nothing may be said for long
    seen: set[str] = set()
    while turn := _next(backend, id, account, seen):
        seen.add(turn.reply_id)
        async for batch in turn.batches():
            yield b"".join(_rendered(backend, turn, event) for event in batch)
    if not seen and (reply := await _last_reply(backend, id, account)):
        told = ""
        while reply.status is MessageStatus.STREAMING:
            yield _delta(reply.id, reply.text[len(told) :])
            told = reply.text
            await asyncio.sleep(LOOK_SECONDS)
            reply = backend.services.store.messages.get(reply.id, account=account)
        yield _delta(reply.id, reply.text[len(told) :]) + _end(reply)


def _next(backend: Backend, id: str, account: str, seen: set[str]) -> Turn | None:
    turns = backend.services.engine.turns(id, account=account)
    return next((turn for turn in turns if not turn.ended and turn.reply_id not in seen), None)


async def _last_reply(backend: Backend, id: str, account: str) -> Message | None:
    conversations = backend.services.store.conversations
    leaf = conversations.get(id, account=account).leaf_id
    async with aclosing(conversations.upwards(leaf)) as above:
        async for message in above:
            if message.role is Role.ASSISTANT:
                return message
    return None


def _rendered(backend: Backend, turn: Turn, event: Event) -> bytes:
    match event:
        case TextDelta(text):
            return _delta(turn.reply_id, text)
        case Failed(failure):
            return sse(to_json(error_body(Problem.from_failure(failure))), event="error")
        case Finished() | Stopped():
            return _end(backend.services.store.messages.get(turn.reply_id, account=turn.account))
    return b""


def _delta(id: str, text: str) -> bytes:
    return sse(to_json({"id": id, "delta": text}), event="message.delta") if text else b""


def _end(reply: Message) -> bytes:
    if reply.failure:
        return sse(to_json(error_body(Problem.from_failure(reply.failure))), event="error")
    return sse(to_json({"message": message_facts(reply).model_dump()}), event="message.completed")

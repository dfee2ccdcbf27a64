"""The real llama.cpp server, in both of OpenAI's formats: tools, parameters and stop."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

import pytest

from parley.events import Finished, TextDelta, ToolCalled
from parley.http import Client
from parley.messages import Message, MessageStatus, Part, Role, Text, ToolResult
from parley.models import Parameters, ToolSpec
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.providers.openai import OpenAI
from parley.providers.openai_rows import PLAIN
from tests.peers import replies
from tests.peers.tiny_engine import TinyEngine
from tests.providers.helpers import events_of, question, reasoning_of, text_of

FREE_WITHIN = 5.0
"""Seconds. One is wanted, and a quiet machine needs a tenth of it; `/long` would go on for much longer."""

TOOL = ToolSpec(
    replies.CALL_NAME,
    "Tell the time",
    {"type": "object", "properties": {"tz": {"type": "string"}}, "required": ["tz"]},
)


@pytest.fixture(params=["chat completions", "responses"])
async def provider(request: pytest.FixtureRequest, tiny_engine: TinyEngine) -> AsyncIterator[OpenAI]:
    habits = replace(PLAIN, responses=request.param == "responses")
    provider = OpenAI(Endpoint("llamacpp", "llama.cpp", tiny_engine.url, owned_by="llamacpp"), Access(), habits)
    yield provider
    await provider.close()


@pytest.fixture
async def busy(tiny_engine: TinyEngine) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """Return how many answers the server is working on, asked over a connection that is kept."""
    client = Client("llama.cpp", tiny_engine.address)

    async def busy() -> int:
        return sum(slot["is_processing"] for slot in await client.ask("/slots"))

    assert await busy() == 0
    yield busy
    await client.close()


@pytest.fixture
async def chats(tiny_engine: TinyEngine) -> AsyncIterator[OpenAI]:
    """For what llama.cpp's Responses API does not know: that it was cut off, and forms of answers."""
    provider = OpenAI(Endpoint("llamacpp", "llama.cpp", tiny_engine.url, owned_by="llamacpp"), Access())
    yield provider
    await provider.close()


def message(role: Role, *parts: Part) -> Message:
    return Message("m", "c", None, role, parts, MessageStatus.COMPLETE, 0.0)


async def test_text(provider: OpenAI, tiny_engine: TinyEngine) -> None:
    events = await events_of(provider, question("Hello", tiny_engine.model))
    assert text_of(events) == replies.DEFAULT
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.reason == "stop"
    assert last.usage
    assert last.usage.input_tokens
    assert last.usage.output_tokens


async def test_a_tool_is_called_and_its_result_read(provider: OpenAI, tiny_engine: TinyEngine) -> None:
    asked = message(Role.USER, Text("/call it"))
    request = ProviderRequest(tiny_engine.model, [asked], tools=(TOOL,))
    events = await events_of(provider, request)
    (call,) = [event.call for event in events if isinstance(event, ToolCalled)]
    assert (call.name, json.loads(call.arguments)) == (replies.CALL_NAME, replies.CALL_ARGUMENTS)
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "tool_calls"
    await provider.close()  # now and then the server closes a connection that it has offered to keep
    reply = message(Role.ASSISTANT, call, ToolResult(call.id, "12:00"))
    events = await events_of(provider, replace(request, messages=[asked, reply]))
    assert text_of(events) == replies.AFTER_TOOL


async def test_a_limit_cuts_off(chats: OpenAI, tiny_engine: TinyEngine) -> None:
    request = replace(question("/long", tiny_engine.model), parameters=Parameters(max_tokens=6))
    events = await events_of(chats, request)
    assert text_of(events) == " tick tock ding dong tick tock"
    assert isinstance(events[-1], Finished)
    assert events[-1].reason == "length"


async def test_a_schema_is_kept_to(chats: OpenAI, tiny_engine: TinyEngine) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "boolean"}, "n": {"type": "integer"}},
        "required": ["a", "n"],
        "additionalProperties": False,
    }
    request = replace(question("Hi", tiny_engine.model), parameters=Parameters(schema=schema, temperature=0.0, seed=1))
    assert json.loads(text_of(await events_of(chats, request))).keys() == {"a", "n"}


async def test_thoughts_are_told_from_text(chats: OpenAI, tiny_engine: TinyEngine) -> None:
    events = await events_of(chats, question("/think", tiny_engine.model))
    assert reasoning_of(events).strip() == replies.THINK_REASONING
    assert text_of(events) == replies.THINK_ANSWER


@pytest.mark.parametrize("way", ["closed", "cancelled"])
async def test_a_stopped_answer_frees_its_slot_at_once(
    provider: OpenAI, tiny_engine: TinyEngine, busy: Callable[[], Awaitable[int]], way: str
) -> None:
    begun = asyncio.Event()

    async def listen() -> None:
        async with aclosing(provider.stream(question("/long", tiny_engine.model))) as stream:
            async for event in stream:
                if isinstance(event, TextDelta):
                    begun.set()
                    if way == "closed":
                        return

    task = asyncio.create_task(listen())
    await begun.wait()
    clock = asyncio.get_running_loop().time
    if way == "cancelled":
        assert await busy() == 1
        task.cancel()
    await asyncio.wait([task])
    stopped = clock()
    while await busy():
        assert clock() - stopped < FREE_WITHIN, "the engine goes on for a client that has gone"
        await asyncio.sleep(0.01)

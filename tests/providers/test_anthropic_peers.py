"""Other people's programs as judges: Anthropic's client reads our fake, a real llama.cpp answers our provider."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parley.errors import ModelUnknown, PromptTooLong
from parley.events import Event, Finished, ReasoningDelta, ToolCalled
from parley.messages import Role, ToolResult
from parley.models import ToolSpec
from parley.providers.anthropic import Anthropic, base_url
from parley.providers.anthropic_models import traits_in
from parley.providers.anthropic_reply import REDACTED
from parley.providers.anthropic_request import asked, bounded
from parley.providers.endpoints import Access, Endpoint
from tests.peers import replies
from tests.peers.tiny_engine import PYTHON, TinyEngine
from tests.providers.anthropic_fake import (
    DOCUMENTED,
    FakeAnthropic,
    begin,
    end,
    info,
    redacted,
    text,
    thinking,
    tool_use,
)
from tests.providers.helpers import events_of, events_until_error, question, reasoning_of, said, text_of
from tests.providers.test_anthropic_requests import requests
from tests.providers.test_peers import busy_slots

ORACLE = Path(__file__).with_name("anthropic_oracle.py")

RECORDINGS = {
    "text": [begin(), {"type": "ping"}, *text(0, "Vier", " 🙂", "\n"), *end()],
    "thoughts": [
        begin(input_tokens=3, cache_read_input_tokens=1800, cache_creation_input_tokens=240),
        *thinking(0, "sig1", "Let me ", "see…"),
        *redacted(1, "EncRypted=="),
        *thinking(2, "sig2"),
        *text(3, "Four."),
        *end("max_tokens", input_tokens=3),
    ],
    "calls": [
        begin(),
        *text(0, "I look."),
        *tool_use(1, "toolu_1", "get_time", "", '{"tz": "Eur', 'ope/Zürich"}'),
        *tool_use(2, "toolu_2", "list_files"),
        *end("tool_use"),
    ],
}

SCHEMA = {
    "type": "object",
    "description": "A person",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 9, "description": "As in the passport"},
        "born": {"type": "string", "format": "date"},
        "code": {"type": "string", "format": "iso-code"},
        "age": {"type": "integer", "minimum": 0},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "minItems": 1, "maxItems": 3},
        "pairs": {"type": "array", "items": {"type": "object", "properties": {}}, "minItems": 2},
        "any": {"oneOf": [{"type": "null"}, {"type": "object", "properties": {"x": {"type": "number"}}}]},
    },
    "required": ["name"],
    "additionalProperties": True,
    "$defs": {"tag": {"type": "string", "pattern": "^a"}},
}


async def ask_the_client(job: dict[str, Any]) -> Any:
    process = await asyncio.create_subprocess_exec(
        PYTHON,
        ORACLE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(json.dumps(job).encode())
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


def understood(events: list[Event]) -> dict[str, Any]:
    """Return what we understood, in the client's terms."""
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.usage
    signatures = [event.signature for event in events if isinstance(event, ReasoningDelta) and event.signature]
    calls = [event.call for event in events if isinstance(event, ToolCalled)]
    return {
        "text": text_of(events),
        "thinking": reasoning_of(events),
        "signatures": [signature for signature in signatures if not signature.startswith(REDACTED)],
        "redacted": [signature.removeprefix(REDACTED) for signature in signatures if signature.startswith(REDACTED)],
        "calls": [[call.id, call.name, json.loads(call.arguments)] for call in calls],
        "reason": {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}[last.reason],
        "input": last.usage.input_tokens,
        "cached": last.usage.cached_tokens,
        "written": last.usage.cache_writing_tokens,
        "output": last.usage.output_tokens,
    }


def bodies() -> list[Any]:
    """Return every seventh request of the matrix, without temperature and top_p.

    The client's version of the API has taken these two away, ours has them.
    """
    found: dict[str, Any] = {}
    for entry in DOCUMENTED:
        for _, request in requests(entry["id"]):
            body = dict(asked(request, traits_in(entry), "anthropic").body, model="m", max_tokens=9)
            for name in ("temperature", "top_p"):
                body.pop(name, None)
            found[json.dumps(body, sort_keys=True)] = body
    return list(found.values())[::7]


async def test_the_client_agrees() -> None:
    """One run for all of it, for the client takes long to start: answers, list, refusals, requests, schemas."""
    good = bodies()
    bad = [good[0] | {"bogus": 1}, good[0] | {"messages": [{"role": "user", "content": [{"type": "text", "txt": ""}]}]}]
    async with FakeAnthropic(*(info(name, f"Model {name}") for name in RECORDINGS)) as server:
        server.recordings = dict(RECORDINGS)
        server.page = 2
        job = {"url": server.url, "answers": list(RECORDINGS), "refusals": ["nope"], "schemas": [SCHEMA]}
        theirs = await ask_the_client(job | {"bodies": good, "bad": bad})
        provider = Anthropic(Endpoint("anthropic", "Anthropic", server.url), Access(lambda: "sk-ant-right"))
        ours = [understood(await events_of(provider, question(model=name))) for name in RECORDINGS]
        models = await provider.models()
        _, error = await events_until_error(provider, question(model="nope"))
        await provider.close()
    assert theirs["answers"] == ours
    assert theirs["models"] == [[model.name, model.label, model.context, model.max_output] for model in models]
    assert isinstance(error, ModelUnknown)
    ((status, kind, request_id, words),) = theirs["refusals"]
    assert (status, kind) == (404, "not_found_error")
    assert error.detail == f"{words} ({kind}) · {request_id}"
    assert len(good) > 200
    assert theirs["faults"] == []
    assert len(theirs["bad"]) == len(bad), "the check finds what is wrong"
    assert theirs["schemas"] == [bounded(SCHEMA)]


@pytest.fixture
async def provider(tiny_engine: TinyEngine) -> AsyncIterator[Anthropic]:
    endpoint = Endpoint("box", "llama.cpp", base_url(tiny_engine.url), dialect="anthropic")
    provider = Anthropic(endpoint, Access(lambda: "any"))
    yield provider
    await provider.close()


class TestLlamaCpp:
    """It speaks the Messages API too."""

    async def test_models(self, provider: Anthropic, tiny_engine: TinyEngine) -> None:
        (model,) = await provider.models()
        assert model.id == f"box/{tiny_engine.model}"
        assert model.context

    async def test_text(self, provider: Anthropic, tiny_engine: TinyEngine) -> None:
        events = await events_of(provider, question("Hello", tiny_engine.model, "Be brief."))
        assert text_of(events) == replies.DEFAULT
        last = events[-1]
        assert isinstance(last, Finished)
        assert last.usage
        assert last.usage.input_tokens
        assert last.usage.output_tokens

    async def test_reasoning(self, provider: Anthropic, tiny_engine: TinyEngine) -> None:
        events = await events_of(provider, question("/think", tiny_engine.model))
        assert reasoning_of(events).strip() == replies.THINK_REASONING
        assert text_of(events) == replies.THINK_ANSWER

    async def test_a_tool(self, provider: Anthropic, tiny_engine: TinyEngine) -> None:
        schema = {"type": "object", "properties": {"tz": {"type": "string"}}, "required": ["tz"]}
        tools = (ToolSpec("get_time", "Tells the time", schema),)
        request = replace(question("/call", tiny_engine.model), tools=tools)
        *_, called, last = await events_of(provider, request)
        assert isinstance(called, ToolCalled)
        assert (called.call.name, json.loads(called.call.arguments)) == ("get_time", {"tz": "UTC"})
        assert isinstance(last, Finished)
        assert last.reason == "tool_calls"
        parts = (called.call, ToolResult(called.call.id, "12:00"))
        answer = replace(said(Role.ASSISTANT, ""), parts=parts)
        events = await events_of(provider, replace(request, messages=[*request.messages, answer]))
        assert text_of(events) == replies.AFTER_TOOL

    async def test_too_long(self, provider: Anthropic, tiny_engine: TinyEngine) -> None:
        (model,) = await provider.models()
        with pytest.raises(PromptTooLong):
            await events_of(provider, question("hi " * (model.context or 0), tiny_engine.model))

    async def test_a_stopped_answer_frees_its_slot(self, provider: Anthropic, tiny_engine: TinyEngine) -> None:
        stream = provider.stream(question("/long", tiny_engine.model))
        for _ in range(5):
            await anext(stream)
        assert await busy_slots(tiny_engine) == 1
        await stream.aclose()
        async with asyncio.timeout(5):
            while await busy_slots(tiny_engine):
                await asyncio.sleep(0.02)

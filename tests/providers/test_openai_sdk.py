"""OpenAI's own client as a judge: it reads the same bytes as we do, and its types know what we send."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from parley.events import Event, Finished, ToolCalled
from parley.messages import Image, Message, MessageStatus, Part, Reasoning, Role, Text, ToolCall, ToolResult
from parley.models import Parameters, ToolSpec
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.providers.openai import OpenAI
from parley.providers.openai_chat import signature
from parley.providers.openai_rows import OPENAI, PLAIN
from tests.peers.tiny_engine import PYTHON
from tests.providers.helpers import events_of, question, reasoning_of, text_of
from tests.providers.recordings import CHATS, RESPONSES, THOUGHT
from tests.providers.sockets import Exchange, FakeServer, head
from tests.providers.vendors import RECORDINGS

ORACLE = Path(__file__).with_name("openai_oracle.py")

UNREADABLE = {"mistral"}
"""Whose thoughts are parts of the text, which the client's types do not have."""

ADDED = {"perplexity"}
"""Whose sources we write below the text."""

STREAMS = {
    **{f"chat/{name.replace(' ', '-')}": content for name, content in CHATS.items()},
    **{f"vendor/{name}": found.answer for name, found in RECORDINGS.items() if name not in UNREADABLE},
    **{f"responses/{name.replace(' ', '-')}": content for name, content in RESPONSES.items()},
}


async def asked(cases: list[dict[str, Any]]) -> list[Any]:
    """Return the judgements of the client."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(PYTHON, ORACLE, stdin=pipe, stdout=pipe, stderr=pipe)
    output, errors = await process.communicate(json.dumps(cases).encode())
    assert process.returncode == 0, errors.decode()
    found: list[Any] = json.loads(output)
    return found


async def played(exchange: Exchange) -> None:
    """Send the stream that the path names."""
    name = exchange.request.path.removeprefix("/").removesuffix("/chat/completions").removesuffix("/responses")
    await exchange.send(head(content_type="text/event-stream"), STREAMS[name])


def read_by_us(events: list[Event]) -> dict[str, Any]:
    last = events[-1]
    assert isinstance(last, Finished)
    calls = [[one.call.id, one.call.name, one.call.arguments] for one in events if isinstance(one, ToolCalled)]
    tokens = [last.usage.input_tokens, last.usage.output_tokens] if last.usage else None
    return {"text": text_of(events), "thought": reasoning_of(events), "calls": calls, "usage": tokens}


async def test_the_client_reads_the_same() -> None:
    async with FakeServer(played) as server:
        kinds = {name: "responses" if name.startswith("responses/") else "chat" for name in STREAMS}
        theirs = await asked([{"read": kinds[name], "url": f"{server.url}/{name}"} for name in STREAMS])
        for name, expected in zip(STREAMS, theirs, strict=True):
            habits = OPENAI if kinds[name] == "responses" else PLAIN
            provider = OpenAI(Endpoint("box", "Box", f"{server.url}/{name}"), Access(), habits)
            ours = read_by_us(await events_of(provider, question(model="gpt-5.5")))
            await provider.close()
            _even_out(name, ours, expected)
            assert ours == expected, name


def _even_out(name: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Take away what we do on purpose."""
    vendor = name.removeprefix("vendor/")
    ours["thought"] = ours["thought"].replace("\n\n", "")  # between the parts of a summary
    if vendor in ADDED:
        ours["text"] = ours["text"].partition("\n\n")[0]
    if vendor == "groq":  # which tells its tokens in a place of its own
        assert theirs["usage"] is None
        theirs["usage"] = ours["usage"]
    if vendor == "xai":  # which counts tokens of thought apart
        ours["usage"][1] -= 94
    if vendor == "jan":  # whose model thinks aloud
        theirs["text"] = theirs["text"].replace(f"<think>{ours['thought']}</think>", "")
        theirs["thought"] = ours["thought"]


def message(role: Role, *parts: Part) -> Message:
    return Message("m", "c", None, role, parts, MessageStatus.COMPLETE, 0.0)


async def test_the_types_of_the_client_know_what_we_send() -> None:
    proof = signature("box", [{name: THOUGHT[name] for name in ("id", "type", "encrypted_content", "summary")}])
    call = ToolCall("call_a", "get_time", '{"tz": "UTC"}')
    turns = [
        message(Role.USER, Text("Hi"), Image("image/png", b"png")),
        message(Role.ASSISTANT, Reasoning("Hm", 1.0, proof), call, ToolResult("call_a", "12:00"), Text("Noon.")),
        message(Role.USER, Text("Thanks")),
    ]
    schema = {"type": "object", "properties": {}}
    requests = [
        ProviderRequest(model, turns, "Be brief.", parameters, (ToolSpec("get_time"),), choice)
        for model in ("gpt-5.5", "gpt-4.1")
        for choice in ("auto", "required", "get_time")
        for parameters in (
            Parameters(0.5, 0.9, 100, 7, ("END",), "low", json=True),
            Parameters(effort="none", schema=schema),
        )
    ]
    cases = []
    for kind, habits in (("chat", replace(OPENAI, responses=False)), ("responses", OPENAI)):
        provider = OpenAI(Endpoint("box", "Box", "http://127.0.0.1"), Access(), habits)
        cases += [{"check": kind, "body": provider._written(request)[1]} for request in requests]
        await provider.close()
    broken = {"check": "chat", "body": {"model": "m", "messages": [{"role": "user", "content": 7}], "stream": True}}
    unknown = {"check": "responses", "body": {"model": "m", "input": "Hi", "stream": True, "seed": 7}}
    *found, bad, odd = await asked([*cases, broken, unknown])
    assert found == [""] * len(cases)
    assert bad
    assert "seed" in odd

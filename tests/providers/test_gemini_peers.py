"""Google's own client as a judge: it reads our fake as we do, and sends our requests as we do."""

import asyncio
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

from parley.errors import ModelUnknown
from parley.events import Event, Finished, ReasoningDelta, ToolCalled
from parley.messages import Image, Message, MessageStatus, Part, Reasoning, Role, Text, ToolCall, ToolResult
from parley.models import Parameters, ToolSpec
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.providers.gemini import Gemini
from tests.peers.tiny_engine import PYTHON
from tests.providers.fake_gemini import MODEL, USAGE, FakeGemini, call, candidate, listed, said
from tests.providers.helpers import events_of, events_until_error, question, reasoning_of, text_of

ORACLE = Path(__file__).with_name("gemini_oracle.py")

ANSWER = (
    candidate(said("Let me ", thought=True), usage={"promptTokenCount": 11}),
    candidate(said("see…", thought=True), said("Vier")),
    candidate(said(" 🙂\u2028", thoughtSignature="dGV4dA==")),
    candidate(
        call("get_time", {"tz": "Europe/Zürich", "n": [1, 2.5, None]}, "fc-1", "Y2FsbA=="), call("now", None, "fc-2")
    ),
    candidate(said(""), reason="STOP", usage=USAGE),
)


def message(role: Role, *parts: Part) -> Message:
    return Message("m", "c", None, role, parts, MessageStatus.COMPLETE, 0.0)


def everything() -> ProviderRequest:
    """Return a request with all that a request can have."""
    reply = (
        Reasoning("Hm", signature="dGhvdWdodA=="),
        Text("One moment."),
        Reasoning("", signature="dGV4dA=="),
        ToolCall("fc-1", "get_time", '{"tz": "UTC"}', "Y2FsbA=="),
        ToolCall("fc-2", "now", "{}"),
        ToolResult("fc-1", "12:00"),
        ToolResult("fc-2", "no clock", failed=True),
        Text("Noon."),
    )
    zone = {"type": "string", "enum": ["UTC", "CET"], "description": "Where"}
    schema = {
        "type": "object",
        "properties": {"zones": {"type": "array", "items": {"$ref": "#/$defs/Zone"}, "minItems": 1}},
        "required": ["zones"],
        "additionalProperties": False,
        "$defs": {"Zone": zone},
    }
    return ProviderRequest(
        MODEL,
        [
            message(Role.USER, Image("image/png", b"\x89PNG\r\n"), Text("What time is it?")),
            message(Role.ASSISTANT, *reply),
            message(Role.USER, Text("And now?")),
        ],
        "Be brief.",
        Parameters(0.5, 0.9, 100, 7, ("END",), "medium", json=True, schema=schema),
        [ToolSpec("get_time", "Tell the time", schema), ToolSpec("now", "The time here")],
        "get_time",
    )


def facts_of(events: list[Event]) -> dict[str, Any]:
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.usage
    calls = [event.call for event in events if isinstance(event, ToolCalled)]
    signed = [event.signature for event in events if isinstance(event, ReasoningDelta)] + [
        call.signature for call in calls
    ]
    return {
        "text": text_of(events),
        "thoughts": reasoning_of(events),
        "signatures": [b64decode(signature).decode() for signature in signed if signature],
        # Google's client leaves the arguments of a call without any as None.
        "calls": [[call.name, json.loads(call.arguments) or None] for call in calls],
        "reason": "STOP" if last.reason == "tool_calls" else last.reason,
        "input": last.usage.input_tokens,
        "output": last.usage.output_tokens,
        "thought": last.usage.reasoning_tokens,
        "cached": last.usage.cached_tokens,
    }


async def ask_googles_client(root: str, body: bytes) -> Any:
    process = await asyncio.create_subprocess_exec(
        PYTHON,
        ORACLE,
        root,
        MODEL,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(body)
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


async def test_googles_own_client_asks_and_understands_as_we_do() -> None:
    async with FakeGemini(*ANSWER) as server:
        server.key = "some-key"
        server.models += [listed("gemini-3.1-flash-lite", thinking=True), listed("gemini-2.0-flash")]
        provider = Gemini(Endpoint("gemini", "Google Gemini", server.url), Access(lambda: "some-key"))
        events = await events_of(provider, everything())
        ours = server.requests[-1]
        models = await provider.models()
        vectors = await provider.embed(MODEL, ["a", "bc"])
        embedding = server.requests[-1]
        _, error = await events_until_error(provider, question(model="nope"))
        await provider.close()
        theirs = await ask_googles_client(server.root, ours.body)
        asked = [request for request in server.requests if request.path == ours.path]
        embedded = [request.json for request in server.requests if request.path == embedding.path]
    listed_by_them = sorted(theirs.pop("models"), key=lambda model: str(model["name"]))
    assert listed_by_them == sorted(
        ({"name": f"models/{it.name}", "context": it.context, "reasoning": it.reasoning} for it in models),
        key=lambda model: str(model["name"]),
    )
    assert theirs.pop("vectors") == vectors
    assert len(embedded) == 2
    assert texts_of(embedded[0]) == texts_of(embedded[1])
    code, status, words = theirs.pop("error")
    assert (code, status) == (404, "NOT_FOUND")
    assert isinstance(error, ModelUnknown)
    assert error.detail == words
    assert theirs == facts_of(events)
    assert len(asked) == 2
    mine, its = (normal(request.json) for request in asked)
    for name in mine | its:
        assert its.get(name) == mine.get(name)


def texts_of(body: Any) -> list[tuple[str, str]]:
    return [(request["model"], request["content"]["parts"][0]["text"]) for request in body["requests"]]


def normal(value: Any) -> Any:
    """Return a body with names in the one of their two forms that we use, without the role of an instruction."""
    if isinstance(value, list):
        return [normal(member) for member in value]
    if not isinstance(value, dict):
        return value
    found = {camel(name): normal(member) for name, member in value.items()}
    found.get("systemInstruction", {}).pop("role", None)
    return found


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)

"""OpenAI's API: what reaches the model, who goes away, what each account may, and what is kept."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import pytest

from parley.errors import AnswerBroken
from parley.events import Finished, ToolCalled
from parley.messages import Image, Reasoning, Role, Text, ToolCall, ToolResult, Usage
from parley.models import Model, Parameters
from parley.people import Permissions
from parley.settings import Settings
from tests.conftest import ScriptedProvider, Until
from tests.server.conftest import Site

CHAT, RESPONSES = "/v1/chat/completions", "/v1/responses"
ASKED = [{"role": "user", "content": "Hi"}]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
DATA = f"data:image/png;base64,{b64encode(PNG).decode()}"


class Embedding(ScriptedProvider):
    """One that makes vectors as well, when it is let go on."""

    gate: asyncio.Event | None = None

    async def embed(self, model: str, texts: Sequence[str], dimensions: int | None = None) -> list[list[float]]:
        self.streaming += 1
        try:
            if self.gate:
                await self.gate.wait()
            return [[0.1, 1.0] for _ in texts]
        finally:
            self.streaming -= 1


@pytest.fixture
def provider() -> Embedding:
    return Embedding("scripted", [Model("scripted", "one"), Model("scripted", "vectors", purpose="embedding")])


def events_of(text: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


async def test_all_of_a_chat_reaches_the_model(site: Site, provider: ScriptedProvider) -> None:
    calls = [
        {"id": "a", "type": "function", "function": {"name": "see", "arguments": '{"x":1}'}},
        {"id": "b", "type": "function", "function": {"name": "see", "arguments": "not JSON"}},
    ]
    picture = {"type": "image_url", "image_url": {"url": DATA, "detail": "low"}}
    body = {
        "model": "scripted/one",
        "messages": [
            {"role": "system", "content": "One."},
            {"role": "developer", "content": [{"type": "text", "text": "Two."}]},
            {"role": "user", "content": [{"type": "text", "text": "Look"}, picture], "name": "ann"},
            {"role": "assistant", "content": "So", "reasoning_content": "Hm", "tool_calls": calls},
            {"role": "tool", "tool_call_id": "b", "content": "B"},
            {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "A"}, picture]},
            {"role": "system", "content": "Later."},
            {"role": "user", "content": "And?"},
            {"role": "assistant", "content": "It is"},
        ],
        "tools": [{"type": "function", "function": {"name": "see", "description": "Sees", "parameters": {"a": 1}}}],
        "tool_choice": "required",
        "temperature": 0,
        "top_p": 0.9,
        "max_tokens": 5,
        "max_completion_tokens": 7,
        "stop": ["A", "B"],
        "seed": -2,
        "reasoning_effort": "low",
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
        "logit_bias": {"50256": -100},
        "user": "u",
        "something_new": [1],
    }
    assert (await site.owner.client.post(CHAT, json=body)).status_code == 200
    request = provider.requests[0]
    assert request.instruction == "One.\n\nTwo."
    assert [(message.role, message.parts) for message in request.messages] == [
        (Role.USER, (Text("Look"), Image("image/png", PNG))),
        (
            Role.ASSISTANT,
            (
                Reasoning("Hm"),
                Text("So"),
                ToolCall("a", "see", '{"x":1}'),
                ToolCall("b", "see", "not JSON"),
                ToolResult("b", "B"),
                ToolResult("a", "A"),
            ),
        ),
        (Role.USER, (Image("image/png", PNG),)),
        (Role.SYSTEM, (Text("Later."),)),
        (Role.USER, (Text("And?"),)),
        (Role.ASSISTANT, (Text("It is"),)),
    ]
    (tool,) = request.tools
    assert (tool.name, tool.description, tool.schema, request.tool_choice) == ("see", "Sees", {"a": 1}, "required")
    schema = {"type": "object"}
    assert request.parameters == Parameters(0, 0.9, 7, 2**31 - 2, ("A", "B"), "low", schema=schema)


async def test_nulls_are_as_good_as_nothing(site: Site, provider: ScriptedProvider) -> None:
    names = ("temperature", "top_p", "max_tokens", "stop", "seed", "n", "tools", "tool_choice", "response_format")
    others = ("stream", "stream_options", "reasoning_effort", "parallel_tool_calls", "logprobs", "model", "functions")
    body = {"messages": ASKED, **dict.fromkeys((*names, *others))}
    assert (await site.owner.client.post(CHAT, json=body)).status_code == 200
    assert provider.requests[0].parameters == Parameters()


@pytest.mark.parametrize("path", [CHAT, RESPONSES])
async def test_who_goes_away_stops_the_turn(site: Site, provider: ScriptedProvider, until: Until, path: str) -> None:
    provider.says("Hello", asyncio.Event())
    body = {"messages": ASKED, "input": "Hi", "stream": True}
    async with site.owner.client.stream("POST", path, json=body) as answer:
        async for line in answer.aiter_lines():
            if "Hello" in line:
                break
    await until(lambda: not provider.streaming, 5)


@pytest.mark.parametrize("stream", [True, False])
async def test_who_goes_away_before_a_word(site: Site, provider: ScriptedProvider, until: Until, stream: bool) -> None:
    provider.says(asyncio.Event())
    asking = asyncio.create_task(site.owner.client.post(CHAT, json={"messages": ASKED, "stream": stream}))
    await until(lambda: provider.streaming)
    asking.cancel()
    await until(lambda: not provider.streaming, 5)


async def test_who_goes_away_while_vectors_are_made(site: Site, provider: Embedding, until: Until) -> None:
    provider.gate = asyncio.Event()
    asking = asyncio.create_task(site.owner.client.post("/v1/embeddings", json={"model": "vectors", "input": "a"}))
    await until(lambda: provider.streaming)
    asking.cancel()
    await until(lambda: not provider.streaming, 5)


async def test_a_slow_model_is_not_taken_for_dead(
    site: Site, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.server.streams.PING_SECONDS", 0.05)
    gate = asyncio.Event()
    provider.says(gate, AnswerBroken(provider="Acme"))
    async with site.owner.client.stream("POST", CHAT, json={"messages": ASKED, "stream": True}) as answer:
        assert answer.status_code == 200
        lines = answer.aiter_lines()
        async for line in lines:
            if line == ": ping":
                break
        gate.set()
        rest = [line async for line in lines if line.startswith("data: ")]
    (event,) = events_of("\n".join(rest))
    assert event["error"]["code"] == "provider_error"


@pytest.mark.parametrize("path", [CHAT, RESPONSES])
async def test_a_token_that_is_revoked_meanwhile(site: Site, provider: ScriptedProvider, path: str) -> None:
    provider.says("Hello", asyncio.Event())
    body = {"messages": ASKED, "input": "Hi", "stream": True}
    async with site.owner.client.stream("POST", path, json=body) as answer:
        lines = answer.aiter_lines()
        async for line in lines:
            if "Hello" in line:
                break
        await site.services.store.tokens.revoke(int(site.owner.token.partition("|")[0]))
        rest = [line async for line in lines if line.startswith("data: ")]
    last = events_of("\n".join(rest))[-1]
    if path == CHAT:
        assert last["error"]["code"] == "invalid_api_key"
    else:
        assert (last["type"], last["code"]) == ("error", "invalid_api_key")


async def test_a_call_whose_arguments_are_strange(site: Site, provider: ScriptedProvider) -> None:
    call = ToolCall("x", "see", '{"a":"\u2028\ud800\\n"}')
    provider.says("…\n\n\u2028data: x\r", ToolCalled(call), Finished(Usage(1, 1), "tool_calls"))
    answer = await site.owner.client.post(CHAT, json={"messages": ASKED, "stream": True})
    chunks = events_of(answer.text)
    assert chunks[1]["choices"][0]["delta"] == {"content": "…\n\n\u2028data: x\r"}
    told = chunks[2]["choices"][0]["delta"]["tool_calls"][0]["function"]["arguments"]
    assert told == '{"a":"\u2028?\\n"}'


async def test_some_of_the_tools(site: Site, provider: ScriptedProvider) -> None:
    names = [{"type": "function", "name": name} for name in ("see", "hear", "smell")]
    nested = [{"type": "function", "function": {"name": tool["name"]}} for tool in names]
    for mode in ("auto", "required"):
        choice = {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": nested[1:]}}
        body = {"messages": ASKED, "tools": nested, "tool_choice": choice}
        assert (await site.owner.client.post(CHAT, json=body)).status_code == 200
        flat = {"type": "allowed_tools", "mode": mode, "tools": names[1:]}
        response = await site.owner.client.post(
            "/v1/responses", json={"input": "Hi", "tools": names, "tool_choice": flat}
        )
        assert response.json()["tool_choice"] == flat
        for request in provider.requests[-2:]:
            assert ([tool.name for tool in request.tools], request.tool_choice) == (["hear", "smell"], mode)


async def test_a_tool_that_is_not_there(site: Site) -> None:
    see = {"type": "function", "function": {"name": "see"}}
    some = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [see]}}
    none = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": []}}
    for choice in ("required", see, some, none):
        answer = await site.owner.client.post(CHAT, json={"messages": ASKED, "tool_choice": choice})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "tool_choice")


async def test_what_an_account_may_not_use(site: Site, provider: ScriptedProvider) -> None:
    ann = await site.person()
    allowed = Permissions(models=frozenset({"guide"}))
    await site.services.store.accounts.change(ann.account.id, permissions=allowed)
    listed = (await ann.client.get("/v1/models")).json()["data"]
    assert [model["id"] for model in listed] == ["guide/manual"]
    assert (await ann.client.get("/v1/models/scripted/one")).status_code == 404
    bodies: dict[str, dict[str, Any]] = {
        CHAT: {"messages": ASKED},
        RESPONSES: {"input": "Hi"},
        "/v1/embeddings": {"input": "Hi"},
        "/v1/completions": {"prompt": "Hi"},
    }
    for path, body in bodies.items():
        answer = await ann.client.post(path, json={"model": "scripted/one", **body})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_permissions")
    answer = await ann.client.post(CHAT, json={"messages": ASKED})
    assert answer.json()["model"] == "guide/manual"
    assert not provider.requests


async def test_an_account_whose_tokens_are_spent(site: Site) -> None:
    ann = await site.person()
    await site.services.store.accounts.change(ann.account.id, permissions=Permissions(tokens_a_month=0))
    answer = await ann.client.post(CHAT, json={"model": "one", "messages": ASKED})
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "insufficient_quota")


async def test_what_is_asked_is_not_kept_unless_it_is_wanted(
    site: Site, provider: ScriptedProvider, settings: Settings, until: Until
) -> None:
    ann, store = await site.person(), site.services.store
    for path, body in ((CHAT, {"messages": ASKED}), (RESPONSES, {"input": "Hi", "stream": True})):
        assert (await ann.client.post(path, json=body)).status_code == 200
    settings.update(server_log_traffic=True)
    provider.says("Hello!")
    assert (await ann.client.post(CHAT, json={"messages": ASKED, "stream": True})).status_code == 200
    await until(lambda: store.conversations.page(account=ann.account.id))
    (kept,) = store.conversations.page(account=ann.account.id)
    assert (kept.title, kept.channel, kept.message_count) == ("Hi", "api", 2)
    assert not store.conversations.page()
    await until(lambda: [spent.key for spent in store.spending.by_model(account=ann.account.id)] == ["scripted/one"])


async def test_every_request_that_cannot_be_read_is_refused_in_our_words(site: Site) -> None:
    deep = '{"messages": ' + "[" * 5000 + "]" * 5000 + "}"
    bodies = [deep, "[]", "null", '"x"', "{", "", '{"messages": {}}', '{"messages": [[]]}', "\ud800"]
    bodies += ['{"messages": [{"role": 1}]}', '{"input": [7]}', '{"input": [{"type": []}]}', '{"messages": [null]}']
    for path in (CHAT, RESPONSES, "/v1/embeddings", "/v1/completions"):
        for body in bodies:
            content = body.encode("utf-8", "surrogatepass")
            answer = await site.owner.client.post(path, content=content, headers={"Content-Type": "application/json"})
            assert answer.status_code == 400, (path, body[:40], answer.text)
            assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_too_large(site: Site, settings: Settings) -> None:
    settings.update(server_json_mib=1)
    body = {"messages": [{"role": "user", "content": "x" * 1_100_000}]}
    answer = await site.owner.client.post(CHAT, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")


async def test_vectors_as_numbers_and_as_bytes(site: Site, provider: Embedding) -> None:
    plain = (await site.owner.client.post("/v1/embeddings", json={"model": "vectors", "input": ["a", "b"]})).json()
    assert plain == {
        "object": "list",
        "data": [{"object": "embedding", "index": index, "embedding": [0.1, 1.0]} for index in range(2)],
        "model": "scripted/vectors",
        "usage": {"prompt_tokens": 2, "total_tokens": 2},
    }
    body = {"input": "a", "encoding_format": "base64"}
    packed = (await site.owner.client.post("/v1/embeddings", json=body)).json()
    assert packed["data"][0]["embedding"] == "zczMPQAAgD8="


async def test_every_route_is_described(site: Site) -> None:
    paths = (await site.owner.client.get("/openapi.json")).json()["paths"]
    routes = ("chat/completions", "completions", "responses", "embeddings", "audio/transcriptions")
    assert all("post" in paths[f"/v1/{route}"] for route in routes)
    assert all("get" in paths[path] for path in ("/v1/models", "/v1/models/{id}"))


async def test_a_talk_of_ten_thousand_messages_and_of_more(site: Site, provider: ScriptedProvider) -> None:
    long = [{"role": "user", "content": "x" * 500}] * 10_000
    assert (await site.owner.client.post(CHAT, json={"messages": long})).status_code == 200
    assert len(provider.requests[0].messages) == 10_000
    answer = await site.owner.client.post(CHAT, json={"messages": [*long, *ASKED]})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "messages")
    calls = [{"id": str(number), "type": "function", "function": {"name": "f"}} for number in range(5000)]
    results = [{"role": "tool", "tool_call_id": str(number), "content": "r"} for number in range(5000)]
    talk = [*ASKED, {"role": "assistant", "tool_calls": calls}, *results]
    assert (await site.owner.client.post(CHAT, json={"messages": talk})).status_code == 200
    assert len(provider.requests[1].messages[1].parts) == 10_000

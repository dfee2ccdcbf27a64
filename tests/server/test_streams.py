"""Streams: what comes, when the client goes, and when the server ends."""

import asyncio
import json

import pytest

from parley.events import ReasoningDelta
from parley.messages import MessageStatus
from tests.conftest import ScriptedProvider, Until
from tests.server.conftest import Site


async def test_an_answer_whole(site: Site, provider: ScriptedProvider) -> None:
    provider.says("Hello", " there!")
    answer = (await site.owner.client.post("/chat", json={"message": "Hi"})).json()
    assert answer["response"] == "Hello there!"
    assert (answer["metadata"]["provider"], answer["metadata"]["model"]) == ("scripted", "one")
    assert site.services.store.conversations.get(answer["conversationId"]).title == "Hi"


async def test_an_answer_as_it_comes(site: Site, provider: ScriptedProvider) -> None:
    provider.says("Hello", " there!")
    async with site.owner.client.stream("POST", "/chat/stream", json={"message": "Hi"}) as answer:
        assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
        lines = [line async for line in answer.aiter_lines() if line.startswith("data: ")]
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert [event["type"] for event in events] == ["token", "token", "done"]


@pytest.mark.parametrize(
    "path", ["/chat/stream", "/v1/chat/completions", "/v1/responses", "/v1/messages", "/api/chat", "/api/chat/stream"]
)
async def test_a_line_ends_with_a_line_feed_only(site: Site, provider: ScriptedProvider, path: str) -> None:
    """Clients in Python and JavaScript split lines at other signs, too."""
    said = "a\u0085b\u2028c\u2029d"
    provider.says(ReasoningDelta(said), said)
    question: dict[str, object] = {"model": "scripted/one", "max_tokens": 9, "stream": True}
    if path.endswith("/stream"):
        question = {"message": "Hi"}
    elif path == "/v1/responses":
        question["input"] = "Hi"
    else:
        question["messages"] = [{"role": "user", "content": "Hi"}]
    answer = await site.owner.client.post(path, json=question)
    lines = answer.text.splitlines()
    assert lines == answer.text.rstrip("\n").split("\n") + [""] * (answer.text.endswith("\n\n"))
    read = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith(("data: {", "{"))]
    assert repr(said)[1:-1] in str(read)


async def test_who_goes_away_stops_the_turn(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    async with site.owner.client.stream("POST", "/chat/stream", json={"message": "Hi"}) as answer:
        async for line in answer.aiter_lines():
            if "Hello" in line:
                break
    await until(lambda: not provider.streaming, 5)
    conversation = site.services.store.conversations.page()[0]
    await until(lambda: not site.services.engine.answering)
    reply = site.services.store.messages.get(conversation.leaf_id or "")
    assert (reply.text, reply.status) == ("Hello", MessageStatus.STOPPED)


async def test_who_goes_away_before_a_whole_answer(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    asking = asyncio.create_task(site.owner.client.post("/chat", json={"message": "Hi"}))
    await until(lambda: provider.streaming)
    asking.cancel()
    await until(lambda: not provider.streaming, 5)


async def test_the_server_ends_with_a_stream_open(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    async with site.owner.client.stream("POST", "/chat/stream", json={"message": "Hi"}) as answer:
        lines = answer.aiter_lines()
        async for line in lines:
            if "Hello" in line:
                break
        await site.server.stop()
        rest = [line async for line in lines if line.startswith("data: ")]
    assert json.loads(rest[-1].removeprefix("data: "))["code"] == "PROVIDER_UNAVAILABLE"
    await until(lambda: not provider.streaming, 5)


async def test_a_revoked_token_ends_its_stream(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    async with site.owner.client.stream("POST", "/chat/stream", json={"message": "Hi"}) as answer:
        lines = answer.aiter_lines()
        async for line in lines:
            if "Hello" in line:
                break
        await site.services.store.tokens.revoke(int(site.owner.token.partition("|")[0]))
        rest = [line async for line in lines if line.startswith("data: ")]
    assert json.loads(rest[-1].removeprefix("data: "))["code"] == "UNAUTHORIZED"
    await until(lambda: not provider.streaming, 5)

"""Asta's dialect: what the model is asked, who answers, and what happens in between."""

import asyncio
import json
from itertools import pairwise
from typing import Any

import pytest

from parley.engine import ChatRequest
from parley.errors import KeyRefused, NoModel
from parley.events import Finished, ToolCalled
from parley.messages import Image, MessageStatus, Role, Text, ToolCall
from parley.models import Model
from parley.options import ProviderRow
from parley.people import Permissions
from parley.settings import Settings
from tests.conftest import ScriptedProvider, Until
from tests.server.asked import parts_of
from tests.server.conftest import Person, Site
from tests.server.exchange import events_of

SENT_PNG = "iVBORw0KGgo="
PNG = Image("image/png", b"\x89PNG\r\n\x1a\n")


async def asked(person: Person, **fields: Any) -> dict[str, Any]:
    answer = await person.client.post("/api/chat", json={"text": "Hi", **fields})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_the_mood_is_told_and_stays(site: Site, provider: ScriptedProvider) -> None:
    told = await asked(site.owner, mood="serious")
    assert provider.requests[-1].instruction == "Reply in a serious, professional tone."
    await asked(site.owner, conversation_id=told["conversation_id"])
    assert "serious" in provider.requests[-1].instruction
    await asked(site.owner, conversation_id=told["conversation_id"], mood="Friendly")
    assert provider.requests[-1].instruction == "Reply in a friendly, warm tone."


@pytest.mark.parametrize("sent", [SENT_PNG, f"data:image/png;base64,{SENT_PNG}", f"{SENT_PNG[:4]}\n{SENT_PNG[4:]}"])
async def test_an_image_is_seen(site: Site, provider: ScriptedProvider, sent: str) -> None:
    await asked(site.owner, image_base64=sent, image_mime="image/jpeg")
    assert parts_of(provider.requests[-1]) == [(Role.USER, [PNG, Text("Hi")])]
    await asked(site.owner, text=None, image_base64=sent)
    assert parts_of(provider.requests[-1]) == [(Role.USER, [PNG])]


class TestOfGoogle:
    @pytest.fixture
    def provider(self) -> ScriptedProvider:
        return ScriptedProvider("gemini", [Model("gemini", name) for name in ("pro", "flash", "nano")])

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        row = ProviderRow("gemini", "http://127.0.0.1:1", "scripted")
        settings.update(providers=(row,), default_model="gemini/flash")
        return settings

    async def test_which_model_answers(self, site: Site, provider: ScriptedProvider) -> None:
        told = await asked(site.owner, provider="google")
        assert (told["provider"], provider.requests[-1].model) == ("google", "flash")
        told = await asked(site.owner, provider="gemini", model="nano")
        assert (told["provider"], provider.requests[-1].model) == ("google", "nano")
        for name in ("Google", "default", None):
            await asked(site.owner, provider=name, conversation_id=told["conversation_id"])
            assert provider.requests[-1].model == "nano", name
        ann = await site.person()
        allowed = Permissions(models=frozenset({"gemini/nano"}))
        await site.services.store.accounts.change(ann.account.id, permissions=allowed)
        assert (await asked(ann, provider="google"))["provider"] == "google"
        assert provider.requests[-1].model == "nano"
        refused = await ann.client.post("/api/chat", json={"text": "Hi", "model": "gemini/pro"})
        assert (refused.status_code, "detail" in refused.json()) == (403, True)


async def test_tools_are_told_of(site: Site, provider: ScriptedProvider) -> None:
    services = site.services
    helper = await services.store.assistants.add("Writer", tools=("save_file",))
    first = await services.engine.send(ChatRequest("Hi", assistant=helper.id))
    await first.wait()
    call = ToolCall("c", "save_file", '{"name": "a.md", "content": "A"}')
    provider.says("I ", ToolCalled(call), Finished(None, "tool_calls"))
    provider.says("have.")
    body = {"text": "Save it", "conversation_id": first.conversation_id}
    told = [event["data"] for event in events_of((await site.owner.client.post("/api/chat/stream", json=body)).text)]
    assert [event["type"] for event in told] == ["meta", "assistant", "tool_start", "tool_end", "assistant", "done"]
    assert told[2] == {"type": "tool_start", "name": "save_file", "label": "Saving a file"}
    assert told[3] == told[2] | {"type": "tool_end"}
    assert told[-1]["reply"] == told[-2]["text"] == "".join(told[n]["delta"] for n in (1, 4))


async def test_a_provider_without_models(site: Site, provider: ScriptedProvider, settings: Settings) -> None:
    settings.update(default_model="")
    provider.listed.clear()
    answer = await site.owner.client.post("/api/chat", json={"text": "Hi", "provider": "scripted"})
    assert (answer.status_code, answer.json()["error"]) == (500, str(NoModel()))
    provider.problem = KeyRefused(provider="Scripted")
    await site.services.catalog.models(refresh=True)
    answer = await site.owner.client.post("/api/chat", json={"text": "Hi", "provider": "scripted"})
    assert (answer.status_code, answer.json()["error"]) == (500, str(provider.problem))


async def test_who_takes_json_too_gets_that(site: Site) -> None:
    headers = {"Accept": "application/json, text/event-stream"}
    answer = await site.owner.client.post("/api/chat", json={"text": "Hi"}, headers=headers)
    assert answer.json()["reply"] == "You said: Hi"


async def test_sends_to_one_conversation_queue(site: Site, provider: ScriptedProvider, until: Until) -> None:
    told = await asked(site.owner)
    go = asyncio.Event()
    provider.says("One", go)
    provider.says("Two")
    body = {"text": "Now", "conversation_id": told["conversation_id"]}
    first = asyncio.create_task(site.owner.client.post("/api/chat", json=body))
    await until(lambda: provider.streaming)
    async with site.owner.client.stream("POST", "/api/chat/stream", json=body) as answer:
        lines = answer.aiter_lines()
        seen = [await anext(lines) for _ in range(4)]
        assert "event: meta" in seen
        assert json.loads(seen[1].removeprefix("data: "))["provider"] == "scripted"
        assert provider.streaming == 1
        go.set()
        rest = "\n".join([*seen, *[line async for line in lines]])
    assert [event["event"] for event in events_of(rest)] == ["meta", "status", "assistant", "done"]
    assert (await first).json()["reply"] == "One"
    heard = provider.requests[-1].messages
    assert [message.text for message in heard][-4:] == ["You said: Hi", "Now", "One", "Now"]


async def test_the_deltas_make_up_the_reply(site: Site, provider: ScriptedProvider) -> None:
    pieces = ['"', "\\", "\n\n", "ä", "\N{SNOWMAN}", "\ud83d", "%s", "\0", "end"]
    provider.says(*pieces)
    answer = await site.owner.client.post("/api/chat/stream", json={"text": "Hi"})
    events = [event["data"] for event in events_of(answer.text)]
    said = [event for event in events if event["type"] == "assistant"]
    whole = "".join(pieces).replace("\ud83d", "?")
    assert "".join(event["delta"] for event in said) == said[-1]["text"] == events[-1]["reply"] == whole
    assert all(later["text"].startswith(event["text"]) for event, later in pairwise(said))


async def test_who_goes_away_stops_the_answer(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    async with site.owner.client.stream("POST", "/api/chat/stream", json={"text": "Hi"}) as answer:
        async for line in answer.aiter_lines():
            if "Hello" in line:
                break
    await until(lambda: not provider.streaming, 5)
    await until(lambda: not site.services.engine.answering)
    conversation = site.services.store.conversations.page()[0]
    reply = site.services.store.messages.get(conversation.leaf_id or "")
    assert (reply.text, reply.status, conversation.channel) == ("Hello", MessageStatus.STOPPED, "api")


async def test_while_an_answer_is_coming(site: Site, provider: ScriptedProvider, until: Until) -> None:
    go = asyncio.Event()
    provider.says("Hel", go, "lo")
    asking = asyncio.create_task(site.owner.client.post("/api/chat", json={"text": "Hi"}))
    await until(lambda: provider.streaming)
    (conversation,) = site.services.store.conversations.page()
    place = f"/api/chat/messages?conversation_id={conversation.id}"
    said = (await site.owner.client.get(place)).json()["messages"]
    assert said == [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hel"}]
    refused = await site.owner.client.post(
        f"/api/chat/conversations/{conversation.id}/truncate", json={"keep_count": 0}
    )
    assert (refused.status_code, "detail" in refused.json()) == (409, True)
    go.set()
    assert (await asking).json()["reply"] == "Hello"


async def test_a_server_that_ends_says_so(site: Site, provider: ScriptedProvider) -> None:
    provider.says("Hello", asyncio.Event())
    async with site.owner.client.stream("POST", "/api/chat/stream", json={"text": "Hi"}) as answer:
        lines = answer.aiter_lines()
        async for line in lines:
            if "Hello" in line:
                break
        await site.server.stop()
        rest = [event["data"] for event in events_of("\n".join([line async for line in lines]))]
    assert [event["type"] for event in rest] == ["error"]
    assert {"error", "conversation_id", "provider"} < rest[0].keys()


async def test_the_list_goes_on_behind_empty_conversations(site: Site) -> None:
    store = site.services.store
    ids = [(await asked(site.owner))["conversation_id"] for _ in range(3)]
    for number in range(5):
        await store.conversations.add(f"Empty {number}", channel="api")
    listed = (await site.owner.client.get("/api/chat/conversations?limit=2")).json()["conversations"]
    assert [each["id"] for each in listed] == ids[:0:-1]


async def test_the_double_claim_is_described(site: Site) -> None:
    operation = (await site.owner.client.get("/openapi.json")).json()["paths"]["/api/chat"]["post"]
    assert operation["tags"] == ["ollama", "asta"]
    assert len(operation["requestBody"]["content"]["application/json"]["schema"]["anyOf"]) == 2

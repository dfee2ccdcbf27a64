"""Conversations over Mingly's API: lists, trees, what is being written, and following one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from parley.messages import Image, MessageStatus
from parley.server.dialects.mingly import conversations
from parley.settings import Settings
from tests.conftest import ScriptedProvider, Until
from tests.server.conftest import Person, Site

SECONDS = 30
PIXEL = b"\x89PNG\r\n\x1a\n"


class Following:
    """A stream of server-sent events that is being read."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()
        self.last_id = ""

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if name == "id":
                    self.last_id = value
                elif name == "data":
                    heard: dict[str, Any] = json.loads(value)
                    return heard
        raise EOFError

    async def until(self, type: str) -> dict[str, Any]:
        while (heard := await self.hear())["type"] != type:
            pass
        return heard


@asynccontextmanager
async def following(person: Person, conversation: str, last: str = "") -> AsyncIterator[Following]:
    headers = {"Last-Event-ID": last} if last else {}
    async with person.client.stream("GET", f"/conversations/{conversation}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Following(answer)


async def begun(site: Site, text: str = "Hello", conversation: str | None = None) -> tuple[str, str]:
    """Ask, and go away: return the ids of the conversation and of the answer that goes on."""
    body = {"message": text, "detach": True, "conversationId": conversation}
    async with site.owner.client.stream("POST", "/chat/stream", json=body) as answer:
        assert answer.status_code == 200
        return answer.headers["x-conversation-id"], answer.headers["x-message-id"]


async def test_a_list_of_many(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "PAGE", 3)
    ids = [(await site.services.store.conversations.add(f"Chat {number}")).id for number in range(10)][::-1]
    client = site.owner.client
    for limit, expected in ((None, ids), (2, ids[:2]), (3, ids[:3]), (7, ids[:7]), (100, ids)):
        listed = (await client.get("/conversations", params={"limit": limit} if limit else {})).json()
        assert [each["id"] for each in listed] == expected
    listed = (await client.get("/conversations", params={"limit": 5, "before": ids[3]})).json()
    assert [each["id"] for each in listed] == ids[4:9]


async def test_a_tree_of_many(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "PAGE", 2)
    conversation = None
    for number in range(5):
        body = {"message": f"Question {number}", "conversationId": conversation}
        conversation = (await site.owner.client.post("/chat", json=body)).json()["conversationId"]
    for query in ("", "?tree=1"):
        told = (await site.owner.client.get(f"/conversations/{conversation}{query}")).json()
        assert [each["content"] for each in told["messages"][::2]] == [f"Question {number}" for number in range(5)]
        assert [each["parentId"] for each in told["messages"]] == [
            None,
            *(each["id"] for each in told["messages"][:-1]),
        ]


async def test_an_image_that_was_sent_along(site: Site) -> None:
    from parley.engine import ChatRequest

    turn = await site.services.engine.send(ChatRequest("Look", images=(Image("image/png", PIXEL),)))
    await turn.wait()
    told = (await site.owner.client.get(f"/conversations/{turn.conversation_id}")).json()
    assert told["messages"][0]["images"] == ["data:image/png;base64,iVBORw0KGgo="]


async def test_what_is_being_written(site: Site, provider: ScriptedProvider, until: Until) -> None:
    go = asyncio.Event()
    provider.says("Hello", go)
    conversation, reply = await begun(site)
    turn = site.services.engine.turn(reply)
    await until(lambda: turn and turn.text)
    message = (await site.owner.client.get(f"/conversations/{conversation}")).json()["messages"][-1]
    assert (message["id"], message["content"], message["status"]) == (reply, "Hello", "streaming")
    answer = await site.owner.client.patch(f"/messages/{reply}", json={"content": "Bye"})
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    go.set()


async def test_how_to_answer_reaches_the_provider(site: Site, provider: ScriptedProvider) -> None:
    body = {
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "temperature": 0.5,
        "maxTokens": 20,
        "mood": "serious",
    }
    answer = (await site.owner.client.post("/chat", json=body)).json()
    asked = provider.requests[-1]
    assert (asked.parameters.temperature, asked.parameters.max_tokens) == (0.5, 20)
    assert asked.instruction == "Be brief.\n\nReply in a serious, professional tone."
    body = {"message": "And?", "conversationId": answer["conversationId"], "temperature": 1, "mood": "friendly"}
    await site.owner.client.post("/chat", json=body)
    asked = provider.requests[-1]
    assert (asked.parameters.temperature, asked.parameters.max_tokens) == (1, 20)
    assert asked.instruction == "Be brief.\n\nReply in a friendly, warm tone."


async def test_an_assistant(site: Site, provider: ScriptedProvider) -> None:
    made = await site.services.store.assistants.add("Pirate", instruction="Arr!", model="scripted/two")
    told = {"id": made.id, "slug": "pirate", "name": "Pirate", "description": "", "model": "scripted/two"}
    assert (await site.owner.client.get("/assistants")).json() == [told]
    for name in (made.id, "pirate"):
        answer = (await site.owner.client.post("/chat", json={"message": "Hello", "assistantId": name})).json()
        assert (answer["metadata"]["model"], provider.requests[-1].instruction) == ("two", "Arr!")


async def test_following_from_the_beginning(site: Site, provider: ScriptedProvider) -> None:
    go = asyncio.Event()
    provider.says("Hello", go, " there")
    conversation, reply = await begun(site)
    async with following(site.owner, conversation) as one, following(site.owner, conversation) as other:
        ids = {"conversationId": conversation, "messageId": reply}
        for each in (one, other):
            assert await each.hear() == {"type": "started", **ids}
            assert await each.hear() == {"type": "token", "content": "Hello", "messageId": reply}
        go.set()
        for each in (one, other):
            assert await each.until("token") == {"type": "token", "content": " there", "messageId": reply}
            assert (await each.until("done")).items() >= ids.items()


async def test_following_from_where_one_has_left(site: Site, provider: ScriptedProvider) -> None:
    go = asyncio.Event()
    provider.says("One", "Two", go, "Three")
    conversation, reply = await begun(site)
    async with following(site.owner, conversation) as client:
        while (await client.hear()).get("content") != "One":
            pass
        last = client.last_id
    assert last.startswith(f"{reply}:")
    for left in (last, last.rpartition(":")[2]):
        async with following(site.owner, conversation, left) as client:
            assert (await client.hear())["content"] == "Two"
    go.set()
    turn = site.services.engine.turn(reply)
    assert turn
    await turn.wait()
    for left in (last, last.rpartition(":")[2]):  # it has ended, and can be read to its end
        async with following(site.owner, conversation, left) as client:
            assert (await client.hear())["content"] == "Two"
            assert (await client.hear())["content"] == "Three"
            assert (await client.hear())["type"] == "done"
    async with following(site.owner, conversation, f"{reply}:999999999") as client:
        await begun(site, "Again", conversation)
        assert (await client.until("token"))["content"] == "You said: Again"


@pytest.mark.parametrize("last", ["nothing:3", "x", ":", "-1", "9" * 40, "\xff"])
async def test_following_from_an_event_that_nobody_knows(site: Site, last: str) -> None:
    conversation = (await site.owner.client.post("/chat", json={"message": "Hello"})).json()["conversationId"]
    headers = {"Last-Event-ID": last.encode("latin-1")}
    path = f"/conversations/{conversation}/events"
    async with site.owner.client.stream("GET", path, headers=headers) as answer:  # type: ignore[arg-type]
        assert await Following(answer).hear() == {"type": "change", "conversationId": conversation}


async def test_following_what_comes_later(site: Site, provider: ScriptedProvider) -> None:
    conversation = (await site.owner.client.post("/chat", json={"message": "Later"})).json()["conversationId"]
    leaf = site.services.store.conversations.get(conversation).leaf_id or ""
    other = (await site.owner.client.post("/conversations", json={"title": "Other"})).json()["id"]
    change = {"type": "change", "conversationId": conversation}
    async with following(site.owner, conversation) as client:
        await site.services.store.messages.rewrite(leaf, "Another text")
        assert await client.hear() == change
        await site.owner.client.patch(f"/conversations/{other}", json={"title": "Not followed"})
        await site.owner.client.patch(f"/conversations/{conversation}", json={"title": "Followed"})
        assert await client.hear() == change
        provider.says("Hello")
        _, reply = await begun(site, "Hi", conversation)
        assert (await client.until("started"))["messageId"] == reply
        assert (await client.until("token"))["content"] == "Hello"
        assert (await client.until("done"))["messageId"] == reply
        await site.owner.client.delete(f"/conversations/{conversation}")
        ended = await client.until("error")
        assert ended["code"] == "NOT_FOUND"
        with pytest.raises(EOFError):
            await client.hear()


async def test_following_two_answers_at_once(site: Site, provider: ScriptedProvider, until: Until) -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    provider.says("One", gates[0], " more")
    conversation, first = await begun(site)
    await until(lambda: provider.streaming == 1)
    question = (await site.owner.client.get(f"/conversations/{conversation}")).json()["messages"][0]["id"]
    provider.says("Two", gates[1], " more")
    turn = await site.services.engine.edit(question, "Another branch")
    await until(lambda: provider.streaming == 2)
    async with following(site.owner, conversation) as client:
        heard = [await client.hear() for _ in range(4)]
        said = {each["messageId"]: each["content"] for each in heard if each["type"] == "token"}
        assert said == {first: "One", turn.reply_id: "Two"}
        gates[1].set()
        assert (await client.until("done"))["messageId"] == turn.reply_id
        gates[0].set()
        assert (await client.until("done"))["messageId"] == first


async def test_leaving_what_one_only_follows_stops_nothing(
    site: Site, provider: ScriptedProvider, until: Until
) -> None:
    go = asyncio.Event()
    provider.says("Hello", go, " there")
    conversation, reply = await begun(site)
    async with following(site.owner, conversation) as client:
        await client.until("token")
    await until(lambda: site.server.clients[0].open == 0)
    assert provider.streaming
    go.set()
    await until(lambda: not site.services.engine.answering)
    message = site.services.store.messages.get(reply)
    assert (message.text, message.status) == ("Hello there", MessageStatus.COMPLETE)


async def test_an_answer_is_stopped(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    conversation, reply = await begun(site)
    async with following(site.owner, conversation) as client:
        await client.until("token")
        assert (await site.owner.client.post(f"/conversations/{conversation}/stop")).status_code == 204
        assert (await client.until("done"))["messageId"] == reply
    message = site.services.store.messages.get(reply)
    assert (message.text, message.status) == ("Hello", MessageStatus.STOPPED)
    assert (await site.owner.client.post(f"/conversations/{conversation}/stop")).status_code == 204


async def test_questions_in_one_conversation_wait_for_each_other(
    site: Site, provider: ScriptedProvider, until: Until
) -> None:
    go = asyncio.Event()
    provider.says("One", go)
    provider.says("Two")
    conversation, _ = await begun(site)
    asking = asyncio.create_task(
        site.owner.client.post("/chat", json={"message": "And?", "conversationId": conversation})
    )
    await until(lambda: len(site.services.engine.turns(conversation)) == 2)
    assert len(provider.requests) == 1
    go.set()
    assert (await asking).json()["response"] == "Two"
    assert [message.text for message in provider.requests[1].messages] == ["Hello", "One", "And?"]


async def test_a_body_that_is_too_large(site: Site, settings: Settings) -> None:
    settings.update(server_json_mib=1)
    answer = await site.owner.client.post("/chat", json={"message": "a" * 1024 * 1024})
    assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_conversation_without_a_model_keeps_the_first_one(site: Site, provider: ScriptedProvider) -> None:
    id = (await site.owner.client.post("/conversations", json={"title": "Empty"})).json()["id"]
    for body in ({"provider": "scripted", "model": "two"}, {}):
        provider.says("Hi")
        answer = await site.owner.client.post("/chat", json={"message": "Hello", "conversationId": id, **body})
        assert answer.json()["metadata"]["model"] == "two"
    listed = (await site.owner.client.get("/conversations")).json()
    assert [(each["provider"], each["model"]) for each in listed] == [("scripted", "two")]


async def test_an_empty_id_is_none(site: Site, provider: ScriptedProvider) -> None:
    provider.says("Hi")
    answer = await site.owner.client.post("/chat", json={"message": "Hello", "conversationId": ""})
    assert answer.status_code == 200
    listed = (await site.owner.client.get("/conversations")).json()
    assert [each["id"] for each in listed] == [answer.json()["conversationId"]]


async def test_a_model_that_is_named_with_its_provider(site: Site, provider: ScriptedProvider) -> None:
    provider.says("Hi")
    wanted = {"message": "Hello", "provider": "scripted", "model": "scripted/two"}
    answer = await site.owner.client.post("/chat", json=wanted)
    assert (answer.json()["metadata"]["provider"], answer.json()["metadata"]["model"]) == ("scripted", "two")


async def test_another_answer_to_a_message_of_another_conversation(site: Site) -> None:
    """It is the message that is not there."""
    ask = site.owner.client.post
    first, second = [(await ask("/chat", json={"message": "Hi"})).json()["conversationId"] for _ in range(2)]
    message = (await site.owner.client.get(f"/conversations/{first}")).json()["messages"][-1]["id"]
    answer = await ask(f"/conversations/{second}/regenerate", json={"messageId": message})
    assert (answer.status_code, answer.json()["error"]) == (404, f"There is no message “{message}”.")
    assert (await ask(f"/conversations/{first}/regenerate", json={"messageId": message})).status_code == 200

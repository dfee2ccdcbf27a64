"""Idempotency keys: what is sent again is carried out once, side by side, after failures and after a restart."""

import asyncio
from typing import Any

import httpx
import pytest

from parley.engine import ChatEngine
from parley.errors import AnswerBroken, ProviderTimeout
from parley.messages import MessageStatus, Text
from parley.server import EmbeddedServer, Plan
from parley.server.idempotent import fingerprint
from parley.services import Services
from parley.store import Store
from parley.store.idempotency import Claim
from tests.conftest import ScriptedProvider, Until
from tests.server.conftest import Person, Site, client
from tests.server.test_qinaya import API, CHATS, chat

KEY = {"Idempotency-Key": "unique-request-id-123"}


async def say(person: Person, id: str, content: str = "Hi", key: str = "k", **more: Any) -> httpx.Response:
    body = {"content": content, **more}
    return await person.client.post(f"{CHATS}/{id}/messages", json=body, headers={"Idempotency-Key": key})


async def test_the_same_again_is_answered_the_same(site: Site, provider: ScriptedProvider) -> None:
    first = await site.owner.client.post(CHATS, json={"title": "My Chat"}, headers=KEY)
    again = await site.owner.client.post(CHATS, json={"title": "My Chat"}, headers=KEY)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert int(again.headers["x-ratelimit-remaining"]) == int(first.headers["x-ratelimit-remaining"]) - 1
    assert len(site.services.store.conversations.page()) == 1
    id = first.json()["data"]["id"]
    answers = [await say(site.owner, id) for _ in range(3)]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert len(provider.requests) == 1
    for method, path, body in (
        ("PUT", f"{CHATS}/{id}", {"title": "Renamed"}),
        ("POST", f"{CHATS}/{id}/pin", None),
        ("POST", f"{CHATS}/{id}/regenerate", None),
        ("PUT", f"{API}/preferences", {"theme": "dark"}),
    ):
        headers = {"Idempotency-Key": path + method}
        one, other = [await site.owner.client.request(method, path, json=body, headers=headers) for _ in range(2)]
        assert (one.status_code, one.content) == (200, other.content)
    assert len(provider.requests) == 2


async def test_another_request_with_the_same_key(site: Site) -> None:
    await site.owner.client.post(CHATS, json={"title": "One"}, headers=KEY)
    id = await chat(site.owner)
    for method, path, body in (
        ("POST", CHATS, {"title": "Two"}),
        ("POST", f"{CHATS}/{id}/pin", None),
        ("PUT", f"{CHATS}/{id}", {"title": "One"}),
    ):
        answer = await site.owner.client.request(method, path, json=body, headers=KEY)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "VALIDATION_ERROR")
        assert list(answer.json()["error"]["details"]) == ["Idempotency-Key"]
    assert (await site.owner.client.get(CHATS, headers=KEY)).status_code == 200, "reading needs no key"
    bob = await site.person("bob@example.org")
    assert (await bob.client.post(CHATS, json={"title": "Two"}, headers=KEY)).json()["data"]["title"] == "Two"


async def test_side_by_side_it_is_asked_once(site: Site, provider: ScriptedProvider, until: Until) -> None:
    going_on = asyncio.Event()
    provider.says("Hello", going_on, "!")
    id = await chat(site.owner)
    sending = [asyncio.create_task(say(site.owner, id)) for _ in range(8)]
    await until(lambda: provider.streaming)
    assert (await say(site.owner, id, "Something else")).status_code == 422
    sending[0].cancel()  # who came first goes; the others still wait
    await until(lambda: sum(each.open for each in site.server.clients) == 7)
    going_on.set()
    answers = await asyncio.gather(*sending[1:])
    assert {answer.content for answer in answers} == {(await say(site.owner, id)).content}
    assert answers[0].json()["data"]["reply"]["content"] == "Hello!"
    assert len(provider.requests) == 1
    assert site.services.store.conversations.get(id).message_count == 2


async def test_who_goes_alone_stops_it_and_gets_what_had_come(
    site: Site, provider: ScriptedProvider, until: Until
) -> None:
    provider.says("Hello", asyncio.Event())
    id = await chat(site.owner)
    sending = asyncio.create_task(say(site.owner, id))
    await until(lambda: (turn := site.services.engine.running(id)) and turn.text == "Hello")
    sending.cancel()
    await until(lambda: not provider.streaming, 5)
    reply = (await say(site.owner, id)).json()["data"]["reply"]
    assert (reply["content"], reply["status"]) == ("Hello", "stopped")
    assert len(provider.requests) == 1


async def test_refusals_are_kept_but_not_what_may_pass(site: Site, provider: ScriptedProvider) -> None:
    id = await chat(site.owner)
    refused = await say(site.owner, "nothing")
    assert refused.status_code == 404
    assert (await say(site.owner, "nothing")).content == refused.content
    for number, error in enumerate((AnswerBroken(provider="X"), ProviderTimeout(provider="X", seconds=3.0)), 1):
        provider.says("Well", error)
        provider.says("Now.")
        key = f"key{number}"
        assert (await say(site.owner, id, key=key)).status_code >= 500
        answer = await say(site.owner, id, key=key)
        assert (answer.status_code, answer.json()["data"]["reply"]["content"]) == (201, "Now.")
        assert (await say(site.owner, id, key=key)).content == answer.content
        assert len(provider.requests) == 2 * number
        branch = (await site.owner.client.get(f"{CHATS}/{id}/messages")).json()["data"]
        assert len(branch) == 2 * number, "the question is not said twice"


async def test_a_limit_is_not_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(60):
        await site.owner.client.get(f"{API}/preferences")
    assert (await site.owner.client.post(CHATS, json={"title": "x"}, headers=KEY)).status_code == 429
    monkeypatch.setattr("parley.server.limits.WINDOW_SECONDS", 0.0)
    assert (await site.owner.client.post(CHATS, json={"title": "x"}, headers=KEY)).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_what_is_no_key(site: Site, key: str) -> None:
    answer = await site.owner.client.post(CHATS, json={"title": "x"}, headers={"Idempotency-Key": key})
    assert (answer.status_code, list(answer.json()["error"]["details"])) == (422, ["Idempotency-Key"])
    assert site.services.store.conversations.page() == []


async def test_logging_in_takes_no_key(site: Site) -> None:
    await site.services.credentials.add("john@example.org", "secret")
    wanted = {"email": "john@example.org", "password": "secret", "device_name": "x"}
    tokens = {(await site.anyone.post(f"{API}/auth/login", json=wanted, headers=KEY)).text for _ in range(2)}
    assert len(tokens) == 2
    named = {
        (await site.owner.client.post(f"{API}/auth/token", json={"name": "x"}, headers=KEY)).text for _ in range(2)
    }
    assert len(named) == 2


async def test_a_turn_that_nobody_waits_for(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Done.")
    id = await chat(site.owner)
    first = await say(site.owner, id, stream=True)
    await until(lambda: not site.services.engine.answering)
    again = await say(site.owner, id, stream=True)
    assert (first.status_code, again.status_code, again.content) == (202, 202, first.content)
    assert len(provider.requests) == 1


async def test_a_bug_is_not_kept(site: Site, monkeypatch: pytest.MonkeyPatch, expect_log: Any) -> None:
    expect_log("failed")
    with monkeypatch.context() as patched:
        patched.setattr(site.services.store.conversations, "add", lambda *_, **__: 1 / 0)
        answer = await site.owner.client.post(CHATS, json={"title": "x"}, headers=KEY)
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "INTERNAL_ERROR")
    assert (await site.owner.client.post(CHATS, json={"title": "x"}, headers=KEY)).status_code == 201


async def test_after_a_restart(site: Site, provider: ScriptedProvider) -> None:
    id = await chat(site.owner)
    first = await say(site.owner, id)
    later = await restarted(site)
    try:
        async with client(later.url, site.owner.token) as owner:
            again = await say(Person(site.owner.account, "", owner), id)
            assert again.content == first.content
            other = await say(Person(site.owner.account, "", owner), id, "Something else")
            assert other.status_code == 422
    finally:
        await later.close()
    assert len(provider.requests) == 1


async def test_what_the_end_of_the_server_cut_off(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    id = await chat(site.owner)
    sending = asyncio.create_task(say(site.owner, id))
    await until(lambda: (turn := site.services.engine.running(id)) and turn.text == "Hello")
    later = await restarted(site)
    try:
        assert (await sending).status_code == 503
        assert not provider.streaming
        async with client(later.url, site.owner.token) as owner:
            reply = (await say(Person(site.owner.account, "", owner), id)).json()["data"]["reply"]
    finally:
        await later.close()
    assert (reply["content"], reply["status"]) == ("Hello", "stopped")
    assert len(provider.requests) == 1


@pytest.mark.parametrize("more", [{}, {"stream": True}])
async def test_what_a_crash_left_is_not_asked_again(
    site: Site, provider: ScriptedProvider, more: dict[str, Any]
) -> None:
    """The message and its key are there, and half a reply: as a process leaves them that is killed."""
    id = await chat(site.owner)
    dead = Store.open(site.services.store.path.parent)
    asked = {"conversation_id": id, "title": "", "parts": [Text("Hi")], "model": "scripted/one"}
    _, question, reply = await dead.turns.begin(**asked, claim=claimed(id, **more))  # type: ignore[arg-type]
    await dead.turns.save(reply.id, [Text("Half")])
    await dead.close()
    answers = [await say(site.owner, id, **more) for _ in range(2)]
    data = answers[0].json()["data"]
    assert answers[0].status_code == (202 if more else 201)
    assert (data["message"]["id"], data["reply"]["id"]) == (question.id, reply.id)
    assert (data["reply"]["content"], data["reply"]["status"]) == ("Half", "interrupted")
    assert answers[1].content == answers[0].content
    assert provider.requests == []
    assert site.services.store.conversations.get(id).message_count == 2


async def test_while_another_process_answers_it_waits(site: Site, provider: ScriptedProvider, until: Until) -> None:
    id = await chat(site.owner)
    other = Store.open(site.services.store.path.parent)
    asked = {"conversation_id": id, "title": "", "parts": [Text("Hi")], "model": "scripted/one"}
    _, _, reply = await other.turns.begin(**asked, claim=claimed(id))  # type: ignore[arg-type]
    for _ in range(2):  # who goes meanwhile leaves nothing behind
        sending = asyncio.create_task(say(site.owner, id))
        await until(lambda: any(each.open for each in site.server.clients))
        sending.cancel()
        await until(lambda: not any(each.open for each in site.server.clients))
    sending = asyncio.create_task(say(site.owner, id))
    await until(lambda: any(each.open for each in site.server.clients))
    await other.turns.finish(reply.id, [Text("Whole")], MessageStatus.COMPLETE)
    answer = (await sending).json()["data"]
    assert (answer["reply"]["content"], answer["reply"]["status"]) == ("Whole", "complete")
    assert provider.requests == []
    await other.close()


class Later:
    """The same data, opened anew by another process as it were."""

    def __init__(self, services: Services, server: EmbeddedServer) -> None:
        self.services, self.server = services, server

    @property
    def url(self) -> str:
        assert self.server.address
        return self.server.address

    async def close(self) -> None:
        await self.server.stop()
        await self.services.engine.close()
        await self.services.store.close()


async def restarted(site: Site) -> Later:
    """Stop the server, and start another one on a store and an engine of its own."""
    before = site.services
    await site.server.stop()
    store = Store.open(before.store.path.parent)
    services = Services(
        before.paths, before.settings, before.keys, store, lambda *_: before.catalog, lambda _: site.server
    )
    vars(services)["engine"] = ChatEngine(store, before.catalog, before.settings)
    server = EmbeddedServer(services, Plan(port=0))
    await server.start()
    return Later(services, server)


def claimed(id: str, **more: Any) -> Claim:
    """Return what `say` claims."""
    path = f"{CHATS}/{id}/messages"
    sent = httpx.Request("POST", f"http://x{path}", json={"content": "Hi", **more})
    return Claim("owner", "k", fingerprint("POST", path, sent.content))

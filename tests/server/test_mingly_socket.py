"""The WebSocket of Mingly's API, with a client as browsers and programs have them."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from parley.messages import MessageStatus
from parley.server.dialects.mingly import socket as mingly
from parley.settings import Settings
from tests.conftest import ScriptedProvider, Until
from tests.server.conftest import Person, Serve, Site

SECONDS = 30


class Talk:
    """A socket that is open."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, raw: str | bytes | None = None, **fields: object) -> None:
        await self.socket.send(json.dumps(fields) if raw is None else raw)

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(SECONDS):
            heard: dict[str, Any] = json.loads(await self.socket.recv())
        return heard

    async def until(self, type: str, **fields: object) -> dict[str, Any]:
        """Return the next message of that type, with these fields."""
        while True:
            heard = await self.hear()
            if heard["type"] == type and heard.items() >= fields.items():
                return heard
            assert heard["type"] != "error", heard

    async def closed(self) -> int:
        async with asyncio.timeout(SECONDS):
            with suppress(ConnectionClosed):
                while True:
                    await self.socket.recv()
        assert self.socket.close_code is not None
        return self.socket.close_code


@asynccontextmanager
async def talk(site: Site, person: Person | None = None, query: str = "", **options: Any) -> AsyncIterator[Talk]:
    """Open a socket; with a person, it sends the token in a header."""
    url = site.url.replace("http", "ws", 1) + "/ws" + query
    async with connect(url, additional_headers=person.headers if person else {}, **options) as socket:
        yield Talk(socket)


async def test_the_key_in_the_address_a_header_or_the_first_message(site: Site) -> None:
    owner, ann = site.owner, await site.person()
    async with talk(site, None, f"?token={owner.token}") as one, talk(site, owner) as other, talk(site) as third:
        for each in (one, other):
            await each.say(type="ping", requestId=7)
            assert await each.hear() == {"type": "pong", "requestId": 7}
        await third.say(type="auth", token=ann.token)
        assert await third.hear() == {"type": "auth_ok"}
        assert {client.account for client in site.server.clients} == {"owner", ann.account.id}
        await third.say(type="auth", token=owner.token)  # somebody else's
        assert (await third.hear())["code"] == "UNAUTHORIZED"
        await third.say(type="ping")
        assert (await third.hear())["type"] == "pong"


async def test_a_first_message_without_a_good_key(site: Site) -> None:
    firsts: list[str | bytes] = ['{"type":"ping"}', '{"type":"auth","token":"1|wrong"}', '{"token":7}', "hello", b"\0"]
    for first in firsts:
        async with talk(site) as stranger:
            await stranger.say(first)
            heard = await stranger.hear()
            assert (heard["type"], heard["code"]) == ("error", "UNAUTHORIZED"), first
            assert await stranger.closed() == 4001


async def test_a_wrong_key_in_the_address(site: Site) -> None:
    ann = await site.person()
    for person, token in ((None, "1|wrong"), (None, ""), (ann, site.owner.token)):
        async with talk(site, person, f"?token={token}") as stranger:
            assert (await stranger.hear())["code"] == "UNAUTHORIZED"
            assert await stranger.closed() == 4001


async def test_who_says_no_key_is_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mingly, "TOKEN_SECONDS", 0.05)
    async with talk(site) as stranger:
        assert (await stranger.hear())["code"] == "UNAUTHORIZED"
        assert await stranger.closed() == 4001


async def test_no_key_where_none_is_asked_for(serve: Serve) -> None:
    from parley.server import Plan

    site = await serve(Plan(port=0, auth=False))
    async with talk(site) as anyone:
        await anyone.say(type="chat", message="Hello")
        assert (await anyone.until("done"))["conversationId"]


async def test_pages_of_other_places_open_no_socket(site: Site, settings: Settings) -> None:
    settings.update(server_origins="https://good.example")
    for origin in (site.url, "https://good.example"):
        async with talk(site, None, f"?token={site.owner.token}", origin=origin) as page:
            await page.say(type="ping")
            assert (await page.hear())["type"] == "pong"
    for origin in ("https://evil.example", "null", site.url.replace("127.0.0.1", "localhost")):
        with pytest.raises(InvalidStatus) as refused:
            async with talk(site, None, f"?token={site.owner.token}", origin=origin):
                pass
        assert refused.value.response.status_code == 403
        assert json.loads(refused.value.response.body)["code"] == "FORBIDDEN"


async def test_no_more_sessions_than_are_allowed(site: Site, settings: Settings, until: Until) -> None:
    settings.update(server_sessions=2)
    async with talk(site, site.owner) as one, talk(site, site.owner):
        await one.say(type="ping")
        await one.hear()
        await until(lambda: site.server.clients[0].open == 2)
        assert (await site.owner.client.get("/info")).json()["activeSessions"] == 2
        async with talk(site, site.owner) as third:
            heard = await third.hear()
            assert (heard["type"], heard["error"]) == ("error", "All 2 sessions of this server are in use.")
            assert await third.closed() == 4002
        await one.socket.close()
        await until(lambda: site.server.clients[0].open == 1)
        async with talk(site, site.owner) as third:
            await third.say(type="ping")
            assert (await third.hear())["type"] == "pong"
    await until(lambda: site.server.clients[0].open == 0)


async def test_several_questions_at_once(site: Site, provider: ScriptedProvider, until: Until) -> None:
    go = asyncio.Event()
    provider.says("One", asyncio.Event())
    provider.says("Two", go, " and done")
    async with talk(site, site.owner) as client:
        await client.say(type="chat", message="First", requestId="a")
        assert (await client.until("token")) == {"type": "token", "content": "One", "requestId": "a"}
        await client.say(type="chat", message="Second", requestId=2)
        assert (await client.until("token")) == {"type": "token", "content": "Two", "requestId": 2}
        await client.say(type="chat", message="Third", requestId="a")
        assert (await client.until("error", requestId="a"))["code"] == "BAD_REQUEST"
        await client.say(type="cancel", requestId="a")
        stopped = await client.until("done")
        assert stopped["requestId"] == "a"
        reply = site.services.store.messages.get(stopped["messageId"])
        assert (reply.text, reply.status) == ("One", MessageStatus.STOPPED)
        go.set()
        assert (await client.until("token"))["content"] == " and done"
        assert (await client.until("done"))["requestId"] == 2


async def test_no_more_answers_at_once_than_are_allowed(site: Site, provider: ScriptedProvider, until: Until) -> None:
    for _ in range(mingly.MOST_ANSWERS):
        provider.says(asyncio.Event())
    async with talk(site, site.owner) as client:
        for number in range(mingly.MOST_ANSWERS + 1):
            await client.say(type="chat", message="Hello", requestId=number)
        refused = await client.until("error")
        assert (refused["requestId"], refused["code"]) == (mingly.MOST_ANSWERS, "RATE_LIMITED")
        await client.say(type="cancel")
        stopped = {(await client.until("done"))["requestId"] for _ in range(mingly.MOST_ANSWERS)}
        assert stopped == set(range(mingly.MOST_ANSWERS))
    await until(lambda: not provider.streaming)


async def test_questions_in_one_conversation_are_answered_in_their_order(
    site: Site, provider: ScriptedProvider
) -> None:
    conversation = (await site.owner.client.post("/conversations", json={"title": "Queue"})).json()["id"]
    go = asyncio.Event()
    provider.says("One", go, " two")
    provider.says("Three")
    async with talk(site, site.owner) as client:
        for number in (1, 2):
            await client.say(type="chat", message="Hello", conversationId=conversation, requestId=number)
        waits = await client.until("status")
        assert (waits["status"], waits["requestId"]) == ("queued", 2)
        go.set()
        assert (await client.until("token"))["content"] == " two"
        assert (await client.until("done"))["requestId"] == 1
        assert (await client.until("token"))["content"] == "Three"
        assert (await client.until("done"))["requestId"] == 2


UNREADABLE: list[str | bytes] = [
    "",
    "hello",
    "[]",
    "7",
    "{}",
    '{"type":"dance"}',
    '{"type":["chat"]}',
    '{"type":"chat"}',
    '{"type":"chat","message":7}',
    '{"type":"chat","message":"a","temperature":"hot"}',
    '{"type":"chat","message":"a","temperature":NaN}',
    '{"type":"chat","message":"a","temperature":9}',
    '{"type":"chat","message":"a","requestId":{}}',
    '{"type":"chat","message":"a","conversationId":7}',
    '{"type":"chat","messages":[{"role":"assistant","content":"a"}]}',
    "[" * 100_000,
    '{"a":' * 100_000,
    b"\xff\xfe",
]


async def test_what_cannot_be_read_is_said_and_the_socket_stays(site: Site) -> None:
    async with talk(site, site.owner) as client:
        for sent in UNREADABLE:
            await client.say(sent)
            heard = await client.hear()
            assert (heard["type"], heard["code"]) == ("error", "BAD_REQUEST"), sent[:80]
        await client.say(type="ping")
        assert await client.hear() == {"type": "pong"}
    assert not site.services.store.conversations.page()


async def test_an_unknown_conversation_and_somebody_elses(site: Site) -> None:
    ann = await site.person()
    made = (await site.owner.client.post("/conversations", json={"title": "Mine"})).json()["id"]
    async with talk(site, ann) as client:
        for id in (made, "nothing"):
            await client.say(type="chat", message="Hello", conversationId=id, requestId=id)
            heard = await client.hear()
            assert (heard["code"], heard["requestId"]) == ("NOT_FOUND", id)
    assert site.services.store.conversations.get(made).message_count == 0


async def test_a_failed_answer(site: Site, provider: ScriptedProvider) -> None:
    from parley.errors import ProviderUnreachable

    provider.says("So", ProviderUnreachable(provider="Scripted", address="127.0.0.1:1"))
    async with talk(site, site.owner) as client:
        await client.say(type="chat", message="Hello", requestId="x")
        assert (await client.hear())["content"] == "So"
        heard = await client.hear()
        assert (heard["type"], heard["requestId"]) == ("error", "x")
        assert heard["code"] in ("PROVIDER_ERROR", "PROVIDER_UNAVAILABLE")


async def test_who_goes_away_stops_the_answers(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    async with talk(site, site.owner) as client:
        await client.say(type="chat", message="Hi")
        await client.until("token")
    await until(lambda: not provider.streaming, 5)
    await until(lambda: not site.services.engine.answering)


async def test_who_goes_away_without_a_word_stops_the_answers(
    site: Site, provider: ScriptedProvider, until: Until
) -> None:
    provider.says("Hello", asyncio.Event())
    async with talk(site, site.owner) as client:
        await client.say(type="chat", message="Hi")
        await client.until("token")
        client.socket.transport.abort()
        await until(lambda: not provider.streaming, 5)


async def test_who_goes_away_may_let_the_answer_go_on(site: Site, provider: ScriptedProvider, until: Until) -> None:
    go = asyncio.Event()
    provider.says("Hello", go, " there")
    async with talk(site, site.owner) as client:
        await client.say(type="chat", message="Hi", detach=True)
        await client.until("token")
    await until(lambda: site.server.clients[0].open == 0)
    assert provider.streaming
    go.set()
    await until(lambda: not site.services.engine.answering)
    conversation = site.services.store.conversations.page()[0]
    assert site.services.store.messages.get(conversation.leaf_id or "").text == "Hello there"


async def test_a_revoked_token_closes_its_socket(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    ann = await site.person()
    async with talk(site, ann) as client, talk(site, site.owner) as other:
        await client.say(type="chat", message="Hi")
        await client.until("token")
        await site.services.store.tokens.revoke(int(ann.token.partition("|")[0]))
        assert (await client.until("error"))["code"] == "UNAUTHORIZED"
        assert await client.closed() == 4001
        await until(lambda: not provider.streaming, 5)
        await other.say(type="ping")
        assert (await other.hear())["type"] == "pong"


async def test_the_end_of_the_server_closes_sockets(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    async with talk(site, site.owner) as client:
        await client.say(type="chat", message="Hi")
        await client.until("token")
        await site.server.stop()
        assert (await client.until("error"))["error"] == "This server is ending."
        assert await client.closed() == 1001
    await until(lambda: not provider.streaming, 5)


async def test_limits_hold_on_the_socket(site: Site, settings: Settings) -> None:
    settings.update(server_llm_calls=1)
    async with talk(site, site.owner) as client:
        await client.say(type="chat", message="Hi")
        await client.until("done")
        await client.say(type="chat", message="Hi", requestId="b")
        refused = await client.hear()
        assert (refused["code"], refused["requestId"]) == ("RATE_LIMITED", "b")
        assert refused["retryAfter"] in range(1, 61)
        assert (await site.owner.client.post("/chat", json={"message": "Hi"})).status_code == 429
        settings.update(server_requests=1)
        await client.say(type="ping")
        assert (await client.hear())["code"] == "RATE_LIMITED"


async def test_news_of_ones_own_conversations_only(site: Site) -> None:
    ann = await site.person()
    async with talk(site, ann) as hers, talk(site, site.owner) as owners:
        for client in (hers, owners):
            await client.say(type="subscribe")
            assert await client.hear() == {"type": "subscribed"}
        made = (await site.owner.client.post("/conversations", json={"title": "One"})).json()["id"]
        assert await owners.hear() == {"type": "change", "conversationId": made}
        his = (await ann.client.post("/conversations", json={"title": "Two"})).json()["id"]
        assert await hers.hear() == {"type": "change", "conversationId": his}
        await site.owner.client.post("/chat", json={"message": "Hi", "conversationId": made})
        assert await owners.hear() == {"type": "change", "conversationId": made}
        await hers.say(type="ping")
        assert await hers.hear() == {"type": "pong"}


async def test_a_client_that_reads_nothing_keeps_nobody_waiting(
    site: Site, provider: ScriptedProvider, until: Until
) -> None:
    provider.says(*["x" * 65_536] * 200)
    async with talk(site, site.owner, max_queue=1, compression=None) as slow:
        slow.socket.transport.pause_reading()
        await slow.say(type="chat", message="Hi")
        await until(lambda: provider.requests and not provider.streaming)
        answer = await site.owner.client.post("/chat", json={"message": "Hello"})
        assert answer.json()["response"] == "You said: Hello"
        async with asyncio.timeout(SECONDS):
            await site.server.stop()
        slow.socket.transport.abort()


async def test_a_message_that_is_too_large(serve: Serve, settings: Settings, until: Until) -> None:
    settings.update(server_json_mib=1)
    site = await serve()
    async with talk(site, site.owner, max_size=None) as client:
        await client.say(type="ping", filling="a" * (1024 * 1024 - 100))
        assert (await client.hear())["type"] == "pong"
        with suppress(ConnectionClosed):
            await client.say(type="ping", filling="a" * 1024 * 1024)
        assert await client.closed() == 1009
    await until(lambda: site.server.clients[0].open == 0)


async def test_a_key_in_the_address_stands_in_no_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    secret = site.owner.token.partition("|")[2]
    with caplog.at_level(logging.DEBUG):
        async with talk(site, None, f"?token={site.owner.token}") as client:
            await client.say(type="ping")
            assert (await client.hear())["type"] == "pong"
        async with talk(site, None, f"?token=9{site.owner.token}") as client:
            assert await client.closed() == 4001
    ours = [record for record in caplog.records if record.name != "websockets.client"]
    assert any("/ws" in record.getMessage() for record in ours), "nothing has been logged"
    assert not [record for record in ours if secret in record.getMessage()]


async def test_fifty_sockets_at_once(site: Site, provider: ScriptedProvider) -> None:
    async def ask(number: int) -> str:
        async with talk(site, site.owner) as client:
            await client.say(type="chat", message=f"Number {number}", requestId=number)
            text = ""
            while (heard := await client.hear())["type"] != "done":
                assert heard["requestId"] == number
                text += heard.get("content", "")
            return text

    answers = await asyncio.gather(*map(ask, range(50)))
    assert answers == [f"You said: Number {number}" for number in range(50)]


async def test_nothing_is_left_of_sockets_when_the_server_has_ended(
    serve: Serve, provider: ScriptedProvider, until: Until
) -> None:
    before = asyncio.all_tasks()
    site = await serve()
    provider.says("Hello", asyncio.Event())
    async with talk(site, site.owner) as one, talk(site) as stranger, talk(site, site.owner) as subscriber:
        await subscriber.say(type="subscribe")
        await subscriber.until("subscribed")
        await one.say(type="chat", message="Hi")
        await one.until("token")
        await site.server.stop()
        assert [await each.closed() for each in (one, stranger, subscriber)] == [1001, 1001, 1001]
    await site.services.engine.close()
    await until(lambda: asyncio.all_tasks() == before)

"""The limits as they are without a word in the settings, through the real socket, with a clock that can be moved."""

import json
from collections.abc import Sequence

import pytest
from websockets.asyncio.client import connect

from parley.options import Options
from parley.server import Plan
from parley.server.limits import Limits
from parley.settings import Settings
from tests.conftest import ScriptedProvider
from tests.server.conftest import Serve, Site
from tests.server.raw import Answer, raw
from tests.server.test_limits import Clock

AT_ONCE = 10
"""Requests that are sent before the first answer is read."""

OTHERS = ("/conversations", "/v1/models", "/api/tags", "/api/interactions/assistants", "/api/chat/conversations")
"""Routes of other dialects: they share the limit."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The seconds that a server counts by which is started afterwards."""
    clock = Clock()
    monkeypatch.setattr(Limits.__init__, "__defaults__", (clock,))
    return clock


@pytest.fixture
async def site(clock: Clock, serve: Serve, settings: Settings) -> Site:
    """A server with the limits that it has by itself."""
    usual = Options()
    settings.update(server_requests=usual.server_requests, server_llm_calls=usual.server_llm_calls)
    return await serve()


async def asked(site: Site, paths: Sequence[str], token: str | None = None) -> list[Answer]:
    """Return the answers to many requests over one connection."""
    answers = []
    async with raw(site) as connection:
        for first in range(0, len(paths), AT_ONCE):
            heads = [connection.head(f"GET {path} HTTP/1.1", token=token) for path in paths[first : first + AT_ONCE]]
            connection.send(*heads)
            answers += [await connection.answer() for _ in heads]
    return answers


async def statuses(site: Site, paths: Sequence[str], token: str | None = None) -> list[int]:
    return [answer.status for answer in await asked(site, paths, token)]


async def test_five_hundred_requests_in_a_minute(site: Site, clock: Clock) -> None:
    ann = await site.person()
    _, second = await site.services.credentials.issue(site.owner.account, "another")
    paths = ["/health", *OTHERS] * 100
    assert set(await statuses(site, paths[:250])) == {200}
    clock.now += 30.5
    assert set(await statuses(site, paths[:250])) == {200}
    for answer in await asked(site, paths[:6]):
        assert (answer.status, answer.headers["retry-after"]) == (429, "30")
        assert "error" in answer.json
    assert (await site.owner.client.post("/chat", json={"message": "Hi"})).status_code == 429
    assert await statuses(site, ["/api/v1/preferences"]) == [200], "Qinaya's has a limit of its own"
    assert set(await statuses(site, paths[:500], ann.token)) == {200}, "another account"
    assert await statuses(site, ["/health"], second) == [200], "another token of the same account"
    assert await statuses(site, ["/live"], "") == [204]
    clock.now += 29.4
    assert [answer.headers["retry-after"] for answer in await asked(site, ["/health"])] == ["1"]
    clock.now += 0.1
    assert await statuses(site, paths[:251]) == [200] * 250 + [429], "half of them are a minute old"


async def test_twenty_questions_in_a_minute(site: Site, provider: ScriptedProvider, clock: Clock) -> None:
    ann = await site.person()
    _, second = await site.services.credentials.issue(site.owner.account, "another")
    for number in range(20):
        clock.now += 1
        path = "/chat/stream" if number % 2 else "/chat"
        assert (await site.owner.client.post(path, json={"message": "Hi"})).status_code == 200
    for path in ("/chat", "/chat/stream"):
        answer = await site.owner.client.post(path, json={"message": "Hi"})
        assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMITED")
        assert answer.headers["retry-after"] == "41"
    async with connect(site.url.replace("http", "ws", 1) + "/ws", additional_headers=site.owner.headers) as socket:
        await socket.send(json.dumps({"type": "chat", "message": "Hi", "requestId": 1}))
        heard = json.loads(await socket.recv())
        assert (heard["type"], heard["code"], heard["retryAfter"]) == ("error", "RATE_LIMITED", 41)
    assert len(provider.requests) == len(site.services.store.conversations.page()) == 20, "nothing is asked or kept"
    assert (await site.owner.client.get("/conversations")).status_code == 200
    other = {"model": "scripted/one", "messages": [{"role": "user", "content": "Hi"}]}
    assert (await site.owner.client.post("/v1/chat/completions", json=other)).status_code == 200, "another dialect"
    assert (await ann.client.post("/chat", json={"message": "Hi"})).status_code == 200
    headers = {"Authorization": f"Bearer {second}"}
    assert (await site.owner.client.post("/chat", json={"message": "Hi"}, headers=headers)).status_code == 200
    clock.now += 41
    answers = [await site.owner.client.post("/chat", json={"message": "Hi"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["retry-after"] == "1"


async def test_the_person_at_the_desk_without_a_token(clock: Clock, serve: Serve, settings: Settings) -> None:
    """Where no token is needed, requests count by their address: a script that runs wild is stopped, too."""
    settings.update(server_requests=Options().server_requests)
    site = await serve(Plan(port=0, auth=False))
    assert set(await statuses(site, ["/health"] * 500, "")) == {200}
    (answer,) = await asked(site, ["/health"], "")
    assert (answer.status, answer.headers["retry-after"]) == (429, "60")
    assert await statuses(site, ["/health"]) == [429], "a token makes no difference"
    assert await statuses(site, ["/live"], "") == [204]
    clock.now += 60
    assert await statuses(site, ["/health"], "") == [200]

"""Qinaya's API beyond single exchanges: login, limits, streams, and two accounts that try everything on each other."""

import asyncio
import json
import time
from typing import Any

import httpx
import pytest

from parley.errors import AnswerBroken
from parley.messages import MessageStatus
from parley.people import Permissions
from tests.conftest import ScriptedProvider, Until
from tests.server.conftest import Person, Site, client
from tests.server.exchange import events_of

API = "/api/v1"
CHATS = f"{API}/conversations"


async def chat(person: Person, title: str = "Chat") -> str:
    answer = await person.client.post(CHATS, json={"title": title})
    return str(answer.json()["data"]["id"])


async def test_login(site: Site) -> None:
    john = await site.services.credentials.add("john@example.org", "your-password", name="John Doe")
    wanted = {"email": "John@Example.org", "password": "your-password", "device_name": "My iPhone"}
    answer = await site.anyone.post(f"{API}/auth/login", json=wanted)
    assert answer.status_code == 200
    token = answer.json()["data"]["token"]
    number, _, secret = token.partition("|")
    assert number.isdecimal()
    assert len(secret) >= 43
    assert answer.json()["data"] == {
        "token": token,
        "token_type": "Bearer",
        "user": {"id": john.number, "name": "John Doe", "email": "john@example.org"},
    }
    assert "read the conversations" in answer.json()["meta"]["notice"]
    kept = site.services.store.tokens.all(john.id)
    assert [(each.name, each.admin) for each in kept] == [("My iPhone", False)]
    async with client(site.url, token) as phone:
        assert (await phone.get(f"{API}/auth/me")).json()["data"]["id"] == john.number
        assert (await phone.get("/api/v1/users")).status_code != 200, "an admin's route"


async def test_unknown_and_wrong_are_answered_alike(site: Site) -> None:
    await site.services.credentials.add("john@example.org", "your-password")
    answers, times = [], []
    for email in ("john@example.org", "nobody@example.org"):
        began = time.perf_counter()
        wanted = {"email": email, "password": "wrong", "device_name": "x"}
        answers.append(await site.anyone.post(f"{API}/auth/login", json=wanted))
        times.append(time.perf_counter() - began)
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].content == answers[1].content
    assert max(times) < 20 * min(times), "a password is hashed for both"


async def test_many_wrong_logins_are_delayed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.accounts.FREE_FAILURES", 1)
    monkeypatch.setattr("parley.accounts.LONGEST_DELAY", 600.0)
    wanted = {"email": "john@example.org", "password": "wrong", "device_name": "x"}
    answers = [await site.anyone.post(f"{API}/auth/login", json=wanted) for _ in range(3)]
    assert [answer.status_code for answer in answers][-1] == 429
    last = answers[-1]
    assert last.json()["error"]["code"] == "RATE_LIMITED"
    assert int(last.headers["retry-after"]) >= 1


async def test_logging_out_ends_what_is_open(site: Site, provider: ScriptedProvider, until: Until) -> None:
    ann = await site.person()
    other = (await ann.client.post(f"{API}/auth/token", json={"name": "other"})).json()["data"]["token"]
    provider.says("Hello", asyncio.Event())
    id = await chat(ann)
    sending = asyncio.create_task(ann.client.post(f"{CHATS}/{id}/messages", json={"content": "Hi"}))
    await until(lambda: provider.streaming)
    async with client(site.url, ann.token) as same:
        assert (await same.post(f"{API}/auth/logout")).status_code == 204
    assert (await sending).status_code == 401
    await until(lambda: not provider.streaming, 5)
    async with client(site.url, other) as further:
        assert (await further.get(f"{API}/auth/me")).status_code == 200


async def test_a_new_password_ends_what_logins_have_open(site: Site, provider: ScriptedProvider, until: Until) -> None:
    """Also what somebody has got with a login: a password that is known to others is of no use to them any more."""
    credentials = site.services.credentials
    john = await credentials.add("john@example.org", "your-password")
    _, named = await credentials.issue(john, "editor")
    wanted = {"email": "john@example.org", "password": "your-password", "device_name": "x"}
    phone = (await site.anyone.post(f"{API}/auth/login", json=wanted)).json()["data"]["token"]
    async with client(site.url, phone) as asking:
        child = (await asking.post(f"{API}/auth/token", json={"name": "script"})).json()["data"]["token"]
    provider.says("Hello", asyncio.Event())
    async with client(site.url, child) as asking, client(site.url, named) as editor:
        sending = asyncio.create_task(asking.post("/chat", json={"message": "Hi"}))
        await until(lambda: provider.streaming)
        await credentials.set_password(john.id, "another")
        assert (await sending).status_code == 401
        await until(lambda: not provider.streaming, 5)
        answers = [await asking.get(f"{API}/auth/me") for asking in (asking, editor)]
    async with client(site.url, phone) as asking:
        answers.append(await asking.get(f"{API}/auth/me"))
    answers.append(await site.anyone.post(f"{API}/auth/login", json=wanted))
    answers.append(await site.anyone.post(f"{API}/auth/login", json={**wanted, "password": "another"}))
    assert [answer.status_code for answer in answers] == [401, 200, 401, 401, 200]


async def test_sixty_in_a_minute(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = await site.person(), await site.person("bob@example.org")
    further = (await ann.client.post(f"{API}/auth/token", json={"name": "other"})).json()["data"]["token"]
    left = []
    for number in range(59):
        if number == 30:  # the clock on the wall counts for nothing
            now = time.time()
            monkeypatch.setattr(time, "time", lambda now=now: now + 10_000_000)
        answer = await ann.client.get(f"{API}/preferences" if number % 2 else f"{API}/nothing")
        left.append(int(answer.headers["x-ratelimit-remaining"]))
        assert answer.headers["x-ratelimit-limit"] == "60"
    assert left == list(range(58, -1, -1))
    async with client(site.url, further) as other_token:
        for asking in (ann.client, other_token):
            answer = await asking.get(f"{API}/auth/me")
            assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RATE_LIMITED")
            assert answer.headers["x-ratelimit-remaining"] == "0"
            assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert (await bob.client.get(f"{API}/auth/me")).status_code == 200
    assert (await ann.client.get("/health")).status_code == 200, "the limit is this dialect's own"


async def test_strangers_are_counted_by_address(site: Site) -> None:
    for number in range(61):
        answer = await site.anyone.get(f"{API}/auth/me")
        assert answer.headers["x-ratelimit-limit"] == "60"
        assert answer.headers["x-ratelimit-remaining"] == str(max(0, 59 - number))
        assert answer.status_code == (401 if number < 60 else 429)
    refused = await site.anyone.post(f"{API}/auth/login", json={})
    assert int(refused.headers["retry-after"]) >= 1


async def test_permissions_decide_about_credentials_and_models(site: Site) -> None:
    ann = await site.person()
    id = await chat(ann)
    change = site.services.store.accounts.change
    for models, has in (
        (frozenset[str](), False),
        ({"openai/x"}, False),
        ({"scripted/one"}, True),
        ({"scripted"}, True),
    ):
        await change(ann.account.id, permissions=Permissions(frozenset(models)))
        assert (await ann.client.get(f"{API}/auth/me")).json()["data"]["flags"] == {"has_credentials": has}
        answer = await ann.client.post(f"{CHATS}/{id}/messages", json={"content": "Hi"})
        assert answer.status_code == (201 if has else 428)
    await change(ann.account.id, permissions=Permissions(frozenset({"scripted/one"})))
    for path, method in ((f"{CHATS}/{id}", "PUT"), (f"{API}/preferences", "PUT"), (f"{CHATS}/{id}/messages", "POST")):
        answer = await ann.client.request(method, path, json={"content": "Hi", "model": "scripted/two"})
        wanted = (422, "VALIDATION_ERROR") if path.endswith("preferences") else (403, "FORBIDDEN")
        assert (answer.status_code, answer.json()["error"]["code"]) == wanted
    answer = await ann.client.put(f"{API}/preferences", json={"model": "scripted/two"})
    assert answer.status_code == 403


async def test_a_go_betweens_name_for_a_model(site: Site, provider: ScriptedProvider) -> None:
    from parley.models import Model

    provider.listed = [Model("scripted", "openai/gpt-4o-mini")]
    id = await chat(site.owner)
    answer = await site.owner.client.post(
        f"{CHATS}/{id}/messages", json={"content": "Hi", "model": "openai/gpt-4o-mini"}
    )
    assert answer.json()["data"]["reply"]["model"] == "scripted/openai/gpt-4o-mini"


async def test_a_stream_replays_and_goes_on(site: Site, provider: ScriptedProvider, until: Until) -> None:
    going_on = asyncio.Event()
    provider.says("Hello", going_on, " there", "!")
    id = await chat(site.owner)
    sent = await site.owner.client.post(f"{CHATS}/{id}/messages", json={"content": "Hi", "stream": True})
    assert sent.status_code == 202
    await until(lambda: (turn := site.services.engine.running(id)) and turn.text == "Hello")
    for _ in range(2):  # who looks on and goes stops nothing
        async with site.owner.client.stream("GET", f"{CHATS}/{id}/stream") as answer:
            async for line in answer.aiter_lines():
                if "Hello" in line:
                    break
    reading = asyncio.create_task(site.owner.client.get(f"{CHATS}/{id}/stream"))
    await until(lambda: any(each.open for each in site.server.clients))
    going_on.set()
    *deltas, last = events_of((await reading).text)
    assert "".join(event["data"]["delta"] for event in deltas) == "Hello there!"
    assert last["event"] == "message.completed"
    assert last["data"]["message"]["content"] == "Hello there!"
    assert len(provider.requests) == 1


async def test_a_stream_follows_what_waits(site: Site, provider: ScriptedProvider, until: Until) -> None:
    going_on = asyncio.Event()
    provider.says(going_on, "First.")
    provider.says("Second.")
    id = await chat(site.owner)
    for content in ("one", "two"):
        await site.owner.client.post(f"{CHATS}/{id}/messages", json={"content": content, "stream": True})
    reading = asyncio.create_task(site.owner.client.get(f"{CHATS}/{id}/stream"))
    await until(lambda: any(each.open for each in site.server.clients))
    going_on.set()
    completed = [
        each["data"]["message"] for each in events_of((await reading).text) if each["event"] != "message.delta"
    ]
    assert [message["content"] for message in completed] == ["First.", "Second."]


async def test_a_stream_of_another_process(site: Site, until: Until) -> None:
    from parley.messages import Text
    from parley.store import Store

    other = Store.open(site.services.store.path.parent)
    conversation, _, reply = await other.turns.begin(conversation_id=None, title="t", parts=[Text("Hi")], model="a/b")
    await other.turns.save(reply.id, [Text("Half")])
    asked = asyncio.create_task(site.owner.client.get(f"{CHATS}/{conversation.id}/stream"))
    await until(lambda: any(each.open for each in site.server.clients))
    await other.turns.finish(reply.id, [Text("Half and half")], MessageStatus.COMPLETE)
    *deltas, last = events_of((await asked).text)
    assert "".join(event["data"]["delta"] for event in deltas) == "Half and half"
    assert last["data"]["message"]["status"] == "complete"
    await other.close()


async def test_who_goes_away_stops_the_turn(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    id = await chat(site.owner)
    asking = asyncio.create_task(site.owner.client.post(f"{CHATS}/{id}/messages", json={"content": "Hi"}))
    await until(lambda: (turn := site.services.engine.running(id)) and turn.text == "Hello")
    asking.cancel()
    await until(lambda: not provider.streaming, 5)
    await until(lambda: not site.services.engine.answering)
    found = (await site.owner.client.get(f"{CHATS}/{id}/messages")).json()["data"]
    assert [(each["content"], each["status"]) for each in found] == [("Hi", "complete"), ("Hello", "stopped")]


async def test_regenerating_keeps_what_was_said_before(site: Site, provider: ScriptedProvider) -> None:
    provider.says("One.")
    provider.says("Two.")
    id = await chat(site.owner)
    first = (await site.owner.client.post(f"{CHATS}/{id}/messages", json={"content": "Hi"})).json()["data"]["reply"]
    second = (await site.owner.client.post(f"{CHATS}/{id}/regenerate")).json()["data"]["reply"]
    store = site.services.store
    assert store.messages.siblings(store.messages.get(second["id"])) == [first["id"], second["id"]]
    assert (await site.owner.client.delete(f"{API}/messages/{second['id']}")).status_code == 204
    provider.says("Three.")
    third = (await site.owner.client.post(f"{CHATS}/{id}/regenerate")).json()["data"]
    assert (third["message"]["content"], third["reply"]["content"]) == ("Hi", "Three.")


async def test_what_is_being_written_is_not_deleted(site: Site, provider: ScriptedProvider) -> None:
    provider.says(asyncio.Event())
    id = await chat(site.owner)
    sent = await site.owner.client.post(f"{CHATS}/{id}/messages", json={"content": "Hi", "stream": True})
    answer = await site.owner.client.delete(f"{API}/messages/{sent.json()['data']['reply']['id']}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")


async def test_two_accounts_try_everything_on_each_other(site: Site, provider: ScriptedProvider) -> None:
    ann, bob = await site.person(), await site.person("bob@example.org")
    provider.says("A secret.")
    id = await chat(ann, "Private")
    reply = (await ann.client.post(f"{CHATS}/{id}/messages", json={"content": "Psst"})).json()["data"]["reply"]["id"]
    before = (await ann.client.get(f"{CHATS}/{id}")).content
    tries: list[tuple[str, str, Any]] = [
        ("GET", f"{CHATS}/{id}", None),
        ("PUT", f"{CHATS}/{id}", {"title": "Bob's"}),
        ("DELETE", f"{CHATS}/{id}", None),
        ("POST", f"{CHATS}/{id}/pin", None),
        ("POST", f"{CHATS}/{id}/unpin", None),
        ("POST", f"{CHATS}/{id}/regenerate", None),
        ("GET", f"{CHATS}/{id}/messages", None),
        ("POST", f"{CHATS}/{id}/messages", {"content": "Hello?"}),
        ("POST", f"{CHATS}/{id}/messages", {"content": "Hello?", "stream": True}),
        ("GET", f"{CHATS}/{id}/stream", None),
        ("DELETE", f"{API}/messages/{reply}", None),
    ]
    for method, path, body in tries:
        for person in (bob, site.owner):
            answer = await person.client.request(method, path, json=body)
            assert answer.status_code == 404, (method, path)
            assert answer.json()["error"]["code"] == "NOT_FOUND"
            assert "secret" not in answer.text
    assert (await bob.client.get(CHATS)).json()["data"] == []
    assert (await ann.client.get(f"{CHATS}/{id}")).content == before
    assert len(provider.requests) == 1


async def test_a_conversations_model_is_taken_back(site: Site) -> None:
    id = await chat(site.owner)
    for model, kept in (("two", "scripted/two"), (None, None)):
        answer = await site.owner.client.put(f"{CHATS}/{id}", json={"model": model})
        assert (answer.json()["data"]["model"], answer.json()["data"]["title"]) == (kept, "Chat")
    answer = await site.owner.client.put(f"{CHATS}/{id}", json={"title": " "})
    assert (answer.status_code, list(answer.json()["error"]["details"])) == (422, ["title"])


async def test_deleting_a_conversation_stops_what_runs_in_it(
    site: Site, provider: ScriptedProvider, until: Until
) -> None:
    provider.says("Hello", asyncio.Event())
    id = await chat(site.owner)
    await site.owner.client.post(f"{CHATS}/{id}/messages", json={"content": "Hi", "stream": True})
    await until(lambda: provider.streaming)
    assert (await site.owner.client.delete(f"{CHATS}/{id}")).status_code == 204
    await until(lambda: not provider.streaming, 5)


async def test_an_account_that_is_switched_off_stops(site: Site, provider: ScriptedProvider, until: Until) -> None:
    ann, bob = await site.person(), await site.person("bob@example.org")
    id = ""
    for person in (ann, bob):
        provider.says("Hello", asyncio.Event())
        id = await chat(person)
        await person.client.post(f"{CHATS}/{id}/messages", json={"content": "Hi", "stream": True})
    await until(lambda: provider.streaming == 2)
    await site.services.store.accounts.change(ann.account.id, disabled=True)
    await until(lambda: provider.streaming == 1, 5)
    assert (await ann.client.get(CHATS)).status_code == 401
    assert (await bob.client.get(f"{CHATS}/{id}")).json()["data"]["messages"][-1]["status"] == "streaming"


async def test_too_large(site: Site) -> None:
    site.services.settings.update(server_json_mib=1)
    answer = await site.owner.client.post(CHATS, json={"title": "x" * 1_100_000})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert answer.headers["x-ratelimit-remaining"] == "59"


@pytest.mark.parametrize("id", ["..%2f..", "x" * 5000, "%ff%fe", "' OR 1=1 --", "🙂"])
async def test_odd_ids(site: Site, id: str) -> None:
    for path in (f"{CHATS}/{id}", f"{CHATS}/{id}/messages", f"{CHATS}/{id}/stream"):
        answer = await site.owner.client.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_a_bug_of_ours(site: Site, monkeypatch: pytest.MonkeyPatch, expect_log: Any) -> None:
    expect_log("failed")
    monkeypatch.setattr(site.services.store.preferences, "of", lambda account: 1 / 0)
    answer = await site.owner.client.get(f"{API}/preferences")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "INTERNAL_ERROR")
    assert "Zero" not in answer.text
    assert answer.headers["x-ratelimit-limit"] == "60"


async def test_a_failure_of_the_provider_keeps_what_had_come(site: Site, provider: ScriptedProvider) -> None:
    provider.says("Well", AnswerBroken(provider="Scripted"))
    id = await chat(site.owner)
    answer: httpx.Response = await site.owner.client.post(f"{CHATS}/{id}/messages", json={"content": "Hi"})
    assert answer.status_code == 502
    found = json.loads((await site.owner.client.get(f"{CHATS}/{id}")).content)["data"]["messages"]
    assert [(each["content"], each["status"]) for each in found] == [("Hi", "complete"), ("Well", "failed")]

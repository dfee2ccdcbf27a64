"""TypingMind's API beyond single exchanges: users and what is theirs, characters, chat logs of everybody."""

import asyncio
import time
from base64 import b64encode
from typing import Any

import pytest

from parley.messages import MessageStatus, Text
from parley.models import NO_PARAMETERS, Parameters
from parley.settings import Settings
from tests.conftest import ScriptedProvider, Until
from tests.server.conftest import Person, Site
from tests.server.test_qinaya import CHATS, chat

API = "/api/v1"
COMPLETIONS = f"{API}/chat/completions"
HI: dict[str, Any] = {"model": "scripted/one", "messages": [{"role": "user", "content": "hi"}]}
PNG = b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 20).decode()


async def logs(admin: Person, **times: float) -> list[dict[str, str]]:
    answer = await admin.client.get(f"{API}/chatlogs", params=times)
    assert answer.status_code == 200
    return list(answer.json()["data"])


async def test_the_key_in_the_header_of_the_seed(site: Site) -> None:
    admin = await site.admin()
    for name in ("X-API-KEY", "x-api-key"):
        assert (await site.anyone.get(f"{API}/users", headers={name: admin.token})).status_code == 200


async def test_a_user_that_is_removed(site: Site, provider: ScriptedProvider, until: Until) -> None:
    admin, ann = await site.admin(), await site.person()
    provider.says("Hello", asyncio.Event())
    provider.says("Hello", asyncio.Event())
    open_id, detached = await chat(ann, "Open"), await chat(ann, "Detached")
    sending = asyncio.create_task(ann.client.post(f"{CHATS}/{open_id}/messages", json={"content": "Hi"}))
    await ann.client.post(f"{CHATS}/{detached}/messages", json={"content": "Hi", "stream": True})
    await until(lambda: provider.streaming == 2)
    assert (await admin.client.delete(f"{API}/users/{ann.account.number}")).status_code == 200
    assert (await sending).status_code == 401
    await until(lambda: not provider.streaming, 5)
    assert (await ann.client.get(f"{API}/auth/me")).status_code == 401
    store = site.services.store
    assert {each.title for each in store.conversations.trashed()} == {"Open", "Detached"}
    assert await logs(admin) == []
    assert (await admin.client.delete(f"{API}/users/{ann.account.number}")).status_code == 404
    added = await admin.client.post(f"{API}/users", json={"email": "ann@example.org"})
    assert added.json()["id"] == str(ann.account.number + 1), "numbers are never given again"


async def test_a_new_user_has_no_password(site: Site) -> None:
    admin = await site.admin()
    await admin.client.post(f"{API}/users", json={"email": "ann@example.org", "tags": ["a", "a", "b"]})
    assert site.services.store.accounts.of_email("ann@example.org").tags == ("a", "b")
    wanted = {"email": "ann@example.org", "password": "x", "device_name": "x"}
    assert (await site.anyone.post(f"{API}/auth/login", json=wanted)).status_code == 401


async def test_characters(site: Site, provider: ScriptedProvider) -> None:
    admin = await site.admin()
    pirate = await site.services.store.assistants.add(
        "Pirate", instruction="Talk like a pirate.", description="Arr", model="scripted/two"
    )
    (told,) = (await admin.client.get(f"{API}/ai-characters")).json()["data"]
    assert told.pop("createdAt").endswith("Z")
    assert told == {
        "id": pirate.id,
        "title": "Pirate",
        "description": "Arr",
        "instruction": "Talk like a pirate.",
        "defaultModel": "scripted/two",
    }
    asked = {**HI, "model": "gpt-4", "activatedCharacterID": told["id"]}
    answer = await admin.client.post(COMPLETIONS, json=asked)
    assert answer.json()["model"] == "scripted/two", "an old name leaves the choice to the character"
    answer = await admin.client.post(COMPLETIONS, json={**asked, "model": "scripted/one"})
    assert answer.json()["model"] == "scripted/one"
    assert {request.instruction for request in provider.requests} == {"Talk like a pirate."}


async def test_what_the_model_is_told(site: Site, provider: ScriptedProvider) -> None:
    admin = await site.admin()
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One"},
        {"role": "assistant", "content": "1"},
        {"role": "user", "content": [{"type": "text", "text": "And this?"}, picture]},
    ]
    body = {"model": "default", "messages": messages, "temperature": 0.5, "max_tokens": 9, "stop": ["x"]}
    assert (await admin.client.post(COMPLETIONS, json=body)).status_code == 200
    (request,) = provider.requests
    assert (request.instruction, request.parameters) == ("Be brief.", Parameters(0.5, max_tokens=9, stop=("x",)))
    assert [message.text for message in request.messages] == ["One", "1", "And this?"]
    assert request.messages[-1].images
    (log,) = await logs(admin)
    assert log["conversationText"].startswith("User: One\n\nAssistant: 1\n\nUser: And this?\n\nAssistant: ")
    (kept,) = site.services.store.conversations.page()
    assert (kept.channel, kept.message_count) == ("api", 4)


@pytest.mark.parametrize(
    ("prompt", "instruction", "said"),
    [
        ("\n\nHuman: Hi\n\nAssistant:", "", ["Hi"]),
        ("Be kind.\n\nHuman: Hi\n\nAssistant: Yes?\n\nHuman: Why?\n\nAssistant:", "Be kind.", ["Hi", "Yes?", "Why?"]),
        ("\n\nHuman: Write a poem\n\nAssistant: Roses", "", ["Write a poem", "Roses"]),
        ("Human: Hi", "", ["Hi"]),
        ("Just this", "", ["Just this"]),
        ("\n\nHuman: Say “Human: no”\n\nAssistant:", "", ["Say “Human: no”"]),
    ],
)
async def test_prompts(site: Site, provider: ScriptedProvider, prompt: str, instruction: str, said: list[str]) -> None:
    admin = await site.admin()
    answer = await admin.client.post(COMPLETIONS, json={"model": "claude-2", "prompt": prompt, "messages": None})
    assert answer.json()["type"] == "completion"
    (request,) = provider.requests
    assert (request.instruction, [message.text for message in request.messages]) == (instruction, said)
    assert request.parameters == NO_PARAMETERS


async def test_nothing_is_asked_of_an_empty_prompt(site: Site, provider: ScriptedProvider) -> None:
    admin = await site.admin()
    empty: list[dict[str, Any]] = [{"prompt": "  "}, {"messages": []}, {"prompt": "\n\nHuman:\n\nAssistant:"}, {}]
    for body in empty:
        answer = await admin.client.post(COMPLETIONS, json={"model": "claude-2", **body})
        assert (answer.status_code, list(answer.json())) == (422, ["error"])
    assert provider.requests == []


async def test_chat_logs_are_everybodys_by_time(site: Site) -> None:
    admin, ann = await site.admin(), await site.person()
    ids = []
    for person, title in ((ann, "Ann's"), (site.owner, "Mine")):
        ids.append(await chat(person, title))
        await person.client.post(f"{CHATS}/{ids[-1]}/messages", json={"content": f"I am {title}"})
    await chat(ann, "Empty")
    found = await logs(admin)
    assert [(log["chatID"], log["chatTitle"]) for log in found] == [(ids[0], "Ann's"), (ids[1], "Mine")]
    assert found[0]["conversationText"] == "User: I am Ann's\n\nAssistant: You said: I am Ann's"
    first, last = [site.services.store.conversations.get(id, account=None).updated_at for id in ids]
    assert [log["chatID"] for log in await logs(admin, startUnixTime=last)] == [ids[1]]
    assert [log["chatID"] for log in await logs(admin, endUnixTime=first)] == [ids[0]]
    assert len(await logs(admin, startUnixTime=first, endUnixTime=last)) == 2
    assert await logs(admin, startUnixTime=last, endUnixTime=first) == []
    assert await logs(admin, startUnixTime=time.time() + 60) == []
    await ann.client.post(f"{CHATS}/{ids[0]}/regenerate")
    assert [log["chatID"] for log in await logs(admin)] == [ids[1], ids[0]]
    await ann.client.delete(f"{CHATS}/{ids[0]}")
    assert [log["chatID"] for log in await logs(admin)] == [ids[1]]


async def test_more_chat_logs_than_are_read_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    admin, store, now = await site.admin(), site.services.store, time.time()
    monkeypatch.setattr("parley.server.dialects.typingmind.chatlogs.PAGE", 4)
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: now)  # all at the same moment
        for number in range(11):
            asked: dict[str, Any] = {
                "conversation_id": None,
                "title": str(number),
                "parts": [Text("?")],
                "model": "a/b",
            }
            _, _, reply = await store.turns.begin(**asked)
            await store.turns.finish(reply.id, [Text("!")], MessageStatus.COMPLETE)
    found = await logs(admin)
    assert sorted(int(log["chatTitle"]) for log in found) == list(range(11))
    assert {log["conversationText"] for log in found} == {"User: ?\n\nAssistant: !"}


async def test_who_goes_away_stops_a_completion_that_is_kept(
    site: Site, provider: ScriptedProvider, until: Until
) -> None:
    admin = await site.admin()
    provider.says("Hello", asyncio.Event())
    async with admin.client.stream("POST", COMPLETIONS, json={**HI, "stream": True}) as answer:
        async for line in answer.aiter_lines():
            if "Hello" in line:
                break
    await until(lambda: not provider.streaming, 5)
    await until(site.services.store.conversations.page)
    assert [log["conversationText"] for log in await logs(admin)] == ["User: hi\n\nAssistant: Hello"]


async def test_too_large(site: Site, settings: Settings) -> None:
    admin = await site.admin()
    settings.update(server_json_mib=1)
    body = {"model": "x", "messages": [{"role": "user", "content": "x" * 1_100_000}]}
    answer = await admin.client.post(COMPLETIONS, json=body)
    assert (answer.status_code, list(answer.json()["error"])) == (413, ["message"])


async def test_a_bug_of_ours(site: Site, monkeypatch: pytest.MonkeyPatch, expect_log: Any) -> None:
    expect_log("failed")
    admin = await site.admin()
    monkeypatch.setattr(site.services.store.assistants, "all", lambda: 1 / 0)
    answer = await admin.client.get(f"{API}/ai-characters")
    assert (answer.status_code, list(answer.json()["error"])) == (500, ["message"])
    assert "Zero" not in answer.text


async def test_a_user_who_is_an_admin(site: Site) -> None:
    boss = await site.person("boss@example.org", "admin")
    assert (await boss.client.get(f"{API}/users")).status_code == 401, "an ordinary token of an admin"
    _, token = await site.services.credentials.issue(boss.account, "team", admin=True)
    key = {"X-API-KEY": token}
    assert (await site.anyone.get(f"{API}/users", headers=key)).status_code == 200
    await site.anyone.post(COMPLETIONS, json=HI, headers=key)
    (kept,) = site.services.store.conversations.page(account=boss.account.id)
    assert kept.channel == "api"
    await site.services.store.accounts.change(boss.account.id, role="user")
    assert (await site.anyone.get(f"{API}/users", headers=key)).status_code == 401

"""A disk that is full: every route that keeps something says so, and all is well once there is room again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from shutil import disk_usage
from typing import Any

import pytest

from parley.errors import DiskLow, StoreFull
from parley.messages import MessageStatus
from parley.paths import Paths
from tests.conftest import ExpectLog, ScriptedProvider, Until
from tests.disks import Ballast, small_disk
from tests.server.conftest import Person, Site
from tests.server.exchange import events_of

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(200_000)
LONG = "word " * 50_000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 48) as disk:
        yield disk


@pytest.fixture
def paths(disk: Path) -> Paths:
    return Paths(disk / "data")


@pytest.fixture
def ballast(disk: Path) -> Ballast:
    return Ballast(disk)


async def made(person: Person) -> dict[str, str]:
    """Return the ids of what somebody has."""
    chat = (await person.client.post("/chat", json={"message": "Hello"})).json()
    told = (await person.client.get(f"/conversations/{chat['conversationId']}")).json()
    folder = (await person.client.post("/folders", json={"name": "Travels"})).json()
    trashed = (await person.client.post("/conversations", json={"title": "Trash"})).json()
    await person.client.delete(f"/conversations/{trashed['id']}")
    file = (await person.client.post("/files", files={"file": ("plan.txt", b"A plan")})).json()
    return {
        "conversation": told["id"],
        "question": told["messages"][0]["id"],
        "reply": told["messages"][1]["id"],
        "folder": folder["id"],
        "trashed": trashed["id"],
        "file": file["id"],
    }


QINAYA = "/api/v1/conversations/{conversation}"
ASTA = "/api/chat/conversations/{conversation}"
CHAT = {"model": "scripted/one", "messages": [{"role": "user", "content": LONG}]}
ROUTES: list[tuple[str, str, Any]] = [
    ("POST", "/chat", {"message": LONG}),
    ("POST", "/chat/stream", {"message": LONG}),
    ("POST", "/chat", {"message": LONG, "conversationId": "{conversation}"}),
    ("POST", "/conversations", {"title": "New"}),
    ("PATCH", "/conversations/{conversation}", {"title": "Other"}),
    ("DELETE", "/conversations/{conversation}", None),
    ("POST", "/conversations/{trashed}/restore", None),
    ("POST", "/conversations/{conversation}/regenerate", {"messageId": "{reply}"}),
    ("PATCH", "/messages/{question}", {"content": LONG}),
    ("PATCH", "/messages/{question}", {"content": LONG, "inPlace": True}),
    ("DELETE", "/messages/{reply}", None),
    ("POST", "/folders", {"name": "New"}),
    ("PATCH", "/folders/{folder}", {"name": "Other"}),
    ("DELETE", "/folders/{folder}", None),
    ("POST", "/files", PICTURE),
    ("DELETE", "/files/{file}", None),
    ("POST", "/api/chat", {"text": LONG}),
    ("POST", "/api/chat/stream", {"text": LONG}),
    ("DELETE", ASTA, None),
    ("POST", f"{ASTA}/truncate", {"keep_count": 0}),
    ("POST", f"{ASTA}/rewind", {"keep_count": 1}),
    ("PUT", f"{ASTA}/folder", {"folder_id": "{folder}"}),
    ("POST", "/api/chat/folders", {"name": "New"}),
    ("PATCH", "/api/chat/folders/{folder}", {"name": "Other"}),
    ("DELETE", "/api/chat/folders/{folder}", None),
    ("POST", "/api/interactions/chat", {"assistantId": "tutor", "prompt": LONG, "conversationId": "{conversation}"}),
    (
        "POST",
        "/api/interactions/chat/sse",
        {"assistantId": "tutor", "prompt": LONG, "conversationId": "{conversation}"},
    ),
    ("POST", "/api/interactions/chat/file", PICTURE),
    ("POST", "/api/v1/auth/login", {"email": "john@example.org", "password": "a password", "device_name": "phone"}),
    ("POST", "/api/v1/auth/token", {"name": "phone"}),
    ("PUT", "/api/v1/preferences", {"theme": "dark"}),
    ("POST", "/api/v1/conversations", {"title": "New"}),
    ("PUT", QINAYA, {"title": "Other"}),
    ("DELETE", QINAYA, None),
    ("POST", f"{QINAYA}/pin", None),
    ("POST", f"{QINAYA}/messages", {"content": LONG}),
    ("POST", f"{QINAYA}/messages", {"content": LONG, "stream": True}),
    ("POST", f"{QINAYA}/regenerate", None),
    ("DELETE", "/api/v1/messages/{reply}", None),
    ("POST", "/api/v1/users", {"email": "new@example.org", "tags": []}),
    ("PATCH", "/api/v1/users/{john}", {"tags": ["friend"]}),
    ("DELETE", "/api/v1/users/{john}", None),
    ("POST", "/api/v1/auth/logout", None),
]
"""Those that keep something, or take it away, which needs room too. The last one takes the token away."""

OTHERS: list[tuple[str, Any]] = [
    ("/api/v1/chat/completions", CHAT),
    ("/v1/chat/completions", CHAT),
    ("/v1/messages", {**CHAT, "max_tokens": 9}),
    ("/api/generate", {"model": "scripted/one", "prompt": "Hi", "stream": False}),
    ("/api/interactions/chat", {"assistantId": "tutor", "prompt": "Hi"}),
]
"""Those that keep nothing, or answer all the same: what has been paid for is told though it cannot be kept."""


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: filled(each, ids) for key, each in value.items()}
    if isinstance(value, str) and value.count("{") == 1:
        return value.format(**ids)
    return value


async def ask(person: Person, method: str, path: str, body: Any, ids: dict[str, str]) -> Any:
    if isinstance(body, bytes):
        return await person.client.request(method, path, files={"file": ("picture.png", body)})
    return await person.client.request(method, filled(path, ids), json=filled(body, ids))


def sentence(body: Any) -> str:
    """Return what an error says, in whichever dialect."""
    error = body["error"]
    if isinstance(error, dict):
        return str(error["message"])
    return str(body.get("message", error))


async def test_every_route_says_so(site: Site, ballast: Ballast) -> None:
    await site.services.store.assistants.add("Tutor")
    john = await site.services.credentials.add("john@example.org", "a password")
    admin = await site.admin()
    ids = await made(admin) | {"john": str(john.number)}
    ballast.fill()
    for method, path, body in ROUTES:
        answer = await ask(admin, method, path, body, ids)
        assert (answer.status_code, sentence(answer.json())) == (507, StoreFull.sentence), f"{method} {path}"
        assert "retry-after" not in answer.headers
    for path, body in OTHERS:
        assert (await admin.client.post(path, json=body)).status_code == 200, path
    for path in ("/conversations", "/conversations/{conversation}", "/files/{file}", "/health", "/api/v1/users"):
        assert (await admin.client.get(filled(path, ids))).status_code == 200, path
    ballast.drop()
    for method, path, body in ROUTES:
        fresh = await made(admin)
        answer = await ask(admin, method, path, body, ids | fresh)
        assert answer.status_code in (200, 201, 202, 204), f"{method} {path}: {answer.text}"


async def test_every_dialect_has_words_for_it(site: Site, provider: ScriptedProvider) -> None:
    """It may also be found out while an answer comes, as by a tool that saves a file."""
    await site.services.store.assistants.add("Tutor")
    admin = await site.admin()
    ids = await made(admin)
    chat = {"model": "scripted/one", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    found: dict[str, Any] = {}
    for path, body in (
        ("/chat", {"message": "Hi"}),
        ("/api/chat", {"text": "Hi"}),
        ("/api/chat#ollama", chat),
        (f"{QINAYA}/messages", {"content": "Hi"}),
        ("/api/interactions/chat", {"assistantId": "tutor", "prompt": "Hi"}),
        ("/api/v1/chat/completions", chat),
        ("/v1/chat/completions", chat),
        ("/v1/messages", chat),
    ):
        provider.says(StoreFull(path="somewhere", detail="[Errno 28] /somewhere"))
        answer = await admin.client.post(filled(path, ids), json=body)
        assert answer.status_code == 507, path
        found[path] = answer.json()
    words = StoreFull.sentence
    code = "INSUFFICIENT_STORAGE"
    assert list(found.values()) == [
        {"error": words, "code": code},
        {"error": words, "detail": words},
        {"error": words},
        {"error": {"code": code, "message": words, "details": {}}},
        {"error": code, "message": words},
        {"error": {"message": words}},
        {"error": {"message": words, "type": "server_error", "param": None, "code": "insufficient_storage"}},
        {"type": "error", "error": {"type": "api_error", "message": words}},
    ]


@pytest.mark.parametrize("size", [1, 5_000, 60_000, 2_000_000])
async def test_a_file_for_which_there_is_no_room(site: Site, ballast: Ballast, size: int) -> None:
    ballast.fill()
    for path in ("/files", "/api/interactions/chat/file"):
        answer = await site.owner.client.post(path, files={"file": ("picture.png", bytes(size))})
        assert answer.status_code == 507
    ballast.drop()
    assert site.services.store.files.all() == []
    folder = site.services.store.path.parent / "files"
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert (await site.owner.client.post("/files", files={"file": ("a.png", bytes(size))})).status_code == 201


async def test_an_answer_for_which_there_is_no_room_is_kept_later(
    site: Site,
    provider: ScriptedProvider,
    ballast: Ballast,
    until: Until,
    expect_log: ExpectLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expect_log("an answer is not saved yet: The disk is full")
    monkeypatch.setattr("parley.replies.RETRY_SAVE_SECONDS", 0.1)
    go_on = asyncio.Event()
    for _ in range(3):
        provider.says("Hello", go_on, LONG)
    asking = [
        asyncio.create_task(site.owner.client.post(path, json={"message": "Hi"}))
        for path in ("/chat", "/chat/stream", "/api/chat")
    ]
    await until(lambda: provider.streaming == 3)
    ballast.fill()
    go_on.set()
    whole, streamed, other = [await each for each in asking]
    assert (whole.status_code, other.status_code, streamed.status_code) == (507, 507, 200)
    assert events_of(streamed.text)[-1]["code"] == "INSUFFICIENT_STORAGE"
    ballast.drop()
    store = site.services.store
    leaves = [each.leaf_id or "" for each in store.conversations.page()]
    await until(lambda: {store.messages.get(leaf).status for leaf in leaves} == {MessageStatus.COMPLETE})
    assert [store.messages.get(leaf).text for leaf in leaves] == ["Hello" + LONG] * 3


async def test_what_is_refused_has_not_been_done(site: Site, ballast: Ballast) -> None:
    """Whatever room is left: also what is to be kept for a request that may come again takes some."""
    statuses = set()
    for number in range(40):
        ballast.fill(leave=number * 2048)
        title, headers = f"Chat {number}", {"Idempotency-Key": f"{number}"}
        answer = await site.owner.client.post("/api/v1/conversations", json={"title": title}, headers=headers)
        titles = [each.title for each in site.services.store.conversations.page()]
        assert (title in titles) == (answer.status_code == 201), f"{number}: {answer.text}"
        statuses.add(answer.status_code)
        ballast.drop()
    assert statuses == {201, 507}


async def test_the_last_of_the_disk_is_the_owners(site: Site, ballast: Ballast) -> None:
    """Nobody else takes it; what keeps nothing, and what takes away, goes on."""
    await site.services.store.assistants.add("Tutor")
    ann = await site.person()
    hers, mine = await made(ann), await made(site.owner)
    usage = disk_usage(site.services.store.path)
    ballast.fill(leave=usage.total // 20 - 200_000)
    kept = [
        ("POST", "/chat", {"message": "Hi"}),
        ("POST", "/chat", {"message": "Hi", "conversationId": "{conversation}"}),
        ("POST", "/conversations", {"title": "New"}),
        ("POST", "/conversations/{conversation}/regenerate", {"messageId": "{reply}"}),
        ("PATCH", "/messages/{question}", {"content": "Other"}),
        ("PATCH", "/messages/{question}", {"content": "Other", "inPlace": True}),
        ("POST", "/folders", {"name": "New"}),
        ("POST", "/files", b"x" * 1000),
        ("POST", "/api/chat", {"text": "Hi"}),
        ("POST", "/api/chat/stream", {"text": "Hi"}),
        ("POST", "/api/interactions/chat/file", b"x" * 1000),
        ("POST", f"{QINAYA}/messages", {"content": "Hi"}),
    ]
    for method, path, body in kept:
        answer = await ask(ann, method, path, body, hers)
        assert (answer.status_code, sentence(answer.json())) == (507, DiskLow.sentence), f"{method} {path}"
        answer = await ask(site.owner, method, path, body, mine)
        assert answer.status_code in (200, 201), f"{method} {path}: {answer.text}"
    for path, body in OTHERS[1:]:
        assert (await ann.client.post(path, json=body)).status_code == 200, path
    assert (await ann.client.put("/api/v1/preferences", json={"theme": "dark"})).status_code == 200
    assert (
        await ann.client.patch("/conversations/{conversation}".format(**hers), json={"title": "x"})
    ).status_code == 200
    for path in ("/conversations/{conversation}", "/files/{file}", "/folders/{folder}"):
        assert (await ann.client.delete(path.format(**hers))).status_code == 204
    ballast.drop()
    for method, path, body in kept:
        answer = await ask(ann, method, path, body, await made(ann))
        assert answer.status_code in (200, 201), f"{method} {path}: {answer.text}"

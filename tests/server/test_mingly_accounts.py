"""Two accounts try everything on each other over Mingly's API: what is another's is unknown, and nothing changes."""

import asyncio
import re
from typing import Any

from parley.people import Permissions
from tests.conftest import ScriptedProvider
from tests.server.conftest import Person, Site

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/chat"): {"message": "Mine now", "conversationId": "{conversation}"},
    ("POST", "/chat/stream"): {"message": "Mine now", "conversationId": "{conversation}"},
    ("PATCH", "/conversations/{id}"): {"title": "Mine now", "pinned": True, "archived": True, "model": "two"},
    ("POST", "/conversations/{id}/regenerate"): {"messageId": "{message}"},
    ("PATCH", "/messages/{id}"): {"content": "Mine now", "inPlace": True},
    ("PATCH", "/folders/{id}"): {"name": "Mine now"},
}
"""What is sent to routes that concern something of somebody's; others with an id are asked without a body."""

FURTHER: list[tuple[str, str, dict[str, Any] | None]] = [
    ("PATCH", "/messages/{message}", {"content": "Mine now"}),
    ("GET", "/conversations/{conversation}?tree=1", None),
    ("GET", "/conversations?before={conversation}", None),
    ("POST", "/conversations/{hers}/regenerate", {"messageId": "{message}"}),
    ("PATCH", "/conversations/{hers}", {"title": "Still hers", "folderId": "{folder}"}),
    ("POST", "/conversations/{trashed}/restore", None),
    ("POST", "/chat", {"message": "Mine now", "attachments": ["{file}"]}),
    ("POST", "/chat/stream", {"message": "Mine now", "conversationId": "{hers}", "attachments": ["{file}"]}),
]


async def _made(person: Person) -> dict[str, str]:
    """Return the ids of what somebody has: a conversation with a message, one in the trash, and a folder."""
    chat = (await person.client.post("/chat", json={"message": "A secret fjord"})).json()
    told = (await person.client.get(f"/conversations/{chat['conversationId']}")).json()
    folder = (await person.client.post("/folders", json={"name": "Secrets"})).json()
    trashed = (await person.client.post("/conversations", json={"title": "Trash"})).json()
    await person.client.delete(f"/conversations/{trashed['id']}")
    file = (await person.client.post("/files", files={"file": ("secret.txt", b"A secret")})).json()
    return {
        "file": file["id"],
        "conversation": told["id"],
        "message": told["messages"][0]["id"],
        "reply": told["leafId"],
        "folder": folder["id"],
        "trashed": trashed["id"],
    }


def _snapshot(site: Site) -> list[object]:
    """Return everything that the owner has."""
    store = site.services.store
    conversations = [store.conversations.tree(each.id) for each in store.conversations.recent()]
    return [*conversations, *store.conversations.trashed(), *store.folders.all(), *store.files.all()]


def _filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, ids) for key, each in value.items()}
    return re.sub(r"\{(\w+)\}", lambda found: ids[found[1]], value) if isinstance(value, str) else value


async def test_every_route_with_an_id(site: Site) -> None:
    ann = await site.person()
    theirs, hers = await _made(site.owner), await _made(ann)
    ids = {**theirs, "hers": hers["conversation"]}
    before = _snapshot(site)
    paths = (await site.owner.client.get("/openapi.json")).json()["paths"]
    nouns = {"/conversations/": "conversation", "/messages/": "message", "/folders/": "folder", "/files/": "file"}
    tried = list(FURTHER)
    for path, routes in paths.items():
        noun = next((noun for start, noun in nouns.items() if path.startswith(start + "{id}")), None)
        for method in routes:
            body = BODIES.get((method.upper(), path))
            if noun or body:
                tried.append((method.upper(), path.replace("{id}", f"{{{noun}}}"), body))
    assert len(tried) >= 23, "not all routes have been found"
    for method, path, body in tried:
        answer = await ann.client.request(method, _filled(path, ids), json=_filled(body, ids))
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), (method, path)
        assert "secret" not in answer.text.lower(), (method, path)
    assert _snapshot(site) == before


async def test_lists_and_searches(site: Site) -> None:
    ann = await site.person()
    theirs, hers = await _made(site.owner), await _made(ann)
    for person, own in ((site.owner, theirs), (ann, hers)):
        listed = (await person.client.get("/conversations")).json()
        assert [each["id"] for each in listed] == [own["conversation"]]
        assert [each["id"] for each in (await person.client.get("/folders")).json()] == [own["folder"]]
        assert [each["id"] for each in (await person.client.get("/files")).json()] == [own["file"]]
        found = (await person.client.get("/search", params={"q": "fjord"})).json()
        assert {each["conversationId"] for each in found} == {own["conversation"]}


async def test_nobody_stops_or_watches_anothers_answer(site: Site, provider: ScriptedProvider) -> None:
    ann = await site.person()
    go = asyncio.Event()
    provider.says("A secret", go, " fjord")
    body = {"message": "Hello", "detach": True}
    async with site.owner.client.stream("POST", "/chat/stream", json=body) as answer:
        conversation, reply = answer.headers["x-conversation-id"], answer.headers["x-message-id"]
    for method, path in (
        ("GET", f"/conversations/{conversation}/events"),
        ("POST", f"/conversations/{conversation}/stop"),
        ("DELETE", f"/conversations/{conversation}"),
        ("DELETE", f"/messages/{reply}"),
    ):
        answer = await ann.client.request(method, path, headers={"Last-Event-ID": f"{reply}:0"})
        assert answer.status_code == 404, path
    assert site.services.engine.answering
    go.set()
    turn = site.services.engine.turn(reply)
    assert turn
    await turn.wait()
    assert site.services.store.messages.get(reply).text == "A secret fjord"


async def test_what_an_account_may_not_use(site: Site) -> None:
    only_two = Permissions(models=frozenset({"scripted/two"}))

    ann = await site.person()
    await site.services.store.accounts.change(ann.account.id, permissions=only_two)
    assert (await ann.client.get("/info")).json()["models"] == {"scripted": ["two"], "guide": []}
    answer = await ann.client.post("/chat", json={"message": "Hello", "model": "one"})
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    answer = await ann.client.post("/chat", json={"message": "Hello", "provider": "scripted"})
    assert answer.json()["metadata"]["model"] == "two"
    answer = await ann.client.post("/chat", json={"message": "Hello"})
    assert answer.json()["metadata"]["model"] == "two"

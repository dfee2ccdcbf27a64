"""Pictures that models make, in every dialect: those that know such tell of them, the others of the text."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from parley.events import ImageMade
from parley.messages import Image
from tests.conftest import ScriptedProvider
from tests.server.conftest import Site
from tests.test_attachments import written

PICTURE = Image("image/png", written("PNG"))
ASKED = [{"role": "user", "content": "Draw a box"}]
SHOWN = {"type": "image_url", "image_url": {"url": PICTURE.url}, "index": 0}
MINGLEEGO = "/api/interactions/chat"


def events_of(text: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


@pytest.fixture
async def painter(site: Site, provider: ScriptedProvider) -> Site:
    """Return a site with an assistant, whose model makes a picture for each of the next two questions."""
    await site.services.store.assistants.add("Painter", instruction="Paint.")
    for _ in range(2):
        provider.says("Here: ", ImageMade(PICTURE), "done")
    return site


async def test_mingleego(painter: Site) -> None:
    ann = await painter.person()
    body = {"assistantId": "painter", "prompt": "Draw a box"}
    answer = (await ann.client.post(MINGLEEGO, json=body)).json()
    assert answer["text"] == "Here: done"
    file = await painter.anyone.get(answer["fileUrl"])
    assert (file.content, file.headers["content-type"]) == (PICTURE.data, "image/png")
    assert file.headers["content-disposition"].startswith("attachment")
    (kept,) = painter.services.store.files.all(account=ann.account.id)
    assert (kept.origin, kept.name) == ("produced", "image.png")
    assert painter.services.store.files.all() == []
    streamed = events_of((await ann.client.post(f"{MINGLEEGO}/sse", json=body)).text)
    assert [event["fileUrl"] for event in streamed[:-1]] == [None, None]
    assert streamed[-1]["text"] == "Here: done"
    assert (await painter.anyone.get(streamed[-1]["fileUrl"])).content == PICTURE.data


async def test_mingleego_where_no_room_is_left(painter: Site) -> None:
    painter.services.settings.update(files_mb=1)
    upload = {"file": ("a.bin", bytes(999_990), "application/octet-stream")}
    assert (await painter.owner.client.post(f"{MINGLEEGO}/file", files=upload)).status_code == 200
    answer = await painter.owner.client.post(MINGLEEGO, json={"assistantId": "painter", "prompt": "Draw a box"})
    assert (answer.status_code, answer.json()) == (200, {"text": "Here: done", "fileUrl": None})


async def test_mingly(painter: Site) -> None:
    events = events_of((await painter.owner.client.post("/chat/stream", json={"message": "Draw a box"})).text)
    (made,) = [event for event in events if event["type"] == "image"]
    (done,) = [event for event in events if event["type"] == "done"]
    reply = (await painter.owner.client.get(f"/conversations/{done['conversationId']}")).json()["messages"][-1]
    assert (made["content"], reply["images"]) == (PICTURE.url, [PICTURE.url])
    assert made["files"] == [file["id"] for file in reply["files"]]
    assert reply["files"][0]["origin"] == "produced"
    assert reply["content"] == "Here: done"


async def test_openai(painter: Site) -> None:
    body = {"model": "scripted/one", "messages": ASKED}
    (choice,) = (await painter.owner.client.post("/v1/chat/completions", json=body)).json()["choices"]
    assert (choice["message"]["content"], choice["message"]["images"]) == ("Here: done", [SHOWN])
    streamed = events_of((await painter.owner.client.post("/v1/chat/completions", json={**body, "stream": True})).text)
    deltas = [choice["delta"] for chunk in streamed for choice in chunk["choices"]]
    assert [delta["images"] for delta in deltas if "images" in delta] == [[SHOWN]]
    assert "".join(delta.get("content") or "" for delta in deltas) == "Here: done"
    assert painter.services.store.files.all() == []  # nothing is kept of what programs ask


OTHERS: Sequence[tuple[str, dict[str, Any]]] = [
    ("/v1/responses", {"model": "scripted/one", "input": "Draw a box"}),
    ("/v1/messages", {"model": "scripted/one", "max_tokens": 100, "messages": ASKED}),
    ("/api/chat", {"model": "scripted/one", "messages": ASKED}),
    ("/api/generate", {"model": "scripted/one", "prompt": "Draw a box"}),
    ("/api/chat", {"text": "Draw a box"}),
]


async def test_qinaya(painter: Site) -> None:
    chat = (await painter.owner.client.post("/api/v1/conversations", json={"title": "Chat"})).json()["data"]["id"]
    path = f"/api/v1/conversations/{chat}"
    whole = await painter.owner.client.post(f"{path}/messages", json={"content": "Draw a box"})
    assert "Here: done" in whole.text
    assert "base64" not in whole.text
    asked = {"content": "Draw a box", "stream": True}
    assert (await painter.owner.client.post(f"{path}/messages", json=asked)).status_code == 202
    streamed = (await painter.owner.client.get(f"{path}/stream")).text
    assert events_of(streamed)[-1]["message"]["content"] == "Here: done"
    assert "base64" not in streamed


async def test_typingmind(painter: Site) -> None:
    admin = await painter.admin()
    body = {"model": "claude-2", "prompt": "Human: Draw a box"}
    for stream in (False, True):
        answer = await admin.client.post("/api/v1/chat/completions", json={**body, "stream": stream})
        assert answer.status_code == 200
        said = events_of(answer.text) if stream else [answer.json()]
        assert "".join(event["completion"] for event in said) == "Here: done"
        assert "base64" not in answer.text


@pytest.mark.parametrize(("path", "body"), OTHERS)
async def test_text_only(painter: Site, path: str, body: dict[str, Any]) -> None:
    for stream in (False, True):
        answer = await painter.owner.client.post(path, json={**body, "stream": stream})
        assert answer.status_code == 200
        assert "Here: " in answer.text
        assert "done" in answer.text
        assert '"error"' not in answer.text.replace('"error":null', "")
        assert "base64" not in answer.text

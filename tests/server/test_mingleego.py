"""Mingleego's API on hostile input: names and kinds of files, others' files, addresses, sizes, who goes away."""

import asyncio
import json
import re
import time
from urllib.parse import quote

import httpx
import pytest

from parley.errors import StoreFull
from parley.messages import MessageStatus, Role
from parley.people import Permissions
from parley.server import Plan
from parley.server.dialects.mingleego import signatures
from parley.settings import Settings
from parley.store import files as files_module
from tests.conftest import ScriptedProvider, Until
from tests.server.conftest import Person, Serve, Site
from tests.test_attachments import written
from tests.test_rounds import call

CHAT = "/api/interactions/chat"
FILE = f"{CHAT}/file"


async def upload(person: Person, name: str, data: bytes = b"hello", kind: str = "text/plain") -> httpx.Response:
    return await person.client.post(FILE, files={"file": (name, data, kind)})


async def ask(person: Person, *file_ids: str, prompt: str = "Look.", **more: str) -> httpx.Response:
    body = {"assistantId": "clerk", "prompt": prompt, "fileIds": file_ids, **more}
    return await person.client.post(CHAT, json=body)


@pytest.fixture
async def site(site: Site) -> Site:
    await site.services.store.assistants.add("Clerk", instruction="Write reports.", tools=["save_file"])
    return site


NAMES = [
    ("it_services.pdf", "it_services.pdf"),
    ("../../../etc/passwd", "passwd"),
    ("..\\..\\windows\\system32\\evil.dll", "evil.dll"),
    ("/absolute/path.txt", "path.txt"),
    ("nul\0byte.txt", "nulbyte.txt"),
    ("CON", "_CON"),
    ("lpt1.txt", "_lpt1.txt"),
    ("👩‍👩‍👧 trip 🏖️.txt", "👩‍👩‍👧 trip 🏖️.txt"),
    ("北京 größe.txt", "北京 größe.txt"),
    ("x" * 300 + ".txt", "x" * 176 + ".txt"),
    ('a"b;c.txt', "a_b;c.txt"),
    ("two\r\nlines.txt", "twolines.txt"),
    ("...", "file"),
]


async def test_names_of_files(site: Site, provider: ScriptedProvider) -> None:
    for name, kept in NAMES:
        # The name is written here as it is: httpx would make a harmless one of it.
        head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + _quoted(name) + b'"\r\n\r\n'
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = await site.owner.client.post(FILE, content=head + b"hello\r\n--b--\r\n", headers=headers)
        if "\n" in name:  # such a header ends in the middle of the name
            assert (answer.status_code, answer.json()["error"]) == (400, "INVALID_BODY")
            continue
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert re.fullmatch(rf"input_\d{{13}}_{re.escape(kept)}", answer.text)
        assert (await ask(site.owner, answer.text)).status_code == 200
        assert provider.requests[-1].messages[0].text.startswith(f"{kept}\n\n```")
        file = await site.owner.client.get(f"/api/interactions/files/{quote(answer.text, safe='')}")
        assert (file.status_code, file.content) == (200, b"hello")
        assert file.headers["content-disposition"].startswith("attachment; filename")
    names = [path.name for path in site.services.paths.data.rglob("*") if path.is_file()]
    assert not any("passwd" in found or "evil" in found for found in names)


def _quoted(name: str) -> bytes:
    return name.replace("\\", "\\\\").replace('"', '\\"').encode()


LIES = [
    ("photo.txt", written("PNG"), 200, "image/png"),
    ("photo.png", b"this is no picture", 200, "text/plain; charset=utf-8"),
    ("photo.png", b"\x89PNG\r\n\x1a\n cut off", 400, "image/png"),
    ("page.html", b"<script>alert(1)</script>", 200, "text/html; charset=utf-8"),
    ("program.txt", b"MZ\x90\x00\x03", 400, "text/plain; charset=utf-8"),
    ("paper.pdf", b"%PDF-1.7\n\x00", 400, "application/pdf"),
    ("empty.txt", b"", 400, "text/plain; charset=utf-8"),
]


async def test_files_that_lie_about_what_they_are(site: Site) -> None:
    for name, data, status, kind in LIES:
        id = (await upload(site.owner, name, data, "image/jpeg")).text
        answer = await ask(site.owner, id)
        assert answer.status_code == status
        if status == 400:
            assert answer.json()["error"] == "BAD_REQUEST"
            assert name in answer.json()["message"]
        file = await site.owner.client.get(f"/api/interactions/files/{id}")
        assert (file.content, file.headers["content-type"]) == (data, kind)
        assert file.headers["content-security-policy"].startswith("sandbox")
        assert file.headers["x-content-type-options"] == "nosniff"
        assert file.headers["content-disposition"].startswith("attachment;")


async def test_pictures_and_texts_reach_the_model(site: Site, provider: ScriptedProvider) -> None:
    picture = (await upload(site.owner, "a.png", written("PNG"))).text
    text = (await upload(site.owner, "a.md", b"# Hi")).text
    await ask(site.owner, picture, text)
    request = provider.requests[0]
    (message,) = request.messages
    assert [image.media_type for image in message.images] == ["image/png"]
    assert message.text == "a.md\n\n```md\n# Hi\n```\n\nLook."
    assert request.instruction == "Write reports."
    assert site.services.store.conversations.page() == []


async def test_parts_of_files(site: Site) -> None:
    id = (await upload(site.owner, "a.txt")).text
    for wanted, status, part in (
        ("bytes=0-1", 206, b"he"),
        ("bytes=3-", 206, b"lo"),
        ("bytes=-2", 206, b"lo"),
        ("bytes=3-99", 206, b"lo"),
        ("bytes=99-", 200, b"hello"),
        ("bytes=5-5", 200, b"hello"),
        ("bytes=3-1", 200, b"hello"),
        ("bytes=-0", 200, b"hello"),
        ("bytes=0-1,3-4", 200, b"hello"),
        ("bytes=x", 200, b"hello"),
        ("nonsense", 200, b"hello"),
    ):
        answer = await site.owner.client.get(f"/api/interactions/files/{id}", headers={"Range": wanted})
        assert (answer.status_code, answer.content) == (status, part), wanted
    empty = (await upload(site.owner, "empty.txt", b"")).text
    for wanted in ("bytes=0-", "bytes=-1"):
        answer = await site.owner.client.get(f"/api/interactions/files/{empty}", headers={"Range": wanted})
        assert (answer.status_code, answer.content) == (200, b"")
    answer = await site.owner.client.head(f"/api/interactions/files/{id}")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "5")
    site.services.store.files.path(site.services.store.files.find(id)).unlink()
    answer = await site.owner.client.get(f"/api/interactions/files/{id}")
    assert (answer.status_code, answer.json()["error"]) == (400, "BAD_REQUEST")


async def test_files_of_others(site: Site, provider: ScriptedProvider) -> None:
    ann = await site.person()
    id = (await upload(site.owner, "secret.txt", b"secret")).text
    (file,) = site.services.store.files.all()
    for name in (id, file.id):
        answer = await ask(ann, name)
        assert (answer.status_code, answer.json()["error"]) == (400, "BAD_REQUEST")
        assert (await ann.client.get(f"/api/interactions/files/{name}")).status_code == 404
        unknown = await ann.client.get("/api/interactions/files/unknown")
        assert unknown.json()["error"] == "NOT_FOUND"
    assert provider.requests == []


async def test_a_body_that_is_too_large(site: Site, settings: Settings) -> None:
    settings.update(server_upload_mib=1, server_json_mib=1)
    answer = await upload(site.owner, "large.bin", b"x" * 1_100_000)
    assert (answer.status_code, answer.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")
    answer = await ask(site.owner, prompt="x" * 1_100_000)
    assert (answer.status_code, answer.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")

    async def pieces() -> object:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(20):
            yield b"x" * 65_536

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await site.owner.client.post(FILE, content=pieces(), headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")
    assert site.services.store.files.all() == []


async def test_no_more_room(site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.update(files_mb=1)
    answer = await upload(site.owner, "large.bin", b"x" * 1_000_001)
    assert (answer.status_code, answer.json()["error"]) == (413, "PAYLOAD_TOO_LARGE")

    def full(folder: object) -> None:
        raise StoreFull(path=folder)

    monkeypatch.setattr(files_module, "make", full)
    answer = await upload(site.owner, "small.txt")
    assert (answer.status_code, answer.json()["error"]) == (507, "INSUFFICIENT_STORAGE")
    assert "disk is full" in answer.json()["message"]


async def test_an_upload_that_breaks_off(site: Site, until: Until) -> None:
    host, port = httpx.URL(site.url).host, httpx.URL(site.url).port
    _, writer = await asyncio.open_connection(host, port)
    head = f"POST {FILE} HTTP/1.1\r\nHost: {host}:{port}\r\nx-api-key: {site.owner.token}\r\nContent-Length: 9999\r\n"
    writer.write(f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n".encode())
    await writer.drain()
    await until(lambda: any(client.open for client in site.server.clients))
    writer.close()
    await until(lambda: not any(client.open for client in site.server.clients))
    assert site.services.store.files.all() == []
    assert (await site.owner.client.get("/health")).status_code == 200


async def test_what_is_made_needs_permission(site: Site, provider: ScriptedProvider) -> None:
    ann = await site.person()
    assert (await ask(ann)).json()["fileUrl"] is None
    assert provider.requests[-1].tools == ()
    await site.services.store.accounts.change(ann.account.id, permissions=Permissions(tools=frozenset({"save_file"})))
    provider.says(call())
    provider.says("Done")
    made = (await ask(ann)).json()
    assert (await site.anyone.get(made["fileUrl"])).content == b"# Report"
    (file,) = site.services.store.files.all(account=ann.account.id)
    assert (await ann.client.get(f"/api/interactions/files/{file.id}")).status_code == 200
    assert (await site.owner.client.get(f"/api/interactions/files/{file.id}")).status_code == 404


async def made(site: Site, provider: ScriptedProvider) -> httpx.URL:
    """Return the address of a file that was made."""
    provider.says(call())
    provider.says("Done")
    return httpx.URL((await ask(site.owner)).json()["fileUrl"])


async def test_signed_addresses(site: Site, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    address = await made(site, provider)
    assert str(address).startswith(f"{site.url}/api/interactions/files/")
    other = await made(site, provider)
    until, signature = int(address.params["until"]), address.params["signature"]
    assert 3500 < until - time.time() <= 3600
    for changed in (
        address.copy_set_param("until", str(until + 1)),
        address.copy_set_param("signature", signature[:-1]),
        address.copy_set_param("signature", ""),
        address.copy_remove_param("until"),
        other.copy_set_param("signature", signature),
        address.copy_with(path=other.path),
    ):
        assert (await site.anyone.get(changed)).status_code == 401
    for nonsense in ("-1", "abc", "9" * 30):
        assert (await site.anyone.get(address.copy_set_param("until", nonsense))).status_code == 400
    assert (await site.anyone.get(address)).status_code == 200
    assert (await site.anyone.get(address, headers={"x-api-key": "wrong"})).status_code == 401
    monkeypatch.setattr(signatures, "VALID_SECONDS", -1)
    assert (await site.anyone.get(await made(site, provider))).status_code == 401


async def test_an_address_ends_with_its_account(site: Site, provider: ScriptedProvider) -> None:
    ann, accounts = await site.person(), site.services.store.accounts
    await accounts.change(ann.account.id, permissions=Permissions(tools=frozenset({"save_file"})))
    provider.says(call())
    provider.says("Done")
    address = (await ask(ann)).json()["fileUrl"]
    await accounts.change(ann.account.id, disabled=True)
    assert (await site.anyone.get(address)).status_code == 401
    await accounts.change(ann.account.id, disabled=False)
    assert (await site.anyone.get(address)).status_code == 200
    await accounts.remove(ann.account.id)  # its files are the owner's now
    assert (await site.anyone.get(address)).status_code == 401


async def test_an_address_outlives_the_server(site: Site, serve: Serve, provider: ScriptedProvider) -> None:
    address = await made(site, provider)
    key = site.services.paths.data / signatures.KEY_FILE
    assert key.stat().st_mode & 0o077 == 0
    await site.server.stop()
    again = await serve(Plan(port=0))
    moved = address.copy_with(port=httpx.URL(again.url).port)
    assert (await again.anyone.get(moved)).content == b"# Report"
    key.write_text("too short", encoding="ascii")
    await again.server.stop()
    fresh = await serve(Plan(port=0))
    assert (await fresh.anyone.get(address.copy_with(port=httpx.URL(fresh.url).port))).status_code == 401


async def test_the_address_names_the_host_that_was_asked(site: Site, provider: ScriptedProvider) -> None:
    provider.says(call())
    provider.says("Done")
    port = httpx.URL(site.url).port
    headers = {"Host": f"localhost:{port}"}
    answer = await site.owner.client.post(CHAT, json={"assistantId": "clerk", "prompt": "x"}, headers=headers)
    assert answer.json()["fileUrl"].startswith(f"http://localhost:{port}/api/interactions/files/")


async def test_a_conversation_is_joined(site: Site, provider: ScriptedProvider) -> None:
    store = site.services.store
    conversation = await store.conversations.add("Reports", channel="api")
    provider.says(call())
    provider.says("Done")
    file_id = (await upload(site.owner, "a.md", b"# Hi")).text
    answer = (await ask(site.owner, file_id, conversationId=conversation.id)).json()
    assert answer["text"] == "Done"
    question, reply = store.conversations.tree(conversation.id).branch()
    assert (question.role, reply.text) == (Role.USER, "Done")
    (made,) = store.files.of_message(reply.id)
    (sent,) = store.files.of_message(question.id)
    assert (made.name, sent.handle) == ("report.md", file_id)
    assert store.conversations.get(conversation.id).assistant_id


async def test_who_goes_away_stops_the_answer(site: Site, provider: ScriptedProvider, until: Until) -> None:
    conversation = await site.services.store.conversations.add("Reports")
    for path in (CHAT, f"{CHAT}/sse"):
        provider.says("Hello", asyncio.Event())
        body = {"assistantId": "clerk", "prompt": "Hi", "conversationId": conversation.id}
        asking = asyncio.create_task(site.owner.client.post(path, json=body))
        await until(lambda: provider.streaming)
        await until(lambda: any(turn.text for turn in site.services.engine.turns(conversation.id) if not turn.ended))
        asking.cancel()
        await until(lambda: not provider.streaming, 5)
        await until(lambda: not site.services.engine.answering)
        leaf = site.services.store.conversations.get(conversation.id).leaf_id
        reply = site.services.store.messages.get(leaf or "")
        assert (reply.text, reply.status) == ("Hello", MessageStatus.STOPPED)


async def test_a_revoked_key_ends_a_stream(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    body = {"assistantId": "clerk", "prompt": "Hi"}
    async with site.owner.client.stream("POST", f"{CHAT}/sse", json=body) as answer:
        lines = answer.aiter_lines()
        async for line in lines:
            if "Hello" in line:
                break
        await site.services.store.tokens.revoke(int(site.owner.token.partition("|")[0]))
        rest = [line async for line in lines if line]
    assert rest[-2] == "event: error"
    assert json.loads(rest[-1].removeprefix("data: "))["error"] == "UNAUTHORIZED"
    await until(lambda: not provider.streaming, 5)


async def test_many_uploads_at_once(site: Site) -> None:
    answers = await asyncio.gather(*(upload(site.owner, "same.txt", b"the same") for _ in range(20)))
    assert len({answer.text for answer in answers}) == 20
    assert len({file.sha256 for file in site.services.store.files.all()}) == 1


async def test_the_description_has_every_route(site: Site) -> None:
    paths = (await site.owner.client.get("/openapi.json")).json()["paths"]
    for path in ("chat", "chat/sse", "chat/file", "files/{id}", "assistants"):
        assert f"/api/interactions/{path}" in paths
    form = paths["/api/interactions/chat/file"]["post"]["requestBody"]["content"]
    assert form["multipart/form-data"]["schema"]["required"] == ["file"]

"""Hostile bodies: too large, too slow, of another kind, too deep, double-tongued, lied about."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import APIRouter, UploadFile

from parley.server import EmbeddedServer, Plan, bodies
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.dialect import Dialect
from parley.server.dialects.mingly import MINGLY
from parley.services import Services
from parley.settings import Settings
from tests.server.conftest import Person, Site, client
from tests.server.raw import Raw, asked, raw

JSON = "Content-Type: application/json"
GOOD = b'{"message":"Hi"}'


async def posted(site: Site, body: bytes, *headers: str) -> tuple[int, str]:
    """Return the status of an answer and what it says."""
    answer = await asked(site, "POST /chat HTTP/1.1", *(headers or (JSON,)), f"Content-Length: {len(body)}", body=body)
    assert answer.json["code"] in ("BAD_REQUEST", "PAYLOAD_TOO_LARGE")
    return answer.status, answer.json["error"]


async def test_other_types(site: Site) -> None:
    """What a page may post without being asked: text, forms; and what nobody unpacks here."""
    for kind in (
        "Content-Type: text/plain",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Type: text/plain; application/json",
        "Content-Type: application/jsonx",
        "Content-Type:",
        "X: none",
    ):
        status, said = await posted(site, GOOD, kind)
        assert (status, "Content-Type" in said) == (400, True)
    packed = zlib.compress(GOOD)
    for coding in ("gzip", "deflate", "br", "identity, gzip"):
        status, said = await posted(site, packed, JSON, f"Content-Encoding: {coding}")
        assert (status, "Content-Encoding" in said) == (400, True)
    for kind in ("application/json; charset=utf-8", "Application/JSON", "application/json"):
        answer = await asked(site, "POST /chat HTTP/1.1", f"Content-Type: {kind}", "Content-Length: 16", body=GOOD)
        assert answer.status == 200


NO_JSON = [
    b"",
    b" ",
    b"Hi",
    b'{"message":"Hi"',
    GOOD + b"x",
    GOOD + GOOD,
    b'{"message":"Hi","message":"Ho"}',
    b'{"message":"Hi","x":{"a":1,"a":1}}',
    b'{"message":"Hi","x":NaN}',
    b'{"message":"Hi","x":-Infinity}',
    b'{"message":"Hi","x":1e999}',
    b'{"message":"Hi","x":9223372036854775808}',
    b'{"message":"Hi","x":' + b"9" * 100_000 + b"}",
    b'{"message":"\\ud800"}',
    b'{"\\udfff":1,"message":"Hi"}',
    b'{"message":"\xff"}',
    b'{"message":"\xed\xa0\x80"}',
    b'{"message":"a\x00b"}',
    b"\xef\xbb\xbf" + GOOD,
    GOOD.decode().encode("utf-16"),
    GOOD.decode().encode("utf-16-le"),
    GOOD.decode().encode("utf-32"),
    b"{'message':'Hi'}",
    b'{"message":"Hi",}',
    b'{"message":"Hi","x":' + b"[" * 300 + b"]" * 300 + b"}",
    b'{"message":"Hi","x":' + b'{"a":' * 300 + b"1" + b"}" * 301,
    b"[" * 5_000_000,
    b'{"a":' * 1_000_000,
]


async def test_what_is_no_json(site: Site) -> None:
    for body in NO_JSON:
        status, _ = await posted(site, body)
        assert status == 400, body[:40]
    assert (
        await site.owner.client.post("/chat", content=GOOD, headers={"Content-Type": "application/json"})
    ).is_success


async def test_more_fields_than_anybody_asks_with(site: Site) -> None:
    """Reading them would keep all others waiting for seconds, whatever the route would say of them."""
    parts = [{"type": "text", "text": "a"}] * 60_000
    many = json.dumps({"message": "Hi", "x": parts}).encode()
    wide = json.dumps({"message": "Hi"} | {f"x{number}": 1 for number in range(160_000)}).encode()
    for body in (many, wide):
        status, said = await posted(site, body)
        assert (status, "too many fields" in said) == (400, True)
    calls = [{"id": "a", "type": "function", "function": {"name": "a", "arguments": "{}"}}]
    talk = [{"role": "assistant", "content": "a", "tool_calls": calls}] * 10_000
    assert (await site.owner.client.post("/chat", json={"message": "Hi", "x": talk})).is_success


@pytest.mark.parametrize("field", ["message", "provider", "model", "conversationId", "detach"])
async def test_wrong_types(site: Site, field: str) -> None:
    for value in (
        1,
        1.5,
        ["x"],
        {"x": 1},
        *([] if field == "detach" else [True]),
        *(["yes", "true", 0] if field == "detach" else []),
    ):
        answer = await site.owner.client.post("/chat", json={"message": "Hi", field: value})
        assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")
        assert field in answer.json()["error"]


async def test_a_body_that_is_told_to_be_large(site: Site) -> None:
    """Refused before the first byte of it has come, and a client that waits for 100 does not hear that."""
    async with raw(site) as connection:
        told = ("Content-Length: 1000000000", "Expect: 100-continue")
        answer = await connection.ask("POST /chat HTTP/1.1", JSON, *told)
        assert (answer.status, answer.json["code"]) == (413, "PAYLOAD_TOO_LARGE")
        assert answer.headers["connection"] == "close"
        assert await connection.ended()


async def flood(connection: Raw) -> None:
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    while True:
        connection.send(chunk)
        await connection.writer.drain()


async def test_a_body_that_does_not_end(site: Site, settings: Settings) -> None:
    """Cut at the limit, answered while it still comes, and then the connection is closed."""
    settings.update(server_json_mib=2)
    async with raw(site) as connection:
        connection.send(connection.head("POST /chat HTTP/1.1", JSON, "Transfer-Encoding: chunked"))
        flooding = asyncio.create_task(flood(connection))
        answer = await connection.answer()
        assert (answer.status, answer.json["code"]) == (413, "PAYLOAD_TOO_LARGE")
        assert await connection.ended()
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)


async def test_a_body_that_is_refused_is_not_read(site: Site) -> None:
    others: list[tuple[dict[str, Any], int]] = [({"token": "1|x"}, 401), ({"host": "evil.example"}, 403)]
    for other, status in others:
        async with raw(site) as connection:
            answer = await connection.ask("POST /chat HTTP/1.1", JSON, "Content-Length: 1000000", **other)
            assert (answer.status, answer.headers["connection"]) == (status, "close")


async def test_chunks_that_are_mostly_wrapping(site: Site) -> None:
    """A trailer that the parser would keep whole, and chunks of one byte each."""
    for rest in (b"0\r\nX: " + b"y" * 2_000_000, b"1;" + b"z" * 2_000_000, b"1\r\n \r\n" * 400_000):
        async with raw(site) as connection:
            connection.send(connection.head("POST /chat HTTP/1.1", JSON, "Transfer-Encoding: chunked"), rest)
            assert await connection.ended()
    async with raw(site) as connection:
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in GOOD)
        body = chunks + b"0\r\n\r\n"
        answer = await connection.ask("POST /chat HTTP/1.1", JSON, "Transfer-Encoding: chunked", body=body)
        assert answer.headers["content-type"] == "application/json"


async def test_headers_behind_a_body(site: Site) -> None:
    """They count for nothing: neither a token, nor a host, nor where the request comes from."""
    body = b"10\r\n" + GOOD + b"\r\n0\r\n%s\r\n\r\n"
    for trailer in (b"Authorization: Bearer wrong", b"Host: evil.example", b"Origin: http://evil.example"):
        answer = await asked(site, "POST /chat HTTP/1.1", JSON, "Transfer-Encoding: chunked", body=body % trailer)
        assert answer.status == 200, trailer
    token = f"x-api-key: {site.owner.token}".encode()
    answer = await asked(site, "POST /chat HTTP/1.1", JSON, "Transfer-Encoding: chunked", body=body % token, token="")
    assert answer.status == 401


async def test_a_body_that_trickles(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.5)
    async with raw(site) as connection:
        connection.send(connection.head("POST /chat HTTP/1.1", JSON, "Content-Length: 1000"))
        trickling = asyncio.create_task(trickle(connection))
        answer = await connection.answer()
        trickling.cancel()
        assert (answer.status, answer.json["code"], answer.headers["connection"]) == (408, "TIMEOUT", "close")


async def trickle(connection: Raw) -> None:
    while True:
        connection.send(b" ")
        await asyncio.sleep(0.05)


async def test_a_body_that_breaks_off(site: Site) -> None:
    """What has come would be good JSON, but who sent it did not say that it is all."""
    async with raw(site) as connection:
        head = connection.head("POST /chat HTTP/1.1", JSON, "Transfer-Encoding: chunked")
        connection.send(head, b"10\r\n" + GOOD + b"\r\n")
    assert (await site.owner.client.get("/health")).status_code == 200
    assert not site.services.store.conversations.page()


async def test_many_bodies_at_once(site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.update(server_json_mib=1)
    monkeypatch.setattr(bodies, "AT_ONCE", 2)
    most = b'"' + b"x" * (900 * 1024)
    told = f"Content-Length: {1024 * 1024}"
    async with raw(site) as first, raw(site) as second, raw(site) as third:
        for connection in (first, second):
            connection.send(connection.head("POST /chat HTTP/1.1", JSON, told), most)
        async with asyncio.timeout(30):
            while True:
                answer = await asked(site, "POST /chat HTTP/1.1", JSON, "Content-Length: 300000", body=b" " * 300_000)
                if answer.status == 503:  # the other two have come
                    break
        assert (answer.json["code"], answer.headers["retry-after"]) == ("PROVIDER_UNAVAILABLE", "5")
        assert (await third.ask("GET /health HTTP/1.1")).status == 200
    async with asyncio.timeout(30):
        while (
            await asked(site, "POST /chat HTTP/1.1", JSON, "Content-Length: 300000", body=b" " * 300_000)
        ).status != 400:
            pass


def with_uploads() -> tuple[Dialect, ...]:
    """Return a dialect that takes files and whose login takes JSON of anybody."""

    def routes(backend: Backend) -> APIRouter:
        router = APIRouter()

        @router.post("/up/file")
        async def file(file: UploadFile, caller: Asking) -> dict[str, int]:
            return {"size": len(await file.read())}

        @router.post("/up/login")
        async def login(body: dict[str, str]) -> dict[str, int]:
            return {"fields": len(body)}

        return router

    body = lambda problem: {"problem": problem.code}  # noqa: E731
    up = Dialect("up", ("/up",), body, routes, uploads=("/up/file",), public=("/up/login",))
    return (MINGLY, up)


@pytest.fixture
async def uploads(services: Services) -> AsyncIterator[Site]:
    server = EmbeddedServer(services, Plan(port=0), with_uploads)
    await server.start()
    assert server.address
    account = services.store.accounts.get("owner")
    _, token = await services.credentials.issue(account, "tests")
    person = Person(account, token, client(server.address, token))
    site = Site(server, services, person, client(server.address), [person])
    yield site
    await site.owner.client.aclose()
    await site.anyone.aclose()
    await server.stop()


async def test_uploads(uploads: Site, settings: Settings) -> None:
    ask = uploads.owner.client
    answer = await ask.post("/up/file", files={"file": ("a.bin", b"x" * 3_000_000)})
    assert (answer.status_code, answer.json()) == (200, {"size": 3_000_000})
    settings.update(server_upload_mib=1)
    answer = await ask.post("/up/file", files={"file": ("a.bin", b"x" * 3_000_000)})
    assert (answer.status_code, answer.json()) == (413, {"problem": "body_too_large"})
    async with raw(uploads) as connection:
        kind = "Content-Type: multipart/form-data; boundary=x"
        begun = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        head = connection.head("POST /up/file HTTP/1.1", kind, "Transfer-Encoding: chunked")
        connection.send(head, b"%x\r\n%s\r\n" % (len(begun), begun))
        flooding = asyncio.create_task(flood(connection))
        answered = await connection.answer()
        assert (answered.status, answered.json) == (413, {"problem": "body_too_large"})
        assert await connection.ended()
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)


async def test_an_upload_that_trickles(uploads: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.5)
    async with raw(uploads) as connection:
        kind = "Content-Type: multipart/form-data; boundary=x"
        begun = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        connection.send(connection.head("POST /up/file HTTP/1.1", kind, "Content-Length: 100000"), begun)
        trickling = asyncio.create_task(trickle(connection))
        answer = await connection.answer()
        trickling.cancel()
        assert (answer.status, answer.json) == (408, {"problem": "body_slow"})


async def test_no_form_at_all(uploads: Site, caplog: pytest.LogCaptureFixture) -> None:
    for kind, body in (
        ("multipart/form-data; boundary=x", b"no form"),
        ("multipart/form-data", b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n--x--\r\n"),
        ("application/x-www-form-urlencoded", b"file=1"),
        ("application/json", b"{}"),
        ("text/plain", b"x"),
    ):
        answer = await uploads.owner.client.post("/up/file", content=body, headers={"Content-Type": kind})
        assert (answer.status_code, set(answer.json())) == (400, {"problem"})
    assert not caplog.records  # or whoever uploads could fill the log


async def test_strangers_send_little(uploads: Site) -> None:
    large = json.dumps({"password": "x" * 1_200_000}).encode()
    headers = {"Content-Type": "application/json"}
    assert (await uploads.anyone.post("/up/login", content=large, headers=headers)).status_code == 413
    assert (await uploads.anyone.post("/up/login", json={"a": "b"})).json() == {"fields": 1}

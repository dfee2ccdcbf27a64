"""Hostile readers, bugs of ours, and what is written down of all that."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, WebSocket
from starlette.responses import Response

from parley.log import logging_to, redact_with
from parley.messages import MessageStatus
from parley.server import EmbeddedServer, Plan, wire
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.dialect import Dialect
from parley.server.dialects.mingly import MINGLY
from parley.server.streams import EventStream
from parley.services import Services
from parley.store import Store
from tests.conftest import ExpectLog, ScriptedProvider, Until
from tests.server.conftest import Person, Site, client
from tests.server.raw import asked, raw

LARGE = 40_000_000


def _broken() -> tuple[Dialect, ...]:
    def routes(backend: Backend) -> APIRouter:
        router = APIRouter()

        @router.get("/broken/route")
        async def route(caller: Asking) -> dict[str, int]:
            raise KeyError(f"a bug, with {caller.id} and 5|{'s' * 43}")

        @router.get("/broken/stream")
        async def stream(caller: Asking) -> Response:
            async def pieces() -> AsyncIterator[bytes]:
                yield b"data: {}\n\n"
                raise KeyError("a bug")

            return EventStream(pieces(), problem=lambda problem: b"data: %s\n\n" % problem.code.encode())  # type: ignore[arg-type]

        @router.get("/broken/shape", response_model=dict[str, int])
        async def shape(caller: Asking) -> Any:
            return {"a": "no number"}

        @router.get("/broken/large")
        async def large(caller: Asking) -> Response:
            return Response(b"x" * LARGE)

        @router.websocket("/broken/socket")
        async def socket(socket: WebSocket) -> None:
            await socket.accept()
            raise KeyError("a bug")

        @router.websocket("/broken/echo")
        async def echo(socket: WebSocket) -> None:
            await socket.accept()
            async for text in socket.iter_text():
                await socket.send_text(text)

        return router

    return (MINGLY, Dialect("broken", ("/broken",), lambda problem: {"oops": problem.code}, routes))


@pytest.fixture
async def broken(services: Services) -> AsyncIterator[Site]:
    server = EmbeddedServer(services, Plan(port=0), _broken)
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


async def test_a_bug_is_told_in_the_dialect_and_logged_once(
    broken: Site, expect_log: ExpectLog, caplog: pytest.LogCaptureFixture
) -> None:
    expect_log("GET '/broken/route' failed")
    expect_log("GET '/broken/shape' failed")
    for path in ("route", "shape"):
        answer = await broken.owner.client.get(f"/broken/{path}")
        assert (answer.status_code, answer.json()) == (500, {"oops": "internal"})
        assert answer.headers["vary"] == "Origin"
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 2


async def test_a_bug_in_a_stream_is_its_last_event(broken: Site, expect_log: ExpectLog) -> None:
    expect_log("a stream ended with a bug")
    answer = await broken.owner.client.get("/broken/stream")
    assert answer.text == "data: {}\n\ndata: internal\n\n"


async def test_a_bug_in_a_socket_closes_it(broken: Site, expect_log: ExpectLog) -> None:
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed
    from websockets.frames import Close

    expect_log("the socket '/broken/socket' failed")
    url = broken.url.replace("http", "ws") + "/broken/socket"
    async with connect(url, additional_headers=broken.owner.headers) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd == Close(1011, "")


async def test_unknown_routes_and_methods(broken: Site) -> None:
    for method, path, status, code in (
        ("GET", "/broken/nothing", 404, "route_unknown"),
        ("POST", "/broken/route", 405, "method_refused"),
        ("TRACE", "/broken/route", 405, "method_refused"),
        ("PROPFIND", "/broken", 404, "route_unknown"),
    ):
        answer = await broken.owner.client.request(method, path)
        assert (answer.status_code, answer.json()) == (status, {"oops": code})


async def test_who_does_not_take_an_answer_is_broken_off(
    broken: Site, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    monkeypatch.setattr(wire, "STALLED_SECONDS", 1.0)
    for line in ("GET /broken/large HTTP/1.1", "GET /broken/large HTTP/1.0"):
        async with raw(broken) as connection:
            connection.send(connection.head(line))
            head = await connection.reader.readuntil(b"\r\n\r\n")  # and no more is taken than asyncio does by itself
            assert b"200 OK" in head
            await until(lambda: not broken.server._listening._state.connections)  # type: ignore[union-attr]
    answer = await broken.owner.client.get("/broken/large")
    assert len(answer.content) == LARGE


async def test_who_has_most_to_take_goes_first(broken: Site, monkeypatch: pytest.MonkeyPatch, until: Until) -> None:
    """Three answers that nobody takes are more than may be held; two are not."""
    monkeypatch.setattr(wire, "MOST_HELD", int(LARGE * 2.5))
    connections = broken.server._listening._state.connections  # type: ignore[union-attr]
    async with raw(broken) as first, raw(broken) as second, raw(broken) as third:
        for connection in (first, second):
            connection.send(connection.head("GET /broken/large HTTP/1.1"))
            await connection.reader.readuntil(b"\r\n\r\n")
        assert len(connections) == 3
        third.send(third.head("GET /broken/large HTTP/1.1"))
        await until(lambda: len(connections) == 2)
        assert (await broken.owner.client.get("/health")).status_code == 200


async def test_who_does_not_read_holds_no_turn(
    site: Site, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    monkeypatch.setattr(wire, "STALLED_SECONDS", 1.0)
    endless = asyncio.Event()

    async def pieces() -> AsyncIterator[Any]:
        for _ in range(100_000):
            if not site.services.engine.answering:
                break
            yield "x" * 1000
            await asyncio.sleep(0)
        yield endless

    provider.scripts.append(pieces())
    body = json.dumps({"message": "Hi"}).encode()
    async with raw(site) as connection:
        length = f"Content-Length: {len(body)}"
        connection.send(connection.head("POST /chat/stream HTTP/1.1", "Content-Type: application/json", length), body)
        await connection.reader.readuntil(b"\r\n\r\n")
        await until(lambda: provider.streaming)
        await until(lambda: not provider.streaming)
    await until(lambda: not site.services.engine.answering)
    leaf = site.services.store.conversations.page()[0].leaf_id or ""
    assert site.services.store.messages.get(leaf).status is MessageStatus.STOPPED


async def test_a_socket_that_only_pings(broken: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ping is answered, and nobody reads the answers."""
    ping = b"\x89\xfd" + bytes(4) + bytes(125)
    async with raw(broken) as connection:
        upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        connection.send(connection.head("GET /broken/echo HTTP/1.1", *upgrade, key))
        head = await connection.reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head

        async def flood() -> None:
            while True:
                connection.send(ping * 1000)
                await connection.writer.drain()

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(flood(), 60)


async def test_a_message_that_is_too_large(broken: Site, settings: Any) -> None:
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed

    url = broken.url.replace("http", "ws") + "/broken/echo"
    async with connect(url, additional_headers=broken.owner.headers, max_size=None) as socket:
        await socket.send("x" * 1_000_000)
        assert len(await socket.recv()) == 1_000_000
        with suppress(ConnectionClosed):  # while it is being sent
            await socket.send("x" * 11_000_000)
        await socket.wait_closed()
    assert socket.close_code in (1009, 1006)  # it may have gone before that could be read


async def test_a_stranger_sends_little_over_a_socket(site: Site) -> None:
    """And whoever has said a token, or sent one along, sends more."""
    from websockets.asyncio.client import connect
    from websockets.exceptions import ConnectionClosed

    url = site.url.replace("http", "ws") + "/ws"
    long = "x" * 1_500_000
    async with connect(url) as socket:
        with suppress(ConnectionClosed):  # while it is being sent
            await socket.send(json.dumps({"type": "chat", "token": site.owner.token, "message": long}))
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    async with connect(url) as socket:
        await socket.send(json.dumps({"type": "auth", "token": site.owner.token}))
        await socket.send(json.dumps({"type": "ping", "more": long}))
        while json.loads(await socket.recv())["type"] != "pong":
            pass
    async with connect(url, additional_headers=site.owner.headers) as socket:
        await socket.send(json.dumps({"type": "ping", "more": long}))
        assert json.loads(await socket.recv())["type"] == "pong"


async def test_no_token_in_the_log(broken: Site, tmp_path: Path, expect_log: ExpectLog) -> None:
    """Not even where everything is logged, and the parts of uvicorn that log addresses and headers do, too."""
    from websockets.asyncio.client import connect

    expect_log("failed")
    file = tmp_path / "log"
    secret = broken.owner.token.partition("|")[2]
    chatty = [logging.getLogger(name) for name in ("uvicorn.error", "uvicorn.access", "uvicorn.asgi", "fastapi")]
    with logging_to(file):
        redact_with(broken.services.keys.redact)
        for logger in chatty:
            logger.setLevel(logging.DEBUG)
        url = broken.url.replace("http", "ws") + f"/broken/echo?token={broken.owner.token.replace('|', '%7C')}"
        async with connect(url, additional_headers=broken.owner.headers) as socket:
            await socket.send("Hi")
            assert await socket.recv() == "Hi"
        await asked(broken, "GET /broken/nothing HTTP/1.1", f"x-api-key: {broken.owner.token}")
        await broken.owner.client.get(f"/broken/route?token={broken.owner.token}")
        await asked(broken, f"GET /{broken.owner.token} HTTP/1.1")
        await asked(
            broken, f"GET /broken/echo?token={broken.owner.token} HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket"
        )
        for logger in chatty:
            logger.setLevel(logging.NOTSET)
    log = file.read_text()
    assert "/broken/route" in log
    assert "/broken/echo?token=[key]" in log
    assert secret not in log
    assert "s" * 43 not in log


async def test_another_process_revokes_a_token(site: Site, provider: ScriptedProvider, until: Until) -> None:
    """Nobody has told the store to watch: the server sees to it."""
    provider.says("Hello", asyncio.Event())
    other = Store.open(site.services.store.path.parent)
    try:
        async with site.owner.client.stream("POST", "/chat/stream", json={"message": "Hi"}) as answer:
            lines = answer.aiter_lines()
            async for line in lines:
                if "Hello" in line:
                    break
            await other.tokens.revoke(int(site.owner.token.partition("|")[0]))
            async with asyncio.timeout(10):
                rest = [line async for line in lines if line.startswith("data: ")]
    finally:
        await other.close()
    assert json.loads(rest[-1].removeprefix("data: "))["code"] == "UNAUTHORIZED"
    await until(lambda: not provider.streaming, 5)


async def test_an_account_is_switched_off(site: Site, provider: ScriptedProvider, until: Until) -> None:
    ann = await site.person()
    provider.says("Hello", asyncio.Event())
    async with ann.client.stream("POST", "/chat/stream", json={"message": "Hi"}) as answer:
        lines = answer.aiter_lines()
        async for line in lines:
            if "Hello" in line:
                break
        await site.services.store.accounts.change(ann.account.id, disabled=True)
        rest = [line async for line in lines if line.startswith("data: ")]
    assert json.loads(rest[-1].removeprefix("data: "))["code"] == "UNAUTHORIZED"
    await until(lambda: not provider.streaming, 5)
    assert (await ann.client.get("/health")).status_code == 401

"""Providers asked from the window's own event loop, on real sockets."""

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from parley.http import Client
from parley.network import Network
from parley.ui.program.loop import Loop
from tests.providers.proxies import Proxy
from tests.providers.sockets import Exchange, FakeServer, bytes_handler, head, response, sse

HOST = "models.example"


async def two_words(exchange: Exchange) -> None:
    await exchange.send(head(content_type="text/event-stream"), sse("one", "two"))
    await exchange.gone.wait()


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    assert isinstance(asyncio.get_running_loop(), Loop)
    async with FakeServer() as server:
        yield server


async def test_streams_and_leaving_them(server: FakeServer) -> None:
    server.handler = two_words
    client = Client("Fake", server.url)

    async def first() -> str:
        async with client.stream("/", {}) as answer:
            return await anext(answer.events())

    assert await asyncio.gather(*(first() for _ in range(50))) == ["one"] * 50
    await asyncio.wait_for(server.all_gone.wait(), 5)
    await client.close()


async def test_cancelling_while_a_long_body_is_sent(server: FakeServer) -> None:
    client = Client("Fake", server.url)
    asking = asyncio.create_task(client.ask("/", {"text": "x" * 60_000_000}, seconds=60))
    while not server.open_connections:
        await asyncio.sleep(0.005)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.wait_for(server.all_gone.wait(), 5)
    await client.close()


async def test_a_connection_that_ended_while_the_window_was_busy(server: FakeServer) -> None:
    body = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"  # kept, and closed by the server right behind it
    server.handler = bytes_handler(body)
    client = Client("Fake", server.url)
    for _ in range(5):
        assert await client.ask("/", {}) == {}
        time.sleep(0.02)  # as a window that is laid out
    assert len(server.requests) == 5
    await client.close()


async def test_encrypted_within_an_encrypted_proxy(tmp_path: Path) -> None:
    authority, path = trustme.CA(), tmp_path / "company.pem"
    authority.cert_pem.write_to_path(path)

    def context(name: str) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(made)
        return made

    async def network() -> Network:
        return Network(proxy.url, str(path))

    async with (
        FakeServer(bytes_handler(response({"ok": True})), tls=context(HOST)) as server,
        Proxy(server.port, tls=context("127.0.0.1")) as proxy,
    ):
        client = Client("Fake", f"https://{HOST}", network=network)
        assert await client.ask("/", {"text": "x" * 1_000_000}, seconds=30) == {"ok": True}
        await client.close()


async def test_an_address_that_is_dead_keeps_nobody_waiting(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a computer has an IPv6 address that leads nowhere."""
    server.handler = bytes_handler(response({}))
    with socket.socket(socket.AF_INET6) as dead, socket.socket(socket.AF_INET6) as waiting:
        dead.bind(("::1", server.port))
        dead.listen(0)
        waiting.setblocking(False)
        waiting.connect_ex(dead.getsockname())  # it takes no more after this one

        def both(host: str, port: int, *args: Any, **options: Any) -> list[Any]:
            kind = socket.SOCK_STREAM, socket.IPPROTO_TCP, ""
            return [
                (socket.AF_INET6, *kind, dead.getsockname()),
                (socket.AF_INET, *kind, ("127.0.0.1", port)),
            ]

        monkeypatch.setattr(socket, "getaddrinfo", both)
        client = Client("Fake", server.url.replace("127.0.0.1", "localhost"))
        assert await client.ask("/", seconds=3) == {}
        await client.close()

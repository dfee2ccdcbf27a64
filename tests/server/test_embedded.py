"""Server mode, off and on: listening, what stands in the way, and an end without anything left."""

import asyncio
import signal
import socket
from contextlib import closing

import httpx
import pytest

from parley.errors import AddressTaken, SettingInvalid
from parley.server import EmbeddedServer, Plan
from parley.services import Services
from tests.providers.sockets import unused_port
from tests.server.conftest import Serve, Site


async def test_it_lives_and_knows_nothing_else(site: Site) -> None:
    for method in ("GET", "HEAD"):
        answer = await site.anyone.request(method, "/live")
        assert (answer.status_code, answer.content) == (204, b"")
    for method, path in (("POST", "/live"), ("GET", "/live/x")):
        answer = await site.owner.client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_starting_twice_and_stopping_twice(site: Site) -> None:
    address = site.server.address
    await site.server.start()
    assert site.server.address == address
    await site.server.stop()
    await site.server.stop()
    assert (site.server.state, site.server.address) == ("off", None)
    with pytest.raises(httpx.ConnectError):
        await site.anyone.get("/live")


async def test_it_can_be_started_again_on_the_same_port(services: Services) -> None:
    server = EmbeddedServer(services, Plan(port=unused_port()))
    for _ in range(3):
        await server.start()
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{server.address}/live")).status_code == 204
        await server.stop()


async def test_it_stops_before_it_has_served(services: Services) -> None:
    server = EmbeddedServer(services, Plan(port=0))
    await server.start()
    await server.stop()


async def test_open_connections_do_not_hold_it_up(site: Site) -> None:
    url = httpx.URL(site.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 204")
    async with asyncio.timeout(10):
        await site.server.stop()
    writer.close()


async def test_signals_are_left_to_the_program(serve: Serve) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    site = await serve()
    assert (await site.anyone.get("/live")).status_code == 204
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


async def test_a_busy_port_is_a_sentence(services: Services) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        server = EmbeddedServer(services, Plan(port=port))
        with pytest.raises(AddressTaken, match=f"Port {port} on 127.0.0.1 is in use"):
            await server.start()
        assert isinstance(server.problem, AddressTaken)
        assert server.state == "off"
        assert server.free_port() > port


async def test_an_address_of_another_computer(services: Services) -> None:
    for host in ("192.0.2.1", "no such host"):
        with pytest.raises(SettingInvalid, match="--host"):
            await EmbeddedServer(services, Plan(host, 0)).start()

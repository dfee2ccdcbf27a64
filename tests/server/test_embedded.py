"""Server mode, off and on: listening, what stands in the way, and an end without anything left."""

import asyncio
import signal
import socket
import threading
import time
from contextlib import closing, suppress

import httpx
import pytest

from parley.errors import AddressTaken, InternalError, SettingInvalid
from parley.server import EmbeddedServer, Plan
from parley.services import Services
from tests.conftest import ExpectLog, ScriptedProvider, Until
from tests.providers.sockets import unused_port
from tests.server.conftest import Serve, Site


async def test_it_lives_and_knows_nothing_else(site: Site) -> None:
    for method in ("GET", "HEAD"):
        answer = await site.anyone.request(method, "/live")
        assert (answer.status_code, answer.content) == (204, b"")
    for method, path, status, code in (
        ("POST", "/live", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/live/x", 404, "NOT_FOUND"),
    ):
        answer = await site.owner.client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


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


async def tasks_besides(before: set["asyncio.Task[object]"]) -> set["asyncio.Task[object]"]:
    """Return the tasks that were not there before, once those that are ending have ended; without the engine's."""
    await asyncio.sleep(0)
    found = {task for task in asyncio.all_tasks() - before if not task.done()}
    return {task for task in found if "ChatEngine" not in str(task.get_coro())}


@pytest.mark.parametrize("plan", [Plan(port=0), Plan(port=0, lan=True)], ids=["own", "lan"])
async def test_nothing_is_left_of_it(services: Services, provider: ScriptedProvider, until: Until, plan: Plan) -> None:
    """With a stream, a socket, an idle, a half and a silent connection open, and a client that reads nothing."""
    import websockets

    before, threads_before = asyncio.all_tasks(), set(threading.enumerate())
    server = EmbeddedServer(services, plan)
    await server.start()
    assert server.address
    url = httpx.URL(server.address)
    _, token = await services.credentials.issue(services.store.accounts.get("owner"), "tests")
    headers = {"Authorization": f"Bearer {token}"}
    endless: list[str | asyncio.Event] = ["x" * 65_536] * 200
    provider.says(*endless, asyncio.Event())
    raw = []
    for head in (b"", b"\x16\x03\x01", b"POST /chat HTTP/1.1\r\nHost: localhost\r\n"):
        _, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(head)
        raw.append(writer)
    slow = socket.create_connection((url.host, url.port or 0))
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    body = b'{"message": "Hi"}'
    lines = f"POST /chat/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    lines += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    slow.sendall(lines.encode() + body)
    client = httpx.AsyncClient(base_url=server.address, headers=headers)
    await until(lambda: provider.streaming)
    provider.says("Hello", asyncio.Event())
    stream = client.stream("POST", "/chat/stream", json={"message": "Hi"})
    answer = await stream.__aenter__()
    await anext(answer.aiter_bytes())
    sockets = []
    with suppress(websockets.WebSocketException):  # as long as there is a route for it
        sockets.append(await websockets.connect(f"ws://{url.host}:{url.port}/ws", additional_headers=headers))
    begin = time.monotonic()
    await server.stop()
    took = time.monotonic() - begin
    await stream.__aexit__(None, None, None)
    await client.aclose()
    for writer in raw:
        writer.close()
    for each in sockets:
        await each.close()
    slow.close()
    await until(lambda: not services.engine.answering)
    assert took < 3
    assert not await tasks_besides(before)
    threads = {thread.name.rpartition("_")[0] for thread in {*threading.enumerate()} - threads_before} - {""}
    assert threads <= {"asyncio", "store-writer", "search"}
    with closing(socket.socket()) as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((url.host, url.port or 0))


async def test_starts_and_stops_at_once_end_as_the_last_one_wished(services: Services) -> None:
    server = EmbeddedServer(services, Plan(port=0))
    for _ in range(3):
        await asyncio.gather(server.start(), server.start(), server.stop(), server.start(), server.stop())
        assert (server.state, server.address) == ("off", None)
    await asyncio.gather(server.stop(), server.start())
    assert server.state == "on"
    await server.stop()


async def test_a_start_that_is_given_up(services: Services) -> None:
    before = asyncio.all_tasks()
    for turns in (1, 2, 3, 5, 8, 13, 50):
        server = EmbeddedServer(services, Plan(port=0))
        starting = asyncio.create_task(server.start())
        for _ in range(turns):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait({starting})
        if not starting.cancelled():
            await server.stop()
        assert server.state == "off"
    assert not await tasks_besides(before)


async def test_observers_hear_of_it(services: Services) -> None:
    server = EmbeddedServer(services, Plan(port=0))
    states: list[str] = []
    end = server.subscribe(lambda: states.append(server.state))
    await server.start()
    await server.stop()
    end()
    end()
    await server.start()
    await server.stop()
    assert list(dict.fromkeys(states)) == ["starting", "on", "ending", "off"]


async def test_one_that_ends_by_itself_says_so(serve: Serve, until: Until, expect_log: ExpectLog) -> None:
    site = await serve(Plan(port=0, lan=True))
    expect_log("the server ended by itself")
    listening = site.server._listening
    assert listening
    for each in listening._sockets:
        each.shutdown(socket.SHUT_RDWR)  # as when the network goes in a way that nobody has thought of
    await until(lambda: site.server.state == "off")
    assert isinstance(site.server.problem, InternalError)
    again = site.server
    await again.start()
    assert (again.state, again.address is not None, again.problem) == ("on", True, None)

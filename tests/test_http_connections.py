"""Connections that end when nobody expects it, and what happens to what is asked on them, on real sockets."""

import asyncio
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, Self

import pytest
import trustme

from parley import http_connections, http_session
from parley.errors import ConnectionLost, ProviderTimeout, RequestTooLarge
from parley.http import Client
from parley.network import Network
from tests.conftest import Until
from tests.providers.sockets import FakeServer, bytes_handler, chunk, read_request, response, silence, sse

WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


class Keeping:
    """A server that keeps its connections. `answer` is called with each one and how often it was asked on it."""

    def __init__(self) -> None:
        self.answer: Callable[[asyncio.StreamWriter, int], Awaitable[None]] = well
        self.asked = 0
        self.lines: list[asyncio.StreamWriter] = []
        self.url = ""
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.append(writer)
        asked = 0
        try:
            while True:
                await read_request(reader)
                self.asked, asked = self.asked + 1, asked + 1
                await self.answer(writer, asked)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone
        finally:
            writer.close()


async def well(writer: asyncio.StreamWriter, _asked: int) -> None:
    writer.write(WHOLE)


def ends(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    if reset:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


@pytest.fixture
async def server() -> AsyncIterator[Keeping]:
    async with Keeping() as server:
        yield server


@pytest.fixture
async def client(server: Keeping) -> AsyncIterator[Client]:
    client = Client("Fake", server.url)
    yield client
    await client.close()


class TestKeptConnections:
    async def test_are_used_again(self, server: Keeping, client: Client) -> None:
        for _ in range(3):
            assert await client.ask("/", {}) == {}
        assert (server.asked, len(server.lines)) == (3, 1)

    async def test_that_ended_while_the_window_was_busy(self, server: Keeping, client: Client) -> None:
        await client.ask("/", {})
        server.lines[0].get_extra_info("socket").shutdown(socket.SHUT_RDWR)  # nobody has come to read that
        assert await client.ask("/", {}) == {}
        assert (server.asked, len(server.lines)) == (2, 2)

    @pytest.mark.parametrize("reset", [False, True])
    @pytest.mark.parametrize("size", [0, 1_000_000])
    async def test_that_end_just_when_they_are_used(
        self, server: Keeping, client: Client, size: int, reset: bool
    ) -> None:
        async def tired(writer: asyncio.StreamWriter, asked: int) -> None:
            if asked > 1:
                ends(writer, reset=reset)
            else:
                writer.write(WHOLE)

        server.answer = tired
        body = {"text": "x" * size}
        assert [await client.ask("/", body) for _ in range(2)] == [{}, {}]
        assert (server.asked, len(server.lines)) == (3, 2)

    @pytest.mark.parametrize("begun", [b"HTTP/1.1 20", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n", b"H"])
    async def test_nothing_is_asked_twice_when_an_answer_has_begun(
        self, server: Keeping, client: Client, begun: bytes
    ) -> None:
        async def breaks(writer: asyncio.StreamWriter, asked: int) -> None:
            writer.write(begun if asked > 1 else WHOLE)
            if asked > 1:
                await writer.drain()
                writer.write_eof()

        server.answer = breaks
        await client.ask("/", {})
        with pytest.raises(ConnectionLost):
            await client.ask("/", {})
        assert server.asked == 2

    async def test_nothing_is_asked_twice_when_the_server_has_thought_about_it(
        self, server: Keeping, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http_connections, "DEAD_SECONDS", 0.0)

        async def dies(writer: asyncio.StreamWriter, asked: int) -> None:
            if asked > 1:
                ends(writer, reset=False)
            else:
                writer.write(WHOLE)

        server.answer = dies
        await client.ask("/", {})
        with pytest.raises(ConnectionLost):
            await client.ask("/", {})
        assert server.asked == 2

    async def test_a_new_one_that_ends_is_not_replaced(self, server: Keeping, client: Client) -> None:
        async def dies(writer: asyncio.StreamWriter, _asked: int) -> None:
            ends(writer, reset=False)

        server.answer = dies
        with pytest.raises(ConnectionLost):
            await client.ask("/", {})
        assert server.asked == 1

    async def test_many_are_closed_when_nobody_needs_them(self, until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http_session, "IDLE_SECONDS", 0.1)
        async with Keeping() as server:
            client = Client("Fake", server.url)
            assert await asyncio.gather(*(client.ask("/", {}, seconds=30) for _ in range(200))) == [{}] * 200
            await until(lambda: all(line.is_closing() for line in server.lines))
            await client.close()


class TestHangingUp:
    def test_a_refusal_of_a_long_body_is_heard(self) -> None:
        """The server has read little of it, so the system resets the connection while we write."""

        def refuse() -> None:
            for _ in range(10):
                line, _address = listening.accept()
                line.recv(1000)
                line.sendall(response("Far too large", 413))
                line.close()

        async def ask() -> None:
            client = Client("Fake", f"http://127.0.0.1:{listening.getsockname()[1]}")
            for _ in range(10):
                with pytest.raises(RequestTooLarge) as caught:
                    await client.ask("/", {"text": "x" * 10_000_000}, seconds=30)
                assert caught.value.detail == "Far too large"
            await client.close()

        with socket.create_server(("127.0.0.1", 0)) as listening:
            server = threading.Thread(target=refuse)  # in the test's own loop it would wait for what we write
            server.start()
            asyncio.run(ask())
            server.join()

    async def test_a_body_that_nobody_reads_is_left(self, until: Until) -> None:
        async with FakeServer() as server:  # it answers when it has read all
            client = Client("Fake", server.url)
            server.handler = silence
            asking = asyncio.create_task(client.ask("/", {"text": "x" * 60_000_000}, seconds=60))
            await until(lambda: server.open_connections)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await asyncio.wait_for(server.all_gone.wait(), 5)
            await client.close()


def test_leaving_an_encrypted_stream_closes_it_at_once(tmp_path: Path) -> None:
    """Not when the server has said goodbye, too, which one that thinks does not."""
    authority, path, left = trustme.CA(), tmp_path / "authority.pem", list[bytes]()
    authority.cert_pem.write_to_path(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    def think() -> None:
        line, _address = listening.accept()
        encrypted = context.wrap_socket(line, server_side=True)
        encrypted.recv(65536)
        encrypted.sendall(STREAM % (b"connection: close", sse("one")))
        with socket.socket(fileno=encrypted.detach()) as bare:
            bare.settimeout(10)
            while left[-1:] != [b""]:
                left.append(bare.recv(65536))

    async def network() -> Network:
        return Network(ca_file=str(path))

    async def ask() -> None:
        client = Client("Fake", f"https://127.0.0.1:{listening.getsockname()[1]}", network=network)
        async with client.stream("/", {}) as answer, aclosing(answer.events()) as events:
            assert await anext(events) == "one"
        await asyncio.to_thread(server.join)
        await client.close()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=think)
        server.start()
        asyncio.run(ask())
    assert left[-1:] == [b""]


STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n%s\r\n\r\n%s"


class TestClosing:
    @pytest.mark.parametrize(
        "sent",
        [
            STREAM % (b"transfer-encoding: chunked", chunk(sse("one"))),
            STREAM % (b"content-length: 1000", sse("one")),
            STREAM % (b"connection: close", sse("one")),
        ],
    )
    async def test_an_answer_that_is_read_breaks_off(self, server: Keeping, client: Client, sent: bytes) -> None:
        async def begins(writer: asyncio.StreamWriter, _asked: int) -> None:
            writer.write(sent)

        server.answer = begins
        async with asyncio.timeout(10), client.stream("/", {}) as answer:
            events = answer.events()
            assert await anext(events) == "one"
            reading = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0)
            await client.close()
            with pytest.raises(ConnectionLost):
                await reading

    async def test_an_answer_that_has_all_come_is_whole(self, server: Keeping, client: Client, until: Until) -> None:
        async def says(writer: asyncio.StreamWriter, _asked: int) -> None:
            body = chunk(sse("one")) + chunk(sse("two")) + b"0\r\n\r\n"
            writer.write(STREAM % (b"transfer-encoding: chunked", body))

        server.answer = says
        async with client.stream("/", {}) as answer:
            await until(lambda: answer._response.closed)
            await client.close()
            assert [data async for data in answer.events()] == ["one", "two"]

    async def test_a_question_that_waits_breaks_off(self, server: Keeping, client: Client, until: Until) -> None:
        async def thinks(writer: asyncio.StreamWriter, _asked: int) -> None:
            await asyncio.Event().wait()

        server.answer = thinks
        asking = asyncio.create_task(client.ask("/", {}, seconds=30))
        await until(lambda: server.asked)
        await client.close()
        with pytest.raises(ConnectionLost):
            await asking
        assert server.asked == 1

    async def test_a_question_that_waits_for_its_key_is_not_asked(self, server: Keeping) -> None:
        found, wanted = asyncio.Event(), asyncio.Event()

        async def key() -> str:
            wanted.set()
            await found.wait()
            return "key"

        client = Client("Fake", server.url, key=key)
        asking = asyncio.create_task(client.ask("/", {}))
        await wanted.wait()
        await client.close()
        found.set()
        with pytest.raises(ConnectionLost):
            await asking
        assert server.asked == 0

    async def test_what_is_being_opened_is_left_closed(
        self, server: Keeping, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun, go_on, found = asyncio.Event(), threading.Event(), http_session.way_to
        loop = asyncio.get_running_loop()

        def slowly(*args: Any, **options: Any) -> http_session.Way:
            loop.call_soon_threadsafe(begun.set)
            go_on.wait(30)
            return found(*args, **options)

        monkeypatch.setattr(http_session, "way_to", slowly)
        asking = asyncio.create_task(client.ask("/", {}, seconds=30))
        await begun.wait()
        await client.close()
        go_on.set()
        with pytest.raises(ConnectionLost):
            await asking
        assert server.asked == 0


class Slow:
    """Looks names up when a test allows it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self.go_on = threading.Event()
        self._found = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)

    def _look_up(self, host: str, port: int, *args: Any, **options: Any) -> Any:
        self.asked += 1
        self.go_on.wait(30)
        return self._found("127.0.0.1" if host == "localhost" else host, port, *args, **options)


class TestNames:
    async def test_are_looked_up_once_for_all_who_ask(self, until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
        async with FakeServer(bytes_handler(response({}))) as server:
            slow = Slow(monkeypatch)
            client = Client("Fake", server.url.replace("127.0.0.1", "localhost"))
            asking = [asyncio.create_task(client.ask("/", seconds=30)) for _ in range(5)]
            await until(lambda: slow.asked)
            asking[0].cancel()
            slow.go_on.set()
            assert await asyncio.gather(*asking[1:]) == [{}] * 4
            assert asking[0].cancelled()
            assert slow.asked == 1
            await client.close()

    async def test_that_take_too_long_are_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        slow = Slow(monkeypatch)
        client = Client("Fake", "http://localhost:9")
        with pytest.raises(ProviderTimeout):
            await client.ask("/", seconds=0.1)
        asking = asyncio.create_task(client.ask("/", seconds=30))
        await asyncio.sleep(0.05)
        await client.close()
        slow.go_on.set()
        with pytest.raises(ConnectionLost):  # and not as if whoever asks had been cancelled
            await asking


HANGING = """
import asyncio, socket, time
from parley.errors import ProviderTimeout
from parley.http import Client
from parley.network import Network

async def main():
    client = Client("Fake", "http://models.example")
    try:
        await client.ask("/", seconds=0.2)
    except ProviderTimeout:
        print("given up")
    await client.close()

socket.getaddrinfo = lambda *args, **options: time.sleep(60)
asyncio.run(main())
print("ended")
"""


def test_a_lookup_that_hangs_keeps_no_process_from_ending() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", HANGING], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.stdout, done.stderr) == ("given up\nended\n", "")

"""`parley serve` and the server in it."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from parley.errors import AddressTaken, SettingInvalid
from parley.server import EmbeddedServer
from parley.services import ServerSwitch
from tests.e2e.conftest import PROGRAM, Parley
from tests.providers.sockets import unused_port


def ask(address: str, method: str, path: str) -> tuple[int, bytes]:
    """Return the status and the body of an answer."""
    parts = urlsplit(address)
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)) as connection:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read()


async def started(switch: ServerSwitch) -> str:
    """Start the server and return its address."""
    await switch.start()
    assert switch.address
    return switch.address


@pytest.fixture
async def switch() -> ServerSwitch:
    return EmbeddedServer("127.0.0.1", 0)


async def test_it_lives_and_knows_nothing_else(switch: ServerSwitch) -> None:
    address = await started(switch)
    assert await started(switch) == address
    assert await asyncio.to_thread(ask, address, "GET", "/live") == (204, b"")
    assert await asyncio.to_thread(ask, address, "HEAD", "/live") == (204, b"")
    for method, path in (("GET", "/"), ("POST", "/live"), ("GET", "/live/x")):
        status, body = await asyncio.to_thread(ask, address, method, path)
        assert status == 404
        assert json.loads(body)["error"]["code"] == "not_found"
    assert await asyncio.to_thread(ask, address, "HEAD", "/") == (404, b"")
    await switch.stop()
    await switch.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.to_thread(ask, address, "GET", "/live")


async def test_it_can_be_started_again_on_the_same_port() -> None:
    server = EmbeddedServer("127.0.0.1", unused_port())
    for _ in range(3):
        await server.start()
        assert server.address
        assert (await asyncio.to_thread(ask, server.address, "GET", "/live"))[0] == 204
        await server.stop()


async def test_it_stops_before_it_has_served(switch: ServerSwitch) -> None:
    await switch.start()
    await switch.stop()


async def test_open_connections_do_not_hold_it_up(switch: ServerSwitch) -> None:
    await switch.start()
    parts = urlsplit(switch.address or "")
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 204")
    async with asyncio.timeout(10):
        await switch.stop()
    writer.close()


async def test_signals_are_left_to_the_program(switch: ServerSwitch) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    await switch.start()
    assert (await asyncio.to_thread(ask, switch.address or "", "GET", "/live"))[0] == 204
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    await switch.stop()


async def test_a_busy_port_is_a_sentence() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"Port {port} on 127.0.0.1 is in use"):
            await EmbeddedServer("127.0.0.1", port).start()


async def test_an_address_of_another_computer() -> None:
    for host in ("192.0.2.1", "no such host"):
        with pytest.raises(SettingInvalid, match="--host"):
            await EmbeddedServer(host, 0).start()


def start(parley: Parley, *words: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start the program and return it and the address that it prints."""
    process = parley.start("serve", *words)
    assert process.stdout is not None
    line = process.stdout.readline().decode()
    return process, next(word for word in line.split() if word.startswith("http"))


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_runs_until_it_is_told_to_end(parley: Parley, number: signal.Signals) -> None:
    port = unused_port()
    process, address = start(parley, "--port", str(port))
    assert address == f"http://127.0.0.1:{port}"
    assert ask(address, "GET", "/live") == (204, b"")
    assert "is in use" in parley.fails("serve", "--port", str(port))
    assert parley.json("conversations", "--json") == []
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.decode()) == (0, b"", "parley: Ending\n")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_serve_in_the_background_of_a_script(parley: Parley) -> None:
    """A shell starts background commands with Ctrl+C ignored: SIGTERM must do all the same."""
    script = f"trap '' INT; exec '{PROGRAM}' serve --port 0"
    shell = subprocess.Popen(["/bin/sh", "-c", script], env=parley.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with shell:
        assert shell.stdout is not None
        assert shell.stdout.readline().startswith(b"Parley listens on")
        shell.terminate()
        assert shell.wait(60) == 0


@pytest.mark.parametrize("words", [["--lan"], ["--host", "0.0.0.0"], ["--host", "example.org"]])
def test_the_network_is_for_later(parley: Parley, words: list[str]) -> None:
    done = parley("serve", *words, code=2)
    assert done.stderr == (
        "parley: this version serves this computer only: leave out --lan, and --host unless it is 127.0.0.1\n"
    )


def test_doctor_knows_its_own_server(parley: Parley) -> None:
    """Only where the usual port is free: doctor looks at that one."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 3939))
        except OSError:
            pytest.skip("port 3939 is in use here")
    process, _ = start(parley)
    assert "Parley’s server answers on 3939" in parley("doctor").stdout
    process.terminate()
    process.wait(60)

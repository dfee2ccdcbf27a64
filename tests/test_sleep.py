"""The computer sleeps in the middle of an answer: a process that is stopped and continued is asleep meanwhile."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.providers.sockets import Exchange, FakeServer, chunk, head, sse

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="SIGSTOP, and 0.0.0.0 as a computer that is not local")

ASLEEP = 1.2
"""Longer than the sleeper's threshold, and than its longest wait where that must not count sleep."""

END = (sse({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, "[DONE]"),)


def said(text: str) -> bytes:
    return chunk(sse({"id": "c", "choices": [{"index": 0, "delta": {"content": text}}]}))


@dataclass
class Sleeper:
    """The process, and the server that it has asked."""

    process: asyncio.subprocess.Process
    woken: asyncio.Event

    async def line(self) -> str:
        assert self.process.stdout
        return (await asyncio.wait_for(self.process.stdout.readline(), 60)).decode()

    async def sleep(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(ASLEEP)  # not to wait for something: this is how long the computer sleeps
        self.process.send_signal(signal.SIGCONT)
        self.woken.set()


Start = Callable[..., Awaitable[Sleeper]]
Rest = Callable[[Exchange, asyncio.Event], Awaitable[None]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    servers: list[FakeServer] = []
    sleepers: list[Sleeper] = []

    async def start(rest: Rest, *, host: str, longest_wait: float = 60.0) -> Sleeper:
        woken = asyncio.Event()

        async def answer(exchange: Exchange) -> None:
            if exchange.request.path.endswith("/models"):
                await exchange.respond({"object": "list", "data": [{"id": "m", "object": "model", "owned_by": "me"}]})
                return
            await exchange.send(head(200, content_type="text/event-stream", transfer_encoding="chunked"), said("Half"))
            await rest(exchange, woken)

        server = await FakeServer(answer).__aenter__()
        servers.append(server)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.sleeper", str(tmp_path / "data")),
            *(f"http://{host}:{server.port}/v1", str(longest_wait)),
            stdout=asyncio.subprocess.PIPE,
        )
        sleeper = Sleeper(process, woken)
        sleepers.append(sleeper)
        assert await sleeper.line() == "begun\n"
        return sleeper

    yield start
    for sleeper in sleepers:
        if sleeper.process.returncode is None:
            sleeper.process.kill()
        await sleeper.process.wait()
    for server in servers:
        await server.__aexit__(None, None, None)


async def end_of(sleeper: Sleeper) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await sleeper.line())
    assert await asyncio.wait_for(sleeper.process.wait(), 60) == 0
    return found


async def silent(exchange: Exchange, woken: asyncio.Event) -> None:
    await exchange.gone.wait()


async def goes_on(exchange: Exchange, woken: asyncio.Event) -> None:
    await woken.wait()
    await exchange.send(said(" and whole"), *map(chunk, END), b"0\r\n\r\n")
    await exchange.gone.wait()


async def goes_on_late(exchange: Exchange, woken: asyncio.Event) -> None:
    await woken.wait()
    await asyncio.sleep(1.8)  # a slow model, beyond the patience that there is for other computers
    await goes_on(exchange, woken)


async def vanishes(exchange: Exchange, woken: asyncio.Event) -> None:
    await asyncio.sleep(ASLEEP / 2)
    exchange.reset()


async def speaks_into_the_sleep(exchange: Exchange, woken: asyncio.Event) -> None:
    await asyncio.sleep(ASLEEP / 2)
    await exchange.send(said(" more"))
    await exchange.gone.wait()


@pytest.mark.parametrize(("rest", "text"), [(silent, "Half"), (vanishes, "Half"), (speaks_into_the_sleep, "Half more")])
async def test_a_connection_that_died_is_told_of(start: Start, rest: Rest, text: str) -> None:
    sleeper = await start(rest, host="0.0.0.0")
    await sleeper.sleep()
    assert await end_of(sleeper) == {
        "status": "failed",
        "text": text,
        "code": "connection_lost_asleep",
        "sentence": "The connection to box was lost while the computer slept. What had come is kept.",
    }


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
async def test_a_healthy_stream_goes_on(start: Start, host: str) -> None:
    """Though it has been silent for longer than the longest wait: it slept."""
    sleeper = await start(goes_on, host=host, longest_wait=1.0)
    await sleeper.sleep()
    assert (await end_of(sleeper))["text"] == "Half and whole"


async def test_a_model_on_this_computer_has_slept_too_and_is_given_its_time(start: Start) -> None:
    sleeper = await start(goes_on_late, host="127.0.0.1")
    await sleeper.sleep()
    found = await end_of(sleeper)
    assert (found["status"], found["text"]) == ("complete", "Half and whole")


async def test_a_model_on_this_computer_that_stays_silent(start: Start) -> None:
    sleeper = await start(silent, host="127.0.0.1", longest_wait=1.0)
    await sleeper.sleep()
    found = await end_of(sleeper)
    assert (found["status"], found["text"], found["code"]) == ("failed", "Half", "provider_timeout")

"""Load: many at once, many one after the other, and what is left of it. Who asks is another process."""

import asyncio
import gc
import json
import os
import sys
import threading
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import pytest

from parley.messages import MessageStatus
from parley.server import EmbeddedServer, Plan
from parley.services import Services
from parley.settings import Settings
from tests.conftest import ScriptedProvider, Until
from tests.server import crowd
from tests.server.conftest import Person, Site, client
from tests.server.raw import raw

CROWD = Path(crowd.__file__)
PIECES = 20
GAP = 0.05
"""Seconds between two pieces: twenty tokens a second."""


async def asking(*arguments: object) -> asyncio.subprocess.Process:
    command = [sys.executable, str(CROWD), *map(str, arguments)]
    return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)


def typed(pieces: int) -> AsyncIterator[Any]:
    """Return an answer that comes at the pace at which models speak."""

    async def steps() -> AsyncIterator[Any]:
        for number in range(pieces):
            yield f"{number} "
            await asyncio.sleep(GAP)

    return steps()


async def all_answered(site: Site, provider: ScriptedProvider, each: int, pieces: int) -> None:
    """Let so many of both kinds ask at once, and look at what each of them got, and when."""
    provider.scripts.extend(typed(pieces) for _ in range(2 * each))
    process = await asking(site.url, site.owner.token, each, each)
    said, _ = await process.communicate()
    assert process.returncode == 0
    answers = json.loads(said)
    assert len(answers) == 2 * each
    whole = "".join(f"{number} " for number in range(pieces))
    assert {answer["text"] for answer in answers} == {whole}
    assert {answer["last"] for answer in answers} == {"done"}
    ends = [answer["came"][-1] for answer in answers]
    firsts = [answer["came"][0] for answer in answers]
    assert max(ends) < 3 * median(ends)  # nobody was served last
    assert max(firsts) < min(ends) + pieces * GAP  # nor had anybody to wait until others were done
    pieces_seen = [len(answer["came"]) for answer in answers]
    assert min(pieces_seen) > pieces / 4  # they came as they were said, not in one piece at the end


@pytest.mark.timeout(300)
async def test_a_hundred_at_once(site: Site, provider: ScriptedProvider, settings: Settings) -> None:
    settings.update(server_sessions=50)
    await all_answered(site, provider, 50, PIECES)


@pytest.mark.full
@pytest.mark.timeout(600)
async def test_a_hundred_at_once_for_a_minute(site: Site, provider: ScriptedProvider, settings: Settings) -> None:
    settings.update(server_sessions=50)
    await all_answered(site, provider, 50, 1200)


async def grown(site: Site, provider: ScriptedProvider, warm: int, requests: int) -> tuple[float, float]:
    """Return by how much memory is larger after all requests than after the first ones: our objects, and all of it.

    In MB. The scripted provider keeps what it is asked, which is not counted.
    """
    seen: list[tuple[int, int]] = []
    tracemalloc.start()
    process = await asking(site.url, site.owner.token, requests)
    assert process.stdout
    while line := await process.stdout.readline():
        provider.requests.clear()
        if int(line) in (warm, requests):
            gc.collect()
            seen.append((tracemalloc.get_traced_memory()[0], resident()))
    await process.wait()
    tracemalloc.stop()
    assert process.returncode == 0
    (objects, all_of_it), (later, all_later) = seen
    return (later - objects) / 1e6, (all_later - all_of_it) / 1e6


def resident() -> int:
    """Return how much memory this process has, in bytes; nothing where only others could tell."""
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.timeout(300)
async def test_memory_stays_flat(site: Site, provider: ScriptedProvider) -> None:
    objects, _ = await grown(site, provider, 500, 1500)
    assert objects < 2  # 2 kB of each request would be as much


@pytest.mark.full
@pytest.mark.timeout(1800)
async def test_memory_stays_flat_for_long(site: Site, provider: ScriptedProvider) -> None:
    objects, all_of_it = await grown(site, provider, 2000, 10_000)
    assert objects < 4
    assert all_of_it < 20


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0


def threads() -> int:
    """Return how many there are, without those of asyncio's pool: it makes some as it needs them, and keeps them."""
    return sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate())


def tasks() -> int:
    """Return how many there are, without the engine's: it remembers turns for a minute."""
    return sum("ChatEngine" not in str(task.get_coro()) for task in asyncio.all_tasks())


async def once(services: Services, provider: ScriptedProvider, until: Until, port: int, token: str) -> int:
    """Start the server, end it with streams, a question and half a request open, and return its port."""
    server = EmbeddedServer(services, Plan(port=port))
    await server.start()
    assert server.address
    for _ in range(3):
        provider.says("Hello", asyncio.Event())
    ask, anyone = client(server.address, token), client(server.address)
    site = Site(server, services, Person(services.store.accounts.get("owner"), token, ask), anyone, [])
    port = urlsplit(site.url).port or 0
    async with ask, anyone, raw(site) as half, raw(site) as silent:
        half.send(half.head("POST /chat HTTP/1.1", "Content-Type: application/json", "Content-Length: 100"), b"{")
        question = asyncio.create_task(ask.post("/chat", json={"message": "Hi"}))
        await until(lambda: provider.streaming)  # the other two will take longer
        async with (
            ask.stream("POST", "/chat/stream", json={"message": "Hi"}) as first,
            ask.stream("POST", "/v1/chat/completions", json=crowd.completion(1) | {"stream": True}) as second,
        ):
            for answer in (first, second):
                async for line in answer.aiter_lines():
                    if "Hello" in line:
                        break
            async with asyncio.timeout(10):
                await server.stop()
        await asyncio.gather(question, return_exceptions=True)
        assert await half.ended()
        assert await silent.ended()
    return port


@pytest.mark.timeout(300)
@pytest.mark.parametrize("times", [5, pytest.param(20, marks=pytest.mark.full)])
async def test_started_and_ended_often_with_streams_open(
    services: Services, provider: ScriptedProvider, until: Until, times: int
) -> None:
    account = services.store.accounts.get("owner")
    _, token = await services.credentials.issue(account, "tests")
    port = await once(services, provider, until, 0, token)  # from now on all is imported and open that stays
    await until(lambda: not provider.streaming)
    gc.collect()
    before = tasks(), threads(), open_files()
    for _ in range(times - 1):
        assert await once(services, provider, until, port, token) == port
        await until(lambda: not provider.streaming)
    await until(lambda: not services.engine.answering)
    await until(lambda: tasks() <= before[0])
    gc.collect()
    assert threads() <= before[1]
    assert open_files() <= before[2]
    kept = services.store.conversations.page(limit=100)
    assert len(kept) == 2 * times  # of each time: the third is nobody's conversation
    for conversation in kept:
        reply = services.store.messages.get(conversation.leaf_id or "")
        assert (reply.text, reply.status) == ("Hello", MessageStatus.STOPPED)

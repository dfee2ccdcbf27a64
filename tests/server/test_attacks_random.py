"""Hostile chance: good requests and frames, mutated. None is a fault of ours, and the server answers afterwards."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable

import pytest

from parley.server import backend
from tests.server.conftest import Site
from tests.server.raw import Raw, raw
from tests.server.test_attacks import UPGRADE
from tests.server.test_attacks_wire import BODY, JSON, LENGTH, frame, head, opened

SEED = 3939
SECONDS = 20
AT_ONCE = 40
ENOUGH = 0.15
"""How long an answer is waited for, in seconds: most of what is sent is not whole."""

PIECES = [
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b":",
        b",",
        b"\0",
        b"\xff",
        b"%00",
        b"%2f",
        b"../",
        b"-",
        b"9" * 30,
        b"a" * 5000,
    ),
    *(b"Transfer-Encoding: chunked\r\n", b"Content-Length: 5\r\n", b"Host: x\r\n", b"0\r\n\r\n", b"GET / HTTP/1.1\r\n"),
    *(b"Upgrade: h2c\r\nConnection: Upgrade\r\n", b"Upgrade: websocket\r\nConnection: Upgrade\r\n", b"HTTP/1.0"),
    *(b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"{", b"}", b'"', b"[]", b"\\ud800", b"1e999"),
]
FORM = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nHi\r\n--B--\r\n'


def requests(site: Site) -> list[bytes]:
    chunked, upgrade = "Transfer-Encoding: chunked", ("Connection: Upgrade", "Upgrade: h2c")
    form = "Content-Type: multipart/form-data; boundary=B"
    return [
        head(site, "GET /conversations HTTP/1.1") * 3,
        head(site, "POST /chat HTTP/1.1", JSON, LENGTH) + BODY,
        head(site, "POST /chat/stream HTTP/1.1", JSON, chunked) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
        head(site, "POST /chat HTTP/1.1", *upgrade, JSON, LENGTH) + BODY,
        head(site, "POST /files HTTP/1.1", form, chunked) + b"%x\r\n%s\r\n0\r\n\r\n" % (len(FORM), FORM),
        head(site, "GET /ws HTTP/1.1", *UPGRADE) + frame(1, b'{"type":"ping"}'),
    ]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Change, insert, leave out or repeat some of it."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(changed) + 1)
        match chance.randrange(4):
            case 0:
                changed[place : place + 1] = chance.randbytes(1)
            case 1:
                changed[place:place] = chance.choice(PIECES)
            case 2:
                del changed[place : place + chance.randint(1, 20)]
            case _:
                changed[place:place] = changed[max(0, place - chance.randint(1, 60)) : place]
    return bytes(changed)


async def answered(connection: Raw) -> bytes:
    """Return what comes, until nothing does."""
    said = b""
    try:
        while piece := await asyncio.wait_for(connection.reader.read(65536), ENOUGH):
            said += piece
    except (TimeoutError, ConnectionError):
        pass
    return said


async def for_a_while(once: Callable[[], Awaitable[None]]) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        await asyncio.gather(*(once() for _ in range(AT_ONCE)))


@pytest.mark.full
async def test_mutants(site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "STRANGERS_A_MINUTE", 1_000_000)  # tokens are mutated as well
    chance, good = random.Random(SEED), requests(site)

    async def request() -> None:
        sent = mutated(chance.choice(good), chance)
        cut = chance.randrange(len(sent) + 1)
        async with raw(site) as connection:
            connection.send(sent[:cut])
            await asyncio.sleep(0)
            connection.send(sent[cut:])
            said = await answered(connection)
        assert said[:10] != b"HTTP/1.1 5", sent

    async def frames() -> None:
        async with opened(site) as connection:
            for _ in range(5):
                payload = chance.randbytes(chance.choice((0, 1, 2, 125, 126, 300)))
                kind, first = chance.choice((0, 1, 2, 8, 9, 10)), chance.choice((0x80, 0x80, 0, 0x40))
                sent = frame(kind, payload, first=first, masked=chance.random() < 0.9)
                connection.send(sent if chance.random() < 0.5 else mutated(sent, chance))
            await answered(connection)

    await for_a_while(request)
    await for_a_while(frames)
    assert (await site.owner.client.get("/health")).status_code == 200
    assert not [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]

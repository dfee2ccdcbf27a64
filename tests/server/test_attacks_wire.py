"""Hostile bytes: requests hidden in requests, chunks and addresses that are read differently, frames that are none."""

import asyncio
import json
import logging
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import cycle

import pytest

from parley.server import wire
from tests.server.conftest import Site
from tests.server.raw import Raw, asked, raw
from tests.server.test_attacks import UPGRADE

JSON = "Content-Type: application/json"
BODY = b'{"message":"Hi"}'
HIDDEN = b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n"
"""A request, if what stands before it ends where an attacker wants it to: it needs no token."""

LENGTH = f"Content-Length: {len(BODY)}"


@pytest.fixture(autouse=True)
def _quiet(site: Site, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing of what anybody can send fills the log, and no token is in it."""
    caplog.set_level(logging.INFO)
    yield
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert site.owner.token not in caplog.text


async def statuses(site: Site, *sent: bytes) -> list[int]:
    """Send that, and what tells that it was the last; return the statuses of all answers until the end."""
    async with raw(site) as connection:
        connection.send(*sent)
        found = []
        while not connection.reader.at_eof():
            try:
                found.append((await connection.answer()).status)
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            if found[-1] == 204:  # what was hidden has been answered
                break
    return found


def head(site: Site, line: str, *headers: str) -> bytes:
    return Raw(asyncio.StreamReader(), None, site).head(line, *headers)  # type: ignore[arg-type]


AMBIGUOUS = [
    (LENGTH, LENGTH),
    (LENGTH, "Content-Length: 0"),
    ("Content-Length: 16, 16",),
    ("Content-Length: +16",),
    ("Content-Length: -16",),
    ("Content-Length: 0x10",),
    ("Content-Length: 1_6",),
    ("Content-Length: 16;x",),
    ("Content-Length: \xb2",),
    ("Content-Length:",),
    ("Content-Length:\r\n 16",),
    ("Content-Length : 16",),
    (f"Content-Length: {2**80}",),
    (LENGTH, "Transfer-Encoding: chunked"),
    (LENGTH, "Transfer-Encoding: identity"),
    ("Transfer-Encoding: identity",),
    ("Transfer-Encoding: gzip, chunked",),
    ("Transfer-Encoding: chunked, identity",),
    ("Transfer-Encoding: chunked, chunked",),
    ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    ("Transfer-Encoding: xchunked",),
    ("Transfer-Encoding: chunked;x=1",),
    ('Transfer-Encoding: "chunked"',),
    ("Transfer-Encoding:",),
    ("Transfer-Encoding : chunked",),
    ("Transfer-Encoding:\x0bchunked",),
    ("X: a\r\n Transfer-Encoding: chunked", LENGTH),
    ("X: a\rTransfer-Encoding: chunked", LENGTH),
    ("X: a\nTransfer-Encoding: chunked", LENGTH),
    ("X: a\x00b", LENGTH),
    ("X", LENGTH),
    (": x", LENGTH),
    ("X y: x", LENGTH),
]


async def test_bodies_whose_end_several_read_differently(site: Site) -> None:
    for headers in AMBIGUOUS:
        for body in (BODY, b"10\r\n" + BODY + b"\r\n0\r\n\r\n"):
            sent = head(site, "POST /chat HTTP/1.1", JSON, *headers)
            assert await statuses(site, sent, body, HIDDEN) == [400], headers
    assert not site.services.store.conversations.page()


NO_CHUNKS = [
    b"0x10\r\n" + BODY + b"\r\n0\r\n\r\n",
    b"+10\r\n" + BODY + b"\r\n0\r\n\r\n",
    b"-10\r\n" + BODY + b"\r\n0\r\n\r\n",
    b"10 \r\n" + BODY + b"\r\n0\r\n\r\n",
    b" 10\r\n" + BODY + b"\r\n0\r\n\r\n",
    b"10\n" + BODY + b"\n0\n\n",
    b"10\r" + BODY + b"\r0\r\r",
    b"10\r\n" + BODY + b"\n0\r\n\r\n",
    b"10\r\n" + BODY + b"0\r\n\r\n",
    b"10\r\n" + BODY + b"XX0\r\n\r\n",
    b"10;\n" + BODY + b"\r\n0\r\n\r\n",
    b'10;a="\r\n"\r\n' + BODY + b"\r\n0\r\n\r\n",
    b"10\r\n" + BODY + b"\r\n-0\r\n\r\n",
    b"10\r\n" + BODY + b"\r\n0\r\nno header\r\n\r\n",
    b"10\r\n" + BODY + b"\r\n0\r\n A: b\r\n\r\n",
    b"10\r\n" + BODY + b"\r\n0\r\nContent-Length: 500\r\n\r\n",
    b"10\r\n" + BODY + b"\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"FFFFFFFFFFFFFFFFF\r\n" + BODY,
    b"\r\n\r\n",
]


async def test_chunks_that_are_none(site: Site) -> None:
    """The answer is that of the dialect, and the last one."""
    sent = head(site, "POST /chat HTTP/1.1", JSON, "Transfer-Encoding: chunked")
    for body in NO_CHUNKS:
        assert await statuses(site, sent, body, HIDDEN) == [400], body
    assert not site.services.store.conversations.page()
    form = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nHi'
    sent = head(
        site, "POST /files HTTP/1.1", "Content-Type: multipart/form-data; boundary=B", "Transfer-Encoding: chunked"
    )
    assert await statuses(site, sent, b"%x\r\n%s\r\n" % (len(form), form), b"-1\r\n", HIDDEN) == [400]
    assert not (await site.owner.client.get("/files")).json()
    told = JSON, "Transfer-Encoding: chunked"
    answer = await asked(site, "POST /api/v1/conversations HTTP/1.1", *told, body=b"?\r\n")
    assert (answer.status, answer.headers["connection"]) == (400, "close")
    assert answer.json["error"]["code"]


async def test_odd_bodies_end_where_they_say(site: Site) -> None:
    """And the next request is one of its own."""
    chunked = "Transfer-Encoding: chunked"
    odd = [
        (LENGTH + " ", BODY),
        (f"Content-Length:\t0{len(BODY)}", BODY),
        ("transfer-encoding: CHUNKED", b"10\r\n" + BODY + b"\r\n0\r\n\r\n"),
        (chunked, b"00000000000000000010\r\n" + BODY + b"\r\n000\r\n\r\n"),
        (chunked, b"10;" + b"x" * 60_000 + b"\r\n" + BODY + b"\r\n0;y=z\r\n\r\n"),
    ]
    for told, body in odd:
        assert await statuses(site, head(site, "POST /chat HTTP/1.1", JSON, told), body, HIDDEN) == [200, 204], told


async def test_an_answer_that_has_begun_is_not_followed_by_another(site: Site) -> None:
    """Whoever reads would take the refusal of the second for the answer to the first, or for a part of it."""
    sent = head(site, "POST /chat HTTP/1.1", JSON, LENGTH)
    assert await statuses(site, sent, BODY, b"GET /health HTTP/1.1\r\nno header\r\n\r\n") in ([], [200])


LINES = [
    ("get /health HTTP/1.1", [400]),
    ("FOO /health HTTP/1.1", [400]),
    ("G\x00T /health HTTP/1.1", [400]),
    (f"{'A' * 1000} / HTTP/1.1", [400]),
    ("GET\t/health HTTP/1.1", [400]),
    ("GET /health HTTP/1.1 ", [400]),
    ("GET /health", [400]),
    ("GET /health HTTP/0.9", [400]),
    ("GET /health HTTP/1.2", [400]),
    ("GET /health HTTP/2.0", [400]),
    ("GET /health http/1.1", [400]),
    ("PRI * HTTP/2.0", [400]),
    ("GET health HTTP/1.1", [400]),
    ("GET /health?a b HTTP/1.1", [400]),
    ("GET /h\xe4lth HTTP/1.1", [400]),
    ("GET http:///health HTTP/1.1", [400]),
    ("GET http:/health HTTP/1.1", [400]),
    ("GET http://[::1/health HTTP/1.1", [400]),
    ("GET http://localhost:99999/health HTTP/1.1", [400]),
    ("GET http://localhost HTTP/1.1", [400]),
    ("GET http://evil.example@localhost/health HTTP/1.1", [400]),
    ("GET ftp://localhost/health HTTP/1.1", [400]),
    ("GET HTTP://LOCALHOST/health HTTP/1.1", [200, 204]),
    ("GET * HTTP/1.1", [404, 204]),
    ("GET //evil.example/health HTTP/1.1", [404, 204]),
    ("GET /files/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1", [404, 204]),
    ("GET /files/..%5c..%5cx HTTP/1.1", [404, 204]),
    ("GET /web/%2e%2e/%2e%2e/pyproject.toml HTTP/1.1", [404, 204]),
    ("GET /web/%c0%ae%c0%ae/x HTTP/1.1", [404, 204]),
    ("GET /web/..%c0%afx HTTP/1.1", [404, 204]),
    ("GET /files/%25%30%30 HTTP/1.1", [404, 204]),
    ("GET /files/a%00b HTTP/1.1", [400, 204]),
    ("PROPFIND /health HTTP/1.1", [405, 204]),
    ("TRACE /health HTTP/1.1", [405, 204]),
    ("GET /health HTTP/1.0", [200]),
]


async def test_odd_lines(site: Site) -> None:
    for line, wanted in LINES:
        assert await statuses(site, head(site, line), HIDDEN) == wanted, line


async def test_every_address_by_head_and_options(site: Site) -> None:
    """HEAD is GET without the body, for all of them; what is said next on the connection is the next answer."""
    paths = (await site.owner.client.get("/openapi.json")).json()["paths"]
    async with raw(site) as connection:
        for path in (path.replace("{id}", "1") for path in paths):
            wanted = (await connection.ask(f"GET {path} HTTP/1.1")).status
            connection.send(connection.head(f"HEAD {path} HTTP/1.1"))
            assert (await connection.answer(head_only=True)).status == wanted, path
            answer = await connection.ask(f"OPTIONS {path} HTTP/1.1", token="")
            assert (answer.status, answer.body) == (204, b""), path


def frame(kind: int, payload: bytes = b"", *, first: int = 0x80, size: int | None = None, masked: bool = True) -> bytes:
    """Return a frame. `first` are the bits in front of its kind; `size` is what it says, if that is not true."""
    told = len(payload) if size is None else size
    length = bytes([told]) if told < 126 else b"\x7e" + struct.pack(">H", told) if told < 2**16 else b""
    length = length or b"\x7f" + struct.pack(">Q", told)
    key = b"\x01\x02\x03\x04"
    if not masked:
        return bytes([first | kind]) + length + payload
    mixed = bytes(byte ^ mask for byte, mask in zip(payload, cycle(key), strict=False))
    return bytes([first | kind, length[0] | 0x80]) + length[1:] + key + mixed


CONTINUED, TEXT, CLOSE, PING = 0, 1, 8, 9
SAID = b'{"type":"ping"}'
BAD_FRAMES = [
    (frame(TEXT, SAID, masked=False), 1002),
    *((frame(TEXT, SAID, first=0x80 | bit), 1002) for bit in (0x40, 0x20, 0x10)),
    *((frame(kind, b"x"), 1002) for kind in (3, 7, 0xB, 0xF)),
    (frame(CONTINUED, b"x"), 1002),
    (frame(TEXT, b"{", first=0) + frame(TEXT, b"}"), 1002),
    (frame(PING, b"x", first=0), 1002),
    (frame(PING, b"x" * 126), 1002),
    (frame(CLOSE, b"\x03"), 1002),
    *((frame(CLOSE, struct.pack(">H", code)), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535)),
    (frame(CLOSE, b"\x03\xe8\xff"), 1007),
    (frame(TEXT, b"\xff\xfe"), 1007),
    (frame(TEXT, b'"\xc0\xaf"'), 1007),
    (frame(TEXT, b'"\xed\xa0\x80"'), 1007),
    (frame(TEXT, b'"\xc3', first=0) + frame(CONTINUED, b'"'), 1007),
    *((frame(TEXT, b"x", size=size), 1009) for size in (11_000_000, 2**40, 2**63, 2**64 - 1)),
    (b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n", 1002),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 1002),
]


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Raw]:
    """Open a socket."""
    async with raw(site) as connection:
        connection.send(connection.head("GET /ws HTTP/1.1", *UPGRADE))
        assert (await connection.answer(head_only=True)).status == 101
        yield connection


async def received(connection: Raw) -> tuple[int, bytes]:
    """Return the kind and the payload of the next frame."""
    async with asyncio.timeout(30):
        first, length = await connection.reader.readexactly(2)
        size = length if length < 126 else struct.unpack(">H", await connection.reader.readexactly(2))[0]
        return first & 15, await connection.reader.readexactly(size)


async def test_frames_that_are_none(site: Site) -> None:
    for sent, code in BAD_FRAMES:
        async with opened(site) as connection:
            connection.send(sent)
            kind, payload = await received(connection)
            assert (kind, struct.unpack(">H", payload[:2])[0]) == (CLOSE, code), sent[:40]
            assert await connection.ended()
    assert (await site.owner.client.get("/info")).json()["activeSessions"] == 0


async def test_odd_frames_that_are_good(site: Site) -> None:
    pieces = [frame(TEXT, SAID[:5], first=0), frame(PING, b"x"), frame(CONTINUED, SAID[5:])]
    longer = SAID[:-1] + ',"x":"ä"}'.encode()
    cut = longer.index(b"\xc3") + 1
    async with opened(site) as connection:
        connection.send(*pieces, frame(TEXT, longer[:cut], first=0), frame(CONTINUED, longer[cut:]))
        assert await received(connection) == (10, b"x")
        for _ in range(2):
            kind, payload = await received(connection)
            assert (kind, json.loads(payload)) == (TEXT, {"type": "pong"})
        connection.send(frame(CLOSE, struct.pack(">H", 4999)), frame(TEXT, SAID))
        assert await received(connection) == (CLOSE, struct.pack(">H", 4999))
        assert await connection.ended()


async def test_what_is_said_before_a_socket_ends_for_a_fault(site: Site) -> None:
    """It is answered too late; and a fault may be found when the client has closed already."""
    bad, close = frame(TEXT, b"\xff"), frame(CLOSE, struct.pack(">H", 1000))
    for sent in (frame(TEXT, SAID) + bad, bad + close, bad + bad, frame(TEXT, SAID) + close, close + bad):
        async with opened(site) as connection:
            connection.send(sent)
            assert await connection.ended()
    async with asyncio.timeout(30):
        while (await site.owner.client.get("/info")).json()["activeSessions"]:
            pass


async def test_a_message_in_endless_pieces(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are empty, so that no limit of its size is ever reached."""
    monkeypatch.setattr(wire, "MOST_FRAGMENTS", 1000)
    async with opened(site) as connection:
        connection.send(frame(TEXT, b"", first=0), frame(CONTINUED, b"", first=0) * 2000)
        assert await connection.ended()


async def test_sockets_where_there_are_none(site: Site) -> None:
    """The dialect of the address says so, as it does to requests."""
    for path in ("/nothing", "/health", "//ws", "/ws/", "/api/v1/nothing", "/v1/messages"):
        answer = await asked(site, f"GET {path} HTTP/1.1", *UPGRADE)
        assert (answer.status, answer.headers["vary"]) == (404, "Origin"), path
        assert answer.json == (await asked(site, f"GET {path}/x HTTP/1.1")).json | {"error": answer.json["error"]}

"""Hostile heads: names that are not ours, pages of other places, odd addresses, floods, and what is no credential."""

import asyncio
import hmac
from itertools import product
from typing import Any

import pytest

from parley.server import Plan, wire
from parley.settings import Settings
from tests.server.conftest import Serve, Site
from tests.server.raw import asked, raw

GOOD = "https://good.example"
UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


FOREIGN_HOSTS = [
    "evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.1:80@evil.example",
    "127.0.0.1:3939, evil.example",
    "127.0.0.1:port",
    "127.0.0.1:",
    "localhost:999999",
    "[::1]evil.example",
    "[::1",
    "[localhost]",
    "127.1",
    "2130706433",
    "0x7f.1",
    "0.0.0.0",
    "[::]",
    "localhost..",
    "local host",
    "löcalhost",
    "/localhost",
    "",
]


async def test_hosts_that_are_not_ours(site: Site) -> None:
    for host in FOREIGN_HOSTS:
        answer = await asked(site, "GET /health HTTP/1.1", host=host)
        assert (answer.status, answer.json["code"]) == (403, "FORBIDDEN")
        assert answer.headers["vary"] == "Origin"


OUR_HOSTS = ["localhost", "LOCALHOST:1", "localhost.", "[::1]", "[0:0:0:0:0:0:0:1]:3939", "127.0.0.1"]


async def test_hosts_that_are_ours(site: Site) -> None:
    for host in OUR_HOSTS:
        assert (await asked(site, "GET /health HTTP/1.1", host=host)).status == 200


async def test_two_hosts_or_none(site: Site) -> None:
    assert (await asked(site, "GET /health HTTP/1.1", "Host: evil.example")).status == 403
    async with raw(site) as connection:
        connection.send(f"GET /health HTTP/1.0\r\nx-api-key: {site.owner.token}\r\n\r\n".encode())
        answer = await connection.answer()
    assert (answer.status, answer.json["code"]) == (400, "BAD_REQUEST")


async def test_the_host_of_an_address_counts(site: Site) -> None:
    """RFC 9112, 3.2.2: then the header does not."""
    assert (await asked(site, "GET http://evil.example/health HTTP/1.1")).status == 403
    assert (await asked(site, "GET http://localhost/health HTTP/1.1", host="evil.example")).status == 200
    assert (await asked(site, "CONNECT evil.example:443 HTTP/1.1")).status == 400


FOREIGN_ORIGINS = [
    "https://evil.example",
    "null",
    "*",
    "",
    "http://localhost",
    "http://127.0.0.1:1",
    "https://good.example.evil.example",
]
LINES = ["GET /health HTTP/1.1", "POST /chat HTTP/1.1", "OPTIONS /chat HTTP/1.1", "GET /live HTTP/1.1"]


async def test_pages_of_other_places(site: Site, settings: Settings) -> None:
    settings.update(server_origins=GOOD)
    for line, origin in product(LINES, FOREIGN_ORIGINS):
        answer = await asked(site, line, f"Origin: {origin}", "Content-Length: 0")
        assert (answer.status, answer.json["code"]) == (403, "FORBIDDEN")
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["vary"] == "Origin"


async def test_several_origins_are_none(site: Site, settings: Settings) -> None:
    settings.update(server_origins=GOOD)
    answer = await asked(site, "GET /health HTTP/1.1", f"Origin: {GOOD}", "Origin: https://evil.example")
    assert answer.status == 403


async def test_a_listed_page_reads_every_answer(site: Site, settings: Settings) -> None:
    settings.update(server_origins=f"{GOOD}, https://other.example")
    page = f"Origin: {GOOD}"
    json = ("Content-Type: application/json", "Content-Length: 16")
    lines = [
        (200, "GET /health HTTP/1.1", (), b"", {}),
        (204, "GET /live HTTP/1.1", (), b"", {}),
        (401, "GET /health HTTP/1.1", (), b"", {"token": "1|no"}),
        (404, "GET /nothing HTTP/1.1", (), b"", {}),
        (405, "PUT /health HTTP/1.1", ("Content-Length: 0",), b"", {}),
        (400, "POST /chat HTTP/1.1", json, b"no JSON whatever", {}),
    ]
    for status, line, headers, body, others in lines:
        answer = await asked(site, line, page, *headers, body=body, **others)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, GOOD)
        assert (answer.headers["vary"], answer.headers["x-content-type-options"]) == ("Origin", "nosniff")
        assert "access-control-allow-credentials" not in answer.headers
    async with site.owner.client.stream(
        "POST", "/chat/stream", json={"message": "Hi"}, headers={"Origin": GOOD}
    ) as stream:
        assert stream.headers["access-control-allow-origin"] == GOOD
        assert stream.headers["vary"] == "Origin"


async def test_a_page_asks_whether_it_may_ask(site: Site, settings: Settings) -> None:
    settings.update(server_origins=GOOD)
    answer = await asked(
        site,
        "OPTIONS /chat HTTP/1.1",
        f"Origin: {GOOD}",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: authorization, x-thing",
        "Access-Control-Request-Private-Network: true",
        token="",
    )
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-headers"] == "authorization, x-thing"
    assert answer.headers["access-control-allow-private-network"] == "true"
    assert "POST" in answer.headers["access-control-allow-methods"]
    answer = await asked(site, "OPTIONS * HTTP/1.1", token="")
    assert answer.status == 204
    assert "access-control-allow-methods" not in answer.headers


async def test_sockets_of_other_places_are_not_opened(site: Site) -> None:
    upgrades: list[tuple[tuple[str, ...], dict[str, Any], int]] = [
        (("Origin: https://evil.example",), {}, 403),
        (("Origin: null",), {}, 403),
        ((), {"host": "evil.example"}, 403),
        ((), {"token": "1|wrong"}, 401),
        (("x-api-key: wrong",), {}, 401),
    ]
    for headers, others, status in upgrades:
        answer = await asked(site, "GET /ws HTTP/1.1", *UPGRADE, *headers, **others)
        assert answer.status == status
        assert answer.json["code"] in ("FORBIDDEN", "UNAUTHORIZED")
        assert answer.headers["vary"] == "Origin"


async def test_half_a_socket(site: Site) -> None:
    """Heads that HTTP takes and WebSocket does not."""
    heads: list[tuple[str, tuple[str, ...]]] = [
        ("POST /ws HTTP/1.1", ()),
        ("GET /ws HTTP/1.1", (f"X: {'a' * 9000}",)),
    ]
    for line, more in heads:
        async with raw(site) as connection:
            connection.send(connection.head(line, *UPGRADE, *more))
            assert (await connection.answer()).status in (400, 405)
            assert await connection.ended()


async def test_another_upgrade_is_none(site: Site) -> None:
    """As Java's client asks for HTTP/2, along with the body: the answer comes, and the connection goes on."""
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")
    body = b'{"message":"Hi"}'
    bodies = [
        (f"Content-Length: {len(body)}", body),
        ("Transfer-Encoding: chunked", b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"),
    ]
    async with raw(site) as connection:
        for told, sent in bodies:
            connection.send(connection.head("POST /chat HTTP/1.1", *upgrade, "Content-Type: application/json", told))
            for piece in (sent[:9], sent[9:]):
                await connection.writer.drain()
                connection.send(piece)
            answer = await connection.answer()
            assert (answer.status, answer.json["response"]) == (200, "You said: Hi")
        head = connection.head("GET /health HTTP/1.1", *upgrade)
        connection.send(head * 3)
        assert [(await connection.answer()).status for _ in range(3)] == [200] * 3
        connection.send(head * 3000)
        assert await connection.ended()


async def test_another_protocol_altogether(site: Site) -> None:
    async with raw(site) as connection:
        answer = await connection.ask("CONNECT / HTTP/1.1")
        assert (answer.status, answer.headers["connection"]) == (405, "close")
        assert await connection.ended()


ODD_ADDRESSES = [
    ("/conversations/%2e%2e/health", 404),
    ("/x/..%2fhealth", 404),
    ("//health", 404),
    ("/health/", 404),
    ("/HEALTH", 404),
    ("/health%00", 400),
    ("/health%0aX", 400),
    ("/%7f", 400),
    ("/%ff%fe", 404),
    ("/%ed%a0%80", 404),
    ("/%", 404),
    ("/health#x", 200),
    ("/live/../health", 404),
    ("/live%2f", 404),
]


async def test_odd_addresses(site: Site) -> None:
    for path, status in ODD_ADDRESSES:
        answer = await asked(site, f"GET {path} HTTP/1.1")
        assert answer.status == status
        assert (await asked(site, f"GET {path} HTTP/1.1", token="")).status in (400, 401)


async def test_what_is_no_http(site: Site) -> None:
    for junk in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
        b"GET /health\r\n\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX\x00: y\r\n\r\n",
        b"GET /health HTTP/1.1\r\n Host: localhost\r\n\r\n",
    ):
        async with raw(site) as connection:
            connection.send(junk)
            answer = await connection.answer()
            assert (answer.status, answer.json["code"]) == (400, "BAD_REQUEST")
            assert await connection.ended()
    assert (await site.owner.client.get("/health")).status_code == 200


FLOODS = [
    (f"GET /{'a' * 9000} HTTP/1.1\r\n\r\n", 414),
    (f"GET /{'a' * 300_000}", 414),
    ("GET / HTTP/1.1\r\n" + "X: y\r\n" * 200 + "\r\n", 431),
    (f"GET / HTTP/1.1\r\nX: {'y' * 66_000}\r\n\r\n", 431),
    (f"GET / HTTP/1.1\r\nX: {'y' * 3_000_000}", 431),
    ("GET / HTTP/1.1\r\n" + f"X: {'y' * 1000}\r\n" * 3000, 431),
]


async def test_floods_of_headers(site: Site) -> None:
    for head, status in FLOODS:
        async with raw(site) as connection:
            connection.send(head.encode())
            answer = await connection.answer()
            assert (answer.status, answer.headers["connection"]) == (status, "close")
            assert answer.json["code"] == "BAD_REQUEST"
            assert await connection.ended()


async def test_a_head_that_trickles(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them had a byte to say lately; none says it all."""
    monkeypatch.setattr(wire, "HEAD_SECONDS", 1.0)
    async with raw(site) as silent, raw(site) as slow, raw(site) as second:
        slow.send(b"GET /health HTTP/1.1\r\nHost: ")
        assert (await second.ask("GET /health HTTP/1.1")).status == 200
        second.send(b"\r\n")  # is skipped, but ends uvicorn's own wait
        trickling = asyncio.create_task(trickle(slow.writer))
        assert [await connection.ended() for connection in (silent, slow, second)] == [True] * 3
        trickling.cancel()


async def trickle(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x")
        await asyncio.sleep(0.1)


async def test_requests_that_do_not_wait_for_answers(site: Site) -> None:
    async with raw(site) as connection:
        head = connection.head("GET /health HTTP/1.1")
        connection.send(head * 10)
        assert [(await connection.answer()).status for _ in range(10)] == [200] * 10
    async with raw(site) as connection:
        connection.send(head * 1000)
        assert await connection.ended()
    assert (await site.owner.client.get("/health")).status_code == 200


async def test_too_many_connections(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_FROM_ONE", 3)
    async with raw(site) as first, raw(site), raw(site):
        assert (await first.ask("GET /health HTTP/1.1")).status == 200
        async with raw(site) as fourth:
            answer = await fourth.answer()
            assert (answer.status, answer.json["code"]) == (503, "PROVIDER_UNAVAILABLE")
            assert int(answer.headers["retry-after"]) > 0
            assert await fourth.ended()
        assert (await first.ask("GET /health HTTP/1.1")).status == 200
    async with asyncio.timeout(30):  # until it has noticed that they have gone
        while (await asked(site, "GET /health HTTP/1.1")).status != 200:
            pass


async def test_a_head_alone(site: Site) -> None:
    async with raw(site) as connection:
        connection.send(connection.head("HEAD /health HTTP/1.1"))
        answer = await connection.answer(head_only=True)
        assert (answer.status, int(answer.headers["content-length"]) > 0) == (200, True)
        connection.send(connection.head("HEAD /nothing HTTP/1.1"))
        assert (await connection.answer(head_only=True)).status == 404
        connection.send(connection.head("HEAD /live HTTP/1.1", token=""))
        assert (await connection.answer(head_only=True)).status == 204
        connection.send(connection.head("HEAD /chat HTTP/1.1"))
        answer = await connection.answer(head_only=True)
        assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")
        assert (await connection.ask("GET /health HTTP/1.1")).status == 200


NO_CREDENTIALS = [
    ("Authorization: Basic b3duZXI6cGFzc3dvcmQ=",),
    ("Authorization: Bearer",),
    ("Authorization:",),
    ("x-api-key:",),
    ("Authorization: Bearer 1|\xff\xfe",),
    ("Authorization: Bearer \u00b2|x",),
    ("Authorization: Bearer 99999999999999999999999|x",),
    ("Authorization: Bearer -1|x",),
    ("Authorization: Bearer |",),
    (f"Authorization: Bearer {'1' * 30_000}",),
]


async def test_credentials_that_are_none(site: Site) -> None:
    for headers in NO_CREDENTIALS:
        answer = await asked(site, "GET /health HTTP/1.1", *headers, token="")
        assert (answer.status, answer.json["code"]) == (401, "UNAUTHORIZED")


async def test_one_good_credential_of_two(site: Site) -> None:
    for second in (f"Authorization: Bearer {site.owner.token}", "Authorization: Basic x", "x-api-key: 1|x"):
        assert (await asked(site, "GET /health HTTP/1.1", second)).status == 401
    assert (await asked(site, "GET /health HTTP/1.1", f"x-api-key: {site.owner.token}")).status == 200


async def test_guesses_take_the_same_way(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether there is such a token or not, digests of one length are compared once, in constant time."""
    compared: list[tuple[int, int]] = []
    compare = hmac.compare_digest

    def noted(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    number, _, secret = site.owner.token.partition("|")
    guesses = (f"{number}|x", f"{number}|{secret[:-1]}", f"{number}|", "999|x", "none", "", f"x|{secret}", secret)
    for guess in guesses:
        assert (await site.anyone.get("/health", headers={"x-api-key": guess})).status_code == 401
    assert (await site.owner.client.get("/health")).status_code == 200
    assert compared == [(32, 32)] * (len(guesses) + 1)


async def test_who_guesses_tokens_is_slowed_down(site: Site) -> None:
    statuses = [(await site.anyone.get("/health", headers={"x-api-key": f"1|{n}"})).status_code for n in range(62)]
    assert statuses == [401] * 60 + [429] * 2
    answer = await site.anyone.get("/health")
    assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMITED")
    assert 0 < int(answer.headers["retry-after"]) <= 60
    answer = await site.anyone.get("/ws", headers=dict(line.split(": ") for line in UPGRADE) | {"x-api-key": "1|x"})
    assert answer.status_code == 429
    assert (await site.owner.client.get("/health")).status_code == 200
    assert (await site.anyone.get("/live")).status_code == 204


async def test_nothing_is_believed_of_proxies(site: Site) -> None:
    """Else who guesses would name another address each time, and could claim to have come encrypted."""
    claims = [{"x-api-key": "1|x", "X-Forwarded-For": f"10.0.0.{n}", "Forwarded": "for=x"} for n in range(61)]
    statuses = [(await site.anyone.get("/health", headers=headers)).status_code for headers in claims]
    assert statuses == [401] * 60 + [429]
    page = {"Origin": site.url.replace("http", "https"), "X-Forwarded-Proto": "https"}
    assert (await site.owner.client.get("/health", headers=page)).status_code == 403


async def test_pages_may_not_ask_where_no_key_is_needed(serve: Serve) -> None:
    site = await serve(Plan(port=0, auth=False))
    for headers in (("Origin: https://evil.example",), ("Origin: null",)):
        assert (await asked(site, "GET /health HTTP/1.1", *headers, token="")).status == 403
        assert (await asked(site, "GET /ws HTTP/1.1", *UPGRADE, *headers, token="")).status == 403
    assert (await asked(site, "GET /health HTTP/1.1", token="", host="rebound.example")).status == 403

import asyncio
import base64
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from parley import http
from parley.errors import (
    AddressWrong,
    AnswerBroken,
    ChatError,
    ConnectionLost,
    KeyMissing,
    KeyRefused,
    ModelStopped,
    ModelUnknown,
    NoCredit,
    Overloaded,
    PromptTooLong,
    ProviderError,
    ProviderFailed,
    ProviderTimeout,
    ProviderUnreachable,
    RateLimited,
    RequestRefused,
    RequestTooLarge,
)
from parley.http import Client, is_loopback, without_password
from tests.providers.sockets import (
    Exchange,
    FakeServer,
    bytes_handler,
    chunk,
    head,
    openai_error,
    response,
    silence,
    sse,
    unused_port,
)


class TestAddresses:
    def test_loopback(self) -> None:
        for url in (
            "http://localhost:1",
            "http://127.0.0.1",
            "http://127.9.9.9/x",
            "http://[::1]:8",
            "http://a.localhost",
        ):
            assert is_loopback(url)
        for url in (
            "http://192.168.0.2",
            "https://example.com",
            "http://localhost.example.com",
            "",
            "http://[::1",
            "x",
        ):
            assert not is_loopback(url)

    def test_passwords_are_not_shown(self) -> None:
        assert without_password("http://me:secret@host:1/v1") == "http://host:1/v1"
        assert without_password("http://host/v1") == "http://host/v1"
        assert without_password("http://[::1") == "http://[::1"
        assert without_password("http://me:secret@[::1") == "http://[::1"


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer() as server:
        yield server


@pytest.fixture
async def client(server: FakeServer) -> AsyncIterator[Client]:
    client = Client("Fake", server.url)
    yield client
    await client.close()


async def stream(client: Client, path: str = "/", **body: Any) -> list[str]:
    async with client.stream(path, body, model="fake/model") as answer, aclosing(answer.events()) as events:
        return [data async for data in events]


LOADING = {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}
TOO_LONG = {
    "OpenAI": openai_error(
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 8227 tokens.",
        code="context_length_exceeded",
    ),
    "vLLM": {
        "object": "error",
        "message": "This model's maximum context length is 6048 tokens. However, you requested 6616 tokens",
        "type": "BadRequestError",
        "param": None,
        "code": 400,
    },
    "llama.cpp": {
        "error": {
            "code": 400,
            "message": "request (4476 tokens) exceeds the available context size (4096 tokens), try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 4476,
            "n_ctx": 4096,
        }
    },
    "LM Studio": {
        "error": "Trying to keep the first 5075 tokens when context the overflows. "
        "However, the model is loaded with context length of only 4096 tokens."
    },
    "Anthropic": {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000"}},
}


class TestStatuses:
    @pytest.mark.parametrize(
        ("status", "body", "kind", "words"),
        [
            (400, openai_error("Invalid type for 'messages'"), RequestRefused, "Invalid type"),
            (400, openai_error("x is not a valid model ID"), ModelUnknown, "x is not"),
            (400, openai_error("Messages to model x must not have an unknown role"), RequestRefused, "role"),
            *((400, body, PromptTooLong, "") for body in TOO_LONG.values()),
            (413, openai_error("Request too large for model"), PromptTooLong, "too large"),
            (413, "", RequestTooLarge, "Too Large"),
            (422, {"detail": [{"msg": "Field required"}]}, RequestRefused, "Field required"),
            (
                500,
                {"error": {"code": 500, "message": "the request exceeds the available context size"}},
                PromptTooLong,
                "",
            ),
            (401, openai_error("You didn't provide an API key."), KeyMissing, "You didn't"),
            (403, {"error": "forbidden"}, KeyMissing, "forbidden"),
            (402, openai_error("Insufficient credits"), NoCredit, "Insufficient"),
            (429, openai_error("You exceeded your quota", code="insufficient_quota"), NoCredit, "quota"),
            (429, openai_error("Rate limit reached: too many tokens", code="rate_limit_exceeded"), RateLimited, "Rate"),
            (404, {"error": "model 'nope' not found"}, ModelUnknown, "nope"),
            (404, openai_error("The model `m` does not exist", code="model_not_found"), ModelUnknown, "does not exist"),
            (404, {"object": "error", "message": "The model `m` does not exist.", "code": 404}, ModelUnknown, "m"),
            (
                404,
                {"error": {"message": "File Not Found", "type": "not_found_error", "code": 404}},
                AddressWrong,
                "404: File",
            ),
            (404, "404 page not found", AddressWrong, "404 page"),
            (405, {"detail": "Method Not Allowed"}, AddressWrong, "405: Method"),
            (418, "short and stout", RequestRefused, "short"),
            (500, {"error": "llama runner process has terminated"}, ModelStopped, "llama runner"),
            (502, "<html><title>502 Bad Gateway</title></html>", ProviderFailed, "502 Bad Gateway"),
            (503, LOADING, ProviderFailed, "Loading model"),
            (503, "", ProviderFailed, "Service Unavailable"),
            (
                529,
                {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
                Overloaded,
                "Over",
            ),
        ],
    )
    async def test_each_becomes_its_error(
        self, server: FakeServer, client: Client, status: int, body: Any, kind: type[ChatError], words: str
    ) -> None:
        server.handler = bytes_handler(response(body, status))
        with pytest.raises(kind) as caught:
            await stream(client)
        assert type(caught.value) is kind
        assert words in caught.value.detail
        with pytest.raises(kind):
            await client.ask("/")

    async def test_a_refused_key(self, server: FakeServer) -> None:
        client = Client("Fake", server.url, key=lambda: "secret")
        for status in (401, 403):
            server.handler = bytes_handler(response(openai_error("Incorrect API key provided"), status))
            with pytest.raises(KeyRefused):
                await client.ask("/")
        assert server.requests[0].headers["authorization"] == "Bearer secret"
        await client.close()

    async def test_the_key_is_asked_for_each_time(self, server: FakeServer) -> None:
        keys = iter(["one", None, "two"])
        client = Client("Fake", server.url, key=lambda: next(keys), authorize=lambda key: {"x-key": key})
        server.handler = bytes_handler(response({}))
        for _ in range(3):
            await client.ask("/")
        assert [request.headers.get("x-key") for request in server.requests] == ["one", None, "two"]
        await client.close()

    async def test_redirects_are_not_followed(self, server: FakeServer, client: Client) -> None:
        async with FakeServer(bytes_handler(response({}))) as other:
            server.handler = bytes_handler(response("", 302, location=f"{other.url}/else"))
            with pytest.raises(ProviderUnreachable) as caught:
                await client.ask("/")
            assert other.requests == []
        assert "/else" in caught.value.detail

    async def test_a_login_in_the_address_comes_before_the_key(self, server: FakeServer) -> None:
        server.handler = bytes_handler(response({}))
        client = Client("Fake", server.url.replace("://", "://m%C3%A9:p%40ss%E2%82%AC@"), key=lambda: "secret")
        await client.ask("/")
        login = base64.b64encode("mé:p@ss€".encode()).decode()
        assert server.requests[0].headers["authorization"] == f"Basic {login}"
        await client.close()

    @pytest.mark.parametrize("key", ["se\ncret", "secret\r\nX-Evil: 1", "secret\x00"])
    async def test_a_key_that_no_header_can_have(self, server: FakeServer, key: str) -> None:
        client = Client("Fake", server.url, key=lambda: key)
        with pytest.raises(KeyRefused) as caught:
            await client.ask("/", {})
        assert "cret" not in caught.value.detail
        assert server.requests == []
        await client.close()

    @pytest.mark.parametrize("path", ["/models/a\nb", "/models/a\r\nX-Evil: 1", "/models/\x7f"])
    async def test_a_path_that_no_request_can_have(self, server: FakeServer, client: Client, path: str) -> None:
        with_login = Client("Fake", server.url.replace("://", "://me:secret@"))
        for each in (client, with_login):
            with pytest.raises(ProviderUnreachable, match="cannot be reached"):
                await each.ask(path, {})
        assert server.requests == []
        await with_login.close()

    async def test_a_refusal_that_breaks_off_is_a_refusal(self, server: FakeServer, client: Client) -> None:
        server.handler = bytes_handler(head(413, content_length="200", content_type="text/plain") + b"Far too")
        with pytest.raises(RequestTooLarge) as caught:
            await client.ask("/", {})
        assert caught.value.detail == "Far too"

    async def test_the_vendors_words_are_bounded_and_without_keys(self, server: FakeServer) -> None:
        client = Client("Fake", server.url, redact=lambda text: text.replace("secret", "[key]"))
        server.handler = bytes_handler(response(openai_error("Key secret is\n bad. " + "x" * 5000), 400))
        with pytest.raises(RequestRefused) as caught:
            await client.ask("/")
        assert caught.value.detail.startswith("Key [key] is bad. xxx")
        assert len(caught.value.detail) == http.MAX_DETAIL
        await client.close()

    async def test_an_endless_error_body_is_cut(self, server: FakeServer, client: Client) -> None:
        async def endless(exchange: Exchange) -> None:
            await exchange.send(head(500, content_type="text/plain"))
            while not exchange.gone.is_set():
                await exchange.send(b"no " * 10_000)

        server.handler = endless
        with pytest.raises(ProviderFailed) as caught:
            await stream(client)
        assert len(caught.value.detail) == http.MAX_DETAIL
        await asyncio.wait_for(server.all_gone.wait(), 5)


class TestConnections:
    async def test_nothing_listens(self) -> None:
        port = unused_port()
        client = Client("Fake", f"http://me:secret@127.0.0.1:{port}/v1")
        with pytest.raises(ProviderUnreachable) as caught:
            await client.ask("/")
        assert str(caught.value).startswith(f"Fake cannot be reached at http://127.0.0.1:{port}/v1.")
        await client.close()

    @pytest.mark.parametrize(
        "url",
        [
            "http://",
            "nonsense",
            "ftp://127.0.0.1/",
            "http://127.0.0.1:99999/",
            "http://[::1",
            "http://exa mple",
            "http://\x00",
            "http://nowhere.invalid:1/",
            "",
            f"http://{'a' * 70}.example/",
            "http://a..b/",
            "http://me:hush@127.0.0.1:99999/",
            "http://me:hush@127.0.0.1:x/",
            "http://me:hush@[::1",
            "http://me:hush@/",
        ],
    )
    async def test_impossible_addresses(self, url: str) -> None:
        client = Client("Fake", url, key=lambda: "secret")
        with pytest.raises(ProviderUnreachable) as caught:
            await client.ask("/")
        told = "".join(traceback.format_exception(caught.value))
        assert "hush" not in f"{caught.value!r} {caught.value.fields} {told}".replace(url, "")
        await client.close()

    async def test_a_server_that_says_nothing(self, server: FakeServer, client: Client) -> None:
        server.handler = silence
        with pytest.raises(ProviderTimeout):
            await client.ask("/", seconds=0.05)
        await asyncio.wait_for(server.all_gone.wait(), 1)

    @pytest.mark.parametrize("reset", [False, True])
    @pytest.mark.parametrize(
        "sent", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ndata: 1\n\n"]
    )
    async def test_a_connection_that_is_cut(self, server: FakeServer, client: Client, sent: bytes, reset: bool) -> None:
        server.handler = bytes_handler(sent, reset=reset)
        with pytest.raises(AnswerBroken):
            await stream(client)

    @pytest.mark.parametrize("sent", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\x01\x02\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
    async def test_a_server_of_another_kind(self, server: FakeServer, client: Client, sent: bytes) -> None:
        server.handler = bytes_handler(sent)
        with pytest.raises(ProviderError):
            await client.ask("/")

    async def test_a_body_that_is_no_json(self, server: FakeServer, client: Client) -> None:
        for body in (b"", b"<html>", b'{"a": ', b"[" * 100_000, b"1" * 5000, b"\xff"):
            server.handler = bytes_handler(response(body))
            with pytest.raises(AddressWrong, match="Something answers"):
                await client.ask("/")

    async def test_leaving_a_stream_closes_the_connection(self, server: FakeServer, client: Client) -> None:
        async def handle(exchange: Exchange) -> None:
            await exchange.send(head(content_type="text/event-stream"), sse("one", "two"))
            await exchange.gone.wait()

        server.handler = handle
        async with client.stream("/", {}) as answer, aclosing(answer.events()) as events:
            assert await anext(events) == "one"
        await asyncio.wait_for(server.all_gone.wait(), 1)

    async def test_what_came_before_a_connection_broke_is_read(self, server: FakeServer, client: Client) -> None:
        async def handle(exchange: Exchange) -> None:
            await exchange.send(head(content_type="text/event-stream", transfer_encoding="chunked"), chunk(sse("one")))
            await read.wait()
            await exchange.send(chunk(sse("two")), chunk(sse("three")))

        read = asyncio.Event()
        server.handler = handle
        async with client.stream("/", {}) as answer, aclosing(answer.events()) as events:
            assert await anext(events) == "one"
            read.set()
            async with asyncio.timeout(5):
                while answer._response.content.exception() is None:  # the break is known before the rest is read
                    await asyncio.sleep(0)
            assert [await anext(events), await anext(events)] == ["two", "three"]
            with pytest.raises(ConnectionLost):
                await anext(events)

    async def test_cancelling_closes_the_connection(self, server: FakeServer, client: Client) -> None:
        server.handler = silence
        task = asyncio.create_task(stream(client))
        while not server.requests:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.all_gone.wait(), 1)

    async def test_a_line_without_end(
        self, server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "MAX_LINE", 1_000_000)

        async def handle(exchange: Exchange) -> None:
            await exchange.send(head(content_type="text/event-stream"), b"data: ")
            while not exchange.gone.is_set():
                await exchange.send(b"x" * 65536)

        server.handler = handle
        with pytest.raises(AnswerBroken, match="broke off"):
            await stream(client)

        async def many_lines(exchange: Exchange) -> None:
            await exchange.send(head(content_type="text/event-stream"))
            while not exchange.gone.is_set():
                await exchange.send(b"data: 123456789\n" * 4096)

        server.handler = many_lines
        with pytest.raises(AnswerBroken):
            await stream(client)

    async def test_an_endless_body(self, server: FakeServer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http, "MAX_BODY", 1_000_000)

        async def handle(exchange: Exchange) -> None:
            await exchange.send(head(content_type="application/json"))
            while not exchange.gone.is_set():
                await exchange.send(b" " * 65536)

        server.handler = handle
        with pytest.raises(AnswerBroken):
            await client.ask("/")

    async def test_ten_megabytes_and_half_characters_are_sent(self, server: FakeServer, client: Client) -> None:
        server.handler = bytes_handler(response({"ok": True}))
        text = "é" * 5_000_000 + "\ud800"
        assert await client.ask("/", {"text": text}, seconds=30) == {"ok": True}
        assert server.requests[0].json["text"] == text[:-1] + "?"

    async def test_compressed_answers_can_be_read(self, server: FakeServer, client: Client) -> None:
        import gzip

        body = gzip.compress(b'{"a": 1}')
        server.handler = bytes_handler(response(body, content_encoding="gzip", content_type="application/json"))
        assert await client.ask("/") == {"a": 1}
        server.handler = bytes_handler(response(b"no gzip", content_encoding="gzip"))
        with pytest.raises(AnswerBroken):
            await client.ask("/")


class TestProxies:
    async def test_this_computer_is_reached_without_a_proxy(
        self, server: FakeServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        client = Client("Fake", server.url)
        server.handler = bytes_handler(response({"direct": True}))
        assert await client.ask("/") == {"direct": True}
        await client.close()

    async def test_others_are_reached_through_it(self, server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", server.url)
        server.handler = bytes_handler(response({"proxied": True}))
        client = Client("Fake", "http://models.example/v1")
        assert await client.ask("/models") == {"proxied": True}
        assert server.requests[0].path == "http://models.example/v1/models"
        await client.close()

    @pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "nonsense://x", "http://[::1"])
    async def test_a_proxy_that_cannot_be_used(self, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        client = Client("Fake", "http://models.example/v1")
        with pytest.raises(ProviderUnreachable) as caught:
            await client.ask("/models")
        assert caught.value.detail
        await client.close()

    async def test_certificates_that_cannot_be_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent.pem")
        client = Client("Fake", "https://127.0.0.1:9")
        with pytest.raises(ProviderUnreachable):
            await client.ask("/models")
        await client.close()


def test_aiohttp_is_not_imported_at_the_start() -> None:
    code = "import sys, parley.providers.catalog, parley.engine; print('aiohttp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


UNDER_QASYNC = """
import asyncio
import qasync
from PySide6.QtWidgets import QApplication
from parley.http import Client
from tests.providers.sockets import FakeServer, head, sse

async def handle(exchange):
    await exchange.send(head(content_type="text/event-stream"), sse("one", "two"))
    await exchange.gone.wait()

async def first(client):
    async with client.stream("/", {}) as answer:
        events = answer.events()
        print(await anext(events))
        await events.aclose()

async def main():
    async with FakeServer(handle) as server:
        client = Client("Fake", server.url)
        await first(client)
        await asyncio.wait_for(server.all_gone.wait(), 5)
        await client.close()
    print("closed")

app = QApplication([])
qasync.run(main())
"""


def test_leaving_a_stream_closes_the_connection_under_qasync_too() -> None:
    done = subprocess.run([sys.executable, "-c", UNDER_QASYNC], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("one\nclosed\n", "")

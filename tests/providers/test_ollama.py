import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from parley.errors import (
    AddressWrong,
    AnswerBroken,
    AnswerEmpty,
    ChatError,
    ModelAbsent,
    ModelStopped,
    ModelTooLarge,
    PromptTooLong,
    ProviderFailed,
    ProviderUnreachable,
    RateLimited,
    RequestRefused,
)
from parley.events import Event, Finished, ReasoningDelta, Status, TextDelta
from parley.messages import Usage
from parley.models import Model
from parley.providers import ollama
from parley.providers.endpoints import Access, Endpoint
from parley.providers.ollama import Ollama, base_url
from parley.providers.ollama_wire import COMMON_PARAMETERS, Facts
from tests.fakes import FakeOllama, OllamaModel, Reply, ollama_lines
from tests.providers.helpers import events_of, events_until_error, question, reasoning_of, text_of
from tests.providers.sockets import Exchange, FakeServer, bytes_handler, chunk, head, ndjson, response, unused_port

USAGE = Usage(11, 4, first_token_seconds=1.677421, seconds=4.677421)


@pytest.fixture
async def server() -> AsyncIterator[FakeOllama]:
    async with FakeOllama("fake:latest") as server:
        yield server


@pytest.fixture
async def provider(server: FakeOllama) -> AsyncIterator[Ollama]:
    provider = Ollama(Endpoint("ollama", "Ollama", server.url, dialect="ollama"), Access())
    yield provider
    await provider.close()


def listed(name: str, **facts: Any) -> Model:
    """Return a model as the fake lists it."""
    known: dict[str, Any] = {"size_bytes": 2_019_393_189, "quantization": "Q4_K_M", "parameters": COMMON_PARAMETERS}
    return Model("ollama", name, **(known | facts))


async def read(content: bytes) -> list[Event]:
    """Return the events of a response with this body, whatever was asked."""
    async with FakeServer(bytes_handler(head(content_type="application/x-ndjson") + content)) as server:
        provider = Ollama(Endpoint("ollama", "Ollama", server.url), Access())
        try:
            return await events_of(provider, question())
        finally:
            await provider.close()


class TestAnswers:
    async def test_text_and_usage(self, server: FakeOllama, provider: Ollama) -> None:
        events = await events_of(provider, question(model="fake", instruction="Be brief."))
        texts = [TextDelta("Hello"), TextDelta(", "), TextDelta("world"), TextDelta("!")]
        assert events == [*texts, Finished(USAGE, "stop")]
        assert server.asked("/api/chat")[0].json == {
            "model": "fake",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
            "stream": True,
            "truncate": False,
            "shift": False,
            "options": {"num_ctx": 8192},
        }

    async def test_thinking(self, server: FakeOllama, provider: Ollama) -> None:
        server.reply = Reply(thinking=("Let me ", "see."), pieces=("Four", "."))
        events = await events_of(provider, question(model="fake"))
        assert events[:2] == [ReasoningDelta("Let me "), ReasoningDelta("see.")]
        assert text_of(events) == "Four."

    async def test_think_tags_cut_everywhere(self, server: FakeOllama, provider: Ollama) -> None:
        text = "<thinking>Hm</thinking>Four."
        for at in range(len(text)):
            server.reply = Reply(pieces=(text[:at], text[at:]))
            events = await events_of(provider, question(model="fake"))
            assert (reasoning_of(events), text_of(events)) == ("Hm", "Four.")

    async def test_cut_off_by_the_limit(self, server: FakeOllama, provider: Ollama) -> None:
        server.reply = Reply(reason="length", pieces=())
        events = await events_of(provider, question(model="fake"))
        assert events == [Finished(Usage(11, None, 1.677421, 4.677421), "length")]

    async def test_a_last_line_without_its_end_or_counts(self) -> None:
        line = {"message": {"content": "Yes"}, "done": True}
        assert await read(json.dumps(line).encode()) == [TextDelta("Yes"), Finished(Usage(), "stop")]

    @pytest.mark.parametrize("odd", [{}, {"message": None}, {"message": {"content": 3, "thinking": []}}, [], None, 7])
    async def test_odd_lines_do_no_harm(self, odd: Any) -> None:
        events = await read(b"\r\n" + ndjson(odd, *ollama_lines(Reply(pieces=("Yes",)))) + b"\n\n")
        assert text_of(events) == "Yes"


class TestEnds:
    async def test_cut_at_every_byte(self) -> None:
        recording = ndjson(*ollama_lines(Reply(pieces=("café 🙂",))))
        async with FakeServer() as server:
            provider = Ollama(Endpoint("ollama", "Ollama", server.url), Access())
            provider._facts["fake-model"] = Facts(8192)  # so that it is not asked for them each time
            provider._windows.told = True
            for at in range(len(recording)):
                start = head(content_type="application/x-ndjson", transfer_encoding="chunked")
                server.handler = bytes_handler(start + (chunk(recording[:at]) if at else b""))
                events, error = await events_until_error(provider, question())
                assert isinstance(error, AnswerBroken)
                assert "café 🙂".startswith(text_of(events))
            server.handler = bytes_handler(head() + recording[:-1])
            events, error = await events_until_error(provider, question())
            assert (text_of(events), error) == ("café 🙂", None)
            await provider.close()

    @pytest.mark.parametrize("bad", [b"{", b"nonsense", b"[" * 100_000, b'{"a": 1} {"b": 2}'])
    async def test_a_broken_line(self, bad: bytes) -> None:
        with pytest.raises(AnswerBroken):
            await read(ndjson(ollama_lines(Reply())[0]) + bad + b"\n")

    async def test_an_empty_answer(self, server: FakeOllama, provider: Ollama) -> None:
        for pieces in ((), ("",), (" \n",)):
            server.reply = Reply(pieces=pieces)
            with pytest.raises(AnswerEmpty):
                await events_of(provider, question(model="fake"))

    async def test_nothing_at_all(self) -> None:
        with pytest.raises(AnswerBroken):
            await read(b"")


class TestErrors:
    async def test_an_error_in_the_stream(self, server: FakeOllama, provider: Ollama) -> None:
        server.reply = Reply(late_error="an error was encountered while running the model")
        events, error = await events_until_error(provider, question(model="fake"))
        assert text_of(events) == "Hello, world!"
        assert type(error) is ProviderFailed
        assert "running the model" in error.detail

    @pytest.mark.parametrize(
        ("status", "body", "kind"),
        [
            (400, {"error": "missing request body"}, RequestRefused),
            (400, {"error": "the input length exceeds the context length"}, PromptTooLong),
            (404, {"error": "model 'fake' not found"}, ModelAbsent),
            (
                500,
                {"error": "model requires more system memory (127 GiB) than is available (13 GiB)"},
                ModelTooLarge,
            ),
            (500, {"error": "llama runner process has terminated: cudaMalloc failed: out of memory"}, ModelTooLarge),
            (400, {"error": "fake does not support tools"}, RequestRefused),
            (404, "404 page not found", AddressWrong),
            (429, {"error": "too many requests"}, RateLimited),
            (500, {"error": "llama runner process has terminated: exit status 2"}, ModelStopped),
            (
                500,
                {"error": "model runner has unexpectedly stopped, this may be due to resources"},
                ModelStopped,
            ),
            (502, {"error": "a cloud model cannot be reached"}, ProviderFailed),
            (503, {"error": "server busy, please try again.  maximum pending requests exceeded"}, ProviderFailed),
        ],
    )
    async def test_statuses(
        self, server: FakeOllama, provider: Ollama, status: int, body: Any, kind: type[ChatError]
    ) -> None:
        server.reply = Reply(error=(status, body))
        _, error = await events_until_error(provider, question(model="fake"))
        assert type(error) is kind
        assert error.detail

    async def test_an_unknown_model(self, provider: Ollama) -> None:
        with pytest.raises(ModelAbsent, match="ollama/nope") as caught:
            await events_of(provider, question(model="nope"))
        assert caught.value.detail == "model 'nope' not found"

    async def test_nothing_listens(self) -> None:
        provider = Ollama(Endpoint("ollama", "Ollama", f"http://127.0.0.1:{unused_port()}"), Access())
        with pytest.raises(ProviderUnreachable):
            await events_of(provider, question())
        with pytest.raises(ProviderUnreachable):
            await provider.models()
        await provider.close()


class TestLoading:
    async def test_a_slow_start_is_told(
        self, server: FakeOllama, provider: Ollama, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ollama, "LOADING_SECONDS", 0.05)
        server.reply = Reply(hold=asyncio.Event(), hold_at=0)
        stream = provider.stream(question(model="fake"))
        assert await anext(stream) == Status("loading", "Loading the model")
        assert server.reply.hold
        server.reply.hold.set()
        assert text_of([event async for event in stream]) == "Hello, world!"

    @pytest.mark.parametrize("patience", [0.02, 60.0])
    @pytest.mark.parametrize("hold_at", [0, 2])
    async def test_stopping_frees_the_connection_at_once(
        self, server: FakeOllama, provider: Ollama, monkeypatch: pytest.MonkeyPatch, hold_at: int, patience: float
    ) -> None:
        monkeypatch.setattr(ollama, "LOADING_SECONDS", patience)
        server.reply = Reply(hold=asyncio.Event(), hold_at=hold_at)
        task = asyncio.create_task(events_of(provider, question(model="fake")))
        while not server.asked("/api/chat"):
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.all_gone.wait(), 1)

    async def test_closing_while_loading_frees_it_too(
        self, server: FakeOllama, provider: Ollama, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ollama, "LOADING_SECONDS", 0.02)
        server.reply = Reply(hold=asyncio.Event(), hold_at=0)
        stream = provider.stream(question(model="fake"))
        assert isinstance(await anext(stream), Status)
        await stream.aclose()
        await asyncio.wait_for(server.all_gone.wait(), 1)


class TestModels:
    async def test_the_list(self, server: FakeOllama, provider: Ollama) -> None:
        server.models = [
            OllamaModel(
                "qwen3:4b", capabilities=("completion", "tools", "thinking"), context=40960, size=2_620_788_260
            ),
            OllamaModel("llava:7b", capabilities=("completion", "vision"), parameters='num_ctx    4096\nstop  "x"'),
            OllamaModel("nomic-embed-text:latest", capabilities=("embedding",), family="nomic-bert"),
            OllamaModel("embeddinggemma:latest", capabilities=("embedding",), family="gemma3"),
        ]
        assert await provider.models() == [
            listed("llava:7b", context=4096, vision=True, tools=False, reasoning=False),
            replace(
                listed("qwen3:4b", context=40960, vision=False, tools=True, reasoning=True),
                size_bytes=2_620_788_260,
                parameters=COMMON_PARAMETERS | {"effort"},
            ),
        ]
        assert [(model.name, model.purpose) for model in await provider.installed()] == [
            ("embeddinggemma:latest", "embedding"),
            ("llava:7b", "chat"),
            ("nomic-embed-text:latest", "embedding"),
            ("qwen3:4b", "chat"),
        ]

    async def test_details_are_asked_once_for_each_version(self, server: FakeOllama, provider: Ollama) -> None:
        await provider.models()
        await provider.models()
        assert len(server.asked("/api/show")) == 1
        server.models[0].digest = "another"
        server.models[0].context = 7
        assert (await provider.models())[0].context == 7

    async def test_slow_details_are_not_waited_for(
        self, server: FakeOllama, provider: Ollama, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ollama, "SHOW_SECONDS", 0.05)
        answer = server.answer

        async def slow(exchange: Exchange) -> None:
            if exchange.request.path == "/api/show":
                await exchange.gone.wait()
            await answer(exchange)

        monkeypatch.setattr(server, "answer", slow)
        assert await provider.models() == [listed("fake:latest")]
        await asyncio.wait_for(server.all_gone.wait(), 1)
        monkeypatch.undo()
        assert (await provider.models())[0].context == 8192

    async def test_an_old_server_without_details(self, server: FakeOllama, provider: Ollama) -> None:
        server.show = False
        assert await provider.models() == [listed("fake:latest")]

    @pytest.mark.parametrize("body", [{}, [], {"models": None}, "text"])
    async def test_a_stranger(self, body: Any) -> None:
        async with FakeServer(bytes_handler(response(json.dumps(body)))) as server:
            provider = Ollama(Endpoint("ollama", "Ollama", server.url), Access())
            with pytest.raises(ProviderUnreachable):
                await provider.models()
            await provider.close()


# These are the cases of Ollama's own test of OLLAMA_HOST, but for addresses that can only be listened on.
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", "http://127.0.0.1:11434"),
        ("1.2.3.4", "http://1.2.3.4:11434"),
        (":1234", "http://127.0.0.1:1234"),
        ("1.2.3.4:1234", "http://1.2.3.4:1234"),
        ("example.com", "http://example.com:11434"),
        ("example.com:1234", "http://example.com:1234"),
        (":66000", "http://127.0.0.1:11434"),
        (":-1", "http://127.0.0.1:11434"),
        ("[::1]", "http://[::1]:11434"),
        ("[::]", "http://[::1]:11434"),
        ("::1", "http://[::1]:11434"),
        ("::", "http://[::1]:11434"),
        ("[::1]:1337", "http://[::1]:1337"),
        ("fe80::1%eth0", "http://[fe80::1%eth0]:11434"),
        (" 1.2.3.4 ", "http://1.2.3.4:11434"),
        ('"1.2.3.4"', "http://1.2.3.4:11434"),
        (' " 1.2.3.4 " ', "http://1.2.3.4:11434"),
        ("'1.2.3.4'", "http://1.2.3.4:11434"),
        ("http://1.2.3.4", "http://1.2.3.4:80"),
        ("http://1.2.3.4:4321", "http://1.2.3.4:4321"),
        ("https://1.2.3.4", "https://1.2.3.4:443"),
        ("https://1.2.3.4:4321", "https://1.2.3.4:4321"),
        ("https://example.com/ollama", "https://example.com:443/ollama"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("http://0.0.0.0:8080/", "http://127.0.0.1:8080"),
        ("http://localhost:11434/v1", "http://localhost:11434"),
        ("http://localhost:11434/api/", "http://localhost:11434"),
        ("http://me:secret@box:1", "http://me:secret@box:1"),
    ],
)
def test_hosts_as_people_set_them(value: str, expected: str) -> None:
    assert base_url(value) == expected

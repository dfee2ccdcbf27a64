"""What a chat with Ollama is written as: images, tools, thinking, parameters; and the window that it gets."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from parley.errors import AnswerBroken, ModelAbsent, PromptTooLong, ProviderFailed
from parley.events import Event, Finished, ReasoningDelta, Status, TextDelta, ToolCalled
from parley.messages import Image, Message, MessageStatus, Part, Reasoning, Role, Text, ToolCall, ToolResult
from parley.models import NO_PARAMETERS, Parameters, ToolSpec
from parley.providers import ollama, ollama_window
from parley.providers.base import Embedder, ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.providers.ollama import Ollama
from parley.providers.ollama_wire import Facts, tells_windows
from tests.fakes import FakeOllama, OllamaModel, Reply
from tests.providers.helpers import events_of, events_until_error, question, text_of
from tests.providers.sockets import FakeServer, bytes_handler, head, ndjson

WEATHER = ToolSpec(
    "get_weather", "The weather in a city", {"type": "object", "properties": {"city": {"type": "string"}}}
)
CLOCK = ToolSpec("get_time")
CALLS: Sequence[dict[str, Any]] = (
    {"id": "call_one", "function": {"index": 0, "name": "get_weather", "arguments": {"city": "Zürich"}}},
    {"function": {"name": "get_time", "arguments": {}}},
)
"""Parallel calls, the second one without an id, as older servers send them."""


def message(role: Role, *parts: Part) -> Message:
    return Message("m", "c", None, role, parts, MessageStatus.COMPLETE, 0.0)


def asked(*parts: Part, **facts: Any) -> ProviderRequest:
    return ProviderRequest("fake", [message(Role.USER, *parts)], **facts)


@pytest.fixture
async def server() -> AsyncIterator[FakeOllama]:
    abilities = ("completion", "tools", "vision", "thinking")
    async with FakeOllama(OllamaModel("fake:latest", abilities, context=131_072)) as server:
        yield server


@pytest.fixture
async def provider(server: FakeOllama) -> AsyncIterator[Ollama]:
    provider = Ollama(Endpoint("ollama", "Ollama", server.url, dialect="ollama"), Access())
    yield provider
    await provider.close()


async def sent(server: FakeOllama, provider: Ollama, request: ProviderRequest) -> Any:
    """Return the body of a chat that was asked for."""
    await events_of(provider, request)
    return server.asked("/api/chat")[-1].json


class TestTools:
    async def test_calls_come_whole_and_side_by_side(self, server: FakeOllama, provider: Ollama) -> None:
        server.reply = Reply(pieces=("Let me look.",), calls=CALLS)
        events = await events_of(provider, asked(Text("Weather?"), tools=[WEATHER, CLOCK]))
        first, second = (event.call for event in events if isinstance(event, ToolCalled))
        assert (first.id, first.name, json.loads(first.arguments)) == ("call_one", "get_weather", {"city": "Zürich"})
        assert (second.name, second.arguments) == ("get_time", "{}")
        assert second.id.startswith("call_")
        assert second.id != first.id
        assert text_of(events) == "Let me look."
        assert isinstance(events[-1], Finished)
        assert events[-1].reason == "tool_calls"

    async def test_calls_without_a_word_are_an_answer(self, server: FakeOllama, provider: Ollama) -> None:
        server.reply = Reply(pieces=(), calls=CALLS[:1])
        events = await events_of(provider, asked(Text("Weather?"), tools=[WEATHER]))
        assert [type(event) for event in events] == [ToolCalled, Finished]

    async def test_cut_at_every_byte(self) -> None:
        lines = [{"message": {"role": "assistant", "content": "", "tool_calls": list(CALLS)}, "done": False}]
        recording = ndjson(*lines)
        async with FakeServer() as server:
            provider = Ollama(Endpoint("ollama", "Ollama", server.url), Access())
            provider._facts["fake"] = Facts(1000)  # so that it asks only once
            for at in range(len(recording)):
                server.handler = bytes_handler(head(content_type="application/x-ndjson") + recording[:at])
                seen: list[Event] = []
                with pytest.raises(AnswerBroken):
                    await collect(provider, asked(Text("Hi")), seen)
                # a last line that lacks its end only is whole
                assert len([event for event in seen if isinstance(event, ToolCalled)]) in (
                    (0,) if at < len(recording) - 1 else (2,)
                )
            await provider.close()

    @pytest.mark.parametrize(
        "odd",
        [
            {"tool_calls": None},
            {"tool_calls": "no"},
            {"tool_calls": [None, {}, {"function": 3}, {"function": {"name": ""}}]},
        ],
    )
    async def test_odd_calls_do_no_harm(self, odd: Any) -> None:
        lines = [{"message": odd}, {"message": {"content": "Yes"}, "done": True}]
        async with FakeServer(bytes_handler(head() + ndjson(*lines))) as server:
            provider = Ollama(Endpoint("ollama", "Ollama", server.url), Access())
            assert text_of(await events_of(provider, asked(Text("Hi")))) == "Yes"
            await provider.close()

    async def test_tools_and_results_as_they_are_sent(self, server: FakeOllama, provider: Ollama) -> None:
        reply = message(
            Role.ASSISTANT,
            Reasoning("I need the weather."),
            Text("Let me look."),
            ToolCall("a", "get_weather", '{"city": "Rome"}'),
            ToolCall("b", "get_time", "broken"),
            ToolResult("a", "sunny"),
            ToolResult("b", "noon", failed=True),
            Reasoning("Now I know."),
            Text("Sunny at noon."),
        )
        request = ProviderRequest(
            "fake",
            [message(Role.USER, Text("Weather?")), reply, message(Role.USER, Text("Thanks"))],
            tools=[WEATHER],
        )
        body = await sent(server, provider, request)
        assert body["messages"] == [
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": "Let me look.",
                "thinking": "I need the weather.",
                "tool_calls": [
                    {"id": "a", "function": {"name": "get_weather", "arguments": {"city": "Rome"}}},
                    {"id": "b", "function": {"name": "get_time", "arguments": {}}},
                ],
            },
            {"role": "tool", "tool_name": "get_weather", "tool_call_id": "a", "content": "sunny"},
            {"role": "tool", "tool_name": "get_time", "tool_call_id": "b", "content": "noon"},
            {"role": "assistant", "content": "Sunny at noon."},
            {"role": "user", "content": "Thanks"},
        ]
        function = {"name": "get_weather", "description": "The weather in a city", "parameters": WEATHER.schema}
        assert body["tools"] == [{"type": "function", "function": function}]

    @pytest.mark.parametrize(
        ("choice", "names"),
        [("auto", ["get_weather", "get_time"]), ("none", None), ("get_time", ["get_time"])],
    )
    async def test_the_choice_of_tools(
        self, server: FakeOllama, provider: Ollama, choice: str, names: list[str] | None
    ) -> None:
        body = await sent(server, provider, asked(Text("Hi"), tools=[WEATHER, CLOCK], tool_choice=choice))
        assert names == ([tool["function"]["name"] for tool in body["tools"]] if "tools" in body else None)

    async def test_who_cannot_is_sent_none(self, server: FakeOllama, provider: Ollama) -> None:
        server.models[0].capabilities = ("completion",)
        assert "tools" not in await sent(server, provider, asked(Text("Hi"), tools=[WEATHER]))


class TestImages:
    PICTURE = Image("image/png", b"\x89PNG")

    async def test_who_sees_is_sent_them(self, server: FakeOllama, provider: Ollama) -> None:
        body = await sent(server, provider, asked(self.PICTURE, Text("What is it?")))
        picture = base64.b64encode(b"\x89PNG").decode()
        assert body["messages"] == [{"role": "user", "content": "What is it?", "images": [picture]}]

    async def test_who_does_not_is_told_that_there_was_one(self, server: FakeOllama, provider: Ollama) -> None:
        server.models[0].capabilities = ("completion",)
        body = await sent(server, provider, asked(self.PICTURE, Text("What is it?")))
        assert body["messages"] == [{"role": "user", "content": "[image]\nWhat is it?"}]


class TestParameters:
    async def test_all_of_them(self, server: FakeOllama, provider: Ollama) -> None:
        parameters = Parameters(temperature=0.0, top_p=0.9, max_tokens=100, seed=0, stop=("END",), json=True)
        body = await sent(server, provider, asked(Text("Hi"), parameters=parameters))
        options = {"temperature": 0.0, "top_p": 0.9, "num_predict": 100, "seed": 0, "stop": ["END"], "num_ctx": 8192}
        assert body["options"] == options
        assert body["format"] == "json"
        assert "think" not in body

    async def test_a_schema(self, server: FakeOllama, provider: Ollama) -> None:
        schema = {"type": "object", "properties": {"age": {"type": "integer"}}}
        body = await sent(server, provider, asked(Text("Hi"), parameters=Parameters(schema=schema)))
        assert body["format"] == schema

    @pytest.mark.parametrize(
        ("family", "values", "effort", "think"),
        [
            ("qwen3", (), "", None),
            ("qwen3", (), "none", False),
            ("qwen3", (), "minimal", True),
            ("qwen3", (), "high", True),
            ("gptoss", (), "none", "low"),
            ("gptoss", (), "minimal", "low"),
            ("gpt-oss", (), "medium", "medium"),
            ("other", ("low", "high"), "high", "high"),
            ("other", ("low", "high"), "medium", None),
            ("other", (True, False, "high"), "high", "high"),
            ("other", (True, False, "high"), "low", True),
            ("other", (False,), "high", None),
        ],
    )
    async def test_thinking_by_ability(
        self, server: FakeOllama, provider: Ollama, family: str, values: Sequence[bool | str], effort: Any, think: Any
    ) -> None:
        server.models[0].family, server.models[0].thinking = family, values
        body = await sent(server, provider, asked(Text("Hi"), parameters=Parameters(effort=effort)))
        assert body.get("think") == think

    async def test_who_does_not_think_is_not_asked_to(self, server: FakeOllama, provider: Ollama) -> None:
        server.models[0].capabilities = ("completion",)
        assert "think" not in await sent(server, provider, asked(Text("Hi"), parameters=Parameters(effort="high")))

    @pytest.mark.parametrize(
        ("setting", "value"), [("server", None), ("", None), ("0", 0), ("30m", "30m"), ("always", -1)]
    )
    async def test_keeping_in_memory(self, server: FakeOllama, setting: str, value: Any) -> None:
        provider = Ollama(Endpoint("ollama", "Ollama", server.url), Access(keep_alive=lambda: setting))
        body = await sent(server, provider, asked(Text("Hi")))
        await provider.embed("fake", ["x"])
        await provider.close()
        assert body.get("keep_alive") == server.asked("/api/embed")[0].json.get("keep_alive") == value


class TestWindow:
    async def test_the_smallest_that_holds_prompt_and_answer(self, server: FakeOllama, provider: Ollama) -> None:
        server.models[0].capabilities = ("completion",)
        for words, window in (("Hi", 8192), ("word " * 6000, 16384), ("word " * 60_000, 131_072)):
            server.in_memory.clear()
            body = await sent(server, provider, asked(Text(words)))
            assert body["options"]["num_ctx"] == window
        assert not server.silently_cut

    async def test_never_more_than_the_model_takes(self, server: FakeOllama, provider: Ollama) -> None:
        server.models[0].context = 5000
        assert (await sent(server, provider, asked(Text("Hi"))))["options"]["num_ctx"] == 5000

    async def test_it_grows_in_steps_and_is_told(self, server: FakeOllama, provider: Ollama) -> None:
        server.models[0].capabilities = ("completion",)
        said: list[Message] = []
        statuses: list[Status] = []
        for turn in range(60):
            said += [message(Role.USER, Text(f"{turn} " + "word " * 400)), message(Role.ASSISTANT, Text("ok " * 200))]
            events = await events_of(provider, ProviderRequest("fake", [*said, message(Role.USER, Text("And?"))]))
            statuses += [event for event in events if isinstance(event, Status)]
        windows = [window for _, window in server.loads]
        assert windows == sorted(set(windows))
        assert windows == [8192, 16384, 32768, 65536][: len(windows)]
        assert len(windows) >= 3
        assert [status.code for status in statuses] == ["reloading"] * (len(windows) - 1)
        assert not server.silently_cut

    async def test_a_short_chat_does_not_reload_for_less(self, server: FakeOllama, provider: Ollama) -> None:
        server.in_memory["fake:latest"] = 65536
        events = await events_of(provider, asked(Text("Hi")))
        assert not server.loads
        assert not [event for event in events if isinstance(event, Status)]

    async def test_what_was_unloaded_begins_small_again(self, server: FakeOllama, provider: Ollama) -> None:
        await events_of(provider, asked(Text("word " * 20_000)))
        server.in_memory.clear()
        await events_of(provider, asked(Text("Hi")))
        assert [window for _, window in server.loads] == [65536, 16384]  # it thinks, too

    async def test_the_modelfile_knows_better(self, server: FakeOllama, provider: Ollama) -> None:
        server.models[0].parameters = "num_ctx    16384"
        assert "options" not in await sent(server, provider, asked(Text("Hi")))

    async def test_another_computer_knows_better(self, server: FakeOllama, provider: Ollama) -> None:
        server.models[0].remote = True
        await provider.models()
        assert "options" not in await sent(server, provider, asked(Text("Hi")))

    async def test_a_server_that_does_not_tell_windows(self, server: FakeOllama, provider: Ollama) -> None:
        server.tells_windows = False
        await events_of(provider, asked(Text("word " * 20_000)))
        await events_of(provider, asked(Text("Hi")))
        assert [window for _, window in server.loads] == [65536]

    async def test_too_low_an_estimate_is_mended_before_a_word_is_lost(
        self, server: FakeOllama, provider: Ollama
    ) -> None:
        server.bytes_per_token = 0.5
        events = await events_of(provider, asked(Text("word " * 4000)))
        assert text_of(events) == "Hello, world!"
        assert not server.silently_cut
        assert [window for _, window in server.loads] == [16384, 32768, 65536]
        assert [event.code for event in events if isinstance(event, Status)] == []

    async def test_a_server_that_counts_is_asked_only_once_more(self, server: FakeOllama, provider: Ollama) -> None:
        server.bytes_per_token, server.counts = 0.5, True
        assert text_of(await events_of(provider, asked(Text("word " * 4000)))) == "Hello, world!"
        assert [window for _, window in server.loads] == [16384, 65536]
        server.in_memory.clear()
        await events_of(provider, asked(Text("word " * 4000)))
        assert [window for _, window in server.loads] == [16384, 65536, 65536]  # it has learnt
        server.models[0].context = 40_960
        await provider.models()
        server.models[0].digest = "new"
        await provider.models()
        with pytest.raises(PromptTooLong) as caught:
            await events_of(provider, asked(Text("word " * 5000)))
        assert caught.value.detail.startswith("request (50000 tokens) exceeds the available context size (40960")

    async def test_an_older_server_that_has_cut_gets_more_room(self, server: FakeOllama, provider: Ollama) -> None:
        server.version, server.knows_truncate = "0.12.5", False
        server.bytes_per_token = 0.5
        server.reply = Reply(input_tokens=16_384)  # it filled the window: more has been cut
        await events_of(provider, asked(Text("word " * 4000)))
        server.reply = Reply(input_tokens=20_000)
        await events_of(provider, asked(Text("word " * 4000)))
        assert [window for _, window in server.loads] == [16384, 65536]

    async def test_an_older_server_that_counts_parallel_requests_together(
        self, server: FakeOllama, provider: Ollama
    ) -> None:
        server.version, server.parallel = "0.9.2", 4
        for _ in range(4):
            await events_of(provider, asked(Text("Hi")))
        assert [window for _, window in server.loads] == [16384]

    @pytest.mark.parametrize(
        ("version", "tells"),
        [("0.12.5", False), ("0.12.6", True), ("0.40.12", True), ("1.0.0-rc1", True), ("0.0.0", True), ("", True)],
    )
    def test_versions(self, version: str, tells: bool) -> None:
        assert tells_windows(version) is tells

    async def test_an_older_server_teaches_by_its_counts(self, server: FakeOllama, provider: Ollama) -> None:
        server.knows_truncate = False
        server.reply = Reply(input_tokens=16_000)
        await events_of(provider, asked(Text("word " * 4000)))  # 6674 by our estimate
        body = await sent(server, provider, asked(Text("word " * 4000)))
        assert body["options"]["num_ctx"] == 32768

    async def test_more_than_the_model_takes(self, server: FakeOllama, provider: Ollama) -> None:
        server.models[0].context = 8192
        with pytest.raises(PromptTooLong, match="ollama/fake"):
            await events_of(provider, asked(Text("word " * 20_000)))
        assert len(server.loads) == 1

    async def test_nothing_is_said_twice(self, server: FakeOllama, provider: Ollama) -> None:
        server.reply = Reply(late_error="the input length exceeds the context length")
        events, error = await events_until_error(provider, question(model="fake"))
        assert type(error) is PromptTooLong
        assert text_of(events) == "Hello, world!"
        assert len(server.asked("/api/chat")) == 1

    async def test_no_end_of_windows(self, server: FakeOllama, provider: Ollama) -> None:
        server.reply = Reply(error=(400, {"error": "the input length exceeds the context length"}))
        server.show = False
        with pytest.raises(PromptTooLong):
            await events_of(provider, asked(Text("Hi")))
        windows = [request.json["options"]["num_ctx"] for request in server.asked("/api/chat")]
        assert windows == [8192 << step for step in range(8)]

    async def test_loading_and_reading(
        self, server: FakeOllama, provider: Ollama, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ollama, "LOADING_SECONDS", 0.02)
        codes = []
        for words in ("Hi", "Hi", "word " * 20_000):
            server.reply = Reply(hold=asyncio.Event(), hold_at=0)
            stream = provider.stream(asked(Text(words)))
            event = await anext(stream)
            assert isinstance(event, Status)
            codes.append(event.code)
            assert server.reply.hold
            server.reply.hold.set()
            assert text_of([event async for event in stream]) == "Hello, world!"
        assert codes == ["loading", "reading", "reloading"]

    def test_steps(self) -> None:
        choose, larger = ollama_window.choose, ollama_window.larger
        assert choose(100, 1000, limit=None, loaded=None) == 4096
        assert choose(3097, 1000, limit=None, loaded=None) == 8192
        assert choose(7000, 2000, limit=None, loaded=8192) == 8192
        assert choose(7193, 2000, limit=None, loaded=8192) == 16384
        assert choose(7193, 2000, limit=8192, loaded=8192) == 8192
        assert choose(10**9, 0, limit=None, loaded=None) == ollama_window.LARGEST
        assert larger(4096, None) == 8192
        assert larger(5000, 6000) == 6000
        assert larger(6000, 6000) is None
        assert larger(ollama_window.LARGEST, None) is None


class TestEmbedding:
    async def test_vectors(self, server: FakeOllama, provider: Ollama) -> None:
        assert isinstance(provider, Embedder)
        assert await provider.embed("fake", ["a", "bc"]) == [[0.01, 0.5, -0.25], [0.02, 0.5, -0.25]]
        assert server.asked("/api/embed")[0].json == {"model": "fake", "input": ["a", "bc"], "truncate": False}

    async def test_of_so_many_numbers(self, server: FakeOllama, provider: Ollama) -> None:
        await provider.embed("fake", ["a"], 2)
        assert server.asked("/api/embed")[0].json["dimensions"] == 2

    async def test_nothing_is_cut(self, server: FakeOllama, provider: Ollama) -> None:
        server.models[0].context = 10
        with pytest.raises(PromptTooLong):
            await provider.embed("fake", ["far too long for it"])

    async def test_an_unknown_model(self, provider: Ollama) -> None:
        with pytest.raises(ModelAbsent):
            await provider.embed("nope", ["a"])

    @pytest.mark.parametrize(
        "body",
        [{}, [], {"embeddings": [[]]}, {"embeddings": [["x"]]}, {"embeddings": [[1.0], [2.0]]}, {"embeddings": 3}],
    )
    async def test_odd_answers(self, body: Any) -> None:
        async with FakeServer(bytes_handler(head() + json.dumps(body).encode())) as server:
            provider = Ollama(Endpoint("ollama", "Ollama", server.url), Access())
            with pytest.raises(AnswerBroken):
                await provider.embed("fake", ["a"])
            await provider.close()


async def collect(provider: Ollama, request: ProviderRequest, seen: list[Event]) -> None:
    """Put the events of an answer into a list; what is raised gets through."""
    note = seen.append
    async for event in provider.stream(request):
        note(event)


async def test_thinking_apart_and_text(server: FakeOllama, provider: Ollama) -> None:
    server.reply = Reply(thinking=("Hm",), pieces=("Four",))
    events = await events_of(provider, question(model="fake"))
    assert events[:2] == [ReasoningDelta("Hm"), TextDelta("Four")]
    assert NO_PARAMETERS.given == frozenset()


async def test_a_stopped_runner_in_the_middle(server: FakeOllama, provider: Ollama) -> None:
    server.reply = Reply(late_error="model runner has unexpectedly stopped")
    with pytest.raises(ProviderFailed, match="program that runs"):
        await events_of(provider, question(model="fake"))

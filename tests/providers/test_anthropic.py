"""Anthropic's answers, in the bytes that platform.claude.com/docs/en/build-with-claude/streaming shows."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from parley.errors import (
    AddressWrong,
    AnswerBroken,
    AnswerEmpty,
    AnswerWithheld,
    ChatError,
    KeyMissing,
    KeyRefused,
    ModelRetired,
    ModelUnknown,
    NoCredit,
    Overloaded,
    PromptTooLong,
    ProviderError,
    ProviderFailed,
    ProviderUnreachable,
    RateLimited,
    RequestRefused,
    RequestTooLarge,
)
from parley.events import Event, Finished, ReasoningDelta, TextDelta, ToolCalled
from parley.messages import Message, MessageStatus, Part, Reasoning, Role, Text, ToolCall, ToolResult, Usage
from parley.models import Parameters, ToolSpec
from parley.providers import anthropic
from parley.providers.anthropic import Anthropic, base_url
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.written import Written
from tests.providers.anthropic_fake import (
    HELLO,
    REQUEST_ID,
    FakeAnthropic,
    begin,
    block,
    capabilities,
    end,
    error,
    info,
    redacted,
    stream,
    text,
    thinking,
    tool_use,
)
from tests.providers.helpers import events_of, events_until_error, question, said, text_of
from tests.providers.sockets import Exchange, FakeServer, bytes_handler, chunk, head, sse, unused_port

MODEL = "claude-opus-5-5"
SSE = "text/event-stream; charset=utf-8"


@pytest.fixture
async def server() -> AsyncIterator[FakeAnthropic]:
    async with FakeAnthropic() as server:
        yield server


def provider_at(url: str, key: str | None = "sk-ant-right", name: str = "anthropic") -> Anthropic:
    return Anthropic(Endpoint(name, "Anthropic", url, dialect="anthropic"), Access(lambda: key))


@pytest.fixture
async def provider(server: FakeAnthropic) -> AsyncIterator[Anthropic]:
    provider = provider_at(server.url)
    yield provider
    await provider.close()


async def read(content: bytes, content_type: str = SSE) -> list[Event]:
    """Return the events of a response with this body, whatever was asked."""
    async with FakeServer(bytes_handler(head(content_type=content_type) + content)) as server:
        provider = provider_at(server.url)
        try:
            return await events_of(provider, question(model=MODEL))
        finally:
            await provider.close()


def parts_of(events: Sequence[Event]) -> list[Part]:
    """Return what is kept of an answer, without the times."""
    written = Written()
    for event in events:
        if isinstance(event, TextDelta | ReasoningDelta | ToolCalled):
            written.take(event)
    return [
        Reasoning(part.text, None, part.signature) if isinstance(part, Reasoning) else part for part in written.parts
    ]


class TestAnswers:
    async def test_text_and_usage(self, server: FakeAnthropic, provider: Anthropic) -> None:
        events = await events_of(provider, question(model=MODEL))
        texts = [TextDelta("Hello"), TextDelta(", "), TextDelta("world"), TextDelta("!")]
        assert events == [*texts, Finished(Usage(25, 15), "stop")]
        sent = server.requests[0]
        assert (sent.headers["x-api-key"], sent.headers["anthropic-version"]) == ("sk-ant-right", "2023-06-01")
        assert sent.json["stream"] is True

    async def test_thoughts_keep_their_signatures(self, server: FakeAnthropic, provider: Anthropic) -> None:
        recording = [begin(), *thinking(0, "sig1", "Let me ", "see…"), *redacted(1, "EncRypted=="), *text(2, "Four.")]
        server.recording = [*recording, *end(output_tokens_details={"thinking_tokens": 9})]
        events = await events_of(provider, question(model=MODEL))
        assert parts_of(events) == [
            Reasoning("Let me see…", None, "sig1"),
            Reasoning("", None, "redacted_thinking:EncRypted=="),
            Text("Four."),
        ]
        assert events[-1] == Finished(Usage(25, 15, reasoning_tokens=9), "stop")

    async def test_a_thought_that_is_not_shown(self, server: FakeAnthropic, provider: Anthropic) -> None:
        server.recording = [begin(), *thinking(0, "sig"), *text(1, "Four."), *end()]
        assert parts_of(await events_of(provider, question(model=MODEL))) == [Reasoning("", None, "sig"), Text("Four.")]

    async def test_parallel_calls(self, server: FakeAnthropic, provider: Anthropic) -> None:
        calls = [
            *tool_use(1, "toolu_1", "get_time", "", '{"tz": ', '"Europe/', 'Berlin"}'),
            *tool_use(2, "toolu_2", "list_files"),
        ]
        server.recording = [begin(), *text(0, "I look."), *calls, *end("tool_use")]
        events = await events_of(provider, question(model=MODEL))
        assert events[1:] == [
            ToolCalled(ToolCall("toolu_1", "get_time", '{"tz": "Europe/Berlin"}')),
            ToolCalled(ToolCall("toolu_2", "list_files", "{}")),
            Finished(Usage(25, 15), "tool_calls"),
        ]

    async def test_blocks_that_come_side_by_side(self) -> None:
        one, two = tool_use(0, "a", "one", '{"n":', "1}"), tool_use(1, "b", "two", '{"n":', "2}")
        mixed = [event for pair in zip(one, two, strict=True) for event in pair]
        events = await read(stream(begin(), *mixed, *end("tool_use")))
        assert [event.call for event in events if isinstance(event, ToolCalled)] == [
            ToolCall("a", "one", '{"n":1}'),
            ToolCall("b", "two", '{"n":2}'),
        ]

    async def test_a_call_that_the_limit_cut_off_is_no_call(self) -> None:
        cut = tool_use(1, "toolu_1", "write", '{"text": "Once upo')
        events = await read(stream(begin(), *text(0, "I write."), *cut, *end("max_tokens")))
        assert events == [TextDelta("I write."), Finished(Usage(25, 15), "length")]
        events = await read(stream(begin(), *cut, *end("tool_use")))
        assert events[0] == ToolCalled(ToolCall("toolu_1", "write", '{"text": "Once upo'))

    async def test_tokens_of_the_cache_are_among_those_of_the_input(self) -> None:
        counts = {"input_tokens": 3, "cache_read_input_tokens": 1800, "cache_creation_input_tokens": 240}
        events = await read(stream(begin(**counts), *text(0, "Yes"), *end(input_tokens=3)))
        assert events[-1] == Finished(Usage(2043, 15, cached_tokens=1800, cache_writing_tokens=240), "stop")

    async def test_counts_that_come_at_the_end_only(self) -> None:
        events = await read(stream(begin(input_tokens=0, output_tokens=0), *text(0, "Yes"), *end(input_tokens=7)))
        assert events[-1] == Finished(Usage(7, 15), "stop")

    @pytest.mark.parametrize(
        ("stop_reason", "reason"),
        [
            ("end_turn", "stop"),
            ("stop_sequence", "stop"),
            ("max_tokens", "length"),
            ("model_context_window_exceeded", "length"),
            ("pause_turn", "length"),
            ("refusal", "filtered"),
            ("something_new", "stop"),
        ],
    )
    async def test_why_it_ended(self, stop_reason: str, reason: str) -> None:
        events = await read(stream(begin(), *text(0, "Yes"), *end(stop_reason)))
        assert events[-1] == Finished(Usage(25, 15), reason)

    async def test_withheld_before_a_word(self) -> None:
        details = {"type": "refusal", "category": "cyber", "explanation": "It could enable cyber harm."}
        with pytest.raises(AnswerWithheld) as caught:
            await read(stream(begin(), *end("refusal", details=details)))
        assert caught.value.detail == "It could enable cyber harm."
        with pytest.raises(AnswerWithheld) as caught:
            await read(stream(begin(), *end("refusal", details=details | {"explanation": None})))
        assert caught.value.detail == "cyber"

    async def test_a_whole_answer_at_once(self) -> None:
        content = [
            {"type": "thinking", "thinking": "Hm", "signature": "sig"},
            {"type": "text", "text": "Yes"},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"x": "ü"}},
        ]
        body = {"type": "message", "content": content, "stop_reason": "tool_use", "usage": {"input_tokens": 3}}
        events = await read(json.dumps(body).encode(), "application/json; charset=utf-8")
        assert parts_of(events) == [
            Reasoning("Hm", None, "sig"),
            Text("Yes"),
            ToolCall("toolu_1", "f", '{"x": "ü"}'),
        ]
        assert events[-1] == Finished(Usage(3), "tool_calls")

    @pytest.mark.parametrize(
        "odd",
        [
            {},
            {"type": None},
            {"type": "a_new_one", "index": 0},
            {"type": "message_start", "message": None},
            {"type": "message_start", "message": {"usage": {"input_tokens": "many", "output_tokens": None}}},
            {"type": "content_block_start", "index": 7, "content_block": {"type": "server_tool_use", "name": "web"}},
            {"type": "content_block_start", "index": {}, "content_block": None},
            {"type": "content_block_start", "index": [1], "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 9, "delta": {"type": "input_json_delta", "partial_json": "{"}},
            {"type": "content_block_delta", "index": 9, "delta": {"type": "signature_delta", "signature": "x"}},
            {"type": "content_block_delta", "index": 9, "delta": {"type": "citations_delta", "citation": {}}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": None}},
            {"type": "content_block_delta", "index": 0, "delta": []},
            {"type": "content_block_delta"},
            {"type": "content_block_stop", "index": 12},
            {"type": "message_delta", "delta": {"stop_reason": 3, "stop_details": "no"}, "usage": []},
            [],
            None,
            3,
        ],
    )
    async def test_odd_events_do_no_harm(self, odd: Any) -> None:
        events = await read(sse(json.dumps(odd)) + stream(begin(), *text(0, "Yes")) + sse(odd) + stream(*end()))
        assert text_of(events) == "Yes"
        assert events[-1] == Finished(Usage(25, 15), "stop")

    async def test_other_ways_to_send_the_same(self) -> None:
        """Comments, CRLF, data over several lines, no names of events, and the sign that older servers end with."""
        plain = stream(*HELLO)
        for content in (
            b": hello\n\n" + plain,
            plain.replace(b"\n", b"\r\n"),
            plain.replace(b'"index": 0', b'"index":\ndata: 0'),
            sse(*HELLO, "", "[DONE]"),
            sse(*HELLO[:-1], "[DONE]"),
        ):
            events = await read(content)
            assert (text_of(events), events[-1]) == ("Hello, world!", Finished(Usage(25, 15), "stop"))


class TestEnds:
    # Without the names of the events, which nobody reads: each byte of them would cost a request.
    RECORDING = sse(*text(0, "café", " 🙂")[1:-1], *end()[:1])
    LAST = sse(*end()[1:])

    async def test_cut_at_every_byte(self) -> None:
        """Either the answer is there, or it is told to be broken; what came first is the beginning of it."""
        recording = self.RECORDING + self.LAST
        async with FakeServer() as server:
            provider = provider_at(server.url)
            for at in range(len(recording)):
                start = head(content_type=SSE, transfer_encoding="chunked")
                server.handler = bytes_handler(start + (chunk(recording[:at]) if at else b""))
                events, broken = await events_until_error(provider, question(model=MODEL))
                if broken:
                    assert isinstance(broken, AnswerBroken)
                    assert at < len(self.RECORDING), "a finished answer does not become a broken one"
                    assert "café 🙂".startswith(text_of(events))
                else:
                    assert text_of(events) == "café 🙂"
                    assert isinstance(events[-1], Finished)
                    assert at >= len(self.RECORDING) - 2
            await provider.close()

    async def test_sent_byte_by_byte(self) -> None:
        async def handle(exchange: Exchange) -> None:
            recording = self.RECORDING + self.LAST
            await exchange.stream(SSE, (recording[at : at + 1] for at in range(len(recording))))

        async with FakeServer(handle) as server:
            provider = provider_at(server.url)
            events = await events_of(provider, question(model=MODEL))
            assert text_of(events) == "café 🙂"
            await provider.close()

    async def test_a_finished_answer_does_not_wait_for_its_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(anthropic, "AFTER_FINISH_SECONDS", 0.05)

        async def handle(exchange: Exchange) -> None:
            await exchange.send(head(content_type=SSE), self.RECORDING)
            await exchange.gone.wait()

        async with FakeServer(handle) as server:
            provider = provider_at(server.url)
            assert isinstance((await events_of(provider, question(model=MODEL)))[-1], Finished)
            await asyncio.wait_for(server.all_gone.wait(), 1)
            await provider.close()

    @pytest.mark.parametrize("bad", ["{", "nonsense", "[" * 100_000])
    async def test_a_broken_event(self, bad: str) -> None:
        with pytest.raises(AnswerBroken):
            await read(stream(begin()) + b"data: " + bad.encode() + b"\n\n" + stream(*end()))

    @pytest.mark.parametrize("content", [b"", stream(begin()), stream(begin(), *text(0, "Yes")), stream(*end()[:0])])
    async def test_an_end_without_an_end(self, content: bytes) -> None:
        with pytest.raises(AnswerBroken):
            await read(content)

    async def test_a_web_page_instead(self) -> None:
        with pytest.raises(AddressWrong, match="Something answers"):
            await read(b"<html>Log in</html>", "text/html; charset=utf-8")

    @pytest.mark.parametrize(
        "events", [[begin(), *end()], [begin(), *text(0, "\n"), *end()], [begin(), *thinking(0, "s", "Hm"), *end()]]
    )
    async def test_an_empty_answer(self, events: list[Any]) -> None:
        with pytest.raises(AnswerEmpty):
            await read(stream(*events))

    async def test_nothing_but_thoughts_up_to_the_limit(self) -> None:
        events = await read(stream(begin(), *thinking(0, "s", "Hm"), *end("max_tokens")))
        assert events[-1] == Finished(Usage(25, 15), "length")


REFUSALS: list[tuple[int, str, str, type[ChatError]]] = [
    (400, "invalid_request_error", "messages: roles must alternate", RequestRefused),
    (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum", PromptTooLong),
    (
        400,
        "invalid_request_error",
        "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000",
        PromptTooLong,
    ),
    (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", NoCredit),
    (400, "invalid_request_error", "You have reached your specified API usage limits.", NoCredit),
    (401, "authentication_error", "invalid x-api-key", KeyRefused),
    (402, "billing_error", "There is an issue with your payment information.", NoCredit),
    (403, "permission_error", "Your API key does not have permission to use the resource.", KeyRefused),
    (404, "not_found_error", "model: claude-nope", ModelUnknown),
    (409, "conflict_error", "The request conflicts.", ProviderFailed),
    (413, "request_too_large", "Request exceeds the maximum allowed number of bytes.", RequestTooLarge),
    (429, "rate_limit_error", "This request would exceed your rate limit.", RateLimited),
    (500, "api_error", "Internal server error", ProviderFailed),
    (504, "timeout_error", "The request timed out.", ProviderFailed),
    (529, "overloaded_error", "Overloaded", Overloaded),
]
"""The kinds of errors of platform.claude.com/docs/en/api/errors, with messages as they are met."""


class TestErrors:
    @pytest.mark.parametrize(("status", "name", "words", "kind"), REFUSALS)
    async def test_a_refusal(
        self, server: FakeAnthropic, provider: Anthropic, status: int, name: str, words: str, kind: type[ChatError]
    ) -> None:
        server.error = status, error(name, words)
        with pytest.raises(ChatError) as caught:
            await events_of(provider, question(model=MODEL))
        assert type(caught.value) is kind
        assert words in caught.value.detail
        assert REQUEST_ID in caught.value.detail
        assert len(server.bodies) == 1

    @pytest.mark.parametrize(("status", "name", "words", "kind"), REFUSALS)
    async def test_the_same_in_the_stream(self, status: int, name: str, words: str, kind: type[ChatError]) -> None:
        content = stream(begin(), *text(0, "Yes"), error(name, words))
        async with FakeServer(bytes_handler(head(content_type=SSE) + content)) as server:
            provider = provider_at(server.url)
            events, caught = await events_until_error(provider, question(model=MODEL))
            await provider.close()
        assert text_of(events) == "Yes"
        assert type(caught) is kind
        assert words in caught.detail
        assert REQUEST_ID in caught.detail
        if type(caught) in (ProviderFailed, Overloaded, RequestRefused):
            assert str(status) in str(caught)

    async def test_a_spend_limit_is_told_by_its_code(self, server: FakeAnthropic, provider: Anthropic) -> None:
        body = error("rate_limit_error", "Limit reached.", error_code="enforced_spend_limit_reached")
        server.error = 429, body
        with pytest.raises(NoCredit):
            await events_of(provider, question(model=MODEL))

    async def test_when_to_ask_again(self, server: FakeAnthropic, provider: Anthropic) -> None:
        server.error, server.headers = (429, error("rate_limit_error", "Slow down")), {"retry_after": "12"}
        with pytest.raises(RateLimited) as caught:
            await events_of(provider, question(model=MODEL))
        assert caught.value.retry_after == 12

    async def test_keys(self, server: FakeAnthropic) -> None:
        for key, kind in ((None, KeyMissing), ("sk-ant-wrong", KeyRefused)):
            provider = provider_at(server.url, key)
            with pytest.raises(kind):
                await events_of(provider, question(model=MODEL))
            with pytest.raises(kind):
                await provider.models()
            await provider.close()

    async def test_a_model_that_never_was(self, server: FakeAnthropic, provider: Anthropic) -> None:
        with pytest.raises(ModelUnknown, match="anthropic/claude-nope") as caught:
            await events_of(provider, question(model="claude-nope"))
        assert type(caught.value) is ModelUnknown

    async def test_retired_models(self, server: FakeAnthropic, provider: Anthropic) -> None:
        """The vendor keeps them in its list, where one asks for them; older ones are known here."""
        gone = {"lifecycle": "retired", "retires_at": "2027-02-01T00:00:00Z"}
        server.models.append(info("claude-opus-5", **gone))
        for name, day in (("claude-opus-5", "2027-02-01"), ("claude-3-opus-20240229", "2026-01-05")):
            with pytest.raises(ModelRetired, match=f"anthropic/{name}.*no longer in service") as caught:
                await events_of(provider, question(model=name))
            assert day in caught.value.detail
        assert len(server.asked("/v1/models/claude-opus-5")) == 1
        assert not server.asked("/v1/models/claude-3-opus-20240229")

    async def test_another_vendor_has_other_dates(self, server: FakeAnthropic) -> None:
        provider = provider_at(server.url, name="proxy")
        with pytest.raises(ModelUnknown) as caught:
            await events_of(provider, question(model="claude-3-opus-20240229"))
        assert type(caught.value) is ModelUnknown
        await provider.close()

    async def test_a_stranger(self) -> None:
        answers: list[Any] = [{}, [], {"data": {}}, error("not_found_error", "Not found")]
        for content in answers:
            status = 404 if isinstance(content, dict) and "error" in content else 200

            async def handle(exchange: Exchange, content: Any = content, status: int = status) -> None:
                await exchange.respond(content, status)

            async with FakeServer(handle) as server:
                provider = provider_at(server.url)
                with pytest.raises(AddressWrong):
                    await provider.models()
                await provider.close()

    async def test_nothing_listens(self) -> None:
        provider = provider_at(f"http://127.0.0.1:{unused_port()}")
        with pytest.raises(ProviderUnreachable, match="Anthropic cannot be reached"):
            await events_of(provider, question(model=MODEL))
        await provider.close()


class TestThoughtsThatNoLongerHold:
    WORDS = (
        "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different conversation."
    )

    def request(self) -> ProviderRequest:
        parts = (
            Reasoning("Hm", 1.0, "sig"),
            ToolCall("toolu_1", "get_time", "{}"),
            ToolResult("toolu_1", "12:00"),
        )
        answer = Message("m", "c", None, Role.ASSISTANT, parts, MessageStatus.STREAMING, 0.0, f"anthropic/{MODEL}")
        tools = (ToolSpec("get_time"),)
        return ProviderRequest(MODEL, [said(Role.USER, "What time is it?"), answer], tools=tools)

    async def test_they_are_left_out(self, server: FakeAnthropic, provider: Anthropic) -> None:
        sent: list[Any] = []

        async def handle(exchange: Exchange) -> None:
            sent.append(exchange.request.json)
            signed = "sig" in exchange.request.body.decode()
            refusal = error("invalid_request_error", self.WORDS)
            await (exchange.respond(refusal, 400) if signed else exchange.stream(SSE, [stream(*HELLO)]))

        async with FakeServer(handle) as other:
            provider = provider_at(other.url)
            assert text_of(await events_of(provider, self.request())) == "Hello, world!"
            await provider.close()
        kinds = [[block["type"] for block in body["messages"][1]["content"]] for body in sent]
        assert kinds == [["thinking", "tool_use"], ["tool_use"]]

    async def test_another_refusal_stays_one(self, server: FakeAnthropic, provider: Anthropic) -> None:
        server.error = 400, error("invalid_request_error", "tools.0.name: String should match pattern")
        with pytest.raises(RequestRefused):
            await events_of(provider, self.request())
        assert len(server.bodies) == 1


class TestGoingOn:
    """platform.claude.com/docs/en/api/errors#prefill-not-supported."""

    def request(self, model: str, begun: str, **parameters: Any) -> ProviderRequest:
        turns = [said(Role.USER, "Count."), said(Role.ASSISTANT, begun)]
        return ProviderRequest(model, turns, parameters=Parameters(**parameters))

    async def test_an_older_model_goes_on_by_itself(self, server: FakeAnthropic, provider: Anthropic) -> None:
        model = info(
            "claude-haiku-4-5", max_tokens=64_000, capabilities=capabilities("enabled", "disabled", effort=False)
        )
        server.models.append(model)
        server.recording = [begin(), *text(0, " ", "\n", "three", " four"), *end()]
        events = await events_of(provider, self.request("claude-haiku-4-5", "one two \n", effort="high"))
        assert text_of(events) == "three four", "the blank end of what was there is not said twice"
        (body,) = server.bodies
        assert body["messages"][-1] == {"role": "assistant", "content": [{"type": "text", "text": "one two"}]}
        assert "thinking" not in body

    async def test_a_newer_one_is_asked_to(self, server: FakeAnthropic, provider: Anthropic) -> None:
        events = await events_of(provider, self.request(MODEL, "one two "))
        assert text_of(events) == "Hello, world!"
        (body,) = server.bodies
        assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
        assert body["messages"][1]["content"][0]["text"] == "one two "
        assert body["messages"][2]["content"][0]["text"].endswith("It ended with:\n\none two")


class TestStop:
    async def test_closing_frees_the_connection_at_once(self) -> None:
        async def handle(exchange: Exchange) -> None:
            await exchange.send(head(content_type=SSE), stream(begin(), *text(0, "Hello")))
            await exchange.gone.wait()

        async with FakeServer(handle) as server:
            provider = provider_at(server.url)
            answer = provider.stream(question(model=MODEL))
            assert await anext(answer) == TextDelta("Hello")
            await answer.aclose()
            await asyncio.wait_for(server.all_gone.wait(), 1)
            await provider.close()


class TestImitators:
    async def test_the_key_goes_to_both_places(self, server: FakeAnthropic, provider: Anthropic) -> None:
        await events_of(provider, question(model=MODEL))
        sent = server.requests[0].headers
        assert (sent["x-api-key"], sent["authorization"]) == ("sk-ant-right", "Bearer sk-ant-right")

    def test_the_vendor_gets_it_in_one(self) -> None:
        assert anthropic._is_vendor("https://api.anthropic.com")
        assert not anthropic._is_vendor("https://api.anthropic.com.example.org")
        assert not anthropic._is_vendor("http://[::1")

    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("https://api.anthropic.com", "https://api.anthropic.com"),
            ("https://api.anthropic.com/v1/", "https://api.anthropic.com"),
            ("https://api.anthropic.com/v1/messages", "https://api.anthropic.com"),
            ("api.deepseek.com/anthropic", "https://api.deepseek.com/anthropic"),
            ("https://openrouter.ai/api/v1/models?limit=3", "https://openrouter.ai/api"),
            ("localhost:4000", "http://localhost:4000"),
            ("localhost:4000/v1/messages", "http://localhost:4000"),
        ],
    )
    def test_base_urls_as_people_type_them(self, typed: str, expected: str) -> None:
        assert base_url(typed) == expected

    async def test_a_later_claude_under_another_name(self) -> None:
        """What it refuses tells what it is: it is asked again as it wants to be, and from then on at once."""
        async with FakeAnthropic(info("best-model")) as server:
            provider = provider_at(server.url, name="proxy")
            turns = [said(Role.USER, "Count."), said(Role.ASSISTANT, "one two")]
            requests = [
                ProviderRequest("best-model", turns),
                ProviderRequest("best-model", turns[:1], parameters=Parameters(temperature=0.5, effort="high")),
            ]
            for request in (*requests, *requests):
                assert text_of(await events_of(provider, request)) == "Hello, world!"
            assert len(server.bodies) == 5
            await provider.close()
            provider = provider_at(server.url, name="proxy")
            for request in reversed(requests):
                assert text_of(await events_of(provider, request)) == "Hello, world!"
            assert len(server.bodies) == 8
            assert server.bodies[-1]["messages"][-1]["role"] == "user"
            await provider.close()

    async def test_a_refusal_that_says_nothing_new_stays_one(self, server: FakeAnthropic, provider: Anthropic) -> None:
        server.error = 400, error("invalid_request_error", "temperature: out of range")
        for model, asked in ("claude-haiku-4-5", 1), ("glm", 3), ("glm", 5):
            with pytest.raises(RequestRefused):
                await events_of(provider, question(model=model))
            assert len(server.bodies) == asked

    async def test_their_errors_are_providers_errors(self) -> None:
        answers = [(400, "oops"), (404, {"detail": "Not Found"}), (422, {"error": "no"}), (503, {"message": "x"})]
        async with FakeServer() as server:
            provider = provider_at(server.url)
            for status, content in answers:

                async def handle(exchange: Exchange, content: Any = content, status: int = status) -> None:
                    await exchange.respond(content, status)

                server.handler = handle
                with pytest.raises(ProviderError):
                    await events_of(provider, question(model="glm"))
            await provider.close()


async def test_one_block_more(server: FakeAnthropic, provider: Anthropic) -> None:
    """Blocks of tools that the vendor runs itself are left aside; nobody asked for them."""
    web = block(0, {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}})
    server.recording = [begin(), *web, *text(1, "Yes"), *end()]
    assert text_of(await events_of(provider, question(model=MODEL))) == "Yes"

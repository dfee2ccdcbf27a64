"""Gemini's answers: text, thoughts, calls, usage, ends and errors, as Google's documents have them."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
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
    RegionRefused,
    RequestRefused,
)
from parley.events import Event, Finished, ImageMade, ReasoningDelta, TextDelta, ToolCalled
from parley.messages import Image, Reasoning, Text, ToolCall, Usage
from parley.models import ToolSpec
from parley.providers import gemini
from parley.providers.base import Embedder, ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.providers.gemini import Gemini, base_url
from parley.written import Written
from tests.providers.fake_gemini import (
    HELLO,
    MODEL,
    USAGE,
    FakeGemini,
    call,
    candidate,
    error_info,
    google_error,
    listed,
    quota_error,
    retry_info,
    said,
)
from tests.providers.helpers import events_of, events_until_error, question, reasoning_of, text_of
from tests.providers.sockets import Exchange, FakeServer, bytes_handler, head, response, sse, unused_port

TOKENS = Usage(11, 34, reasoning_tokens=30, cached_tokens=8)
STOP = candidate(said(""), reason="STOP", usage=USAGE)


@pytest.fixture
async def server() -> AsyncIterator[FakeGemini]:
    async with FakeGemini() as server:
        yield server


@pytest.fixture
async def provider(server: FakeGemini) -> AsyncIterator[Gemini]:
    provider = made(server.url)
    yield provider
    await provider.close()


def made(url: str, key: str | None = None) -> Gemini:
    return Gemini(Endpoint("gemini", "Google Gemini", url, dialect="gemini"), Access(lambda: key))


def asked(**fields: Any) -> ProviderRequest:
    return replace(question(model=MODEL), **fields)


async def read(content: bytes, content_type: str = "text/event-stream") -> list[Event]:
    """Return the events of a response with this body, whatever was asked."""
    async with FakeServer(bytes_handler(head(content_type=content_type) + content)) as server:
        provider = made(server.url)
        try:
            return await events_of(provider, asked())
        finally:
            await provider.close()


def calls_of(events: Sequence[Event]) -> list[ToolCall]:
    return [event.call for event in events if isinstance(event, ToolCalled)]


class TestAnswers:
    async def test_text_and_usage(self, server: FakeGemini, provider: Gemini) -> None:
        events = await events_of(provider, asked())
        assert events == [TextDelta("Hello"), TextDelta(", world!"), Finished(TOKENS, "stop")]
        (sent,) = server.requests
        assert sent.path == f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
        assert "x-goog-api-key" not in sent.headers

    async def test_thoughts(self) -> None:
        events = await read(
            sse(candidate(said("Let me ", thought=True)), candidate(said("see.", thought=True), said("Four.")), STOP)
        )
        assert events[:3] == [ReasoningDelta("Let me "), ReasoningDelta("see."), TextDelta("Four.")]

    async def test_pictures(self) -> None:
        """As https://ai.google.dev/gemini-api/docs/image-generation has them; those of thoughts are drafts."""
        data = {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}
        draft = {**data, "thought": True}
        events = await read(sse(candidate(draft), candidate(said("Here:"), {**data, "thoughtSignature": "c2ln"}), STOP))
        picture = ImageMade(Image("image/png", b"\x89PNG"))
        assert events == [TextDelta("Here:"), picture, ReasoningDelta("", "c2ln"), Finished(TOKENS, "stop")]
        assert await read(sse(candidate(data), STOP)) == [picture, Finished(TOKENS, "stop")]

    @pytest.mark.parametrize(
        "odd",
        [
            {"mimeType": "image/png", "data": "%%%"},
            {"mimeType": "image/png", "data": 3},
            {"mimeType": "image/png", "data": ""},
            {"mimeType": "image/svg+xml", "data": "iVBORw=="},
            {"mimeType": ["image/png"], "data": "iVBORw=="},
            {"mimeType": "audio/wav", "data": "iVBORw=="},
        ],
    )
    async def test_what_is_no_picture(self, odd: dict[str, Any]) -> None:
        assert await read(sse(candidate(said("Yes"), {"inlineData": odd}), STOP)) == [
            TextDelta("Yes"),
            Finished(TOKENS, "stop"),
        ]

    async def test_the_signature_of_a_text_does_not_cut_it_in_two(self) -> None:
        last = candidate(said("", thoughtSignature="c2ln"), reason="STOP", usage=USAGE)
        events = await read(
            sse(
                candidate(said("Hm", thought=True)),
                candidate(said("**Fo", thoughtSignature="Zmlyc3Q=")),
                candidate(said("ur**")),
                last,
            )
        )
        written = Written()
        for event in events[:-1]:
            assert isinstance(event, TextDelta | ReasoningDelta)
            written.take(event)
        thought, *rest = written.parts
        assert thought.text == "Hm" if isinstance(thought, Reasoning) else None
        assert rest[0] == Text("**Four**")
        assert [part.signature for part in rest[1:] if isinstance(part, Reasoning)] == ["Zmlyc3Q=", "c2ln"]

    async def test_a_thought_may_be_signed_itself(self) -> None:
        events = await read(sse(candidate(said("Hm", thought=True, thoughtSignature="c2ln"), said("Yes")), STOP))
        assert events[:2] == [ReasoningDelta("Hm", "c2ln"), TextDelta("Yes")]

    async def test_parallel_calls(self) -> None:
        events = await read(
            sse(
                candidate(said("Looking.")),
                candidate(call("get_time", {"tz": "Europe/Zürich"}, "fc-1", "c2ln"), call("get_time", {}, "fc-2")),
                STOP,
            )
        )
        assert calls_of(events) == [
            ToolCall("fc-1", "get_time", '{"tz": "Europe/Zürich"}', "c2ln"),
            ToolCall("fc-2", "get_time", "{}"),
        ]
        assert events[-1] == Finished(TOKENS, "tool_calls")

    async def test_calls_without_ids_and_arguments_get_some(self) -> None:
        calls = calls_of(await read(sse(candidate(call("now"), call("now")), STOP)))
        assert [found.arguments for found in calls] == ["{}", "{}"]
        assert len({found.id for found in calls} - {""}) == 2

    async def test_the_signature_of_a_text_comes_before_the_call_behind_it(self) -> None:
        events = await read(
            sse(candidate(said("Well", thoughtSignature="c2ln"), call("now", {}, "1", "Y2FsbA==")), STOP)
        )
        assert events[:3] == [
            TextDelta("Well"),
            ReasoningDelta("", "c2ln"),
            ToolCalled(ToolCall("1", "now", "{}", "Y2FsbA==")),
        ]

    async def test_tools_get_their_own_names_back(self, server: FakeGemini, provider: Gemini) -> None:
        server.chunks = [candidate(call("_1password_get_item", {}, "1")), STOP]
        events = await events_of(provider, asked(tools=[ToolSpec("1password/get item")]))
        assert calls_of(events)[0].name == "1password/get item"

    async def test_cut_off_by_the_limit(self) -> None:
        for part in (said("Fo"), said("Hm", thought=True)):
            assert (await read(sse(candidate(part, reason="MAX_TOKENS", usage=USAGE))))[-1] == Finished(
                TOKENS, "length"
            )
        usage = {"promptTokenCount": 5, "thoughtsTokenCount": 7}
        empty = {"candidates": [{"finishReason": "MAX_TOKENS", "index": 0}], "usageMetadata": usage}
        assert await read(sse(empty)) == [Finished(Usage(5, 7, reasoning_tokens=7), "length")]

    async def test_tokens_of_tools_belong_to_the_input(self) -> None:
        usage = {"promptTokenCount": 5, "toolUsePromptTokenCount": 6, "candidatesTokenCount": 1}
        assert (await read(sse(candidate(said("Yes"), reason="STOP", usage=usage))))[-1] == Finished(Usage(11, 1))

    async def test_a_whole_answer_as_an_array(self) -> None:
        events = await read(json.dumps(HELLO).encode(), "application/json; charset=UTF-8")
        assert (text_of(events), events[-1]) == ("Hello, world!", Finished(TOKENS, "stop"))

    async def test_a_reason_in_every_chunk(self) -> None:
        events = await read(sse(candidate(said("One "), reason="STOP"), candidate(said("two"), reason="STOP")))
        assert text_of(events) == "One two"

    @pytest.mark.parametrize(
        "odd",
        [
            {},
            {"candidates": []},
            {"candidates": None},
            {"candidates": [None]},
            {"candidates": [{"content": None}]},
            {"candidates": [{"content": {"parts": {"text": "x"}}}]},
            {
                "candidates": [
                    {"content": {"parts": [None, 3, {}, {"text": 7}, {"functionCall": {}}, {"thought": True}]}}
                ]
            },
            {"candidates": [{"content": {"parts": [{"functionCall": None}, {"thoughtSignature": 3}]}}]},
            {"candidates": [{"content": {"parts": [{"executableCode": {"code": "1"}}, {"inlineData": {}}]}}]},
            {"candidates": [{"finishReason": 3, "finishMessage": []}]},
            {"usageMetadata": None},
            {"usageMetadata": {"promptTokenCount": "many", "candidatesTokenCount": -1}},
            {"promptFeedback": None},
            {"promptFeedback": {"blockReason": "BLOCK_REASON_UNSPECIFIED", "safetyRatings": []}},
            {"error": None},
            [],
            None,
            3,
        ],
    )
    async def test_odd_chunks_do_no_harm(self, odd: Any) -> None:
        good = candidate(said("Yes"), reason="STOP", usage=USAGE)
        events = await read(sse(json.dumps(odd), good, json.dumps(odd), "", " "))
        assert (text_of(events), events[-1]) == ("Yes", Finished(TOKENS, "stop"))

    async def test_blank_and_last_data(self) -> None:
        assert text_of(await read(b": keep\n\ndata:\n\n" + sse(*HELLO, "[DONE]"))) == "Hello, world!"


class TestStreams:
    async def test_a_finished_answer_does_not_wait_for_its_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gemini, "AFTER_FINISH_SECONDS", 0.05)

        async def handle(exchange: Exchange) -> None:
            await exchange.send(head(content_type="text/event-stream"), sse(*HELLO))
            await exchange.gone.wait()

        async with FakeServer(handle) as server:
            provider = made(server.url)
            assert (await events_of(provider, asked()))[-1] == Finished(TOKENS, "stop")
            await asyncio.wait_for(server.all_gone.wait(), 1)
            await provider.close()

    @pytest.mark.parametrize("bad", ["{", "nonsense", "{'a': 1}", "[" * 100_000])
    async def test_a_broken_chunk(self, bad: str) -> None:
        with pytest.raises(AnswerBroken) as caught:
            await read(sse(HELLO[0]) + b"data: " + bad.encode() + b"\n\n" + sse(HELLO[-1]))
        assert bad[:10] in caught.value.detail

    @pytest.mark.parametrize(
        ("content_type", "kind"),
        [
            ("text/event-stream", AnswerBroken),
            ("application/json", AnswerBroken),
            ("text/html; charset=utf-8", AddressWrong),
        ],
    )
    async def test_nothing_or_a_web_page(self, content_type: str, kind: type[ChatError]) -> None:
        for content in (b"", b"<html><title>Log in</title></html>"):
            with pytest.raises(kind):
                await read(content, content_type)


class TestEnds:
    @pytest.mark.parametrize(
        "reason", ["SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"]
    )
    async def test_withheld(self, reason: str) -> None:
        thought = candidate(said("Hm", thought=True))
        with pytest.raises(AnswerWithheld) as caught:
            await read(sse(thought, {"candidates": [{"finishReason": reason, "finishMessage": "No.", "index": 0}]}))
        assert caught.value.detail == f"{reason}: No."
        events = await read(sse(candidate(said("Well,")), candidate(reason=reason, usage=USAGE)))
        assert events == [TextDelta("Well,"), Finished(TOKENS, "filtered")]

    @pytest.mark.parametrize(
        "reason", ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "NEW_ONE"]
    )
    async def test_a_blocked_prompt(self, reason: str) -> None:
        block: dict[str, Any] = {"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 9}}
        with pytest.raises(AnswerWithheld) as caught:
            await read(sse(block))
        assert caught.value.detail == reason
        block["promptFeedback"]["blockReasonMessage"] = "Blocked by Google"
        with pytest.raises(AnswerWithheld, match="Put the question another way") as caught:
            await read(sse(block))
        assert caught.value.detail == f"{reason}: Blocked by Google"

    @pytest.mark.parametrize(
        "reason",
        [
            "MALFORMED_FUNCTION_CALL",
            "UNEXPECTED_TOOL_CALL",
            "TOO_MANY_TOOL_CALLS",
            "MISSING_THOUGHT_SIGNATURE",
            "OTHER",
        ],
    )
    async def test_faults(self, reason: str) -> None:
        message = "Malformed function call: print(default_api.get_time("
        with pytest.raises(AnswerEmpty) as caught:
            await read(sse(candidate(reason=reason, finishMessage=message)))
        assert caught.value.detail == f"{reason}: {message}"
        with pytest.raises(AnswerBroken) as broken:
            await read(sse(candidate(said("Well,")), candidate(reason=reason)))
        assert broken.value.detail == reason

    @pytest.mark.parametrize("parts", [[], [said("")], [said(" \n")], [said("Hm", thought=True)]])
    async def test_an_empty_answer(self, parts: list[dict[str, Any]]) -> None:
        with pytest.raises(AnswerEmpty):
            await read(sse(candidate(*parts, reason="STOP", usage=USAGE)))


EXPIRED = google_error(400, "INVALID_ARGUMENT", "API key expired. Renew the API key.", error_info("API_KEY_INVALID"))
LEAKED = google_error(403, "PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key.")
PLACE = google_error(400, "FAILED_PRECONDITION", "User location is not supported for the API use.")
BILLING = google_error(
    400,
    "FAILED_PRECONDITION",
    "Gemini API free tier is not available in your country. Please enable billing on your project in Google AI Studio.",
)
DEPLETED = google_error(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted. Please go to AI Studio.")
LONG = "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."
GONE = "This model models/gemini-2.5-flash is no longer available to new users. Please update your code."
ERRORS: list[tuple[int, Any, type[ChatError]]] = [
    (400, google_error(400, "INVALID_ARGUMENT", "Invalid JSON payload received."), RequestRefused),
    (400, google_error(400, "INVALID_ARGUMENT", LONG), PromptTooLong),
    (400, EXPIRED, KeyRefused),
    (400, PLACE, RegionRefused),
    (400, BILLING, NoCredit),
    (401, google_error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."), KeyRefused),
    (403, LEAKED, KeyRefused),
    (404, google_error(404, "NOT_FOUND", "models/x is not found for API version v1beta."), ModelUnknown),
    (404, google_error(404, "NOT_FOUND", GONE), ModelRetired),
    (404, "<html><title>Error 404 (Not Found)!!1</title></html>", AddressWrong),
    (429, google_error(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."), RateLimited),
    (429, quota_error(20, "38.9s"), RateLimited),
    (429, quota_error(0, "38.9s"), NoCredit),
    (429, DEPLETED, NoCredit),
    (429, google_error(429, "RESOURCE_EXHAUSTED", "No capacity", error_info("MODEL_CAPACITY_EXHAUSTED")), Overloaded),
    (499, google_error(499, "CANCELLED", "The operation was cancelled."), ProviderFailed),
    (500, google_error(500, "INTERNAL", "An internal error has occurred."), ProviderFailed),
    (503, google_error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."), Overloaded),
    (504, google_error(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."), ProviderFailed),
]


class TestErrors:
    @pytest.mark.parametrize(("status", "body", "kind"), ERRORS)
    async def test_instead_of_an_answer(
        self, server: FakeGemini, status: int, body: Any, kind: type[ChatError]
    ) -> None:
        for form in (body, [body]) if isinstance(body, dict) else (body,):
            server.error = status, form
            provider = made(server.url, "some-key")
            _, error = await events_until_error(provider, asked())
            assert type(error) is kind
            assert error.detail
            await provider.close()

    @pytest.mark.parametrize(("status", "body", "kind"), [row for row in ERRORS if isinstance(row[1], dict)])
    async def test_in_the_middle_of_one(self, status: int, body: Any, kind: type[ChatError]) -> None:
        """They come as an event, or as plain JSON over several lines."""
        for content in (sse(body), json.dumps(body, indent=2).encode(), json.dumps([body]).encode() + b"\n\n"):
            async with FakeServer(
                bytes_handler(head(content_type="text/event-stream") + sse(HELLO[0]) + content)
            ) as it:
                provider = made(it.url, "some-key")
                events, error = await events_until_error(provider, asked())
                assert events == [TextDelta("Hello")]
                assert type(error) is kind
                assert error.detail
                await provider.close()

    async def test_when_to_ask_again(self, server: FakeGemini, provider: Gemini) -> None:
        refusals: list[tuple[Any, float | None]] = [
            (quota_error(20, "38.962214405s"), 38.962214405),
            (quota_error(0, "7s"), None),  # waiting does not help
            (google_error(503, "UNAVAILABLE", "Overloaded", retry_info("0.5s")), 0.5),
            (google_error(429, "RESOURCE_EXHAUSTED", "Slow down", retry_info("soon"), {"retryDelay": 3}), None),
            ({"error": {"code": 429, "details": {"retryDelay": "1s"}}}, None),
        ]
        for body, seconds in refusals:
            server.error = body["error"]["code"], body
            _, error = await events_until_error(provider, asked())
            assert isinstance(error, ProviderError)
            assert error.retry_after == seconds
        late = sse(HELLO[0], quota_error(20, "3s"))
        async with FakeServer(bytes_handler(head(content_type="text/event-stream") + late)) as it:
            provider = made(it.url)
            _, error = await events_until_error(provider, asked())
            assert isinstance(error, RateLimited)
            assert error.retry_after == 3.0
            await provider.close()

    async def test_keys(self, server: FakeGemini) -> None:
        server.key = "right"
        for key, kind in ((None, KeyMissing), ("wrong", KeyRefused)):
            provider = made(server.url, key)
            with pytest.raises(kind):
                await events_of(provider, asked())
            with pytest.raises(kind):
                await provider.models()
            with pytest.raises(kind):
                await provider.embed(MODEL, ["x"])
            await provider.close()
        provider = made(server.url, "right")
        assert text_of(await events_of(provider, asked())) == "Hello, world!"
        assert all("right" not in request.path for request in server.requests)
        await provider.close()

    async def test_an_unknown_model(self, provider: Gemini) -> None:
        with pytest.raises(ModelUnknown, match="gemini/nope"):
            await events_of(provider, question(model="nope"))

    async def test_nothing_listens(self) -> None:
        provider = made(f"http://127.0.0.1:{unused_port()}/v1beta")
        with pytest.raises(ProviderUnreachable, match="Google Gemini cannot be reached"):
            await events_of(provider, asked())
        await provider.close()

    async def test_errors_that_are_no_errors_of_google(self) -> None:
        for body in ({"error": "stopped"}, {"error": {"code": "x", "details": [None, 3]}}, {"error": [1]}):
            with pytest.raises(ProviderFailed):
                await read(sse(body))


class TestStop:
    @pytest.mark.parametrize("closes", [True, False])
    async def test_the_connection_is_freed_at_once(self, server: FakeGemini, provider: Gemini, closes: bool) -> None:
        server.hold = asyncio.Event()
        if closes:
            stream = provider.stream(asked())
            assert await anext(stream) == TextDelta("Hello")
            await stream.aclose()
        else:
            task = asyncio.create_task(events_of(provider, asked()))
            while not server.requests:
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await asyncio.wait_for(server.all_gone.wait(), 1)


class TestEmbedding:
    async def test_in_batches_of_a_hundred(self, server: FakeGemini, provider: Gemini) -> None:
        server.models = [listed("gemini-embedding-2", "embedContent", "countTokens")]
        embedder: Embedder = provider
        vectors = await embedder.embed("gemini-embedding-2", ["x" * size for size in range(1, 251)])
        assert vectors == [[float(size), 0.5] for size in range(1, 251)]
        assert [len(request.json["requests"]) for request in server.requests] == [100, 100, 50]
        assert server.requests[0].json["requests"][0] == {
            "model": "models/gemini-embedding-2",
            "content": {"parts": [{"text": "x"}]},
        }
        assert await provider.embed("gemini-embedding-2", []) == []
        await provider.embed("gemini-embedding-2", ["x"], 2)
        assert server.requests[-1].json["requests"][0]["outputDimensionality"] == 2

    @pytest.mark.parametrize(
        "body", [{}, {"embeddings": []}, {"embeddings": [{"values": ["a"]}]}, {"embeddings": [None]}, [], "text"]
    )
    async def test_odd_answers(self, body: Any) -> None:
        async with FakeServer(bytes_handler(response(json.dumps(body)))) as server:
            provider = made(server.url)
            with pytest.raises(AnswerBroken):
                await provider.embed(MODEL, ["x"])
            await provider.close()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("https://generativelanguage.googleapis.com", "https://generativelanguage.googleapis.com/v1beta"),
        ("generativelanguage.googleapis.com/", "https://generativelanguage.googleapis.com/v1beta"),
        ("https://generativelanguage.googleapis.com/v1beta/", "https://generativelanguage.googleapis.com/v1beta"),
        (
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-3.8-flash:generateContent?key=x",
            "https://generativelanguage.googleapis.com/v1beta",
        ),
        (
            "https://generativelanguage.googleapis.com/v1beta/openai/",
            "https://generativelanguage.googleapis.com/v1beta",
        ),
        ("localhost:8080", "http://localhost:8080/v1beta"),
        ("https://proxy.example.com/gemini/v1", "https://proxy.example.com/gemini/v1"),
        ("", ""),
    ],
)
def test_base_urls_as_people_type_them(typed: str, expected: str) -> None:
    assert base_url(typed) == expected


async def test_reasoning_is_apart(server: FakeGemini, provider: Gemini) -> None:
    server.chunks = [candidate(said("Hm", thought=True)), *HELLO]
    events = await events_of(provider, asked())
    assert (reasoning_of(events), text_of(events)) == ("Hm", "Hello, world!")

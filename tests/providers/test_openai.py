import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from parley.errors import (
    AddressWrong,
    AnswerBroken,
    AnswerEmpty,
    ChatError,
    KeyMissing,
    KeyRefused,
    ModelUnknown,
    Overloaded,
    PromptTooLong,
    ProviderFailed,
    ProviderUnreachable,
    RateLimited,
    RequestRefused,
)
from parley.events import Event, Finished, ReasoningDelta, Status, TextDelta
from parley.messages import Role, Usage
from parley.providers import openai
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.providers.openai import OpenAI
from tests.fakes import FakeOpenAI, Reply
from tests.providers.helpers import events_of, events_until_error, question, reasoning_of, said, text_of
from tests.providers.sockets import (
    Exchange,
    FakeServer,
    bytes_handler,
    chunk,
    head,
    openai_error,
    sse,
    unused_port,
)

LOADING = {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI("fake-model") as server:
        yield server


@pytest.fixture
async def provider(server: FakeOpenAI) -> AsyncIterator[OpenAI]:
    provider = OpenAI(Endpoint("box", "Box", server.url), Access())
    yield provider
    await provider.close()


async def read(content: bytes, content_type: str = "text/event-stream") -> list[Event]:
    """Return the events of a response with this body, whatever was asked."""
    async with FakeServer(bytes_handler(head(content_type=content_type) + content)) as server:
        provider = OpenAI(Endpoint("box", "Box", server.url), Access())
        try:
            return await events_of(provider, question())
        finally:
            await provider.close()


def delta(reason: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": reason}]}


class TestAnswers:
    async def test_text_and_usage(self, server: FakeOpenAI, provider: OpenAI) -> None:
        events = await events_of(provider, question())
        texts = [TextDelta("Hello"), TextDelta(", "), TextDelta("world"), TextDelta("!")]
        assert events == [*texts, Finished(Usage(input_tokens=11, output_tokens=4), "stop")]
        sent = server.requests[0]
        assert sent.json == {
            "model": "fake-model",
            "messages": [{"role": "user", "content": "Hi"}],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        assert "authorization" not in sent.headers

    async def test_the_conversation_is_sent(self, server: FakeOpenAI, provider: OpenAI) -> None:
        turns = [said(Role.USER, "One"), said(Role.ASSISTANT, "Two"), said(Role.USER, "Three"), said(Role.USER, "Four")]
        await events_of(provider, ProviderRequest("fake-model", turns, "Be brief."))
        assert server.requests[0].json["messages"] == [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "One"},
            {"role": "assistant", "content": "Two"},
            {"role": "user", "content": "Three\n\nFour"},
        ]

    async def test_reasoning(self, server: FakeOpenAI, provider: OpenAI) -> None:
        server.reply = Reply(thinking=("Let me ", "see."), pieces=("Four", "."))
        events = await events_of(provider, question())
        assert (reasoning_of(events), text_of(events)) == ("Let me see.", "Four.")
        assert isinstance(events[0], ReasoningDelta)

    @pytest.mark.parametrize("fields", [{"reasoning": "Hm"}, {"reasoning_content": "Hm", "reasoning": "Hm"}])
    async def test_other_names_of_reasoning(self, fields: dict[str, str]) -> None:
        events = await read(sse(delta(**fields, content=None), delta("stop", content="Yes"), "[DONE]"))
        assert events[:2] == [ReasoningDelta("Hm"), TextDelta("Yes")]

    async def test_think_tags_cut_everywhere(self, server: FakeOpenAI, provider: OpenAI) -> None:
        text = "<think>\nLet me see.</think>\n\nFour."
        for at in range(len(text)):
            server.reply = Reply(pieces=(text[:at], text[at:]))
            events = await events_of(provider, question())
            assert (reasoning_of(events), text_of(events)) == ("Let me see.", "Four.")

    async def test_content_in_parts(self) -> None:
        thinking = [
            {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
            {"type": "thinking", "thinking": "m"},
        ]
        parts = [{"type": "text", "text": "Yes"}, {"type": "image"}, "odd"]
        events = await read(sse(delta(content=thinking), delta(content=parts), delta("stop"), "[DONE]"))
        assert events[:-1] == [ReasoningDelta("Hm"), ReasoningDelta("m"), TextDelta("Yes")]

    async def test_a_refusal_is_text(self) -> None:
        assert text_of(await read(sse(delta("stop", refusal="I cannot."), "[DONE]"))) == "I cannot."

    async def test_cut_off_by_the_limit(self, server: FakeOpenAI, provider: OpenAI) -> None:
        server.reply = Reply(reason="length")
        assert (await events_of(provider, question()))[-1] == Finished(Usage(11, 4), "length")
        server.reply = Reply(reason="length", pieces=(), thinking=("Hmm",))
        assert (await events_of(provider, question()))[-1] == Finished(Usage(11, 1), "length")

    async def test_timings_of_llamacpp(self) -> None:
        timings = {"cache_n": 4, "prompt_n": 2, "prompt_ms": 250.0, "predicted_n": 28, "predicted_ms": 750}
        events = await read(sse(delta(content="Yes"), delta("stop") | {"timings": timings}, "[DONE]"))
        assert events[-1] == Finished(Usage(6, 28, first_token_seconds=0.25, seconds=1.0), "stop")

    async def test_tokens_of_reasoning(self) -> None:
        usage = {"prompt_tokens": 9, "completion_tokens": 30, "completion_tokens_details": {"reasoning_tokens": 21}}
        events = await read(sse(delta(content="Yes"), delta("stop") | {"usage": usage}, "[DONE]"))
        assert events[-1] == Finished(Usage(9, 30, reasoning_tokens=21), "stop")

    async def test_a_whole_answer_at_once(self) -> None:
        message = {"role": "assistant", "content": "<think>Hm</think>Yes", "reasoning_content": None}
        body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3}}
        events = await read(json.dumps(body).encode(), "application/json; charset=utf-8")
        assert events == [ReasoningDelta("Hm"), TextDelta("Yes"), Finished(Usage(3), "stop")]

    @pytest.mark.parametrize(
        "odd",
        [
            {},
            {"choices": []},
            {"choices": None},
            {"choices": [None]},
            {"choices": [{"delta": None}]},
            {"choices": [{"delta": {"content": 7, "reasoning": {}}}]},
            {"choices": {"0": 1}},
            {"usage": None},
            {"usage": {"prompt_tokens": "many", "completion_tokens": -1}},
            {"timings": {"prompt_ms": None, "prompt_n": None}},
            [],
            None,
            3,
        ],
    )
    async def test_odd_chunks_do_no_harm(self, odd: Any) -> None:
        events = await read(sse(json.dumps(odd), delta("stop", content="Yes"), json.dumps(odd), "[DONE]"))
        assert text_of(events) == "Yes"
        assert isinstance(events[-1], Finished)

    async def test_blank_data_keeps_alive(self) -> None:
        assert text_of(await read(b"data: \n\n" + sse(delta(content="Yes"), "", " ", "[DONE]"))) == "Yes"

    async def test_comments_keep_alive(self) -> None:
        events = await read(
            b": OPENROUTER PROCESSING\n\n" + sse(delta("stop", content="Yes"), "[DONE]", end="\r\n\r\n")
        )
        assert text_of(events) == "Yes"


class TestEnds:
    RECORDING = sse(delta(role="assistant", content=""), delta(content="café"), delta(content=" 🙂"), delta("stop"))
    USAGE = sse({"choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 3}}, "[DONE]")

    async def test_cut_at_every_byte(self) -> None:
        """Either the answer is there, or it is told to be broken; what came first is the beginning of it."""
        recording = self.RECORDING + self.USAGE
        async with FakeServer() as server:
            provider = OpenAI(Endpoint("box", "Box", server.url), Access())
            for chunked in (True, False):
                for at in range(len(recording)):
                    await self._check_cut(server, provider, recording[:at], chunked=chunked)
            await provider.close()

    async def _check_cut(self, server: FakeServer, provider: OpenAI, content: bytes, *, chunked: bool) -> None:
        start = head(content_type="text/event-stream")
        if chunked:
            start = head(content_type="text/event-stream", transfer_encoding="chunked")
        server.handler = bytes_handler(start + (chunk(content) if chunked and content else content))
        events, error = await events_until_error(provider, question())
        if error:
            assert isinstance(error, AnswerBroken)
            assert "café 🙂".startswith(text_of(events))
        else:
            assert text_of(events) == "café 🙂"
            assert isinstance(events[-1], Finished)
            # The finish is told by the last delta, be its blank line there or not.
            assert len(content) >= len(self.RECORDING) - 2

    async def test_the_end_without_done_is_no_failure(self) -> None:
        assert text_of(await read(self.RECORDING)) == "café 🙂"
        assert text_of(await read(sse(delta(content="Yes"), "[DONE]"))) == "Yes"

    async def test_a_finished_answer_does_not_wait_for_its_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(openai, "AFTER_FINISH_SECONDS", 0.05)

        async def handle(exchange: Exchange) -> None:
            await exchange.send(head(content_type="text/event-stream"), self.RECORDING)
            await exchange.gone.wait()

        async with FakeServer(handle) as server:
            provider = OpenAI(Endpoint("box", "Box", server.url), Access())
            events = await events_of(provider, question())
            assert events[-1] == Finished(None, "stop")
            await asyncio.wait_for(server.all_gone.wait(), 1)
            await provider.close()

    @pytest.mark.parametrize("bad", ["{", "nonsense", "{'a': 1}", "[" * 100_000])
    async def test_a_broken_chunk(self, bad: str) -> None:
        with pytest.raises(AnswerBroken) as caught:
            await read(sse(delta(content="Yes")) + b"data: " + bad.encode() + b"\n\n" + sse("[DONE]"))
        assert bad[:10] in caught.value.detail

    async def test_a_web_page_instead(self) -> None:
        with pytest.raises(AddressWrong, match="Something answers"):
            await read(b"<html>Log in</html>", "text/html; charset=utf-8")

    @pytest.mark.parametrize(
        "content",
        [
            sse(delta(role="assistant", content=""), delta("stop"), "[DONE]"),
            sse(delta("stop", content=" \n")),
            sse(delta(reasoning="Hmm"), delta("stop")),
            sse("[DONE]"),
        ],
    )
    async def test_an_empty_answer(self, content: bytes) -> None:
        with pytest.raises(AnswerEmpty):
            await read(content)

    async def test_an_empty_answer_says_why(self) -> None:
        with pytest.raises(AnswerEmpty) as caught:
            await read(sse(delta("abort"), "[DONE]"))
        assert caught.value.detail == "abort"

    async def test_nothing_at_all(self) -> None:
        for content_type in ("text/event-stream", "application/json"):
            with pytest.raises(AnswerBroken):
                await read(b"", content_type)

    async def test_invalid_utf8(self) -> None:
        events = await read(b'data: {"choices":[{"delta":{"content":"a\xffb"},"finish_reason":"stop"}]}\n\n')
        assert text_of(events) == "a\ufffdb"


class TestErrors:
    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            ({"error": {"message": "Overloaded", "type": "overloaded_error"}}, Overloaded),
            ({"error": {"message": "Provider returned error", "code": 502}}, ProviderFailed),
            ({"error": {"message": "Rate limited", "code": 429}}, RateLimited),
            ({"error": "the runner stopped"}, ProviderFailed),
            (
                {"error": {"code": 500, "message": "context size has been exceeded", "type": "server_error"}},
                PromptTooLong,
            ),
            ({"object": "error", "message": "bad request", "type": "BadRequestError", "code": 400}, RequestRefused),
            (delta("error", content="") | {"error": {"code": "server_error", "message": "went away"}}, ProviderFailed),
        ],
    )
    async def test_an_error_in_the_stream(
        self, server: FakeOpenAI, provider: OpenAI, error: Any, kind: type[ChatError]
    ) -> None:
        server.reply = Reply(late_error=error)
        events, caught = await events_until_error(provider, question())
        assert text_of(events) == "Hello, world!"
        assert type(caught) is kind
        assert caught.detail
        assert len(server.requests) == 1

    async def test_an_error_instead_of_a_whole_answer(self) -> None:
        with pytest.raises(RateLimited):
            await read(json.dumps({"error": {"message": "slow down", "code": 429}}).encode(), "application/json")

    async def test_keys(self, server: FakeOpenAI) -> None:
        server.key = "right"
        for key, kind in ((None, KeyMissing), ("wrong", KeyRefused)):
            provider = OpenAI(Endpoint("box", "Box", server.url), Access(lambda key=key: key))  # type: ignore[misc]
            with pytest.raises(kind):
                await events_of(provider, question())
            with pytest.raises(kind):
                await provider.models()
            await provider.close()
        provider = OpenAI(Endpoint("box", "Box", server.url), Access(lambda: "right"))
        assert text_of(await events_of(provider, question())) == "Hello, world!"
        await provider.close()

    async def test_an_unknown_model(self, provider: OpenAI) -> None:
        with pytest.raises(ModelUnknown, match="box/nope"):
            await events_of(provider, question(model="nope"))

    async def test_too_long(self, server: FakeOpenAI, provider: OpenAI) -> None:
        body = openai_error("This model's maximum context length is 8192 tokens.", code="context_length_exceeded")
        server.reply = Reply(error=(400, body))
        with pytest.raises(PromptTooLong, match="box/fake-model"):
            await events_of(provider, question())

    async def test_nothing_listens(self) -> None:
        provider = OpenAI(Endpoint("box", "Box", f"http://127.0.0.1:{unused_port()}/v1"), Access())
        with pytest.raises(ProviderUnreachable, match="Box cannot be reached"):
            await events_of(provider, question())
        await provider.close()


class TestOldServers:
    async def test_the_usage_option_is_left_away_where_it_is_refused(
        self, server: FakeOpenAI, provider: OpenAI
    ) -> None:
        server.takes_usage_option = False
        events = await events_of(provider, question())
        assert events[-1] == Finished(None, "stop")
        assert ["stream_options" in request.json for request in server.requests] == [True, False]
        await events_of(provider, question())
        assert "stream_options" not in server.requests[2].json

    async def test_another_refusal_stays_one(self, server: FakeOpenAI, provider: OpenAI) -> None:
        server.reply = Reply(error=(400, openai_error("No such thing")))
        with pytest.raises(RequestRefused, match="refused the request"):
            await events_of(provider, question())
        server.reply = Reply()
        assert (await events_of(provider, question()))[-1] == Finished(Usage(11, 4), "stop")

    async def test_a_model_that_is_being_loaded(
        self, server: FakeOpenAI, provider: OpenAI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(openai, "LOADING_LOOK_SECONDS", 0.01)
        server.reply = Reply(error=(503, LOADING))
        events: list[Event] = []
        async for event in provider.stream(question()):
            events.append(event)
            if len(server.requests) >= 1:
                server.reply = Reply()
        assert events[0] == Status("loading", "Loading the model")
        assert [event for event in events if isinstance(event, Status)] == events[:1]
        assert text_of(events) == "Hello, world!"


class TestStop:
    async def test_closing_frees_the_connection_at_once(self, server: FakeOpenAI, provider: OpenAI) -> None:
        server.reply = Reply(hold=asyncio.Event(), hold_at=2)
        stream = provider.stream(question())
        assert await anext(stream) == TextDelta("Hello")
        await stream.aclose()
        await asyncio.wait_for(server.all_gone.wait(), 1)

    @pytest.mark.parametrize("hold_at", [0, 2])
    async def test_cancelling_frees_it_too(self, server: FakeOpenAI, provider: OpenAI, hold_at: int) -> None:
        server.reply = Reply(hold=asyncio.Event(), hold_at=hold_at)
        task = asyncio.create_task(events_of(provider, question()))
        while not server.requests:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.all_gone.wait(), 1)

    async def test_ten_megabytes_are_sent(self, server: FakeOpenAI, provider: OpenAI) -> None:
        await events_of(provider, question("word " * 2_000_000))
        assert len(server.requests[0].json["messages"][0]["content"]) == 10_000_000

"""The Responses API, at OpenAI's own address and at Azure's."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from parley.errors import (
    AddressWrong,
    AnswerBroken,
    AnswerEmpty,
    AnswerWithheld,
    ChatError,
    ConnectionLost,
    KeyMissing,
    PromptTooLong,
    ProviderFailed,
    RateLimited,
)
from parley.events import Event, Finished, ImageMade, ReasoningDelta, TextDelta, ToolCalled
from parley.messages import Image, Message, MessageStatus, Part, Reasoning, Role, Text, ToolCall, ToolResult, Usage
from parley.models import Parameters, ToolSpec
from parley.providers import azure
from parley.providers.azure import Azure
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.providers.openai import OpenAI
from parley.providers.openai_chat import GO_ON
from parley.providers.openai_rows import OPENAI
from tests.providers.helpers import Player, events_of, question, reasoning_of, text_of
from tests.providers.recordings import CALLS, CHATS, MESSAGE, RESPONSES, THOUGHT, TOKENS, event, response
from tests.providers.sockets import Exchange, FakeServer, head, openai_error

MODEL = "gpt-5.5"
CALLED = [ToolCall(item["call_id"], item["name"], item["arguments"]) for item in CALLS]
COUNTED = Usage(37, 11, reasoning_tokens=5, cached_tokens=7, cache_writing_tokens=2)
BEGUN = event("response.created", response=response("in_progress"))
KEPT = {name: THOUGHT[name] for name in ("id", "type", "encrypted_content", "summary")}


class Vendor(FakeServer):
    """Sends a recording to whoever asks for a response, and another one to whoever asks for a chat completion."""

    def __init__(
        self, recording: bytes = RESPONSES["thought and text"], content_type: str = "text/event-stream"
    ) -> None:
        super().__init__()
        self.recording = recording
        self.content_type = content_type

    async def answer(self, exchange: Exchange) -> None:
        path = exchange.request.path
        if path.endswith("/responses"):
            await exchange.send(head(content_type=self.content_type), self.recording)
        elif path.endswith("/chat/completions"):
            await exchange.send(head(content_type="text/event-stream"), CHATS["text"])
        else:
            await super().answer(exchange)


@pytest.fixture
async def server() -> AsyncIterator[Vendor]:
    async with Vendor() as server:
        yield server


@pytest.fixture
async def provider(server: Vendor) -> AsyncIterator[OpenAI]:
    provider = OpenAI(Endpoint("openai", "OpenAI", server.url), Access(), OPENAI)
    yield provider
    await provider.close()


def message(role: Role, *parts: Part) -> Message:
    return Message("m", "c", None, role, parts, MessageStatus.COMPLETE, 0.0)


async def read(*events: bytes, content_type: str = "text/event-stream") -> tuple[list[Event], ChatError | None]:
    """Return the events of an answer, and the error that ended it."""
    provider = OpenAI(Endpoint("openai", "OpenAI", "http://127.0.0.1"), Access(), OPENAI)
    try:
        return await Player(provider, content_type).play(question(model=MODEL), b"".join(events))
    finally:
        await provider.close()


class TestAnswers:
    async def test_thought_and_text(self, provider: OpenAI) -> None:
        events = await events_of(provider, question(model=MODEL))
        assert reasoning_of(events) == "Let me see.\n\nNow."
        assert text_of(events) == "Grüße 🙂"
        (sealed,) = [event for event in events if isinstance(event, ReasoningDelta) and event.signature]
        assert json.loads(sealed.signature) == {"provider": "openai", "items": [KEPT]}
        assert events.index(sealed) < events.index(TextDelta("Grüße"))
        assert events[-1] == Finished(COUNTED, "stop")

    async def test_tools(self, server: Vendor, provider: OpenAI) -> None:
        server.recording = RESPONSES["thought and tools"]
        events = await events_of(provider, question(model=MODEL))
        assert [event.call for event in events if isinstance(event, ToolCalled)] == CALLED
        assert events[-1] == Finished(COUNTED, "tool_calls")

    async def test_cut_off(self, server: Vendor, provider: OpenAI) -> None:
        server.recording = RESPONSES["cut off"]
        assert (await events_of(provider, question(model=MODEL)))[-1] == Finished(COUNTED, "length")

    async def test_a_whole_answer_at_once(self) -> None:
        whole = response("completed", THOUGHT, MESSAGE, *CALLS, usage=TOKENS)
        events, _ = await read(json.dumps(whole).encode(), content_type="application/json")
        assert (reasoning_of(events), text_of(events)) == ("Let me see.\n\nNow.", "Grüße 🙂")
        assert events[-1] == Finished(COUNTED, "tool_calls")

    async def test_items_that_come_without_their_pieces(self) -> None:
        done = [event("response.output_item.done", output_index=0, item=item) for item in (THOUGHT, MESSAGE)]
        events, _ = await read(BEGUN, *done, event("response.completed", response=response("completed", usage=TOKENS)))
        assert (reasoning_of(events), text_of(events)) == ("Let me see.\n\nNow.", "Grüße 🙂")

    async def test_a_picture(self) -> None:
        """As https://developers.openai.com/api/docs/guides/tools-image-generation has it. None is asked for."""
        item = {"id": "ig_1", "type": "image_generation_call", "status": "completed", "result": "iVBORw=="}
        for form, media_type in ((None, "image/png"), ("webp", "image/webp")):
            done = item | ({"output_format": form} if form else {})
            parts = (
                event("response.output_item.done", output_index=0, item=done),
                event("response.completed", response=response("completed", done)),
            )
            events, error = await read(*parts)
            assert (events, error) == ([ImageMade(Image(media_type, b"\x89PNG")), Finished(None, "stop")], None)

    async def test_a_refusal_is_text(self) -> None:
        refused = event("response.refusal.delta", item_id="m", output_index=0, content_index=0, delta="I cannot.")
        events, _ = await read(BEGUN, refused, event("response.completed", response=response("completed")))
        assert events == [TextDelta("I cannot."), Finished(None, "stop")]

    async def test_wherever_the_bytes_are_cut(self) -> None:
        short = (
            event("response.reasoning_summary_text.delta", delta="Hm")
            + event("response.output_text.delta", delta="Grüße 🙂")
            + event("response.completed", response={"usage": {"input_tokens": 3}})
        )
        provider = OpenAI(Endpoint("openai", "OpenAI", "http://127.0.0.1"), Access(), OPENAI)
        player = Player(provider)
        whole, _ = await player.play(question(model=MODEL), short)
        assert whole == [ReasoningDelta("Hm"), TextDelta("Grüße 🙂"), Finished(Usage(3), "stop")]
        for at in range(len(short)):
            events, error = await player.play(question(model=MODEL), short[:at])
            assert events == (whole[: len(events)] if error else whole)
            assert error is None or type(error) in (AnswerBroken, ConnectionLost)
            assert await player.play(question(model=MODEL), short[:at], short[at:]) == (whole, None)
        await provider.close()

    @pytest.mark.parametrize(
        "odd",
        [
            event("response.something.new", delta="x", item=3),
            event("response.output_text.delta", delta=None),
            event("response.output_text.delta", delta=["x"]),
            event("response.output_item.done", item=None),
            event("response.output_item.done", item={"type": "function_call", "call_id": 3}),
            event("response.output_item.done", item={"type": "reasoning", "summary": 7, "encrypted_content": 8}),
            event("response.output_item.done", item={"type": "message", "content": [None, {"text": 3}]}),
            b"data: []\n\ndata: 3\n\ndata: {}\n\n",
        ],
    )
    async def test_odd_events_do_no_harm(self, odd: bytes) -> None:
        said = event("response.output_text.delta", delta="Yes")
        events, error = await read(BEGUN, odd, said, odd, event("response.completed", response=None))
        assert (events, error) == ([TextDelta("Yes"), Finished(None, "stop")], None)


class TestErrors:
    @pytest.mark.parametrize(
        ("last", "kind"),
        [
            (event("error", code="server_error", message="Sorry", param=None), ProviderFailed),
            (event("error", error={"code": "rate_limit_exceeded", "message": "Slow"}), RateLimited),
            (
                event("response.failed", response=response("failed", error={"code": "server_error", "message": "x"})),
                ProviderFailed,
            ),
            (
                event(
                    "response.failed",
                    response=response("failed", error={"code": "context_length_exceeded", "message": "Too long"}),
                ),
                PromptTooLong,
            ),
            (event("response.failed", response=None), ProviderFailed),
            (b"", ConnectionLost),
        ],
    )
    async def test_what_went_wrong(self, last: bytes, kind: type[ChatError]) -> None:
        events, error = await read(BEGUN, event("response.output_text.delta", delta="Well"), last)
        assert (text_of(events), type(error)) == ("Well", kind)

    async def test_safety(self) -> None:
        """`invalid_prompt`, and an answer that is not complete because of `content_filter`."""
        flagged = {"code": "invalid_prompt", "message": "flagged as potentially violating our usage policy"}
        failed = event("response.failed", response=response("failed", error=flagged))
        incomplete = response("incomplete", incomplete_details={"reason": "content_filter"})
        for last in (failed, event("response.incomplete", response=incomplete)):
            _, error = await read(BEGUN, last)
            assert type(error) is AnswerWithheld
            events, error = await read(BEGUN, event("response.output_text.delta", delta="Well"), last)
            assert (events[-1], error) == (Finished(None, "filtered"), None)

    async def test_nothing_said(self) -> None:
        _, error = await read(BEGUN, event("response.completed", response=response("completed")))
        assert type(error) is AnswerEmpty


class TestRequests:
    async def sent(self, server: Vendor, provider: OpenAI, request: ProviderRequest) -> dict[str, Any]:
        await events_of(provider, request)
        body: dict[str, Any] = server.requests[-1].json
        return body

    async def test_nothing_is_stored_there(self, server: Vendor, provider: OpenAI) -> None:
        body = await self.sent(server, provider, question("Hi", MODEL, "Be brief."))
        assert server.requests[-1].path == "/responses"
        assert body == {
            "model": MODEL,
            "instructions": "Be brief.",
            "input": [{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}],
            "stream": True,
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "reasoning": {"summary": "auto"},
        }

    async def test_thoughts_go_back_before_what_followed_them(self, server: Vendor, provider: OpenAI) -> None:
        server.recording = RESPONSES["thought and tools"]
        first = await events_of(provider, question("Hi", MODEL))
        proof = next(one.signature for one in first if isinstance(one, ReasoningDelta) and one.signature)
        thought = Reasoning("Let me see.", 1.0, proof)
        foreign = Reasoning("Hm", 1.0, "EqQBCkgIAxABGAIiQ...")
        results = [ToolResult("call_b", "rain"), ToolResult("call_a", "12:00")]
        reply = message(Role.ASSISTANT, thought, *CALLED, *results, foreign, Text("Noon, and rain."), thought)
        turns = [message(Role.USER, Text("Hi"), Image("image/png", b"png")), reply, message(Role.USER, Text("Thanks"))]
        body = await self.sent(server, provider, ProviderRequest(MODEL, turns))
        picture = {"type": "input_image", "image_url": "data:image/png;base64,cG5n", "detail": "auto"}
        assert body["input"] == [
            {"role": "user", "content": [{"type": "input_text", "text": "Hi"}, picture]},
            KEPT,
            *({"type": "function_call", "call_id": c.id, "name": c.name, "arguments": c.arguments} for c in CALLED),
            {"type": "function_call_output", "call_id": "call_a", "output": "12:00"},
            {"type": "function_call_output", "call_id": "call_b", "output": "rain"},
            {"role": "assistant", "content": "Noon, and rain."},
            {"role": "user", "content": [{"type": "input_text", "text": "Thanks"}]},
        ]
        body = await self.sent(server, provider, ProviderRequest("gpt-4.1", turns))
        assert KEPT not in body["input"]

    @pytest.mark.parametrize(
        ("model", "effort", "expected"),
        [
            ("gpt-5.5", "high", {"reasoning": {"summary": "auto", "effort": "high"}}),
            ("gpt-5.5", "minimal", {"reasoning": {"summary": "auto", "effort": "low"}}),
            ("gpt-5", "none", {"reasoning": {"summary": "auto", "effort": "minimal"}}),
            ("gpt-5-mini", "minimal", {"reasoning": {"summary": "auto", "effort": "minimal"}}),
            ("o4-mini", "none", {"reasoning": {"summary": "auto", "effort": "low"}}),
            ("gpt-5-pro", "low", {"reasoning": {"summary": "auto", "effort": "high"}}),
            ("gpt-6-sol", "", {"reasoning": {"summary": "auto"}}),
            ("gpt-4.1", "high", {"temperature": 0.5, "top_p": 0.9}),
            ("gpt-5-chat-latest", "high", {"temperature": 0.5, "top_p": 0.9}),
            ("gpt-4o-mini", "", {"temperature": 0.5, "top_p": 0.9}),
        ],
    )
    async def test_parameters(
        self, server: Vendor, provider: OpenAI, model: str, effort: Any, expected: dict[str, Any]
    ) -> None:
        asked = Parameters(0.5, 0.9, 100, 7, ("END",), effort)
        body = await self.sent(server, provider, replace(question(model=model), parameters=asked))
        assert body.pop("max_output_tokens") == 100
        assert body.pop("include", None) == (["reasoning.encrypted_content"] if "reasoning" in expected else None)
        assert {name: body[name] for name in body.keys() - {"model", "input", "stream", "store"}} == expected

    @pytest.mark.parametrize("model", [MODEL, "gpt-4o-search-preview"])
    async def test_an_answer_that_broke_off_is_asked_to_go_on(
        self, server: Vendor, provider: OpenAI, model: str
    ) -> None:
        """OpenAI takes an answer at the end for a complete one, and begins another."""
        turns = [message(Role.USER, Text("Count.")), message(Role.ASSISTANT, Text("One, tw"))]
        body = await self.sent(server, provider, ProviderRequest(model, turns))
        *_, answer, last = body.get("input") or body["messages"]
        assert answer == {"role": "assistant", "content": "One, tw"}
        assert last == {"role": "user", "content": GO_ON}
        body = await self.sent(server, provider, ProviderRequest(model, turns[:1]))
        assert len(body.get("input") or body["messages"]) == 1

    async def test_tools_and_json(self, server: Vendor, provider: OpenAI) -> None:
        tool = ToolSpec("get_time", "Tells the time")
        schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
        request = replace(
            question(model=MODEL), tools=(tool,), tool_choice="get_time", parameters=Parameters(schema=schema)
        )
        body = await self.sent(server, provider, request)
        (sent,) = body["tools"]
        assert (sent["type"], sent["name"], sent["strict"]) == ("function", "get_time", False)
        assert body["tool_choice"] == {"type": "function", "name": "get_time"}
        assert body["text"] == {"format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": True}}
        assert "JSON" in body["input"][0]["content"]

    async def test_models_that_only_chat(self, server: Vendor, provider: OpenAI) -> None:
        await self.sent(server, provider, question(model="gpt-4o-search-preview"))
        assert server.requests[-1].path == "/chat/completions"

    async def test_a_server_without_responses_is_asked_for_chat_completions(self) -> None:
        async with FakeServer() as server:

            async def older(exchange: Exchange) -> None:
                if exchange.request.path == "/responses":
                    await exchange.respond({"error": {"code": "404", "message": "Resource not found"}}, 404)
                else:
                    await exchange.send(head(content_type="text/event-stream"), CHATS["text"])

            server.handler = older
            provider = OpenAI(Endpoint("openai", "OpenAI", server.url), Access(), OPENAI)
            for _ in range(2):
                assert text_of(await events_of(provider, question(model=MODEL))) == "Grüße 🙂"
            paths = [request.path for request in server.requests]
            assert paths == ["/responses", "/chat/completions", "/chat/completions"]
            await provider.close()

    async def test_summaries_only_where_they_are_allowed(self) -> None:
        """They are for verified organizations only: community.openai.com, and the error names the parameter."""
        words = "Your organization must be verified to generate reasoning summaries. (reasoning.summary)"

        async with Vendor() as server:

            async def strict(exchange: Exchange) -> None:
                if "summary" in exchange.request.json.get("reasoning", {}):
                    await exchange.respond(openai_error(words, code="unsupported_value"), 400)
                else:
                    await Vendor.answer(server, exchange)

            server.answer = strict  # type: ignore[method-assign]
            provider = OpenAI(Endpoint("openai", "OpenAI", server.url), Access(), OPENAI)
            asked = replace(question(model=MODEL), parameters=Parameters(effort="low"))
            assert text_of(await events_of(provider, asked)) == "Grüße 🙂"
            assert server.requests[-1].json["reasoning"] == {"effort": "low"}
            await provider.close()


class TestAzure:
    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("contoso", "https://contoso.openai.azure.com/openai/v1"),
            ("contoso.openai.azure.com", "https://contoso.openai.azure.com/openai/v1"),
            ("https://contoso.openai.azure.com/", "https://contoso.openai.azure.com/openai/v1"),
            ("https://contoso.openai.azure.com/openai/v1/", "https://contoso.openai.azure.com/openai/v1"),
            ("https://contoso.openai.azure.com/openai/v1/responses", "https://contoso.openai.azure.com/openai/v1"),
            (
                "https://c.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2025-01-01-preview",
                "https://c.openai.azure.com/openai/v1",
            ),
            ("https://c.services.ai.azure.com/api/projects/p", "https://c.services.ai.azure.com/openai/v1"),
            ("https://gateway.example.com/team/openai/v1", "https://gateway.example.com/team/openai/v1"),
            ("https://[::1", "https://[::1"),
        ],
    )
    def test_addresses(self, typed: str, expected: str) -> None:
        assert azure.base_url(typed) == expected
        assert azure.base_url(expected) == expected

    async def test_deployments_are_its_models(self) -> None:
        """https://learn.microsoft.com/rest/api/azureopenai/deployments/list (2022-12-01)."""
        listed = {
            "object": "list",
            "data": [
                {"id": "fast", "model": "gpt-4.1-mini", "status": "succeeded", "object": "deployment"},
                {"id": "think", "model": "o4-mini", "status": "succeeded", "object": "deployment"},
                {"id": "vectors", "model": "text-embedding-3-large", "status": "succeeded", "object": "deployment"},
                {"id": "new", "model": "gpt-5", "status": "running", "object": "deployment"},
            ],
        }
        async with Vendor() as server:

            async def resource(exchange: Exchange) -> None:
                if exchange.request.headers.get("api-key") != "k" * 8:
                    await exchange.respond({"error": {"code": "401", "message": "Access denied"}}, 401)
                elif exchange.request.path == "/openai/deployments?api-version=2022-12-01":
                    await exchange.respond(listed)
                else:
                    await Vendor.answer(server, exchange)

            server.answer = resource  # type: ignore[method-assign]
            provider = Azure(Endpoint("work", "Work", f"{server.url}/openai/v1"), Access(lambda: "k" * 8))
            models = await provider.models()
            assert [(one.name, one.label, one.purpose) for one in models] == [
                ("fast", "gpt-4.1-mini", "chat"),
                ("think", "o4-mini", "chat"),
                ("vectors", "text-embedding-3-large", "embedding"),
            ]
            assert (models[0].context, models[1].reasoning) == (1_047_576, True)
            asked = replace(
                question(model="think"), about=models[1], parameters=Parameters(temperature=0.5, effort="none")
            )
            assert text_of(await events_of(provider, asked)) == "Grüße 🙂"
            body = server.requests[-1].json
            assert server.requests[-1].path == "/openai/v1/responses"
            assert (body["model"], body["reasoning"]) == ("think", {"summary": "auto", "effort": "low"})
            assert "temperature" not in body
            await provider.close()
            without = Azure(Endpoint("work", "Work", f"{server.url}/openai/v1"), Access())
            with pytest.raises(KeyMissing):
                await without.models()
            await without.close()

    async def test_without_a_list_of_deployments_all_models_are_told(self) -> None:
        async def resource(exchange: Exchange) -> None:
            if exchange.request.path == "/openai/v1/models":
                await exchange.respond({"data": [{"id": "gpt-4o", "object": "model"}]})
            else:
                await exchange.respond({"error": {"code": "404", "message": "Resource not found"}}, 404)

        async with FakeServer(resource) as server:
            provider = Azure(Endpoint("work", "Work", f"{server.url}/openai/v1"), Access())
            assert [model.name for model in await provider.models()] == ["gpt-4o"]
            await provider.close()
        async with FakeServer() as server:
            provider = Azure(Endpoint("work", "Work", f"{server.url}/openai/v1"), Access())
            with pytest.raises(AddressWrong):
                await provider.models()
            await provider.close()

    async def test_a_filtered_question(self) -> None:
        """https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter: HTTP 400 with that code."""
        error = {
            "error": {
                "message": "The response was filtered due to the prompt triggering content management policy.",
                "param": "prompt",
                "code": "content_filter",
                "status": 400,
                "innererror": {"code": "ResponsibleAIPolicyViolation"},
            }
        }

        async def refuse(exchange: Exchange) -> None:
            await exchange.respond(error, 400)

        async with FakeServer(refuse) as server:
            provider = Azure(Endpoint("work", "Work", f"{server.url}/openai/v1"), Access())
            with pytest.raises(AnswerWithheld):
                await events_of(provider, question())
            await provider.close()

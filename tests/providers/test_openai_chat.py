"""Chat completions: images, tools, parameters, usage and ends, in requests and in answers."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from parley.errors import (
    AnswerBroken,
    AnswerWithheld,
    ChatError,
    ConnectionLost,
    Overloaded,
    ProviderFailed,
    RequestRefused,
)
from parley.events import Event, Finished, ImageMade, ReasoningDelta, TextDelta, ToolCalled
from parley.messages import Image, Message, MessageStatus, Part, Reasoning, Role, Text, ToolCall, ToolResult, Usage
from parley.models import Model, Parameters, ToolSpec
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.providers.openai import OpenAI
from tests.fakes import FakeOpenAI
from tests.providers.helpers import Player, events_of, question, text_of
from tests.providers.recordings import CHATS, TOOLS_CALLED, call, piece
from tests.providers.sockets import Exchange, FakeServer, openai_error, sse

PICTURE = Image("image/png", b"\x89PNG")
TOOLS = (ToolSpec("get_time", "Tells the time", {"type": "object", "properties": {"tz": {"type": "string"}}}),)
CALLS = [
    ToolCall("call_a", "get_time", '{"tz": "UTC"}'),
    ToolCall("call_b", "get_weather", '{"city": "Köln", "days": 2}'),
]


def message(role: Role, *parts: Part) -> Message:
    return Message("m", "c", None, role, parts, MessageStatus.COMPLETE, 0.0)


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI("fake-model") as server:
        yield server


@pytest.fixture
async def provider(server: FakeOpenAI) -> AsyncIterator[OpenAI]:
    provider = OpenAI(Endpoint("box", "Box", server.url), Access())
    yield provider
    await provider.close()


async def read(*chunks: object) -> list[Event]:
    """Return the events of an answer of these chunks."""
    return await read_bytes(sse(*chunks, "[DONE]"))


async def read_bytes(content: bytes, content_type: str = "text/event-stream") -> list[Event]:
    events, error = await heard(content, content_type)
    if error:
        raise error
    return events


async def heard(content: bytes, content_type: str = "text/event-stream") -> tuple[list[Event], ChatError | None]:
    """Return the events of an answer, and the error that ended it."""
    provider = OpenAI(Endpoint("box", "Box", "http://127.0.0.1"), Access())
    try:
        return await Player(provider, content_type).play(question(), content)
    finally:
        await provider.close()


def calls_of(events: list[Event]) -> list[ToolCall]:
    return [event.call for event in events if isinstance(event, ToolCalled)]


class TestRequests:
    async def sent(self, server: FakeOpenAI, provider: OpenAI, request: ProviderRequest) -> dict[str, Any]:
        await events_of(provider, request)
        body: dict[str, Any] = server.requests[-1].json
        return body

    async def test_images(self, server: FakeOpenAI, provider: OpenAI) -> None:
        turns = [message(Role.USER, Text("What is it?"), PICTURE)]
        body = await self.sent(server, provider, ProviderRequest("fake-model", turns))
        assert body["messages"] == [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is it?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
                ],
            }
        ]

    async def test_pictures_of_a_reply_belong_to_the_next_question(self, server: FakeOpenAI, provider: OpenAI) -> None:
        turns = [message(Role.USER, Text("Draw")), message(Role.ASSISTANT, PICTURE), message(Role.USER, Text("Bluer"))]
        about = Model("box", "fake-model", draws=True)
        body = await self.sent(server, provider, ProviderRequest("fake-model", turns, about=about))
        shown = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}}
        text, further = {"type": "text", "text": "Draw"}, {"type": "text", "text": "Bluer"}
        assert body["messages"] == [{"role": "user", "content": [text, shown, further]}]
        assert body["modalities"] == ["image", "text"]
        turns[1] = message(Role.ASSISTANT, Text("Here:"), PICTURE)
        body = await self.sent(server, provider, ProviderRequest("fake-model", turns))
        assert body["messages"][1:] == [
            {"role": "assistant", "content": "Here:"},
            {"role": "user", "content": [shown, further]},
        ]
        assert "modalities" not in body

    async def test_a_reply_is_sent_round_by_round(self, server: FakeOpenAI, provider: OpenAI) -> None:
        reply = message(
            Role.ASSISTANT,
            Reasoning("Hm"),
            Text("Let me look."),
            *CALLS,
            ToolResult("call_b", "rain"),
            ToolResult("call_a", "12:00"),
            Text("It is noon."),
        )
        turns = [message(Role.USER, Text("Hi")), reply, message(Role.USER, Text("Thanks"))]
        sent = (await self.sent(server, provider, ProviderRequest("fake-model", turns, "Be brief.")))["messages"]
        assert [one["role"] for one in sent] == ["system", "user", "assistant", "tool", "tool", "assistant", "user"]
        assert sent[2]["content"] == "Let me look."
        function = {"name": "get_time", "arguments": '{"tz": "UTC"}'}
        assert sent[2]["tool_calls"][0] == {"id": "call_a", "type": "function", "function": function}
        assert sent[3] == {"role": "tool", "tool_call_id": "call_a", "content": "12:00"}
        assert sent[4]["content"] == "rain"
        assert sent[5] == {"role": "assistant", "content": "It is noon."}

    async def test_every_call_has_a_result_and_every_result_a_call(self, server: FakeOpenAI, provider: OpenAI) -> None:
        turns = [
            message(Role.USER, Text("Hi")),
            message(Role.ASSISTANT, CALLS[0]),
            message(Role.USER, Text("Well?")),
            message(Role.ASSISTANT, ToolResult("gone", "x"), Text("So.")),
            message(Role.ASSISTANT, Reasoning("nothing else")),
            message(Role.USER, Text("Go")),
        ]
        sent = (await self.sent(server, provider, ProviderRequest("fake-model", turns)))["messages"]
        assert [one["role"] for one in sent] == ["user", "assistant", "tool", "user", "assistant", "user"]
        assert sent[1]["content"] is None
        assert sent[2] == {"role": "tool", "tool_call_id": "call_a", "content": "The tool was not run."}

    @pytest.mark.parametrize(
        ("choice", "sent"),
        [
            ("auto", None),
            ("none", "none"),
            ("required", "required"),
            ("get_time", {"type": "function", "function": {"name": "get_time"}}),
        ],
    )
    async def test_tools(self, server: FakeOpenAI, provider: OpenAI, choice: str, sent: Any) -> None:
        body = await self.sent(server, provider, replace(question(), tools=TOOLS, tool_choice=choice))
        (tool,) = body["tools"]
        assert tool["type"] == "function"
        assert tool["function"]["name"] == "get_time"
        assert tool["function"]["parameters"] == TOOLS[0].schema
        assert body.get("tool_choice") == sent
        assert "tool_choice" not in await self.sent(server, provider, replace(question(), tool_choice=choice))

    async def test_parameters(self, server: FakeOpenAI, provider: OpenAI) -> None:
        asked = Parameters(0.0, 0.5, 10, 0, ("a", "b"), "low")
        body = await self.sent(server, provider, replace(question(), parameters=asked))
        options = {"temperature": 0.0, "top_p": 0.5, "max_tokens": 10, "seed": 0, "stop": ["a", "b"]}
        assert options | {"reasoning_effort": "low"} == {
            name: body[name] for name in body.keys() - {"model", "messages", "stream", "stream_options"}
        }
        assert (await self.sent(server, provider, question())).keys() == {
            "model",
            "messages",
            "stream",
            "stream_options",
        }

    async def test_json(self, server: FakeOpenAI, provider: OpenAI) -> None:
        loose = {"type": "object", "properties": {"a": {"type": "string"}}}
        strict = loose | {"required": ["a"], "additionalProperties": False}
        for schema, insisted in ((loose, False), (strict, True), ({"anyOf": [strict, loose]}, False)):
            body = await self.sent(server, provider, replace(question(), parameters=Parameters(schema=schema)))
            wanted = {"name": "answer", "schema": schema, "strict": insisted}
            assert body["response_format"] == {"type": "json_schema", "json_schema": wanted}
        body = await self.sent(server, provider, replace(question(), parameters=Parameters(json=True)))
        assert body["response_format"] == {"type": "json_object"}
        assert "JSON" in body["messages"][0]["content"]
        body = await self.sent(server, provider, replace(question("as json"), parameters=Parameters(json=True)))
        assert [one["role"] for one in body["messages"]] == ["user"]


class TestToolCalls:
    async def test_parallel_calls_in_pieces(self) -> None:
        events = await read_bytes(CHATS["parallel tools"])
        assert calls_of(events) == CALLS
        assert events[-1] == Finished(Usage(81, 34), "tool_calls")

    @pytest.mark.parametrize(
        "chunks",
        [
            [[call(0, "call_a", "get_time", '{"tz": "UTC"}'), call(1, "call_b", "f", "{}")]],  # at once
            [[call(None, "call_a", "get_time", '{"tz": "UTC"}')], [call(None, "call_b", "f", "{}")]],  # no index
            [[call(0, "call_a", "get_time", '{"tz": "UTC"}')], [call(0, "call_b", "f", "{}")]],  # one index for all
            [
                [call(None, "call_a", "get_time", '{"tz"'), call(None, None, None, ': "UTC"}')],
                [call(7, "call_b", "f", "")],
            ],
            [[call(0, "call_a", "get_time", {"tz": "UTC"})], [call(1, "call_b", "f", {})]],  # objects, not text
            [
                [call(0, "call_a", "get_time", '{"tz": ')],
                [call(0, "call_a", "get_time", '"UTC"}')],
                [call(1, "call_b", "f", None)],
            ],
            [call(0, "call_a", "get_time", '{"tz": "UTC"}'), [call(1, "call_b", "f", "{}")]],  # not in a list
        ],
    )
    async def test_as_servers_send_them(self, chunks: list[Any]) -> None:
        events = await read(*(piece(tool_calls=chunk) for chunk in chunks), piece("stop"))
        assert calls_of(events) == [CALLS[0], ToolCall("call_b", "f", "{}")]
        assert events[-1] == Finished(None, "tool_calls")

    async def test_calls_without_ids_or_with_one_id_get_their_own(self) -> None:
        for id in (None, "same"):
            chunks = [call(0, id, "f", "{}"), call(1, id, "g", "{}")]
            found = calls_of(await read(piece(tool_calls=chunks), piece("tool_calls")))
            assert [one.name for one in found] == ["f", "g"]
            assert len({one.id for one in found}) == 2
            assert all(one.id for one in found)

    async def test_a_whole_answer_at_once(self) -> None:
        reply = {
            "role": "assistant",
            "content": None,
            "tool_calls": [call(None, "call_a", "get_time", '{"tz": "UTC"}')],
        }
        body = {"choices": [{"index": 0, "message": reply, "finish_reason": "tool_calls"}]}
        assert calls_of(await read_bytes(json.dumps(body).encode(), "application/json")) == CALLS[:1]

    @pytest.mark.parametrize(
        "odd", [7, "x", [None], [{}], [{"function": None}], [{"function": {"name": 3}}], [{"index": {}, "id": []}]]
    )
    async def test_odd_calls_do_no_harm(self, odd: Any) -> None:
        events = await read(piece(content="Yes"), piece(tool_calls=odd), piece("tool_calls"))
        assert calls_of(events) == []
        assert events[-1] == Finished(None, "stop")

    async def test_text_before_calls_stays_before_them(self) -> None:
        events = await read(piece(content="<"), *TOOLS_CALLED)
        assert [type(event) for event in events] == [TextDelta, ToolCalled, ToolCalled, Finished]

    async def test_wherever_the_bytes_are_cut(self) -> None:
        """A stream that ends too early calls nothing; one in two pieces is the same as one in one."""
        recording = sse(*({"choices": chunk["choices"]} for chunk in TOOLS_CALLED), "[DONE]", end="\r\n\r\n")
        provider = OpenAI(Endpoint("box", "Box", "http://127.0.0.1"), Access())
        player = Player(provider)
        whole, _ = await player.play(question(), recording)
        for at in range(len(recording)):
            events, error = await player.play(question(), recording[:at])
            assert calls_of(events) == ([] if error else CALLS)
            assert error is None or type(error) in (AnswerBroken, ConnectionLost)
            assert await player.play(question(), recording[:at], recording[at:]) == (whole, None)
        await provider.close()


class TestEnds:
    @pytest.mark.parametrize(
        ("told", "reason"),
        [
            ("stop", "stop"),
            ("length", "length"),
            ("model_length", "length"),
            ("content_filter", "filtered"),
            ("eos", "stop"),
        ],
    )
    async def test_reasons(self, told: str, reason: str) -> None:
        assert (await read(piece(content="Yes"), piece(told)))[-1] == Finished(None, reason)

    async def test_withheld_before_a_word(self) -> None:
        with pytest.raises(AnswerWithheld):
            await read(piece(role="assistant", content=""), piece("content_filter"))

    async def test_withheld_in_the_stream(self) -> None:
        """https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter: an error with that code."""
        error = {"error": {"code": "content_filter", "message": "The response was filtered", "status": 400}}
        events = await read(piece(content="Well, "), error)
        assert events == [TextDelta("Well, "), Finished(None, "filtered")]
        with pytest.raises(AnswerWithheld):
            await read(piece(role="assistant", content=""), error)

    @pytest.mark.parametrize(
        ("reason", "kind"), [("error", ProviderFailed), ("insufficient_system_resource", Overloaded)]
    )
    async def test_a_server_that_gives_up(self, reason: str, kind: type[ChatError]) -> None:
        events, error = await heard(sse(piece(content="Yes"), piece(reason), "[DONE]"))
        assert (text_of(events), type(error)) == ("Yes", kind)

    async def test_an_error_does_not_swallow_what_came_with_it(self) -> None:
        content = sse(piece(content="One"), piece(content=" two"), {"error": {"message": "Overloaded", "code": 529}})
        events, error = await heard(content)
        assert (text_of(events), type(error)) == ("One two", Overloaded)

    async def test_encrypted_details_alone_are_a_thought(self) -> None:
        """As OpenRouter sends OpenAI's: its recording of gpt-5 with tools, github.com/charmbracelet/fantasy."""
        detail = {
            "type": "reasoning.encrypted",
            "data": "gAAA",
            "id": "rs_1",
            "format": "openai-responses-v1",
            "index": 0,
        }
        events = await read(piece(reasoning=None, reasoning_details=[detail]), *TOOLS_CALLED)
        thought = events[0]
        assert isinstance(thought, ReasoningDelta)
        assert json.loads(thought.signature) == {"provider": "box", "items": [detail]}
        assert calls_of(events) == CALLS

    async def test_odd_details_do_no_harm(self) -> None:
        odd: Any
        for odd in (7, [None], [{}], {"a": 1}):
            assert text_of(await read(piece(content="Yes", reasoning_details=odd), piece("stop"))) == "Yes"


class TestServersOfWhichNobodyKnowsWhatTheyTake:
    """https://developers.openai.com/api/docs/guides/error-codes: `unsupported_parameter` names what is not taken."""

    @pytest.mark.parametrize(
        ("words", "gone", "instead"),
        [
            (
                "Unsupported parameter: 'max_tokens' is not supported here. Use 'max_completion_tokens' instead.",
                "max_tokens",
                {"max_completion_tokens": 10},
            ),
            ("Unsupported value: 'temperature' does not support 0.5 with this model.", "temperature", {}),
            ("body.seed: Extra inputs are not permitted, unknown field seed", "seed", {}),
        ],
    )
    async def test_they_are_asked_again_without_it(
        self, server: FakeOpenAI, provider: OpenAI, words: str, gone: str, instead: dict[str, Any]
    ) -> None:
        async def picky(exchange: Exchange) -> None:
            if gone in exchange.request.json:
                await exchange.respond(openai_error(words, code="unsupported_parameter"), 400)
            else:
                await FakeOpenAI.answer(server, exchange)

        server.answer = picky  # type: ignore[method-assign]
        request = replace(question(), parameters=Parameters(temperature=0.5, max_tokens=10, seed=3))
        assert text_of(await events_of(provider, request)) == "Hello, world!"
        body = server.requests[1].json
        assert gone not in body
        assert body.keys() - server.requests[0].json.keys() == instead.keys()
        await events_of(provider, request)
        assert len(server.requests) == 3
        assert gone not in server.requests[2].json

    async def test_a_wrong_value_is_told(self, provider: OpenAI, server: FakeOpenAI) -> None:
        async def picky(exchange: Exchange) -> None:
            await exchange.respond(openai_error("Invalid 'temperature': must be at most 2."), 400)

        server.answer = picky  # type: ignore[method-assign]
        with pytest.raises(RequestRefused) as caught:
            await events_of(provider, replace(question(), parameters=Parameters(temperature=3.0)))
        assert "at most 2" in caught.value.detail


class TestEmbeddings:
    async def test_vectors_in_the_order_of_the_texts(self) -> None:
        async def embed(exchange: Exchange) -> None:
            texts = exchange.request.json["input"]
            data = [
                {"object": "embedding", "index": at, "embedding": [float(len(text)), 1]}
                for at, text in enumerate(texts)
            ]
            await exchange.respond({"object": "list", "data": data[::-1], "usage": {"prompt_tokens": 8}})

        async with FakeServer(embed) as server:
            provider = OpenAI(Endpoint("box", "Box", server.url), Access())
            texts = ["x" * size for size in range(150)]
            assert await provider.embed("m", texts) == [[float(size), 1.0] for size in range(150)]
            assert [len(request.json["input"]) for request in server.requests] == [64, 64, 22]
            assert await provider.embed("m", []) == []
            assert "dimensions" not in server.requests[0].json
            await provider.embed("m", ["a"], 2)
            assert server.requests[-1].json["dimensions"] == 2
            await provider.close()

    @pytest.mark.parametrize(
        "data",
        [None, [], [{}], [{"embedding": "AAA"}], [{"embedding": [1, "x"]}], [{"embedding": [1]}] * 2, [{"index": 4}]],
    )
    async def test_odd_answers(self, data: Any) -> None:
        async def embed(exchange: Exchange) -> None:
            await exchange.respond({"data": data})

        async with FakeServer(embed) as server:
            provider = OpenAI(Endpoint("box", "Box", server.url), Access())
            with pytest.raises(AnswerBroken):
                await provider.embed("m", ["a"])
            await provider.close()


class TestPictures:
    """As https://openrouter.ai/docs/features/multimodal/image-generation has them, in pieces and at once."""

    @staticmethod
    def images(*urls: object) -> list[dict[str, Any]]:
        return [{"type": "image_url", "image_url": {"url": url}, "index": place} for place, url in enumerate(urls)]

    async def test_streamed(self) -> None:
        shown = self.images(PICTURE.url)
        events = await read(piece(content="Here:"), piece(content="", images=shown), piece("stop"))
        assert events == [TextDelta("Here:"), ImageMade(PICTURE), Finished(None, "stop")]
        assert await read(piece(images=shown), piece("stop")) == [ImageMade(PICTURE), Finished(None, "stop")]

    async def test_at_once(self) -> None:
        said = {"role": "assistant", "content": "", "images": self.images(PICTURE.url, PICTURE.url)}
        whole = {"choices": [{"index": 0, "message": said, "finish_reason": "stop"}]}
        events = await read_bytes(json.dumps(whole).encode(), "application/json")
        assert events == [ImageMade(PICTURE), ImageMade(PICTURE), Finished(None, "stop")]

    @pytest.mark.parametrize(
        "odd",
        [
            "x",
            [None, 3, {}],
            [{"image_url": "data:image/png;base64,iVBORw=="}],
            [{"image_url": {"url": "https://example.org/a.png"}}],
            [{"image_url": {"url": "data:image/png,iVBORw=="}}],
            [{"image_url": {"url": "data:image/svg+xml;base64,iVBORw=="}}],
            [{"image_url": {"url": "data:image/png;base64,é"}}],
        ],
    )
    async def test_what_is_no_picture(self, odd: object) -> None:
        """Nothing is fetched from anywhere."""
        events = await read(piece(content="Yes", images=odd), piece("stop"))
        assert events == [TextDelta("Yes"), Finished(None, "stop")]

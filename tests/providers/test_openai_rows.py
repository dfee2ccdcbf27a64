"""Each row reads what its vendor's documents show, and asks as they say."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from parley.errors import ChatError, KeyRefused, ModelRetired, ModelUnknown
from parley.events import Finished, ReasoningDelta
from parley.messages import Image, Message, MessageStatus, Part, Reasoning, Role, Text, ToolCall, ToolResult
from parley.models import Parameters, ToolSpec
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.providers.openai import OpenAI, base_url
from parley.providers.openai_rows import HABITS, LOCAL_SERVERS, PLAIN, VENDORS, Habits, habits_of
from tests.providers.helpers import events_of, events_until_error, question, reasoning_of, text_of
from tests.providers.sockets import Exchange, FakeServer, head, openai_error
from tests.providers.vendors import RECORDINGS, Recording

ROWS = {row.id: row for row in (*VENDORS, *LOCAL_SERVERS)}
ALL = Parameters(0.5, 0.9, 100, 7, ("END",), "high", json=True)
OTHERS = ToolCall("call_0fypS1hVX", "f", "{}")


class Vendor(FakeServer):
    """Sends a recording."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self.recording = recording

    async def answer(self, exchange: Exchange) -> None:
        request = exchange.request
        if request.headers.get("authorization") == "Bearer wrong":
            await exchange.respond({"error": {"message": "Invalid API Key", "type": "invalid_request_error"}}, 401)
        elif request.path == self.recording.path and self.recording.listed is not None:
            await exchange.respond(self.recording.listed)
        elif request.path == "/chat/completions" and not request.json:
            await exchange.respond({"error": {"message": "model is required"}}, 400)
        elif request.path == "/chat/completions":
            await exchange.send(head(content_type="text/event-stream"), self.recording.answer)
        else:
            await super().answer(exchange)


@pytest.fixture(params=RECORDINGS)
async def vendor(request: pytest.FixtureRequest) -> AsyncIterator[Vendor]:
    async with Vendor(RECORDINGS[request.param]) as server:
        yield server


def made(vendor: Vendor, key: str | None = None) -> OpenAI:
    row = ROWS[vendor.recording.model.provider]
    return OpenAI(replace(row, base_url=vendor.url), Access(lambda: key), habits_of(row))


async def test_a_recording(vendor: Vendor) -> None:
    provider, expected = made(vendor), vendor.recording
    models = await provider.models()
    assert next(model for model in models if model.purpose == "chat") == expected.model
    events = await events_of(provider, question(model=expected.model.name))
    assert (reasoning_of(events), text_of(events)) == (expected.thought, expected.text)
    assert events[-1] == Finished(expected.usage, "stop")
    await provider.close()


@pytest.mark.parametrize("name", ["perplexity", "groq"])
async def test_a_wrong_key_is_told_by_the_list(name: str) -> None:
    async with Vendor(RECORDINGS[name]) as server:
        provider = made(server, "wrong")
        with pytest.raises(KeyRefused):
            await provider.models()
        await provider.close()


def test_every_row_has_its_recording() -> None:
    assert ROWS.keys() - RECORDINGS.keys() == {"openai"}  # which has the Responses API, and tests of its own


async def body_of(row: str, request: ProviderRequest) -> dict[str, Any]:
    """Return what is sent to a vendor."""
    async with Vendor(RECORDINGS[row]) as server:
        provider = made(server)
        await events_of(provider, request)
        await provider.close()
        body: dict[str, Any] = server.requests[-1].json
        return body


EFFORTS = ("thinking", "reasoning_effort", "chat_template_kwargs")
BASE = {"model", "messages", "stream"}
USUAL = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 100, "seed": 7, "stop": ["END"]}
JSON = {"response_format": {"type": "json_object"}}


def _but(*names: str, **more: Any) -> dict[str, Any]:
    return {name: value for name, value in (USUAL | JSON).items() if name not in names} | more


@pytest.mark.parametrize(
    ("row", "model", "expected"),
    [
        ("groq", "openai/gpt-oss-120b", _but("max_tokens", max_completion_tokens=100, reasoning_effort="high")),
        ("groq", "qwen/qwen3-32b", _but("max_tokens", max_completion_tokens=100, reasoning_effort="default")),
        ("groq", "llama-3.3-70b-versatile", _but("max_tokens", max_completion_tokens=100)),
        ("openrouter", "openai/gpt-5", _but(reasoning={"effort": "high"})),
        ("mistral", "mistral-small-latest", _but("seed", random_seed=7)),
        ("deepseek", "deepseek-chat", _but("seed", thinking={"type": "enabled"}, reasoning_effort="high")),
        (
            "deepseek",
            "deepseek-reasoner",
            _but("seed", "temperature", "top_p", thinking={"type": "enabled"}, reasoning_effort="high"),
        ),
        ("xai", "grok-3-mini", _but("max_tokens", "stop", max_completion_tokens=100, reasoning_effort="high")),
        ("xai", "grok-4", _but("max_tokens", "stop", max_completion_tokens=100)),
        ("together", "Qwen/Qwen2.5-72B", _but()),
        ("fireworks", "accounts/fireworks/models/gpt-oss-120b", _but(reasoning_effort="high")),
        ("cerebras", "llama3.1-8b", _but("max_tokens", max_completion_tokens=100)),
        ("perplexity", "sonar", {"temperature": 0.5, "top_p": 0.9, "max_tokens": 100}),
        ("perplexity", "sonar-deep-research", _but("seed", "stop", "response_format", reasoning_effort="high")),
        (
            "llamacpp",
            "m",
            _but(reasoning_effort="high", chat_template_kwargs={"enable_thinking": True, "reasoning_effort": "high"}),
        ),
        ("lmstudio", "m", _but(reasoning_effort="high")),
    ],
)
async def test_parameters(row: str, model: str, expected: dict[str, Any]) -> None:
    request = replace(question("Write JSON", model), parameters=ALL)
    body = await body_of(row, request)
    options = {name: value for name, value in body.items() if name not in {*BASE, "stream_options"}}
    assert options == expected
    assert ("stream_options" in body) == (row not in ("mistral", "perplexity"))


def message(role: Role, *parts: Part) -> Message:
    return Message("m", "c", None, role, parts, MessageStatus.COMPLETE, 0.0)


async def test_efforts_that_a_vendor_does_not_know() -> None:
    for row, model, effort, sent in (
        ("deepseek", "deepseek-chat", "none", {"thinking": {"type": "disabled"}}),
        ("groq", "openai/gpt-oss-20b", "minimal", {"reasoning_effort": "low"}),
        ("xai", "grok-3-mini", "medium", {"reasoning_effort": "high"}),
        ("vllm", "qwen3", "none", {"chat_template_kwargs": {"enable_thinking": False}}),
    ):
        body = await body_of(row, replace(question(model=model), parameters=Parameters(effort=effort)))  # type: ignore[arg-type]
        assert {name: body[name] for name in EFFORTS if name in body} == sent


async def test_the_parameters_of_the_list_come_first() -> None:
    about = RECORDINGS["openrouter"].model
    request = replace(question("JSON", about.name), parameters=ALL, about=about)
    body = await body_of("openrouter", request)
    assert body.keys() - BASE - {"stream_options"} == {"temperature", "max_tokens", "reasoning"}


async def test_mistral_wants_ids_of_nine_letters_and_a_mark_on_a_prefix() -> None:
    turns = [
        message(Role.USER, Text("Hi")),
        message(Role.ASSISTANT, OTHERS, ToolResult(OTHERS.id, "12"), Text("It is")),
    ]
    messages = (await body_of("mistral", ProviderRequest("m", turns)))["messages"]
    (call,) = messages[1]["tool_calls"]
    assert len(call["id"]) == 9
    assert call["id"].isalnum()
    assert messages[2]["tool_call_id"] == call["id"]
    assert messages[3] == {"role": "assistant", "content": "It is", "prefix": True}
    nine = replace(turns[1], parts=(replace(OTHERS, id="abcDEF123"),))
    messages = (await body_of("mistral", ProviderRequest("m", [turns[0], nine])))["messages"]
    assert messages[1]["tool_calls"][0]["id"] == messages[2]["tool_call_id"] == "abcDEF123"


async def test_after_a_tool_mistral_wants_to_hear_the_model() -> None:
    reply = message(Role.ASSISTANT, OTHERS, ToolResult(OTHERS.id, "12"))
    turns = [message(Role.USER, Text("Hi")), reply, message(Role.USER, Text("Well?"))]
    for row, roles in (("mistral", ["user", "assistant", "tool", "assistant", "user"]), ("groq", [])):
        sent = [said["role"] for said in (await body_of(row, ProviderRequest("m", turns)))["messages"]]
        assert sent == (roles or ["user", "assistant", "tool", "user"])


async def test_perplexity_wants_the_last_word_to_be_a_persons() -> None:
    turns = [message(Role.USER, Text("Hi")), message(Role.ASSISTANT, Text("It is"))]
    messages = (await body_of("perplexity", ProviderRequest("sonar", turns)))["messages"]
    assert [said["role"] for said in messages] == ["user", "assistant", "user"]


async def test_vllm_is_told_to_go_on() -> None:
    turns = [message(Role.USER, Text("Hi")), message(Role.ASSISTANT, Text("It is"))]
    body = await body_of("vllm", ProviderRequest("m", turns))
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
    assert "continue_final_message" not in await body_of("vllm", ProviderRequest("m", turns[:1]))


async def test_deepseek_wants_the_thoughts_before_a_call_back() -> None:
    reply = message(Role.ASSISTANT, Reasoning("Hm."), OTHERS, ToolResult(OTHERS.id, "12"), Reasoning("So."), Text("It"))
    turns = [message(Role.USER, Text("Hi")), reply, message(Role.USER, Text("And?"))]
    messages = (await body_of("deepseek", ProviderRequest("m", turns)))["messages"]
    assert [said.get("reasoning_content") for said in messages] == [None, "Hm.", None, None, None]


async def test_openrouter_gets_its_details_back_whole_and_in_order() -> None:
    async with Vendor(RECORDINGS["openrouter"]) as server:
        provider = made(server)
        events = await events_of(provider, question())
        assert server.requests[-1].headers["x-title"] == "Parley"
        (signed,) = [event for event in events if isinstance(event, ReasoningDelta) and event.signature]
        thought = Reasoning("A greeting.", None, signed.signature)
        turns = [message(Role.USER, Text("Hi")), message(Role.ASSISTANT, thought, Text("Hello"))]
        await events_of(provider, ProviderRequest("m", [*turns, turns[0]]))
        details = [{"type": "reasoning.text", "text": "A greeting.", "signature": "Eq", "format": "x", "index": 0}]
        assert server.requests[-1].json["messages"][1]["reasoning_details"] == details
        elsewhere = OpenAI(Endpoint("other", "Other", server.url), Access(), HABITS["openrouter"])
        await events_of(elsewhere, ProviderRequest("m", [*turns, turns[0]]))
        assert "reasoning_details" not in server.requests[-1].json["messages"][1]
        await provider.close()
        await elsewhere.close()


async def test_a_model_that_cannot_see_gets_words() -> None:
    about = replace(RECORDINGS["deepseek"].model, vision=False)
    turns = [message(Role.USER, Text("What is it?"), Image("image/png", b"png"))]
    (sent,) = (await body_of("deepseek", ProviderRequest("m", turns, about=about)))["messages"]
    assert sent["content"] == "What is it?\n\n(An image, which this model cannot see.)"


async def test_a_model_without_tools_is_sent_none() -> None:
    request = replace(question(model="sonar"), tools=(ToolSpec("f"),))
    assert "tools" in await body_of("perplexity", request)
    assert "tools" not in await body_of("perplexity", replace(request, about=RECORDINGS["perplexity"].model))


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (
            "The model `llama3-70b` has been decommissioned and is no longer supported.",
            "model_decommissioned",
            ModelRetired,
        ),
        ("The model `gpt-4-32k` has been deprecated, learn more here: …", "model_not_found", ModelRetired),
        ("The model `m` does not exist or you do not have access to it.", "model_not_found", ModelUnknown),
        ("The model m does not exist; it was retired on 2026-01-01.", None, ModelRetired),
    ],
)
async def test_a_retired_model_is_told(words: str, code: str | None, kind: type[ChatError]) -> None:
    """https://console.groq.com/docs/deprecations and OpenAI's: what is said of a model that is gone."""

    async def gone(exchange: Exchange) -> None:
        await exchange.respond(openai_error(words, code=code), 404)

    async with FakeServer(gone) as server:
        provider = OpenAI(Endpoint("groq", "Groq", server.url), Access(), HABITS["groq"])
        _, error = await events_until_error(provider, question())
        assert type(error) is kind
        await provider.close()


def test_habits_are_found_by_the_host() -> None:
    def at(url: str, id: str = "mine") -> Habits:
        return habits_of(Endpoint(id, "Mine", url))

    assert at("https://api.mistral.ai/v1") is HABITS["mistral"]
    assert at("https://api.openai.com/v1").responses
    assert at("https://eu.api.openai.com/v1", "openai").responses
    assert at("https://notapi.openai.com/v1", "openai") is PLAIN
    assert at("https://gateway.example.com/v1", "openai") is PLAIN
    assert at("http://127.0.0.1:9000/v1", "openai") is PLAIN
    assert at("http://127.0.0.1:8000/v1", "vllm") is HABITS["vllm"]
    assert at("http://127.0.0.1:8000/v1") is PLAIN
    assert at("http://[::1", "openai") is PLAIN


def test_a_host_alone_gets_the_path_of_its_vendor() -> None:
    assert base_url("api.groq.com") == "https://api.groq.com/openai/v1"
    assert base_url("https://api.perplexity.ai") == "https://api.perplexity.ai"
    assert base_url("https://api.openai.com/v1/responses") == "https://api.openai.com/v1"

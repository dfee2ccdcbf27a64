"""Programs that speak to OpenAI, unchanged, with our address and our key: the official client and `llm`."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from parley.errors import AnswerBroken, RateLimited
from parley.events import Finished, ReasoningDelta, ToolCalled
from parley.messages import Image, Reasoning, Text, ToolCall, ToolResult, Usage
from parley.models import Model, Parameters
from tests.conftest import ScriptedProvider
from tests.peers.tiny_engine import PYTHON
from tests.server.conftest import Site

CLIENT = Path(__file__).with_name("openai_client.py")
Llm = Callable[..., Awaitable[str]]
CALL = ToolCall("call_1", "get_weather", '{"city": "Paris"}')


class Embedding(ScriptedProvider):
    """One that makes vectors as well: the length of a text, and what follows from it."""

    async def embed(self, model: str, texts: Sequence[str], dimensions: int | None = None) -> list[list[float]]:
        return [[len(text) / 4, 0.5, -0.25][:dimensions] for text in texts]


@pytest.fixture
def provider() -> ScriptedProvider:
    return Embedding("scripted", [Model("scripted", "one"), Model("scripted", "vectors", purpose="embedding")])


async def run(*command: str | Path, **environment: str) -> str:
    """Return what a program says."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, env=os.environ | environment)
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


async def client(site: Site, task: str, model: str = "scripted/one") -> Any:
    """Return what OpenAI's client makes of a task."""
    return json.loads(await run(PYTHON, CLIENT, f"{site.url}/v1", site.owner.token, model, task))


async def test_models(site: Site) -> None:
    assert await client(site, "models") == [["scripted/one", "guide/manual", "scripted/vectors"], "scripted/one"]


async def test_chat(site: Site, provider: ScriptedProvider) -> None:
    provider.says("Sun", "ny.", Finished(Usage(5, 2)))
    assert await client(site, "chat", "one") == ["Sunny.", "stop", 7, "scripted/one"]
    assert provider.requests[0].parameters == Parameters(temperature=0.5, seed=7, stop=("END",))


async def test_stream(site: Site, provider: ScriptedProvider) -> None:
    provider.says("Sun", "ny ☀", Finished(Usage(5, 2), "length"))
    assert await client(site, "stream") == [["Sun", "ny ☀"], "length", 7]


async def test_tools(site: Site, provider: ScriptedProvider) -> None:
    signed = ToolCall(CALL.id, CALL.name, CALL.arguments, "proof")
    provider.says(ReasoningDelta("Hm."), "Let me see.", ToolCalled(signed), Finished(None, "tool_calls"))
    provider.says("Sunny.")
    assert await client(site, "tools") == ["tool_calls", CALL.name, CALL.arguments, "Sunny."]
    first, second = provider.requests
    assert (first.tools[0].name, first.tools[0].description, first.tool_choice) == (
        "get_weather",
        "The weather of a city",
        "auto",
    )
    assert second.messages[1].parts == (
        Reasoning("Hm."),
        Text("Let me see."),
        signed,
        ToolResult("call_1", "sunny"),
    )


async def test_an_image(site: Site, provider: ScriptedProvider) -> None:
    provider.says("A pixel.")
    assert await client(site, "image") == "A pixel."
    text, picture = provider.requests[0].messages[0].parts
    assert text == Text("What is it?")
    assert isinstance(picture, Image)
    assert (picture.media_type, len(picture.data)) == ("image/png", 70)


async def test_a_structured_answer(site: Site, provider: ScriptedProvider) -> None:
    provider.says('{"name": "Paris", "people": 2}')
    assert await client(site, "structured") == {"name": "Paris", "people": 2}
    schema = provider.requests[0].parameters.schema
    assert schema
    assert schema["required"] == ["name", "people"]


async def test_embeddings(site: Site) -> None:
    vectors, short, tokens = await client(site, "embeddings", "scripted/vectors")
    assert vectors == [[0.25, 0.5, -0.25], [0.5, 0.5, -0.25]]
    assert (short, tokens) == ([0.25, 0.5], 2)
    (spent,) = site.services.store.spending.by_model()
    assert (spent.key, spent.replies, spent.input_tokens) == ("scripted/vectors", 2, 3)


async def test_responses(site: Site, provider: ScriptedProvider) -> None:
    provider.says("Hello", "!", Finished(Usage(5, 2)))
    assert await client(site, "responses") == ["Hello!", "completed", 7]
    request = provider.requests[0]
    assert (request.instruction, request.parameters) == ("Be brief.", Parameters(max_tokens=50))


async def test_a_response_as_events(site: Site, provider: ScriptedProvider) -> None:
    provider.says(
        ReasoningDelta("Let me"),
        ReasoningDelta(" see"),
        ReasoningDelta("", "proof"),
        "I ",
        "look.",
        ToolCalled(CALL),
        Finished(Usage(5, 2), "tool_calls"),
    )
    provider.says("Sunny.")
    kinds, text, arguments, answer = await client(site, "response_stream")
    assert [kind.removeprefix("response.") for kind in kinds] == [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ]
    assert (text, arguments, answer) == ("I look.", CALL.arguments, "Sunny.")
    assert provider.requests[1].messages[1].parts == (
        Reasoning("Let me see", signature="proof"),
        Text("I look."),
        CALL,
        ToolResult("call_1", "sunny"),
    )


async def test_many_at_once(site: Site) -> None:
    assert await client(site, "many") == [f"You said: number {number}" for number in range(20)]


async def test_errors(site: Site, provider: ScriptedProvider) -> None:
    provider.says(RateLimited(provider="Acme"))
    provider.says(AnswerBroken(provider="Acme"))
    assert await client(site, "errors") == [
        ["NotFoundError", 404, "model_not_found", True],
        ["AuthenticationError", 401, "invalid_api_key", True],
        ["BadRequestError", 400, None, True],
        ["BadRequestError", 400, None, True],
        ["BadRequestError", 400, None, True],
        ["BadRequestError", 400, None, True],
        ["NotFoundError", 404, "model_not_found", True],
        ["RateLimitError", 429, "rate_limit_exceeded", True],
        ["InternalServerError", 502, "provider_error", True],
    ]


async def test_an_error_in_the_middle(site: Site, provider: ScriptedProvider) -> None:
    provider.says("Half", AnswerBroken(provider="Acme", detail="out of order"))
    said, kind, message = await client(site, "late_error")
    assert (said, kind) == ("Half", "APIError")
    assert "out of order" in message


LLM = Path(PYTHON).with_name("llm")
FUNCTIONS = "def multiply(x: int, y: int) -> int:\n    return x * y\n"


@pytest.fixture
def llm(site: Site, tmp_path: Path) -> Llm:
    """Run `llm` with a model for each of the ways in which it speaks to OpenAI, as its documents say."""
    base = {"model_name": "scripted/one", "api_base": f"{site.url}/v1", "api_key_name": "parley"}
    ways: dict[str, dict[str, bool]] = {
        "chat": {"supports_tools": True, "supports_schema": True, "vision": True},
        "completion": {"completion": True},
        "responses": {"responses": True, "supports_tools": True},
    }
    rows = [{"model_id": name, **base, **way} for name, way in ways.items()]
    (tmp_path / "extra-openai-models.yaml").write_text(json.dumps(rows))
    (tmp_path / "keys.json").write_text(json.dumps({"parley": site.owner.token}))

    async def llm(model: str, *arguments: str) -> str:
        return await run(LLM, "prompt", "-m", model, *arguments, LLM_USER_PATH=str(tmp_path))

    return llm


@pytest.mark.parametrize(
    ("model", "options"), [("chat", []), ("chat", ["--no-stream"]), ("completion", []), ("responses", [])]
)
async def test_llm(llm: Llm, provider: ScriptedProvider, model: str, options: list[str]) -> None:
    provider.says("Sun", "ny.")
    system = [] if model == "completion" else ["-s", "Be brief."]
    assert await llm(model, "Weather?", *system, *options) == "Sunny.\n"
    request = provider.requests[0]
    assert (request.messages[0].text, request.instruction) == ("Weather?", "Be brief." if system else "")


@pytest.mark.parametrize("model", ["chat", "responses"])
async def test_llm_with_a_tool(llm: Llm, provider: ScriptedProvider, model: str) -> None:
    call = ToolCall("call_1", "multiply", '{"x": 6, "y": 7}')
    provider.says(ToolCalled(call), Finished(None, "tool_calls"))
    provider.says("It is 42.")
    assert await llm(model, "6 times 7?", "--functions", FUNCTIONS) == "It is 42.\n"
    assert provider.requests[1].messages[1].parts == (call, ToolResult("call_1", "42"))


async def test_llm_with_a_picture(llm: Llm, provider: ScriptedProvider, tmp_path: Path) -> None:
    data = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    (tmp_path / "a.png").write_bytes(data)
    provider.says("Bytes.")
    assert await llm("chat", "What is it?", "--attachment-type", str(tmp_path / "a.png"), "image/png") == "Bytes.\n"
    assert provider.requests[0].messages[0].images == (Image("image/png", data),)

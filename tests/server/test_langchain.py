"""LangChain as a judge: its models for OpenAI, Anthropic and Ollama ask our server, unchanged."""

import asyncio
import json
import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from parley.errors import AnswerBroken, RateLimited
from parley.events import Finished, ReasoningDelta, ToolCalled
from parley.messages import Image, Reasoning, Role, Text, ToolCall, ToolResult, Usage
from parley.models import Model
from tests.conftest import ScriptedProvider, Step
from tests.peers.tiny_engine import PYTHON
from tests.server.asked import Embedding, parts_of
from tests.server.conftest import Site

CLIENTS = Path(__file__).with_name("langchain_clients.py")
Client = Callable[[str], Awaitable[Any]]
WAYS = ["openai", "responses", "anthropic", "ollama"]
PNG = Image("image/png", b"\x89PNG\r\n\x1a\n")
CALLS = [
    ToolCall(f"call_{number}", "get_weather", json.dumps({"city": city}))
    for number, city in enumerate(("Oslo", "Zürich"))
]
PLACE = {"name": "Oslo", "people": 2}

REFUSALS = {
    "openai": [["OpenAIRateLimitError", 429], ["APIError", None]],
    "responses": [["OpenAIRateLimitError", 429], ["ValueError", None]],
    "anthropic": [["AnthropicRateLimitError", 429], ["APIStatusError", 200]],
    "ollama": [["ResponseError", 429], ["ResponseError", -1]],
}
"""Which exceptions a failure becomes that comes before an answer, and one within it; and the status that they tell."""

THOUGHTS = {"responses": [Reasoning("Hm.")], "anthropic": [Reasoning("Hm.", signature="proof")]}
"""What LangChain sends back of the model's thoughts; with the other clients it keeps none."""


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """Whose client it is that LangChain asks with."""
    return str(request.param)


@pytest.fixture
def provider() -> Embedding:
    return Embedding(models=[Model("scripted", "one", vision=True)])


@pytest.fixture(scope="module")
def langchain() -> Iterator[subprocess.Popen[str]]:
    """A process that does what is asked of LangChain. Nothing of it is told to LangChain's makers."""
    quiet = {name: value for name, value in os.environ.items() if not name.startswith(("LANGSMITH_", "LANGCHAIN_"))}
    pipe = subprocess.PIPE
    with subprocess.Popen([PYTHON, CLIENTS], stdin=pipe, stdout=pipe, env=quiet, text=True) as process:
        yield process


@pytest.fixture
def client(site: Site, way: str, langchain: subprocess.Popen[str]) -> Client:
    """Return what does a task."""
    asked, told = langchain.stdin, langchain.stdout
    assert asked
    assert told

    def ask(task: str) -> str:
        print(json.dumps([site.url, site.owner.token, way, task]), file=asked, flush=True)
        return told.readline()

    async def client(task: str) -> Any:
        answer = json.loads(await asyncio.to_thread(ask, task))
        assert "done" in answer, answer["failed"]
        return answer["done"]

    return client


async def test_chat(client: Client, provider: Embedding, way: str) -> None:
    provider.says("Sun", "ny.", Finished(Usage(5, 2)))
    assert await client("chat") == ["Sunny.", [5, 2]]
    request = provider.requests[0]
    assert (request.instruction, parts_of(request)) == ("Be brief.", [(Role.USER, [Text("How are you?")])])


async def test_stream(client: Client, provider: Embedding, way: str) -> None:
    provider.says(ReasoningDelta("Hm."), "Sun", "ny ☀", Finished(Usage(5, 2)))
    assert await client("stream") == [["Sun", "ny ☀"], [5, 2]]


async def test_tools(client: Client, provider: Embedding, way: str) -> None:
    wanted: tuple[Step, ...] = (
        ReasoningDelta("Hm.", "proof"),
        "I look.",
        *map(ToolCalled, CALLS),
        Finished(Usage(5, 2), "tool_calls"),
    )
    provider.says(*wanted)
    provider.says("Sunny.")
    provider.says(*wanted)
    cities = [{"city": "Oslo"}, {"city": "Zürich"}]
    told = ["sunny in Oslo", "sunny in Zürich"]
    assert await client("tools") == [cities, told, "Sunny.", cities]
    first, second, third = provider.requests
    (spec,) = first.tools
    assert (spec.name, spec.description, first.tool_choice) == ("get_weather", "Tell the weather of a city.", "auto")
    for request in (second, third):
        said = parts_of(request)[1][1]
        assert [part for part in said if isinstance(part, Reasoning)] == THOUGHTS.get(way, [])
        assert [part for part in said if isinstance(part, Text)] == [Text("I look.")]
        assert [(part.name, json.loads(part.arguments)) for part in said if isinstance(part, ToolCall)] == [
            ("get_weather", city) for city in cities
        ]
        assert [part.text for part in said if isinstance(part, ToolResult)] == told


async def test_an_image(client: Client, provider: Embedding, way: str) -> None:
    provider.says("A pixel.")
    assert await client("image") == "A pixel."
    ((_, parts),) = parts_of(provider.requests[0])
    text = Text("\nWhat is it?" if way == "ollama" else "What is it?")  # so LangChain sends it
    assert sorted(parts, key=lambda part: type(part).__name__) == [PNG, text]


async def test_a_structured_answer(client: Client, provider: Embedding, way: str) -> None:
    if way == "anthropic":  # LangChain has a tool called there
        provider.says(ToolCalled(ToolCall("call_1", "Place", json.dumps(PLACE))), Finished(None, "tool_calls"))
    else:
        provider.says(json.dumps(PLACE))
    assert await client("structured") == PLACE
    request = provider.requests[0]
    schema = request.tools[0].schema if way == "anthropic" else request.parameters.schema
    assert schema
    assert schema["required"] == ["name", "people"]


async def test_a_tool_that_has_to_be_called(client: Client, provider: Embedding, way: str) -> None:
    provider.says(ToolCalled(ToolCall("call_1", "Place", json.dumps(PLACE))), Finished(None, "tool_calls"))
    assert await client("called") == PLACE


async def test_many_at_once(client: Client) -> None:
    assert await client("many") == [f"You said: number {number}" for number in range(10)]


async def test_errors(client: Client, provider: ScriptedProvider, way: str) -> None:
    provider.says(RateLimited(provider="Acme"))
    provider.says("Half", AnswerBroken(provider="Acme"))
    assert await client("refused") == REFUSALS[way]


@pytest.mark.parametrize("way", ["openai", "ollama"])
async def test_embeddings(client: Client) -> None:
    assert await client("embeddings") == [[[1.0, 0.5], [2.0, 0.5]], [3.0, 0.5]]

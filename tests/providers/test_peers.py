"""Other people's programs as judges: Ollama's client reads our fake, a real llama.cpp answers our provider."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from parley.errors import PromptTooLong
from parley.events import Finished, TextDelta, ToolCalled
from parley.http import Client
from parley.messages import Image, Message, MessageStatus, Part, Reasoning, Role, Text, ToolCall, ToolResult
from parley.models import Parameters, ToolSpec
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.providers.ollama import Ollama
from parley.providers.openai import OpenAI
from tests.fakes import FakeOllama, OllamaModel, Pull, Reply
from tests.peers import replies
from tests.peers.tiny_engine import PYTHON, TinyEngine
from tests.providers.helpers import events_of, question, reasoning_of, text_of

PNG = b"\x89PNG\r\n\x1a\n"
ORACLE = Path(__file__).with_name("ollama_oracle.py")


async def ask_ollamas_client(url: str, model: str, *bodies: Any) -> Any:
    """Return what Ollama's own client understood; it checks our requests, too."""
    process = await asyncio.create_subprocess_exec(
        PYTHON,
        ORACLE,
        url,
        model,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate(json.dumps(bodies).encode())
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


CALLS = (
    {"id": "call_1", "function": {"index": 0, "name": "get_time", "arguments": {"tz": "Europe/Zürich"}}},
    {"id": "call_2", "function": {"index": 1, "name": "get_time", "arguments": {}}},
)


async def test_ollamas_own_client_understands_our_fake_as_we_do() -> None:
    reply = Reply(thinking=("Let me ", "see…"), pieces=("Vier", " 🙂", "\n"), calls=CALLS)
    model = OllamaModel("fake:latest", capabilities=("completion", "thinking", "tools", "vision"), context=4096)
    async with FakeOllama(model, "other:1b", reply=reply) as server:
        server.library["small:latest"] = Pull(files=(1000, 10))
        provider = Ollama(Endpoint("ollama", "Ollama", server.url), Access(keep_alive=lambda: "30m"))
        models = await provider.installed()
        events = await events_of(provider, everything_asked())
        sent = server.asked("/api/chat")[0].json
        (loaded,) = await provider.loaded()
        steps = [step async for step in provider.pull("small")]
        await provider.delete("small")
        vectors = await provider.embed("fake", ["a", "bc"])
        details = await provider.details("fake")
        theirs = await ask_ollamas_client(server.url, "fake", sent)
        await provider.close()
    calls = [event.call for event in events if isinstance(event, ToolCalled)]
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.usage
    assert theirs == {
        "models": [
            {"name": found.name, "size": found.size_bytes, "family": "llama", "quantization": found.quantization}
            for found in models
        ],
        "capabilities": list(details.abilities),
        "context": models[0].context,
        "license": details.license,
        "loaded": [[loaded.name, loaded.size_bytes, loaded.graphics_bytes, loaded.context, loaded.until]],
        "text": text_of(events),
        "thinking": reasoning_of(events),
        "calls": [[call.name, json.loads(call.arguments)] for call in calls],
        "done_reason": "stop",
        "input_tokens": last.usage.input_tokens,
        "output_tokens": last.usage.output_tokens,
        "pulled": [steps[-1].completed, steps[-1].total],
        "vectors": vectors,
        "requests": [sent],
    }
    assert last.reason == "tool_calls"


def everything_asked() -> ProviderRequest:
    """Return a request with all that Ollama takes."""
    tool = ToolCall("call_0", "get_time", '{"tz": "UTC"}')
    parts: list[tuple[Role, tuple[Part, ...]]] = [
        (Role.USER, (Image("image/png", PNG), Text("What time?"))),
        (Role.ASSISTANT, (Reasoning("Hm"), tool, ToolResult("call_0", "noon"), Text("Noon."))),
        (Role.USER, (Text("And here?"),)),
    ]
    said = [Message(str(role), "c", None, role, said, MessageStatus.COMPLETE, 0) for role, said in parts]
    schema = {"type": "object", "properties": {"tz": {"type": "string", "description": "A time zone"}}}
    return ProviderRequest(
        "fake",
        said,
        "Be brief.",
        Parameters(temperature=0.5, top_p=0.9, max_tokens=50, seed=1, stop=("END",), effort="high", schema=schema),
        [ToolSpec("get_time", "The time", schema)],
    )


@pytest.fixture
async def provider(tiny_engine: TinyEngine) -> AsyncIterator[OpenAI]:
    provider = OpenAI(Endpoint("llamacpp", "llama.cpp", tiny_engine.url, owned_by="llamacpp"), Access())
    yield provider
    await provider.close()


class TestLlamaCpp:
    async def test_models(self, provider: OpenAI, tiny_engine: TinyEngine) -> None:
        (model,) = await provider.models()
        assert model.id == f"llamacpp/{tiny_engine.model}"
        assert model.context
        assert model.context > 1000
        assert model.vision is False

    async def test_the_default_reply(self, provider: OpenAI, tiny_engine: TinyEngine) -> None:
        events = await events_of(provider, question("Hello", tiny_engine.model))
        assert text_of(events) == replies.DEFAULT
        last = events[-1]
        assert isinstance(last, Finished)
        assert last.usage
        assert last.usage.output_tokens
        assert last.usage.input_tokens
        assert last.usage.tokens_per_second

    async def test_markdown(self, provider: OpenAI, tiny_engine: TinyEngine) -> None:
        events = await events_of(provider, question("/markdown", tiny_engine.model))
        assert text_of(events).strip() == replies.MARKDOWN.strip()

    async def test_reasoning(self, provider: OpenAI, tiny_engine: TinyEngine) -> None:
        events = await events_of(provider, question("/think", tiny_engine.model))
        assert reasoning_of(events).strip() == replies.THINK_REASONING
        assert text_of(events) == replies.THINK_ANSWER

    async def test_a_stopped_answer_frees_its_slot(self, provider: OpenAI, tiny_engine: TinyEngine) -> None:
        stream = provider.stream(question("/long", tiny_engine.model))
        words = [event.text async for event in _first(stream, 5) if isinstance(event, TextDelta)]
        assert "".join(words).split()
        assert await busy_slots(tiny_engine) == 1
        await stream.aclose()
        deadline = asyncio.get_running_loop().time() + 5
        while await busy_slots(tiny_engine) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
        assert await busy_slots(tiny_engine) == 0

    async def test_too_long(self, provider: OpenAI, tiny_engine: TinyEngine) -> None:
        (model,) = await provider.models()
        with pytest.raises(PromptTooLong) as caught:
            await events_of(provider, question("hi " * (model.context or 0), tiny_engine.model))
        assert "context" in caught.value.detail


async def _first(stream: Any, count: int) -> AsyncIterator[Any]:
    for _ in range(count):
        yield await anext(stream)


async def busy_slots(engine: TinyEngine) -> int:
    """Return how many answers the server is working on."""
    client = Client("llama.cpp", engine.url.removesuffix("/v1"))
    slots = await client.ask("/slots")
    await client.close()
    return sum(slot["is_processing"] for slot in slots)

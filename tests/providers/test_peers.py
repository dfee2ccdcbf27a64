"""Other people's programs as judges: Ollama's client reads our fake, a real llama.cpp answers our provider."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from parley.errors import PromptTooLong
from parley.events import Finished, TextDelta
from parley.http import Client
from parley.providers.endpoints import Access, Endpoint
from parley.providers.ollama import Ollama
from parley.providers.openai import OpenAI
from tests.fakes import FakeOllama, OllamaModel, Reply
from tests.peers import replies
from tests.peers.tiny_engine import PYTHON, TinyEngine
from tests.providers.helpers import events_of, question, reasoning_of, text_of

ORACLE = Path(__file__).with_name("ollama_oracle.py")


async def ask_ollamas_client(url: str, model: str) -> Any:
    process = await asyncio.create_subprocess_exec(
        PYTHON, ORACLE, url, model, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


async def test_ollamas_own_client_understands_our_fake_as_we_do() -> None:
    reply = Reply(thinking=("Let me ", "see…"), pieces=("Vier", " 🙂", "\n"))
    model = OllamaModel("fake:latest", capabilities=("completion", "thinking"), context=4096)
    async with FakeOllama(model, "other:1b", reply=reply) as server:
        theirs = await ask_ollamas_client(server.url, "fake")
        provider = Ollama(Endpoint("ollama", "Ollama", server.url), Access())
        models = await provider.models()
        events = await events_of(provider, question(model="fake"))
        await provider.close()
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.usage
    assert theirs == {
        "models": [{"name": found.name, "size": found.size_bytes, "family": "llama"} for found in models],
        "capabilities": ["completion", "thinking"],
        "context": models[0].context,
        "text": text_of(events),
        "thinking": reasoning_of(events),
        "done_reason": last.reason,
        "input_tokens": last.usage.input_tokens,
        "output_tokens": last.usage.output_tokens,
    }


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

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from parley.errors import ProviderUnreachable
from parley.models import Model
from parley.providers.endpoints import Access, Endpoint
from parley.providers.openai import OpenAI, base_url
from parley.providers.openai_rows import OPENAI, VENDORS
from tests.fakes import FakeOpenAI
from tests.providers.sockets import Exchange, FakeServer, bytes_handler, response


@pytest.fixture
async def server() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI("fake-model") as server:
        yield server


@pytest.fixture
async def provider(server: FakeOpenAI) -> AsyncIterator[OpenAI]:
    provider = OpenAI(Endpoint("box", "Box", server.url), Access())
    yield provider
    await provider.close()


class TestModels:
    async def test_the_list(self, server: FakeOpenAI, provider: OpenAI) -> None:
        server.models = [{"id": name, "object": "model"} for name in ("Zeta", "alpha", "org/beta:free")]
        assert [model.name for model in await provider.models()] == ["alpha", "org/beta:free", "Zeta"]
        assert (await provider.models())[1].id == "box/org/beta:free"

    @pytest.mark.parametrize(
        ("entry", "expected"),
        [
            ({"max_model_len": 8192, "owned_by": "vllm"}, {"context": 8192}),
            (
                {"meta": {"n_ctx": 4096, "n_ctx_train": 131072, "size": 99}, "owned_by": "llamacpp"},
                {"context": 4096, "size_bytes": 99},
            ),
            ({"context_window": 131072, "owned_by": "Meta"}, {"context": 131072}),
            (
                {
                    "name": "OpenAI: GPT",
                    "context_length": 400000,
                    "architecture": {"input_modalities": ["text", "image"]},
                    "supported_parameters": ["tools", "temperature"],
                },
                {
                    "label": "OpenAI: GPT",
                    "context": 400000,
                    "vision": True,
                    "tools": True,
                    "reasoning": False,
                    "audio": False,
                    "parameters": frozenset({"temperature"}),
                },
            ),
            (
                {"architecture": {"input_modalities": ["text"], "output_modalities": ["image", "text"]}},
                {"vision": False, "audio": False, "draws": True},
            ),
            ({"context_length": "many", "meta": None, "architecture": []}, {}),
        ],
    )
    async def test_what_vendors_tell(
        self, server: FakeOpenAI, provider: OpenAI, entry: dict[str, Any], expected: dict[str, Any]
    ) -> None:
        server.models = [{"id": "m", "object": "model"} | entry]
        assert await provider.models() == [Model("box", "m", **expected)]

    async def test_what_cannot_chat_is_left_out(self, server: FakeOpenAI, provider: OpenAI) -> None:
        chat = ["gpt-4o", "embedder-chat", "gpt-4o-mini", "qwen2.5-vl-7b", "ttsx"]
        embedding = ["text-embedding-3-small", "text-embedding-nomic-embed-text-v1.5", "bge-m3", "qwen3-embedding:4b"]
        other = ["whisper-1", "tts-1-hd", "dall-e-3", "gpt-4o-audio-preview"]
        other += ["omni-moderation-latest", "gpt-4o-transcribe", "gpt-image-1", "sora-2", "gpt-realtime", "davinci-002"]
        server.models = [{"id": name} for name in other + chat + embedding]
        models = await provider.models()
        assert {model.name for model in models if model.purpose == "chat"} == set(chat)
        assert {model.name for model in models if model.purpose == "embedding"} == set(embedding)

    async def test_preferred_ones_first(self, server: FakeOpenAI) -> None:
        server.models = [{"id": name} for name in ("a", "b", "gpt-4o", "gpt-5")]
        endpoint = replace(VENDORS[0], base_url=server.url)
        provider = OpenAI(endpoint, Access())
        assert [model.name for model in await provider.models()] == ["gpt-5", "gpt-4o", "a", "b"]
        await provider.close()

    async def test_what_openai_does_not_tell_of_its_models(self, server: FakeOpenAI) -> None:
        """https://developers.openai.com/api/docs/models: its list has names only."""
        names = [
            "gpt-5.5",
            "gpt-5.4-mini",
            "o4-mini",
            "gpt-4.1",
            "gpt-5-chat-latest",
            "text-embedding-3-small",
            "brand-new",
        ]
        server.models = [{"id": name, "object": "model", "owned_by": "system"} for name in (*names, "gpt-image-2")]
        provider = OpenAI(replace(VENDORS[0], base_url=server.url), Access(), OPENAI)
        found = {model.name: model for model in await provider.models()}
        assert found.keys() == set(names)
        thinking = frozenset({"max_tokens", "effort", "json", "schema"})
        speaking = frozenset({"max_tokens", "temperature", "top_p", "json", "schema"})
        assert {name: (model.context, model.reasoning, model.parameters) for name, model in found.items()} == {
            "gpt-5.5": (1_050_000, True, thinking),
            "gpt-5.4-mini": (400_000, True, thinking),
            "o4-mini": (200_000, True, thinking),
            "gpt-4.1": (1_047_576, False, speaking),
            "gpt-5-chat-latest": (128_000, False, speaking),
            "text-embedding-3-small": (None, None, None),
            "brand-new": (None, None, speaking),
        }
        assert found["gpt-5.5"].vision
        assert found["gpt-5.5"].tools
        assert found["text-embedding-3-small"].purpose == "embedding"
        await provider.close()

    @pytest.mark.parametrize("body", [{}, [], {"data": None}, {"data": {}}, "text", 3])
    async def test_a_stranger(self, body: Any) -> None:
        async with FakeServer(bytes_handler(response(json.dumps(body), content_type="application/json"))) as server:
            provider = OpenAI(Endpoint("box", "Box", server.url), Access())
            with pytest.raises(ProviderUnreachable):
                await provider.models()
            await provider.close()

    async def test_odd_entries_do_no_harm(self, server: FakeOpenAI, provider: OpenAI) -> None:
        server.models = [None, "x", {}, {"id": 3}, {"id": "good"}]  # type: ignore[list-item]
        assert [model.name for model in await provider.models()] == ["good"]

    async def test_servers_on_one_port_are_told_apart(self, server: FakeOpenAI) -> None:
        async def found(owned_by: str | None) -> bool:
            provider = OpenAI(Endpoint("box", "Box", server.url, owned_by=owned_by), Access())
            try:
                return bool(await provider.models())
            except ProviderUnreachable:
                return False
            finally:
                await provider.close()

        assert [await found("fake"), await found("llamacpp"), await found(""), await found(None)] == [
            True,
            False,
            False,
            True,
        ]
        del server.models[0]["owned_by"]
        assert [await found("fake"), await found("")] == [False, True]

    async def test_the_context_of_an_older_llamacpp(self, server: FakeOpenAI, provider: OpenAI) -> None:
        server.models = [{"id": "m", "owned_by": "llamacpp", "meta": {"n_ctx_train": 131072}}]
        assert (await provider.models())[0].context == 131072

        async def properties(exchange: Exchange) -> None:
            assert exchange.request.path == "/props"
            await exchange.respond({"default_generation_settings": {"n_ctx": 4096}})

        server.handler = properties
        assert (await provider.models())[0].context == 4096

    async def test_lm_studios_own_list(self, server: FakeOpenAI) -> None:
        provider = OpenAI(Endpoint("lmstudio", "LM Studio", server.url), Access())
        assert [model.name for model in await provider.models()] == ["fake-model"]

        async def listed(exchange: Exchange) -> None:
            assert exchange.request.path == "/api/v0/models"
            rows: list[dict[str, Any]] = [
                {"id": "vlm", "type": "vlm", "max_context_length": 32768, "capabilities": ["tool_use"]},
                {"id": "llm", "type": "llm", "max_context_length": 131072, "loaded_context_length": 4096},
                {"id": "nomic", "type": "embeddings", "max_context_length": 2048},
            ]
            await exchange.respond({"object": "list", "data": rows})

        server.handler = listed
        assert await provider.models() == [
            Model("lmstudio", "llm", context=4096, vision=False),
            Model("lmstudio", "nomic", context=2048, vision=False, purpose="embedding"),
            Model("lmstudio", "vlm", context=32768, vision=True, tools=True),
        ]
        for other in (response("oops", 500), response({"error": "Unexpected endpoint"}), response("<html>")):
            server.handler = bytes_handler(other)
            assert [model.name for model in await provider.models()] == ["fake-model"]
        await provider.close()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("http://box:8080", "http://box:8080/v1"),
        ("http://box:8080/", "http://box:8080/v1"),
        ("http://box:8080/v1", "http://box:8080/v1"),
        ("http://box:8080/v1/", "http://box:8080/v1"),
        ("http://box/v1/chat/completions", "http://box/v1"),
        ("http://box/v1/models?x=1", "http://box/v1"),
        ("https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
        ("https://openrouter.ai/api/v1/", "https://openrouter.ai/api/v1"),
        ("localhost:1234", "http://localhost:1234/v1"),
        ("192.168.0.7:8000/v1", "http://192.168.0.7:8000/v1"),
        ("api.example.com", "https://api.example.com/v1"),
        ("box.local", "http://box.local/v1"),
        (' "http://box" ', "http://box/v1"),
        ("http://[::1", "http://[::1"),
        ("[::1", "http://[::1"),
        ("[::1]:8080", "http://[::1]:8080/v1"),
    ],
)
def test_base_urls_as_people_type_them(typed: str, expected: str) -> None:
    assert base_url(typed) == expected

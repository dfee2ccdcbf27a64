"""One recording for each row: what its vendor's documents show of the list of models and of a streamed answer."""

from dataclasses import dataclass
from typing import Any

from parley.messages import Usage
from parley.models import Model, Price
from tests.providers.recordings import piece, usage
from tests.providers.sockets import sse


@dataclass(frozen=True)
class Recording:
    """`listed` is the answer for the list, `model` what is to be read from it."""

    document: str
    listed: Any
    model: Model
    answer: bytes
    usage: Usage | None
    text: str = "Hello there."
    thought: str = ""
    path: str = "/models"


def _list(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"object": "list", "data": list(entries)}


def _counts(read: int, written: int, **more: Any) -> dict[str, Any]:
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written} | more


RECORDINGS: dict[str, Recording] = {
    "groq": Recording(
        "https://console.groq.com/docs/api-reference#models-list and /docs/reasoning",
        _list(
            {
                "id": "openai/gpt-oss-120b",
                "object": "model",
                "created": 1754408224,
                "owned_by": "OpenAI",
                "active": True,
                "context_window": 131072,
                "public_apps": None,
                "max_completion_tokens": 65536,
            },
            {"id": "whisper-large-v3", "object": "model", "owned_by": "OpenAI", "context_window": 448},
        ),
        Model(
            "groq",
            "openai/gpt-oss-120b",
            context=131072,
            max_output=65536,
            parameters=frozenset({"temperature", "top_p", "max_tokens", "seed", "stop", "effort", "json", "schema"}),
        ),
        sse(
            piece(role="assistant", content="", beside={"x_groq": {"id": "req_01"}}),
            piece(reasoning="A greeting.", channel="analysis"),
            piece(content="Hello there."),
            piece("stop", beside={"x_groq": {"id": "req_01", "usage": _counts(18, 9, queue_time=0.03)}}),
            "[DONE]",
        ),
        Usage(18, 9),
        thought="A greeting.",
    ),
    "openrouter": Recording(
        "https://openrouter.ai/docs/models, /docs/api-reference/streaming and /docs/use-cases/usage-accounting",
        {
            "data": [
                {
                    "id": "anthropic/claude-sonnet-4",
                    "canonical_slug": "anthropic/claude-4-sonnet-20250522",
                    "name": "Anthropic: Claude Sonnet 4",
                    "context_length": 1000000,
                    "architecture": {
                        "modality": "text+image->text",
                        "input_modalities": ["image", "text", "file"],
                        "output_modalities": ["text"],
                    },
                    "pricing": {
                        "prompt": "0.000003",
                        "completion": "0.000015",
                        "request": "0",
                        "input_cache_read": "0.0000003",
                        "input_cache_write": "0.00000375",
                    },
                    "top_provider": {"context_length": 1000000, "max_completion_tokens": 64000, "is_moderated": False},
                    "supported_parameters": ["include_reasoning", "max_tokens", "reasoning", "temperature", "tools"],
                },
                {
                    "id": "openrouter/painter",
                    "architecture": {"input_modalities": ["text"], "output_modalities": ["image"]},
                },
            ]
        },
        Model(
            "openrouter",
            "anthropic/claude-sonnet-4",
            "Anthropic: Claude Sonnet 4",
            1000000,
            vision=True,
            tools=True,
            reasoning=True,
            audio=False,
            max_output=64000,
            parameters=frozenset({"temperature", "max_tokens", "effort"}),
            price=Price(3.0, 15.0, 0.3, 3.75),
        ),
        b": OPENROUTER PROCESSING\n\n"
        + sse(
            piece(
                role="assistant",
                content="",
                reasoning="A greet",
                reasoning_details=[{"type": "reasoning.text", "text": "A greet", "format": "x", "index": 0}],
            ),
            piece(
                content="",
                reasoning="ing.",
                reasoning_details=[{"type": "reasoning.text", "text": "ing.", "format": "x", "index": 0}],
            ),
            piece(
                content="",
                reasoning_details=[{"type": "reasoning.text", "signature": "Eq", "format": "x", "index": 0}],
            ),
            piece(content="Hello there."),
            piece("stop", beside={"provider": "Anthropic"}, content=""),
            usage(
                **_counts(
                    194,
                    2,
                    cost=0.00095,
                    prompt_tokens_details={"cached_tokens": 10, "cache_write_tokens": 100},
                    completion_tokens_details={"reasoning_tokens": 1},
                )
            ),
            "[DONE]",
        ),
        Usage(194, 2, reasoning_tokens=1, cached_tokens=10, cache_writing_tokens=100, cost=0.00095),
        thought="A greeting.",
    ),
    "mistral": Recording(
        "https://docs.mistral.ai/api (List Models, Chat Completion) and /capabilities/reasoning",
        _list(
            {
                "id": "magistral-medium-latest",
                "object": "model",
                "owned_by": "mistralai",
                "capabilities": {
                    "completion_chat": True,
                    "completion_fim": False,
                    "function_calling": True,
                    "fine_tuning": False,
                    "vision": True,
                },
                "name": "magistral-medium-2509",
                "max_context_length": 131072,
                "aliases": ["magistral-medium-2509"],
                "deprecation": None,
                "default_model_temperature": 0.7,
                "type": "base",
            },
            {"id": "mistral-ocr-latest", "capabilities": {"completion_chat": False, "vision": True}},
        ),
        Model(
            "mistral",
            "magistral-medium-latest",
            "magistral-medium-2509",
            131072,
            vision=True,
            tools=True,
            parameters=frozenset({"temperature", "top_p", "max_tokens", "seed", "stop", "json", "schema"}),
        ),
        sse(
            piece(role="assistant", content=""),
            piece(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "A greeting."}]}]),
            piece(content=[{"type": "text", "text": "Hello "}]),
            piece("stop", content="there.", beside={"usage": _counts(13, 8)}),
            "[DONE]",
        ),
        Usage(13, 8),
        thought="A greeting.",
    ),
    "deepseek": Recording(
        "https://api-docs.deepseek.com/api/list-models, /api/create-chat-completion and /guides/thinking_mode",
        _list({"id": "deepseek-v4-pro", "object": "model", "owned_by": "deepseek"}),
        Model(
            "deepseek",
            "deepseek-v4-pro",
            context=1_000_000,
            vision=False,
            tools=True,
            reasoning=True,
            max_output=384_000,
            parameters=frozenset({"temperature", "top_p", "max_tokens", "stop", "effort", "json"}),
        ),
        b": keep-alive\n\n"
        + sse(
            piece(role="assistant", content=None, reasoning_content=""),
            piece(content=None, reasoning_content="A greeting."),
            piece(content="Hello there.", reasoning_content=None),
            piece(
                "stop",
                content="",
                reasoning_content=None,
                beside={
                    "usage": _counts(
                        17,
                        9,
                        prompt_tokens_details={"cached_tokens": 16},
                        completion_tokens_details={"reasoning_tokens": 3},
                        prompt_cache_hit_tokens=16,
                        prompt_cache_miss_tokens=1,
                    )
                },
            ),
            "[DONE]",
        ),
        Usage(17, 9, reasoning_tokens=3, cached_tokens=16),
        thought="A greeting.",
    ),
    "xai": Recording(
        "https://docs.x.ai/docs/api-reference#list-language-models and #chat-completions",
        {
            "models": [
                {
                    "id": "grok-3-mini",
                    "fingerprint": "fp_6a09108ff5",
                    "created": 1743724800,
                    "object": "model",
                    "owned_by": "xai",
                    "version": "1.0",
                    "input_modalities": ["text"],
                    "output_modalities": ["text"],
                    "prompt_text_token_price": 3000,
                    "cached_prompt_text_token_price": 750,
                    "prompt_image_token_price": 0,
                    "completion_text_token_price": 5000,
                    "aliases": ["grok-3-mini-latest", "grok-3-mini-beta"],
                }
            ]
        },
        Model(
            "xai",
            "grok-3-mini",
            context=131_072,
            vision=False,
            tools=True,
            reasoning=True,
            audio=False,
            parameters=frozenset({"temperature", "top_p", "max_tokens", "seed", "effort", "json", "schema"}),
            price=Price(0.3, 0.5, 0.075),
        ),
        sse(
            piece(role="assistant", content="", reasoning_content="A greeting."),
            piece(content="Hello there."),
            piece("stop", content=""),
            usage(
                prompt_tokens=32,
                completion_tokens=9,
                total_tokens=135,
                prompt_tokens_details={"text_tokens": 32, "cached_tokens": 6},
                completion_tokens_details={"reasoning_tokens": 94},
            ),
            "[DONE]",
        ),
        Usage(32, 103, reasoning_tokens=94, cached_tokens=6),
        thought="A greeting.",
        path="/language-models",
    ),
    "together": Recording(
        "https://docs.together.ai/reference/models and /reference/chat-completions-1",
        [
            {
                "id": "openai/gpt-oss-20b",
                "object": "model",
                "created": 1692896905,
                "type": "chat",
                "display_name": "OpenAI GPT-OSS 20B",
                "organization": "OpenAI",
                "license": "other",
                "context_length": 131072,
                "pricing": {"hourly": 0, "input": 0.05, "output": 0.2, "base": 0, "finetune": 0},
            },
            {"id": "black-forest-labs/FLUX.1-dev", "type": "image", "pricing": {"input": 0, "output": 0}},
            {"id": "togethercomputer/m2-bert-80M", "type": "embedding", "context_length": 2048},
        ],
        Model(
            "together",
            "openai/gpt-oss-20b",
            "OpenAI GPT-OSS 20B",
            131072,
            parameters=frozenset({"temperature", "top_p", "max_tokens", "seed", "stop", "effort", "json", "schema"}),
            price=Price(0.05, 0.2),
        ),
        sse(
            piece(role="assistant", content="", reasoning="A greeting."),
            piece(role="assistant", content="Hello there.", token_id=12),
            piece("stop", role="assistant", content="", beside={"usage": _counts(10, 8)}),
            "[DONE]",
        ),
        Usage(10, 8),
        thought="A greeting.",
    ),
    "fireworks": Recording(
        "https://docs.fireworks.ai/api-reference/post-chatcompletions; the list as llm-fireworks reads it (pull 4)",
        _list(
            {
                "id": "accounts/fireworks/models/kimi-k2p5",
                "object": "model",
                "owned_by": "fireworks",
                "created": 1738000000,
                "kind": "HF_BASE_MODEL",
                "supports_chat": True,
                "supports_image_input": True,
                "supports_tools": True,
                "context_length": 262144,
            },
            {"id": "accounts/fireworks/models/flux-kontext-pro", "supports_chat": False, "kind": "FLUMINA_BASE_MODEL"},
        ),
        Model(
            "fireworks",
            "accounts/fireworks/models/kimi-k2p5",
            context=262144,
            vision=True,
            tools=True,
            parameters=frozenset({"temperature", "top_p", "max_tokens", "seed", "stop", "json", "schema"}),
        ),
        sse(
            piece(role="assistant"),
            piece(reasoning_content="A greeting."),
            piece(content="Hello there."),
            piece("stop", beside={"usage": _counts(22, 7, prompt_tokens_details={"cached_tokens": 20})}),
            "[DONE]",
        ),
        Usage(22, 7, cached_tokens=20),
        thought="A greeting.",
    ),
    "cerebras": Recording(
        "https://inference-docs.cerebras.ai/api-reference/models and /api-reference/chat-completions",
        _list({"id": "gpt-oss-120b", "object": "model", "created": 1721692800, "owned_by": "Cerebras"}),
        Model(
            "cerebras",
            "gpt-oss-120b",
            context=131_072,
            vision=False,
            tools=True,
            reasoning=True,
            max_output=40_960,
            parameters=frozenset({"temperature", "top_p", "max_tokens", "seed", "stop", "effort", "json", "schema"}),
        ),
        sse(
            piece(role="assistant"),
            piece(reasoning="A greeting."),
            piece(content="Hello there."),
            piece(
                "stop",
                beside={
                    "usage": _counts(12, 10, prompt_tokens_details={"cached_tokens": 0}),
                    "time_info": {"queue_time": 0.00007, "total_time": 0.02},
                },
            ),
            "[DONE]",
        ),
        Usage(12, 10),
        thought="A greeting.",
    ),
    "perplexity": Recording(
        "https://docs.perplexity.ai/api-reference/chat-completions-post",
        None,
        Model(
            "perplexity",
            "sonar",
            "Sonar",
            128_000,
            vision=True,
            tools=False,
            reasoning=False,
            parameters=frozenset({"temperature", "top_p", "max_tokens", "schema"}),
        ),
        sse(
            *(
                piece(
                    reason,
                    role="assistant",
                    content=text,
                    beside={
                        "object": "chat.completion",
                        "citations": ["https://example.com/a"],
                        "search_results": [{"title": "A [page]", "url": "https://example.com/a", "date": "2025-01-01"}],
                        "usage": _counts(
                            14, count, search_context_size="low", cost={"total_cost": 0.006, "request_cost": 0.005}
                        ),
                    },
                )
                for text, reason, count in (("Hello ", None, 1), ("there.", None, 2), ("", "stop", 2))
            ),
            end="\r\n\r\n",
        ),
        Usage(14, 2, cost=0.006),
        text="Hello there.\n\n1. [A (page)](<https://example.com/a>)",
    ),
    "lmstudio": Recording(
        "https://lmstudio.ai/docs/developer/rest/endpoints and /docs/developer/openai-compat",
        {
            "object": "list",
            "data": [
                {
                    "id": "qwen2-vl-7b-instruct",
                    "object": "model",
                    "type": "vlm",
                    "publisher": "mlx-community",
                    "arch": "qwen2_vl",
                    "compatibility_type": "mlx",
                    "quantization": "4bit",
                    "state": "not-loaded",
                    "max_context_length": 32768,
                    "capabilities": ["tool_use"],
                }
            ],
        },
        Model("lmstudio", "qwen2-vl-7b-instruct", context=32768, vision=True, tools=True, quantization="4bit"),
        sse(
            piece(role="assistant", reasoning_content="A greeting."),
            piece(role="assistant", content="Hello there."),
            piece("stop"),
            usage(**_counts(24, 9, completion_tokens_details={"reasoning_tokens": 2})),
            "[DONE]",
        ),
        Usage(24, 9, reasoning_tokens=2),
        thought="A greeting.",
        path="/api/v0/models",
    ),
    "llamacpp": Recording(
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        _list(
            {
                "id": "gemma-3",
                "object": "model",
                "created": 1735142223,
                "owned_by": "llamacpp",
                "meta": {"n_ctx": 8192, "n_ctx_train": 131072, "n_params": 8030261312, "size": 4912898304},
            }
        ),
        Model("llamacpp", "gemma-3", context=8192, size_bytes=4912898304),
        sse(
            piece(role="assistant", content=None),
            piece(reasoning_content="A greeting."),
            piece(content="Hello there."),
            piece("stop"),
            usage(**_counts(6, 4))
            | {"timings": {"cache_n": 4, "prompt_n": 2, "prompt_ms": 250.0, "predicted_n": 4, "predicted_ms": 750.0}},
            "[DONE]",
        ),
        Usage(6, 4, first_token_seconds=0.25, seconds=1.0),
        thought="A greeting.",
    ),
    "vllm": Recording(
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html and /features/reasoning_outputs.html",
        _list({"id": "Qwen/Qwen3-8B", "object": "model", "owned_by": "vllm", "root": "x", "max_model_len": 40960}),
        Model("vllm", "Qwen/Qwen3-8B", context=40960),
        sse(
            piece(role="assistant", content=""),
            piece(reasoning_content="A greeting."),
            piece(content="Hello there."),
            piece("stop", content="", beside={"usage": None}),
            usage(**_counts(9, 30)),
            "[DONE]",
        ),
        Usage(9, 30),
        thought="A greeting.",
    ),
    "localai": Recording(
        "https://localai.io/features/text-generation/",
        _list({"id": "gpt-4", "object": "model"}),
        Model("localai", "gpt-4"),
        sse(
            piece(role="assistant", content=""),
            piece(content="Hello there."),
            piece("stop", content="", beside={"usage": _counts(5, 3)}),
            "[DONE]",
        ),
        Usage(5, 3),
    ),
    "jan": Recording(
        "https://jan.ai/docs/api-server",
        _list({"id": "jan-v1-4b", "object": "model", "created": 1735142223, "owned_by": "remote"}),
        Model("jan", "jan-v1-4b"),
        sse(
            piece(role="assistant", content="<think>A greeting.</think>Hello "), piece(content="there."), piece("stop")
        ),
        None,
        thought="A greeting.",
    ),
}

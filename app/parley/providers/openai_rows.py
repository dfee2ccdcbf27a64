"""Rows: the servers that speak OpenAI's chat completions, and in what each of them differs, as plain data.

A vendor is one `Endpoint` of `VENDORS`, a server found on this computer one of `LOCAL_SERVERS`; what is peculiar to it
is one `Habits` of `HABITS`. Other servers, those that people add, have none.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal
from urllib.parse import urlsplit

from parley.errors import AnswerWithheld, ChatError, ModelRetired, ModelUnknown, Overloaded
from parley.http import is_loopback
from parley.models import Model, Parameters
from parley.providers.endpoints import Endpoint

ALL = frozenset(found.name for found in fields(Parameters))
EFFORT = frozenset({"effort"})
SAMPLING = frozenset({"temperature", "top_p"})

Thoughts = Literal["", "reasoning_content", "reasoning_details"]

KINDS: Mapping[str, type[ChatError]] = {
    "model_decommissioned": ModelRetired,
    "model_deprecated": ModelRetired,
    "deploymentnotfound": ModelUnknown,
    "invalid_prompt": AnswerWithheld,
    "bio_policy": AnswerWithheld,
    "cyber_policy": AnswerWithheld,
    "misalignment_policy_violation": AnswerWithheld,
    "image_content_policy_violation": AnswerWithheld,
    "responsibleaipolicyviolation": AnswerWithheld,
    "insufficient_system_resource": Overloaded,
    "engine_overloaded": Overloaded,
}
"""What these vendors call errors, beside the names that everybody uses."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a server differs from what most of them take. Patterns are looked for in the names of models.

    `responses`: it speaks the Responses API too, but for the models of `chat_only`. `max_tokens` and `seed` are what
    it calls these. `lacks` names the parameters that models of a pattern do not take, `efforts` says what is sent for
    an effort that they do not know. `effort` is how it wants that: a word, an object, with a switch, or as words for
    the template that a model brings with it.

    `thoughts` is where a model wants its thoughts of before back. `prefill` goes with an answer that is to be gone on
    with, `continuing` with its request; `user_last`: it is asked to go on instead. `tool_ids`: it takes such ids only,
    of so many letters. `tools_answered`: after a tool only the model may speak.

    `models_path` is its list, `known` are its models if it has none, `facts` what its list does not tell.
    """

    responses: bool = False
    chat_only: str = ""
    max_tokens: str = "max_tokens"
    seed: str = "seed"
    lacks: tuple[tuple[str, frozenset[str]], ...] = ()
    efforts: tuple[tuple[str, Mapping[str, str]], ...] = ()
    effort: Literal["word", "object", "switch", "template"] = "word"
    usage_option: bool = True
    thoughts: Thoughts = ""
    prefill: Mapping[str, Any] = field(default_factory=dict)
    continuing: Mapping[str, Any] = field(default_factory=dict)
    user_last: bool = False
    tool_ids: int = 0
    tools_answered: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    models_path: str = "/models"
    known: tuple[Model, ...] = ()
    facts: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    def takes(self, model: str) -> frozenset[str]:
        """Return the parameters that a model takes."""
        return ALL.difference(*(names for pattern, names in self.lacks if re.search(pattern, model)))

    def facts_of(self, model: str) -> Mapping[str, Any]:
        """Return what is known of a model, though its list does not tell it."""
        return next((facts for pattern, facts in self.facts if re.search(pattern, model)), {})

    def effort_of(self, model: str, effort: str) -> str:
        """Return the effort to ask of a model for the one that is wanted."""
        known = next((names for pattern, names in self.efforts if re.search(pattern, model)), {})
        return known.get(effort, effort)


def _only(pattern: str, names: frozenset[str]) -> tuple[str, frozenset[str]]:
    """Return that no models but those of a pattern take these parameters."""
    return f"^(?!.*(?:{pattern}))", names


def _facts(context: int, output: int | None = None, **abilities: bool) -> Mapping[str, Any]:
    return {"context": context, "max_output": output, **abilities}


_THINKERS = r"^(o\d|gpt-(5|6)(?!.*chat)|codex|computer-use)"
"""OpenAI's models that think: https://developers.openai.com/api/docs/guides/reasoning."""

_THINKER = {"vision": True, "tools": True, "reasoning": True}
_SPEAKER = {"vision": True, "tools": True, "reasoning": False}

OPENAI = Habits(
    responses=True,
    chat_only=r"audio|search-preview",
    user_last=True,
    max_tokens="max_completion_tokens",
    lacks=(
        ("", frozenset({"seed", "stop"})),  # the Responses API has neither
        (_THINKERS, SAMPLING),
        _only(_THINKERS, EFFORT),
        (r"^(gpt-4(-\d{4}.*)?|gpt-3\.5.*|gpt-4-turbo.*|gpt-4o-2024-05-13)$", frozenset({"schema"})),
    ),
    efforts=(
        (r"^gpt-5(-(mini|nano|20).*)?$", {"none": "minimal"}),
        (r"^gpt-5-pro", dict.fromkeys(("none", "minimal", "low", "medium"), "high")),
        (r"^gpt-5\.\d+-pro", dict.fromkeys(("none", "minimal", "low"), "medium")),
        (r"^(o\d|codex|computer-use)", {"none": "low", "minimal": "low"}),
        (r"^gpt-(5\.|6)", {"minimal": "low"}),
    ),
    facts=(
        (r"^gpt-5\.[45](?!.*(mini|nano|chat))", _facts(1_050_000, 128_000, **_THINKER)),
        (r"^gpt-[56].*chat", _facts(128_000, 16_384, **_SPEAKER)),
        (r"^gpt-[56]", _facts(400_000, 128_000, **_THINKER)),
        (r"^codex", _facts(200_000, 100_000, **_THINKER)),
        (r"^o3-mini", _facts(200_000, 100_000, vision=False, tools=True, reasoning=True)),
        (r"^o1-(mini|preview)", _facts(128_000, 32_768, vision=False, tools=False, reasoning=True)),
        (r"^o\d", _facts(200_000, 100_000, **_THINKER)),
        (r"^gpt-4\.1", _facts(1_047_576, 32_768, **_SPEAKER)),
        (r"^(chat)?gpt-4o", _facts(128_000, 16_384, **_SPEAKER)),
        (r"^gpt-4-turbo(?!-preview)", _facts(128_000, 4096, **_SPEAKER)),
        (r"^gpt-4-(turbo|0125|1106)", _facts(128_000, 4096, vision=False, tools=True, reasoning=False)),
        (r"^gpt-4-32k", _facts(32_768, None, vision=False, tools=True, reasoning=False)),
        (r"^gpt-4", _facts(8192, 8192, vision=False, tools=True, reasoning=False)),
        (r"^gpt-3\.5", _facts(16_385, 4096, vision=False, tools=True, reasoning=False)),
    ),
)
"""https://developers.openai.com/api/docs/models, and the types of openai-python 3.54."""

HABITS: Mapping[str, Habits] = {
    "openai": OPENAI,
    # https://console.groq.com/docs/api-reference and /docs/reasoning
    "groq": Habits(
        max_tokens="max_completion_tokens",
        lacks=(_only(r"gpt-oss|qwen3|qwen-3", EFFORT),),
        efforts=(
            (r"gpt-oss", {"none": "low", "minimal": "low"}),
            (r"qwen", dict.fromkeys(("minimal", "low", "medium", "high"), "default")),
        ),
    ),
    # https://openrouter.ai/docs/api-reference/overview and /docs/use-cases/reasoning-tokens
    "openrouter": Habits(
        effort="object",
        thoughts="reasoning_details",
        headers={"X-Title": "Parley"},  # HTTP-Referer would be the address of a site, which Parley has not
    ),
    # https://docs.mistral.ai/api
    "mistral": Habits(
        seed="random_seed",
        lacks=(("", EFFORT),),
        usage_option=False,
        prefill={"prefix": True},
        tool_ids=9,
        tools_answered=True,
    ),
    # https://api-docs.deepseek.com/api/create-chat-completion and /guides/thinking_mode
    "deepseek": Habits(
        lacks=(("", frozenset({"seed", "schema"})), ("reasoner", SAMPLING)),
        efforts=(("", dict.fromkeys(("minimal", "low", "medium"), "high")),),
        effort="switch",
        thoughts="reasoning_content",
        facts=(
            ("v4", _facts(1_000_000, 384_000, vision=False, tools=True, reasoning=True)),
            ("", _facts(128_000, None, vision=False, tools=True)),
        ),
    ),
    # https://docs.x.ai/docs/api-reference
    "xai": Habits(
        max_tokens="max_completion_tokens",
        lacks=(
            _only(r"grok-3-mini|multi-agent", EFFORT),
            (r"grok-(3-mini|4|code)(?!.*non-reasoning)", frozenset({"stop"})),
        ),
        efforts=((r"grok-3-mini", {"none": "low", "minimal": "low", "medium": "high"}),),
        models_path="/language-models",
        facts=(
            (r"grok-4[.-]fast|grok-4-1-fast", _facts(2_000_000, tools=True)),
            (r"grok-4\.\d", _facts(1_000_000, tools=True)),
            (r"grok-(4|code)", _facts(256_000, tools=True, reasoning=True)),
            (r"grok-3-mini", _facts(131_072, tools=True, reasoning=True)),
            (r"grok-3", _facts(131_072, tools=True, reasoning=False)),
        ),
    ),
    # https://docs.together.ai/reference/chat-completions-1
    "together": Habits(lacks=(_only(r"gpt-oss", EFFORT),), efforts=(("", {"none": "low", "minimal": "low"}),)),
    # https://docs.fireworks.ai/api-reference/post-chatcompletions
    "fireworks": Habits(
        lacks=(_only(r"gpt-oss|deepseek-v3p|qwen3|glm-|minimax|kimi-k2-thinking", EFFORT),),
        efforts=((r"gpt-oss", {"none": "low", "minimal": "low"}), ("", {"minimal": "low"})),
        thoughts="reasoning_content",
    ),
    # https://inference-docs.cerebras.ai/api-reference/chat-completions
    "cerebras": Habits(
        max_tokens="max_completion_tokens",
        lacks=(_only(r"gpt-oss", EFFORT),),
        efforts=((r"gpt-oss", {"none": "low", "minimal": "low"}),),
        facts=(
            (r"gpt-oss|glm", _facts(131_072, 40_960, vision=False, tools=True, reasoning=True)),
            (r"llama3\.1-8b", _facts(32_768, 8192, vision=False, tools=True, reasoning=False)),
        ),
    ),
    # https://docs.perplexity.ai/api-reference/chat-completions-post; its context lengths: /guides/model-cards
    "perplexity": Habits(
        lacks=(("", frozenset({"seed", "stop", "json"})), _only(r"deep-research", EFFORT)),
        efforts=(("", {"none": "minimal"}),),
        usage_option=False,
        user_last=True,
        known=(
            Model("", "sonar", "Sonar", 128_000, vision=True, tools=False, reasoning=False),
            Model("", "sonar-pro", "Sonar Pro", 200_000, vision=True, tools=False, reasoning=False),
            Model("", "sonar-reasoning-pro", "Sonar Reasoning Pro", 128_000, vision=True, tools=False, reasoning=True),
            Model("", "sonar-deep-research", "Sonar Deep Research", 128_000, tools=False, reasoning=True),
        ),
    ),
    # https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html and /features/reasoning_outputs.html
    "vllm": Habits(
        efforts=(("", {"minimal": "low"}),),
        effort="template",
        continuing={"add_generation_prompt": False, "continue_final_message": True},
    ),
    # https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md, `chat_template_kwargs`
    "llamacpp": Habits(effort="template"),
}

VENDORS = (
    Endpoint(
        "openai",
        "OpenAI",
        "https://api.openai.com/v1",
        key_env=("OPENAI_API_KEY",),
        url_env=("OPENAI_BASE_URL",),
        preferred=("gpt-5.5", "gpt-5.4", "gpt-5", "gpt-4.1", "gpt-4o"),
    ),
    Endpoint("groq", "Groq", "https://api.groq.com/openai/v1", key_env=("GROQ_API_KEY",)),
    Endpoint(
        "openrouter",
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        key_env=("OPENROUTER_API_KEY",),
        key_path="/key",
    ),
    Endpoint(
        "mistral",
        "Mistral",
        "https://api.mistral.ai/v1",
        key_env=("MISTRAL_API_KEY",),
        preferred=("mistral-medium-latest", "mistral-small-latest", "mistral-large-latest"),
    ),
    Endpoint("deepseek", "DeepSeek", "https://api.deepseek.com/v1", key_env=("DEEPSEEK_API_KEY",)),
    Endpoint("xai", "xAI", "https://api.x.ai/v1", key_env=("XAI_API_KEY",)),
    Endpoint("together", "Together", "https://api.together.xyz/v1", key_env=("TOGETHER_API_KEY",)),
    Endpoint("fireworks", "Fireworks", "https://api.fireworks.ai/inference/v1", key_env=("FIREWORKS_API_KEY",)),
    Endpoint("cerebras", "Cerebras", "https://api.cerebras.ai/v1", key_env=("CEREBRAS_API_KEY",)),
    Endpoint(
        "perplexity",
        "Perplexity",
        "https://api.perplexity.ai",
        key_env=("PERPLEXITY_API_KEY", "PPLX_API_KEY"),
        preferred=("sonar", "sonar-pro"),
    ),
)

LOCAL_SERVERS = (
    Endpoint("lmstudio", "LM Studio", "http://127.0.0.1:1234/v1"),
    Endpoint("llamacpp", "llama.cpp", "http://127.0.0.1:8080/v1", owned_by="llamacpp"),
    Endpoint("localai", "LocalAI", "http://127.0.0.1:8080/v1", owned_by=""),
    Endpoint("vllm", "vLLM", "http://127.0.0.1:8000/v1", owned_by="vllm"),
    Endpoint("jan", "Jan", "http://127.0.0.1:1337/v1"),
)


def habits_of(endpoint: Endpoint) -> Habits:
    """Return a server's habits: a vendor's by its host, however it was added; those of a local server by its row."""
    if is_loopback(endpoint.base_url):
        return HABITS.get(endpoint.id, PLAIN) if endpoint.id in {row.id for row in LOCAL_SERVERS} else PLAIN
    host = _host(endpoint.base_url)
    return next((HABITS[row.id] for row in VENDORS if f".{host}".endswith(f".{_host(row.base_url)}")), PLAIN)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


PLAIN = Habits()

"""Lists of models as OpenAI-compatible servers give them; each tells what it knows under names of its own."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from parley.models import Model, Price, Purpose
from parley.providers.endpoints import number, object_of
from parley.providers.openai_rows import Habits

_EMBEDS = r"(^|[/_.-])(embed|embedding|embeddings|text-embed|bge|e5|gte)([/_.:-]|\d|$)"
_NO_CHAT = (
    r"(^|[/_.-])(whisper|tts|dall-e|moderation|transcribe|rerank|reranker|realtime|sora|veo|imagine|flux"
    r"|davinci|babbage|gpt-image|chatgpt-image|gpt-audio|ocr|gpt-3\.5-turbo-instruct)([/_.:-]|\d|$)|gpt-4o(-mini)?-audio"
)

_PARAMETERS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "seed": "seed",
    "stop": "stop",
    "reasoning": "effort",
    "reasoning_effort": "effort",
    "response_format": "json",
    "structured_outputs": "schema",
}
"""OpenRouter's names for what a model takes, and ours."""

MILLION = 1_000_000
XAI_UNITS = 10_000
"""xAI tells prices in US cents for a hundred million tokens."""


def entries_of(listed: Any) -> list[Mapping[str, Any]] | None:
    """Return the entries of a list: of `data`, with xAI of `models`, with Together as they are. None: it is no list."""
    if isinstance(listed, dict):
        listed = listed["data"] if "data" in listed else listed.get("models")
    elif not listed:
        return None
    if not isinstance(listed, list):
        return None
    return [entry for entry in listed if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def model_of(provider: str, entry: Mapping[str, Any], habits: Habits, *, context: int | None = None) -> Model | None:
    """Return the model of an entry, or None if it is neither for chatting nor for embedding."""
    purpose = _purpose(entry)
    if purpose is None:
        return None
    meta, top = object_of(entry.get("meta")), object_of(entry.get("top_provider"))
    model = Model(
        provider,
        entry["id"],
        label=_label(entry),
        context=context
        or number(
            entry.get("max_model_len"),
            entry.get("context_length"),
            entry.get("context_window"),
            entry.get("max_context_length"),
            meta.get("n_ctx"),
            meta.get("n_ctx_train"),
        ),
        vision=_vision(entry),
        tools=_ability(entry, "tools", "function_calling", "supports_tools"),
        reasoning=_ability(entry, "reasoning", "reasoning", "supports_reasoning"),
        size_bytes=number(meta.get("size")),
        audio=_audio(entry),
        max_output=number(entry.get("max_completion_tokens"), top.get("max_completion_tokens")),
        price=price_of(entry),
        purpose=purpose,
        draws=True if "image" in _outputs(entry) else None,
    )
    return _completed(model, entry, habits)


def known_models(provider: str, habits: Habits) -> list[Model]:
    """Return the models of a vendor without a list."""
    return [replace(model, provider=provider, parameters=habits.takes(model.name)) for model in habits.known]


def lmstudio_model(provider: str, entry: Mapping[str, Any]) -> Model:
    """Return a model from LM Studio's own list: https://lmstudio.ai/docs/developer/rest/endpoints."""
    abilities, embeds = entry.get("capabilities"), entry.get("type") == "embeddings"
    return Model(
        provider,
        entry["id"],
        context=number(entry.get("loaded_context_length"), entry.get("max_context_length")),
        vision=entry.get("type") == "vlm",
        tools="tool_use" in abilities if isinstance(abilities, list) else None,
        quantization=quantization if isinstance(quantization := entry.get("quantization"), str) else "",
        purpose="embedding" if embeds else "chat",
    )


def in_order(models: Iterable[Model], preferred: tuple[str, ...]) -> list[Model]:
    """Return the models in an order that does not change from day to day."""
    ranks = {name: rank for rank, name in enumerate(preferred)}
    return sorted(models, key=lambda model: (ranks.get(model.name, len(ranks)), model.name.casefold(), model.name))


def _completed(model: Model, entry: Mapping[str, Any], habits: Habits) -> Model:
    """Return a model with what the vendor's documents say, where its list says nothing."""
    base = base_name(entry)
    if model.purpose != "chat":
        return model
    facts = habits.facts_of(base)
    known = {found.name for found in fields(Model) if getattr(model, found.name) is not None}
    model = replace(model, **{name: value for name, value in facts.items() if name not in known})
    told = entry.get("supported_parameters")
    if isinstance(told, list):
        names = {_PARAMETERS[name] for name in told if isinstance(name, str) and name in _PARAMETERS}
        return replace(model, parameters=frozenset(names) & habits.takes(base))
    if habits.lacks:
        return replace(model, parameters=habits.takes(base))
    return model


def base_name(entry: Mapping[str, Any]) -> str:
    """Return the vendor's name of a model: a deployment on Azure has one of its own."""
    return base if isinstance(base := entry.get("model"), str) and base else str(entry["id"])


def _purpose(entry: Mapping[str, Any]) -> Purpose | None:
    """Return what a model is for: as the server says, else as its name does."""
    kind, abilities = str(entry.get("type", "")).lower(), object_of(entry.get("capabilities"))
    outputs = _outputs(entry)
    name = base_name(entry)
    if kind.startswith("embedding") or re.search(_EMBEDS, name, re.IGNORECASE):
        return "embedding"
    says_no = (
        kind in ("image", "moderation", "rerank", "audio", "video", "transcribe"),
        abilities.get("completion_chat") is False or abilities.get("chat_completion") is False,
        entry.get("supports_chat") is False,
        outputs and "text" not in outputs,
        re.search(_NO_CHAT, name, re.IGNORECASE),
    )
    return None if any(says_no) else "chat"


def _label(entry: Mapping[str, Any]) -> str:
    """Return what people call a model, where that is not its name."""
    names = (entry.get("name"), entry.get("display_name"), entry.get("model"))
    return next((name for name in names if isinstance(name, str) and name and name != entry["id"]), "")


def _inputs(entry: Mapping[str, Any]) -> list[Any] | None:
    inputs = object_of(entry.get("architecture")).get("input_modalities") or entry.get("input_modalities")
    return inputs if isinstance(inputs, list) else None


def _outputs(entry: Mapping[str, Any]) -> list[Any]:
    outputs = object_of(entry.get("architecture")).get("output_modalities") or entry.get("output_modalities")
    return outputs if isinstance(outputs, list) else []


def _vision(entry: Mapping[str, Any]) -> bool | None:
    for found in (object_of(entry.get("capabilities")).get("vision"), entry.get("supports_image_input")):
        if isinstance(found, bool):
            return found
    inputs = _inputs(entry)
    return "image" in inputs if inputs is not None else None


def _audio(entry: Mapping[str, Any]) -> bool | None:
    inputs = _inputs(entry)
    return "audio" in inputs if inputs is not None else None


def _ability(entry: Mapping[str, Any], parameter: str, capability: str, field: str) -> bool | None:
    """Return whether a model can do something, as OpenRouter, Mistral and Fireworks say it."""
    told = entry.get("supported_parameters")
    if isinstance(told, list):
        return parameter in told
    found = object_of(entry.get("capabilities")).get(capability, entry.get(field))
    return found if isinstance(found, bool) else None


def price_of(entry: Mapping[str, Any]) -> Price | None:
    """Return what a million tokens cost: OpenRouter tells it for one, as text; Together for a million; xAI in cents."""
    told = object_of(entry.get("pricing"))
    if "prompt" in told:
        return _price(told, ("prompt", "completion", "input_cache_read", "input_cache_write"), MILLION)
    if "input" in told:
        return _price(told, ("input", "output", "cached_input", ""), 1)
    names = ("prompt_text_token_price", "completion_text_token_price", "cached_prompt_text_token_price", "")
    return _price(entry, names, 1 / XAI_UNITS)


def _price(told: Mapping[str, Any], names: tuple[str, str, str, str], times: float) -> Price | None:
    values = [_dollars(told.get(name), times) for name in names]
    if values[0] is None or values[1] is None:
        return None
    return Price(values[0], values[1], values[2], values[3])


def _dollars(value: Any, times: float) -> float | None:
    try:
        found = float(value) if isinstance(value, int | float | str) else -1.0
    except ValueError:
        return None
    return round(found * times, 6) if 0 <= found < float("inf") else None  # OpenRouter's -1: it depends

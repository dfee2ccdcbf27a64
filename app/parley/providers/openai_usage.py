"""What answers in OpenAI's formats cost, and why they ended."""

from collections.abc import Mapping
from typing import Any

from parley.messages import Usage
from parley.providers.endpoints import number, object_of

REASONS = {
    "stop": "stop",
    "eos": "stop",
    "end_turn": "stop",
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "filtered",
}
"""Reasons to end as the vendors name them, and as we do. Any other one is an error or says nothing."""

FAILURES = frozenset({"error", "insufficient_system_resource"})
"""Reasons that are none: the server gave up."""


def usage_of(told: Mapping[str, Any]) -> Usage | None:
    """Return the tokens that a server told, what they cost where it says so, and llama.cpp's own timings."""
    if not told:
        return None
    timings, details = (
        object_of(told.get("timings")),
        _details(told, "completion_tokens_details", "output_tokens_details"),
    )
    before = _details(told, "prompt_tokens_details", "input_tokens_details")
    prompt = [timings.get(name) for name in ("prompt_n", "cache_n")]
    read = number(told.get("prompt_tokens"), told.get("input_tokens"), sum(n for n in prompt if type(n) is int))
    written = number(told.get("completion_tokens"), told.get("output_tokens"), timings.get("predicted_n"))
    thought = number(details.get("reasoning_tokens"), told.get("reasoning_tokens"))
    if thought and told.get("total_tokens") == (read or 0) + (written or 0) + thought:
        written = (written or 0) + thought  # xAI counts them apart
    first, seconds = _seconds(timings)
    return Usage(
        input_tokens=read,
        output_tokens=written,
        first_token_seconds=first,
        seconds=seconds,
        reasoning_tokens=thought,
        cached_tokens=number(before.get("cached_tokens"), told.get("prompt_cache_hit_tokens")),
        cache_writing_tokens=number(before.get("cache_write_tokens")),
        cost=_cost(told.get("cost")),
    )


def _details(told: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    return next((found for name in names if (found := object_of(told.get(name)))), {})


def _seconds(timings: Mapping[str, Any]) -> tuple[float | None, float | None]:
    match timings.get("prompt_ms"), timings.get("predicted_ms"):
        case (int() | float() as before, int() | float() as after):
            return before / 1000, (before + after) / 1000
    return None, None


def _cost(told: Any) -> float | None:
    """Return US dollars: a number with OpenRouter, an object with Perplexity."""
    value = told.get("total_cost") if isinstance(told, dict) else told
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None

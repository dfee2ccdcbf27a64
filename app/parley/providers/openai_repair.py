"""Repair: what of a request a server has not understood, and the request without it.

For servers of which nobody says what they take: they say it themselves, once, before the first word of an answer.
"""

import re
from collections.abc import Mapping
from typing import Any

from parley.providers.endpoints import object_of

_OPTIONAL = (
    "reasoning.summary",
    "reasoning",
    "include",
    "reasoning_effort",
    "thinking",
    "temperature",
    "top_p",
    "seed",
    "random_seed",
    "stop",
    "response_format",
    "max_tokens",
    "max_completion_tokens",
    "tool_choice",
    "stream_options",
)
"""What a request can do without, where a server says that it does not know it."""

_NOT_KNOWN = r"unsupported|not support|unrecogni[sz]ed|unknown|not permitted|not allowed|unexpected|must be verified"


def refused(body: Mapping[str, Any], words: str) -> str:
    """Return the part of a request that a server says it does not know, or "" if the fault lies elsewhere.

    Some servers of before 2025 do not say what they dislike about `stream_options`.
    """
    if re.search(_NOT_KNOWN, words, re.IGNORECASE):
        if "include" in body and "encrypted content" in words.lower():
            return "include"
        for name in _OPTIONAL:
            named = re.search(rf"(?<![\w.]){re.escape(name)}(?![\w])", words)
            if named and _has(body, name):
                return name
    return "stream_options" if "stream_options" in body else ""


def _has(body: Mapping[str, Any], name: str) -> bool:
    head, _, tail = name.partition(".")
    return head in body and (not tail or tail in object_of(body[head]))


def without(body: Mapping[str, Any], name: str, words: str = "") -> dict[str, Any]:
    """Return a request without one part; a limit that goes by another name elsewhere keeps its value."""
    head, _, tail = name.partition(".")
    if tail:
        return {**body, head: {key: value for key, value in object_of(body.get(head)).items() if key != tail}}
    rest = {key: value for key, value in body.items() if key != head}
    if name == "max_tokens" and name in body and (not words or "max_completion_tokens" in words):
        rest["max_completion_tokens"] = body[name]
    return rest

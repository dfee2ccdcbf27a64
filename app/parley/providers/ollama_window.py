"""How large a window Ollama is to load a model with (`num_ctx`), so that it never leaves out the beginning of a chat.

Ollama's own default is small, and what does not fit is cut without a word. Another window means loading the model
anew. So there are a few sizes only, and what is loaded stays for as long as it will do.
"""

import json
from collections.abc import Mapping
from typing import Any

SMALLEST, LARGEST = 4096, 1 << 20
"""The smallest window and the largest one; each is twice as large as the one before."""

ANSWER = 4096
"""Room for an answer whose length nobody has limited."""

THOUGHTS = 4096
"""Room for what a model thinks before it answers."""

BYTES_PER_TOKEN = 3
TOKENS_OF_MESSAGE = 8
TOKENS_OF_IMAGE = 1500
"""Cautious: too large a window costs some memory, too small a one what was said."""


def estimate(body: Mapping[str, Any]) -> int:
    """Return about how many tokens the prompt of a request has: messages, images, and the descriptions of tools."""
    tokens = _tokens(body["tools"]) if body.get("tools") else 0
    for message in body["messages"]:
        said = message["content"] + message.get("thinking", "")
        tokens += TOKENS_OF_MESSAGE + len(said.encode("utf-8", "replace")) // BYTES_PER_TOKEN
        tokens += TOKENS_OF_IMAGE * len(message.get("images", ()))
        tokens += _tokens(message["tool_calls"]) if message.get("tool_calls") else 0
    return tokens


def choose(prompt: int, answer: int, *, limit: int | None, loaded: int | None) -> int:
    """Return the window for a prompt and an answer of so many tokens.

    What is `loaded` stays if it leaves room for half of the answer. `limit` is what the model can take in.
    """
    if loaded is not None and (prompt + answer // 2 <= loaded or (limit is not None and loaded >= limit)):
        return loaded
    window = SMALLEST
    while window < prompt + answer:
        window *= 2
    return min(window, limit or LARGEST)


def larger(window: int, limit: int | None) -> int | None:
    """Return the next window, or None if the model can take in no more."""
    limit = limit or LARGEST
    if window >= limit:
        return None
    size = SMALLEST
    while size <= window:
        size *= 2
    return min(size, limit)


def _tokens(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")) // BYTES_PER_TOKEN

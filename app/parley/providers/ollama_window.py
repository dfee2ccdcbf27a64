"""How large a window Ollama is to load a model with (`num_ctx`), so that it never leaves out the beginning of a chat.

Ollama's own default is small, and what does not fit is cut without a word. Another window means loading the model
anew. So there are a few sizes only, and what is loaded stays for as long as it will do.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

from parley.providers.library import LoadedModel
from parley.providers.ollama_wire import Facts

logger = logging.getLogger(__name__)

SMALLEST, LARGEST = 4096, 1 << 20
"""The smallest window and the largest one; each is twice as large as the one before."""

ANSWER = 4096
"""Room for an answer whose length nobody has limited."""

THOUGHTS = 4096
"""Room for what a model thinks before it answers."""

RATIO_FROM = 500
"""A prompt of so many tokens tells how good our estimate is."""

BYTES_PER_TOKEN = 3
TOKENS_OF_MESSAGE = 8
TOKENS_OF_IMAGE = 1500
"""Cautious: too large a window costs some memory, too small a one what was said."""


class Windows:
    """The windows of one server's models, and how good our estimates of its prompts are.

    `told`: whether the server tells them itself; older ones count those of parallel requests together.
    """

    def __init__(self) -> None:
        self.told: bool | None = None
        self._chosen: dict[str, int] = {}
        self._ratios: dict[str, float] = {}

    def choose(self, body: Mapping[str, Any], facts: Facts, in_memory: LoadedModel | None) -> int | None:
        """Return the window to ask for; None leaves it to who knows better: the Modelfile, or another computer."""
        if facts.pinned or facts.remote:
            return None
        name = body["model"]
        prompt = round(estimate(body) * self._ratios.get(name, 1.0))
        thoughts = THOUGHTS if facts.efforts and body.get("think") is not False else 0
        answer = body.get("options", {}).get("num_predict") or ANSWER
        loaded = None
        if in_memory is not None:
            loaded = (in_memory.context if self.told else None) or self._chosen.get(name)
        self._chosen[name] = choose(prompt, answer + thoughts, limit=facts.context, loaded=loaded)
        return self._chosen[name]

    def larger(self, body: Mapping[str, Any], facts: Facts, window: int | None, tokens: int | None) -> int | None:
        """Return the window to try when a prompt did not fit, or None if the model takes no more.

        `tokens`: what the server has counted, if it says so.
        """
        step = None if window is None else larger(window, facts.context)
        if step is None or tokens is None:
            return step
        if facts.context is not None and tokens >= facts.context:
            return None
        self.learn(body, tokens)
        return max(step, self.choose(body, facts, None) or 0)

    def learn(self, body: Mapping[str, Any], tokens: int | None) -> None:
        """Remember how many tokens a prompt really had where our estimate was too low.

        It is never lowered: of a prompt that it has in its cache Ollama may count the rest only. An older server that
        has filled the window has cut the prompt, and nobody knows how long it was: next time it gets twice the room.
        """
        name, window = body["model"], body.get("options", {}).get("num_ctx")
        if tokens and window and tokens >= window and not self.told:
            logger.warning("ollama: %s has cut a chat to %d tokens; it will get more room", name, window)
            tokens = 2 * window
        if tokens and tokens >= RATIO_FROM and (guessed := estimate(body)):
            self._ratios[name] = max(self._ratios.get(name, 1.0), tokens / guessed)


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

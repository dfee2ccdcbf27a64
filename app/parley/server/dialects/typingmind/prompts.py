r"""Prompts as Claude 1 and 2 took them, and text completions as they gave them.

https://docs.anthropic.com/en/api/complete: `\n\nHuman: …\n\nAssistant:`, with what the system says ahead of it.
"""

import re
from typing import Any

from parley.errors import ServerEnding
from parley.events import Event, Failed, Finished, Stopped, TextDelta
from parley.messages import Text
from parley.server.asking import Talk
from parley.server.dialect import to_json
from parley.server.dialects.openai.answers import new_id
from parley.server.dialects.typingmind.problems import error_body
from parley.server.problems import Problem
from parley.server.streams import sse
from parley.turn import Turn

_SPEAKER = re.compile(r"(?:^|\n\n)(Human|Assistant):")
_REASONS = {"length": "max_tokens"}


def talk_of(prompt: str) -> Talk:
    """Return who says what in a prompt. What the assistant says last is the beginning of its answer."""
    talk = Talk()
    ahead, *said = _SPEAKER.split(prompt)
    if not said:
        talk.user(Text(prompt.strip()))
        return talk
    talk.system(ahead.strip())
    for speaker, text in zip(said[::2], said[1::2], strict=True):
        if words := text.strip():
            (talk.user if speaker == "Human" else talk.assistant)(Text(words))
    return talk


def completion(turn: Turn, last: Finished) -> dict[str, Any]:
    """Return a whole answer."""
    return _facts(turn, new_id("compl_"), turn.text, _reason(last))


class Completions:
    """Writes the events of one turn as pieces of a completion."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._id = new_id("compl_")

    def render(self, events: list[Event], _: int) -> bytes:
        """Return the server-sent events of some events."""
        return b"".join(map(self._rendered, events))

    def _rendered(self, event: Event) -> bytes:
        match event:
            case TextDelta(text) if text:
                return self._piece(text, None)
            case Finished():
                return self._piece("", _reason(event))
            case Failed(failure):
                return error_event(Problem.from_failure(failure))
            case Stopped():
                return error_event(Problem.of(ServerEnding()))
        return b""

    def _piece(self, text: str, reason: str | None) -> bytes:
        return sse(to_json(_facts(self._turn, self._id, text, reason)), event="completion")


def error_event(problem: Problem) -> bytes:
    """Return the event that ends a stream early."""
    return sse(to_json(error_body(problem)), event="error")


def _facts(turn: Turn, id: str, text: str, reason: str | None) -> dict[str, Any]:
    facts = {"type": "completion", "id": id, "completion": text, "stop_reason": reason, "model": turn.model}
    return {**facts, "stop": None, "log_id": id}


def _reason(last: Finished) -> str:
    return _REASONS.get(last.reason, "stop_sequence")

"""Answers as Anthropic's API writes them: whole, or as server-sent events."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parley.errors import ServerEnding
from parley.events import Event, Failed, Finished, ReasoningDelta, Stopped, TextDelta, ToolCalled
from parley.messages import Part, Reasoning, Text, ToolCall, Usage, new_id
from parley.providers.anthropic_reply import REDACTED
from parley.providers.prompts import arguments
from parley.server.dialect import to_json
from parley.server.dialects.anthropic.problems import error_body
from parley.server.problems import Problem
from parley.server.streams import sse
from parley.turn import Turn

PING = b'event: ping\ndata: {"type":"ping"}\n\n'

_ENDS: Mapping[str, str] = {"length": "max_tokens", "tool_calls": "tool_use", "filtered": "refusal"}

_DELTA = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":'
_TEXT = _DELTA + b'{"type":"text_delta","text":%s}}\n\n'
_THOUGHT = _DELTA + b'{"type":"thinking_delta","thinking":%s}}\n\n'
"""Most of a stream is these two, so they are not made of objects."""


def answer_of(turn: Turn, finished: Finished, *, thoughts: bool) -> dict[str, Any]:
    """Return a whole answer. Without `thoughts` their words stay here, their proofs do not."""
    return {
        **_head(turn),
        "content": list(_blocks(turn.parts, thoughts=thoughts)),
        "stop_reason": _ENDS.get(finished.reason, "end_turn"),
        "stop_sequence": None,
        "usage": usage_of(finished.usage or turn.usage),
    }


def error_event(problem: Problem) -> bytes:
    """Return the event that ends a stream with an error."""
    return sse(to_json(error_body(problem)), event="error")


def usage_of(usage: Usage) -> dict[str, int]:
    """Return the tokens as the vendor counts them: those of its cache are none of the input's."""
    written, cached = usage.cache_writing_tokens or 0, usage.cached_tokens or 0
    return {
        "input_tokens": max(0, (usage.input_tokens or 0) - written - cached),
        "output_tokens": usage.output_tokens or 0,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
    }


class Writer:
    """Writes the events of one turn. Text, thoughts and calls are blocks of their own; one is open at a time."""

    def __init__(self, turn: Turn, *, thoughts: bool) -> None:
        self._turn = turn
        self._thoughts = thoughts
        self._index = -1
        self._open = ""
        self._begun = False

    def render(self, events: Sequence[Event], number: int) -> bytes:
        """Return the events of a batch, as `streams.rendered` wants it."""
        pieces = [piece for event in events for piece in self._pieces(event)]
        if not self._begun and self._turn.model:
            self._begun = True
            pieces.insert(0, self._head())
        return b"".join(pieces)

    def _head(self) -> bytes:
        """Return the event that a stream begins with. The tokens of the question are guessed so far."""
        usage = usage_of(self._turn.usage) | {"output_tokens": 0}
        message = {**_head(self._turn), "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
        return _event({"type": "message_start", "message": message})

    def _pieces(self, event: Event) -> Iterator[bytes]:
        match event:
            case TextDelta(text):
                yield from self._begin("text", {"text": ""})
                yield _TEXT % (self._index, to_json(text))
            case ReasoningDelta():
                yield from self._thought(event)
            case ToolCalled(call):
                yield from self._end()
                yield from self._begin("tool_use", {"id": call.id, "name": call.name, "input": {}})
                yield self._delta({"type": "input_json_delta", "partial_json": _arguments(call)})
                yield from self._end()
            case Finished():
                yield from self._end()
                delta = {"stop_reason": _ENDS.get(event.reason, "end_turn"), "stop_sequence": None}
                usage = usage_of(event.usage or self._turn.usage)
                yield _event({"type": "message_delta", "delta": delta, "usage": usage})
                yield _event({"type": "message_stop"})
            case Failed(failure):
                yield error_event(Problem.from_failure(failure))
            case Stopped():
                yield error_event(Problem.of(ServerEnding()))

    def _thought(self, event: ReasoningDelta) -> Iterator[bytes]:
        if event.signature.startswith(REDACTED):
            yield from self._end()
            yield from self._begin("redacted_thinking", {"data": event.signature.removeprefix(REDACTED)})
            yield from self._end()
            return
        yield from self._begin("thinking", {"thinking": "", "signature": ""})
        if event.text and self._thoughts:
            yield _THOUGHT % (self._index, to_json(event.text))
        if event.signature:
            yield self._delta({"type": "signature_delta", "signature": event.signature})
            yield from self._end()

    def _begin(self, kind: str, block: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield what begins a block of a kind, unless one is open."""
        if self._open == kind:
            return
        yield from self._end()
        self._open = kind
        self._index += 1
        start = {"type": "content_block_start", "index": self._index, "content_block": {"type": kind, **block}}
        yield _event(start)

    def _delta(self, delta: Mapping[str, Any]) -> bytes:
        return _event({"type": "content_block_delta", "index": self._index, "delta": delta})

    def _end(self) -> Iterator[bytes]:
        if self._open:
            self._open = ""
            yield _event({"type": "content_block_stop", "index": self._index})


def _head(turn: Turn) -> dict[str, Any]:
    return {"id": f"msg_{new_id().replace('-', '')}", "type": "message", "role": "assistant", "model": turn.model}


def _blocks(parts: Sequence[Part], *, thoughts: bool) -> Iterator[dict[str, Any]]:
    for part in parts:
        match part:
            case Text(text):
                yield {"type": "text", "text": text}
            case Reasoning(_, _, signature) if signature.startswith(REDACTED):
                yield {"type": "redacted_thinking", "data": signature.removeprefix(REDACTED)}
            case Reasoning(text, _, signature):
                yield {"type": "thinking", "thinking": text if thoughts else "", "signature": signature}
            case ToolCall():
                yield {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments(part.arguments)}


def _arguments(call: ToolCall) -> str:
    """Return the arguments as JSON; what a model has written that is no object is an empty one."""
    return json.dumps(arguments(call.arguments), ensure_ascii=False)


def _event(data: Mapping[str, Any]) -> bytes:
    return sse(to_json(data), event=data["type"])

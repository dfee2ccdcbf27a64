"""Answers as Ollama's API writes them: whole, or a line of JSON for each piece."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parley.errors import ServerEnding
from parley.events import Event, Failed, Finished, ReasoningDelta, Stopped, TextDelta, ToolCalled
from parley.messages import Reasoning, Text, ToolCall
from parley.providers.prompts import arguments
from parley.server.dialect import to_json
from parley.server.dialects.ollama.problems import error_body
from parley.server.problems import Problem
from parley.server.times import exact_moment
from parley.turn import Turn

MEDIA_TYPE = "application/x-ndjson"

NANOSECONDS = 1_000_000_000

_REASONS: Mapping[str, str] = {"length": "length", "filtered": "content_filter"}


def now() -> str:
    """Return the time that it is."""
    return exact_moment(time.time())


def error_line(problem: Problem) -> bytes:
    """Return the line that ends a stream with an error."""
    return to_json(error_body(problem)) + b"\n"


class Writer:
    """Writes the answer of one turn, in the shape of `/api/chat` or of `/api/generate`, under the name asked for."""

    def __init__(self, turn: Turn, model: str, *, chat: bool) -> None:
        self._turn = turn
        self._model = model
        self._chat = chat
        self._began = time.monotonic_ns()
        self._calls = 0
        name = to_json(model)
        self._head = b'{"model":%s,"created_at":"%%s",' % name.replace(b"%", b"%%")
        if chat:
            self._text = b'"message":{"role":"assistant","content":%s},"done":false}\n'
            self._thought = b'"message":{"role":"assistant","content":"","thinking":%s},"done":false}\n'
        else:
            self._text = b'"response":%s,"done":false}\n'
            self._thought = b'"response":"","thinking":%s,"done":false}\n'

    def render(self, events: Sequence[Event], number: int) -> bytes:
        """Return the lines of a batch, as `streams.rendered` wants it. Most are not made of objects."""
        head = self._head % now().encode()
        return b"".join(line for event in events for line in self._lines(event, head))

    def whole(self, finished: Finished) -> dict[str, Any]:
        """Return the whole answer."""
        parts = self._turn.parts
        text = "".join(part.text for part in parts if isinstance(part, Text))
        thought = "".join(part.text for part in parts if isinstance(part, Reasoning))
        calls = [self._call(part) for part in parts if isinstance(part, ToolCall) and self._chat]
        told: dict[str, Any] = {"role": "assistant", "content": text} if self._chat else {"response": text}
        if thought:
            told["thinking"] = thought
        if calls:
            told["tool_calls"] = calls
        said = {"message": told} if self._chat else told
        return {"model": self._model, "created_at": now(), **said, **self._end(finished)}

    def _lines(self, event: Event, head: bytes) -> Iterator[bytes]:
        match event:
            case TextDelta(text):
                yield head + self._text % to_json(text)
            case ReasoningDelta(text) if text:
                yield head + self._thought % to_json(text)
            case ToolCalled(call) if self._chat:
                message = {"role": "assistant", "content": "", "tool_calls": [self._call(call)]}
                yield head + b'"message":%s,"done":false}\n' % to_json(message)
            case Finished():
                last = {"model": self._model, "created_at": now(), **self._nothing(), **self._end(event)}
                yield to_json(last) + b"\n"
            case Failed(failure):
                yield error_line(Problem.from_failure(failure))
            case Stopped():
                yield error_line(Problem.of(ServerEnding()))

    def _nothing(self) -> dict[str, Any]:
        return {"message": {"role": "assistant", "content": ""}} if self._chat else {"response": ""}

    def _call(self, call: ToolCall) -> dict[str, Any]:
        number, self._calls = self._calls, self._calls + 1
        function = {"index": number, "name": call.name, "arguments": arguments(call.arguments)}
        return {"id": call.id, "function": function}

    def _end(self, finished: Finished) -> dict[str, Any]:
        usage = finished.usage or self._turn.usage
        first = round((usage.first_token_seconds or 0.0) * NANOSECONDS)
        return {
            "done": True,
            "done_reason": _REASONS.get(finished.reason, "stop"),
            "total_duration": time.monotonic_ns() - self._began,
            "load_duration": 0,
            "prompt_eval_count": usage.input_tokens or 0,
            "prompt_eval_duration": first,
            "eval_count": usage.output_tokens or 0,
            "eval_duration": max(0, round((usage.seconds or 0.0) * NANOSECONDS) - first),
        }

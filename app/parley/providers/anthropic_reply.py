"""The answer of Anthropic's Messages API: its events, or the whole message -> our events."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from parley.events import Event, ReasoningDelta, TextDelta, ToolCalled
from parley.messages import ToolCall, Usage, new_id
from parley.providers.endpoints import number, object_of
from parley.providers.thinking import Delta, ThinkSplitter

REDACTED = "redacted_thinking:"
"""Marks the signature of a thought that is encrypted as a whole, and goes back in a block of its own kind."""

_ENDS = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
    "tool_use": "tool_calls",
    "refusal": "filtered",
}


class _Block:
    """A block of content that is still coming."""

    def __init__(self, start: Mapping[str, Any]) -> None:
        self.kind = str(start.get("type", ""))
        self.start = start
        self.signature: list[str] = []
        self.arguments: list[str] = []


class Reply:
    """What is known of an answer so far.

    `seam` is the blank end of the text that the model goes on from, which it was sent without: it is no part of what
    comes now. `aloud`: the model may think in tags inside its text, as imitators let theirs do.
    """

    def __init__(self, seam: str = "", *, aloud: bool = False) -> None:
        self.spoken = False
        self.ended = False
        self.refusal = ""
        self._seam = seam
        self._splitter = ThinkSplitter() if aloud else None
        self._stop_reason = ""
        self._counts: dict[str, int] = {}
        self._blocks: dict[int | None, _Block] = {}
        self._doubtful: list[ToolCall] = []

    @property
    def reason(self) -> str:
        """Return why the answer ended, as `Finished` says it, or nothing before it has."""
        if self._stop_reason:
            return _ENDS.get(self._stop_reason, "stop")
        return "stop" if self.ended else ""

    @property
    def usage(self) -> Usage | None:
        """Return the tokens. The vendor counts those of its cache apart; here they are among those of the input."""
        if not self._counts:
            return None
        read, written = (self._counts.get(f"cache_{name}_input_tokens") for name in ("read", "creation"))
        return Usage(
            input_tokens=number(self._counts.get("input_tokens", 0) + (read or 0) + (written or 0)),
            output_tokens=self._counts.get("output_tokens"),
            reasoning_tokens=self._counts.get("thinking_tokens"),
            cached_tokens=read,
            cache_writing_tokens=written,
        )

    def take(self, event: Mapping[str, Any]) -> Iterator[Event]:
        """Yield what an event of the stream brings."""
        index = event.get("index") if isinstance(event.get("index"), int) else None
        match event.get("type"):
            case "message_start":
                self._count(object_of(event.get("message")).get("usage"))
            case "content_block_start":
                yield from self._begin(index, object_of(event.get("content_block")))
            case "content_block_delta":
                yield from self._go_on(index, object_of(event.get("delta")))
            case "content_block_stop":
                yield from self._end(index)
            case "message_delta":
                self._count(event.get("usage"))
                self._stop(object_of(event.get("delta")))
            case "message_stop":
                self.ended = True

    def take_whole(self, message: Mapping[str, Any]) -> Iterator[Event]:
        """Yield what a message brings that came in one piece."""
        content = message.get("content")
        for index, block in enumerate(content if isinstance(content, list) else []):
            yield from self._begin(index, object_of(block))
            yield from self._end(index)
        self._count(message.get("usage"))
        self._stop(message)
        self.ended = True

    def rest(self) -> Iterator[Event]:
        """Yield what was held back to the end: above all the calls whose arguments are no JSON.

        Where the limit cut the answer off these were not complete, and are none.
        """
        yield from self._said_at_last()
        if self.reason != "length":
            yield from map(self._called, self._doubtful)

    def _begin(self, index: int | None, start: Mapping[str, Any]) -> Iterator[Event]:
        block = self._blocks[index] = _Block(start)
        if isinstance(signature := start.get("signature"), str):
            block.signature.append(signature)
        yield from self._go_on(index, {**start, "type": f"{block.kind}_delta"})  # it may hold its first piece

    def _go_on(self, index: int | None, delta: Mapping[str, Any]) -> Iterator[Event]:
        block = self._blocks.get(index)
        match delta:
            case {"type": "text_delta", "text": str(text)}:
                if text := self._past_the_seam(text):
                    yield from map(self._noted, self._splitter.feed(text) if self._splitter else [TextDelta(text)])
            case {"type": "thinking_delta", "thinking": str(thought)} if thought:
                yield ReasoningDelta(thought)
            case {"type": "signature_delta", "signature": str(signature)} if block:
                block.signature.append(signature)
            case {"type": "input_json_delta", "partial_json": str(piece)} if block:
                block.arguments.append(piece)

    def _end(self, index: int | None) -> Iterator[Event]:
        block = self._blocks.pop(index, None)
        if block is None:
            return
        if block.kind == "text":
            yield from self._said_at_last()
        elif block.kind == "thinking" and (signature := "".join(block.signature)):
            yield ReasoningDelta("", signature)
        elif block.kind == "redacted_thinking" and isinstance(data := block.start.get("data"), str):
            yield ReasoningDelta("", REDACTED + data)
        elif block.kind == "tool_use":
            call, complete = _call(block)
            if complete:
                yield self._called(call)
            else:
                self._doubtful.append(call)

    def _said_at_last(self) -> Iterator[Event]:
        yield from map(self._noted, self._splitter.end() if self._splitter else [])

    def _noted(self, delta: Delta) -> Event:
        """Remember whether anything has been said, and return the delta."""
        self.spoken = self.spoken or (isinstance(delta, TextDelta) and not delta.text.isspace())
        return delta

    def _called(self, call: ToolCall) -> ToolCalled:
        self.spoken = True
        return ToolCalled(call)

    def _stop(self, delta: Mapping[str, Any]) -> None:
        if isinstance(reason := delta.get("stop_reason"), str):
            self._stop_reason = reason
        details = object_of(delta.get("stop_details"))
        words = [details.get(name) for name in ("explanation", "category")]
        self.refusal = next((word for word in words if isinstance(word, str) and word), self.refusal)

    def _count(self, usage: Any) -> None:
        """Take the counts of tokens. They are cumulative; imitators repeat them as 0 where they do not know."""
        counts = {**object_of(usage), **object_of(object_of(usage).get("output_tokens_details"))}
        self._counts |= {name: count for name, count in counts.items() if number(count)}

    def _past_the_seam(self, text: str) -> str:
        while self._seam and text and text[0] == self._seam[0]:
            text, self._seam = text[1:], self._seam[1:]
        if text:
            self._seam = ""
        return text


def _call(block: _Block) -> tuple[ToolCall, bool]:
    """Return the call that a block holds, and whether its arguments are complete."""
    name, call_id = (value if isinstance(value := block.start.get(key), str) else "" for key in ("name", "id"))
    call_id = call_id or new_id()
    written = "".join(block.arguments)
    if not written.strip():
        given = object_of(block.start.get("input"))
        return ToolCall(call_id, name, json.dumps(given, ensure_ascii=False)), True
    try:
        json.loads(written)
    except (ValueError, RecursionError):
        return ToolCall(call_id, name, written), False
    return ToolCall(call_id, name, written), True

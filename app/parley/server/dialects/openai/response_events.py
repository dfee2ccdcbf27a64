"""Writing responses as they come: https://developers.openai.com/api/docs/api-reference/responses-streaming."""

from typing import Any

from parley.errors import ServerEnding
from parley.events import Event, Failed, Finished, ReasoningDelta, Started, Stopped, TextDelta, ToolCalled
from parley.server.dialect import to_json
from parley.server.dialects.openai.answers import new_id
from parley.server.dialects.openai.problems import error_body
from parley.server.dialects.openai.response_answers import (
    Frame,
    call_item,
    message_item,
    reasoning_item,
    summary_part,
    text_part,
)
from parley.server.problems import Kind, Problem
from parley.server.streams import sse
from parley.turn import Turn

CODES = {Kind.RATE_LIMITED: "rate_limit_exceeded", Kind.BAD_REQUEST: "invalid_prompt"}
"""What a failed response may say of itself, apart from `server_error`."""


class ResponseEvents:
    """Writes the events of one turn. Every event has a number; what is said belongs to an item that is open."""

    def __init__(self, turn: Turn, frame: Frame) -> None:
        self._turn = turn
        self._frame = frame
        self._number = 0
        self._begun = False
        self._output: list[dict[str, Any]] = []
        self._item: _Item | None = None

    def render(self, events: list[Event], _: int) -> bytes:
        """Return what some events are here."""
        return b"".join(map(self._rendered, events))

    def problem(self, problem: Problem) -> bytes:
        """Return the event that ends a stream early."""
        told = error_body(problem)["error"]
        return self._event("error", code=told["code"], message=told["message"], param=told["param"])

    def _rendered(self, event: Event) -> bytes:
        match event:
            case TextDelta(text):
                return self._in("message") + self._delta(text)
            case ReasoningDelta(text, signature) if text or (signature and self._frame.encrypted):
                return self._in("reasoning") + self._think(text, signature)
            case ToolCalled() if not (self._frame.one_call and any(map(_is_call, self._output))):
                return self._in("") + self._call(event)
            case Finished():
                return self._in("") + self._end(event)
            case Failed(failure):
                return self._in("") + self._fail(Problem.from_failure(failure))
            case Stopped():
                return self._in("") + self.problem(Problem.of(ServerEnding()))
            case Started() | _:
                return b""

    def _event(self, type: str, **fields: Any) -> bytes:
        number, self._number = self._number, self._number + 1
        return sse(to_json({"type": type, "sequence_number": number, **fields}), event=type)

    def _in(self, type: str) -> bytes:
        """Return what is said before something that belongs to an item of this type; without one it is in none."""
        said = b"" if self._begun else self._begin()
        if self._item and self._item.type != type:
            said += self._close(self._item)
        if type and self._item is None:
            said += self._open(type)
        return said

    def _begin(self) -> bytes:
        self._begun = True
        response = self._frame.response("in_progress", self._turn.model)
        return self._event("response.created", response=response) + self._event(
            "response.in_progress", response=response
        )

    def _open(self, type: str) -> bytes:
        item = self._item = _Item(type, len(self._output))
        if type == "reasoning":
            return self._added(item.place, reasoning_item(item.id))
        return self._added(item.place, message_item(item.id, "in_progress")) + self._event(
            "response.content_part.added", **item.where, content_index=0, part=text_part("")
        )

    def _delta(self, text: str) -> bytes:
        assert self._item
        self._item.pieces.append(text)
        if not self._item.head:
            fields = {"type": "response.output_text.delta", **self._item.where, "content_index": 0, "logprobs": []}
            self._item.head = b"event: response.output_text.delta\ndata: " + to_json(fields)[:-1]
        number, self._number = self._number, self._number + 1
        return b'%s,"sequence_number":%d,"delta":%s}\n\n' % (self._item.head, number, to_json(text))

    def _think(self, text: str, signature: str) -> bytes:
        item, said = self._item, b""
        assert item
        where = {**item.where, "summary_index": 0}
        if text:
            if not item.pieces:
                said = self._event("response.reasoning_summary_part.added", **where, part=summary_part(""))
            item.pieces.append(text)
            said += self._event("response.reasoning_summary_text.delta", **where, delta=text)
        item.signature = signature
        return said + (self._close(item) if signature else b"")

    def _call(self, event: ToolCalled) -> bytes:
        call, place, id = event.call, len(self._output), new_id("fc_")
        where = {"item_id": id, "output_index": place}
        return b"".join(
            (
                self._added(place, call_item(id, "in_progress", call, "")),
                self._event("response.function_call_arguments.delta", **where, delta=call.arguments),
                self._event("response.function_call_arguments.done", **where, name=call.name, arguments=call.arguments),
                self._done(place, call_item(id, "completed", call)),
            )
        )

    def _close(self, item: "_Item") -> bytes:
        """Return the ends of what is open."""
        text, self._item = "".join(item.pieces), None
        if item.type == "reasoning":
            said, where = b"", {**item.where, "summary_index": 0}
            if text:
                said = self._event("response.reasoning_summary_text.done", **where, text=text)
                said += self._event("response.reasoning_summary_part.done", **where, part=summary_part(text))
            signature = item.signature if self._frame.encrypted else ""
            return said + self._done(item.place, reasoning_item(item.id, text, signature))
        where = {**item.where, "content_index": 0}
        return b"".join(
            (
                self._event("response.output_text.done", **where, text=text, logprobs=[]),
                self._event("response.content_part.done", **where, part=text_part(text)),
                self._done(item.place, message_item(item.id, "completed", text)),
            )
        )

    def _added(self, place: int, item: dict[str, Any]) -> bytes:
        return self._event("response.output_item.added", output_index=place, item=item)

    def _done(self, place: int, item: dict[str, Any]) -> bytes:
        self._output.append(item)
        return self._event("response.output_item.done", output_index=place, item=item)

    def _end(self, last: Finished) -> bytes:
        response = self._frame.ended(self._turn.model, self._output, last, last.usage or self._turn.usage)
        return self._event(f"response.{response['status']}", response=response)

    def _fail(self, problem: Problem) -> bytes:
        told = error_body(problem)["error"]
        error = {"code": CODES.get(problem.kind, "server_error"), "message": told["message"]}
        response = self._frame.response("failed", self._turn.model, self._output, error=error)
        return self._event("response.failed", response=response)


class _Item:
    """An item whose end has not come."""

    def __init__(self, type: str, place: int) -> None:
        self.type = type
        self.place = place
        self.id = new_id("msg_" if type == "message" else "rs_")
        self.where = {"item_id": self.id, "output_index": place}
        self.head = b""
        self.pieces: list[str] = []
        self.signature = ""


def _is_call(item: dict[str, Any]) -> bool:
    return bool(item["type"] == "function_call")

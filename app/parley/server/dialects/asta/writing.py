"""Answers as Asta's API streams them: events with names, the last one `done` or `error`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from parley.events import (
    Event,
    Failed,
    Finished,
    ReasoningDelta,
    Status,
    Stopped,
    TextDelta,
    ToolFinished,
    ToolStarted,
)
from parley.server.dialect import to_json
from parley.server.problems import Problem
from parley.server.streams import sse
from parley.turn import Turn

_PIECE = b'event: %s\ndata: {"type":"%s","text":"%s","delta":"%s"}\n\n'


class Writer:
    """Writes the events of one turn. `provider` tells who answers it, as Asta calls them."""

    def __init__(self, turn: Turn, provider: Callable[[], str]) -> None:
        self._turn = turn
        self._provider = provider
        self._text: list[bytes] = []
        self._thought: list[bytes] = []

    def begin(self, notices: Sequence[str] = ()) -> bytes:
        """Return what a stream begins with: where the answer is kept, and what cannot be done."""
        said = [self._event("meta", **self._place()), *(self._event("status", text=text) for text in notices)]
        return b"".join(said)

    def render(self, events: Sequence[Event], number: int) -> bytes:
        """Return the events of a batch, as `streams.rendered` wants it."""
        return b"".join(piece for event in events for piece in self._pieces(event))

    def last(self, problem: Problem) -> bytes:
        """Return the event that ends a stream with an error."""
        return self._event("error", error=problem.sentence, **self._place())

    def _pieces(self, event: Event) -> Iterator[bytes]:
        match event:
            case TextDelta(text) if text:
                yield _grown(b"assistant", self._text, text)
            case ReasoningDelta(text) if text:
                yield _grown(b"reasoning", self._thought, text)
            case Status(_, text):
                yield self._event("status", text=text)
            case ToolStarted(_, name, label):
                yield self._event("tool_start", name=name, label=label)
            case ToolFinished(_, name, label):
                yield self._event("tool_end", name=name, label=label)
            case Finished() | Stopped():
                yield self._event("done", reply=self._turn.text, **self._place())
            case Failed(failure):
                yield self.last(Problem.from_failure(failure))

    def _place(self) -> dict[str, Any]:
        return {"conversation_id": self._turn.conversation_id, "provider": self._provider()}

    def _event(self, kind: str, /, **fields: Any) -> bytes:
        return sse(to_json({"type": kind, **fields}), event=kind)


def _grown(name: bytes, whole: list[bytes], text: str) -> bytes:
    """Return the event of a piece. What had come before is written out once and not again for each piece."""
    piece = to_json(text)[1:-1]
    whole.append(piece)
    whole[:] = [b"".join(whole)]
    return _PIECE % (name, name, whole[0], piece)

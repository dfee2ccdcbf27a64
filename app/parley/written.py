"""Written: the parts of a reply, as they come in."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from parley.events import Content, ImageMade, ReasoningDelta, TextDelta, ToolCalled, ToolFinished
from parley.messages import Image, Part, Reasoning, Text, ToolCall, ToolResult


class Written:
    """Collects deltas into parts, in their order.

    A run of deltas of one kind is one part; a signature ends a thought.
    """

    def __init__(self) -> None:
        self._runs: list[_Text | _Thought | Image | ToolCall | ToolResult] = []

    @property
    def text(self) -> str:
        """Return what was said."""
        return "".join("".join(run.pieces) for run in self._runs if isinstance(run, _Text))

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return what there is."""
        return tuple(run if isinstance(run, Image | ToolCall | ToolResult) else run.part for run in self._runs)

    def take(self, event: Content) -> None:
        """Take what came next."""
        last = self._runs[-1] if self._runs else None
        match event:
            case TextDelta(text):
                if not isinstance(last, _Text):
                    last = _Text()
                    self._runs.append(last)
                last.pieces.append(text)
            case ReasoningDelta(text, signature):
                if not isinstance(last, _Thought) or last.signature:
                    last = _Thought()
                    self._runs.append(last)
                last.take(text, signature)
            case ImageMade(image):
                self._runs.append(image)
            case ToolCalled(call):
                self._runs.append(call)
            case ToolFinished(result):
                self._runs.append(result)


def said_before(parts: Iterable[Part]) -> Iterator[Content]:
    """Yield the events that the parts of a reply came from."""
    names: dict[str, str] = {}
    for part in parts:
        match part:
            case Text(text):
                yield TextDelta(text)
            case Reasoning(text, _, signature):
                yield ReasoningDelta(text, signature)
            case Image():
                yield ImageMade(part)
            case ToolCall(id, name):
                names[id] = name
                yield ToolCalled(part)
            case ToolResult(id):
                yield ToolFinished(part, names.get(id, ""), names.get(id, ""))


def resumed(before: Sequence[Part], after: Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts of a reply that went on from what was `before`: its turn knows of the later thinking only."""
    seconds = [part.seconds or 0.0 for part in before if isinstance(part, Reasoning)]
    return tuple(
        replace(part, seconds=seconds.pop(0) + (part.seconds or 0.0))
        if seconds and after and isinstance(part, Reasoning)
        else part
        for part in after or before
    )


def unsigned(parts: Iterable[Part], foreign: Iterable[Part]) -> tuple[Part, ...]:
    """Return parts without the signatures of `foreign` ones, which another model has made."""
    proofs = {part.signature for part in foreign if isinstance(part, Reasoning | ToolCall)}
    return tuple(
        replace(part, signature="") if isinstance(part, Reasoning | ToolCall) and part.signature in proofs else part
        for part in parts
    )


class _Text:
    def __init__(self) -> None:
        self.pieces: list[str] = []

    @property
    def part(self) -> Text:
        return Text("".join(self.pieces))


class _Thought:
    def __init__(self) -> None:
        self.signature = ""
        self._pieces: list[str] = []
        self._began = self._ended = time.monotonic()

    def take(self, text: str, signature: str) -> None:
        self._pieces.append(text)
        self._ended = time.monotonic()
        self.signature = signature

    @property
    def part(self) -> Reasoning:
        return Reasoning("".join(self._pieces), self._ended - self._began, self.signature)

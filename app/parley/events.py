"""Values: what happens during a turn. A Turn numbers them; the number is the `id:` of server-sent events."""

from dataclasses import dataclass, field

from parley.messages import Failure, Image, ToolCall, ToolResult, Usage


@dataclass(frozen=True, slots=True)
class Started:
    """The provider has been asked. `model` is `provider/model`; `tokens`, about how long the question is."""

    model: str
    tokens: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Status:
    """What the turn waits for: a code such as `queued` or `loading`, and words for people.

    `seconds`: how long that will take, where it is known.
    """

    code: str
    text: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of what the model thinks before it answers. A `signature` ends a thought: see `Reasoning`."""

    text: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ImageMade:
    """The model made a picture. `files` are the ids under which it is kept as a file, if it is."""

    image: Image
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model wants a tool to be called. Its arguments are complete."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """A tool is at work on a call. `label` says in English what it does; `seconds`, how long it may take at most."""

    call_id: str
    name: str
    label: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """What came of a call, and the ids of the files that were made. The model is asked again with it."""

    result: ToolResult
    name: str
    label: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete.

    `reason` is `stop`; `length` when the model's limit cut it off; `tool_calls` when tools are to be called;
    `filtered` when the vendor withheld the rest.
    """

    usage: Usage | None = None
    reason: str = "stop"


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer ends with an error; what had come is kept.

    `retry_after`: in so many seconds the same may be asked again, where that is known.
    """

    failure: Failure
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody stopped the answer; what had come is kept."""


Event = (
    Started
    | Status
    | TextDelta
    | ReasoningDelta
    | ImageMade
    | ToolCalled
    | ToolStarted
    | ToolFinished
    | Finished
    | Failed
    | Stopped
)
Said = TextDelta | ReasoningDelta | ImageMade | ToolCalled
"""What a model says, and is paid for."""
Content = Said | ToolFinished
"""What a reply is made of."""
LastEvent = Finished | Failed | Stopped

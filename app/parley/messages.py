"""Values: what a conversation is made of.

Pure and immutable. They know nothing of SQL, of Qt, or of any vendor's wire format.
"""

import os
import time
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal, TypeVar

from parley.models import NO_PARAMETERS, Parameters

Number = TypeVar("Number", int, float)

OWNER = "owner"
"""The account of the person at the desk."""


def new_id() -> str:
    """Return a new UUIDv7 as text: sortable by creation time, mergeable between devices (RFC 9562)."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80 | random
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class MessageStatus(StrEnum):
    """How far a message got. Everything but `STREAMING` is final."""

    COMPLETE = "complete"
    STREAMING = "streaming"
    INTERRUPTED = "interrupted"
    STOPPED = "stopped"
    FAILED = "failed"


class Mood(StrEnum):
    """In which tone a conversation is to be answered: one line added to its instruction."""

    SERIOUS = "serious"
    FRIENDLY = "friendly"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True)
class Text:
    """What was said, in Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model thought before it answered.

    `signature` is the vendor's own proof of it: never read, only sent back to the vendor that gave it.
    """

    text: str
    seconds: float | None = None
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture, as the bytes of its file. `media_type` is such as `image/png`."""

    media_type: str
    data: bytes

    @property
    def url(self) -> str:
        """Return the address that holds all of it, as Markdown and HTML take it."""
        return f"data:{self.media_type};base64,{b64encode(self.data).decode()}"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to call a tool. `arguments` is the JSON object that it wrote, as it wrote it.

    `id` ties the result to it; `signature` is like that of `Reasoning`.
    """

    id: str
    name: str
    arguments: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call, in words for the model. It stands in the reply that holds the call, behind it.

    `title` is what people are shown of it, such as the name of a file.
    """

    call_id: str
    text: str
    failed: bool = False
    title: str = ""


Part = Text | Reasoning | Image | ToolCall | ToolResult

_KINDS: Mapping[str, type[Part]] = {
    "text": Text,
    "reasoning": Reasoning,
    "image": Image,
    "tool_call": ToolCall,
    "tool_result": ToolResult,
}
_KIND_OF = {kind: name for name, kind in _KINDS.items()}


def part_to_json(part: Part) -> dict[str, Any]:
    """Return the stored form of a part: its fields, without an empty signature or title, and its `kind`."""
    values = {name: getattr(part, name) for name in part.__slots__}
    for name in ("signature", "title"):
        if not values.get(name, True):
            del values[name]
    if isinstance(part, Image):
        values["data"] = b64encode(part.data).decode()
    return {"kind": _KIND_OF[type(part)], **values}


def part_from_json(stored: Mapping[str, Any]) -> Part:
    """Return the part that `part_to_json` wrote. Raises KeyError for a kind that this version does not know."""
    values = dict(stored)
    kind = _KINDS[values.pop("kind")]
    if kind is Image:
        values["data"] = b64decode(values.get("data", ""))
    return kind(**values)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a reply cost: tokens, US dollars, and seconds from the request to the first and to the last token.

    `reason` says why a complete reply ended: see `Finished`. Tokens of reasoning are among those of the output;
    those read from the vendor's cache and those written to it are among those of the input. `estimated`: the vendor
    told no tokens, and they were guessed.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    first_token_seconds: float | None = None
    seconds: float | None = None
    estimated: bool = False
    reason: str = ""
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    cache_writing_tokens: int | None = None
    cost: float | None = None

    @property
    def tokens_per_second(self) -> float | None:
        """Return the speed of the stream after its first token, or None where it is unknown."""
        if not self.output_tokens or self.seconds is None or self.first_token_seconds is None:
            return None
        streamed = self.seconds - self.first_token_seconds
        return self.output_tokens / streamed if streamed > 0 else None

    def resumed(self, further: "Usage") -> "Usage":
        """Return what a reply cost that went on later: the sums, where both are known, and no time of a first token."""
        if further.input_tokens is None and further.output_tokens is None:  # nobody went on
            return replace(self, reason=further.reason)
        return Usage(
            _sum(self.input_tokens, further.input_tokens),
            _sum(self.output_tokens, further.output_tokens),
            None,
            _sum(self.seconds, further.seconds),
            self.estimated or further.estimated,
            further.reason,
            _sum(self.reasoning_tokens, further.reasoning_tokens),
            _sum(self.cached_tokens, further.cached_tokens),
            _sum(self.cache_writing_tokens, further.cache_writing_tokens),
            _sum(self.cost, further.cost),
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message failed: the code and the English sentence of a `ChatError`, and the vendor's own words."""

    code: str
    sentence: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a conversation. `parent_id` makes versions and branches. Times are Unix seconds."""

    id: str
    conversation_id: str
    parent_id: str | None
    role: Role
    parts: tuple[Part, ...]
    status: MessageStatus
    created_at: float
    model: str = ""
    usage: Usage | None = None
    failure: Failure | None = None

    @property
    def cut_off(self) -> bool:
        """Return whether the model's limit cut a complete reply off."""
        return self.usage is not None and self.usage.reason == "length"

    @property
    def text(self) -> str:
        """Return what was said: the text parts only."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Text):
            return self.parts[0].text
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def images(self) -> tuple[Image, ...]:
        """Return its pictures."""
        return tuple(part for part in self.parts if isinstance(part, Image))

    @property
    def markdown(self) -> str:
        """Return what was said as Markdown, below its pictures."""
        return "\n\n".join((*(f"![]({image.url})" for image in self.images), *([self.text] if self.text else [])))

    @property
    def reasoning(self) -> str:
        """Return what was thought."""
        return "".join(part.text for part in self.parts if isinstance(part, Reasoning))


@dataclass(frozen=True, slots=True)
class Conversation:
    """A titled tree of messages. `leaf_id` is the message whose ancestors are the branch shown."""

    id: str
    title: str
    created_at: float
    updated_at: float
    account_id: str = OWNER
    channel: str = "desktop"
    leaf_id: str | None = None
    model: str = ""
    instruction: str = ""
    pinned: bool = False
    message_count: int = 0
    answering: bool = False
    unread: bool = False
    parameters: Parameters = NO_PARAMETERS
    assistant_id: str | None = None
    mood: Mood | None = None
    folder_id: str | None = None
    archived: bool = False


Origin = Literal["uploaded", "produced"]
"""Where a file comes from: somebody sent it, or a model made it."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is kept, without its bytes. `handle` is a name for it that tells time and name, as `id` does not.

    It belongs to the conversation and message that it was made for, or that it was first sent with.
    """

    id: str
    handle: str
    name: str
    media_type: str
    size: int
    sha256: str
    created_at: float
    account_id: str = OWNER
    origin: Origin = "uploaded"
    conversation_id: str | None = None
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """Where conversations are put together, of one account."""

    id: str
    name: str
    created_at: float
    account_id: str = OWNER


def title_from(text: str, limit: int = 80) -> str:
    """Return a conversation's first title: the first line that says something, cut at a word."""
    line = next((stripped for raw in _lines(text) if (stripped := raw.strip(" \t#>*-`"))), "")
    if len(line) <= limit:
        return line
    cut = line[:limit].rsplit(" ", 1)[0]
    return cut.rstrip(" ,.;:") + "…"


def _sum(one: Number | None, other: Number | None) -> Number | None:
    return None if one is None or other is None else one + other


def _lines(text: str) -> Iterable[str]:
    """Yield the lines of the beginning of a text that may be megabytes long."""
    return text[:4000].splitlines()

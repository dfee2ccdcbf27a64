"""Values: what a conversation is made of.

Pure and immutable. They know nothing of SQL, of Qt, or of any vendor's wire format.
"""

import os
import time
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

Number = TypeVar("Number", int, float)

NEAR = 50
"""Where a branch changes, it does so among so many of its last messages; otherwise it is worked out anew."""

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


@dataclass(frozen=True, slots=True)
class Text:
    """What was said, in Markdown."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model thought before it answered."""

    text: str
    seconds: float | None = None


Part = Text | Reasoning

_KINDS: Mapping[str, type[Part]] = {"text": Text, "reasoning": Reasoning}


def part_to_json(part: Part) -> dict[str, Any]:
    """Return the stored form of a part: its fields and its `kind`."""
    match part:
        case Text(text):
            return {"kind": "text", "text": text}
        case Reasoning(text, seconds):
            return {"kind": "reasoning", "text": text, "seconds": seconds}


def part_from_json(stored: Mapping[str, Any]) -> Part:
    """Return the part that `part_to_json` wrote. Raises KeyError for a kind that this version does not know."""
    values = dict(stored)
    return _KINDS[values.pop("kind")](**values)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a reply cost: tokens, and seconds from the request to the first and to the last token.

    `reason` says why a complete reply ended: `stop`, or `length` when the model's limit cut it off. Tokens of
    reasoning are among those of the output.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    first_token_seconds: float | None = None
    seconds: float | None = None
    estimated: bool = False
    reason: str = ""
    reasoning_tokens: int | None = None

    @property
    def tokens_per_second(self) -> float | None:
        """Return the speed of the stream after its first token, or None where it is unknown."""
        if not self.output_tokens or self.seconds is None or self.first_token_seconds is None:
            return None
        streamed = self.seconds - self.first_token_seconds
        return self.output_tokens / streamed if streamed > 0 else None

    def resumed(self, further: "Usage") -> "Usage":
        """Return what a reply cost that went on later: the sums, where both are known, and no time of a first token."""
        return Usage(
            _sum(self.input_tokens, further.input_tokens),
            _sum(self.output_tokens, further.output_tokens),
            None,
            _sum(self.seconds, further.seconds),
            self.estimated or further.estimated,
            further.reason,
            _sum(self.reasoning_tokens, further.reasoning_tokens),
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


@dataclass(frozen=True)
class ConversationTree:
    """A conversation with its messages, oldest first. What is in the trash is not among them.

    Of a long one it may be the newest part. `earlier` and `changed` return another tree that takes over what this one
    has worked out: a conversation of thousands of messages costs little more for each than a short one.
    """

    conversation: Conversation
    messages: tuple[Message, ...]
    since: int = 0
    """The number of the oldest message if older ones have not been read, otherwise 0."""

    until: int = field(default=0, compare=False)
    """The number that no message here exceeds."""

    @property
    def whole(self) -> bool:
        """Return whether all messages are here."""
        return self.since == 0

    @property
    def leaf(self) -> Message | None:
        """Return the message that the branch shown ends in."""
        return self._by_id.get(self.conversation.leaf_id or "")

    def message(self, message_id: str) -> Message | None:
        """Return the message of that id, or None."""
        return self._by_id.get(message_id)

    def branch(self, leaf_id: str | None = None) -> list[Message]:
        """Return the ancestors of the leaf (by default the conversation's) and itself, oldest first."""
        return self._upwards(leaf_id) if leaf_id else list(self._branch)

    def siblings(self, message: Message) -> list[Message]:
        """Return the message and all others of the same parent and role, oldest first."""
        return [self._by_id[id] for id in self._places.get((message.parent_id, message.role), ())]

    def children(self, message_id: str | None) -> list[str]:
        """Return the ids of the messages right below one; of None, of those that begin the conversation."""
        return [id for role in Role for id in self._places.get((message_id, role), ())]

    def versions(self, message: Message) -> list[Message]:
        """Return the message and its siblings, oldest first.

        Others that ended without a word are left out: a retry replaces them in the reader's eyes.
        """
        return [other for other in self.siblings(message) if _speaks(other) or other.id == message.id]

    def all_versions(self) -> dict[str, list[Message]]:
        """Return the versions of each message that has more than one, by its id."""
        several = [self._by_id[id] for place in self._several for id in self._places[place]]
        versions = {message.id: self.versions(message) for message in several}
        return {id: found for id, found in versions.items() if len(found) > 1}

    def newest_leaf(self, message_id: str) -> str:
        """Return the newest message below this one, or itself: the end of the branch to show with it."""
        newest, below = message_id, {message_id}
        for message in self.messages:  # what is below is newer
            if message.parent_id in below:
                newest = message.id
                below.add(newest)
        return newest

    def earlier(self, messages: Iterable[Message], since: int) -> "ConversationTree":
        """Return the tree with older messages too."""
        found = {message.id: message for message in messages}
        tree = ConversationTree(self.conversation, (*found.values(), *self.messages), since, self.until)
        places, several = dict(self._places), set(self._several)
        for message in reversed(found.values()):
            _place(places, several, message, -1)
        tree.__dict__.update(_by_id={**found, **self._by_id}, _places=places, _several=several)
        if self._branch:
            tree.__dict__.update(_branch=[*tree._upwards(self._branch[0].parent_id), *self._branch])
        return tree

    def changed(self, conversation: Conversation, messages: Iterable[Message], until: int = 0) -> "ConversationTree":
        """Return the tree with these messages as they are now; those that are not in it are added as the newest."""
        found = {message.id: message for message in messages}
        before = [old for id in found if (old := self.message(id)) is not None]
        by_id = {**self._by_id, **found}
        tree = ConversationTree(conversation, tuple(by_id.values()), self.since, max(until, self.until))
        if any(old.parent_id != found[old.id].parent_id for old in before):
            return tree
        places, several = self._places, self._several
        if len(found) > len(before):
            places, several = dict(places), set(several)
            for id, message in found.items():
                if id not in self._by_id:
                    _place(places, several, message, 1)
        tree.__dict__.update(_by_id=by_id, _places=places, _several=several)
        tree.__dict__.update(_branch=tree._branch_after(self._branch, [old.id for old in before]))
        return tree

    def _branch_after(self, old: list[Message], changed: Sequence[str]) -> list[Message]:
        """Return the branch shown, made of an old one that differs near its end; what has `changed` is not moved."""
        first = max(0, len(old) - NEAR)
        near = {message.id: place for place, message in enumerate(old[first:], first)}
        leaf_id = self.conversation.leaf_id
        if not near.keys() >= set(changed):
            return self._upwards(leaf_id)
        end = self._upwards(leaf_id, near)
        top = end[0].parent_id if end else leaf_id
        branch = old[: near.get(top or "", -1) + 1]
        for id in changed:
            if near[id] < len(branch):
                branch[near[id]] = self._by_id[id]
        return branch + end

    def _upwards(self, leaf_id: str | None, end: Container[str] = ()) -> list[Message]:
        """Return a message and those above it, up to one of `end`, oldest first."""
        found: list[Message] = []
        by_id = self._by_id
        message = by_id.get(leaf_id or "")
        while message and message.id not in end:
            found.append(message)
            message = by_id.get(message.parent_id or "")
        found.reverse()
        return found

    @cached_property
    def _branch(self) -> list[Message]:
        return self._upwards(self.conversation.leaf_id)

    @cached_property
    def _by_id(self) -> dict[str, Message]:
        return {message.id: message for message in self.messages}

    @cached_property
    def _places(self) -> "_Places":
        places: _Places = {}
        for message in self.messages:
            _place(places, set(), message, 1)
        return places

    @cached_property
    def _several(self) -> "set[_Place]":
        return {place for place, ids in self._places.items() if len(ids) > 1}


@dataclass(frozen=True, slots=True)
class Model:
    """A language model that a provider offers. Unknown abilities are None."""

    provider: str
    name: str
    label: str = ""
    context: int | None = None
    vision: bool | None = None
    tools: bool | None = None
    reasoning: bool | None = None
    size_bytes: int | None = None

    @property
    def id(self) -> str:
        """Return the name people and settings use: `provider/model`."""
        return f"{self.provider}/{self.name}"


def title_from(text: str, limit: int = 80) -> str:
    """Return a conversation's first title: the first line that says something, cut at a word."""
    line = next((stripped for raw in _lines(text) if (stripped := raw.strip(" \t#>*-`"))), "")
    if len(line) <= limit:
        return line
    cut = line[:limit].rsplit(" ", 1)[0]
    return cut.rstrip(" ,.;:") + "…"


_Place = tuple[str | None, Role]
_Places = dict[_Place, tuple[str, ...]]
"""The ids of those that have a parent and a role in common, oldest first."""


def _place(places: _Places, several: set[_Place], message: Message, end: int) -> None:
    """Put a message among its siblings, last of them (1) or first (-1), and note where there are several."""
    place = (message.parent_id, message.role)
    others = places.get(place, ())
    places[place] = (*others, message.id) if end > 0 else (message.id, *others)
    if others:
        several.add(place)


def _speaks(message: Message) -> bool:
    """Return whether a message holds something, or still may."""
    return bool(message.parts) or message.status is MessageStatus.STREAMING


def _sum(one: Number | None, other: Number | None) -> Number | None:
    return None if one is None or other is None else one + other


def _lines(text: str) -> Iterable[str]:
    """Yield the lines of the beginning of a text that may be megabytes long."""
    return text[:4000].splitlines()

"""Prompts: the messages of a request as most wire formats want them, before they are written in any of these."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from parley.messages import Image, Message, Part, Role, Text, ToolResult


class Entry(NamedTuple):
    """What one side said, without a break."""

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """Return what was said: the text parts only."""
        return "".join(part.text for part in self.parts if isinstance(part, Text))


def entries(messages: Sequence[Message]) -> list[Entry]:
    """Return what each side said in turn: neighbours of one role are joined, for many models refuse them.

    After a failed answer a question follows a question.
    """
    return [Entry(role, _joined(side)) for role, side in groupby(messages, attrgetter("role"))]


def with_pictures_asked(messages: Iterable[Message]) -> list[Message]:
    """Return messages in which the pictures that models made belong to the next question.

    Most wire formats take pictures only from people. Replies that were nothing else are left out.
    """
    sent: list[Message] = []
    made: list[Image] = []
    for message in messages:
        if message.role is Role.ASSISTANT and message.images:
            made += message.images
            parts = tuple(part for part in message.parts if not isinstance(part, Image))
            if parts:
                sent.append(replace(message, parts=parts))
        elif message.role is Role.USER and made:
            sent.append(replace(message, parts=(*made, *message.parts)))
            made = []
        else:
            sent.append(message)
    return sent


def rounds(parts: Sequence[Part]) -> Iterator[tuple[list[Part], list[ToolResult]]]:
    """Yield the rounds of a reply: what the model said, calls included, and what came of the calls, if any."""
    said: list[Part] = []
    results: list[ToolResult] = []
    for part in parts:
        if isinstance(part, ToolResult):
            results.append(part)
            continue
        if results:
            yield said, results
            said, results = [], []
        said.append(part)
    if said or results:
        yield said, results


def arguments(written: str) -> dict[str, Any]:
    """Return the arguments of a call as an object; what is none, as a model may write, becomes an empty one."""
    try:
        value = json.loads(written)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _joined(side: Iterable[Message]) -> tuple[Part, ...]:
    """Return the parts of messages as those of one: a text that ends one and a text that begins the next are one."""
    parts: list[Part] = []
    texts: list[str] = []  # of the last part, as long as it is a text: joined in the end, for there may be thousands
    for message in side:
        for place, part in enumerate(message.parts):
            if texts and not (place == 0 and isinstance(part, Text)):
                parts.append(Text("\n\n".join(texts)))
                texts = []
            if isinstance(part, Text):
                texts.append(part.text)
            else:
                parts.append(part)
    return (*parts, Text("\n\n".join(texts))) if texts else tuple(parts)

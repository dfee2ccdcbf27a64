"""Prompts: the messages of a request as most wire formats want them, before they are written in any of these."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from parley.messages import Message, Part, Role, Text, ToolResult


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
    joined: list[Entry] = []
    for message in messages:
        if joined and joined[-1].role is message.role:
            joined[-1] = Entry(message.role, _joined(joined[-1].parts, message.parts))
        else:
            joined.append(Entry(message.role, message.parts))
    return joined


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


def _joined(before: tuple[Part, ...], after: tuple[Part, ...]) -> tuple[Part, ...]:
    if before and after and isinstance(before[-1], Text) and isinstance(after[0], Text):
        return (*before[:-1], Text(f"{before[-1].text}\n\n{after[0].text}"), *after[1:])
    return (*before, *after)

"""What a tool is: a name with a schema, and something to run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from parley.models import ToolSpec


@dataclass(frozen=True, slots=True)
class Place:
    """For whom and where a model answers, and its tools are called. Without a conversation the answer is not stored.

    `keeps`: the pictures that the model makes are kept as files, as those that its tools make are.
    """

    account: str
    conversation_id: str | None = None
    message_id: str | None = None
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call, in words for the model; its `title` for people; and the ids of the files that were made."""

    text: str
    failed: bool = False
    title: str = ""
    files: tuple[str, ...] = ()


class Tool(Protocol):
    """Something that a model may have done. `label` says in English what is being done, for people."""

    @property
    def spec(self) -> ToolSpec: ...

    @property
    def label(self) -> str: ...

    async def run(self, arguments: Mapping[str, Any], place: Place) -> Outcome:
        """Do it. Raises ChatError, which the model is told. May be cancelled at any time."""
        ...

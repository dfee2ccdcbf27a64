"""Toolbox: all tools by their names. What a model wishes is checked here, and whatever fails is told to it."""

import asyncio
import json
from collections.abc import Collection, Iterable
from typing import Any

from parley.errors import ChatError
from parley.messages import ToolCall
from parley.models import Model
from parley.people import Permissions
from parley.tools.base import Outcome, Place, Tool

LONGEST_SECONDS = 60.0
"""A tool that takes longer is given up."""


class Toolbox:
    """The tools that there are."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self._tools = {tool.spec.name: tool for tool in tools}

    @property
    def names(self) -> frozenset[str]:
        """Return the names of all tools."""
        return frozenset(self._tools)

    def add(self, tool: Tool) -> None:
        """Take one more tool; it takes the place of one of that name."""
        self._tools[tool.spec.name] = tool

    def offered(self, wanted: Collection[str], permissions: Permissions, model: Model | None) -> dict[str, Tool]:
        """Return those of the wanted tools that an account may use, by name; none if the model calls none."""
        if model is not None and model.tools is False:
            return {}
        names = [name for name in self._tools if name in wanted and permissions.allows_tool(name)]
        return {name: self._tools[name] for name in names}


async def run(tool: Tool | None, call: ToolCall, place: Place) -> Outcome:
    """Carry out a call. What is wrong with it, or goes wrong, is told as an outcome that failed."""
    if tool is None:
        return Outcome(f"There is no tool “{call.name}” here.", failed=True)
    arguments = _arguments(call.arguments)
    if arguments is None:
        return Outcome("The arguments are no JSON object.", failed=True)
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            return await tool.run(arguments, place)
    except TimeoutError:
        return Outcome(f"This took longer than {LONGEST_SECONDS:g} seconds, and was given up.", failed=True)
    except ChatError as error:
        return Outcome(str(error), failed=True)


def _arguments(written: str) -> dict[str, Any] | None:
    try:
        value = json.loads(written or "{}")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None

"""What Claude models take: as Anthropic's list of them says, else by a table of their families.

The rules are those of the vendor's documents on thinking, effort, sampling parameters, prefill and structured outputs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from parley.models import Model
from parley.providers.endpoints import number, object_of

MANUAL, ADAPTIVE, OFF, BETWEEN_TOOLS = "enabled", "adaptive", "disabled", "between_tools"
"""The kinds of thinking: with a budget of tokens, as the model sees fit, none, and none but between calls of tools."""

EFFORTS = frozenset({"low", "medium", "high"})

DEFAULT_OUTPUT = 8192
MOST_BY_DEFAULT = 64_000
"""What an answer may have where nobody says: the vendor's own advice for streamed answers."""

_NAME = re.compile(
    r"claude-(?:(?P<before>\d+(?:[-.]\d+)?)-)?(?P<line>[a-z]+)?(?:-(?P<after>\d+(?:[-.]\d{1,2})?)(?!\d))?",
    re.IGNORECASE,
)

_RETIRED = {
    "claude-1": "2024-11-06",
    "claude-instant": "2024-11-06",
    "claude-2": "2025-07-21",
    "claude-3-sonnet": "2025-07-21",
    "claude-3-opus": "2026-01-05",
    "claude-3-5-sonnet": "2025-10-28",
    "claude-3-5-haiku": "2026-02-19",
    "claude-3-7-sonnet": "2026-02-19",
    "claude-3-haiku": "2026-04-19",
    "claude-opus-4-0": "2026-06-15",
    "claude-opus-4-2025": "2026-06-15",
    "claude-sonnet-4-0": "2026-06-15",
    "claude-sonnet-4-2025": "2026-06-15",
    "claude-mythos-preview": "2026-06-30",
    "claude-opus-4-1": "2026-08-05",
    "claude-sonnet-4-5": "2026-11-30",
}
"""Beginnings of names, and when the vendor took these models out of service."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a model takes. `thinking` and `efforts` hold the values that it allows.

    `thinks`: it thinks unless it is told not to. `structured`: its answer can be bound to a JSON Schema.
    """

    context: int | None = None
    max_output: int | None = None
    thinking: frozenset[str] = frozenset({MANUAL, OFF})
    efforts: frozenset[str] = frozenset()
    structured: bool = False
    thinks: bool = False
    vision: bool | None = None
    tools: bool | None = None

    @property
    def claude(self) -> bool:
        """Return whether it is a model of Anthropic's own."""
        return self.tools is not None

    @property
    def samples(self) -> bool:
        """Return whether it takes a temperature: those that take no budget for thinking take none either."""
        return ADAPTIVE not in self.thinking or MANUAL in self.thinking

    @property
    def goes_on(self) -> bool:
        """Return whether it goes on from the beginning of an answer that it is given (a prefill)."""
        return ADAPTIVE not in self.thinking

    @property
    def can_be_forced(self) -> bool:
        """Return whether a call of a tool can be demanded: only of models that can do without thinking."""
        return not self.thinking or OFF in self.thinking

    @property
    def parameters(self) -> frozenset[str]:
        """Return the names of the parameters that it takes."""
        names = {"max_tokens", "stop", "json", "schema"}
        if self.samples:
            names |= {"temperature", "top_p"}
        if self.thinking - {OFF}:
            names.add("effort")
        return frozenset(names)

    @property
    def usual_output(self) -> int:
        """Return how many tokens an answer may have where nobody says."""
        if self.max_output:
            return min(self.max_output, MOST_BY_DEFAULT)
        return min(DEFAULT_OUTPUT, self.context // 4) if self.context else DEFAULT_OUTPUT


TAKES = frozenset({"max_tokens", "stop", "json", "schema", "temperature", "top_p", "effort"})
"""The parameters of the wire format."""

IMITATOR = Traits()
"""A model of another vendor behind the same API."""


def _family(thinking: str, thousands: int, output: int, *, effort: bool = True, structured: bool = True) -> Traits:
    return Traits(
        context=thousands * 1000,
        max_output=output,
        thinking=frozenset(thinking.split()),
        efforts=EFFORTS if effort else frozenset(),
        structured=structured,
        vision=True,
        tools=True,
    )


_FAMILIES = (
    ("fable mythos", (5, 0), _family("adaptive", 1000, 128_000)),
    ("opus", (5, 5), _family("adaptive", 1000, 128_000)),
    ("sonnet", (5, 5), _family("adaptive between_tools", 1000, 128_000)),
    ("opus sonnet haiku", (5, 0), _family("adaptive disabled", 1000, 128_000)),
    ("opus", (4, 7), _family("adaptive disabled", 1000, 128_000)),
    ("opus sonnet", (4, 6), _family("adaptive enabled disabled", 1000, 128_000)),
    ("opus", (4, 5), _family("enabled disabled", 200, 64_000)),
    ("sonnet haiku", (4, 5), _family("enabled disabled", 200, 64_000, effort=False)),
    ("opus", (4, 1), _family("enabled disabled", 200, 32_000, effort=False)),
    ("opus", (4, 0), _family("enabled disabled", 200, 32_000, effort=False, structured=False)),
    ("sonnet", (3, 7), _family("enabled disabled", 200, 64_000, effort=False, structured=False)),
    ("sonnet haiku", (3, 5), _family("", 200, 8192, effort=False, structured=False)),
    ("opus sonnet haiku", (3, 0), _family("", 200, 4096, effort=False, structured=False)),
)
"""Lines of models and the version from which on a row holds; the first row that fits counts."""

LATEST = Traits(
    max_output=MOST_BY_DEFAULT,
    thinking=frozenset({ADAPTIVE}),
    efforts=EFFORTS,
    structured=True,
    thinks=True,
    tools=True,
)
"""What all new Claudes have in common: those of lines that came after this table too."""


def traits_of(name: str, about: Model | None = None) -> Traits:
    """Return what the table says of a model, under the name that Anthropic or another vendor gives it.

    What was listed `about` it goes before the table.
    """
    traits = _in_table(name)
    if about is None:
        return traits
    return replace(
        traits,
        context=about.context or traits.context,
        max_output=about.max_output or traits.max_output,
        vision=traits.vision if about.vision is None else about.vision,
    )


def _in_table(name: str) -> Traits:
    found = _NAME.search(name)
    if found is None:
        return IMITATOR
    major, _, minor = (found["before"] or found["after"] or "0").replace(".", "-").partition("-")
    version = int(major), int(minor or 0)
    line = (found["line"] or "").lower()
    for lines, since, traits in _FAMILIES:
        if line in lines.split() and version >= since:
            return replace(traits, thinks=version >= (5, 0))
    return LATEST


def traits_in(entry: Mapping[str, Any]) -> Traits:
    """Return what an entry of the list of models says, and the table where it says nothing."""
    traits = traits_of(entry["id"])
    context = number(
        entry.get("max_input_tokens"),
        entry.get("max_model_len"),
        entry.get("context_length"),
        object_of(entry.get("meta")).get("n_ctx"),
    )
    traits = replace(
        traits,
        context=context or traits.context,
        max_output=number(entry.get("max_tokens")) or traits.max_output,
    )
    abilities = entry.get("capabilities")
    if not isinstance(abilities, dict):
        return traits
    thinking = object_of(abilities.get("thinking"))
    kinds = {kind for kind, value in object_of(thinking.get("types")).items() if _supported(value)}
    return replace(
        traits,
        thinking=frozenset(kinds) if _supported(thinking) else frozenset(),
        efforts=frozenset(level for level in EFFORTS if _supported(object_of(abilities.get("effort")).get(level))),
        structured=_supported(abilities.get("structured_outputs")),
        vision=_supported(abilities.get("image_input")),
    )


def model_of(provider: str, entry: Mapping[str, Any], traits: Traits) -> Model:
    """Return a model from its entry in the list."""
    label = entry.get("display_name")
    return Model(
        provider,
        entry["id"],
        label=label if isinstance(label, str) else "",
        context=traits.context,
        vision=traits.vision,
        tools=traits.tools,
        reasoning=bool(traits.thinking - {OFF}) if traits.claude else None,
        max_output=traits.max_output,
        parameters=traits.parameters if traits.claude else None,
    )


def retired_on(name: str) -> str:
    """Return the day on which the vendor took a model out of service, as far as is known here, or nothing."""
    return next((day for beginning, day in _RETIRED.items() if name.startswith(beginning)), "")


def _supported(value: Any) -> bool:
    return object_of(value).get("supported") is True

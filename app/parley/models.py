"""Values: language models, what they can do, and what can be asked of them. They know nothing of any vendor."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, get_args

Effort = Literal["", "none", "minimal", "low", "medium", "high"]
"""How long a model is to think before it answers. Empty leaves it to the model."""

Purpose = Literal["chat", "embedding"]
"""What a model is for."""


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in US dollars. Without prices of its own, cached input costs as much as other."""

    input: float
    output: float
    cached_input: float | None = None
    cache_writing: float | None = None

    @property
    def free(self) -> bool:
        """Return whether it costs nothing."""
        return not (self.input or self.output)


@dataclass(frozen=True, slots=True)
class Model:
    """A language model that a provider offers. Unknown abilities are None.

    `context` is in tokens, `max_output` too. `parameters` names those of `Parameters` that it takes; None: nobody
    says, so those that its wire format has. `purpose` tells chat models from those that only embed texts. `draws`: it
    makes pictures.
    """

    provider: str
    name: str
    label: str = ""
    context: int | None = None
    vision: bool | None = None
    tools: bool | None = None
    reasoning: bool | None = None
    size_bytes: int | None = None
    audio: bool | None = None
    max_output: int | None = None
    quantization: str = ""
    parameters: frozenset[str] | None = None
    price: Price | None = None
    purpose: Purpose = "chat"
    draws: bool | None = None

    @property
    def id(self) -> str:
        """Return the name people and settings use: `provider/model`."""
        return f"{self.provider}/{self.name}"


@dataclass(frozen=True, slots=True)
class Parameters:
    """How an answer is to be made. What is not set is left to the model, and not sent.

    `json` asks for a JSON object, `schema` for one that fits this JSON Schema.
    """

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    effort: Effort = ""
    json: bool = False
    schema: Mapping[str, Any] | None = None

    @property
    def given(self) -> frozenset[str]:
        """Return the names of those that are set."""
        return frozenset(found.name for found in fields(self) if getattr(self, found.name) != found.default)


NO_PARAMETERS = Parameters()

LIMITS: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "max_tokens": (1, 10_000_000),
    "seed": (0, 2**31 - 1),
}
"""The least and the most of those parameters that are numbers, over all vendors."""

MOST_STOPS = 4
"""More sequences that end an answer are refused by some vendors."""

EFFORTS: tuple[Effort, ...] = get_args(Effort)


def fits(name: str, value: Any) -> bool:
    """Return whether a parameter can have this value. Without one it is left to the model, which always fits."""
    if name in LIMITS and value is not None:
        least, most = LIMITS[name]
        return bool(least <= value <= most)
    if name == "stop":
        return len(value) <= MOST_STOPS and all(value)
    return name != "effort" or value in EFFORTS


def parameters_to_json(parameters: Parameters) -> dict[str, Any]:
    """Return the stored form of parameters: those that are set."""
    return {name: value for name, value in asdict(parameters).items() if name in parameters.given}


def parameters_from_json(stored: Mapping[str, Any]) -> Parameters:
    """Return the parameters that `parameters_to_json` wrote. What this version does not know is left out."""
    known = {found.name for found in fields(Parameters)}
    values = {name: value for name, value in stored.items() if name in known}
    return Parameters(**values | ({"stop": tuple(values["stop"])} if "stop" in values else {}))


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A tool that a model may call: its name, what it is for, and the JSON Schema of its arguments."""

    name: str
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})

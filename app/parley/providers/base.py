"""What a provider is: it lists models and streams the events of one answer.

A provider never sees the store, and knows nothing of conversations: it gets messages and gives events.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from parley.events import Event
from parley.messages import Message
from parley.models import NO_PARAMETERS, Model, Parameters, ToolSpec


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """One question to one model. `model` is the provider's own name for it, without `provider/`.

    `about` is what the provider's list last said of that model. Parameters that a model or its wire format does not
    take are left out by the provider. `tool_choice` is `auto`, `none`, `required`, or the name of a tool.
    """

    model: str
    messages: Sequence[Message]
    instruction: str = ""
    parameters: Parameters = NO_PARAMETERS
    tools: Sequence[ToolSpec] = ()
    tool_choice: str = "auto"
    about: Model | None = None


class Provider(Protocol):
    """Speaks one vendor's API, or one server's.

    `id` is the first half of `provider/model`; `name` is what people call it.
    """

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def local(self) -> bool:
        """Return whether its models run on this very computer."""
        ...

    async def models(self) -> list[Model]:
        """Return the models that can be chosen now. Raises ProviderError."""
        ...

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """Yield `Status`, `TextDelta`, `ReasoningDelta` and `ToolCalled`, then one `Finished`.

        Raises ChatError. Closing the generator ends the request at once, so that the model stops.
        """
        ...


@runtime_checkable
class Embedder(Protocol):
    """A provider whose models also turn texts into vectors."""

    async def embed(self, model: str, texts: Sequence[str], dimensions: int | None = None) -> list[list[float]]:
        """Return one vector for each text, in their order. Raises ChatError.

        `dimensions` asks for vectors of so many numbers; a server that knows nothing of it gives others.
        """
        ...

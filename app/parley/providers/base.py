"""What a provider is: it lists models and streams the events of one answer.

A provider never sees the store, and knows nothing of conversations: it gets messages and gives events.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from parley.events import Event
from parley.messages import Message, Model


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """One question to one model. `model` is the provider's own name for it, without `provider/`."""

    model: str
    messages: Sequence[Message]
    instruction: str = ""


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
        """Yield `Status`, `TextDelta` and `ReasoningDelta`, then one `Finished`.

        Raises ChatError. Closing the generator ends the request at once, so that the model stops.
        """
        ...

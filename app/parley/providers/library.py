"""Library: what a server can do that keeps models of its own: fetch them, show them, delete them."""

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from parley.models import Model

Stage = Literal["preparing", "downloading", "checking", "done"]


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a model is that is being fetched. The bytes are those of all its files that are known by now.

    `speed` is in bytes a second; None while it is not known. Zero: nothing comes, but the server goes on trying.
    """

    stage: Stage
    completed: int = 0
    total: int = 0
    speed: float | None = None

    @property
    def seconds_left(self) -> float | None:
        """Return how long the rest will take, or None where nobody can say."""
        return (self.total - self.completed) / self.speed if self.speed and self.total else None


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory. `context` is how many tokens it was loaded for; it stays until `until`, in Unix seconds."""

    name: str
    size_bytes: int | None = None
    graphics_bytes: int | None = None
    context: int | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class ModelDetails:
    """What a server says of one of its models, in its own words. What it does not say is empty."""

    name: str
    family: str = ""
    parameter_size: str = ""
    quantization: str = ""
    format: str = ""
    context: int | None = None
    abilities: tuple[str, ...] = ()
    parameters: str = ""
    instruction: str = ""
    template: str = ""
    license: str = ""


@runtime_checkable
class ModelLibrary(Protocol):
    """A provider whose server fetches, keeps and deletes models. Every method raises ChatError."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def local(self) -> bool: ...

    async def version(self) -> str:
        """Return the server's version."""
        ...

    async def installed(self) -> list[Model]:
        """Return the models that are there, those that only embed texts as well, by name."""
        ...

    async def loaded(self) -> list[LoadedModel]:
        """Return the models in memory."""
        ...

    async def details(self, name: str) -> ModelDetails:
        """Return what is known of a model."""
        ...

    def pull(self, name: str) -> AsyncGenerator[PullProgress, None]:
        """Fetch a model, and tell how far it is; the last stage is `done`.

        Closing the generator stops it. What has come is kept by the server: the next time it goes on from there.
        """
        ...

    async def delete(self, name: str) -> None:
        """Delete a model for good."""
        ...

    async def unload(self, name: str) -> None:
        """Take a model out of memory."""
        ...


def libraries(providers: Iterable[object]) -> list[ModelLibrary]:
    """Return those providers that keep models of their own, the ones on this computer first."""
    found = [provider for provider in providers if isinstance(provider, ModelLibrary)]
    return sorted(found, key=lambda library: not library.local)

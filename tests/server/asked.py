"""What a model is asked, for tests to look at, and a provider that makes vectors."""

from collections.abc import Sequence

from parley.messages import Message, MessageStatus, Part, Role
from parley.providers.base import ProviderRequest
from tests.conftest import ScriptedProvider


def message(role: Role, *parts: Part) -> Message:
    return Message("", "", None, role, parts, MessageStatus.COMPLETE, 0.0)


def parts_of(request: ProviderRequest) -> list[tuple[Role, list[Part]]]:
    """Return who says what."""
    return [(said.role, list(said.parts)) for said in request.messages]


class Embedding(ScriptedProvider):
    """A provider that also makes vectors: of each text its length."""

    async def embed(self, model: str, texts: Sequence[str], dimensions: int | None = None) -> list[list[float]]:
        return [[float(len(text)), 0.5] for text in texts]

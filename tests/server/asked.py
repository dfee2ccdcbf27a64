"""What a model is asked, for tests to look at."""

from parley.messages import Message, MessageStatus, Part, Role
from parley.providers.base import ProviderRequest


def message(role: Role, *parts: Part) -> Message:
    return Message("", "", None, role, parts, MessageStatus.COMPLETE, 0.0)


def parts_of(request: ProviderRequest) -> list[tuple[Role, list[Part]]]:
    """Return who says what."""
    return [(said.role, list(said.parts)) for said in request.messages]

"""What the tests of providers share."""

from collections.abc import Sequence
from typing import Any

from parley.errors import ChatError
from parley.events import Event, ReasoningDelta, TextDelta
from parley.messages import Message, MessageStatus, Role, Text
from parley.providers.base import Provider, ProviderRequest


def said(role: Role, text: str) -> Message:
    """Return a message."""
    return Message("m", "c", None, role, (Text(text),), MessageStatus.COMPLETE, 0.0)


def question(text: str = "Hi", model: str = "fake-model", instruction: str = "") -> ProviderRequest:
    """Return a request with one question."""
    return ProviderRequest(model, [said(Role.USER, text)], instruction)


async def events_of(provider: Provider, request: ProviderRequest) -> list[Event]:
    """Return all events of an answer."""
    return [event async for event in provider.stream(request)]


async def events_until_error(provider: Provider, request: ProviderRequest) -> tuple[list[Event], ChatError | None]:
    """Return the events of an answer, and the error that ended it."""
    events: list[Event] = []
    note = events.append
    try:
        async for event in provider.stream(request):
            note(event)
    except ChatError as error:
        return events, error
    return events, None


def text_of(events: list[Event]) -> str:
    """Return what was said."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def reasoning_of(events: list[Event]) -> str:
    """Return what was thought."""
    return "".join(event.text for event in events if isinstance(event, ReasoningDelta))


class Pieces:
    """A response of aiohttp whose body is in these pieces."""

    status = 200

    def __init__(self, content_type: str, pieces: Sequence[bytes]) -> None:
        self.headers = {"content-type": content_type}
        self.content = self
        self._pieces = filter(None, pieces)

    async def readany(self) -> bytes:
        """Return the next piece, or nothing at the end."""
        return next(self._pieces, b"")

    def close(self) -> None:
        """There is no connection."""


class Player:
    """Plays bytes to a provider, in pieces, without a socket: so a recording can be cut at every byte."""

    def __init__(self, provider: Any, content_type: str = "text/event-stream") -> None:
        self._provider = provider
        self._content_type = content_type
        self._pieces: Sequence[bytes] = ()
        provider._client._session = self

    async def play(self, request: ProviderRequest, *pieces: bytes) -> tuple[list[Event], ChatError | None]:
        """Return the events of these pieces, and the error that ended them."""
        self._pieces = pieces
        return await events_until_error(self._provider, request)

    async def send(self, *_: object) -> Pieces:
        """Answer any request."""
        return Pieces(self._content_type, self._pieces)

    async def close(self) -> None:
        """There are no connections."""

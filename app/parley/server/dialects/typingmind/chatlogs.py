"""Chat logs: the conversations of all accounts, as texts, by the time of their latest message."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from parley.messages import Conversation, Role
from parley.server.backend import Backend
from parley.server.dialect import to_json
from parley.server.dialects.typingmind.shapes import Chatlog, Listed
from parley.server.streams import EventStream
from parley.server.times import moment

END_OF_TIME = 253_402_300_799
"""The last second of the year 9999. What lies behind it was meant in milliseconds."""

PAGE = 50
"""Conversations that are read at once."""

_SPEAKERS = {Role.USER: "User", Role.ASSISTANT: "Assistant"}
_Seconds = Query(ge=0, le=END_OF_TIME, allow_inf_nan=False)


def routes(backend: Backend) -> APIRouter:
    """Return the route of chat logs."""
    router = APIRouter()

    @router.get("/chatlogs", response_model=Listed[Chatlog])
    async def chatlogs(
        start: Annotated[float, _Seconds, Query(alias="startUnixTime")] = 0,
        end: Annotated[float, _Seconds, Query(alias="endUnixTime")] = END_OF_TIME,
    ) -> Response:
        """Return the conversations of all accounts whose latest message came between two times, oldest first."""
        pieces = _written(backend, start, end)
        return EventStream(pieces, media_type="application/json", ping=b"", problem=lambda problem: b"")

    return router


async def _written(backend: Backend, start: float, end: float) -> AsyncGenerator[bytes, None]:
    """Yield the list as it is read: nobody knows how long it is."""
    conversations, after, head = backend.services.store.conversations, None, b'{"data":['
    while page := conversations.between(start, end, after=after, limit=PAGE):
        for conversation in page:
            yield head + to_json((await _log(backend, conversation)).model_dump())
            head = b","
        after = page[-1]
    yield (head if head != b"," else b"") + b"]}"


async def _log(backend: Backend, conversation: Conversation) -> Chatlog:
    said = [message async for message in backend.services.store.conversations.upwards(conversation.leaf_id)]
    texts = [f"{_SPEAKERS[each.role]}: {each.text}" for each in reversed(said) if each.text and each.role in _SPEAKERS]
    return Chatlog(
        chatID=conversation.id,
        chatTitle=conversation.title,
        createdAt=moment(conversation.created_at),
        recordedAt=moment(conversation.updated_at),
        conversationText="\n\n".join(texts),
    )

"""Messages, one by one: edited, deleted, chosen among their versions, searched for."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from parley.messages import Role
from parley.server.application import Asking, json_response
from parley.server.backend import Backend
from parley.server.dialects.mingly.asking import model_of, take_question
from parley.server.dialects.mingly.rendering import streamed, whole
from parley.server.dialects.mingly.shapes import (
    Answer,
    ConversationShape,
    Edit,
    HitShape,
    MessageShape,
)
from parley.server.dialects.mingly.values import conversation_json, hit_json, message_json
from parley.server.streams import STREAMED, begun


def routes(backend: Backend) -> APIRouter:
    """Return the routes of messages."""
    router = APIRouter()
    store, engine = backend.services.store, backend.services.engine

    @router.patch("/messages/{id}", response_model=Answer | MessageShape, responses=STREAMED)
    async def edit(id: str, wanted: Edit, request: Request, caller: Asking) -> Response:
        """Change a message. Another version of a question is answered like `/chat`; all else returns the message."""
        message = store.messages.get(id, account=caller.id)
        if wanted.inPlace or message.role is not Role.USER:
            await store.messages.rewrite(id, wanted.content, account=caller.id)
            message = store.messages.get(id, account=caller.id)
            files = store.files.of_message(id, account=caller.id)
            return json_response(message_json(backend, message, message.parent_id, files))
        take_question(backend, caller)
        model = await model_of(backend, caller, wanted)
        turn = await begun(engine.edit(id, wanted.content, model, account=caller.id))
        if wanted.stream:
            return streamed(turn, detach=wanted.detach)
        return await whole(turn, request, detach=wanted.detach)

    @router.delete("/messages/{id}", status_code=204, response_class=Response)
    async def delete(id: str, caller: Asking) -> None:
        """Put a message into the trash. What hangs below it stays."""
        await store.messages.trash(id, account=caller.id)

    @router.post("/messages/{id}/select", response_model=ConversationShape)
    async def select(id: str, caller: Asking) -> Response:
        """Show the newest branch that a message is in: this version of it is the chosen one."""
        message = store.messages.get(id, account=caller.id)
        await store.conversations.show_version(id, account=caller.id)
        return json_response(conversation_json(store.conversations.get(message.conversation_id, account=caller.id)))

    @router.get("/search", response_model=list[HitShape])
    async def search(
        caller: Asking,
        q: Annotated[str, Query(max_length=1000)],
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        order: Literal["newest", "best"] = "newest",
    ) -> Response:
        """Find words in messages and titles; one or two letters in titles only."""
        found = await store.search(q, limit=limit, account=caller.id, order=order)
        return json_response([hit_json(hit) for hit in found])

    return router

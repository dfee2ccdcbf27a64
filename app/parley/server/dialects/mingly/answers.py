"""Answers in a conversation: followed while they come, stopped, and given anew."""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from parley.errors import MessageUnknown, PromptEmpty
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.dialects.mingly.asking import model_of, take_question
from parley.server.dialects.mingly.following import followed
from parley.server.dialects.mingly.rendering import last_words, streamed, whole
from parley.server.dialects.mingly.shapes import Again, Answer
from parley.server.streams import STREAMED, EventStream, begun


def routes(backend: Backend) -> APIRouter:
    """Return the routes of a conversation's answers."""
    router = APIRouter(prefix="/conversations")
    store, engine = backend.services.store, backend.services.engine

    @router.get("/{id}/events", status_code=200, response_class=EventStream)
    async def events(
        id: str, caller: Asking, last_event_id: Annotated[str, Header(alias="Last-Event-ID")] = ""
    ) -> Response:
        """Follow a conversation: the answers that are coming, from where one has left, and what changes."""
        store.conversations.get(id, account=caller.id)
        return EventStream(followed(backend, caller, id, last_event_id), problem=last_words)

    @router.post("/{id}/stop", status_code=204, response_class=Response)
    async def stop(id: str, caller: Asking) -> None:
        """Stop the answers that are coming in a conversation. What has come is kept."""
        store.conversations.get(id, account=caller.id)
        for turn in engine.turns(id, account=caller.id):
            turn.stop()

    @router.post("/{id}/regenerate", response_model=Answer, responses=STREAMED)
    async def regenerate(id: str, request: Request, caller: Asking, again: Again | None = None) -> Response:
        """Answer again: the answer is a new version. Like `/chat`, or with `stream` like `/chat/stream`."""
        again = again or Again()
        conversation = store.conversations.get(id, account=caller.id)
        message_id = again.messageId or conversation.leaf_id
        if message_id is None:
            raise PromptEmpty
        if store.messages.get(message_id, account=caller.id).conversation_id != id:
            raise MessageUnknown(message=message_id)
        take_question(backend, caller)
        model = await model_of(backend, caller, again)
        turn = await begun(engine.regenerate(message_id, model, account=caller.id))
        if again.stream:
            return streamed(turn, detach=again.detach)
        return await whole(turn, request, detach=again.detach)

    return router

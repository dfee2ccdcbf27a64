"""Saying something: one answer, whole or as it comes."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from parley.server.application import Asking, json_response
from parley.server.backend import Backend
from parley.server.connections import Caller
from parley.server.dialects.asta.asking import ask, provider_of
from parley.server.dialects.asta.shapes import Answer, Question
from parley.server.dialects.asta.writing import Writer
from parley.server.streams import STREAMED, EventStream, outcome, rendered

NO_WEB = "The web cannot be searched yet. The answer is given without it."


def routes(backend: Backend) -> APIRouter:
    """Return the routes that ask a model."""
    router = APIRouter()

    async def streamed(question: Question, caller: Caller) -> Response:
        turn = await ask(backend, caller, question)
        writer = Writer(turn, lambda: provider_of(backend, turn))
        head = writer.begin([NO_WEB] if question.web else [])
        return EventStream(rendered(turn, writer.render, ahead=head), problem=writer.last)

    @router.post("/api/chat", response_model=Answer, responses=STREAMED)
    async def chat_like_asta(question: Question, request: Request, caller: Asking) -> Response:
        """Answer, once the answer is whole; or as server-sent events, for who accepts these and no JSON."""
        accepted = request.headers.get("accept", "").lower()
        if "text/event-stream" in accepted and "application/json" not in accepted:
            return await streamed(question, caller)
        turn = await ask(backend, caller, question)
        await outcome(turn, request)
        provider = provider_of(backend, turn)
        answer = {"reply": turn.text, "conversation_id": turn.conversation_id, "provider": provider}
        return json_response(answer)

    @router.post("/api/chat/stream", response_class=EventStream)
    async def stream_like_asta(question: Question, caller: Asking) -> Response:
        """Answer while the answer comes, as server-sent events."""
        return await streamed(question, caller)

    return router

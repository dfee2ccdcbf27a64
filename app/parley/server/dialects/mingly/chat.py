"""Asking: one answer, whole or as it comes."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.dialects.mingly.asking import ask, notices_of
from parley.server.dialects.mingly.rendering import streamed, whole
from parley.server.dialects.mingly.shapes import Answer, Question
from parley.server.streams import EventStream


def routes(backend: Backend) -> APIRouter:
    """Return the routes that ask a model."""
    router = APIRouter()

    @router.post("/chat", response_model=Answer)
    async def chat(question: Question, request: Request, caller: Asking) -> Response:
        """Answer, once the answer is whole."""
        return await whole(await ask(backend, caller, question), request, detach=question.detach)

    @router.post("/chat/stream", status_code=200, response_class=EventStream)
    async def stream(question: Question, caller: Asking) -> Response:
        """Answer while the answer comes, as server-sent events."""
        turn = await ask(backend, caller, question)
        return streamed(turn, notices_of(backend, caller, question), detach=question.detach)

    return router

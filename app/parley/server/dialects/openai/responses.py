"""The Responses API, as far as it needs no memory: text and calls of functions, whole and as events."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from parley.server.application import Asking, json_response
from parley.server.asking import ask, spent, whole
from parley.server.backend import Backend
from parley.server.dialects.openai.response_answers import Frame, ResponseBody
from parley.server.dialects.openai.response_asked import question_of
from parley.server.dialects.openai.response_events import ResponseEvents
from parley.server.dialects.openai.response_shapes import ResponseQuestion
from parley.server.streams import STREAMED, EventStream, rendered


def routes(backend: Backend) -> APIRouter:
    """Return the route of responses."""
    router = APIRouter()

    @router.post("/v1/responses", response_model=ResponseBody, responses=STREAMED)
    async def responses(asked: ResponseQuestion, request: Request, caller: Asking) -> Response:
        """Answer, once the answer is whole; with `stream`, as server-sent events while it comes."""
        turn = await ask(backend, caller, question_of(asked))
        frame = Frame(asked)
        if asked.stream:
            events = ResponseEvents(turn, frame)
            return EventStream(rendered(turn, events.render, prompt=False), problem=events.problem)
        last = await whole(turn, request)
        body = frame.ended(turn.model, frame.items(turn.parts), last, spent(turn, last))
        return json_response(body)

    return router

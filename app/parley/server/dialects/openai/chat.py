"""Chat completions: the route that most programs ask."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from parley.server.application import Asking, json_response
from parley.server.asking import ask, spent, whole
from parley.server.backend import Backend
from parley.server.dialects.openai.answers import ChatCompletion, Chunks, completion, error_event
from parley.server.dialects.openai.asked import question_of
from parley.server.dialects.openai.shapes import ChatQuestion, tells_usage
from parley.server.streams import STREAMED, EventStream, rendered


def routes(backend: Backend) -> APIRouter:
    """Return the routes of chat completions."""
    router = APIRouter()

    @router.post("/v1/chat/completions", response_model=ChatCompletion, responses=STREAMED)
    async def chat_completions(asked: ChatQuestion, request: Request, caller: Asking) -> Response:
        """Answer, once the answer is whole; with `stream`, as server-sent events while it comes."""
        turn = await ask(backend, caller, question_of(asked))
        one_call = asked.parallel_tool_calls is False
        if asked.stream:
            told = tells_usage(asked.stream_options)
            chunks = Chunks(turn, with_usage=told, one_call=one_call)
            return EventStream(rendered(turn, chunks.render, prompt=False), problem=error_event)
        last = await whole(turn, request)
        body = completion(turn, last, spent(turn, last), one_call=one_call)
        return json_response(body)

    return router

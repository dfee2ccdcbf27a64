"""Asking: one answer, whole or as it comes, and how long the question is."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from parley.server.application import Asking, json_response
from parley.server.asking import ask, whole
from parley.server.backend import Backend
from parley.server.dialect import to_json
from parley.server.dialects.anthropic.reading import read
from parley.server.dialects.anthropic.shapes import Answer, Count, Counted, Sent
from parley.server.dialects.anthropic.writing import PING, Writer, answer_of, error_event
from parley.server.streams import STREAMED, EventStream, rendered
from parley.tokens import in_prompt, in_text


def routes(backend: Backend) -> APIRouter:
    """Return the routes that take a question."""
    router = APIRouter()

    @router.post("/v1/messages", response_model=Answer, responses=STREAMED)
    async def create_message(sent: Sent, request: Request, caller: Asking) -> Response:
        """Answer: with a message, or with server-sent events."""
        turn = await ask(backend, caller, read(sent))
        thoughts = sent.thinking is None or sent.thinking.display != "omitted"
        if sent.stream:
            pieces = rendered(turn, Writer(turn, thoughts=thoughts).render, prompt=False)
            return EventStream(pieces, ping=PING, problem=error_event)
        last = await whole(turn, request)
        return json_response(answer_of(turn, last, thoughts=thoughts))

    @router.post("/v1/messages/count_tokens")
    async def count_message_tokens(sent: Counted, caller: Asking) -> Count:
        """Tell about how many tokens a question has. Each model counts otherwise; this is an average."""
        question = read(sent)
        await backend.services.catalog.offered(question.model)
        words = [tool.name + tool.description + to_json(tool.schema).decode() for tool in question.tools]
        told = in_prompt(question.talk.messages, question.talk.instruction)
        return Count(input_tokens=told + sum(map(in_text, words)))

    return router

"""Asking: one answer, whole or as it comes."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from parley.engine import ChatRequest
from parley.errors import RequestInvalid
from parley.events import Event, Failed, Finished, ReasoningDelta, Status, Stopped, TextDelta
from parley.messages import Usage
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.connections import Caller
from parley.server.dialect import to_json
from parley.server.dialects.mingly.problems import error_body, refused
from parley.server.dialects.mingly.shapes import Answer, Question
from parley.server.problems import Problem
from parley.server.streams import EventStream, outcome, rendered, sse
from parley.turn import Turn

CHANNEL = "api"


def routes(backend: Backend) -> APIRouter:
    """Return the routes that ask a model."""
    router = APIRouter()

    async def asked(question: Question, caller: Caller) -> Turn:
        backend.limits.take(("llm", caller.key), backend.options.server_llm_calls)
        return await backend.services.engine.send(_request(question, caller))

    @router.post("/chat", response_model=Answer)
    async def chat(question: Question, request: Request, caller: Asking) -> dict[str, Any] | Response:
        """Answer, once the answer is whole."""
        turn = await asked(question, caller)
        last = await outcome(turn, request)
        if isinstance(last, Failed):
            return refused(Problem.from_failure(last.failure))
        usage = last.usage if isinstance(last, Finished) and last.usage else turn.usage
        metadata = metadata_of(turn, usage)
        return {"response": turn.text, "conversationId": turn.conversation_id, "metadata": metadata}

    @router.post("/chat/stream", response_class=EventStream)
    async def stream(question: Question, caller: Asking) -> Response:
        """Answer while the answer comes, as server-sent events."""
        turn = await asked(question, caller)
        pieces = rendered(turn, lambda events, number: _rendered(turn, events, number), detach=question.detach)
        return EventStream(pieces, problem=lambda problem: sse(to_json(_error(problem))))

    return router


def metadata_of(turn: Turn, usage: Usage) -> dict[str, Any]:
    """Return what an answer cost, and who gave it."""
    provider, _, model = turn.model.partition("/")
    incoming, outgoing = usage.input_tokens or 0, usage.output_tokens or 0
    return {
        "tokensUsed": incoming + outgoing,
        "inputTokens": incoming,
        "outputTokens": outgoing,
        "cost": usage.cost or 0.0,
        "latencyMs": round((usage.seconds or 0.0) * 1000),
        "provider": provider,
        "model": model,
    }


def _request(question: Question, caller: Caller) -> ChatRequest:
    if question.provider and question.model:
        model = f"{question.provider}/{question.model}"
    elif question.provider:
        raise RequestInvalid(problem="a provider needs a model")
    else:
        model = question.model or ""
    return ChatRequest(question.message, question.conversationId, model=model, channel=CHANNEL, account=caller.id)


def _rendered(turn: Turn, events: list[Event], number: int) -> bytes:
    """Return events as server-sent ones. Their ids are their numbers in the turn."""
    told = ((number + place, message_of(turn, event)) for place, event in enumerate(events))
    return b"".join(sse(to_json(message), id=id) for id, message in told if message)


def message_of(turn: Turn, event: Event) -> dict[str, Any] | None:
    """Return an event as clients of this dialect know it, if they do."""
    match event:
        case TextDelta(text):
            return {"type": "token", "content": text}
        case ReasoningDelta(text) if text:
            return {"type": "reasoning", "content": text}
        case Status(code, text):
            return {"type": "status", "status": code, "content": text}
        case Finished() | Stopped():
            usage = event.usage if isinstance(event, Finished) and event.usage else turn.usage
            ids = {"conversationId": turn.conversation_id, "messageId": turn.reply_id}
            return {"type": "done", "metadata": metadata_of(turn, usage), **ids}
        case Failed(failure):
            return _error(Problem.from_failure(failure))
    return None


def _error(problem: Problem) -> dict[str, Any]:
    return {"type": "error", **error_body(problem)}

"""Completions of the older kind: a prompt in the place of messages. It is asked as a question, for chat models only.

https://developers.openai.com/api/docs/api-reference/completions
"""

import time
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from parley.errors import RequestInvalid, ServerEnding
from parley.events import Event, Failed, Finished, Stopped, TextDelta
from parley.messages import Text
from parley.models import Parameters
from parley.server.application import Asking, json_response
from parley.server.asking import Question, Talk, ask, checked, seed_of, spent, stops_of, whole
from parley.server.backend import Backend
from parley.server.dialect import to_json
from parley.server.dialects.openai.answers import (
    DONE,
    REASONS,
    CompletionUsage,
    error_event,
    new_id,
    usage_of,
)
from parley.server.dialects.openai.shapes import StreamOptions, tells_usage
from parley.server.problems import Problem
from parley.server.received import Received
from parley.server.streams import STREAMED, EventStream, rendered, sse
from parley.turn import Turn


class CompletionQuestion(Received):
    """What is to be completed. What would go behind it (`suffix`) is not taken."""

    prompt: str | list[Any]
    model: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    n: int | None = None
    best_of: int | None = None
    logprobs: int | None = None
    echo: bool | None = None
    suffix: str | None = None


class CompletionChoice(BaseModel):
    """The answer, and why it ended."""

    text: str
    index: int
    logprobs: None
    finish_reason: Literal["stop", "length", "content_filter"]


class Completion(BaseModel):
    """A whole answer."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: CompletionUsage


def routes(backend: Backend) -> APIRouter:
    """Return the route of completions."""
    router = APIRouter()

    @router.post("/v1/completions", response_model=Completion, responses=STREAMED)
    async def completions(asked: CompletionQuestion, request: Request, caller: Asking) -> Response:
        """Answer a prompt, once the answer is whole; with `stream`, as server-sent events while it comes."""
        turn = await ask(backend, caller, _question(asked))
        frame = {"id": new_id("cmpl-"), "object": "text_completion", "created": int(time.time())}
        if asked.stream:
            told = tells_usage(asked.stream_options)
            pieces = rendered(turn, lambda events, _: _rendered(turn, frame, events, told=told), prompt=False)
            return EventStream(pieces, problem=error_event)
        last = await whole(turn, request)
        text = "".join(part.text for part in turn.parts if isinstance(part, Text))
        body = _body(frame, turn, text, last.reason) | {"usage": usage_of(spent(turn, last))}
        return json_response(body)

    return router


def _question(asked: CompletionQuestion) -> Question:
    """Return the question. Raises RequestInvalid, also for what is asked for and cannot be had."""
    prompts = [asked.prompt] if isinstance(asked.prompt, str) else asked.prompt
    if len(prompts) != 1 or not isinstance(prompts[0], str):
        raise RequestInvalid.of_field("prompt", "it is one text")
    for name, wanted in (("n", asked.n not in (None, 1)), ("best_of", asked.best_of not in (None, 1))):
        if wanted:
            raise RequestInvalid.of_field(name, "one answer is given at a time")
    for name in ("logprobs", "echo", "suffix"):
        if getattr(asked, name):
            raise RequestInvalid.of_field(name, "this cannot be had")
    talk = Talk()
    talk.user(*([Text(prompts[0])] if prompts[0] else []))
    parameters = Parameters(asked.temperature, asked.top_p, asked.max_tokens, seed_of(asked.seed), stops_of(asked.stop))
    return Question(talk, asked.model or "", checked(parameters))


def _body(frame: dict[str, Any], turn: Turn, text: str, reason: str | None) -> dict[str, Any]:
    named = {"tool_calls": "stop", **REASONS}.get(reason, reason) if reason else None
    choice = {"text": text, "index": 0, "logprobs": None, "finish_reason": named}
    return {**frame, "model": turn.model, "choices": [choice]}


def _rendered(turn: Turn, frame: dict[str, Any], events: list[Event], *, told: bool) -> bytes:
    said = b""
    for event in events:
        match event:
            case TextDelta(text):
                said += sse(to_json(_body(frame, turn, text, None)))
            case Finished(_, reason):
                said += sse(to_json(_body(frame, turn, "", reason)))
                if told:
                    usage = usage_of(event.usage or turn.usage)
                    said += sse(to_json({**frame, "model": turn.model, "choices": [], "usage": usage}))
                said += DONE
            case Failed(failure):
                said += error_event(Problem.from_failure(failure))
            case Stopped():
                said += error_event(Problem.of(ServerEnding()))
    return said

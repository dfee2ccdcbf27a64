"""Completions: of messages as GPT takes them, or of a prompt as Claude 1 and 2 took it. Each becomes a conversation."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, BeforeValidator, Field
from starlette.responses import Response

from parley.errors import ModelAmbiguous, ModelUnknown, RequestInvalid
from parley.models import Parameters
from parley.server.application import Asking, json_response
from parley.server.asking import Question, ask, checked, spent, stops_of, whole
from parley.server.backend import Backend
from parley.server.dialect import to_json
from parley.server.dialects.openai import answers
from parley.server.dialects.openai.answers import ChatCompletion, Chunks
from parley.server.dialects.openai.asked import question_of
from parley.server.dialects.openai.shapes import ChatMessage, ChatQuestion, tells_usage
from parley.server.dialects.typingmind import prompts
from parley.server.dialects.typingmind.problems import error_body
from parley.server.dialects.typingmind.prompts import Completions, talk_of
from parley.server.streams import STREAMED, EventStream, rendered, sse

OLD_MODELS = frozenset(
    {
        "gpt-3.5-turbo",
        "gpt-3.5-turbo-0301",
        "gpt-3.5-turbo-16k",
        "gpt-4",
        "gpt-4-0314",
        "gpt-4-32k",
        "gpt-4-32k-0314",
        "claude-1",
        "claude-2",
        "claude-instant-1",
        "claude-instant-1.2",
        "default",
    }
)
"""What programs of the time ask for, or those that have no choice. Where there is no such model the default answers."""

Messages = Annotated[list[ChatMessage], BeforeValidator(lambda value: [] if value is None else value)]


class Asked(ChatQuestion):
    """What is asked: `messages`, or a `prompt`; if both are there, the messages."""

    messages: Messages = Field(default_factory=list)
    prompt: str | None = None
    activatedCharacterID: str | None = None
    max_tokens_to_sample: int | None = None
    stop_sequences: list[str] | None = None


class TextCompletion(BaseModel):
    """A whole answer to a prompt."""

    type: str
    id: str
    completion: str
    stop_reason: str | None
    model: str
    stop: str | None
    log_id: str


def routes(backend: Backend) -> APIRouter:
    """Return the route of completions."""
    router = APIRouter()

    @router.post("/chat/completions", response_model=ChatCompletion | TextCompletion, responses=STREAMED)
    async def chat(asked: Asked, request: Request, caller: Asking) -> Response:
        """Answer, once the answer is whole; with `stream`, as server-sent events while it comes."""
        question = question_of(asked) if asked.messages else _question_of_prompt(asked)
        model, assistant = await _model(backend, asked.model or ""), asked.activatedCharacterID or ""
        turn = await ask(backend, caller, replace(question, model=model, assistant=assistant), keep=True)
        if asked.stream and asked.messages:
            told = tells_usage(asked.stream_options)
            chunks = Chunks(turn, with_usage=told, one_call=asked.parallel_tool_calls is False)
            pieces = rendered(turn, chunks.render, prompt=False)
            return EventStream(pieces, problem=lambda problem: sse(to_json(error_body(problem))))
        if asked.stream:
            pieces = rendered(turn, Completions(turn).render, prompt=False)
            return EventStream(pieces, problem=prompts.error_event)
        last = await whole(turn, request)
        body: dict[str, Any]
        if asked.messages:
            body = answers.completion(turn, last, spent(turn, last), one_call=asked.parallel_tool_calls is False)
        else:
            body = prompts.completion(turn, last)
        return json_response(body)

    return router


async def _model(backend: Backend, name: str) -> str:
    """Return the model to ask; none for an old name that nobody has, or more than one. Raises ChatError for others."""
    if name not in OLD_MODELS:
        return name
    try:
        provider, found = await backend.services.catalog.offered(name)
    except (ModelUnknown, ModelAmbiguous):
        return ""
    return f"{provider.id}/{found}"


def _question_of_prompt(asked: Asked) -> Question:
    """Return what a prompt asks. Raises RequestInvalid."""
    if not (asked.prompt or "").strip():
        problem = "“messages” or “prompt” is needed"
        raise RequestInvalid(problem=problem, invalid={"messages": [problem]})
    most = asked.max_tokens if asked.max_tokens_to_sample is None else asked.max_tokens_to_sample
    stops = stops_of(asked.stop_sequences or asked.stop)
    parameters = checked(Parameters(asked.temperature, asked.top_p, most, stop=stops))
    return Question(talk_of(asked.prompt or ""), parameters=parameters)

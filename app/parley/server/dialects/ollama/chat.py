"""Asking: with what was said before, or alone; whole, or as it comes."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from parley.errors import ModelForbidden
from parley.models import Model
from parley.providers.base import Provider
from parley.providers.library import ModelLibrary
from parley.server.application import Asking, json_response
from parley.server.asking import Question, ask, whole
from parley.server.backend import Backend
from parley.server.connections import Caller
from parley.server.dialects.ollama.naming import demand_able, meant
from parley.server.dialects.ollama.reading import read_chat, read_generate
from parley.server.dialects.ollama.shapes import Asked, Chat, ChatAnswer, Generate, GenerateAnswer
from parley.server.dialects.ollama.writing import MEDIA_TYPE, Writer, error_line, now
from parley.server.streams import EventStream, rendered

_IN_LINES: dict[int | str, dict[str, Any]] = {200: {"content": {MEDIA_TYPE: {}}}}
_AT_ONCE = ("0", "0s", "0m", "0h")


def routes(backend: Backend) -> APIRouter:
    """Return the routes that ask a model."""
    router = APIRouter()

    async def named(sent: Asked, caller: Caller, *, tools: bool = False) -> tuple[Provider, str]:
        provider, name = await meant(backend, sent.model)
        if not caller.account.permissions.allows_model(provider.id, name):
            raise ModelForbidden(model=f"{provider.id}/{name}")
        model: Model | None = backend.services.catalog.known(provider.id, name)
        demand_able(model, sent.model, tools=tools, thinks=bool(sent.think))
        return provider, name

    async def answer(sent: Asked, question: Question, request: Request, caller: Caller) -> Response:
        turn = await ask(backend, caller, question)
        writer = Writer(turn, sent.model, chat=isinstance(sent, Chat))
        if sent.stream is not False:
            pieces = rendered(turn, writer.render, prompt=False, pings=False)
            return EventStream(pieces, media_type=MEDIA_TYPE, ping=b"", problem=error_line)
        return json_response(writer.whole(await whole(turn, request)))

    @router.post("/api/chat", response_model=ChatAnswer, responses=_IN_LINES)
    async def chat_like_ollama(sent: Chat, request: Request, caller: Asking) -> Response:
        """Answer what was said last: in lines of JSON, or whole where `stream` is false."""
        provider, name = await named(sent, caller, tools=bool(sent.tools))
        if not sent.messages:
            reason = await _loaded(provider, name, sent)
            return json_response({**_ended(sent, reason), "message": {"role": "assistant", "content": ""}})
        return await answer(sent, read_chat(sent, f"{provider.id}/{name}"), request, caller)

    @router.post("/api/generate", response_model=GenerateAnswer, responses=_IN_LINES)
    async def generate_like_ollama(sent: Generate, request: Request, caller: Asking) -> Response:
        """Answer a question alone: in lines of JSON, or whole where `stream` is false."""
        provider, name = await named(sent, caller)
        if not sent.prompt and not sent.images:
            return json_response({**_ended(sent, await _loaded(provider, name, sent)), "response": ""})
        return await answer(sent, read_generate(sent, f"{provider.id}/{name}"), request, caller)

    return router


async def _loaded(provider: Provider, name: str, sent: Asked) -> str:
    """Return what became of a model that is asked nothing: it is there, or is to leave the memory of its server."""
    if str(sent.keep_alive).removesuffix(".0") not in _AT_ONCE:
        return "load"
    if isinstance(provider, ModelLibrary):
        await provider.unload(name)
    return "unload"


def _ended(sent: Asked, reason: str) -> dict[str, object]:
    return {"model": sent.model, "created_at": now(), "done": True, "done_reason": reason}

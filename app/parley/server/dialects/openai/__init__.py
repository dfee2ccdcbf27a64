"""OpenAI's API, as programs of all kinds speak it (api.md, section 6). Stateless."""

from fastapi import APIRouter

from parley.server.backend import Backend
from parley.server.dialect import Dialect
from parley.server.dialects.openai import audio, chat, completions, embeddings, models, responses
from parley.server.dialects.openai.problems import error_body

PREFIX = "/v1"


def _routes(backend: Backend) -> APIRouter:
    router = APIRouter()
    for module in (models, chat, completions, responses, embeddings, audio):
        router.include_router(module.routes(backend))
    return router


OPENAI = Dialect(name="openai", prefixes=(PREFIX,), body=error_body, routes=_routes, uploads=(audio.TRANSCRIPTIONS,))

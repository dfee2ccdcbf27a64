"""OpenAI's API, as programs of all kinds speak it (api.md, section 6). Stateless."""

from fastapi import APIRouter

from parley.server.backend import Backend
from parley.server.dialect import Dialect
from parley.server.dialects.openai import audio, chat, completions, embeddings, models, responses
from parley.server.dialects.openai.problems import ErrorBody, error_body

PREFIX = "/v1"


def _routes(backend: Backend) -> APIRouter:
    router = APIRouter(responses={"4XX": {"model": ErrorBody}, "5XX": {"model": ErrorBody}})
    for module in (models, chat, completions, responses, embeddings, audio):
        router.include_router(module.routes(backend))
    return router


OPENAI = Dialect(name="openai", prefixes=(PREFIX,), body=error_body, routes=_routes, uploads=(audio.TRANSCRIPTIONS,))

"""Ollama's API: questions to any model, stateless, and what models there are (api.md, section 6)."""

from fastapi import APIRouter

from parley.server.backend import Backend
from parley.server.dialect import Dialect
from parley.server.dialects.ollama import chat, embedding, library
from parley.server.dialects.ollama.problems import error_body


def _routes(backend: Backend) -> APIRouter:
    router = APIRouter()
    for module in (chat, library, embedding):
        router.include_router(module.routes(backend))
    return router


OLLAMA = Dialect("ollama", ("/api",), error_body, _routes)

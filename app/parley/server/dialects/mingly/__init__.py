"""Mingly's API, the native one: REST, server-sent events and a WebSocket (api.md, section 1)."""

from fastapi import APIRouter

from parley.server.backend import Backend
from parley.server.dialect import Dialect
from parley.server.dialects.mingly import chat, routes
from parley.server.dialects.mingly.problems import error_body


def _routes(backend: Backend) -> APIRouter:
    router = APIRouter()
    for module in (routes, chat):
        router.include_router(module.routes(backend))
    return router


MINGLY = Dialect(name="mingly", prefixes=("",), body=error_body, routes=_routes)

"""Mingly's API, the native one: REST, server-sent events and a WebSocket (api.md, section 1)."""

from fastapi import APIRouter

from parley.server.backend import Backend
from parley.server.dialect import Dialect
from parley.server.dialects.mingly import about, answers, chat, conversations, files, folders, messages, socket
from parley.server.dialects.mingly.problems import error_body


def _routes(backend: Backend) -> APIRouter:
    router, sessions = APIRouter(), socket.Sessions()
    for module in (chat, conversations, answers, messages, folders, files):
        router.include_router(module.routes(backend))
    for module_of_sessions in (about, socket):
        router.include_router(module_of_sessions.routes(backend, sessions))
    return router


MINGLY = Dialect(name="mingly", prefixes=("",), body=error_body, routes=_routes, uploads=("/files",))

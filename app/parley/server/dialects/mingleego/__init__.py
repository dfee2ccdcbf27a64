"""Mingleego's API: assistants that answer, take files and make files (api.md, section 2)."""

from fastapi import APIRouter

from parley.server.backend import Backend
from parley.server.dialect import Dialect
from parley.server.dialects.mingleego import chat, files
from parley.server.dialects.mingleego.files import PREFIX
from parley.server.dialects.mingleego.problems import STATUSES, error_body
from parley.server.dialects.mingleego.signatures import Signatures


def _routes(backend: Backend) -> APIRouter:
    signatures = Signatures(backend.services.paths.data)
    router = APIRouter()
    for module in (chat, files):
        router.include_router(module.routes(backend, signatures))
    return router


MINGLEEGO = Dialect(
    name="mingleego",
    prefixes=(PREFIX,),
    body=error_body,
    routes=_routes,
    statuses=STATUSES,
    uploads=(f"{PREFIX}/chat/file",),
    signed=(f"{PREFIX}/files/",),
)

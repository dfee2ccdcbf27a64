"""Qinaya's API, version 1: for phones, with envelopes, pages and idempotency keys (api.md, section 3)."""

from fastapi import APIRouter

from parley.server.backend import Backend
from parley.server.dialect import Dialect
from parley.server.dialects.qinaya import accounts, conversations, messages
from parley.server.dialects.qinaya.problems import STATUSES, UNCONFIGURED, error_body

PREFIX = "/api/v1"
REQUESTS_A_MINUTE = 60


def _routes(backend: Backend) -> APIRouter:
    router = APIRouter(prefix=PREFIX)
    for module in (accounts, conversations, messages):
        router.include_router(module.routes(backend))
    return router


def _keyed(path: str) -> bool:
    return not path.startswith(f"{PREFIX}/auth/")


QINAYA = Dialect(
    name="qinaya",
    prefixes=(PREFIX,),
    body=error_body,
    routes=_routes,
    statuses=STATUSES,
    codes=UNCONFIGURED,
    limit=REQUESTS_A_MINUTE,
    per_account=True,
    public=(f"{PREFIX}/auth/login",),
    counted=True,
    keyed=_keyed,
)

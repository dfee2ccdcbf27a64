"""TypingMind's API for teams: users, characters, completions and chat logs, with an admin's key (api.md, section 5)."""

from fastapi import APIRouter, Depends

from parley.errors import AdminNeeded
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.dialect import Dialect
from parley.server.dialects.typingmind import characters, chatlogs, completions, users
from parley.server.dialects.typingmind.problems import CODES, STATUSES, error_body

PREFIX = "/api/v1"


def _admin(caller: Asking) -> None:
    """Let only those pass whose key opens what concerns all accounts."""
    if not caller.admin:
        raise AdminNeeded


def _routes(backend: Backend) -> APIRouter:
    router = APIRouter(prefix=PREFIX, dependencies=[Depends(_admin)])
    for module in (users, characters, completions, chatlogs):
        router.include_router(module.routes(backend))
    return router


TYPINGMIND = Dialect(
    name="typingmind",
    prefixes=tuple(f"{PREFIX}/{path}" for path in ("users", "ai-characters", "chat", "chatlogs")),
    body=error_body,
    routes=_routes,
    statuses=STATUSES,
    codes=CODES,
)

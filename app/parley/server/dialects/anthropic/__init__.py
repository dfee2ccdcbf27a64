"""Anthropic's API: questions to any model, stateless (api.md, section 6)."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from parley.server.backend import Backend
from parley.server.dialect import Dialect
from parley.server.dialects.anthropic import messages, models
from parley.server.dialects.anthropic.problems import error_body


def _routes(backend: Backend) -> APIRouter:
    router = APIRouter()
    for module in (messages, models):
        router.include_router(module.routes(backend))
    return router


def _is_its_own(scope: Mapping[str, Any]) -> bool:
    """Return whether Anthropic's programs ask: OpenAI's ask for the list of models at the same address."""
    asked_for: str = scope["path"]
    return asked_for.startswith("/v1/messages") or any(name == b"anthropic-version" for name, _ in scope["headers"])


ANTHROPIC = Dialect("anthropic", ("/v1/messages", "/v1/models"), error_body, _routes, claims=_is_its_own)

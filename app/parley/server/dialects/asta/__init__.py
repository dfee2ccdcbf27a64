"""Asta's API: one answer or a stream of named events, conversations and folders (api.md, section 4)."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter

from parley.server.backend import Backend
from parley.server.dialect import Dialect
from parley.server.dialects.asta import chat, conversations, folders
from parley.server.dialects.asta.problems import STATUSES, error_body
from parley.server.guard import BODY

CHAT = "/api/chat"


def _routes(backend: Backend) -> APIRouter:
    router = APIRouter()
    for module in (chat, conversations, folders):
        router.include_router(module.routes(backend))
    return router


def _is_its_own(scope: Mapping[str, Any]) -> bool:
    """Return whether this is no question for Ollama's API, which is asked at the same address."""
    return scope["path"] != CHAT or scope.get("method") != "POST" or not _is_for_ollama(scope.get(BODY, b""))


def _is_for_ollama(body: bytes) -> bool:
    """Return whether a body has `messages`, or a `model` and nothing said."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if not isinstance(sent, dict):
        return False
    return "messages" in sent or ("model" in sent and "message" not in sent and "text" not in sent)


ASTA = Dialect("asta", (CHAT,), error_body, _routes, statuses=STATUSES, claims=_is_its_own)

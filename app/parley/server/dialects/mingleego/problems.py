"""How Mingleego's API says that something went wrong."""

from collections.abc import Mapping
from typing import Any

from parley.server.problems import Kind, Problem

CODES: Mapping[Kind, str] = {
    Kind.BAD_REQUEST: "BAD_REQUEST",
    Kind.BODY_UNREADABLE: "INVALID_BODY",
    Kind.UNAUTHENTICATED: "UNAUTHORIZED",
    Kind.LOGIN_WRONG: "UNAUTHORIZED",
    Kind.FORBIDDEN: "FORBIDDEN",
    Kind.NOT_FOUND: "NOT_FOUND",
    Kind.MODEL_UNKNOWN: "BAD_REQUEST",
    Kind.METHOD_REFUSED: "METHOD_NOT_ALLOWED",
    Kind.BODY_SLOW: "TIMEOUT",
    Kind.CONFLICT: "CONFLICT",
    Kind.TOO_LARGE: "PAYLOAD_TOO_LARGE",
    Kind.RATE_LIMITED: "RATE_LIMITED",
    Kind.QUOTA_SPENT: "RATE_LIMITED",
    Kind.INTERNAL: "INTERNAL_ERROR",
    Kind.PROVIDER_FAILED: "PROVIDER_ERROR",
    Kind.UNAVAILABLE: "UNAVAILABLE",
    Kind.DISK_FULL: "INSUFFICIENT_STORAGE",
}

STATUSES: Mapping[Kind, int] = {Kind.MODEL_UNKNOWN: 400, Kind.PROVIDER_FAILED: 500, Kind.UNAVAILABLE: 500}
"""Clients of this API know one status for what is not their fault."""


def error_body(problem: Problem) -> dict[str, Any]:
    """Return what says that something went wrong."""
    return {"error": CODES[problem.kind], "message": problem.sentence}

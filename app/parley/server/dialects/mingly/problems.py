"""How Mingly's API says that something went wrong."""

from collections.abc import Mapping
from typing import Any

from parley.server.problems import Kind, Problem

CODES: Mapping[Kind, str] = {
    Kind.BAD_REQUEST: "BAD_REQUEST",
    Kind.BODY_UNREADABLE: "BAD_REQUEST",
    Kind.UNAUTHENTICATED: "UNAUTHORIZED",
    Kind.LOGIN_WRONG: "UNAUTHORIZED",
    Kind.FORBIDDEN: "FORBIDDEN",
    Kind.NOT_FOUND: "NOT_FOUND",
    Kind.MODEL_UNKNOWN: "NOT_FOUND",
    Kind.METHOD_REFUSED: "METHOD_NOT_ALLOWED",
    Kind.BODY_SLOW: "TIMEOUT",
    Kind.CONFLICT: "CONFLICT",
    Kind.TOO_LARGE: "PAYLOAD_TOO_LARGE",
    Kind.RATE_LIMITED: "RATE_LIMITED",
    Kind.QUOTA_SPENT: "RATE_LIMITED",
    Kind.INTERNAL: "INTERNAL_ERROR",
    Kind.PROVIDER_FAILED: "PROVIDER_ERROR",
    Kind.UNAVAILABLE: "PROVIDER_UNAVAILABLE",
    Kind.DISK_FULL: "INSUFFICIENT_STORAGE",
}


def error_body(problem: Problem) -> dict[str, Any]:
    """Return what says that something went wrong."""
    return {"error": problem.sentence, "code": CODES[problem.kind]}


def error_message(problem: Problem) -> dict[str, Any]:
    """Return the same as the message of a stream or socket, which has no status and no headers."""
    after = {} if problem.seconds is None else {"retryAfter": problem.seconds}
    return {"type": "error", **error_body(problem), **after}

"""How Mingly's API says that something went wrong."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from parley.server.problems import STATUSES, Kind, Problem

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
}


def error_body(problem: Problem) -> dict[str, Any]:
    """Return what says that something went wrong."""
    return {"error": problem.sentence, "code": CODES[problem.kind]}


def refused(problem: Problem) -> JSONResponse:
    """Return the answer to a request whose turn failed."""
    return JSONResponse(error_body(problem), STATUSES[problem.kind])

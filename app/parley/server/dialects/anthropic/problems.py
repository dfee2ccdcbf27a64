"""How Anthropic's API says that something went wrong."""

from collections.abc import Mapping
from typing import Any

from parley.server.problems import Kind, Problem

TYPES: Mapping[Kind, str] = {
    Kind.BAD_REQUEST: "invalid_request_error",
    Kind.BODY_UNREADABLE: "invalid_request_error",
    Kind.UNAUTHENTICATED: "authentication_error",
    Kind.LOGIN_WRONG: "authentication_error",
    Kind.FORBIDDEN: "permission_error",
    Kind.NOT_FOUND: "not_found_error",
    Kind.MODEL_UNKNOWN: "not_found_error",
    Kind.METHOD_REFUSED: "invalid_request_error",
    Kind.BODY_SLOW: "timeout_error",
    Kind.CONFLICT: "conflict_error",
    Kind.TOO_LARGE: "request_too_large",
    Kind.RATE_LIMITED: "rate_limit_error",
    Kind.QUOTA_SPENT: "rate_limit_error",
    Kind.INTERNAL: "api_error",
    Kind.PROVIDER_FAILED: "api_error",
    Kind.UNAVAILABLE: "overloaded_error",
    Kind.DISK_FULL: "api_error",
}


def error_body(problem: Problem) -> dict[str, Any]:
    """Return what says that something went wrong. A vendor's own words are told too, those of a bug are not."""
    message = " ".join(filter(None, (problem.sentence, problem.words)))
    return {"type": "error", "error": {"type": TYPES[problem.kind], "message": message}}

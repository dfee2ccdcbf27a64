"""How OpenAI's API says that something went wrong: https://developers.openai.com/api/docs/guides/error-codes."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from parley.errors import AnswerWithheld, PromptTooLong
from parley.server.problems import Kind, Problem

INVALID, SERVER = "invalid_request_error", "server_error"


class Words(NamedTuple):
    """What a kind of problem is called."""

    type: str
    code: str | None = None


WORDS: Mapping[Kind, Words] = {
    Kind.BAD_REQUEST: Words(INVALID),
    Kind.BODY_UNREADABLE: Words(INVALID),
    Kind.UNAUTHENTICATED: Words(INVALID, "invalid_api_key"),
    Kind.LOGIN_WRONG: Words(INVALID, "invalid_api_key"),
    Kind.FORBIDDEN: Words(INVALID, "insufficient_permissions"),
    Kind.NOT_FOUND: Words(INVALID, "unknown_url"),
    Kind.MODEL_UNKNOWN: Words(INVALID, "model_not_found"),
    Kind.METHOD_REFUSED: Words(INVALID, "method_not_supported"),
    Kind.BODY_SLOW: Words(INVALID, "request_timeout"),
    Kind.CONFLICT: Words(INVALID, "conflict"),
    Kind.TOO_LARGE: Words(INVALID, "request_too_large"),
    Kind.RATE_LIMITED: Words("requests", "rate_limit_exceeded"),
    Kind.QUOTA_SPENT: Words("insufficient_quota", "insufficient_quota"),
    Kind.INTERNAL: Words(SERVER),
    Kind.PROVIDER_FAILED: Words(SERVER, "provider_error"),
    Kind.UNAVAILABLE: Words(SERVER, "service_unavailable"),
    Kind.DISK_FULL: Words(SERVER, "insufficient_storage"),
}

CODES = {PromptTooLong.code: "context_length_exceeded", AnswerWithheld.code: "content_filter"}
"""Those that programs look for, by our own."""

_VENDORS_WORDS = (Kind.BAD_REQUEST, Kind.MODEL_UNKNOWN, Kind.PROVIDER_FAILED, Kind.RATE_LIMITED, Kind.UNAVAILABLE)
"""Where it helps to hear what the vendor itself has said."""


def error_body(problem: Problem) -> dict[str, Any]:
    """Return what says that something went wrong."""
    words = WORDS[problem.kind]
    message, code = problem.sentence, CODES.get(problem.code, words.code)
    if problem.detail and problem.kind in _VENDORS_WORDS:
        message = f"{message} ({problem.detail})"
    return {"error": {"message": message, "type": words.type, "param": param_of(problem), "code": code}}


def param_of(problem: Problem) -> str | None:
    """Return the field of the request that is to blame, as `messages[0].content`."""
    if problem.kind is Kind.MODEL_UNKNOWN:
        return "model"
    place = ""
    for step in next(iter(problem.invalid), "").split("."):
        if step.isdecimal():
            place += f"[{step}]"
        elif not step.isidentifier():  # a type
            break
        elif step not in ("str", "list"):  # these are not fields, but which of them was sent
            place += f".{step}" if place else step
    return place or None

"""How Qinaya's API says that something went wrong."""

from collections.abc import Mapping
from typing import Any

from parley.server import problems
from parley.server.problems import Kind, Problem

STATUSES: Mapping[Kind, int] = {
    Kind.BAD_REQUEST: 422,
    Kind.BODY_UNREADABLE: 422,
    Kind.MODEL_UNKNOWN: 422,
}
"""Where they are others than in most dialects."""

UNCONFIGURED: Mapping[str, int] = dict.fromkeys(("credentials_required", "key_missing", "no_model"), 428)
"""The status of the errors, by their codes, that a key in the settings of Parley mends."""

_CODES: Mapping[int, str] = {
    401: "UNAUTHENTICATED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    422: "VALIDATION_ERROR",
    428: "CREDENTIALS_REQUIRED",
    429: "RATE_LIMITED",
    500: "INTERNAL_ERROR",
    502: "PROVIDER_ERROR",
    503: "PROVIDER_UNAVAILABLE",
    507: "INSUFFICIENT_STORAGE",
}

_FIELDS: Mapping[str, str] = {
    "idempotency_key_reused": "Idempotency-Key",
    "model_ambiguous": "model",
    "mood_unknown": "mood",
    "prompt_empty": "content",
    "prompt_too_long": "content",
}
"""Which field errors are about that do not say so themselves, by their codes."""


def status_of(problem: Problem) -> int:
    """Return the status of an answer that says what went wrong."""
    return problems.status_of(problem, STATUSES, UNCONFIGURED)


def error_body(problem: Problem) -> dict[str, Any]:
    """Return what says that something went wrong. The details of input that is not taken are its fields."""
    status = status_of(problem)
    code = "INVALID_CREDENTIALS" if problem.kind is Kind.LOGIN_WRONG else _CODES[status]
    details = {where: list(words) for where, words in problem.invalid.items()}
    if status == 422 and not details:
        field = "model" if problem.kind is Kind.MODEL_UNKNOWN else _FIELDS.get(problem.code, "body")
        details = {field: [problem.sentence]}
    return {"error": {"code": code, "message": problem.sentence, "details": details}}

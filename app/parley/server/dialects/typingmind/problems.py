"""How TypingMind's API says that something went wrong."""

from collections.abc import Mapping
from typing import Any

from parley.server.problems import Kind, Problem

STATUSES: Mapping[Kind, int] = {
    Kind.BAD_REQUEST: 422,
    Kind.BODY_UNREADABLE: 422,
    Kind.CONFLICT: 422,
    Kind.PROVIDER_FAILED: 500,
    Kind.UNAVAILABLE: 500,
}
"""Where they are others than in most dialects."""

CODES: Mapping[str, int] = {"admin_needed": 401, "owner_stays": 422}
"""The same of single errors, by their codes."""


def error_body(problem: Problem) -> dict[str, Any]:
    """Return what says that something went wrong."""
    return {"error": {"message": problem.sentence}}

"""How Asta's API says that something went wrong."""

from collections.abc import Mapping
from typing import Any

from parley.server.problems import Kind, Problem

STATUSES: Mapping[Kind, int] = {Kind.PROVIDER_FAILED: 500, Kind.UNAVAILABLE: 500}
"""It knows no others of the server's own faults."""


def error_body(problem: Problem) -> dict[str, Any]:
    """Return what says that something went wrong; in the detail with a vendor's own words, but not those of a bug."""
    return {"error": problem.sentence, "detail": " ".join(filter(None, (problem.sentence, problem.words)))}

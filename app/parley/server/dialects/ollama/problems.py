"""How Ollama's API says that something went wrong."""

from parley.server.problems import Kind, Problem


def error_body(problem: Problem) -> dict[str, str]:
    """Return what says that something went wrong. A vendor's own words are told too, those of a bug are not."""
    detail = "" if problem.kind is Kind.INTERNAL else problem.detail
    return {"error": " ".join(filter(None, (problem.sentence, detail)))}

"""How Ollama's API says that something went wrong."""

from parley.server.problems import Kind, Problem


def error_body(problem: Problem) -> dict[str, str]:
    """Return what says that something went wrong. A vendor's own words are told too, those of a bug are not.

    Clients know an unknown model by the words, for there is nothing else.
    """
    beginning = "model not found:" if problem.kind is Kind.MODEL_UNKNOWN else ""
    return {"error": " ".join(filter(None, (beginning, problem.sentence, problem.words)))}

"""Values: assistants and moods, and what becomes of a conversation's instruction and parameters with them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from parley.errors import AssistantNameless, MoodUnknown
from parley.messages import Mood
from parley.models import NO_PARAMETERS, Parameters

MOOD_LINES: Mapping[Mood, str] = {
    Mood.SERIOUS: "Reply in a serious, professional tone.",
    Mood.FRIENDLY: "Reply in a friendly, warm tone.",
    Mood.NORMAL: "Reply in a normal, neutral tone.",
}

_LONGEST_SLUG = 80


@dataclass(frozen=True, slots=True)
class Assistant:
    """Somebody to talk to: an instruction with a name, and the model, parameters, tools and knowledge that go with it.

    The `slug` is its name as addresses and commands write it. What is empty is left to the conversation.
    """

    id: str
    slug: str
    name: str
    created_at: float
    description: str = ""
    instruction: str = ""
    model: str = ""
    parameters: Parameters = NO_PARAMETERS
    tools: tuple[str, ...] = ()
    knowledge: tuple[str, ...] = ()


def slug_of(name: str) -> str:
    """Return a name as addresses write it: letters and digits of any script. Raises AssistantNameless."""
    from unicodedata import normalize

    slug = re.sub(r"[\W_]+", "-", normalize("NFKC", name).casefold()).strip("-")[:_LONGEST_SLUG].strip("-")
    if not slug:
        raise AssistantNameless
    return slug


def mood_of(text: str) -> Mood | None:
    """Return the mood of a name, or None for an empty one. Raises MoodUnknown."""
    if not text.strip():
        return None
    try:
        return Mood(text.strip().lower())
    except ValueError:
        raise MoodUnknown(mood=text, moods=", ".join(Mood)) from None


def instruction_with(instruction: str, assistant: Assistant | None, mood: Mood | None) -> str:
    """Return what is sent ahead of a conversation: the assistant's instruction, its own, and the mood's line."""
    pieces = (assistant.instruction if assistant else "", instruction, MOOD_LINES[mood] if mood else "")
    return "\n\n".join(piece for piece in pieces if piece.strip())


def parameters_with(parameters: Parameters, assistant: Assistant | None) -> Parameters:
    """Return how answers are to be made: a conversation's own parameters, and the assistant's for those not set."""
    if assistant is None:
        return parameters
    return replace(assistant.parameters, **{name: getattr(parameters, name) for name in parameters.given})

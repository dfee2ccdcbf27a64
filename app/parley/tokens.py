"""Tokens: about how many a text has, where nobody has counted them."""

from collections.abc import Sequence

from parley.messages import Image, Message, Part, Reasoning, Text, ToolCall, ToolResult

BYTES_PER_TOKEN = 4
"""An average over languages and tokenizers."""

OF_IMAGE = 1500
"""About what a large picture costs with the vendors that say so."""

OF_MESSAGE = 4
"""What a message costs beside its text."""


def guessed(part: Part) -> int:
    """Return about how many tokens a part has."""
    match part:
        case Text(text) | ToolResult(_, text) | Reasoning(text):
            return in_text(text)
        case ToolCall():
            return in_text(part.name + part.arguments)
        case Image():
            return OF_IMAGE


def in_text(text: str) -> int:
    """Return about how many tokens a text has."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def in_prompt(messages: Sequence[Message], instruction: str = "") -> int:
    """Return about how many tokens a question to a model has."""
    said = (part for message in messages for part in message.parts if not isinstance(part, Reasoning))
    whole = sum(map(guessed, said)) + (in_text(instruction) + OF_MESSAGE if instruction else 0)
    return whole + OF_MESSAGE * len(messages)

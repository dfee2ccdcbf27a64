"""What goes to the model: the instruction, and the last messages of the branch that fit its context."""

from collections.abc import Sequence

from parley.messages import Image, Message, MessageStatus, Part, Reasoning, Role, Text, ToolCall, ToolResult
from parley.tokens import OF_IMAGE

BYTES_PER_TOKEN = 3
"""A cautious average over languages and tokenizers: too few messages fit rather than too many."""

ANSWER_SHARE = 4
"""One part in this many of the context is kept free for the answer."""


LARGEST = 1_000_000
"""Taken for a context that is not known: a longer request is refused, after megabytes have been made and sent."""


class Prompt:
    """The messages to send, collected from the newest on until no more fit.

    Answers that are still coming or hold nothing to send are left out. With a known `context` (tokens) the
    oldest messages are dropped until the rest fits. The newest one always stays; so does the question before it
    if it is an answer, which the model is to go on with. The first one sent is never an answer, unless it is alone.
    """

    def __init__(self, *, instruction: str = "", context: int | None = None) -> None:
        self._cut = context is not None
        self._room = room_in(context, instruction)
        self._kept: list[Message] = []
        self._asked = False

    def take(self, message: Message) -> bool:
        """Take the next older message. Return False once nothing more fits."""
        if message.status is MessageStatus.STREAMING or not any(map(_counts, message.parts)):
            return True
        self._room -= sum(map(tokens_of, message.parts))
        if self._room < 0 and self._asked:
            self._cut = True
            return False
        self._kept.append(message)
        self._asked = self._asked or message.role is not Role.ASSISTANT
        return True

    @property
    def messages(self) -> list[Message]:
        """Return what has been taken, oldest first."""
        kept = self._kept[::-1]
        while self._cut and len(kept) > 1 and kept[0].role is Role.ASSISTANT:
            del kept[0]
        return kept


def messages_for(branch: Sequence[Message], *, instruction: str = "", context: int | None = None) -> list[Message]:
    """Return the messages of a branch to send, oldest first."""
    prompt = Prompt(instruction=instruction, context=context)
    all(map(prompt.take, reversed(branch)))
    return prompt.messages


def room_in(context: int | None, instruction: str = "") -> int:
    """Return how many tokens of messages fit a context."""
    context = LARGEST if context is None else context
    return context - context // ANSWER_SHARE - tokens_in(instruction)


def tokens_of(part: Part) -> int:
    """Return a cautious estimate of how many tokens a part has. What was thought is mostly not sent again."""
    match part:
        case Text(text) | ToolResult(_, text):
            return tokens_in(text)
        case ToolCall():
            return tokens_in(part.name + part.arguments)
        case Image():
            return OF_IMAGE
        case Reasoning():
            return 0


def tokens_in(text: str) -> int:
    """Return a cautious estimate of how many tokens a text has."""
    return len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN + 4


def _counts(part: Part) -> bool:
    """Return whether a message is worth sending for this part."""
    return not isinstance(part, Reasoning) and not (isinstance(part, Text) and not part.text)

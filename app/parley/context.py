"""What goes to the model: the instruction, and the last messages of the branch that fit its context."""

from collections.abc import Sequence

from parley.messages import Message, MessageStatus, Role

BYTES_PER_TOKEN = 3
"""A cautious average over languages and tokenizers: too few messages fit rather than too many."""

ANSWER_SHARE = 4
"""One part in this many of the context is kept free for the answer."""


def messages_for(branch: Sequence[Message], *, instruction: str = "", context: int | None = None) -> list[Message]:
    """Return the messages to send, oldest first.

    Answers that are still coming or hold no text are left out. With a known `context` (tokens) the
    oldest messages are dropped until the rest fits. The newest one always stays; so does the question before it
    if it is an answer, which the model is to go on with. The first one sent is never an answer, unless it is alone.
    """
    spoken = [message for message in branch if message.text and message.status is not MessageStatus.STREAMING]
    if context is None:
        return spoken
    room = context - context // ANSWER_SHARE - tokens_in(instruction)
    kept: list[Message] = []
    asked = False
    for message in reversed(spoken):
        room -= tokens_in(message.text)
        if room < 0 and asked:
            break
        kept.append(message)
        asked = asked or message.role is not Role.ASSISTANT
    kept.reverse()
    while len(kept) > 1 and kept[0].role is Role.ASSISTANT:
        del kept[0]
    return kept


def tokens_in(text: str) -> int:
    """Return a cautious estimate of how many tokens a text has."""
    return len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN + 4

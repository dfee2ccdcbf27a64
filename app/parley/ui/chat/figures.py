"""Figures of a conversation: the tokens of its context, of its last answer and of all of it. Free of Qt."""

from collections.abc import Sequence
from dataclasses import dataclass

from parley.context import messages_for, tokens_in
from parley.messages import Message, MessageStatus, Role, Text, Usage

LEAST_TOKENS = tokens_in("")
"""What the shortest message takes of a context."""


@dataclass(frozen=True, slots=True)
class Figures:
    """`used` tokens of `context` (None: unknown) are what the model has seen; `about` says that we had to guess.

    `first_seen` is the oldest message that it still sees, where `left_out` older ones no longer fit.
    """

    used: int = 0
    about: bool = False
    context: int | None = None
    left_out: int = 0
    first_seen: str = ""
    last: Usage | None = None
    total_in: int = 0
    total_out: int = 0

    @property
    def share(self) -> float | None:
        """Return how much of the context is used, from 0 to 1, or None if that is unknown."""
        return min(1.0, self.used / self.context) if self.context else None


def figures_of(branch: Sequence[Message], instruction: str = "", context: int | None = None) -> Figures:
    """Return the figures of a branch, oldest message first, for a model of that context."""
    newest = branch if context is None else branch[-(context // LEAST_TOKENS + 2) :]  # no more than these can fit
    sent = messages_for(newest, instruction=instruction, context=context)
    left_out = 0 if context is None else sum(map(_has_spoken, branch)) - len(sent)
    usages = [message.usage for message in branch if message.usage and message.role is Role.ASSISTANT]
    used, about = _used(branch, sent, instruction)
    return Figures(
        used=used,
        about=about,
        context=context,
        left_out=max(0, left_out),
        first_seen=sent[0].id if left_out > 0 and sent else "",
        last=next((usage for usage in reversed(usages) if usage.output_tokens or usage.input_tokens), None),
        total_in=sum(usage.input_tokens or 0 for usage in usages),
        total_out=sum(usage.output_tokens or 0 for usage in usages),
    )


def _used(branch: Sequence[Message], sent: Sequence[Message], instruction: str) -> tuple[int, bool]:
    """Return the tokens of what the model has seen: as its provider counted the last answer, else guessed."""
    newest = branch[-1] if branch else None
    usage = newest.usage if newest else None
    if newest is None or usage is None or not usage.input_tokens or usage.output_tokens is None:
        return (
            (sum(tokens_in(message.text) for message in sent) + (tokens_in(instruction) if instruction else 0), True)
            if sent
            else (0, False)
        )
    if not newest.reasoning:
        return usage.input_tokens + usage.output_tokens, usage.estimated
    said = len(newest.text) / max(1, len(newest.text) + len(newest.reasoning))  # what was thought is not sent again
    return usage.input_tokens + round(usage.output_tokens * said), True


def _has_spoken(message: Message) -> bool:
    """Say cheaply whether a message would be sent if there were room for it."""
    return message.status is not MessageStatus.STREAMING and any(isinstance(part, Text) for part in message.parts)

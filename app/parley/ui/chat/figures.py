"""Figures of a conversation: the tokens of its context, of its last answer and of all of it.

They cost what has changed and what the context reaches, not what there is: a conversation may have thousands of
messages, and is counted with every turn.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from parley.context import messages_for, room_in, tokens_in
from parley.messages import Message, MessageStatus, Role, Usage
from parley.ui.transcript.book import difference

NEAR = 50
"""The last usage that is known is looked for among so many of the newest messages."""


@dataclass(frozen=True, slots=True)
class Figures:
    """`used` tokens of `context` (None: unknown) are what the model has seen; `about` says that we had to guess.

    `first_seen` is the oldest message that it still sees, where `left_out` older ones no longer fit. What cannot be
    known before all messages have been read is 0.
    """

    used: int = 0
    about: bool = False
    context: int | None = None
    left_out: int = 0
    first_seen: str = ""
    last: Usage | None = None
    total_in: int = 0
    total_out: int = 0
    cost: float = 0.0
    cost_about: bool = False
    """In US dollars, as far as prices are known; about, if some of the tokens were guessed."""

    @property
    def share(self) -> float | None:
        """Return how much of the context is used, from 0 to 1, or None if that is unknown."""
        return min(1.0, self.used / self.context) if self.context else None


class Tally:
    """What the messages of a branch come to. To take another branch costs what is another object in it."""

    def __init__(self, branch: Sequence[Message] = ()) -> None:
        self.branch: Sequence[Message] = ()
        self.spoken = self.tokens = 0
        """The messages that say something, and how many tokens they are guessed to have."""
        self.total_in = self.total_out = 0
        """The tokens that providers have counted."""
        self.cost, self.priced, self.guessed = 0.0, 0, 0
        """The dollars, of how many messages, and of how many with guessed tokens."""
        self.take(branch)

    def take(self, branch: Sequence[Message]) -> None:
        """Take a branch, or the part of it that has been read, oldest message first."""
        replaced = difference(self.branch, branch)
        if replaced.start == 0 and replaced.old_end == len(self.branch):  # another conversation
            self.spoken = self.tokens = self.total_in = self.total_out = 0
            self.cost, self.priced, self.guessed = 0.0, 0, 0
        else:
            self._add(self.branch[replaced.start : replaced.old_end], -1)
        self._add(branch[replaced.start : replaced.end], 1)
        self.branch = branch

    def _add(self, messages: Iterable[Message], sign: int) -> None:
        for message in messages:
            text, usage = message.text, message.usage
            if text and message.status is not MessageStatus.STREAMING:
                self.spoken += sign
                self.tokens += sign * tokens_in(text)
            if usage and message.role is Role.ASSISTANT:
                self.total_in += sign * (usage.input_tokens or 0)
                self.total_out += sign * (usage.output_tokens or 0)
                if usage.cost:
                    self.cost += sign * usage.cost
                    self.priced += sign
                    self.guessed += sign * usage.estimated


def figures_of(tally: Tally, instruction: str = "", context: int | None = None, *, whole: bool = True) -> Figures:
    """Return the figures of a branch for a model of that context; `whole` says that all of the branch was taken."""
    fits = tally.tokens <= room_in(context, instruction)
    sent = [] if fits else messages_for(tally.branch, instruction=instruction, context=context)
    cut = bool(sent) and context is not None
    used, about = _counted(tally.branch)
    if not used and (whole or not fits) and tally.spoken:
        tokens = tally.tokens if fits else sum(tokens_in(message.text) for message in sent)
        used, about = tokens + (tokens_in(instruction) if instruction else 0), True
    usages = (message.usage for message in islice(reversed(tally.branch), NEAR) if message.role is Role.ASSISTANT)
    return Figures(
        used=used,
        about=about,
        context=context,
        left_out=tally.spoken - len(sent) if cut and whole else 0,
        first_seen=sent[0].id if cut and (len(sent) < tally.spoken or not whole) else "",
        last=next((usage for usage in usages if usage and (usage.output_tokens or usage.input_tokens)), None),
        total_in=tally.total_in if whole else 0,
        total_out=tally.total_out if whole else 0,
        cost=tally.cost if whole and tally.priced else 0.0,
        cost_about=tally.guessed > 0,
    )


def _counted(branch: Sequence[Message]) -> tuple[int, bool]:
    """Return the tokens of what the model has seen as a provider counted them last, with a guess of what came since."""
    since = 0
    for message in islice(reversed(branch), NEAR):
        usage = message.usage
        if usage and not usage.estimated and usage.input_tokens and usage.output_tokens is not None:
            length, thought = len(message.text), len(message.reasoning)
            said = length / max(1, length + thought) if thought else 1  # what was thought is not sent again
            used = usage.input_tokens + round(usage.output_tokens * said) + since
            return used, bool(thought or since)
        since += tokens_in(message.text) if message.text else 0
    return 0, False

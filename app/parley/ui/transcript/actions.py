"""What can be done with a message: rows of a table. The row below an answer and the menus show them in this order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from parley.messages import Message, MessageStatus, Role
from parley.ui.transcript.words import Words

RETRIED = frozenset({MessageStatus.FAILED, MessageStatus.INTERRUPTED})


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do. `below` says whether it has a button below an answer; menus have all that apply."""

    key: str
    icon: str
    words: Callable[[Words], str]
    applies: Callable[[Message], bool]
    below: bool = True


def _answered(message: Message) -> bool:
    return message.role is Role.ASSISTANT and message.status is not MessageStatus.STREAMING


ACTIONS: Sequence[Action] = (
    Action("copy", "copy", Words.copy, lambda message: bool(message.text)),
    Action("copy-markdown", "", Words.copy_markdown, lambda message: bool(message.text), below=False),
    Action("retry", "", Words.retry, lambda message: message.status in RETRIED, below=False),
    Action("regenerate", "again", Words.regenerate, lambda m: _answered(m) and m.status not in RETRIED),
)


def actions_for(message: Message, *, below: bool = False) -> list[Action]:
    """Return what can be done with a message now."""
    return [action for action in ACTIONS if action.applies(message) and (action.below or not below)]

"""What can be done with a message: rows of a table. The row below it, the menus and the keys all derive from them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PySide6.QtGui import QKeySequence

from parley.messages import Message, MessageStatus, Role
from parley.ui.error_texts import MENDED_BY_ANOTHER_MODEL, MENDED_IN_SETTINGS
from parley.ui.transcript.done import saved_files
from parley.ui.transcript.words import Words

RETRIED = frozenset({MessageStatus.FAILED, MessageStatus.INTERRUPTED})
BROKEN_OFF = RETRIED | {MessageStatus.STOPPED}


def is_mended_in_settings(message: Message) -> bool:
    """Return whether the settings are the place to put a failure right."""
    return message.failure is not None and message.failure.code in MENDED_IN_SETTINGS


class Action(NamedTuple):
    """One thing to do. `keys` do it to the message that has the focus; `below` says whether it has a button there."""

    key: str
    icon: str
    words: Callable[[Words], str]
    applies: Callable[[Message], bool]
    keys: str = ""
    below: bool = False

    def tip(self, words: Words) -> str:
        """Return its name and its keys."""
        return f"{self.words(words)} ({self.key_text})" if self.keys else self.words(words)

    @property
    def key_text(self) -> str:
        """Return its keys as the system writes them."""
        return QKeySequence(self.keys).toString(QKeySequence.SequenceFormat.NativeText)


def _spoken(message: Message) -> bool:
    return bool(message.text)


def _written(message: Message) -> bool:
    return bool(message.text or message.images)


def _ended(message: Message) -> bool:
    return message.status is not MessageStatus.STREAMING


def _answered(message: Message) -> bool:
    return message.role is Role.ASSISTANT and _ended(message)


def _retried(message: Message) -> bool:
    return message.role is Role.ASSISTANT and message.status in RETRIED


def continues(message: Message) -> bool:
    """Say whether an answer that broke off can go on from where it is."""
    broke_off = message.status in BROKEN_OFF or message.cut_off
    return _answered(message) and broke_off and bool(message.text)


ACTIONS: Sequence[Action] = (
    Action("copy", "copy", Words.copy, _spoken, "Ctrl+C", below=True),
    Action("copy-markdown", "", Words.copy_markdown, _written, "Ctrl+Shift+C"),
    Action("continue", "", Words.go_on, continues, "C"),
    Action("retry", "", Words.retry, _retried, "R"),
    Action("settings", "", Words.open_settings, is_mended_in_settings),
    Action("regenerate", "again", Words.regenerate, lambda m: _answered(m) and not _retried(m), "R", below=True),
    Action("regenerate-with", "", Words.regenerate_with, _answered, "Shift+R"),
    Action("save-file", "", Words.save_file, saved_files, "S"),
    Action("answer", "", Words.answer_again, lambda message: message.role is Role.USER, "R"),
    Action("edit", "edit", Words.edit, _ended, "E", below=True),
    Action("info", "", Words.info, lambda message: True, "I"),
    Action("delete", "", Words.delete, lambda message: True, "Del"),
)


def actions_for(message: Message, *, below: bool = False) -> list[Action]:
    """Return what can be done with a message now."""
    return [action for action in ACTIONS if action.applies(message) and (action.below or not below)]


def answers_for(message: Message) -> list[Action]:
    """Return what can be done about how a message ended, or with what it made: its button is right below the words."""
    keys = {"continue", "retry", "settings", "save-file"}
    if message.failure and message.failure.code in MENDED_BY_ANOTHER_MODEL:
        keys.add("regenerate-with")
    return [action for action in actions_for(message) if action.key in keys]


def action_of(message: Message, keys: str) -> Action | None:
    """Return what these keys do to a message now."""
    return next((action for action in actions_for(message) if action.keys and action.keys == keys), None)

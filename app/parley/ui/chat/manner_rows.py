"""Manner rows: who answers in a chat, and in what tone."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from parley.assistants import Assistant
from parley.options import QT_TRANSLATE_NOOP
from parley.ui.appearance.look import Look
from parley.ui.chat.setup_rows import SetupRow
from parley.ui.preferences.choice_button import ChoiceButton
from parley.ui.preferences.editors import Editor, Segments

ASSISTANT, MOOD = "assistant", "mood"

MOODS = {
    "": QT_TRANSLATE_NOOP("Settings", "As it is"),
    "serious": QT_TRANSLATE_NOOP("Settings", "Serious"),
    "friendly": QT_TRANSLATE_NOOP("Settings", "Friendly"),
    "normal": QT_TRANSLATE_NOOP("Settings", "Normal"),
}
COLUMNS = 2


class AssistantEditor(Editor):
    """One of the assistants, or nobody in particular."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.button = ChoiceButton(look, self)
        self.button.chosen.connect(self.edited.emit)
        self.line.addWidget(self.button)

    def show_value(self, value: Any) -> None:
        self.button.show_words(str(value))

    def set_name(self, name: str, help: str) -> None:
        self.button.set_name(name)
        self.button.setAccessibleDescription(help)


class MannerRow(SetupRow):
    """A row whose editor offers only what can be taken."""

    def offer(self, assistants: Sequence[Assistant], current: Assistant | None) -> None:
        """Offer these assistants."""
        if not isinstance(self.editor, AssistantEditor):
            return
        choices = [("", QCoreApplication.translate("SetupForm", "Nobody in particular"))]
        choices += [(each.id, each.name) for each in assistants]
        if current and current.id not in dict(choices):
            choices.append((current.id, current.name))
        self.editor.button.offer(choices, current.id if current else "")


def manner_rows(look: Look, parent: QWidget) -> Mapping[str, MannerRow]:
    """Return the rows."""
    words = {
        ASSISTANT: (
            QCoreApplication.translate("SetupForm", "Assistant"),
            QCoreApplication.translate("SetupForm", "Its instruction goes ahead of that of the chat."),
        ),
        MOOD: (
            QCoreApplication.translate("SetupForm", "Mood"),
            QCoreApplication.translate("SetupForm", "One line about the tone of the answers."),
        ),
    }
    editors = {ASSISTANT: AssistantEditor(look, parent), MOOD: Segments(MOODS, parent, COLUMNS)}
    return {name: MannerRow(name, words[name], editor, look, parent) for name, editor in editors.items()}

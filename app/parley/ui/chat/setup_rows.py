"""Setup rows: what a chat or an assistant can have of its own, each value in a row. They set nothing."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication, QLocale, Signal
from PySide6.QtWidgets import QWidget

from parley.models import LIMITS, fits
from parley.ui.appearance.look import Look
from parley.ui.chat.setup_editors import COUNT_WIDTH, Amount, Efforts, Scale, Stops, Words
from parley.ui.preferences.editors import Editor, Switch
from parley.ui.preferences.row import Row

INSTRUCTION = "instruction"
USUAL = 1.0
"""What a temperature and a top-p mostly are where nobody sets them."""

translate = QCoreApplication.translate


class SetupRow(Row):
    """One value. What cannot be taken is said below it."""

    taken = Signal(str, object)
    """The name of the value, and what the person wants it to be."""

    def __init__(self, name: str, words: tuple[str, str], editor: Editor, look: Look, parent: QWidget) -> None:
        super().__init__(*words, editor, look, parent, below=isinstance(editor, Scale | Words))
        self.name = name
        self.editor = editor
        editor.set_name(*words)
        editor.edited.connect(self._edited)
        editor.refused.connect(lambda: self.show_problem(self._expectation()))

    def finish(self) -> None:
        """Take what has been typed."""
        if isinstance(self.editor, Amount | Scale | Words):
            self.editor.finish()

    def show_value(self, value: Any, usual: Any) -> None:
        """Show the value that is set now, and the way back to the one that it usually has."""
        self.editor.show_value(value)
        self.show_changed(value != usual)

    def _edited(self, value: Any) -> None:
        if fits(self.name, value):
            self.show_problem("")
            self.taken.emit(self.name, value)
        else:
            self.show_problem(self._expectation())

    def _expectation(self) -> str:
        if self.name not in LIMITS:
            return self.tr("No more than four.")
        low, high = LIMITS[self.name]
        whole = isinstance(self.editor, Amount)
        words = self.tr("A whole number from {low} to {high}.") if whole else self.tr("A number from {low} to {high}.")
        return words.format(low=QLocale().toString(int(low)), high=QLocale().toString(int(high)))


def row_words() -> Mapping[str, tuple[str, str]]:
    """Return what each value is called, and what it does."""
    return {
        INSTRUCTION: (translate("SetupForm", "Instruction"), translate("SetupForm", "Sent ahead of the conversation.")),
        "temperature": (
            translate("SetupForm", "Temperature"),
            translate("SetupForm", "Low: the likeliest words. High: more of a surprise."),
        ),
        "top_p": (
            translate("SetupForm", "Top-p"),
            translate("SetupForm", "Only the likeliest words, which together have this share."),
        ),
        "max_tokens": (
            translate("SetupForm", "Longest answer"),
            translate("SetupForm", "In tokens. What is longer is cut off."),
        ),
        "seed": (
            translate("SetupForm", "Seed"),
            translate("SetupForm", "The same number brings the same answer, as far as the model can."),
        ),
        "stop": (
            translate("SetupForm", "Stop sequences"),
            translate("SetupForm", "Texts that end the answer, one on each line, at most four. \\n is a new line."),
        ),
        "effort": (
            translate("SetupForm", "Reasoning effort"),
            translate("SetupForm", "How long the model thinks before it answers."),
        ),
        "json": (
            translate("SetupForm", "JSON mode"),
            translate("SetupForm", "The answer is a JSON object. Say in your message what is in it."),
        ),
    }


def row_editors(look: Look, parent: QWidget) -> Mapping[str, Editor]:
    """Return what changes each value."""
    return {
        INSTRUCTION: Words(parent),
        "temperature": Scale(LIMITS["temperature"][1], USUAL, look, parent),
        "top_p": Scale(LIMITS["top_p"][1], USUAL, look, parent),
        "max_tokens": Amount(True, COUNT_WIDTH, look, parent),
        "effort": Efforts(parent),
        "json": Switch(look, parent),
        "stop": Stops(parent),
        "seed": Amount(True, COUNT_WIDTH, look, parent),
    }

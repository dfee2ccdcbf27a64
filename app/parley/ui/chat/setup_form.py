"""SetupForm: the instruction and the parameters of a chat below each other, which scroll. It sets nothing."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from parley.models import LIMITS, fits
from parley.ui.appearance.look import Look
from parley.ui.chat.chat_setup import ChatSetup
from parley.ui.chat.setup_editors import COUNT_WIDTH, Amount, Efforts, Scale, Stops, Words
from parley.ui.preferences.editors import Editor, Switch
from parley.ui.preferences.row import Row, words_label

INSTRUCTION = "instruction"
USUAL = 1.0
"""What a temperature and a top-p mostly are where nobody sets them."""


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


class SetupForm(QScrollArea):
    """What a chat has of its own. `changed` tells the name of a value and what it is to be; None: as it usually is."""

    changed = Signal(str, object)
    reset = Signal(str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget(self)
        inside.setObjectName("settingsPage")
        inside.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.about = words_label("", inside, "muted")
        self.remark = words_label("", inside, "muted")
        words, editors = self._words(), _editors(look, inside)
        self.rows = {name: SetupRow(name, words[name], editor, look, inside) for name, editor in editors.items()}
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 4, 16, 16)
        column.setSpacing(0)
        column.addWidget(self.about)
        column.addWidget(self.rows[INSTRUCTION])
        column.addWidget(self.remark)
        for name, row in self.rows.items():
            row.taken.connect(self.changed)
            row.reset.connect(lambda name=name: self._reset(name))
            if name != INSTRUCTION:
                column.addWidget(row)
        column.addStretch(1)
        self.setWidget(inside)

    def finish(self) -> None:
        """Take what has been typed."""
        for row in self.rows.values():
            row.finish()

    def show_place(self, *, new: bool) -> None:
        """Say which chat it is about, and forget what was wrong in another one."""
        self.about.setText(
            self.tr("For the chat that you begin next. What is not set is left to the model.")
            if new
            else self.tr("For this chat, from the next answer on. What is not set is left to the model.")
        )
        for row in self.rows.values():
            row.show_problem("")

    def show_setup(self, setup: ChatSetup, default: str) -> None:
        """Show what is set now; `default` is the instruction of the settings."""
        instruction = default if setup.instruction is None else setup.instruction
        self.rows[INSTRUCTION].show_value(instruction, default)
        usual = ChatSetup().parameters
        for name, row in self.rows.items():
            if name != INSTRUCTION:
                row.show_value(getattr(setup.parameters, name), getattr(usual, name))

    def show_model(self, model: str, taken: frozenset[str], given: frozenset[str], *, known: bool) -> None:
        """Show what the model takes, and of the rest what is set."""
        left = self.tr("Kept, but not sent: {model} does not take it.").format(model=model)
        for name, row in self.rows.items():
            if name != INSTRUCTION:
                row.show_note("" if name in taken else left)
                row.setVisible(name in taken or name in given)
        if taken:
            remark = "" if known else self.tr("It is not known which of these {model} takes.")
        else:
            nothing = self.tr("{model} takes no parameters.")
            remark = nothing if known else self.tr("It is not known what {model} takes.")
        self.remark.setText(remark.format(model=model))
        self.remark.setVisible(bool(remark and model))

    def _reset(self, name: str) -> None:
        self.rows[name].show_problem("")
        self.reset.emit(name)

    def _words(self) -> Mapping[str, tuple[str, str]]:
        """Return what each value is called, and what it does."""
        return {
            INSTRUCTION: (self.tr("Instruction"), self.tr("Sent ahead of the conversation.")),
            "temperature": (
                self.tr("Temperature"),
                self.tr("Low: the likeliest words. High: more of a surprise."),
            ),
            "top_p": (self.tr("Top-p"), self.tr("Only the likeliest words, which together have this share.")),
            "max_tokens": (self.tr("Longest answer"), self.tr("In tokens. What is longer is cut off.")),
            "seed": (self.tr("Seed"), self.tr("The same number brings the same answer, as far as the model can.")),
            "stop": (
                self.tr("Stop sequences"),
                self.tr("Texts that end the answer, one on each line, at most four. \\n is a new line."),
            ),
            "effort": (self.tr("Reasoning effort"), self.tr("How long the model thinks before it answers.")),
            "json": (self.tr("JSON mode"), self.tr("The answer is a JSON object. Say in your message what is in it.")),
        }


def _editors(look: Look, parent: QWidget) -> Mapping[str, Editor]:
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

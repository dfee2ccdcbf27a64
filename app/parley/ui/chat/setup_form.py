"""SetupForm: the instruction and the parameters of a chat below each other, which scroll. It sets nothing."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from parley.assistants import Assistant
from parley.ui.appearance.look import Look
from parley.ui.chat.chat_setup import ChatSetup
from parley.ui.chat.manner_rows import ASSISTANT, MOOD, manner_rows
from parley.ui.chat.setup_rows import INSTRUCTION, SetupRow, row_editors, row_words
from parley.ui.preferences.row import words_label


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
        words, editors = row_words(), row_editors(look, inside)
        self.rows = {name: SetupRow(name, words[name], editor, look, inside) for name, editor in editors.items()}
        self.manner = manner_rows(look, inside)
        column = QVBoxLayout(inside)
        column.setContentsMargins(16, 4, 16, 16)
        column.setSpacing(0)
        column.addWidget(self.about)
        for manner in self.manner.values():
            manner.taken.connect(self.changed)
            manner.reset.connect(lambda manner=manner: self.reset.emit(manner.name))
            column.addWidget(manner)
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
        for row in (*self.rows.values(), *self.manner.values()):
            row.show_problem("")

    def row(self, name: str) -> SetupRow:
        """Return the row of a value."""
        return self.rows[name] if name in self.rows else self.manner[name]

    def show_assistants(self, assistants: Sequence[Assistant], current: Assistant | None) -> None:
        """Show who there is to talk to, and who it is now: somebody who is no longer among them, maybe."""
        row = self.manner[ASSISTANT]
        row.offer(assistants, current)
        row.show_changed(current is not None)
        row.setVisible(bool(assistants) or current is not None)

    def show_setup(self, setup: ChatSetup, default: str) -> None:
        """Show what is set now; `default` is the instruction of the settings."""
        self.manner[MOOD].show_value(setup.mood, "")
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

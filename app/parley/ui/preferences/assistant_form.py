"""AssistantForm: adds an assistant, or changes one. It sets nothing."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from parley.assistants import Assistant
from parley.models import NO_PARAMETERS
from parley.services import Services
from parley.ui.appearance.look import Look
from parley.ui.chat.setup_editors import Words
from parley.ui.chat.setup_rows import INSTRUCTION, SetupRow, row_editors, row_words
from parley.ui.preferences.choices import ModelEditor
from parley.ui.preferences.form import Form
from parley.ui.preferences.row import Row
from parley.ui.tasks import Tasks

LONGEST_NAME = 80


class OwnModelEditor(ModelEditor):
    """A model, or that of the chat."""

    def _words_for_none(self) -> str:
        return self.tr("That of the chat")


class AssistantForm(Form):
    """Name, description, instruction and model; the parameters are folded away as long as none is set."""

    providers_requested = Signal()

    def __init__(
        self, assistant: Assistant | None, services: Services, look: Look, tasks: Tasks, parent: QWidget
    ) -> None:
        super().__init__("", parent)
        self._assistant = assistant or Assistant("", "", "", 0.0)
        self._model = self._assistant.model
        self._parameters = self._assistant.parameters
        self.save.setText(self.tr("Save") if assistant else self.tr("Add"))
        self.name = self.add_line("name", self.tr("Name"), self.tr("such as “Editor”"))
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setText(self._assistant.name)
        self.description = self.add_line("description", self.tr("What it is for"), self.tr("in a few words"))
        self.description.setText(self._assistant.description)
        self.instruction = Words(self)
        self.instruction.set_name(self.tr("Instruction"), "")
        self.instruction.show_value(self._assistant.instruction)
        help = self.tr(
            "Who it is and what it does, as you would tell somebody: “You shorten texts and keep their tone.”"
        )
        self.add_field("instruction", self.tr("Instruction"), self.instruction, help)
        self.model = OwnModelEditor(services, look, tasks, self)
        self.model.edited.connect(self._choose_model)
        self.model.providers_requested.connect(self.providers_requested)
        words = self.tr("Model"), self.tr("Answers new chats with it, unless you choose another one.")
        self.model.set_name(*words)
        self.model_row = Row(*words, self.model, look, self)
        self.model_row.reset.connect(lambda: self._choose_model(""))
        self.column.addWidget(self.model_row)
        self.fold = QPushButton(self.tr("Parameters"), self)
        self.fold.setProperty("kind", "link")
        self.fold.clicked.connect(self._unfold)
        self.column.addWidget(self.fold)
        self.rows = self._made_rows(look)
        self._choose_model(self._model)
        self._show_parameters()
        for row in (self.fold, *self.rows.values()):
            row.setVisible((row is self.fold) != (self._parameters != NO_PARAMETERS))
        self.end()

    @property
    def draft(self) -> Assistant:
        """Return the assistant as it is wished."""
        self.forget_faults()
        for row in self.rows.values():
            row.finish()
        return replace(
            self._assistant,
            name=self.name.text().strip(),
            description=self.description.text().strip(),
            instruction=self.instruction.field.toPlainText().strip(),
            model=self._model,
            parameters=self._parameters,
        )

    def _made_rows(self, look: Look) -> dict[str, SetupRow]:
        words = row_words()
        rows = {}
        for name, editor in row_editors(look, self).items():
            if name == INSTRUCTION:
                editor.hide()
                continue
            row = rows[name] = SetupRow(name, words[name], editor, look, self)
            row.taken.connect(self._take)
            row.reset.connect(lambda name=name: self._take(name, getattr(NO_PARAMETERS, name)))
            self.column.addWidget(row)
        return rows

    def _unfold(self) -> None:
        self.fold.hide()
        for row in self.rows.values():
            row.show()
        next(iter(self.rows.values())).setFocus()

    def _choose_model(self, model: object) -> None:
        self._model = str(model)
        self.model.show_value(self._model)
        self.model_row.show_changed(bool(self._model))

    def _take(self, name: str, value: Any) -> None:
        self._parameters = replace(self._parameters, **{name: value})
        self._show_parameters()

    def _show_parameters(self) -> None:
        for name, row in self.rows.items():
            row.show_value(getattr(self._parameters, name), getattr(NO_PARAMETERS, name))

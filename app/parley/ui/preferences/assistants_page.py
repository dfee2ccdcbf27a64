"""AssistantsPage: who there is to talk to for one kind of thing. An assistant that was removed can be brought back."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from parley.assistants import Assistant
from parley.errors import ChatError
from parley.services import Services
from parley.store import ASSISTANT
from parley.ui.appearance.look import Look
from parley.ui.error_texts import error_text
from parley.ui.models.long_words import breakable
from parley.ui.notices import Notice
from parley.ui.preferences.assistant_form import AssistantForm
from parley.ui.preferences.cards_page import CardsPage
from parley.ui.preferences.form_card import FormCard
from parley.ui.preferences.page import tab_as_read
from parley.ui.preferences.row import Row, words_label
from parley.ui.tasks import Tasks

SHOWN_LETTERS = 200
"""So much of an instruction is shown."""

FIELDS = {"assistant_exists": "name", "assistant_nameless": "name"}


class AssistantCard(FormCard[AssistantForm]):
    """One assistant, and what can be done with it; a form opens below."""

    edit_requested = Signal()
    remove_requested = Signal()

    def __init__(self, assistant: Assistant, parent: QWidget) -> None:
        super().__init__(parent)
        self.assistant = assistant
        self.name = words_label("", self, "title")
        self.about = words_label("", self)
        self.instruction = words_label("", self, "muted")
        self.model = words_label("", self, "muted")
        self.problem = words_label("", self, "error")
        self.edit = self.link(self.tr("Edit…"), self.edit_requested)
        self.remove = self.link(self.tr("Remove"), self.remove_requested)
        self.openers = (self.edit,)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for label in (self.name, self.about, self.instruction, self.model, self.problem):
            texts.addWidget(label)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        for button in (self.edit, self.remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.put_side_by_side(texts, buttons)
        self.show_problem("")
        self.show_assistant(assistant)

    def show_assistant(self, assistant: Assistant) -> None:
        """Show it as it is now."""
        self.assistant = assistant
        self.haystack = f"{assistant.name} {assistant.description} {assistant.instruction}".casefold()
        self.setAccessibleName(assistant.name)
        instruction = " ".join(assistant.instruction.split())
        cut = instruction if len(instruction) <= SHOWN_LETTERS else f"{instruction[:SHOWN_LETTERS].rstrip()}…"
        model = self.tr("Model: {model}").format(model=assistant.model) if assistant.model else ""
        for label, text in (
            (self.name, assistant.name),
            (self.about, assistant.description),
            (self.instruction, cut),
            (self.model, model),
        ):
            label.setText(breakable(text))
            label.setVisible(bool(text))
        self.edit.setAccessibleName(self.tr("Edit {assistant}").format(assistant=assistant.name))
        self.remove.setAccessibleName(self.tr("Remove {assistant}").format(assistant=assistant.name))

    def show_problem(self, text: str) -> None:
        """Say what could not be done."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))


class AssistantsPage(CardsPage[AssistantCard]):
    """They belong to the whole installation."""

    nouns = frozenset({ASSISTANT})

    providers_requested = Signal()

    def __init__(self, services: Services, look: Look, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(self.tr("Assistants"), services.store, parent)
        self._services, self._look, self._tasks = services, look, tasks
        self._assistants = services.store.assistants
        self.new_form: AssistantForm | None = None
        self.add_button = QPushButton(self.tr("Add an assistant"), self.inside)
        self.add_button.clicked.connect(self._open_new)
        about = self.tr(
            "An instruction with a name, for one kind of thing. Choose one for a chat in its chat settings."
        )
        self.row = Row(self.tr("Somebody to talk to"), about, self.add_button, look, self.inside)
        self.problem = words_label("", self.inside, "error")
        self.problem.hide()
        self.nobody = words_label(self.tr("There are no assistants yet."), self.inside, "muted")
        for part in (self.row, self.problem, self.nobody):
            self.add(part)
        self._first = self.column.count()
        self.column.setSpacing(8)
        self.end()

    def refresh(self) -> None:
        """Show who there is now, by name."""
        assistants = self._assistants.all()
        self._keep_only({each.id for each in assistants})
        for place, assistant in enumerate(assistants):
            card = self.cards.get(assistant.id) or self._made_card(assistant)
            card.show_assistant(assistant)
            self.column.insertWidget(self._first + place, card)
        self.nobody.setVisible(not assistants)
        tab_as_read(self.inside)

    def _made_card(self, assistant: Assistant) -> AssistantCard:
        card = self.cards[assistant.id] = AssistantCard(assistant, self.inside)
        card.edit_requested.connect(lambda: self._open_edit(card))
        card.remove_requested.connect(lambda: self._tasks.start(self._remove(card)))
        return card

    def _open_new(self) -> None:
        if self.new_form is None:
            form = self.new_form = self._made_form(None, self.inside)
            self.column.insertWidget(self._first, form)
            form.cancelled.connect(self._close_new)
            form.save_requested.connect(lambda: self._tasks.start(self._add(form)))
            form.show()
            tab_as_read(self.inside)
        self.new_form.name.setFocus()

    def _open_edit(self, card: AssistantCard) -> None:
        form = self._made_form(card.assistant, card)
        form.cancelled.connect(lambda: self._close(card))
        form.save_requested.connect(lambda: self._tasks.start(self._save(card, form)))
        card.open_form(form)
        form.name.setFocus()
        form.name.selectAll()

    def _made_form(self, assistant: Assistant | None, parent: QWidget) -> AssistantForm:
        form = AssistantForm(assistant, self._services, self._look, self._tasks, parent)
        form.providers_requested.connect(self.providers_requested)
        return form

    def _close(self, card: AssistantCard) -> None:
        card.close_form()
        card.edit.setFocus()

    def _close_new(self) -> None:
        if self.new_form:
            self.new_form.hide()
            self.new_form.deleteLater()
            self.new_form = None
            self.add_button.setFocus()

    async def _add(self, form: AssistantForm) -> None:
        draft = form.draft
        try:
            await self._assistants.add(
                draft.name,
                instruction=draft.instruction,
                description=draft.description,
                model=draft.model,
                parameters=draft.parameters,
            )
        except ChatError as error:
            form.show_fault(FIELDS.get(error.code, ""), error_text(error))
        else:
            self._close_new()

    async def _save(self, card: AssistantCard, form: AssistantForm) -> None:
        try:
            await self._assistants.put(form.draft)
        except ChatError as error:
            form.show_fault(FIELDS.get(error.code, ""), error_text(error))
        else:
            self._close(card)

    async def _remove(self, card: AssistantCard) -> None:
        assistant = card.assistant
        try:
            await self._assistants.remove(assistant.id)
        except ChatError as error:
            card.show_problem(error_text(error))
            return
        text = self.tr("“{name}” was removed. Chats that were begun with it go on with it.").format(name=assistant.name)
        notice = Notice(self._look, text, action=self.tr("Undo"), parent=self.inside)
        self.column.insertWidget(self._first, notice)
        notice.acted.connect(lambda: self._tasks.start(self._restore(assistant)))
        for ended in (notice.acted, notice.dismissed):
            ended.connect(notice.hide)
            ended.connect(notice.deleteLater)
        notice.show()
        self.add_button.setFocus()

    async def _restore(self, assistant: Assistant) -> None:
        try:
            await self._assistants.restore(assistant.id)
        except ChatError as error:
            self.problem.setText(error_text(error))
            self.problem.show()
        else:
            self.problem.hide()

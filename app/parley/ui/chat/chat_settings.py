"""ChatSettings: what the chat on show has of its own. Connects the sheet with the store, the model and the new chat."""

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QToolButton, QWidget

from parley.assistants import Assistant
from parley.errors import ChatError, ConversationUnknown
from parley.messages import Mood
from parley.models import NO_PARAMETERS
from parley.services import Services
from parley.store import ASSISTANT as ASSISTANT_NOUN
from parley.store import EVERYTHING, Change
from parley.ui.actions import Actions, show_keys
from parley.ui.appearance.look import Look
from parley.ui.chat.chat_page import ChatPage
from parley.ui.chat.chat_setup import ChatSetup, keep_next, known, next_setup
from parley.ui.chat.conversation_view import ConversationView
from parley.ui.chat.setup_sheet import SetupSheet
from parley.ui.composer.drafts import Place
from parley.ui.error_texts import error_text
from parley.ui.models.model_choice import ModelChoice
from parley.ui.tasks import Tasks

if TYPE_CHECKING:
    import asyncio

ASSISTANT, INSTRUCTION, MOOD = "assistant", "instruction", "mood"


class ChatSettings(QObject):
    """Follows the conversation and its model. What is changed holds, and is saved at once."""

    def __init__(
        self,
        services: Services,
        look: Look,
        actions: Actions,
        page: ChatPage,
        view: ConversationView,
        models: ModelChoice,
        tasks: Tasks,
    ) -> None:
        super().__init__(page)
        self._services = services
        self._page = page
        self._view = view
        self._models = models
        self._tasks = tasks
        self._place: Place = view.shown_id
        self._setup = self._stored()
        self._saving: Counter[Place] = Counter()
        """How much is on its way to the disk; until it is there, what the store has is not what the person wants."""
        self._all_saved: asyncio.Future[None] | None = None
        self._before: QWidget | None = None
        self.sheet = SetupSheet(look, page.body, page)
        self.sheet.closed.connect(self.close)
        self.mark = self._made_mark(look, actions)
        for news in (view.opened, view.updated, models.changed):
            news.connect(self._follow)
        for leaving in (page.composer.sent, page.asked):
            leaving.connect(self._finish)
        page.body.currentChanged.connect(self._rise)
        self._unsubscribe = [
            services.settings.subscribe(lambda _: self._follow()),
            services.store.subscribe(self._changed),
        ]
        self._show()

    def toggle(self) -> None:
        """Open the sheet, or close it."""
        if self.sheet.isVisible():
            self.close()
            return
        self._before = self._page.window().focusWidget()
        if not self.sheet.made:
            self.sheet.form.changed.connect(self._change)
            self.sheet.form.reset.connect(self._reset)
        self.sheet.form.show_place(new=self._place is None)
        self._show_form()
        self.sheet.open()
        self._rise()

    def close(self) -> None:
        """Close the sheet; the keyboard goes back to where it was."""
        inside = self.sheet.isAncestorOf(self._page.window().focusWidget())
        self._finish()
        self.sheet.close_()
        if inside:
            before = self._before if self._before is not None and self._before.isVisible() else self._page.composer
            before.setFocus(Qt.FocusReason.PopupFocusReason)

    async def close_down(self) -> None:
        """Return once what has been typed is saved."""
        import asyncio

        self._finish()
        while self._unsubscribe:
            self._unsubscribe.pop()()
        if self._saving.total():
            self._all_saved = asyncio.get_running_loop().create_future()
            await self._all_saved

    def _changed(self, change: Change) -> None:
        if change.noun in (ASSISTANT_NOUN, EVERYTHING):
            self._follow()

    def _follow(self) -> None:
        """Show the chat that is on show now, and what is set there."""
        if self._view.shown_id != self._place:
            self._finish()  # what was typed belongs to the chat of before
            self._place = self._view.shown_id
            if self.sheet.made:
                self.sheet.form.show_place(new=self._place is None)
        if not self._saving[self._place]:
            self._setup = self._stored()
        self._show()

    def _stored(self) -> ChatSetup:
        if self._place is None:
            return known(next_setup(self._services.settings), self._services.store)
        try:
            conversation = self._services.store.conversations.get(self._place)
        except ConversationUnknown:  # it is in the trash, and another one will be on show in a moment
            return ChatSetup()
        assistant, mood = conversation.assistant_id or "", conversation.mood or ""
        return ChatSetup(conversation.instruction, conversation.parameters, assistant, mood)

    def _show(self) -> None:
        setup, default = self._setup, self._services.settings.options.instruction
        without = (None, default, "") if self._place else (None, default)  # the settings may have had none then
        own = setup.parameters != NO_PARAMETERS or setup.instruction not in without
        self.mark.setVisible(own or bool(setup.assistant or setup.mood))
        self._page.header.show_assistant(self._assistant.name if self._assistant else "")
        self._models.set_assistants(self._assistant.model if self._assistant and self._place is None else "")
        if self.sheet.isVisible():
            self._show_form()

    def _show_form(self) -> None:
        taken, known = self._services.catalog.parameters_of(self._models.current)
        self.sheet.form.show_assistants(self._services.store.assistants.all(), self._assistant)
        self.sheet.form.show_setup(self._setup, self._services.settings.options.instruction)
        self.sheet.form.show_model(self._models.label, taken, self._setup.parameters.given, known=known)

    @property
    def _assistant(self) -> Assistant | None:
        """Return who answers, removed or not."""
        return self._services.store.assistants.get(self._setup.assistant) if self._setup.assistant else None

    def _finish(self) -> None:
        if self.sheet.made:
            self.sheet.form.finish()

    def _reset(self, name: str) -> None:
        if name in (ASSISTANT, MOOD):
            self._change(name, "")
        elif name != INSTRUCTION:
            self._change(name, getattr(NO_PARAMETERS, name))
        else:
            self._change(name, None if self._place is None else self._services.settings.options.instruction)

    def _change(self, name: str, value: Any) -> None:
        if name == INSTRUCTION:
            usual = self._place is None and value == self._services.settings.options.instruction
            setup = self._setup._replace(instruction=None if usual else value)
        elif name in (ASSISTANT, MOOD):
            setup = self._setup._replace(**{name: value})
        else:
            setup = self._setup._replace(parameters=replace(self._setup.parameters, **{name: value}))
        if setup == self._setup:
            return
        self._setup = setup
        if self._place is None:
            self._keep_next(name, setup)
        else:
            self._saving[self._place] += 1
            self._tasks.start(self._save(self._place, name, setup))
        self._show()

    def _keep_next(self, name: str, setup: ChatSetup) -> None:
        try:
            keep_next(self._services.settings, setup)
        except ChatError as error:
            self._setup = self._stored()
            self.sheet.form.row(name).show_problem(error_text(error))

    async def _save(self, place: str, name: str, setup: ChatSetup) -> None:
        conversations = self._services.store.conversations
        try:
            if name == INSTRUCTION:
                await conversations.set_instruction(place, setup.instruction or "")
            elif name == ASSISTANT:
                await conversations.set_assistant(place, setup.assistant or None)
            elif name == MOOD:
                await conversations.set_mood(place, Mood(setup.mood) if setup.mood else None)
            else:
                await conversations.set_parameters(place, setup.parameters)
        except ChatError as error:
            if self._place == place:
                self.sheet.form.row(name).show_problem(error_text(error))
            else:
                raise
        finally:
            self._saving[place] -= 1
            if self._all_saved and not self._saving.total():
                self._all_saved.set_result(None)
            self._follow()

    def _made_mark(self, look: Look, actions: Actions) -> QToolButton:
        """Put a button into the header that says that the chat has something of its own."""
        made = QToolButton(self._page.header)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        made.setAccessibleName(self.tr("This chat has settings of its own"))
        look.dress(made, "chat-settings", "accent")
        made.clicked.connect(actions["chat_settings"].trigger)
        show_keys(made, actions["chat_settings"], made.accessibleName())
        made.hide()
        self._page.header.add(made)
        return made

    def _rise(self) -> None:
        """Stay above what the page shows, and below its notices."""
        self.sheet.raise_()
        self._page.notices.raise_()

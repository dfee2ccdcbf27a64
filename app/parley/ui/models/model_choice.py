"""ModelChoice: which model answers. Connects the model picker with the catalog and the conversation."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from parley.messages import Conversation
from parley.models import Model
from parley.services import Services
from parley.ui.appearance.look import Look
from parley.ui.error_texts import error_text
from parley.ui.models.model_button import ModelButton
from parley.ui.tasks import Tasks

if TYPE_CHECKING:
    from parley.providers.catalog import Catalog
    from parley.ui.models.pickers import ModelPopup

GUIDE = "guide/manual"


class ModelChoice(QObject):
    """The model of the conversation on show. A new chat takes what was chosen for it, else the default."""

    changed = Signal()
    """Another model answers, or other models are known."""

    providers_requested = Signal()
    """The person wants to add a provider."""

    def __init__(self, services: Services, look: Look, button: ModelButton, window: QWidget, tasks: Tasks) -> None:
        super().__init__(window)
        self._services = services
        self._look = look
        self._button = button
        self._window = window
        self._tasks = tasks
        self._conversation: Conversation | None = None
        self._default = ""
        self.for_new_chat = ""
        """What was chosen before the first message; empty for the default."""
        self._of_assistant = ""
        """The model that a new chat's assistant brings along."""
        self.looking = self.looked = False
        """Whether the providers are being asked, and whether they have been."""
        button.clicked.connect(self.open_picker)

    @property
    def current(self) -> str:
        """Return the model that will answer; empty while that is not known."""
        of_chat = self._conversation.model if self._conversation else self.for_new_chat
        default = self._services.settings.options.default_model.strip() or self._default
        return of_chat or ("" if self._conversation else self._of_assistant) or default

    @property
    def label(self) -> str:
        """Return what people call that model."""
        for model in self._known():
            if model.id == self.current:
                return model.label or model.name
        return self.current.partition("/")[2] or self.current

    @property
    def only_guide(self) -> bool:
        """Return whether no language model is known."""
        models = [model.id for model in self._known()]
        return all(model == GUIDE for model in models) and self.current in ("", GUIDE)

    @cached_property
    def popup(self) -> "ModelPopup":
        """Return the list of models."""
        from parley.ui.models.pickers import ModelPopup

        made = ModelPopup(self._look, self._window)
        made.set_busy(self.looking)
        made.chosen.connect(self._choose)
        made.refresh_requested.connect(lambda: self._tasks.start(self.look_for_models(refresh=True)))
        made.providers_requested.connect(self.providers_requested)
        return made

    def show_for(self, conversation: Conversation | None) -> None:
        """Show the model of a conversation, or of a new chat."""
        self._conversation = conversation
        self._show()

    async def look_for_models(self, refresh: bool = False) -> None:
        """Ask the providers for their models, and show them."""
        self._set_looking(True)
        try:
            await self._services.catalog.models(refresh)
            self._default = await self._services.catalog.default_model()
            self.looked = True
        finally:
            self._set_looking(False)
        self._show()

    def refresh(self) -> None:
        """Show the model anew: another one may be the default."""
        self._show()

    def set_assistants(self, model: str) -> None:
        """Take the model that the assistant of a new chat brings along; empty if there is none."""
        if model != self._of_assistant:
            self._of_assistant = model
            self._show()

    def open_picker(self) -> None:
        """Let the person choose."""
        self._fill()
        self.popup.open_at(self._button, self._window)
        self._tasks.start(self.look_for_models())

    def _known(self) -> Sequence[Model]:
        """Return the models as they were last listed. The Guide is among them before there is a list."""
        return self._services.catalog.cached_models() if self.current == GUIDE else self._services.known_models

    def _set_looking(self, looking: bool) -> None:
        self.looking = looking
        if "popup" in vars(self):
            self.popup.set_busy(looking)
        if looking:
            self.changed.emit()

    def _choose(self, model: str) -> None:
        if self._conversation is None:
            self.for_new_chat = model
            self._show()
        else:
            self._tasks.start(self._services.store.conversations.set_model(self._conversation.id, model))
        self._button.window().setFocus()

    def _show(self) -> None:
        self._button.show_model(self.label, self.current)
        if "popup" in vars(self) and self.popup.isVisible():
            self._fill()
        self.changed.emit()

    def _fill(self) -> None:
        fill(self.popup, self._services.catalog, self.current)


def fill(popup: "ModelPopup", catalog: "Catalog", current: str) -> None:
    """Have a popup show all models that are known, and what is wrong with providers."""
    names = {provider.id: provider.name for provider in catalog.providers()}
    problems = [(names.get(id, id), error_text(error)) for id, error in catalog.problems.items()]
    popup.show_models(catalog.cached_models(), names, problems, current)

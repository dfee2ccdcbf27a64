"""Outbox: what is written and not stored yet, for each conversation. Messages leave the composer once stored."""

from PySide6.QtCore import QObject, Signal

from parley.engine import ChatRequest
from parley.errors import ChatError
from parley.services import Services
from parley.ui.composer import Composer
from parley.ui.drafts import Draft
from parley.ui.error_texts import error_text
from parley.ui.model_choice import ModelChoice
from parley.ui.tasks import Tasks

Place = str | None
"""The conversation that something is written in; None for a new chat."""


class Outbox(QObject):
    """Keeps drafts and errors where they were made, and hands messages to the engine."""

    stored = Signal(object, str)
    """A message is stored: the place it was written in, and the conversation it is in."""

    def __init__(self, services: Services, composer: Composer, models: ModelChoice, tasks: Tasks) -> None:
        super().__init__(composer)
        self._services = services
        self._composer = composer
        self._models = models
        self._tasks = tasks
        self._place: Place = None
        self._drafts: dict[Place, Draft] = {}
        self._errors: dict[Place, ChatError] = {}
        self._sending: set[Place] = set()
        composer.sent.connect(self.send)

    def show(self, place: Place) -> None:
        """Keep what is in the composer, and show what was written in another place."""
        self._drafts[self._place] = self._composer.draft
        self._place = place
        self._composer.show_draft(self._drafts.get(place, Draft()))
        self._show_state()

    def send(self, draft: Draft) -> None:
        """Send a message to where the composer is. It stands there until the engine has stored it."""
        if self._place not in self._sending:
            self._tasks.start(self._send(draft, self._place))

    async def _send(self, draft: Draft, place: Place) -> None:
        self._errors.pop(place, None)
        self._sending.add(place)
        self._show_state()
        model = "" if place else self._models.for_new_chat
        try:
            turn = await self._services.engine.send(ChatRequest(draft.whole, place, model))
        except ChatError as error:
            self._errors[place] = error
            self._keep(draft, place)
        else:
            self._drafts.pop(place, None)
            if self._place == place and self._composer.draft == draft:
                self._composer.show_draft(Draft())
            if place is None:
                self._models.for_new_chat = ""
            self._sending.discard(place)
            self.stored.emit(place, turn.conversation_id)
        finally:
            self._sending.discard(place)
            self._show_state()

    def _keep(self, draft: Draft, place: Place) -> None:
        """Have what could not be sent in the composer, now or when the person comes back."""
        if self._place != place:
            self._drafts[place] = draft
        elif self._composer.draft.empty:
            self._composer.show_draft(draft)

    def _show_state(self) -> None:
        error = self._errors.get(self._place)
        self._composer.set_sending(self._place in self._sending)
        self._composer.show_error(error_text(error) if error else "", error.detail if error else "")

"""Outbox: what is written and not stored yet, for each conversation. Messages leave the composer once stored."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeyEvent

from parley.errors import ChatError, StoreError
from parley.services import Services
from parley.ui.chat.chat_setup import ChatSetup, keep_next, known, next_setup
from parley.ui.composer.composer import Composer
from parley.ui.composer.drafts import Draft, Drafts, Place
from parley.ui.error_texts import MENDED_IN_SETTINGS, error_text
from parley.ui.models.model_choice import ModelChoice
from parley.ui.tasks import Tasks


class Outbox(QObject):
    """Keeps drafts and errors where they were made, and hands messages to the engine."""

    stored = Signal(object, str)
    """A message is stored: the place it was written in, and the conversation it is in."""

    not_kept = Signal(str)
    """Why what is being written is not on the disk; it stays in the composer."""

    def __init__(self, services: Services, composer: Composer, models: ModelChoice, tasks: Tasks) -> None:
        super().__init__(composer)
        self._services = services
        self._composer = composer
        self._models = models
        self._tasks = tasks
        self._place: Place = None
        self._drafts = Drafts(services.store, tasks, self._not_kept, self)
        self._known = Draft()
        """What the drafts hold for the place on show."""
        self._errors: dict[Place, ChatError] = {}
        self._sending: set[Place] = set()
        self._ahead: dict[Place, Sequence[QKeyEvent]] = {}
        """What was typed in a place while something was sent from it, before another one was shown."""
        composer.sent.connect(self.send)
        composer.written.connect(self._written)
        composer.field.focus_changed.connect(lambda focused: None if focused else self._drafts.save())

    def show(self, place: Place) -> None:
        """Keep what is in the composer, and show what was written in another place."""
        self._drafts.save()
        if ahead := self._composer.field.take_ahead():
            self._ahead[self._place] = ahead
        self._place = place
        self._known = self._drafts.get(place)
        self._composer.show_draft(self._known)  # even the same one: what can be undone belongs to the other place
        self._show_state()

    def put_back(self, place: Place, text: str) -> None:
        """Put a text that was sent back to where it was written, before what is there now."""
        draft = (self._composer.unsent if place == self._place else self._drafts.get(place)).after(text)
        self._keep(draft, place)
        self._drafts.save()

    def send(self, draft: Draft) -> None:
        """Send a message to where the composer is. It stands there until the engine has stored it."""
        if self._place not in self._sending:
            self._errors.pop(self._place, None)
            self._sending.add(self._place)
            self._show_state()  # at once: a key that is pressed now belongs to the next message
            kept = self._composer.unsent == draft
            self._tasks.start(self._send(draft, self._place, kept=kept))

    async def close(self) -> None:
        """Return once what has been written is on the disk."""
        await self._drafts.saved()

    async def _send(self, draft: Draft, place: Place, *, kept: bool) -> None:
        """Send a draft, which is the one that is `kept` for its place unless it came from elsewhere."""
        from parley.engine import ChatRequest

        if kept:  # finding the model may take a while; and what is written now cannot come back after it is sent
            await self._drafts.saved()
            self._drafts.forget(place)
        model = "" if place else self._models.for_new_chat
        setup = ChatSetup() if place else known(next_setup(self._services.settings), self._services.store)
        place_now = place
        try:
            request = ChatRequest(draft.whole, place, model, *setup[:2], from_draft=kept)
            request = replace(request, assistant=setup.assistant, mood=setup.mood)
            turn = await self._services.engine.send(request)
        except ChatError as error:
            self._errors[place] = error
            here = self._place == place and not self._composer.draft.empty
            self._keep(self._composer.draft if here else draft, place)
        else:
            if self._place == place and self._composer.draft == draft:
                self._show_draft(Draft() if kept else self._composer.unsent)
            if place is None:
                self._models.for_new_chat = ""
            self._sending.discard(place)
            if self._place == place:
                self._ahead[place] = self._composer.field.take_ahead()
            self.stored.emit(place, turn.conversation_id)
            place_now = turn.conversation_id
            if place is None:
                keep_next(self._services.settings, ChatSetup())
        finally:
            self._sending.discard(place)
            self._show_state()
            self._type(self._ahead.pop(place, ()), place_now)

    def _type(self, keys: Sequence[QKeyEvent], place: Place) -> None:
        """Type what was typed while a message was on its way to where it is now."""
        if self._place == place:
            self._composer.field.type_keys(keys)
        elif written := "".join(key.text() for key in keys if key.text().isprintable()):
            draft = self._drafts.get(place)
            self._drafts.keep(place, draft._replace(text=draft.text + written))

    def _keep(self, draft: Draft, place: Place) -> None:
        """Have a draft in the composer, now or when the person comes back, and on the disk."""
        if self._place == place:
            self._show_draft(draft)
        self._drafts.keep(place, draft)

    def _show_draft(self, draft: Draft) -> None:
        self._known = draft
        if self._composer.draft != draft:
            self._composer.show_draft(draft)

    def _written(self) -> None:
        draft = self._composer.unsent
        if draft != self._known:
            self._known = draft
            self._drafts.keep(self._place, draft)

    def _not_kept(self, error: StoreError) -> None:
        self.not_kept.emit(error_text(error))

    def _show_state(self) -> None:
        error = self._errors.get(self._place)
        self._composer.set_sending(self._place in self._sending)
        action = self.tr("Open settings") if error and error.code in MENDED_IN_SETTINGS else ""
        self._composer.show_error(error_text(error) if error else "", error.detail if error else "", action)

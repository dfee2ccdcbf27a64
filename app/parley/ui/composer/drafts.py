"""Draft: what a person has written and pasted and not sent yet. Drafts keeps one for each conversation, on the disk."""

import json
from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer

from parley.errors import ConversationUnknown, StoreError
from parley.store import Store
from parley.ui.tasks import Tasks

FOLD_CHARACTERS = 12_000
"""A paste longer than this is folded: a text field that holds it would stall at every key."""

SAVE_MS = 800
"""How old a draft on the disk may be."""

LARGE, LARGE_SAVE_MS = 500_000, 5000
"""From so many characters on a draft is not written as often: each time it is written whole."""

Place = str | None
"""The conversation that something is written in; None for a new chat."""


class Draft(NamedTuple):
    """The text in the field, and the long pastes folded beside it."""

    text: str = ""
    pasted: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to send."""
        return not self.text.strip() and not self.pasted

    @property
    def whole(self) -> str:
        """Return what is sent: the text, then every paste, with an empty line between."""
        return "\n\n".join(part for part in (self.text.strip(), *self.pasted) if part)

    @property
    def size(self) -> int:
        """Return how many characters there are."""
        return len(self.text) + sum(len(part) for part in self.pasted)

    def after(self, text: str) -> "Draft":
        """Return the draft with a text put before it, which is folded if it is long."""
        if len(text) > FOLD_CHARACTERS:
            return Draft(self.text, (text, *self.pasted))
        return Draft("\n\n".join(part for part in (text, self.text) if part.strip()), self.pasted)

    def to_stored(self) -> str:
        """Return the form in which it is kept; an empty text where there is nothing to keep."""
        return json.dumps(self._asdict(), ensure_ascii=False) if self.text or self.pasted else ""

    @classmethod
    def from_stored(cls, stored: str) -> "Draft":
        """Return what was kept. What another version has kept in a form of its own is taken as plain text."""
        try:
            found = json.loads(stored)
        except ValueError:
            return cls(stored)
        match found:
            case {"text": str(text), "pasted": [*pasted]} if all(isinstance(part, str) for part in pasted):
                return cls(text, tuple(pasted))
        return cls(stored)


class Drafts(QObject):
    """The drafts of all conversations. What is written is on the disk within a second.

    `failed` is called once when that cannot be done, and again only after it has worked in between: what is written
    stays here, and is tried again with the next key.
    """

    def __init__(self, store: Store, tasks: Tasks, failed: Callable[[StoreError], None], parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._tasks = tasks
        self._failed = failed
        self._said = False
        self._unsaved: dict[Place, Draft] = {}
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.save)

    def get(self, place: Place) -> Draft:
        """Return what is written there."""
        return self._unsaved[place] if place in self._unsaved else Draft.from_stored(self._store.drafts.get(place))

    def keep(self, place: Place, draft: Draft) -> None:
        """Remember what is written there; it is saved in a moment."""
        self._unsaved[place] = draft
        if not self._timer.isActive():
            self._timer.start(SAVE_MS if draft.size < LARGE else LARGE_SAVE_MS)

    def save(self) -> None:
        """Save what is not saved yet, at once."""
        self._timer.stop()
        if self._unsaved:
            self._tasks.start(self.saved())

    def forget(self, place: Place) -> None:
        """What was written there has been sent, and the store has removed it."""
        self._unsaved.pop(place, None)

    async def saved(self) -> None:
        """Return once everything is saved, or cannot be."""
        self._timer.stop()
        for place, draft in list(self._unsaved.items()):
            if self._unsaved.get(place) is draft:  # nothing newer, and not sent meanwhile
                await self._save(place, draft)

    async def _save(self, place: Place, draft: Draft) -> None:
        try:
            await self._store.drafts.put(place, draft.to_stored())
        except ConversationUnknown:
            self._unsaved.pop(place, None)  # it has been purged, and the draft with it
        except StoreError as error:
            if not self._said:
                self._said = True
                self._failed(error)
        else:
            self._said = False
            if self._unsaved.get(place) is draft:
                del self._unsaved[place]

"""CardsPage: a page with a card for each thing of one kind, which follows the store while it is in sight."""

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from parley.store import EVERYTHING, Change, Store
from parley.ui.preferences.form_card import FormCard
from parley.ui.preferences.page import Page

GATHER_MS = 50
"""Changes that come within this time are shown together."""

C = TypeVar("C", bound=FormCard[Any])


class CardsPage(Page, Generic[C]):
    """Commands in a terminal, and other windows, are other hands on the same list. `nouns` are what it shows."""

    nouns: ClassVar[frozenset[str]]

    def __init__(self, title: str, store: Store, parent: QWidget) -> None:
        super().__init__(title, parent)
        self._store = store
        self.cards: dict[str, C] = {}
        self._gather = QTimer(self, interval=GATHER_MS, singleShot=True)
        self._gather.timeout.connect(self.refresh)
        self.follow(lambda: store.subscribe(self._change))

    def refresh(self) -> None:
        """Show what there is now."""
        raise NotImplementedError

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def show_fitting(self, words: Sequence[str]) -> bool:
        found = super().show_fitting(words)
        if words and not self.cards:
            self.refresh()
        for card in self.cards.values():
            fits = all(word in card.haystack for word in words)
            card.setVisible(fits)
            found = found or fits
        return found

    def _keep_only(self, ids: set[str]) -> None:
        """Take the cards away of what is gone."""
        for id in set(self.cards) - ids:
            card = self.cards.pop(id)
            card.hide()
            card.deleteLater()

    def _change(self, change: Change) -> None:
        if change.noun in {*self.nouns, EVERYTHING}:
            self._gather.start()

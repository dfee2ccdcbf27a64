"""ProviderCard: one server, how it stands, and what can be done with it."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from parley.providers.catalog import Place
from parley.ui.preferences.endpoint_form import EndpointForm, key_fault_text, test_hint
from parley.ui.preferences.form_card import FormCard
from parley.ui.preferences.row import words_label


class ProviderCard(FormCard[EndpointForm]):
    """A frame with name, address, state and buttons; its form opens below them."""

    test_requested = Signal()
    form_requested = Signal()
    remove_requested = Signal()

    def __init__(self, place: Place, parent: QWidget) -> None:
        super().__init__(parent)
        self.place = place
        endpoint = place.endpoint
        self.haystack = f"{endpoint.name} {endpoint.base_url}".casefold()
        self.setAccessibleName(endpoint.name)
        self._address = words_label(endpoint.base_url, self, "muted")
        self.state = words_label("", self, "muted")
        self.state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.key_place = words_label("", self, "muted")
        self.key_place.hide()
        self.test = self._button(self.tr("Test"), self.tr("Test {provider}"), self.test_requested)
        self.test.setToolTip(test_hint())
        words = self.tr("Key…") if place.kind == "service" else self.tr("Edit…")
        self.edit = self._button(words, self.tr("Change {provider}"), self.form_requested)
        self.edit.setVisible(place.kind != "local")
        self.remove = self._button(self.tr("Remove"), self.tr("Remove {provider}"), self.remove_requested)
        self.remove.setVisible(place.kind == "added")
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for label in (words_label(endpoint.name, self, "title"), self._address, self.key_place, self.state):
            texts.addWidget(label)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        for button in (self.test, self.edit, self.remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.put_side_by_side(texts, buttons)
        self.openers = (self.edit,)

    def show_place(self, place: Place) -> None:
        """Show where the server is now."""
        self.place = place
        self._address.setText(place.endpoint.base_url)

    def show_key_place(self, text: str) -> None:
        """Say where its key is kept, if there is one."""
        self.key_place.setText(text)
        self.key_place.setVisible(bool(text))

    def show_result(self, text: str, *, error: bool = False) -> None:
        """Say how a trial goes, to screen readers too."""
        self.show_state(text, error=error)
        if text:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.state, text))

    def show_key_fault(self) -> None:
        """Say that what is kept as a key is none."""
        self.show_state(key_fault_text(), error=True)

    def set_busy(self, busy: bool) -> None:
        """While a trial runs, its button stops it."""
        words = self.tr("Stop testing {provider}") if busy else self.tr("Test {provider}")
        self.test.setText(self.tr("Stop") if busy else self.tr("Test"))
        self.test.setAccessibleName(words.format(provider=self.place.endpoint.name))

    def show_state(self, text: str, *, error: bool = False) -> None:
        """Say how the server stands."""
        self.state.setProperty("error", error)
        self.state.setProperty("muted", not error)
        self.state.style().unpolish(self.state)
        self.state.style().polish(self.state)
        self.state.setText(text)

    def _button(self, text: str, name: str, signal: object) -> QPushButton:
        button = self.link(text, signal)
        button.setAccessibleName(name.format(provider=self.place.endpoint.name))
        return button

"""ProvidersPage: the model servers of this computer, those that a person has added, and the services with a key."""

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from parley.errors import ChatError, KeyMissing, SettingInvalid
from parley.keychain import KeychainFailed
from parley.options import Options
from parley.providers.catalog import Place
from parley.providers.endpoints import Endpoint
from parley.providers.roster import KEYS
from parley.providers.rows import Removed, RowFaulty, Rows, tidied
from parley.services import Services
from parley.ui.appearance.look import Look
from parley.ui.error_texts import error_text
from parley.ui.notices import Notice
from parley.ui.preferences.endpoint_form import EndpointForm
from parley.ui.preferences.key_words import keeping_text, left_text, place_text
from parley.ui.preferences.page import Page
from parley.ui.preferences.provider_card import ProviderCard
from parley.ui.preferences.resting import resting
from parley.ui.preferences.row import words_label
from parley.ui.preferences.trials import Trials, counted, trouble
from parley.ui.tasks import Tasks

NAMELESS = "server"
"""What a server is called while it is tried out without a name."""


class ProvidersPage(Page):
    """Each server is a card. Cards stay while the servers are asked, so that nothing jumps."""

    listed = Signal()
    """The servers have been asked anew."""

    def __init__(self, services: Services, look: Look, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(self.tr("Providers"), parent)
        self._catalog, self._keys = services.catalog, services.keys
        self._look, self._tasks = look, tasks
        self._trials = Trials(services, tasks)
        self._rows = Rows(services.settings, services.keys, services.catalog)
        self._settings = services.settings
        self._known = self._followed(services.settings.options)
        self._listing = self._wanted = False
        self.cards: dict[str, ProviderCard] = {}
        self.new_form: EndpointForm | None = None
        intro = self.tr("Models come from servers on this computer, or from services that you have a key for.")
        self.add(words_label(intro, self.inside, "muted"))
        self.keeping = words_label("", self.inside, "muted")
        self.add(self.keeping)
        self.move_keys = QPushButton(self.tr("Move my keys into the keychain"), self.inside)
        self.move_keys.clicked.connect(lambda: self._tasks.start(self._move_keys()))
        self.move_keys.hide()
        self.column.addWidget(self.move_keys, 0, Qt.AlignmentFlag.AlignLeading)
        self.problem = words_label("", self.inside, "error")
        self.problem.hide()
        self.add(self.problem)
        self._sections: dict[str, QVBoxLayout] = {}
        self._section("local", self.tr("On this computer"))
        self.absent = words_label("", self.inside, "muted")
        self.absent.setContentsMargins(0, 6, 0, 0)
        self.add(self.absent)
        self._section("added", self.tr("Added by you"))
        self.column.addLayout(self._buttons())
        self._section("service", self.tr("Services"))
        self.end()
        self._sync()

    def entered(self) -> None:
        self.refresh()
        self._tasks.start(self._look_at_keychain())

    def refresh(self) -> None:
        """Ask all servers anew."""
        self._wanted = True
        if not self._listing:
            self._tasks.start(self._list())

    def show_options(self, options: Options) -> None:
        if self._followed(options) != self._known:
            self._known = self._followed(options)
            self._sync()
            if self.isVisible():
                self.refresh()

    def show_fitting(self, words: Sequence[str]) -> bool:
        fits = {id: all(word in card.haystack for word in words) for id, card in self.cards.items()}
        for id, card in self.cards.items():
            card.setVisible(fits[id] and self._is_shown(card.place))
        return any(fits.values()) or all(word in self.title.casefold() for word in words)

    def open_new(self) -> None:
        """Let the person add a server."""
        if self.new_form is None:
            self.new_form = EndpointForm(None, self.inside)
            self.new_form.show_key("")
            self.new_form.show()
            self._wire(self.new_form, None)
            self._sections["added"].addWidget(self.new_form)
            self.add_button.hide()
        self.new_form.name.setFocus()
        self._bring_into_sight(self.new_form)

    def open_form(self, card: ProviderCard) -> None:
        """Let the person change a server."""
        form = EndpointForm(card.place, card)
        form.show_key(self._place_of_key(replace(card.place.endpoint, key_env=())))
        self._wire(form, card)
        card.open_form(form)
        if variable := self._keys.variable(card.place.endpoint.key_env):
            words = self.tr("The key in the environment variable {variable} comes first.")
            form.show_result(words.format(variable=variable))
        (form.key if card.place.kind == "service" else form.address).setFocus()
        self._bring_into_sight(form)

    def _bring_into_sight(self, form: EndpointForm) -> None:
        QTimer.singleShot(0, form, lambda: self.ensureWidgetVisible(form))  # once it has its place

    @staticmethod
    def _followed(options: Options) -> tuple[object, ...]:
        """Return what the servers on show depend on."""
        return options.providers, options.discover

    # --- asking
    async def _list(self) -> None:
        self._listing = True
        for card in self.cards.values():
            if card.place.usable and not card.state.text():
                card.show_state(self.tr("Looking…"))
        try:
            with resting(self.look_again):
                while self._wanted:  # once more if a server was added meanwhile
                    self._wanted = False
                    await self._catalog.models(refresh=True)
        finally:
            self._listing = False
        self._sync()
        self.listed.emit()

    def _test(self, form: EndpointForm, card: ProviderCard | None, *, pasted: bool = False) -> None:
        try:
            endpoint = self._typed(form, card)
        except RowFaulty as error:
            form.show_fault(error.fault)
            return
        form.show_faults({})
        key = form.key.text().strip()
        if pasted:
            self._trials.start(form, endpoint, key)
        else:
            self._trials.toggle(form, endpoint, key)

    # --- keys
    async def _look_at_keychain(self) -> None:
        self._show_keeping(await self._keys.look())

    def _show_keeping(self, failure: KeychainFailed | None) -> None:
        """Say where new keys are kept, and offer the keychain to those that are in the file."""
        self.keeping.setText(keeping_text(self._keys, failure))
        try:
            self.move_keys.setVisible(failure is None and self._keys.in_file)
        except ChatError as error:
            self._show_problem(error_text(error))

    async def _move_keys(self) -> None:
        self.move_keys.setEnabled(False)
        try:
            await self._keys.move()
        except ChatError as error:
            self._show_problem(error_text(error))
        finally:
            self.move_keys.setEnabled(True)
        self._show_keeping(self._keys.failure)
        self._sync()

    # --- changing
    def _typed(self, form: EndpointForm, card: ProviderCard | None) -> Endpoint:
        """Return the endpoint that the form describes. Raises RowFaulty."""
        if card and card.place.kind != "added":
            return card.place.endpoint
        row = tidied(
            form.name.text().strip() or NAMELESS, form.address.text(), form.chosen_dialect, form.key_env.text().strip()
        )
        return Endpoint(row.name, row.name, row.base_url, row.dialect, (row.key_env,) if row.key_env else ())

    def _save(self, form: EndpointForm, card: ProviderCard | None) -> None:
        if form.save.isEnabled():  # Return does not look at that
            form.set_saving(True)
            self._tasks.start(self._keep(form, card))

    async def _keep(self, form: EndpointForm, card: ProviderCard | None) -> None:
        key = form.key.text().strip()
        try:
            if card and card.place.kind == "service":
                if key:
                    await self._keys.keep(card.place.endpoint.id, key)
            else:
                name, address = form.name.text().strip(), form.address.text()
                row = tidied(name, address, form.chosen_dialect, form.key_env.text().strip())
                await self._rows.keep(row, key)
        except RowFaulty as error:
            form.show_fault(error.fault)
        except SettingInvalid:
            form.show_key_fault()
        except ChatError as error:
            form.show_result(error_text(error), error=True)
        else:
            self._close(form, card)
            if key and self._keys.failure:
                self._show_keeping(self._keys.failure)
            self.refresh()
        finally:
            form.set_saving(False)

    async def _forget_key(self, form: EndpointForm, card: ProviderCard) -> None:
        form.set_saving(True)
        try:
            left = await self._keys.forget(card.place.endpoint.id)
        except ChatError as error:
            form.show_result(error_text(error), error=True)
            form.set_saving(False)
            return
        self._close(form, card)
        self.refresh()
        self._show_problem(left_text(left) if left else "")

    async def _remove(self, card: ProviderCard) -> None:
        self._trials.stop(card)
        try:
            removed = await self._rows.remove(card.place.endpoint.id)
        except ChatError as error:
            card.show_state(error_text(error), error=True)
            return
        text = self.tr("“{provider}” was removed.").format(provider=removed.row.name)
        notice = Notice(self._look, text, action=self.tr("Undo"), parent=self.inside)
        self._sections["added"].insertWidget(removed.place, notice)
        notice.acted.connect(lambda: self._tasks.start(self._put_back(removed)))
        for ended in (notice.acted, notice.dismissed):
            ended.connect(notice.hide)
            ended.connect(notice.deleteLater)
        notice.show()

    async def _put_back(self, removed: Removed) -> None:
        try:
            await self._rows.put_back(removed)
        except ChatError as error:
            self._show_problem(error_text(error))

    def _close(self, form: EndpointForm, card: ProviderCard | None) -> None:
        self._trials.stop(form)
        if card:
            card.close_form()
            card.edit.setFocus()
            return
        form.hide()
        form.deleteLater()
        self.new_form = None
        self.add_button.show()
        self.add_button.setFocus()

    # --- showing
    def _sync(self) -> None:
        """Show what the catalog knows now."""
        places = {place.endpoint.id: place for place in sorted(self._catalog.places(), key=_in_order)}
        for id in [id for id in self.cards if id not in places]:
            card = self.cards.pop(id)
            card.hide()
            card.deleteLater()
        for id, place in places.items():
            if id not in self.cards:
                self.cards[id] = self._new_card(place)
            self.cards[id].show_place(place)
            self.cards[id].show_key_place(self._place_of_key(place.endpoint))
            self.cards[id].setVisible(self._is_shown(place))
            self._show_state(self.cards[id])
        absent = [place.endpoint.name for place in places.values() if not self._is_shown(place)]
        if self._settings.options.discover:
            self.absent.setText(self.tr("Not found: {names}.").format(names=", ".join(absent)))
        else:
            self.absent.setText(self.tr("They are not looked for: “Find local servers” is off."))
        self.absent.setVisible(bool(absent) or not self._settings.options.discover)
        keys = self._catalog.problems.get(KEYS)
        self._show_problem(error_text(keys) if keys else "")

    def _show_state(self, card: ProviderCard) -> None:
        place = card.place
        problem = self._catalog.problems.get(place.endpoint.id)
        if problem:
            card.show_state(trouble(problem), error=not isinstance(problem, KeyMissing))
        elif not place.usable:
            card.show_state(self.tr("Needs a key") if place.kind == "service" else self.tr("Not found"))
        else:
            models = [model for model in self._catalog.cached_models() if model.provider == place.endpoint.id]
            known = models or not self._catalog.stale
            card.show_state(counted(models) if known else "")

    def _show_problem(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def _new_card(self, place: Place) -> ProviderCard:
        card = ProviderCard(place, self.inside)
        card.test_requested.connect(lambda: self._trials.toggle(card, card.place.endpoint))
        card.form_requested.connect(lambda: self.open_form(card))
        card.remove_requested.connect(lambda: self._tasks.start(self._remove(card)))
        self._sections[place.kind].addWidget(card)
        return card

    def _wire(self, form: EndpointForm, card: ProviderCard | None) -> None:
        form.test_requested.connect(lambda: self._test(form, card))
        form.key_pasted.connect(lambda: self._test(form, card, pasted=True))
        form.save_requested.connect(lambda: self._save(form, card))
        form.cancelled.connect(lambda: self._close(form, card))
        if card:
            form.key_removal_requested.connect(lambda: self._tasks.start(self._forget_key(form, card)))

    def _is_shown(self, place: Place) -> bool:
        return place.kind != "local" or place.usable or place.endpoint.id == "ollama"

    def _place_of_key(self, endpoint: Endpoint) -> str:
        try:
            return place_text(self._keys, endpoint)
        except ChatError as error:
            self._show_problem(error_text(error))
            return ""

    def _section(self, kind: str, title: str) -> None:
        self.add_heading(title)
        self._sections[kind] = QVBoxLayout()
        self._sections[kind].setSpacing(8)
        self.column.addLayout(self._sections[kind])

    def _buttons(self) -> QHBoxLayout:
        self.add_button = QPushButton(self.tr("Add a server…"), self.inside)
        self._look.dress(self.add_button, "plus")
        self.add_button.clicked.connect(self.open_new)
        self.look_again = QPushButton(self.tr("Look again"), self.inside)
        self._look.dress(self.look_again, "refresh")
        self.look_again.clicked.connect(self.refresh)
        line = QHBoxLayout()
        line.setContentsMargins(0, 8, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.add_button)
        line.addWidget(self.look_again)
        line.addStretch(1)
        return line


def _in_order(place: Place) -> str:
    """Return what the cards are sorted by: services are looked up by name, the others stay as they are."""
    return place.endpoint.name.casefold() if place.kind == "service" else ""

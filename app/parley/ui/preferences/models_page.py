"""ModelsPage: the models that Ollama keeps. They are listed, fetched, looked at and deleted here."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from parley.errors import ChatError
from parley.providers.library import libraries
from parley.services import Services
from parley.ui.appearance.look import Look
from parley.ui.error_texts import error_text
from parley.ui.models.downloads import Downloads
from parley.ui.preferences.library_section import LibrarySection
from parley.ui.preferences.model_card import ModelCard
from parley.ui.preferences.page import Page
from parley.ui.preferences.row import words_label
from parley.ui.tasks import Tasks

OLLAMA = "https://ollama.com/download"


class ModelsPage(Page):
    """A section for each server that keeps models; without one, how to get it."""

    listed = Signal()
    """Models have come or gone."""

    link_opened = Signal(str)

    def __init__(self, services: Services, look: Look, tasks: Tasks, downloads: Downloads, parent: QWidget) -> None:
        super().__init__(self.tr("Models"), parent)
        self._services, self._catalog, self._tasks = services, services.catalog, tasks
        self._downloads = downloads
        self._looking = self._wanted = False
        self.sections: dict[str, LibrarySection] = {}
        intro = self.tr("Models that Ollama keeps on your own computer: free, and nothing you write leaves it.")
        self.add(words_label(intro, self.inside, "muted"))
        self.state = words_label("", self.inside, "muted")
        self.state.setContentsMargins(0, 12, 0, 0)
        self.add(self.state)
        self.absent = self._made_absent(look)
        self.absent.hide()
        self.add(self.absent)
        self._column = QVBoxLayout()
        self.column.addLayout(self._column)
        self.end()
        downloads.finished.connect(lambda _download: self._look_again())

    def entered(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Ask the servers anew."""
        self._wanted = True
        if not self._looking:
            self._tasks.start(self._look())

    def show_fitting(self, words: Sequence[str]) -> bool:
        cards = [card for section in self.sections.values() for card in section.cards.values()]
        fits = {card: all(word in card.haystack for word in words) for card in cards}
        for card, fit in fits.items():
            card.setVisible(fit)
        itself = f"{self.title} ollama".casefold()
        return any(fits.values()) or all(word in itself for word in words)

    def _look_again(self) -> None:
        if self.isVisible():
            self.refresh()

    async def _look(self) -> None:
        self._looking = True
        self.look_again.setEnabled(False)
        if not self.sections:
            self.state.setText(self.tr("Looking…"))
            self.state.show()
        try:
            while self._wanted:
                self._wanted = False
                await self._catalog.models(refresh=True)
                await self._sync()
        finally:
            self._looking = False
            self.look_again.setEnabled(True)
            self.state.hide()
        self.listed.emit()

    async def _sync(self) -> None:
        """Show what the servers say now."""
        found = {library.id: library for library in libraries(self._catalog.providers())}
        for id in [id for id, section in self.sections.items() if found.get(id) is not section.library]:
            section = self.sections.pop(id)
            section.hide()
            section.deleteLater()
        for library in found.values():
            first = library.id not in self.sections
            if first:
                self.sections[library.id] = self._made_section(LibrarySection(library, self._downloads, self.inside))
            await self._fill(self.sections[library.id], first=first)
        looks = self._services.settings.options.discover
        off = self.tr("Ollama is not looked for: “Find local servers” is off under Behaviour.")
        self.absent_title.setText(self.tr("Ollama is not running") if looks else off)
        self.absent.setVisible(not found)

    async def _fill(self, section: LibrarySection, *, first: bool = False) -> None:
        try:
            models = await section.library.installed()
            loaded = {model.name: model for model in await section.library.loaded()}
            section.show_version(await section.library.version())
        except ChatError as error:
            section.show_problem(f"{error_text(error)}\n{error.detail}".strip())
            return
        section.show_problem("")
        section.show_models(models, loaded, self._services.settings.options.default_model, first=first)

    async def _show_details(self, section: LibrarySection, card: ModelCard) -> None:
        try:
            card.show_details(await section.library.details(card.model.name))
        except ChatError as error:
            card.details.setChecked(False)
            card.show_problem(error_text(error))

    async def _unload(self, section: LibrarySection, card: ModelCard) -> None:
        try:
            await section.library.unload(card.model.name)
        except ChatError as error:
            card.show_problem(error_text(error))
            return
        await self._fill(section)

    async def _delete(self, section: LibrarySection, card: ModelCard) -> None:
        card.sure.setEnabled(False)
        try:
            await section.library.delete(card.model.name)
        except ChatError as error:
            card.sure.setEnabled(True)
            card.leave()
            card.show_problem(error_text(error))
            return
        section.field.setFocus()
        self.refresh()

    def _made_section(self, section: LibrarySection) -> LibrarySection:
        start = self._tasks.start
        section.details_requested.connect(lambda card: start(self._show_details(section, card)))
        section.unload_requested.connect(lambda card: start(self._unload(section, card)))
        section.delete_requested.connect(lambda card: start(self._delete(section, card)))
        self._column.addWidget(section)
        section.show()
        return section

    def _made_absent(self, look: Look) -> QWidget:
        absent = QWidget(self.inside)
        self.absent_title = words_label("", absent, "title")
        steps = (
            self.tr("1. Install Ollama from its website, if you have not yet."),
            self.tr("2. Start it. It waits in the background."),
            self.tr("3. Come back and look again."),
        )
        self.install = QPushButton(self.tr("Open ollama.com"), absent)
        self.install.clicked.connect(lambda: self.link_opened.emit(OLLAMA))
        self.look_again = QPushButton(self.tr("Look again"), absent)
        look.dress(self.look_again, "refresh")
        self.look_again.clicked.connect(self.refresh)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.install)
        line.addWidget(self.look_again)
        line.addStretch(1)
        column = QVBoxLayout(absent)
        column.setContentsMargins(0, 16, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.absent_title)
        for step in steps:
            column.addWidget(words_label(step, absent))
        column.addSpacing(6)
        column.addLayout(line)
        return absent

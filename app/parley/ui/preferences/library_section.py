"""LibrarySection: one server that keeps models: what it has, what is on its way, and a field to get another one."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from parley.models import Model
from parley.providers.library import LoadedModel, ModelLibrary
from parley.providers.ollama_library import pulled_name
from parley.providers.suggestions import memory_bytes, suggested
from parley.ui.models.download_bar import DownloadBar, bytes_text
from parley.ui.models.downloads import Download, Downloads
from parley.ui.models.long_words import breakable
from parley.ui.models.offer_button import OfferButton
from parley.ui.models.suggestion_texts import suggestion_text
from parley.ui.preferences.model_card import ModelCard
from parley.ui.preferences.row import words_label


class LibrarySection(QWidget):
    """The models of one server."""

    details_requested = Signal(object)
    unload_requested = Signal(object)
    delete_requested = Signal(object)

    def __init__(self, library: ModelLibrary, downloads: Downloads, parent: QWidget) -> None:
        super().__init__(parent)
        self.library = library
        self._downloads = downloads
        self.cards: dict[str, ModelCard] = {}
        self.bars: dict[Download, DownloadBar] = {}
        self.offers: list[OfferButton] = []
        self.heading = words_label(library.name, self, "muted")
        self.heading.setContentsMargins(0, 16, 0, 4)
        self.problem = words_label("", self, "error")
        self.problem.hide()
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(self.tr("A model’s name, such as qwen3:4b"))
        self.field.setAccessibleName(self.tr("Model to get for {server}").format(server=library.name))
        self.field.setClearButtonEnabled(True)
        self.field.returnPressed.connect(self._get_typed)
        self.get = QPushButton(self.tr("Get"), self)
        self.get.setAccessibleName(self.tr("Get the model for {server}").format(server=library.name))
        self.get.clicked.connect(self._get_typed)
        self.get.setEnabled(False)
        self.field.textChanged.connect(lambda text: self.get.setEnabled(bool(pulled_name(text))))
        self.more = QPushButton(self.tr("Suggestions"), self)
        self.more.setProperty("kind", "link")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._show_offers)
        self.fit = words_label("", self, "muted")
        self._bars = _column()
        self._cards = _column()
        self._offers = _column()
        self._arrange()
        downloads.changed.connect(self._sync_bars)
        self._sync_bars()
        self._show_offers(False)

    def show_version(self, version: str) -> None:
        """Say which version the server has."""
        self.heading.setText(f"{self.library.name} {version}".strip())

    def show_models(
        self, models: Sequence[Model], loaded: Mapping[str, LoadedModel], default: str, *, first: bool
    ) -> None:
        """Show what the server has. Cards stay, so that nothing jumps. `first`: nothing was known before."""
        names = [model.name for model in models]
        for name in [name for name in self.cards if name not in names]:
            card = self.cards.pop(name)
            card.hide()
            card.deleteLater()
        for place, model in enumerate(models):
            if model.name not in self.cards:
                self.cards[model.name] = self._made_card(model)
                self._cards.insertWidget(place, self.cards[model.name])
            self.cards[model.name].show_model(model, loaded.get(model.name), is_default=model.id == default)
        if first and not any(model.purpose == "chat" for model in models):
            self.more.setChecked(True)
        self._show_offers(self.more.isChecked())

    def show_problem(self, text: str) -> None:
        """Say why the server's models are not known."""
        self.problem.setText(breakable(text))
        self.problem.setVisible(bool(text))

    def fetch(self, name: str) -> None:
        """Get a model."""
        self._downloads.fetch(self.library, name)

    def _get_typed(self) -> None:
        if name := pulled_name(self.field.text()):
            self.fetch(name)
            self.field.clear()

    def _sync_bars(self) -> None:
        """Show the downloads that there are."""
        mine = [one for one in self._downloads.all if one.library.id == self.library.id]
        for download in [one for one in self.bars if one not in mine]:
            bar = self.bars.pop(download)
            had_focus = any(button.hasFocus() for button in (bar.stop, bar.go_on, bar.dismiss))
            bar.hide()
            bar.deleteLater()
            if had_focus:
                self.field.setFocus()
        for download in mine:
            if download not in self.bars:
                bar = DownloadBar(download, self)
                bar.stop_requested.connect(partial(self._downloads.stop, download))
                bar.go_on_requested.connect(partial(self._downloads.go_on, download))
                bar.dismiss_requested.connect(partial(self._downloads.dismiss, download))
                self._bars.addWidget(bar)
                bar.show()
                QWidget.setTabOrder(self.more, bar.stop)
                QWidget.setTabOrder(bar.stop, bar.go_on)
                QWidget.setTabOrder(bar.go_on, bar.dismiss)
                self.bars[download] = bar

    def _show_offers(self, shown: bool) -> None:
        memory = memory_bytes() if self.library.local else None
        offered = [one for one in suggested(memory) if not self._has(one.name)]
        while self.offers:
            button = self.offers.pop()
            self._offers.removeWidget(button)
            button.hide()
            button.deleteLater()
        for suggestion in offered if shown else ():
            button = OfferButton(suggestion_text(suggestion), self)
            button.setAccessibleName(self.tr("Get {model}").format(model=suggestion_text(suggestion)))
            button.clicked.connect(partial(self._take, suggestion.name))
            self._offers.addWidget(button)
            button.show()
            QWidget.setTabOrder(self.offers[-1] if self.offers else self.more, button)
            self.offers.append(button)
        self.more.setVisible(bool(offered))
        if memory is None:
            self.fit.setText(self.tr("These run on most computers."))
        else:
            words = self.tr("These fit this computer, which has {memory} of memory.")
            self.fit.setText(words.format(memory=bytes_text(memory)))
        self.fit.setVisible(shown and bool(offered))

    def _take(self, name: str, _checked: bool = False) -> None:
        self.fetch(name)
        self._show_offers(self.more.isChecked())
        self.field.setFocus()

    def _has(self, name: str) -> bool:
        under_way = [one.name for one in self._downloads.all if one.library.id == self.library.id]
        return any(full in self.cards or full in under_way for full in (name, f"{name}:latest"))

    def _made_card(self, model: Model) -> ModelCard:
        card = ModelCard(model, self)
        card.details_requested.connect(lambda: self.details_requested.emit(card))
        card.unload_requested.connect(lambda: self.unload_requested.emit(card))
        card.delete_requested.connect(lambda: self.delete_requested.emit(card))
        card.show()
        return card

    def _arrange(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.field, 1)
        line.addWidget(self.get)
        line.addWidget(self.more)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self.heading, self.problem):
            column.addWidget(part)
        column.addLayout(line)
        column.addWidget(self.fit)
        column.addLayout(self._offers)
        column.addLayout(self._bars)
        column.addLayout(self._cards)


def _column() -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(8)
    return column

"""FirstSteps: what a first start shows in an empty chat. Find a model, choose it, write. It only shows and tells."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from parley.models import Model
from parley.providers.suggestions import Suggestion
from parley.ui.models.download_bar import DownloadBar
from parley.ui.models.downloads import Download
from parley.ui.models.offer_button import OfferButton
from parley.ui.models.suggestion_texts import suggestion_text

MOST = 4
"""So many models are offered here; the rest is in the picker."""


class FirstSteps(QWidget):
    """The steps, one at a time."""

    install_requested = Signal()
    service_requested = Signal()
    look_requested = Signal()
    local_requested = Signal()
    picker_requested = Signal()
    fetch_requested = Signal(str)
    library_requested = Signal()
    stop_requested = Signal(object)
    go_on_requested = Signal(object)
    dismiss_requested = Signal(object)
    chosen = Signal(str)
    skipped = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._names = [
            QLabel(words, self) for words in (self.tr("Find a model"), self.tr("Choose it"), self.tr("Write"))
        ]
        names = QHBoxLayout()
        names.setSpacing(8)
        names.addStretch(1)
        for number, label in enumerate(self._names):
            if number:
                names.addWidget(self._muted("·"))
            names.addWidget(label)
        names.addStretch(1)
        self.heading = QLabel(self)
        self.heading.setObjectName("welcome")
        self.words = self._muted("")
        for label in (self.heading, self.words):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Looking for models"))
        self.buttons: list[OfferButton] = []
        self.download: DownloadBar | None = None
        self._had_focus = False
        self._choices = QVBoxLayout()
        self._choices.setSpacing(8)
        self.skip = QPushButton(self.tr("Skip"), self)
        self.skip.setProperty("kind", "link")
        self.skip.clicked.connect(self.skipped)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(names)
        column.addSpacing(8)
        for part in (self.heading, self.words, self.bar):
            column.addWidget(part)
        column.addSpacing(8)
        column.addLayout(self._choices)
        column.addWidget(self.skip, 0, Qt.AlignmentFlag.AlignHCenter)

    def show_looking(self) -> None:
        """Say that the servers are being asked."""
        self._show(0, self.tr("Looking for models…"), self.tr("On this computer, and where you have a key."))
        self.bar.show()

    def show_none(self, *, empty_server: str, looks: bool) -> None:
        """Say that there is no model, and how to get one. `empty_server` runs without one."""
        if empty_server:
            words = self.tr("{server} is running, but has no model yet. Load one there, then look again.")
            words = words.format(server=empty_server)
        elif looks:
            words = self.tr(
                "None was found on this computer. Ollama is a free program that runs models here: "
                "install it from ollama.com, start it, and look again."
            )
        else:
            words = self.tr("Servers on this computer are not looked for: that is off in the settings.")
        self._show(0, self.tr("Find a model"), words)
        if not looks:
            self._offer(self.tr("Look on this computer"), self.local_requested.emit)
        elif not empty_server:
            self._offer(self.tr("Install Ollama"), self.install_requested.emit)
        self._offer(self.tr("Connect a service with a key"), self.service_requested.emit)
        self._offer(self.tr("Look again"), self.look_requested.emit)

    def show_library(self, server: str, suggestions: Sequence[Suggestion]) -> None:
        """Offer models that a server can fetch, which has none."""
        words = self.tr("{server} is running, but has no model yet. These fit your computer; a click gets one.")
        self._show(0, self.tr("Get a model"), words.format(server=server))
        for suggestion in suggestions:
            self._offer(suggestion_text(suggestion), partial(self.fetch_requested.emit, suggestion.name))
        self._offer(self.tr("Another model…"), self.library_requested.emit)
        self._offer(self.tr("Connect a service with a key"), self.service_requested.emit)
        self._offer(self.tr("Look again"), self.look_requested.emit)

    def show_download(self, download: Download) -> None:
        """Show how far a model is that is being fetched."""
        if self.download is not None and self.download.download is download:
            return
        words = self.tr("That takes a while. You can look around meanwhile; it goes on.")
        self._show(0, self.tr("Getting a model"), words)
        self.download = bar = DownloadBar(download, self)
        bar.stop_requested.connect(partial(self.stop_requested.emit, download))
        bar.go_on_requested.connect(partial(self.go_on_requested.emit, download))
        bar.dismiss_requested.connect(partial(self.dismiss_requested.emit, download))
        self._choices.addWidget(bar)
        bar.show()
        self._pass_focus(bar.stop)

    def show_models(self, models: Sequence[Model], names: Sequence[str]) -> None:
        """Offer models, with the names of their providers."""
        self._show(1, self.tr("Choose a model"), self.tr("It answers new chats. You can change it for each chat."))
        for model, name in list(zip(models, names, strict=True))[:MOST]:
            self._offer(f"{model.label or model.name}  ·  {name}", partial(self.chosen.emit, model.id))
        if len(models) > MOST:
            self._offer(self.tr("All {count} models…").format(count=len(models)), self.picker_requested.emit)

    def _show(self, step: int, heading: str, words: str) -> None:
        self._had_focus = self._had_focus or self._has_focus()
        for number, label in enumerate(self._names):
            label.setProperty("title", number == step)
            label.setProperty("muted", number != step)
            label.style().unpolish(label)
            label.style().polish(label)
        self.heading.setText(heading)
        self.words.setText(words)
        self.bar.hide()
        if self.download:
            self.download.hide()
            self.download.deleteLater()
            self.download = None
        while self.buttons:
            button = self.buttons.pop()
            self._choices.removeWidget(button)
            button.hide()
            button.deleteLater()

    def _offer(self, text: str, act: Callable[[], object]) -> None:
        button = OfferButton(text, self)
        button.setAccessibleName(text)
        button.clicked.connect(lambda _checked=False: act())
        self._choices.addWidget(button)
        self.buttons.append(button)
        button.show()
        self._pass_focus(button)

    def _has_focus(self) -> bool:
        bar = self.download
        return any(
            button.hasFocus() for button in (*self.buttons, *((bar.stop, bar.go_on, bar.dismiss) if bar else ()))
        )

    def _pass_focus(self, button: QPushButton) -> None:
        """Let the keyboard stay among the steps when what it was on has gone."""
        if self._had_focus:
            self._had_focus = False
            button.setFocus()

    def _muted(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setProperty("muted", True)
        return label

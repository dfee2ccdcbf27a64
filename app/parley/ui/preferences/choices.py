"""Editors that choose from what there is: a model, a language."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QLocale, Signal
from PySide6.QtWidgets import QWidget

from parley.messages import Model
from parley.paths import translations
from parley.services import Services
from parley.ui.appearance.look import Look
from parley.ui.error_texts import error_text
from parley.ui.models.pickers import ModelPopup
from parley.ui.preferences.choice_button import ChoiceButton
from parley.ui.preferences.editors import Editor
from parley.ui.tasks import Tasks


class ModelEditor(Editor):
    """A model, chosen in the same list as for a chat; or the first one that is found."""

    providers_requested = Signal()

    def __init__(self, services: Services, look: Look, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(parent)
        self._catalog = services.catalog
        self._tasks = tasks
        self._value = ""
        self._first = ""
        self.button = ChoiceButton(look, self)
        self.popup = ModelPopup(look, parent)
        self.button.clicked.disconnect()
        self.button.clicked.connect(self._open)
        self.popup.chosen.connect(self.edited.emit)
        self.popup.refresh_requested.connect(lambda: self._tasks.start(self._look(refresh=True)))
        self.popup.providers_requested.connect(self.providers_requested)
        self.line.addWidget(self.button)

    def show_value(self, value: Any) -> None:
        self._value = str(value)
        if self._value:
            words = self._label(self._catalog.cached_models())
        elif self._first:
            words = self.tr("First found ({model})").format(model=self._first.partition("/")[2])
        else:
            words = self.tr("First found")
        self.button.show_words(words)
        self.button.setToolTip(self._value)

    def set_name(self, name: str, help: str) -> None:
        self.button.set_name(name)
        self.button.setAccessibleDescription(help)

    def _label(self, models: Sequence[Model]) -> str:
        return next((model.label or model.name for model in models if model.id == self._value), self._value)

    def _open(self) -> None:
        self._fill()
        self.popup.open_at(self.button, self.window())
        self._tasks.start(self._look())

    async def _look(self, refresh: bool = False) -> None:
        self.popup.set_busy(True)
        try:
            await self._catalog.models(refresh)
            self._first = "" if self._value else await self._catalog.default_model()
        finally:
            self.popup.set_busy(False)
        self._fill()

    def _fill(self) -> None:
        names = {provider.id: provider.name for provider in self._catalog.providers()}
        problems = [(names.get(id, id), error_text(error)) for id, error in self._catalog.problems.items()]
        self.popup.show_models(self._catalog.cached_models(), names, problems, self._value)
        self.show_value(self._value)


class LanguageEditor(Editor):
    """A language that there are words for, in its own name."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.button = ChoiceButton(look, self)
        self.button.chosen.connect(self.edited.emit)
        self.line.addWidget(self.button)

    def show_value(self, value: Any) -> None:
        codes = {"en", *(file.stem.partition("_")[2] for file in translations().glob("parley_*.qm"))}
        codes |= {str(value)} - {""}
        named = sorted((language_name(code).casefold(), code) for code in codes)
        choices = [("", self.tr("As the system")), *((code, language_name(code)) for _, code in named)]
        self.button.offer(choices, str(value))

    def set_name(self, name: str, help: str) -> None:
        self.button.set_name(name)
        self.button.setAccessibleDescription(help)


def language_name(code: str) -> str:
    """Return what those who speak a language call it."""
    locale = QLocale(code)
    name = locale.nativeLanguageName() if locale.language() != QLocale.Language.C else ""
    territory = f" ({locale.nativeTerritoryName()})" if name and "_" in code else ""
    return f"{name[:1].upper()}{name[1:]}{territory}" if name else code

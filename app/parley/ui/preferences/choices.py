"""Editors that choose from what there is: words, a model, a language, dictionaries, a tray."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QLocale, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QPushButton, QSystemTrayIcon, QWidget

from parley.engine import ChatEngine
from parley.models import Model
from parley.paths import translations
from parley.services import Services
from parley.ui.appearance.look import Look
from parley.ui.composer.dictionaries import Found, look_for
from parley.ui.composer.spelling import OFF, languages_in
from parley.ui.error_texts import error_text
from parley.ui.models.pickers import ModelPopup
from parley.ui.preferences.choice_button import ChoiceButton
from parley.ui.preferences.editors import Editor, Segments, translated
from parley.ui.program.languages import spoken
from parley.ui.tasks import Tasks

NEUTRAL = {"en": "en_001", "es": "es_AR"}
"""Languages that Qt calls by their largest country, and where they are called by their own name."""


class WordsEditor(Editor):
    """One of a few whose words are long."""

    def __init__(self, choices: Mapping[str, str], look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._choices = [(value, translated(words)) for value, words in choices.items()]
        self.button = ChoiceButton(look, self)
        self.button.chosen.connect(self.edited.emit)
        self.line.addWidget(self.button)

    def show_value(self, value: Any) -> None:
        self.button.offer(self._choices, str(value))

    def set_name(self, name: str, help: str) -> None:
        self.button.set_name(name)
        self.button.setAccessibleDescription(help)


class TrayEditor(Segments):
    """Whether to stay in the tray, if there is one."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        there = QSystemTrayIcon.isSystemTrayAvailable()
        self.buttons["tray"].setEnabled(there)
        self.noted.emit("" if there else self.tr("This desktop has no tray: closing quits."))


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
        words = self._label(self._catalog.cached_models()) if self._value else self._words_for_none()
        self.button.show_words(words)
        self.button.setToolTip(self._value)

    def set_name(self, name: str, help: str) -> None:
        self.button.set_name(name)
        self.button.setAccessibleDescription(help)

    def _words_for_none(self) -> str:
        if self._first:
            return self.tr("First found ({model})").format(model=self._first.partition("/")[2])
        return self.tr("First found")

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


class FallbackEditor(ModelEditor):
    """A model, or none."""

    def _words_for_none(self) -> str:
        return self.tr("None")


class LanguageEditor(Editor):
    """A language that there are words for, in its own name. A restart that would stop answers says so first."""

    restart_requested = Signal()

    def __init__(self, engine: ChatEngine, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._engine = engine
        self._warned = False
        self.button = ChoiceButton(look, self)
        self.button.chosen.connect(self.edited.emit)
        self.restart = QPushButton(self.tr("Restart now"), self)
        self.restart.setProperty("kind", "link")
        self.restart.clicked.connect(self._restart)
        self.line.addWidget(self.restart)
        self.line.addWidget(self.button)

    def show_value(self, value: Any) -> None:
        other = str(value) != spoken()
        self.restart.setVisible(other)
        if self._warned and not other:
            self._warn(on=False)
        codes = {"en", *(file.stem.partition("_")[2] for file in translations().glob("parley_*.qm"))}
        codes |= {str(value)} - {""}
        named = sorted((language_name(code).casefold(), code) for code in codes)
        choices = [("", self.tr("As the system")), *((code, language_name(code)) for _, code in named)]
        self.button.offer(choices, str(value))

    def set_name(self, name: str, help: str) -> None:
        self.button.set_name(name)
        self.button.setAccessibleDescription(help)

    def _restart(self) -> None:
        if self._engine.answering and not self._warned:
            self._warn(on=True)
        else:
            self.restart_requested.emit()

    def _warn(self, *, on: bool) -> None:
        self._warned = on
        self.restart.setText(self.tr("Restart anyway") if on else self.tr("Restart now"))
        words = self.tr("An answer is still coming. A restart stops it; what has come is kept, and can be continued.")
        self.noted.emit(words if on else "")


class SpellingEditor(Editor):
    """The dictionaries to use: those of the system's languages, some of those that are installed, or none."""

    def __init__(self, look: Look, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._value = ""
        self._found = Found()
        self.button = ChoiceButton(look, self)
        self.button.chosen.connect(self._choose)
        self.line.addWidget(self.button)

    def show_value(self, value: Any) -> None:
        self._value = str(value)
        named = self._named
        languages = [*dict.fromkeys((*self._found.installed, *named))]
        choices = [("", self.tr("As the system")), *((name, language_name(name)) for name in languages)]
        self.button.offer([*choices, (OFF, self.tr("Off"))], self._value, also=named)
        if named:
            self.button.show_words(", ".join(map(language_name, named)))
        if self.isVisible():
            self._tasks.start(self._look())

    def set_name(self, name: str, help: str) -> None:
        self.button.set_name(name)
        self.button.setAccessibleDescription(help)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tasks.start(self._look())

    @property
    def _named(self) -> list[str]:
        return languages_in(self._value) if self._value.strip() else []

    def _choose(self, picked: str) -> None:
        """Take a dictionary to the others, or from them."""
        if picked in ("", OFF):
            self.edited.emit(picked)
            return
        named = self._named
        kept = [name for name in named if name != picked] if picked in named else [*named, picked]
        self.edited.emit(", ".join(kept))

    async def _look(self) -> None:
        """See which dictionaries there are, and say which of them are used."""
        wanted = languages_in(self._value)
        found = await asyncio.to_thread(look_for, wanted)
        if found.installed != self._found.installed:
            self._found = found
            self.show_value(self._value)
            return
        if wanted != languages_in(self._value):
            return
        self.noted.emit(self._note(wanted, found))

    def _note(self, wanted: Sequence[str], found: Found) -> str:
        if not wanted:
            return ""
        if not found.works:
            return self.tr("Spelling is not checked: Hunspell, which does that, is not installed.")
        if not found.used:
            language = language_name(wanted[0])
            return self.tr("Spelling is not checked: no dictionary for {language} is installed.").format(
                language=language
            )
        return self.tr("In use: {dictionaries}").format(dictionaries=", ".join(map(language_name, found.used)))


def language_name(code: str) -> str:
    """Return what those who speak a language call it."""
    locale = QLocale(NEUTRAL.get(code, code))
    name = locale.nativeLanguageName() if locale.language() != QLocale.Language.C else ""
    territory = f" ({locale.nativeTerritoryName()})" if name and "_" in code and not _is_regional(locale) else ""
    return f"{name[:1].upper()}{name[1:]}{territory}" if name else code


def _is_regional(locale: QLocale) -> bool:
    """Return whether the language has a name for how it is spoken there, such as “British English”."""
    language = QLocale.languageToCode(locale.language())
    return locale.nativeLanguageName() != QLocale(NEUTRAL.get(language, language)).nativeLanguageName()

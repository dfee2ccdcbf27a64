"""OptionsPage: the rows of one page of the settings table. A new option appears here by itself."""

from collections.abc import Mapping
from dataclasses import Field
from typing import Any

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QWidget

from parley.errors import ChatError, SettingInvalid
from parley.options import Options, values_of, visible_options
from parley.options import Page as PageName
from parley.services import Services
from parley.settings import Settings
from parley.ui.appearance.look import Look
from parley.ui.error_texts import error_text
from parley.ui.preferences.choices import (
    FallbackEditor,
    LanguageEditor,
    ModelEditor,
    SpellingEditor,
    TrayEditor,
    WordsEditor,
)
from parley.ui.preferences.editors import Editor, Line, Lines, Number, Segments, Switch, translated
from parley.ui.preferences.network_editors import AuthorityEditor, ProxyEditor
from parley.ui.preferences.page import Page
from parley.ui.preferences.row import Row
from parley.ui.tasks import Tasks

MOST_IN_SIGHT = 40
"""Choices of more letters together have no room beside each other."""

WIDE = ("lines", "proxy", "file")
"""Editors that need the whole width, below their words."""


class OptionRow(Row):
    """One option of the table. What is chosen is set and saved at once; what is no value says why."""

    def __init__(self, found: Field[Any], settings: Settings, editor: Editor, look: Look, parent: QWidget) -> None:
        label, help = translated(found.metadata["label"]), translated(found.metadata["help"])
        super().__init__(label, help, editor, look, parent, below=found.metadata.get("editor") in WIDE)
        self.haystack += f" {found.name}".casefold()
        self.editor = editor
        self.key = found.name
        self._found = found
        self._settings = settings
        editor.set_name(label, help)
        editor.edited.connect(self.set_value)
        editor.noted.connect(self.show_note)
        editor.refused.connect(lambda: self.show_problem(expectation(found)))
        self.reset.connect(lambda: self.set_value(found.default))
        self.show_options(settings.options)

    def set_value(self, value: Any) -> None:
        """Set the option, or say why that cannot be."""
        try:
            self._settings.update(**{self.key: value})
        except SettingInvalid:
            self.show_problem(expectation(self._found))
        except ChatError as error:
            self.show_problem(error_text(error))
        else:
            self.show_options(self._settings.options)
            self.show_problem("")

    def show_options(self, options: Options) -> None:
        """Show what is set now."""
        value = getattr(options, self.key)
        self.editor.show_value(value)
        self.show_changed(value != self._found.default)


class OptionsPage(Page):
    """Options of the table."""

    providers_requested = Signal()
    restart_requested = Signal()

    def __init__(
        self, title: str, name: PageName, services: Services, look: Look, tasks: Tasks, parent: QWidget
    ) -> None:
        super().__init__(title, parent)
        self._services, self._look, self._tasks = services, look, tasks
        self.options: dict[str, OptionRow] = {}
        self._add_options(name)

    def show_options(self, options: Options) -> None:
        for row in self.options.values():
            row.show_options(options)

    def _add_options(self, name: PageName) -> None:
        for found in visible_options(name):
            row = OptionRow(found, self._services.settings, self._editor(found), self._look, self.inside)
            self.options[found.name] = row
            self.add(row)

    def _editor(self, found: Field[Any]) -> Editor:
        facts, kind = found.metadata, values_of(found)
        match facts.get("editor"):
            case "model" | "fallback" as kind_of_model:
                make = ModelEditor if kind_of_model == "model" else FallbackEditor
                editor = make(self._services, self._look, self._tasks, self.inside)
                editor.providers_requested.connect(self.providers_requested)
                return editor
            case "language":
                speaks = LanguageEditor(self._services.engine, self._look, self.inside)
                speaks.restart_requested.connect(self.restart_requested)
                return speaks
            case "spelling":
                return SpellingEditor(self._look, self._tasks, self.inside)
            case "tray":
                return TrayEditor(facts["choices"], self.inside)
            case "lines":
                return Lines(self.inside)
            case "proxy":
                return ProxyEditor(self._services.keys, self._tasks, self.inside)
            case "file":
                return AuthorityEditor(self._tasks, self.inside)
        if isinstance(kind, tuple):
            return self._choice(facts["choices"])
        if kind is bool:
            return Switch(self._look, self.inside)
        if kind in (int, float):
            return Number(kind is int, facts.get("unit", ""), facts.get("step", 0), self._look, self.inside)
        return Line(self.inside)

    def _choice(self, choices: Mapping[str, str]) -> Editor:
        """Return an editor with all choices in sight, or a menu of them where they are long."""
        if sum(len(translated(words)) for words in choices.values()) > MOST_IN_SIGHT:
            return WordsEditor(choices, self._look, self.inside)
        return Segments(choices, self.inside)


def expectation(found: Field[Any]) -> str:
    """Return in the person's language which values an option takes."""
    low, high = found.metadata.get("minimum"), found.metadata.get("maximum")
    if values_of(found) is int:
        words = QCoreApplication.translate("Settings", "A whole number from {low} to {high}.")
    elif values_of(found) is float:
        words = QCoreApplication.translate("Settings", "A number from {low} to {high}.")
    elif found.metadata.get("editor") == "proxy":
        return QCoreApplication.translate("Settings", "An address such as http://proxy.example:8080, or “none”.")
    elif found.name == "server_origins":
        return QCoreApplication.translate("Settings", "Addresses such as https://chat.example.org, without a path.")
    else:
        return QCoreApplication.translate("Settings", "This text cannot be kept.")
    return words.format(low=f"{low:g}", high=f"{high:g}")

"""ShortcutsPage: the keys of every command. It is made from the table of commands; what a person chose goes on top."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from parley.errors import ChatError
from parley.options import Options, ShortcutRow
from parley.settings import Settings
from parley.ui.actions import COMMANDS, CONTEXT, Command, keys_of, native
from parley.ui.appearance.look import Look
from parley.ui.error_texts import error_text
from parley.ui.preferences.key_recorder import KeyRecorder
from parley.ui.preferences.page import Page
from parley.ui.preferences.row import Row, words_label


class CommandRow(Row):
    """One command with its keys."""

    def __init__(self, command: Command, look: Look, parent: QWidget) -> None:
        self.command = command
        self.wanted = ""
        """Keys that were pressed and belong to another command."""
        self.words = QCoreApplication.translate(CONTEXT, str(command.text))
        self.recorder = KeyRecorder(parent)
        super().__init__(self.words, "", self.recorder, look, parent)
        self.take_over = QPushButton(self.tr("Use them here"), self)
        self.take_over.setProperty("kind", "link")
        self.take_over.hide()
        self.add_below(self.take_over)
        self.recorder.set_name(self.words)

    def show_chosen(self, chosen: str | None) -> None:
        """Show the keys that hold now."""
        keys = ", ".join(native(key) for key in keys_of(self.command, chosen))
        self.recorder.show_keys(keys)
        self.show_changed(chosen is not None)
        self.haystack = f"{self.words} {keys}".casefold()


class ShortcutsPage(Page):
    """All commands, and what to do when two want the same keys."""

    def __init__(self, settings: Settings, look: Look, parent: QWidget) -> None:
        super().__init__(self.tr("Shortcuts"), parent)
        self._settings = settings
        self.commands: dict[str, CommandRow] = {}
        self.reset_all = QPushButton(self.tr("Reset all"), self.inside)
        self.reset_all.clicked.connect(lambda: self._save({}))
        words = self.tr("Press a button, then the new keys. Backspace takes them away, Esc leaves them.")
        self.add(words_label(words, self.inside, "muted"))
        for command in COMMANDS:
            row = CommandRow(command, look, self.inside)
            row.recorder.recorded.connect(lambda keys, row=row: self._recorded(row, keys))
            row.recorder.refused.connect(row.show_problem)
            row.recorder.clicked.connect(lambda _checked=False, row=row: self._forget(row))
            row.take_over.clicked.connect(lambda _checked=False, row=row: self._take_over(row))
            row.reset.connect(lambda row=row: self._reset(row))
            self.commands[command.id] = row
            self.add(row)
        line = QHBoxLayout()
        line.setContentsMargins(0, 12, 0, 0)
        line.addWidget(self.reset_all)
        line.addStretch(1)
        self.column.addLayout(line)
        self.end()
        self.show_options(settings.options)

    def show_options(self, options: Options) -> None:
        chosen = self._chosen(options)
        for id, row in self.commands.items():
            row.show_chosen(chosen.get(id))
        self.reset_all.setEnabled(bool(chosen))

    def show_fitting(self, words: Sequence[str]) -> bool:
        if words and all(word in self.title.casefold() for word in words):
            words = ()
        return super().show_fitting(words)

    def _chosen(self, options: Options) -> dict[str, str]:
        return {row.command: row.keys for row in options.shortcuts if row.command in self.commands}

    def _owner(self, keys: str, but: CommandRow) -> CommandRow | None:
        """Return the other command that has these keys."""
        wanted, chosen = QKeySequence(keys), self._chosen(self._settings.options)
        for id, row in self.commands.items():
            if row is not but and wanted in keys_of(row.command, chosen.get(id)):
                return row
        return None

    def _recorded(self, row: CommandRow, keys: str) -> None:
        self._forget(row)
        owner = self._owner(keys, row) if keys else None
        if owner is None:
            self._choose(row, keys)
            return
        shown = native(QKeySequence(keys))
        row.show_problem(self.tr("{keys} is “{command}” already.").format(keys=shown, command=owner.words))
        row.wanted = keys
        row.take_over.show()

    def _take_over(self, row: CommandRow) -> None:
        """Give keys of another command to this one; the other keeps one of what else it has."""
        keys, chosen = row.wanted, self._chosen(self._settings.options)
        if owner := self._owner(keys, row):
            left = [key for key in keys_of(owner.command, chosen.get(owner.command.id)) if key != QKeySequence(keys)]
            kept = left[0].toString(QKeySequence.SequenceFormat.PortableText) if left else ""
            chosen[owner.command.id] = kept
        self._forget(row)
        self._save(chosen | {row.command.id: keys})

    def _choose(self, row: CommandRow, keys: str) -> None:
        chosen = self._chosen(self._settings.options)
        own = len(row.command.keys) <= 1 and keys == next(iter(row.command.keys), "")
        chosen.pop(row.command.id, None)
        self._save(chosen if own else chosen | {row.command.id: keys})

    def _reset(self, row: CommandRow) -> None:
        """Give a command its own keys back, unless another one has them now."""
        self._forget(row)
        for keys in row.command.keys:
            if owner := self._owner(keys, row):
                row.show_problem(self.tr("{keys} is “{command}” already.").format(keys=keys, command=owner.words))
                return
        chosen = self._chosen(self._settings.options)
        chosen.pop(row.command.id, None)
        self._save(chosen)

    def _forget(self, row: CommandRow) -> None:
        """Take away what was said of keys that were not taken."""
        row.show_problem("")
        row.take_over.hide()
        row.wanted = ""

    def _save(self, chosen: dict[str, str]) -> None:
        rows = tuple(ShortcutRow(id, keys) for id, keys in sorted(chosen.items()))
        try:
            self._settings.update(shortcuts=rows)
        except ChatError as error:
            for id in chosen:
                self.commands[id].show_problem(error_text(error))

"""Editors of the way to services: the proxy, whose password goes to the keys, and a certificate authority's file."""

import asyncio
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QPushButton, QSizePolicy, QWidget

from parley.errors import ChatError, SettingInvalid
from parley.keys import PROXY, Keys
from parley.network import Network, is_proxy, trusted, with_login, without_login
from parley.ui.dialogs import ask
from parley.ui.error_texts import error_text
from parley.ui.preferences.editors import Line
from parley.ui.tasks import Tasks

EXAMPLE = "http://proxy.example:8080"


class ProxyEditor(Line):
    """The address of a proxy. A password in it is taken out at once and kept where keys are."""

    def __init__(self, keys: Keys, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(parent)
        self._keys, self._tasks = keys, tasks
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.field.setPlaceholderText(EXAMPLE)

    def _take(self, text: str) -> None:
        address, login = without_login(text)
        if login and is_proxy(address):
            self.field.setText(address)
            self._tasks.start(self._keep(address, login))
        else:
            self.noted.emit("")
            self.edited.emit(address)

    async def _keep(self, address: str, login: str) -> None:
        try:
            place = await self._keys.keep(PROXY, with_login(address, login))
        except (ChatError, SettingInvalid) as error:
            self.noted.emit(error_text(error))
            return
        self.edited.emit(address)
        if place == "keychain":
            self.noted.emit(self.tr("The user and the password are kept in the keychain."))
        else:
            words = self.tr("The user and the password are kept in the file {file}.")
            self.noted.emit(words.format(file=self._keys.path))


class AuthorityEditor(Line):
    """A file of certificates, typed or chosen. What cannot be read is said."""

    def __init__(self, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.choose = QPushButton(self.tr("Choose…"), self)
        self.choose.clicked.connect(lambda: self._tasks.start(self._choose()))
        self.line.addWidget(self.choose)

    def set_name(self, name: str, help: str) -> None:
        super().set_name(name, help)
        self.choose.setAccessibleName(f"{name}: {self.choose.text()}")

    def _take(self, text: str) -> None:
        path = str(Path(text.strip()).expanduser()) if text.strip() else ""
        self.edited.emit(path)
        self._tasks.start(self._look(path))

    async def _choose(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("A file of certificates"), str(Path(self.field.text()).parent))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Certificates (*.pem *.crt *.cer)"), self.tr("All files (*)")])
        if await ask(dialog):
            self.field.setText(dialog.selectedFiles()[0])
            self._finish()

    async def _look(self, path: str) -> None:
        """Say whether the file can be used."""
        try:
            if path:
                await asyncio.to_thread(trusted, Network(ca_file=path))
        except OSError as error:
            words = self.tr("This file cannot be used ({reason}).")
            self.noted.emit(words.format(reason=error.strerror or str(error)))
        else:
            self.noted.emit("")

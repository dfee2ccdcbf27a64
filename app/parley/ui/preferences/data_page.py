"""DataPage: where everything is kept, how large it is, and how to move it, to save it and to get it back."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDate, QFile, QFileInfo, QLocale, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget

from parley.errors import ChatError
from parley.services import Services
from parley.store.moving import MoveRefused, old_folders, size, suitable
from parley.ui.appearance.look import Look
from parley.ui.dialogs import Question, ask
from parley.ui.error_texts import error_text
from parley.ui.preferences.options_page import OptionsPage
from parley.ui.preferences.resting import resting
from parley.ui.preferences.row import Row, words_label
from parley.ui.program.moving import hindrance_text, size_text
from parley.ui.tasks import Tasks


class DataPage(OptionsPage):
    """The data folder."""

    move_requested = Signal(object)
    """The person wants the data in this folder, which will do."""

    def __init__(self, services: Services, look: Look, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(self.tr("Data"), "data", services, look, tasks, parent)
        self._paths = services.paths
        self.folder = words_label(str(self._paths.data), self.inside)
        self.folder.setObjectName("detail")
        self.folder.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.sizes = words_label("", self.inside, "muted")
        self.sizes.setContentsMargins(0, 6, 0, 10)
        self.show_button = self._button(self.tr("Show in folder"), lambda: open_folder(self._paths.data))
        self.move_button = self._button(self.tr("Move…"), lambda: self._tasks.start(self._choose_folder()))
        self.backup_button = self._button(self.tr("Back up…"), lambda: self._tasks.start(self._back_up()))
        self.place = self._row(self.tr("Data folder"), self.tr("Chats, settings, keys and the log."), self._place())
        self.backup = self._row(
            self.tr("Backup"),
            self.tr("All chats in one file. “parley restore FILE” brings them back while no window is open."),
            self.backup_button,
        )
        for number, part in enumerate((self.place, self.folder, self.sizes)):
            self.column.insertWidget(1 + number, part)
        self.add(self.backup)
        self._olds = [self._old_row(folder) for folder in old_folders(self._paths)]
        self.end()

    def entered(self) -> None:
        self._tasks.start(self._measure())

    async def _measure(self) -> None:
        """Say how much there is."""
        path = self._services.store.path
        whole = await asyncio.to_thread(size, self._paths.data)
        chats = path.stat().st_size
        words = self.tr("Chats: {chats}. Everything together: {whole}.")
        self.sizes.setText(words.format(chats=size_text(chats), whole=size_text(whole)))

    async def _choose_folder(self) -> None:
        """Let the person choose, check the folder, and ask once more: answers under way are stopped."""
        dialog = QFileDialog(self.window(), self.tr("A folder for your data"), str(self._paths.data.parent))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setLabelText(QFileDialog.DialogLabel.Accept, self.tr("Choose"))
        if not await ask(dialog):
            return
        try:
            target = await asyncio.to_thread(suitable, self._paths, Path(dialog.selectedFiles()[0]))
        except MoveRefused as error:
            self.place.show_problem(hindrance_text(error))
            return
        self.place.show_problem("")
        text = self.tr(
            "Your data will be copied into this folder and used from there. Answers under way are stopped. "
            "The old folder is kept until you remove it."
        )
        question = Question(self.tr("Move the data folder"), text, str(target), self.tr("Move"), self.window())
        if await ask(question):
            self.move_requested.emit(target)

    async def _back_up(self) -> None:
        name = self.tr("Parley backup {date}").format(date=QLocale.c().toString(QDate.currentDate(), "yyyy-MM-dd"))
        dialog = QFileDialog(self.window(), self.tr("Back up"), str(Path.home() / f"{name}.db"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("db")
        if not await ask(dialog):
            return
        file = Path(dialog.selectedFiles()[0])
        self.backup.show_note(self.tr("Copying…"))
        with resting(self.backup_button):
            try:
                await self._services.store.backup(file)
            except ChatError as error:
                self.backup.show_note("")
                self.backup.show_problem(error_text(error))
            else:
                self.backup.show_problem("")
                words = self.tr("All chats are in {file} ({size}).")
                self.backup.show_note(words.format(file=file, size=size_text(QFileInfo(str(file)).size())))

    def _old_row(self, folder: Path) -> Row:
        """Name a folder that the data was in before."""
        buttons = QWidget(self.inside)
        line = QHBoxLayout(buttons)
        line.setContentsMargins(0, 0, 0, 0)
        remove = self._button(self.tr("Move to the wastebasket"), lambda: self._discard(folder, row))
        line.addWidget(self._button(self.tr("Show in folder"), lambda: open_folder(folder)))
        line.addWidget(remove)
        row = self._row(self.tr("The old data folder"), str(folder), buttons)
        self.add(row)
        return row

    def _discard(self, folder: Path, row: Row) -> None:
        file = QFile(str(folder))
        if file.moveToTrash():
            row.hide()
        else:
            row.show_problem(self.tr("The wastebasket does not take it. Remove the folder yourself."))

    def _place(self) -> QWidget:
        buttons = QWidget(self.inside)
        line = QHBoxLayout(buttons)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.show_button)
        line.addWidget(self.move_button)
        return buttons

    def _row(self, label: str, help: str, editor: QWidget) -> Row:
        return Row(label, help, editor, self._look, self.inside)

    def _button(self, text: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(text, self.inside)
        button.clicked.connect(lambda _checked=False: act())
        return button


def open_folder(folder: Path) -> None:
    """Show a folder in the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

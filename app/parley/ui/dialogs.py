"""Dialogs that are awaited. Never `exec()`: a nested event loop inside a coroutine breaks other tasks for good."""

import asyncio

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget


async def ask(dialog: QDialog) -> bool:
    """Open the dialog and return whether it was accepted. Cancelling the wait closes it."""
    answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def answer(result: int) -> None:
        if not answered.done():
            answered.set_result(result == QDialog.DialogCode.Accepted)

    dialog.finished.connect(answer)
    dialog.open()
    try:
        return await answered
    finally:
        dialog.close()
        dialog.deleteLater()


class Question(QDialog):
    """A sentence, a line in detail, and two buttons that say what they do."""

    def __init__(self, title: str, text: str, detail: str, yes: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setObjectName("question")
        label = QLabel(text, self)
        label.setWordWrap(True)
        shown = QLabel(detail, self)
        shown.setObjectName("detail")
        shown.setTextFormat(Qt.TextFormat.PlainText)
        shown.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        shown.setWordWrap(True)
        buttons = QDialogButtonBox(self)
        go = buttons.addButton(yes, QDialogButtonBox.ButtonRole.AcceptRole)
        go.setObjectName("primary")
        stay = buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        stay.setDefault(True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        for widget in (label, shown, buttons):
            column.addWidget(widget)
        self.setMinimumWidth(360)
        stay.setFocus()


def link_question(text: str, target: str, parent: QWidget) -> Question:
    """Return the question to ask before a link is opened whose text names another place than it leads to."""
    return Question(
        QCoreApplication.translate("Dialogs", "Open link"),
        QCoreApplication.translate("Dialogs", "The text of this link is “{text}”, but it leads to:").format(text=text),
        target,
        QCoreApplication.translate("Dialogs", "Open it"),
        parent,
    )

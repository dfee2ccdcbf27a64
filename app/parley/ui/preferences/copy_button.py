"""CopyButton: copies a text, and says so where it was pressed."""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton, QWidget

SAID_MS = 2000


class CopyButton(QPushButton):
    """`text_` is what it copies, `name` what screen readers call that; `words` stand on it instead of “Copy”."""

    def __init__(self, text: str, name: str, parent: QWidget, words: str = "") -> None:
        super().__init__(parent)
        self.text_ = text
        self._name = name
        self._words = words or self.tr("Copy")
        self.setProperty("kind", "link")
        self._said = QTimer(self, interval=SAID_MS, singleShot=True)
        self._said.timeout.connect(self._offer)
        self.clicked.connect(self._copy)
        self._offer()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text_)
        self.setText(self.tr("Copied"))
        self.setAccessibleName(self.tr("Copied: {what}").format(what=self._name))
        self._said.start()

    def _offer(self) -> None:
        self.setText(self._words)
        self.setAccessibleName(self.tr("Copy {what}").format(what=self._name))

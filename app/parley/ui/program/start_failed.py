"""The plain window that stands in for the real one when the data cannot be opened: what is wrong, and where it lies."""

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from parley.errors import ChatError
from parley.paths import Paths
from parley.ui.error_texts import error_text


class StartFailed(QWidget):
    """A sentence, its details folded, and two buttons."""

    ended = Signal()

    def __init__(self, paths: Paths, error: ChatError) -> None:
        super().__init__()
        self.setWindowTitle(self.tr("Parley cannot start"))
        self.setMinimumWidth(440)
        title = QLabel(self.tr("Parley cannot start"), self)
        title.setObjectName("welcome")
        self.sentence = _words(error_text(error), self)
        self.detail = _words(error.detail, self)
        self.detail.setObjectName("detail")
        self.detail.hide()
        self.details = QPushButton(self.tr("Details"), self)
        self.details.setProperty("kind", "link")
        self.details.setVisible(bool(error.detail))
        self.details.clicked.connect(self._turn_details)
        self.folder = QPushButton(self.tr("Open data folder"), self)
        self.folder.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(paths.data))))
        self.quit = QPushButton(self.tr("Quit"), self)
        self.quit.setProperty("kind", "primary")
        self.quit.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(self.details)
        buttons.addStretch(1)
        buttons.addWidget(self.folder)
        buttons.addWidget(self.quit)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 20)
        column.setSpacing(12)
        for widget in (title, self.sentence, self.detail):
            column.addWidget(widget)
        column.addStretch(1)
        column.addLayout(buttons)
        self.quit.setFocus()

    def come_forward(self) -> None:
        """Show the window over others."""
        self.show()
        self.raise_()
        self.activateWindow()

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.ended.emit()

    def _turn_details(self) -> None:
        self.detail.setVisible(not self.detail.isVisible())
        self.adjustSize()


def _words(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
    return label

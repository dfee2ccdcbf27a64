"""Moving the data folder while no chat is open: a small window with progress and a way out."""

import asyncio
import threading
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLocale, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from parley.errors import ChatError
from parley.paths import Paths
from parley.store.moving import Hindrance, MoveCancelled, MoveRefused, move
from parley.ui.error_texts import error_text

LOOK_MS = 100


class MovingWindow(QWidget):
    """Says how far the copy is."""

    cancelled = Signal()

    def __init__(self, target: Path) -> None:
        super().__init__()
        self.setWindowTitle(self.tr("Moving the data folder"))
        self.setMinimumWidth(420)
        self.done, self.whole = 0, 0
        words = QLabel(self.tr("Your data is being copied and checked. Until that is done nothing changes."), self)
        words.setWordWrap(True)
        place = QLabel(str(target), self)
        place.setObjectName("detail")
        place.setWordWrap(True)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.windowTitle())
        self.state = QLabel(self)
        self.state.setProperty("muted", True)
        self.cancel = QPushButton(self.tr("Cancel"), self)
        self.cancel.clicked.connect(self._stop)
        below = QHBoxLayout()
        below.addWidget(self.state, 1)
        below.addWidget(self.cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 20)
        column.setSpacing(12)
        for widget in (words, place, self.bar):
            column.addWidget(widget)
        column.addStretch(1)
        column.addLayout(below)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._show_progress)
        self._timer.start()

    def tell(self, done: int, whole: int) -> None:
        """Take how far the copy is; called by the copying thread."""
        self.done, self.whole = done, whole

    def come_forward(self) -> None:
        """Show the window over others."""
        self.show()
        self.raise_()
        self.activateWindow()

    def closeEvent(self, event: QCloseEvent) -> None:
        event.ignore()
        self._stop()

    def _stop(self) -> None:
        self.cancel.setEnabled(False)
        self.cancelled.emit()

    def _show_progress(self) -> None:
        if self.whole:
            self.bar.setRange(0, 1000)
            self.bar.setValue(self.done * 1000 // self.whole)
            words = self.tr("{done} of {whole}")
            self.state.setText(words.format(done=size_text(self.done), whole=size_text(self.whole)))


async def move_data(window: MovingWindow, paths: Paths, target: Path) -> tuple[Paths, str]:
    """Move the data of a closed store. Return the paths from now on, and a sentence that says how it went."""
    cancelled = threading.Event()
    window.cancelled.connect(cancelled.set)
    window.show()
    try:
        moved = await asyncio.to_thread(move, paths, target, window.tell, cancelled)
    except MoveCancelled:
        return paths, QCoreApplication.translate("Moving", "Nothing has been moved.")
    except MoveRefused as error:
        return paths, hindrance_text(error)
    except ChatError as error:
        return paths, error_text(error)
    finally:
        window.hide()
        window.deleteLater()
    words = QCoreApplication.translate("Moving", "Your data is in {folder} now. The old folder has been kept.")
    return moved, words.format(folder=moved.data)


def size_text(length: int) -> str:
    """Return a size as people read it."""
    return QLocale().formattedDataSize(length, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def hindrance_text(error: MoveRefused) -> str:
    """Return in the person's language why a folder will not do."""
    return _hindrance(error.hindrance).format(path=error.path)


def _hindrance(kind: Hindrance) -> str:
    translate = QCoreApplication.translate
    match kind:
        case "same":
            return translate("Moving", "The data is in this folder already.")
        case "inside":
            return translate("Moving", "{path} is inside the data folder. Choose one outside.")
        case "file":
            return translate("Moving", "{path} is no folder.")
        case "not_empty":
            return translate("Moving", "{path} holds other things. Choose an empty folder, or a new one.")
        case "not_writable":
            return translate("Moving", "Parley may not write in {path}. Choose another folder.")
        case "network":
            return translate("Moving", "{path} is on a network share, where a database can be damaged.")
        case "no_room":
            return translate("Moving", "There is not enough room in {path}.")
        case "fixed":
            return translate("Moving", "The new place cannot be remembered: {path} cannot be written.")
        case "in_use":
            return translate("Moving", "Another Parley is using the data. Close it, and stop “parley serve”.")

"""CertificateSection: the authority behind encrypted connections, and how other devices come to trust it."""

from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from parley.serving import Certificates
from parley.ui.preferences.copy_button import CopyButton
from parley.ui.preferences.row import words_label

MANUAL = "help:server"


class CertificateSection(QWidget):
    """Its fingerprint, where it is, and how to install it."""

    link_opened = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.about = words_label("", self, "muted")
        self.fingerprint = words_label("", self)
        self.fingerprint.setObjectName("detail")
        self.fingerprint.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.copy = CopyButton("", self.tr("the fingerprint"), self)
        self.folder = QPushButton(self.tr("Show in folder"), self)
        self.folder.setProperty("kind", "link")
        self.folder.clicked.connect(self._show_folder)
        self.help = QPushButton(self.tr("How to install it"), self)
        self.help.setProperty("kind", "link")
        self.help.clicked.connect(lambda: self.link_opened.emit(MANUAL))
        self._path = ""
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        for button in (self.copy, self.folder, self.help):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 10)
        column.setSpacing(6)
        column.addWidget(self.about)
        column.addWidget(self.fingerprint)
        column.addLayout(buttons)
        self.hide()

    def show_certificates(self, found: Certificates | None, address: str) -> None:
        """Show the authority; nothing as long as there is none. `address` is that of the server on the network."""
        self.setVisible(found is not None)
        if found is None:
            return
        self._path = found.path
        until = QLocale().toString(
            QDateTime.fromSecsSinceEpoch(int(found.expires_at)).date(), QLocale.FormatType.ShortFormat
        )
        words = self.tr(
            "Other devices trust this computer once they have its certificate: open {address} there and install it. "
            "Compare the fingerprint first. It is good until {date}."
        )
        self.about.setText(words.format(address=f"{address}/ca.crt" if address else "/ca.crt", date=until))
        self.fingerprint.setText(spaced(found.fingerprint))
        self.copy.text_ = found.fingerprint

    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self._path).parent)))


def spaced(fingerprint: str) -> str:
    """Return a fingerprint that a label can break between its pairs."""
    return fingerprint.replace(":", ":\N{ZERO WIDTH SPACE}")

"""PairingSection: a code for the camera of a phone, good for one device and some minutes."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from parley.errors import ChatError
from parley.messages import OWNER
from parley.people import Account
from parley.store.store import Store
from parley.ui.appearance.look import Look
from parley.ui.error_texts import error_text
from parley.ui.preferences.account_texts import account_name
from parley.ui.preferences.choice_button import ChoiceButton
from parley.ui.preferences.copy_button import CopyButton
from parley.ui.preferences.row import Row, words_label
from parley.ui.server_control import ServerControl

if TYPE_CHECKING:
    from parley.serving import Offer

TICK_MS = 1000
MARGIN = 4
"""Modules of white around a code: with less, cameras do not find it."""
SIDE = 232
DARK, LIGHT = QColor("#000000"), QColor("#ffffff")
"""A code is black on white in every theme: many cameras do not read another one."""


class Code(QWidget):
    """Draws a QR code, each module on whole pixels."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.image = QImage()
        self.setFixedSize(SIDE, SIDE)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str) -> None:
        """Draw the code of a text."""
        self.image = code_image(text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(SIDE, SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), LIGHT)
        if not self.image.isNull():
            side = self.width() // self.image.width() * self.image.width()
            place = QRect(0, 0, side, side)
            place.moveCenter(self.rect().center())
            painter.drawImage(place, self.image)


class PairingSection(QWidget):
    """Offers to pair one device of an account. Nothing is offered before somebody asks for it."""

    code_shown = Signal()

    def __init__(self, server: ServerControl, store: Store, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._server = server
        self._store = store
        self._offer: Offer | None = None
        self._account = OWNER
        self._before: set[int] = set()
        """The tokens that the account had when the code was shown."""
        self.whose = ChoiceButton(look, self)
        self.whose.set_name(self.tr("Whose device it is"))
        self.whose.chosen.connect(self._choose)
        self.row = Row(
            self.tr("Pair a phone"),
            self.tr("Its camera reads a code and opens the page of this computer, logged in to this account."),
            self.whose,
            look,
            self,
        )
        self.show_button = QPushButton(self.tr("Show a code"), self)
        self.show_button.clicked.connect(self._show_code)
        self.hide_button = QPushButton(self.tr("Hide"), self)
        self.hide_button.clicked.connect(self._hide_code)
        self.code = Code(self)
        self.left = words_label("", self, "muted")
        self.copy = CopyButton("", self.tr("the address of the code"), self, self.tr("Copy the address"))
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._arrange()
        self.refresh()

    @property
    def offer(self) -> "Offer | None":
        """Return the offer on show."""
        return self._offer

    def refresh(self) -> None:
        """Follow the server, and who there is."""
        on = self._server.state == "on"
        self.show_button.setEnabled(on)
        self.row.show_note(self._note(on=on))
        if not on and self._offer:
            self._hide_code()
        self.show_accounts(self._store.accounts.all())

    def show_accounts(self, accounts: Sequence[Account]) -> None:
        """Offer the accounts that may ask."""
        choices = [(account.id, account_name(account)) for account in accounts if not account.disabled]
        if self._account not in dict(choices):
            self._account = OWNER
            self._hide_code()
        self.whose.offer(choices, self._account)

    def look_at_tokens(self) -> None:
        """Say that a device has been paired, if the account has a token that is younger than the code on show."""
        if self._offer is None:
            return
        young = [token for token in self._store.tokens.all(self._account) if token.number not in self._before]
        if young:
            self._hide_code()
            words = self.tr("“{device}” has been paired. It is among the tokens of {account}.")
            if self._account == OWNER:
                words = self.tr("“{device}” has been paired. It is among your tokens.")
            self.left.setText(words.format(device=young[-1].name, account=self._name()))
            self.left.show()

    def _note(self, *, on: bool) -> str:
        if not on:
            return self.tr("Turn the server on first.")
        addresses = self._server.switch.addresses
        if all("127.0.0.1" in address or "localhost" in address or "[::1]" in address for address in addresses):
            return self.tr("Only this computer reaches the server now. A phone needs “Serve the local network”.")
        return ""

    def _choose(self, account: str) -> None:
        self._account = account
        self.show_accounts(self._store.accounts.all())
        if self._offer:
            self._show_code()

    def _show_code(self) -> None:
        """Make an offer; it takes the place of the one before."""
        try:
            self._offer = self._server.switch.offer(self._account)
        except ChatError as error:
            self.row.show_problem(error_text(error))
            return
        self.row.show_problem("")
        self._before = {token.number for token in self._store.tokens.all(self._account)}
        self.code.show_text(self._offer.url)
        self.copy.text_ = self._offer.url
        self._timer.start()
        self._tick()
        self.code_shown.emit()

    def _hide_code(self) -> None:
        self._offer = None
        self._timer.stop()
        self._show_parts(shown=False)
        self.show_button.setText(self.tr("Show a code"))

    def _tick(self) -> None:
        if self._offer is None:
            return
        seconds = int(self._offer.expires_at - time.time())
        if seconds <= 0:
            self._hide_code()
            self.show_button.setText(self.tr("Show a new code"))
            self.left.setText(self.tr("The code is no longer good."))
            self.left.show()
            return
        self._show_parts(shown=True)
        self.show_button.setText(self.tr("New code"))
        words = self.tr("For one device, {time} more. Who reads it is logged in as {account}.")
        if self._account == OWNER:
            words = self.tr("For one device, {time} more. Who reads it is logged in as you.")
        clock = f"{seconds // 60}:{seconds % 60:02d}"
        self.left.setText(words.format(account=self._name(), time=clock))
        self.code.setAccessibleName(self.tr("Code for pairing a device of {account}").format(account=self._name()))

    def _name(self) -> str:
        return account_name(self._store.accounts.get(self._account))

    def _show_parts(self, *, shown: bool) -> None:
        for part in (self.code, self.left, self.copy, self.hide_button):
            part.setVisible(shown)

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.show_button, self.hide_button, self.copy):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 10)
        column.setSpacing(8)
        column.addWidget(self.row)
        column.addLayout(buttons)
        column.addWidget(self.code, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.left)
        self._show_parts(shown=False)


def code_image(text: str) -> QImage:
    """Return the QR code of a text with its margin, one pixel a module, black on white."""
    import segno

    rows = [bytes(row) for row in segno.make(text, micro=False, error="m").matrix_iter(border=MARGIN)]
    image = QImage(len(rows[0]), len(rows), QImage.Format.Format_RGB32)
    image.fill(LIGHT)
    for y, row in enumerate(rows):
        for x, module in enumerate(row):
            if module:
                image.setPixelColor(x, y, DARK)
    return image

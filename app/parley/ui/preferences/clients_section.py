"""ClientsSection: who is connected to the server, or was a moment ago. It follows while it is in sight."""

import time
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from parley.serving import Client
from parley.ui.models.long_words import breakable
from parley.ui.preferences.row import words_label

MOST = 50
"""So many are shown; of more only the number."""

LOOK_MS = 5000
"""How often “10 seconds ago” is written anew."""

Key = tuple[str, int | None, str]


class ClientCard(QFrame):
    """One client: whose it is, with what program from where, and what it does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("provider")
        self.who = words_label("", self, "title")
        self.program = words_label("", self, "muted")
        self.doing = words_label("", self, "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 8)
        column.setSpacing(2)
        for label in (self.who, self.program, self.doing):
            column.addWidget(label)

    def show_client(self, client: Client) -> None:
        """Show how it stands."""
        self.who.setText(" · ".join(part for part in (client.name or self.tr("You"), client.token_name) if part))
        program = client.program or self.tr("A program that does not say its name")
        words = self.tr("{program}, from {address}")
        self.program.setText(words.format(program=breakable(program), address=client.address))
        several, one = self.tr("%n requests", "", client.requests), self.tr("1 request")
        self.doing.setText(f"{self._state(client)} · {one if client.requests == 1 else several}")
        self.setAccessibleName(f"{self.who.text()}: {self.program.text()}, {self.doing.text()}")

    def _state(self, client: Client) -> str:
        if client.open:
            return self.tr("%n open now", "", client.open)
        return self.tr("last seen {when}").format(when=ago(time.time() - client.seen_at))


class ClientsSection(QWidget):
    """The list, latest first."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.cards: dict[Key, ClientCard] = {}
        self._clients: Sequence[Client] = ()
        self.nobody = words_label("", self, "muted")
        self.more = words_label("", self, "muted")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 0, 8)
        self._column.setSpacing(6)
        self._column.addWidget(self.nobody)
        self._column.addWidget(self.more)
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(lambda: self.show_clients(self._clients, on=True))
        self.show_clients((), on=False)

    def show_clients(self, clients: Sequence[Client], *, on: bool) -> None:
        """Show who is there now."""
        self._clients = clients
        shown = {(client.account, client.token, client.address): client for client in clients[:MOST]}
        for key in [key for key in self.cards if key not in shown]:
            card = self.cards.pop(key)
            card.hide()
            card.deleteLater()
        for place, (key, client) in enumerate(shown.items()):
            card = self.cards.get(key) or ClientCard(self)
            self.cards[key] = card
            card.show_client(client)
            if self._column.indexOf(card) != place:
                self._column.insertWidget(place, card)
        nobody = self.tr("Nobody so far.") if on else self.tr("Nobody: the server is off.")
        self.nobody.setText(nobody)
        self.nobody.setVisible(not shown)
        self.more.setText(self.tr("And %n more.", "", len(clients) - MOST) if len(clients) > MOST else "")
        self.more.setVisible(len(clients) > MOST)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()


def ago(seconds: float) -> str:
    """Return how long ago something was, in the largest unit that fits."""
    if seconds < 10:
        return QCoreApplication.translate("Times", "just now")
    if seconds < 60:
        return QCoreApplication.translate("Times", "%n s ago", "", int(seconds))
    if seconds < 3600:
        return QCoreApplication.translate("Times", "%n min ago", "", int(seconds // 60))
    if seconds < 86_400:
        return QCoreApplication.translate("Times", "%n h ago", "", int(seconds // 3600))
    if seconds < 2 * 86_400:
        return QCoreApplication.translate("Times", "a day ago")
    return QCoreApplication.translate("Times", "%n days ago", "", int(seconds // 86_400))

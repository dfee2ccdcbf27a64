"""ServerSwitchRow: the switch of the server, how it stands, and the addresses at which it can be reached."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from parley.errors import ChatError
from parley.ui.appearance.look import Look
from parley.ui.error_texts import error_text
from parley.ui.preferences.copy_button import CopyButton
from parley.ui.preferences.editors import Switch
from parley.ui.preferences.resting import resting
from parley.ui.preferences.row import Row, words_label
from parley.ui.server_control import ServerControl
from parley.ui.tasks import Tasks


class Addresses(QWidget):
    """Addresses below each other, each to be copied."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.buttons: dict[str, CopyButton] = {}
        self._shown: tuple[str, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 8)
        self._column.setSpacing(0)
        self.hide()

    def show_addresses(self, addresses: Sequence[str]) -> None:
        """Show these; who has the keyboard on one that stays keeps it."""
        if self._shown == tuple(addresses):
            return
        self._shown = tuple(addresses)
        self.buttons = {}
        while item := self._column.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        for address in addresses:
            self._column.addWidget(self._line(address))
        self.setVisible(bool(addresses))

    def _line(self, address: str) -> QWidget:
        made = QWidget(self)
        label = words_label(address, made)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        button = self.buttons[address] = CopyButton(address, address, made)
        line = QHBoxLayout(made)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(label, 1)
        line.addWidget(button)
        return made


class ServerSwitchRow(QWidget):
    """What stands at the top of the server's page."""

    def __init__(self, server: ServerControl, look: Look, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(parent)
        self._server = server
        self.switch = Switch(look, self)
        name, help = self.tr("Server"), self.tr("Programs and devices can use the models of this computer.")
        self.switch.set_name(name, help)
        self.row = Row(name, help, self.switch, look, self)
        self.next_port = QPushButton(self.tr("Use the next free port"), self)
        self.next_port.clicked.connect(lambda: tasks.start(self._use_next_port()))
        self.next_port.hide()
        self.row.add_below(self.next_port)
        self.addresses = Addresses(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.row)
        column.addWidget(self.addresses)
        self.switch.edited.connect(self._turn)

    def refresh(self) -> None:
        """Show how the server stands."""
        switch = self._server.switch
        problem = None if self._server.wanted else switch.problem
        self.switch.show_value(switch.state in ("on", "starting") or self._server.restarting)
        self.row.show_problem(error_text(problem) if problem else "")
        self.next_port.setVisible(problem is not None and problem.code == "address_taken")
        self.row.show_note(self._state())
        self.addresses.show_addresses(switch.addresses)

    def _state(self) -> str:
        if self._server.restarting:
            return self.tr("Starting again, with the settings as they are now…")
        match self._server.switch.state:
            case "starting":
                return self.tr("Starting…")
            case "ending":
                return self.tr("Ending: what has come of answers is kept…")
            case "on":
                count = self._server.switch.requests
                one, several = self.tr("On. 1 request so far."), self.tr("On. %n requests so far.", "", count)
                told = [one if count == 1 else several, *map(error_text, self._server.switch.warnings)]
                return "\n".join(told)
        return ""

    def _turn(self, on: object) -> None:
        self._server.turn(on=bool(on))
        self.refresh()

    async def _use_next_port(self) -> None:
        with resting(self.next_port):
            try:
                await self._server.use_next_port()
            except ChatError as error:
                self.row.show_problem(error_text(error))

"""ServerPage: server mode: off or on, for this computer or its network, and who is connected."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from parley.firewall import FirewallHint, firewall_hints
from parley.options import Options
from parley.services import Services
from parley.store import ACCOUNT, EVERYTHING, TOKEN, Change
from parley.ui.appearance.look import Look
from parley.ui.dialogs import Question, ask
from parley.ui.preferences.certificate_section import CertificateSection
from parley.ui.preferences.clients_section import ClientsSection
from parley.ui.preferences.firewall_section import FirewallSection
from parley.ui.preferences.options_page import OptionsPage
from parley.ui.preferences.page import tab_as_read
from parley.ui.preferences.pairing_section import PairingSection
from parley.ui.preferences.row import Row
from parley.ui.preferences.server_switch import ServerSwitchRow
from parley.ui.server_control import ServerControl
from parley.ui.tasks import Tasks

LAN = ("server_lan", "server_tls", "server_announce")
ASKING = ("server_auth", "server_origins", "server_names")
LIMITS = ("server_llm_calls", "server_requests", "server_sessions", "server_json_mib", "server_upload_mib")


class ServerPage(OptionsPage):
    """It follows the server and the accounts while it is in sight."""

    link_opened = Signal(str)
    page_requested = Signal(str)
    """Another page of the settings is wanted."""

    def __init__(self, services: Services, look: Look, tasks: Tasks, server: ServerControl, parent: QWidget) -> None:
        super().__init__(self.tr("Server"), "server", services, look, tasks, parent)
        self._server = server
        self._headings: list[QLabel] = []
        self.follow(lambda: services.store.subscribe(self._change))
        self.follow(self._follow_server)
        self.switch = ServerSwitchRow(server, look, tasks, self.inside)
        self.certificate = CertificateSection(self.inside)
        self.certificate.link_opened.connect(self.link_opened)
        self.firewall = FirewallSection(self.inside)
        self.pairing = PairingSection(server, services.store, look, self.inside)
        self.pairing.code_shown.connect(self._show_all_of_the_code)
        self.clients = ClientsSection(self.inside)
        self.people_button = QPushButton(self.tr("Show"), self.inside)
        self.people_button.setAccessibleName(self.tr("Show people and tokens"))
        self.people_button.clicked.connect(lambda: self.page_requested.emit("people"))
        self.people = Row(
            self.tr("People and tokens"),
            self.tr("Who may ask this computer, what they may use, and the keys for their programs."),
            self.people_button,
            look,
            self.inside,
        )
        self._haystack = self.tr("connected clients requests").casefold()
        self._arrange()
        self._guard("server_lan", self._wish_lan)
        self._guard("server_tls", self._wish_tls)
        self._guard("server_auth", self._wish_auth)
        self.end()

    def entered(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Show how the server stands."""
        switch = self._server.switch
        self.switch.refresh()
        self.pairing.refresh()
        self.certificate.show_certificates(switch.certificates, _outside(switch.addresses))
        self.firewall.show_hints(self._hints())
        self.clients.show_clients(switch.clients, on=switch.state == "on")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def _follow_server(self) -> Callable[[], object]:
        self._server.changed.connect(self.refresh)
        return lambda: self._server.changed.disconnect(self.refresh)

    def show_fitting(self, words: Sequence[str]) -> bool:
        for part in (*self._headings, self.certificate, self.firewall):
            part.setVisible(not words)
        fits = all(word in self._haystack for word in words)
        self.clients.setVisible(fits)
        found = super().show_fitting(words)
        if not words:
            self.refresh()
        return found or (fits and bool(words))

    def _hints(self) -> list[FirewallHint]:
        """Return what may have to be typed, once the network is to be served."""
        options = self._options
        if not options.server_lan or self._server.state == "off":
            return []
        return firewall_hints(options.server_port, announced=options.server_announce)

    def _arrange(self) -> None:
        """Put the rows of the table and our own parts into the order in which they are needed."""
        self.column.insertWidget(1, self.switch)
        self._heading(self.tr("On the local network"))
        self._put(*LAN)
        self.add(self.certificate)
        self.add(self.firewall)
        self.add(self.pairing)
        self._heading(self.tr("Connected"))
        self.add(self.clients)
        self._heading(self.tr("Who may ask"))
        self.add(self.people)
        self._put(*ASKING)
        self._heading(self.tr("Limits"))
        self._put(*LIMITS)
        others = [name for name in self.options if name not in (*LAN, *ASKING, *LIMITS)]
        for place, name in enumerate([name for name in others if name in ("server_start", "server_port")]):
            self.column.insertWidget(2 + place, self.options[name])
        self._heading(self.tr("While it is on"))
        self._put(*[name for name in others if name not in ("server_start", "server_port")])
        tab_as_read(self.inside)

    def _heading(self, text: str) -> None:
        self._headings.append(self.add_heading(text))

    def _put(self, *names: str) -> None:
        for name in names:
            if name in self.options:
                self.add(self.options[name])

    def _guard(self, name: str, wish: Callable[[bool], None]) -> None:
        """Have a switch ask us first."""
        row = self.options[name]
        row.editor.edited.disconnect(row.set_value)
        row.editor.edited.connect(lambda value: self._take(name, bool(value), wish))

    def _take(self, name: str, value: bool, wish: Callable[[bool], None]) -> None:
        row, options = self.options[name], self._options
        row.show_options(options)  # as it is until it may be otherwise
        row.show_problem("")
        wish(value)

    @property
    def _options(self) -> Options:
        return self._services.settings.options

    def _wish_lan(self, on: bool) -> None:
        if on and not self._options.server_auth:
            words = self.tr("Turn “Ask for a key” on first: else anybody in the network could ask your models.")
            self.options["server_lan"].show_problem(words)
        elif on and not self._options.server_tls:
            self._tasks.start(self._if_agreed(server_lan=True))
        else:
            self.options["server_lan"].set_value(on)

    def _wish_tls(self, on: bool) -> None:
        if not on and self._options.server_lan:
            self._tasks.start(self._if_agreed(server_tls=False))
        else:
            self.options["server_tls"].set_value(on)

    def _wish_auth(self, on: bool) -> None:
        if not on and self._options.server_lan:
            words = self.tr("Turn “Serve the local network” off first: there everybody needs a key.")
            self.options["server_auth"].show_problem(words)
        else:
            self.options["server_auth"].set_value(on)

    async def _if_agreed(self, **values: Any) -> None:
        """Serve the network without encryption, if the person knows what that means."""
        question = Question(
            self.tr("Without encryption"),
            self.tr(
                "Everybody in your network can read along and change what is sent: questions, answers, passwords and "
                "keys. Whoever has read a key can ask your models with it."
            ),
            self.tr("Only do this in a network of which you know everybody, or behind another server that encrypts."),
            self.tr("Serve without encryption"),
            self.window(),
        )
        if await ask(question):
            for name, value in values.items():
                self.options[name].set_value(value)

    def _show_all_of_the_code(self) -> None:
        code = self.pairing.code
        QTimer.singleShot(0, code, lambda: self.ensureWidgetVisible(code))  # once it has its place

    def _change(self, change: Change) -> None:
        if change.noun in (TOKEN, EVERYTHING):
            self.pairing.look_at_tokens()
        if change.noun in (ACCOUNT, EVERYTHING):
            self.pairing.refresh()


def _outside(addresses: Sequence[str]) -> str:
    """Return the first address that other devices reach, or nothing."""
    local = ("//127.0.0.1", "//localhost", "//[::1]")
    return next((address for address in addresses if not any(part in address for part in local)), "")

"""Footer: what stands below the list of chats: the way to the settings, and the server, off or on."""

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from parley.serving import ServerState
from parley.ui.actions import Actions, show_keys
from parley.ui.appearance.look import Look


class Footer(QWidget):
    """Two buttons. Where there is no room for the words of both, the settings keep their sign only."""

    def __init__(self, look: Look, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._words = actions["settings"].text()
        self._state: ServerState = "off"
        self.settings = self._button(actions, "settings", "openSettings")
        self.settings.setText(self._words)
        self.settings.setAccessibleName(self._words)
        look.dress(self.settings, "settings")
        show_keys(self.settings, actions["settings"], self._words)
        self.server = self._button(actions, "server", "openServer")
        self.server.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        line = QHBoxLayout(self)
        line.setContentsMargins(8, 0, 8, 8)
        line.setSpacing(4)
        line.addWidget(self.settings)
        line.addWidget(self.server, 1)
        self.show_server("off")

    def show_server(self, state: ServerState, address: str = "", problem: str = "") -> None:
        """Say whether the server is on, and where, or why it is not."""
        self._state = state
        words = {
            "off": self.tr("Server off"),
            "starting": self.tr("Server starting…"),
            "on": self.tr("Server on"),
            "ending": self.tr("Server ending…"),
        }[state]
        self.server.setText(words)
        self.server.setAccessibleName(words)
        self.server.setToolTip(problem or address or words)
        self.server.setAccessibleDescription(problem or address)
        self._look.dress(self.server, "server", "accent" if state == "on" else "danger" if problem else "muted")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - 20
        longest = self.server.sizeHint().width()
        self.settings.setText(self._words)
        if self.settings.sizeHint().width() + longest > room:
            self.settings.setText("")

    def _button(self, actions: Actions, command: str, name: str) -> QPushButton:
        button = QPushButton(self)
        button.setObjectName(name)
        button.setProperty("kind", "quiet")
        button.clicked.connect(actions[command].trigger)
        return button

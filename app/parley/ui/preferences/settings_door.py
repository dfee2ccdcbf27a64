"""SettingsDoor: opens the settings window. Its modules are imported when it is opened first."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from parley.services import Services
from parley.ui.appearance.look import Look
from parley.ui.models.downloads import Downloads
from parley.ui.server_control import ServerControl

if TYPE_CHECKING:
    from parley.ui.preferences.window import SettingsWindow
    from parley.ui.window import Window


class SettingsDoor(QObject):
    """Opens the settings for one window."""

    link_opened = Signal(str)
    models_listed = Signal()
    move_requested = Signal(object)
    restart_requested = Signal()

    def __init__(
        self,
        services: Services,
        look: Look,
        window: "Window",
        downloads: Downloads,
        server: ServerControl,
    ) -> None:
        super().__init__(window)
        self._server = server
        self._services = services
        self._look = look
        self._window = window
        self._tasks = window.tasks
        self._downloads = downloads
        self.window: SettingsWindow | None = None

    def open(self, page: str = "") -> None:
        """Show the settings, at a page if one is named."""
        if self.window is None:
            from parley.ui.preferences.window import SettingsWindow

            self.window = SettingsWindow(
                self._services, self._look, self._tasks, self._downloads, self._server, self._window
            )
            self.window.link_opened.connect(self.link_opened)
            self.window.models_listed.connect(self.models_listed)
            self.window.move_requested.connect(self.move_requested)
            self.window.restart_requested.connect(self.restart_requested)
        self.window.come_forward(page)

    def shows(self, page: str) -> bool:
        """Return whether a page is before the person's eyes."""
        return self.window is not None and self.window.isVisible() and self.window.page == page

    def close(self) -> None:
        """Let the window go."""
        if self.window is not None:
            self.window.close_down()
            self.window = None

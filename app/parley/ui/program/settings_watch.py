"""SettingsWatch: takes over what other processes change in the settings."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from parley.errors import ChatError
from parley.settings import Settings

LOOK_MS = 1000


class SettingsWatch(QObject):
    """Looks once a second. A file that cannot be read is told of once, and then looked at no more."""

    def __init__(self, settings: Settings, report: Callable[[ChatError], None], parent: QObject) -> None:
        super().__init__(parent)
        self._settings = settings
        self._report = report
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()

    def _look(self) -> None:
        try:
            self._settings.reload()
        except ChatError as error:
            self.stop()
            self._report(error)

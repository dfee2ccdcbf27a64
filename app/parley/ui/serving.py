"""Serving: what the window shows and asks because of the server: its footer, notices, and the end of the program."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from parley.errors import ChatError
from parley.services import Services
from parley.ui.server_control import ServerControl

if TYPE_CHECKING:
    from parley.ui.window import Window


class Serving(QObject):
    """Stands between the server and one window. It knows the parts of the window; they do not know it."""

    may_end = Signal()
    """The program may end: nobody is being served, or the person has been asked."""

    def __init__(self, services: Services, app: QApplication, window: "Window") -> None:
        super().__init__(window)
        self._services = services
        self._app = app
        self._window = window
        self.may_end.connect(window.ended)
        self._asking = False
        self.control = ServerControl(services, window.tasks, self)
        self.control.changed.connect(self._show)
        self.control.failed.connect(self._failed)

    def begin(self) -> None:
        """Start the server if that is wished at the start of the program."""
        if self._services.settings.options.server_start:
            self.control.turn(on=True)

    @property
    def holds(self) -> bool:
        """Return whether somebody has to be asked before the program ends: not where the whole session ends."""
        return bool(self.control.guests) and not self._app.isSavingSession()

    def leave(self) -> None:
        """Have the program end; ask first if somebody is being served at this moment."""
        if not self.holds:
            self.may_end.emit()
        elif not self._asking:
            self._asking = True
            self._window.tasks.start(self._ask())

    async def _ask(self) -> None:
        from parley.ui.dialogs import Question, ask

        question = Question(
            self.tr("Quit Parley"),
            self.tr("The server ends with Parley. What has come of answers under way is kept."),
            self.tr("Programs being served at this moment: %n", "", self.control.guests),
            self.tr("Quit"),
            self._window,
        )
        try:
            if await ask(question):
                self.may_end.emit()
        finally:
            self._asking = False

    def _show(self) -> None:
        from parley.ui.error_texts import error_text

        switch = self.control.switch
        problem = error_text(switch.problem) if switch.problem else ""
        self._window.sidebar.footer.show_server(switch.state, switch.address or "", problem)

    def _failed(self, error: ChatError) -> None:
        if not self._window.settings_door.shows("server"):  # there it is said already
            self._window.report(error)

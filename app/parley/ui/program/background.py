"""Background: tray, badge and messages, what closing means, and a window that stays where it can be seen."""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from parley.errors import ConversationUnknown
from parley.services import Services
from parley.ui.appearance.look import Look
from parley.ui.program.tray import Tray
from parley.ui.sidebar.unread import Unread
from parley.ui.window_state import in_sight

SETTLE_MS = 500
"""What the system needs to arrange the screens that are left."""


class Background(QObject):
    """Made after the first paint: nobody closes the window before."""

    open_requested = Signal(object)
    """The person wants to see the window, with this conversation (None: a new chat)."""

    show_requested = Signal()
    quit_requested = Signal()

    def __init__(self, services: Services, look: Look, unread: Unread, window: QWidget) -> None:
        super().__init__(window)
        self._app = look.app
        self._services = services
        self._window = window
        self._unread = unread
        self._told_of = ""
        self._told_where = False
        self.tray: Tray | None = None
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.tray = self._made_tray(look)
        self._screens = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._screens.timeout.connect(self._stay_in_sight)
        look.app.screenRemoved.connect(self._screens.start)
        unread.changed.connect(self._count)
        unread.arrived.connect(self._arrived)

    def stay(self) -> bool:
        """Return whether the program goes on without its window, and say so the first time."""
        wanted = self._services.settings.options.on_close == "tray"
        if not (wanted and self.tray and self.tray.icon.isVisible()) or self._app.isSavingSession():
            return False
        if not self._told_where:
            self._told_where = True
            self.tray.tell("Parley", self.tr("Parley goes on in the tray. Quit it from the menu there."))
        return True

    def _stay_in_sight(self) -> None:
        """Fetch the window if it is where a screen has been, unless the system has done so."""
        place = in_sight(self._window.geometry(), self._window.minimumSize())
        if place != self._window.geometry() and not self._window.windowState():
            self._window.setGeometry(place)

    def _made_tray(self, look: Look) -> Tray:
        tray = Tray(look, self._window)
        tray.show_requested.connect(self.show_requested)
        tray.new_chat_requested.connect(lambda: self.open_requested.emit(None))
        tray.quit_requested.connect(self.quit_requested)
        tray.message_clicked.connect(self._message_clicked)
        return tray

    def _count(self, unread: int) -> None:
        self._app.setBadgeNumber(unread)
        if self.tray:
            self.tray.set_unread(unread)

    def _arrived(self, conversation_id: str) -> None:
        """Tell of an answer, if the person wants to be told while the window is as it is."""
        window = self._window
        hidden = not window.isVisible() or window.isMinimized()
        told = {"hidden": hidden, "inactive": not window.isActiveWindow(), "never": False}
        if not told[self._services.settings.options.notify]:
            return
        try:
            title = self._services.store.conversations.get(conversation_id).title
        except ConversationUnknown:  # another process has been quicker
            return
        QApplication.alert(window)
        if self.tray:
            self._told_of = conversation_id
            self.tray.tell(title, self.tr("The answer is there."))

    def _message_clicked(self) -> None:
        if self._told_of:
            self.open_requested.emit(self._told_of)
        else:
            self.show_requested.emit()

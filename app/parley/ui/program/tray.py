"""Tray: the sign of the program in the system's tray, with its menu and a mark for unread answers."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from parley.ui.appearance.look import Look, app_icon

SIZE = 64
DOT_SHARE = 0.45

Reason = QSystemTrayIcon.ActivationReason


class Tray(QObject):
    """Shown as long as it lives. Says what a person wants, and does nothing."""

    show_requested = Signal()
    new_chat_requested = Signal()
    quit_requested = Signal()
    message_clicked = Signal()

    def __init__(self, look: Look, window: QWidget) -> None:
        super().__init__(window)
        self._look = look
        self._unread = 0
        self.menu = QMenu(window)
        for text, signal in (
            (self.tr("Show Parley"), self.show_requested),
            (self.tr("New chat"), self.new_chat_requested),
            (self.tr("Quit"), self.quit_requested),
        ):
            self.menu.addAction(text).triggered.connect(signal)
        self.icon = QSystemTrayIcon(app_icon(), self)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self._activated)
        self.icon.messageClicked.connect(self.message_clicked)
        look.changed.connect(self._draw)
        self.set_unread(0)
        self.icon.show()

    def set_unread(self, count: int) -> None:
        """Mark the sign while there are unread answers."""
        self._unread = count
        self.icon.setToolTip(self.tr("Parley, %n unread answer(s)", "", count) if count else "Parley")
        self._draw()

    def tell(self, title: str, text: str) -> None:
        """Show a message of the system beside the tray."""
        self.icon.showMessage(title, text, app_icon())

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (Reason.Trigger, Reason.DoubleClick):
            self.show_requested.emit()

    def _draw(self) -> None:
        self.icon.setIcon(_marked(self._look) if self._unread else app_icon())


def _marked(look: Look) -> QIcon:
    """Return the program's icon with a dot in its corner."""
    pixmap = QPixmap(app_icon().pixmap(SIZE, SIZE))
    width = pixmap.width()
    dot = width * DOT_SHARE
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.theme.color("window"))
    painter.drawEllipse(int(width - dot), 0, int(dot), int(dot))
    painter.setBrush(look.theme.color("danger"))
    edge = dot * 0.12
    painter.drawEllipse(int(width - dot + edge), int(edge), int(dot - 2 * edge), int(dot - 2 * edge))
    painter.end()
    return QIcon(pixmap)

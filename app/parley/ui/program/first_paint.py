"""The first paint of the window, before there is an event loop that tasks could take steps in."""

from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

LONGEST_MS = 300
"""A window that is not painted within this time, for it is minimized or behind a lock screen, is not waited for."""


def show_painted(window: QWidget) -> None:
    """Show a window, and return when it has reached the screen. What a person types meanwhile waits."""
    painted = _FirstPaint(window)
    window.show()
    flags = QEventLoop.ProcessEventsFlag
    while painted.awaited:
        QApplication.processEvents(flags.ExcludeUserInputEvents | flags.WaitForMoreEvents)
    QApplication.processEvents(flags.ExcludeUserInputEvents)


def lay_out_around(widget: QWidget) -> None:
    """Give all that is around a widget its place now. Left to Qt each level takes a turn, with a paint between two."""
    around: QWidget | None = widget
    while around is not None:
        if layout := around.layout():
            layout.activate()
        around = around.parentWidget()


class _FirstPaint(QObject):
    """Waits until a widget is painted, but not for ever."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.awaited = True
        widget.installEventFilter(self)
        QTimer.singleShot(LONGEST_MS, self, self._end)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._end()
        return False

    def _end(self) -> None:
        if self.awaited:
            self.awaited = False
            self.deleteLater()

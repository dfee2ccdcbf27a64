"""Hurry: a person may do anything as soon as the window is on show, also what most of it is not made for yet."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QWindow

BEGINNINGS = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseButtonDblClick,
    QEvent.Type.TouchBegin,
    QEvent.Type.TabletPress,
    QEvent.Type.DragEnter,
)
LETTERS = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


class Hurry(QObject):
    """Looks at what comes to a window from outside. Before anything but letters is handed on, `make_all` is called."""

    def __init__(self, window: QWindow, make_all: Callable[[], object]) -> None:
        super().__init__(window)
        self._make_all = make_all
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in BEGINNINGS or (event.type() == QEvent.Type.KeyPress and not _is_letter(event)):
            self._make_all()
        return False


def _is_letter(event: QEvent) -> bool:
    return (
        isinstance(event, QKeyEvent)
        and event.modifiers() in LETTERS
        and bool(event.text())
        and event.text().isprintable()
    )

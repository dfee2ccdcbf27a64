"""WindowState: where the window stood on which screens, and how wide its sidebar was, as one line of the settings.

A place belongs to an arrangement of screens: who docks a laptop finds the window where it was at that desk. Qt's own
`saveGeometry` is refused where a screen has another width.
"""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from PySide6.QtCore import QMargins, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget

FIRST = QSize(1080, 760)
MOST = 8
"""So many arrangements of screens are remembered."""

FRAME = QMargins(4, 32, 4, 4)
"""What is left free around a window that is moved into sight: how wide its frame is shows only later."""

MAXIMIZED, FULL_SCREEN = Qt.WindowState.WindowMaximized, Qt.WindowState.WindowFullScreen


class Place(NamedTuple):
    """Where a window stands when it is neither maximized nor full screen, and whether it is."""

    left: int
    top: int
    width: int
    height: int
    maximized: bool = False
    full_screen: bool = False

    @classmethod
    def of(cls, window: QWidget) -> Self:
        """Return the place of a window."""
        normal = window.normalGeometry() if window.windowState() & (MAXIMIZED | FULL_SCREEN) else window.geometry()
        place = normal if normal.isValid() else window.geometry()
        maximized = bool(window.windowState() & MAXIMIZED)
        return cls(place.x(), place.y(), place.width(), place.height(), maximized, window.isFullScreen())

    @property
    def rect(self) -> QRect:
        """Return the place as a rectangle."""
        return QRect(self.left, self.top, self.width, self.height)


class WindowState(NamedTuple):
    """What is remembered of a window. The places are by arrangement of screens, the latest one last."""

    places: Mapping[str, Place] = MappingProxyType({})
    sidebar: int = 0
    folded: bool = False

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return what `to_text` wrote; nothing remembered for anything else."""
        match _value(text):
            case {"places": dict(places), "sidebar": int(sidebar), "folded": bool(folded)}:
                read = {str(name): _place(place) for name, place in places.items()}
                return cls({name: place for name, place in read.items() if place}, sidebar, folded)
        return cls()

    def with_(self, window: QWidget, sidebar: int, folded: bool) -> Self:
        """Return the state with what a window is like now."""
        here = arrangement(QGuiApplication.screens())
        others = [(name, place) for name, place in self.places.items() if name != here]
        return type(self)(dict([*others[1 - MOST :], (here, Place.of(window))]), sidebar, folded)

    def to_text(self) -> str:
        """Return the stored form."""
        places = {name: place._asdict() for name, place in self.places.items()}
        return json.dumps({**self._asdict(), "places": places})

    def put_back(self, window: QWidget) -> None:
        """Give a window the place it had on these screens, else the latest one, wholly in sight."""
        place = self.places.get(arrangement(QGuiApplication.screens())) or next(reversed([*self.places.values()]), None)
        if place is None:
            window.resize(FIRST.boundedTo(QGuiApplication.primaryScreen().availableSize()))
            return
        window.setGeometry(in_sight(place.rect, window.minimumSize()))
        states = ((MAXIMIZED, place.maximized), (FULL_SCREEN, place.full_screen))
        for state, wanted in states:
            if wanted:
                window.setWindowState(window.windowState() | state)


def arrangement(screens: Iterable[QScreen]) -> str:
    """Return a name for these screens where they stand, at their scale."""
    return " ".join(sorted(f"{screen.name()}:{_numbers(screen)}" for screen in screens))


def in_sight(place: QRect, least: QSize) -> QRect:
    """Return the place as it is if a screen shows all of it, else moved onto the one that shows most."""
    rooms = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    if any(room.contains(place) for room in rooms):
        return place
    room = max(rooms, key=lambda room: _shared(room, place))
    if not _shared(room, place):
        room = QGuiApplication.primaryScreen().availableGeometry()
    room = room.marginsRemoved(FRAME)
    size = place.size().boundedTo(room.size()).expandedTo(least)
    left = max(room.left(), min(place.left(), room.right() + 1 - size.width()))
    top = max(room.top(), min(place.top(), room.bottom() + 1 - size.height()))
    return QRect(left, top, size.width(), size.height())


def _shared(one: QRect, other: QRect) -> int:
    shared = one.intersected(other)
    return shared.width() * shared.height() if shared.isValid() else 0


def _numbers(screen: QScreen) -> str:
    place = screen.geometry()
    return f"{place.x()},{place.y()},{place.width()},{place.height()}@{screen.devicePixelRatio():g}"


def _place(stored: Any) -> Place | None:
    match stored:
        case {
            "left": int(left),
            "top": int(top),
            "width": int(width),
            "height": int(height),
            "maximized": bool(maximized),
            "full_screen": bool(full_screen),
        }:
            return Place(left, top, width, height, maximized, full_screen)
    return None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None

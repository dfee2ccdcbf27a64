"""Look: the theme in use, and our icons in its colours. Widgets that show an icon let it `dress` them."""

import functools
from pathlib import Path
from weakref import WeakKeyDictionary

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from shiboken6 import isValid

from parley.paths import resources
from parley.ui.appearance.style import window_sheet
from parley.ui.appearance.theme import Choice, Theme, apply, theme_for

MENU_SIZE = 16
MIRRORED = frozenset({"chevron-right", "sidebar", "undo"})
"""Drawings that point somewhere: they turn round where text runs from right to left."""

Dressed = QAbstractButton | QAction | QLabel


class Look(QObject):
    """Chooses the theme, follows the system's, and colours icons."""

    changed = Signal()

    def __init__(self, app: QApplication, choice: Choice = "system") -> None:
        super().__init__(app)
        self._app = app
        self._choice: Choice = choice
        self._icons: dict[tuple[str, str], QIcon] = {}
        self._dressed: WeakKeyDictionary[Dressed, tuple[str, str]] = WeakKeyDictionary()
        if choice == "system":
            app.styleHints().unsetColorScheme()
        self.theme: Theme = theme_for(choice, app)
        apply(app, self.theme, window_sheet(self.theme))
        hints = app.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)
        if hasattr(hints, "accessibility"):  # Qt 6.10
            hints.accessibility().contrastPreferenceChanged.connect(self._contrast_changed)
        app.screenAdded.connect(self._draw_anew)

    def choose(self, choice: Choice) -> None:
        """Change to light, dark, or whatever the system has."""
        self._choice = choice
        if choice == "system":
            self._app.styleHints().unsetColorScheme()
        self._put_on(theme_for(choice, self._app))

    @property
    def app(self) -> QApplication:
        """Return the application that is dressed."""
        return self._app

    def icon(self, name: str, token: str = "muted") -> QIcon:
        """Return a drawing in one of the theme's colours."""
        found = self._icons.get((name, token))
        if found is None:
            mirrored = name in MIRRORED and self._app.layoutDirection() == Qt.LayoutDirection.RightToLeft
            sizes = (MENU_SIZE, self.theme.icon_size)
            found = _icon(name, str(getattr(self.theme, token)), sizes, mirrored)
            self._icons[name, token] = found
        return found

    def dress(self, target: Dressed, name: str, token: str = "muted") -> None:
        """Give a button, an action or a label an icon, now and whenever the theme changes."""
        self._dressed[target] = (name, token)
        self._put_icon(target, name, token)

    def _put_icon(self, target: Dressed, name: str, token: str) -> None:
        icon = self.icon(name, token)
        size = QSize(self.theme.icon_size, self.theme.icon_size)
        if isinstance(target, QLabel):
            target.setPixmap(icon.pixmap(size))
            return
        target.setIcon(icon)
        if isinstance(target, QAbstractButton):
            target.setIconSize(size)

    def _system_changed(self) -> None:
        if self._choice == "system":
            self._put_on(theme_for("system", self._app))

    def _contrast_changed(self) -> None:
        self._put_on(theme_for(self._choice, self._app))

    def _put_on(self, theme: Theme) -> None:
        if theme == self.theme:
            return
        self.theme = theme
        apply(self._app, theme, window_sheet(theme))
        self._draw_anew()
        self.changed.emit()

    def _draw_anew(self) -> None:
        self._icons.clear()
        for target, (name, token) in list(self._dressed.items()):
            if isValid(target):
                self._put_icon(target, name, token)


@functools.cache
def app_icon() -> QIcon:
    """Return the program's own icon, which has its own colours."""
    renderer = QSvgRenderer(str(_drawing("parley")))
    icon = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        icon.addPixmap(_pixmap(renderer, size, 1.0, mirrored=False))
    return icon


def _drawing(name: str) -> Path:
    return resources() / "icons" / f"{name}.svg"


def _icon(name: str, color: str, sizes: tuple[int, ...], mirrored: bool) -> QIcon:
    """Return an icon with a drawing for the scale of each screen: sharp on all of them, and no engine of our own."""
    drawing = _drawing(name).read_bytes().replace(b"currentColor", color.encode())
    renderer = QSvgRenderer(QByteArray(drawing))
    icon = QIcon()
    for scale in {screen.devicePixelRatio() for screen in QGuiApplication.screens()} | {1.0}:
        for size in sizes:
            icon.addPixmap(_pixmap(renderer, size, scale, mirrored))
    return icon


def _pixmap(renderer: QSvgRenderer, size: int, scale: float, mirrored: bool) -> QPixmap:
    pixels = round(size * scale)
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    if mirrored:
        painter.translate(pixels, 0)
        painter.scale(-1, 1)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap

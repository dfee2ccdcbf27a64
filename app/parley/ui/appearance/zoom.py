"""Zoom: the size of the conversation and of what is written, by keys, by the wheel, and by the setting."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QFont, QFontInfo, QWheelEvent

from parley.options import Options
from parley.settings import Settings
from parley.ui.chat.chat_page import ChatPage

STEPS = (50, 67, 75, 80, 90, 100, 110, 125, 150, 175, 200, 250, 300)
NOTCH = 120
"""What one notch of a wheel turns, in Qt's eighths of a degree."""

PAUSE_MS = 400
"""The setting is saved so long after the last step: a turn of the wheel is one change."""


class Zoom(QObject):
    """Makes the text of one window larger and smaller."""

    def __init__(self, settings: Settings, page: ChatPage) -> None:
        super().__init__(page)
        self._settings = settings
        self._page = page
        self._turned = 0
        self.percent = 100
        self._pause = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self.save)
        for target in (page.transcript.viewport(), page.composer.field.viewport()):
            target.installEventFilter(self)

    def larger(self) -> None:
        """Take the next larger step."""
        self._choose(next((step for step in STEPS if step > self.percent), STEPS[-1]))

    def smaller(self) -> None:
        """Take the next smaller step."""
        self._choose(next((step for step in reversed(STEPS) if step < self.percent), STEPS[0]))

    def reset(self) -> None:
        """Go back to 100 %."""
        self._choose(100)

    def show_options(self, options: Options) -> None:
        """Show what is set, unless the person is just changing it."""
        if not self._pause.isActive():
            self._show(options.zoom)

    def save(self) -> None:
        """Keep the size. Raises ChatError if the settings cannot be written."""
        self._pause.stop()
        if self._settings.options.zoom != self.percent:
            self._settings.update(zoom=self.percent)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Wheel or not isinstance(event, QWheelEvent):
            return False
        if event.modifiers() != Qt.KeyboardModifier.ControlModifier:
            return False
        self._turned += event.angleDelta().y()
        while abs(self._turned) >= NOTCH:
            up = self._turned > 0
            self._turned -= NOTCH if up else -NOTCH
            (self.larger if up else self.smaller)()
        return True

    def _choose(self, percent: int) -> None:
        self._show(percent)
        self._pause.start()

    def _show(self, percent: int) -> None:
        if percent == self.percent:
            return
        self.percent = percent
        factor = percent / 100
        self._page.transcript.set_zoom(factor)
        font = QFont(self._page.font())
        size = font.pointSizeF() if font.pointSizeF() > 0 else QFontInfo(font).pointSizeF()
        font.setPointSizeF(size * factor)
        self._page.composer.field.setFont(font)

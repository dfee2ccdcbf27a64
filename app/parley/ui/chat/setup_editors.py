"""Editors of what a chat has of its own. Each can be empty: then it is left to the model."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QSlider, QWidget

from parley.options import QT_TRANSLATE_NOOP, value_text
from parley.ui.appearance.look import Look
from parley.ui.preferences.editors import Editor, Lines, Number, Segments

HUNDREDTHS = 100
STEP, PAGE = 5, 10
NUMBER_WIDTH, COUNT_WIDTH = 64, 128
STOPS_HEIGHT = 72
COLUMNS = 3

EFFORTS = {
    "": QT_TRANSLATE_NOOP("Settings", "Auto"),
    "none": QT_TRANSLATE_NOOP("Settings", "None"),
    "minimal": QT_TRANSLATE_NOOP("Settings", "Minimal"),
    "low": QT_TRANSLATE_NOOP("Settings", "Low"),
    "medium": QT_TRANSLATE_NOOP("Settings", "Medium"),
    "high": QT_TRANSLATE_NOOP("Settings", "High"),
}


class Amount(Number):
    """A number, or none."""

    def __init__(self, whole: bool, width: int, look: Look, parent: QWidget) -> None:
        super().__init__(whole, "", 0, look, parent)
        self.field.setFixedWidth(width)
        self.field.setPlaceholderText(self.tr("auto"))
        for unit in self.findChildren(QLabel):
            unit.hide()

    def finish(self) -> None:
        """Take what has been typed."""
        self._finish()

    def _text(self, value: Any) -> str:
        return "" if value is None else value_text(value)

    def _take(self, text: str) -> None:
        if text.strip():
            super()._take(text)
        else:
            self.edited.emit(None)


class Slider(QSlider):
    """A slider that the wheel goes past, for what it lies in scrolls."""

    def __init__(self, most: float, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, round(most * HUNDREDTHS))
        self.setSingleStep(STEP)
        self.setPageStep(PAGE)
        self.setMinimumHeight(24)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class Scale(Editor):
    """A number on a scale from nothing to some most, or none: a slider, and a field for it."""

    def __init__(self, most: float, usual: float, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._usual = usual
        """Where the slider stands while there is no number."""
        self._showing = False
        self.slider = Slider(most, self)
        self.number = Amount(False, NUMBER_WIDTH, look, self)
        self.line.addWidget(self.slider, 1)
        self.line.addWidget(self.number)
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderReleased.connect(self._slid)
        self.number.edited.connect(self.edited)
        self.number.refused.connect(self.refused)

    def show_value(self, value: Any) -> None:
        self.number.show_value(value)
        if not self.slider.isSliderDown():
            self._show(self._usual if value is None else float(value), unset=value is None)

    def set_name(self, name: str, help: str) -> None:
        self.slider.setAccessibleName(name)
        self.slider.setAccessibleDescription(help)
        self.number.set_name(name, help)

    def finish(self) -> None:
        """Take what has been typed."""
        self.number.finish()

    def _show(self, value: float, *, unset: bool) -> None:
        self._showing = True
        self.slider.setValue(round(value * HUNDREDTHS))
        self._showing = False
        if self.slider.property("unset") is not unset:
            self.slider.setProperty("unset", unset)
            self.slider.style().unpolish(self.slider)
            self.slider.style().polish(self.slider)

    def _moved(self, hundredths: int) -> None:
        if self._showing:
            return
        if self.slider.isSliderDown():  # it is taken where it is let go
            self.number.show_value(hundredths / HUNDREDTHS)
        else:
            self._slid()

    def _slid(self) -> None:
        self.edited.emit(self.slider.value() / HUNDREDTHS)


class Words(Lines):
    """A text of several lines."""

    def finish(self) -> None:
        """Take what has been typed."""
        if self._pause.isActive():
            self._take()


class Stops(Words):
    """Texts that end an answer, one on each line."""

    edited = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.field.setFixedHeight(STOPS_HEIGHT)

    def show_value(self, value: Any) -> None:
        if read_stops(self.field.toPlainText()) != tuple(value):  # an empty line that is being written stays
            super().show_value(written_stops(value))

    def _take(self) -> None:
        self._pause.stop()
        self.edited.emit(read_stops(self.field.toPlainText()))


class Efforts(Segments):
    """How long to think, in two lines."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(EFFORTS, parent)
        grid = QGridLayout()
        grid.setSpacing(4)
        for number, button in enumerate(self.buttons.values()):
            self.line.removeWidget(button)
            grid.addWidget(button, number // COLUMNS, number % COLUMNS)
        self.line.addLayout(grid)


def written_stops(stops: Sequence[str]) -> str:
    r"""Return texts as they are written in the field, one on each line: `\n` stands for a line feed."""
    return "\n".join(
        stop.replace("\\", r"\\").replace("\n", r"\n").replace("\t", r"\t").replace("\r", r"\r") for stop in stops
    )


def read_stops(text: str) -> tuple[str, ...]:
    """Return the texts that are written in the field."""
    signs = {r"\\": "\\", r"\n": "\n", r"\t": "\t", r"\r": "\r"}
    found = []
    for line in filter(None, text.split("\n")):
        parts = line.split(r"\\")
        for sign in (r"\n", r"\t", r"\r"):
            parts = [part.replace(sign, signs[sign]) for part in parts]
        found.append("\\".join(parts))
    return tuple(found)

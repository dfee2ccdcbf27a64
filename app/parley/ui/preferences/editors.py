"""Editors: one kind of widget for each type of option. They tell what a person wants, and set nothing."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QLocale,
    QObject,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from parley.options import value_text
from parley.ui.appearance.look import Look

TRACK = QSizeF(36, 20)
PAUSE_MS = 600
"""A longer text is saved after such a pause in typing."""


def translated(text: str) -> str:
    """Return a text of the settings table in the person's language."""
    return QCoreApplication.translate("Settings", text) if text else ""


class Editor(QWidget):
    """Changes one value."""

    edited = Signal(object)
    refused = Signal()
    """What was typed is no value of this kind at all."""

    noted = Signal(str)
    """What comes of the value on this computer; empty if that goes without saying."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.line = QHBoxLayout(self)
        self.line.setContentsMargins(0, 0, 0, 0)
        self.line.setSpacing(6)

    def show_value(self, value: Any) -> None:
        """Show the value that is set now; it does not count as edited."""
        raise NotImplementedError

    def set_name(self, name: str, help: str) -> None:
        """Take the words that screen readers say."""
        raise NotImplementedError


class Toggle(QCheckBox):
    """A check box that is drawn as a switch."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return TRACK.toSize() + QSize(12, 12)

    def hitButton(self, place: QPoint) -> bool:
        return self.rect().contains(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, on = self._look.theme, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(QPointF(0, 0), TRACK)
        track.moveCenter(QRectF(self.rect()).center())
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), theme.focus_width))
            painter.drawRoundedRect(track.adjusted(-4, -4, 4, 4), 14, 14)
        painter.setPen(QPen(theme.color("accent" if on else "outline"), 1))
        painter.setBrush(theme.color("accent" if on else "window"))
        painter.drawRoundedRect(track, track.height() / 2, track.height() / 2)
        at_end = on != (self.layoutDirection() == Qt.LayoutDirection.RightToLeft)
        size = track.height() - 8
        left = track.right() - size - 4 if at_end else track.left() + 4
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("on_accent" if on else "outline"))
        painter.drawEllipse(QRectF(left, track.top() + 4, size, size))


class Switch(Editor):
    """On or off."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.box = Toggle(look, self)
        self.box.clicked.connect(lambda: self.edited.emit(self.box.isChecked()))
        self.line.addWidget(self.box)

    def show_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))

    def set_name(self, name: str, help: str) -> None:
        self.box.setAccessibleName(name)
        self.box.setAccessibleDescription(help)


class Segments(Editor):
    """One of a few, all of them in sight: in one line, or with so many `columns`."""

    def __init__(self, choices: Mapping[str, str], parent: QWidget, columns: int = 0) -> None:
        super().__init__(parent)
        grid = QGridLayout()
        grid.setSpacing(4)
        self.line.addLayout(grid)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, QPushButton] = {}
        for number, (value, words) in enumerate(choices.items()):
            button = QPushButton(translated(words), self)
            button.setCheckable(True)
            button.setProperty("kind", "segment")
            button.clicked.connect(lambda _checked=False, value=value: self.edited.emit(value))
            self._group.addButton(button)
            self.buttons[value] = button
            grid.addWidget(button, *divmod(number, columns or len(choices)))

    def show_value(self, value: Any) -> None:
        self.buttons[str(value)].setChecked(True)

    def set_name(self, name: str, help: str) -> None:
        for button in self.buttons.values():
            button.setAccessibleName(f"{name}: {button.text()}")
            button.setAccessibleDescription(help)


class Line(Editor):
    """A text of one line, taken when it is finished."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.field = QLineEdit(self)
        self.field.editingFinished.connect(self._finish)
        self.field.installEventFilter(self)
        self._shown = ""
        self._taking = False
        self.line.addWidget(self.field)

    def show_value(self, value: Any) -> None:
        untouched = self._taking or self.field.text() == self._shown
        self._shown = self._text(value)
        if untouched or not self.field.hasFocus():
            self.field.setText(self._shown)

    def set_name(self, name: str, help: str) -> None:
        self.field.setAccessibleName(name)
        self.field.setAccessibleDescription(help)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and self.field.text() != self._shown:
            if event.type() == QEvent.Type.KeyPress:
                self.field.setText(self._shown)
                self._take(self._shown)
            event.accept()
            return True
        return False

    def _text(self, value: Any) -> str:
        return str(value)

    def _finish(self) -> None:
        if self.field.text() != self._shown:
            self._taking = True
            self._take(self.field.text())
            self._taking = False

    def _take(self, text: str) -> None:
        self.edited.emit(text.strip())


class Number(Line):
    """A number with what it counts, and with buttons where there is a step."""

    def __init__(self, whole: bool, unit: str, step: int, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._whole = whole
        self.field.setFixedWidth(72)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute)
        self.less = self._button("minus", self.tr("Less"), -step, look)
        self.more = self._button("plus", self.tr("More"), step, look)
        for button in (self.less, self.more):
            button.setVisible(bool(step))
        self.line.insertWidget(0, self.less)
        if unit:
            self.line.addWidget(QLabel(translated(unit), self))
        self.line.addWidget(self.more)

    def set_name(self, name: str, help: str) -> None:
        super().set_name(name, help)
        for button in (self.less, self.more):
            button.setAccessibleName(f"{name}: {button.toolTip()}")

    def _button(self, icon: str, name: str, step: int, look: Look) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(name)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        look.dress(button, icon)
        button.clicked.connect(lambda: self._step(step))
        return button

    def _step(self, step: int) -> None:
        value, size = self._value(self._shown), abs(step)
        if value is not None:
            self.edited.emit((value // size + 1) * size if step > 0 else (-(-value // size) - 1) * size)

    def _text(self, value: Any) -> str:
        return value_text(value)

    def _value(self, text: str) -> int | float | None:
        """Return the number that a text names, as people here or programs write it."""
        for read in (int,) if self._whole else (float, _local):
            try:
                return read(text.strip())
            except ValueError:
                continue
        return None

    def _take(self, text: str) -> None:
        value = self._value(text)
        if value is None:
            self.refused.emit()
        else:
            self.edited.emit(value)


def _local(text: str) -> float:
    value, good = QLocale().toDouble(text)
    if not good:
        raise ValueError(text)
    return value


class Lines(Editor):
    """A text of several lines, taken after a pause."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.field = QPlainTextEdit(self)
        self.field.setTabChangesFocus(True)
        self.field.setFixedHeight(96)
        self._pause = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self._take)
        self.field.textChanged.connect(self._pause.start)
        self.field.installEventFilter(self)
        self.line.addWidget(self.field)

    def show_value(self, value: Any) -> None:
        if not self._pause.isActive() and self.field.toPlainText() != value:
            self.field.setPlainText(str(value))
            self._pause.stop()

    def set_name(self, name: str, help: str) -> None:
        self.field.setAccessibleName(name)
        self.field.setAccessibleDescription(help)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusOut, QEvent.Type.Hide) and self._pause.isActive():
            self._take()
        return False

    def _take(self) -> None:
        self._pause.stop()
        self.edited.emit(self.field.toPlainText())

"""SetupSheet: a sheet beside the conversation with what the chat has of its own. Layout only."""

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from parley.ui.appearance.look import Look
from parley.ui.appearance.theme import Theme

if TYPE_CHECKING:
    from parley.ui.chat.setup_form import SetupForm

WIDTH = 360
LEAST_BESIDE = 320
"""Where there is less room for the conversation it takes all of the width."""


class SetupSheet(QFrame):
    """Goes with its button, with Escape, or with the command that opened it. What it holds is made at first use."""

    closed = Signal()

    def __init__(self, look: Look, over: QWidget, page: QWidget) -> None:
        super().__init__(page)
        self.setObjectName("chatSheet")
        self.setAccessibleName(self.tr("Chat settings"))
        self._look = look
        self._over = over
        """The conversation; it makes room."""
        over.installEventFilter(self)
        self.hide()

    @cached_property
    def form(self) -> "SetupForm":
        """Return what is in it."""
        from parley.ui.chat.setup_form import SetupForm
        from parley.ui.preferences.row import words_label

        title = words_label(self.tr("Chat settings"), self, "title")
        self.button = QToolButton(self)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.button.setAccessibleName(self.tr("Close"))
        tip = f"{self.tr('Close')} (Esc)"
        self.button.setToolTip(tip)
        self._look.dress(self.button, "close")
        self.button.clicked.connect(self.closed)
        top = QHBoxLayout()
        top.setContentsMargins(16, 8, 8, 0)
        top.addWidget(title, 1)
        top.addWidget(self.button)
        made = SetupForm(self._look, self)
        QWidget.setTabOrder(made.rows["seed"].reset_button, self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 1, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(made, 1)
        self._look.changed.connect(self._dress)
        self._dress()
        return made

    @property
    def made(self) -> bool:
        """Return whether it has ever been opened."""
        return "form" in vars(self)

    def open(self) -> None:
        """Show it, with the keyboard in its first field."""
        self._place()
        self.show()
        self.raise_()
        self.enter()

    def close_(self) -> None:
        """Give the conversation its room back."""
        self.hide()
        self._over.setContentsMargins(0, 0, 0, 0)

    def enter(self) -> None:
        """Take the keyboard."""
        self.form.rows["instruction"].editor.findChildren(QWidget)[0].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange and self.isVisible():
            self._place()

    def _place(self) -> None:
        """Stand beside the conversation down to the foot of the page, or over it where there is no room beside."""
        room, page = self._over.geometry(), self.parentWidget()
        beside = room.width() - WIDTH >= LEAST_BESIDE
        width = WIDTH if beside else room.width()
        taken = WIDTH if beside else 0
        height = page.height() - room.top() if beside and page else room.height()
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            self.setGeometry(QRect(room.left(), room.top(), width, height))
            self._over.setContentsMargins(taken, 0, 0, 0)
        else:
            self.setGeometry(QRect(room.right() + 1 - width, room.top(), width, height))
            self._over.setContentsMargins(0, 0, taken, 0)

    def _dress(self) -> None:
        from parley.ui.preferences.style import settings_sheet

        self.setStyleSheet(settings_sheet(self._look.theme) + _sheet(self._look.theme))


def _sheet(theme: Theme) -> str:
    t = theme
    return f"""
QFrame#chatSheet {{ background: {t.window}; border: none; border-left: 1px solid {t.faint};
  border-right: 1px solid {t.faint}; }}
"""

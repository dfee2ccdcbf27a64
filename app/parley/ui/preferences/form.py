"""Form: fields below each other with what is wrong beside each, and buttons at its foot. Escape closes it."""

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from parley.ui.preferences.page import tab_as_read
from parley.ui.preferences.row import words_label


class Form(QFrame):
    """A frame that is open while something is added or changed."""

    save_requested = Signal()
    cancelled = Signal()

    def __init__(self, save: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("form")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 12, 12, 12)
        self.column.setSpacing(4)
        self._problems: dict[str, QLabel] = {}
        self.problem = words_label("", self, "error")
        self.problem.hide()
        self.save = QPushButton(save, self)
        self.save.setProperty("kind", "primary")
        self.save.clicked.connect(self.save_requested)
        self.cancel = QPushButton(self.tr("Cancel"), self)
        self.cancel.clicked.connect(self.cancelled)

    def event(self, event: QEvent) -> bool:
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            if event.type() == QEvent.Type.KeyPress:
                self.cancelled.emit()
            event.accept()  # else it closes the window
            return True
        return super().event(event)

    def add_line(self, name: str, label: str, hint: str = "") -> QLineEdit:
        """Add a field of one line. Enter saves."""
        field = QLineEdit(self)
        field.setPlaceholderText(hint)
        field.returnPressed.connect(self.save_requested)
        self.add_field(name, label, field)
        field.setAccessibleName(label)
        field.textEdited.connect(lambda: self.show_fault(name, ""))
        return field

    def add_field(self, name: str, label: str, field: QWidget, help: str = "") -> None:
        """Add a field under its words, and a place for what is wrong with it."""
        words = words_label(label, self)
        words.setContentsMargins(0, 6, 0, 0)
        self.column.addWidget(words)
        if help:
            self.column.addWidget(words_label(help, self, "muted"))
        self.column.addWidget(field)
        problem = self._problems[name] = words_label("", self, "error")
        problem.hide()
        self.column.addWidget(problem)

    def end(self) -> None:
        """Put the buttons below the fields."""
        self.column.addWidget(self.problem)
        line = QHBoxLayout()
        line.setContentsMargins(0, 8, 0, 0)
        line.setSpacing(8)
        line.addWidget(self.save)
        line.addWidget(self.cancel)
        line.addStretch(1)
        self.column.addLayout(line)
        tab_as_read(self)

    def show_fault(self, name: str, text: str) -> None:
        """Say what is wrong with a field, or with all of it where there is no such field."""
        label = self._problems.get(name, self.problem)
        label.setText(text)
        label.setVisible(bool(text))
        if text:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def forget_faults(self) -> None:
        """Take away what was wrong."""
        for name in (*self._problems, ""):
            self.show_fault(name, "")

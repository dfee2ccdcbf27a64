"""EndpointForm: what a person types about a server: where it is, and its key. A key is never shown again."""

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QEvent, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from parley.providers.catalog import Place
from parley.providers.rows import Fault
from parley.ui.preferences.editors import Segments
from parley.ui.preferences.row import words_label

PASTED = 8
"""So many letters at once are no typing."""

DIALECTS = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "gemini": "Gemini",
    "azure": "Azure OpenAI",
    "ollama": "Ollama",
}
EXAMPLES = {
    "openai": "http://127.0.0.1:8080/v1",
    "anthropic": "https://api.anthropic.com",
    "gemini": "https://generativelanguage.googleapis.com",
    "azure": "https://NAME.openai.azure.com",
    "ollama": "http://127.0.0.1:11434",
}


class KeyField(QLineEdit):
    """Takes a key and shows dots."""

    pasted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self._length = 0
        self.textChanged.connect(self._changed)

    def _changed(self, text: str) -> None:
        grown, self._length = len(text) - self._length, len(text)
        if grown >= PASTED:
            self.pasted.emit()


class EndpointForm(QFrame):
    """The fields of one server. Of a service only the key can be given."""

    test_requested = Signal()
    key_pasted = Signal()
    save_requested = Signal()
    key_removal_requested = Signal()
    cancelled = Signal()

    def __init__(self, place: Place | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("form")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 12, 12, 12)
        self._column.setSpacing(4)
        self._problems: dict[str, QLabel] = {}
        self._needs_key = place is not None and place.kind == "service"
        endpoint = place.endpoint if place else None
        whole = place is None or place.kind == "added"
        self.name = self._field("name", self.tr("Name"), self.tr("such as “office”"), whole)
        self.address = self._field("address", self.tr("Address"), "", whole)
        self.dialect = Segments(DIALECTS, self, columns=3)
        self.dialect.set_name(self.tr("Speaks like"), "")
        self.dialect.edited.connect(self._choose_dialect)
        self._chosen = "openai"
        self._add(self.tr("Speaks like"), self.dialect, whole)
        self.key = KeyField(self)
        self._dress(self.key, "key", self.tr("Key"), "", True)
        self.key_place = words_label("", self, "muted")
        self._column.addWidget(self.key_place)
        self.key_env = self._field("variable", self.tr("Or the environment variable that holds it"), "", whole)
        self.result = words_label("", self, "muted")
        self.result.hide()
        self._column.addWidget(self.result)
        self._column.addSpacing(4)
        self._column.addLayout(self._buttons(new=place is None))
        self._choose_dialect(endpoint.dialect if endpoint else "openai")
        if endpoint and whole:
            self.name.setText(endpoint.name)
            self.name.setReadOnly(True)
            self.name.setToolTip(self.tr("Chats know it by this name. Remove it and add it anew for another one."))
            self.address.setText(endpoint.base_url)
            self.key_env.setText(next(iter(endpoint.key_env), ""))

    def event(self, event: QEvent) -> bool:
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            if event.type() == QEvent.Type.KeyPress:
                self.cancelled.emit()
            event.accept()  # else it closes the window
            return True
        return super().event(event)

    @property
    def chosen_dialect(self) -> str:
        """Return what the server speaks."""
        return self._chosen

    def show_key(self, place: str) -> None:
        """Say where a key is kept; an empty text if none is."""
        words = self.tr("Paste it here") if self._needs_key else self.tr("Not needed by every server")
        kept = self.tr("A key is kept. A new one takes its place.")
        self.key.setPlaceholderText(kept if place else words)
        self.key_place.setText(place)
        for part in (self.key_place, self.remove_key):
            part.setVisible(bool(place))

    def show_key_fault(self) -> None:
        """Say beside its field that what was typed is no key."""
        self.show_faults({"key": key_fault_text()})

    def show_faults(self, faults: Mapping[str, str]) -> None:
        """Say beside the fields what is wrong with them."""
        for name, label in self._problems.items():
            label.setText(faults.get(name, ""))
            label.setVisible(bool(label.text()))

    def show_fault(self, fault: Fault) -> None:
        """Say beside its field what is wrong with what was typed."""
        place = {"taken": "name", "password": "address"}.get(fault, fault)
        self.show_faults({place: fault_text(fault)})

    def show_result(self, text: str, *, error: bool = False) -> None:
        """Say how the test went."""
        self.result.setProperty("error", error)
        self.result.setProperty("muted", not error)
        self.result.style().unpolish(self.result)
        self.result.style().polish(self.result)
        self.result.setText(text)
        self.result.setVisible(bool(text))
        if text:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.result, text))

    def set_busy(self, busy: bool) -> None:
        """While a trial runs, its button stops it."""
        self.test.setText(self.tr("Stop") if busy else self.tr("Test"))

    def set_saving(self, saving: bool) -> None:
        """While the key goes to its place nothing else can be saved."""
        for button in (self.save, self.remove_key):
            button.setEnabled(not saving)

    def _choose_dialect(self, name: object) -> None:
        self._chosen = str(name)
        self.address.setPlaceholderText(EXAMPLES.get(self._chosen, ""))
        self.dialect.show_value(name)

    def _field(self, name: str, label: str, hint: str, shown: bool) -> QLineEdit:
        field = QLineEdit(self)
        self._dress(field, name, label, hint, shown)
        return field

    def _dress(self, field: QLineEdit, name: str, label: str, hint: str, shown: bool) -> None:
        field.setPlaceholderText(hint)
        field.setAccessibleName(label)
        self._add(label, field, shown)
        problem = words_label("", self, "error")
        problem.hide()
        self._column.addWidget(problem)
        self._problems[name] = problem
        field.returnPressed.connect(self.save_requested)
        field.textEdited.connect(problem.hide)

    def _add(self, label: str, field: QWidget, shown: bool) -> None:
        words = words_label(label, self)
        words.setContentsMargins(0, 6, 0, 0)
        for part in (words, field):
            part.setVisible(shown)
            self._column.addWidget(part)

    def _buttons(self, *, new: bool) -> QHBoxLayout:
        self.test = QPushButton(self.tr("Test"), self)
        self.test.setToolTip(test_hint())
        self.save = QPushButton(self.tr("Add") if new else self.tr("Save"), self)
        self.save.setProperty("kind", "primary")
        self.cancel = QPushButton(self.tr("Cancel"), self)
        self.remove_key = QPushButton(self.tr("Forget the key"), self)
        self.remove_key.setProperty("kind", "danger")
        self.remove_key.hide()
        line = QHBoxLayout()
        line.setSpacing(8)
        for button in (self.save, self.test, self.cancel):
            line.addWidget(button)
        line.addStretch(1)
        line.addWidget(self.remove_key)
        self.test.clicked.connect(self.test_requested)
        self.save.clicked.connect(self.save_requested)
        self.cancel.clicked.connect(self.cancelled)
        self.remove_key.clicked.connect(self.key_removal_requested)
        self.key.pasted.connect(self.key_pasted)
        return line


def test_hint() -> str:
    """Return what a trial does, for it may cost a little."""
    return QCoreApplication.translate(
        "Providers", "Asks for the list of models and, where there is a key, one model for a word."
    )


def key_fault_text() -> str:
    """Return that something is no key."""
    return QCoreApplication.translate("Providers", "A key is one line of letters, digits and signs.")


def fault_text(fault: Fault) -> str:
    """Return in the person's language what is wrong with what they typed."""
    match fault:
        case "name":
            return QCoreApplication.translate("Providers", "Letters, digits, “-” and “_”, 64 at most.")
        case "taken":
            return QCoreApplication.translate("Providers", "Parley uses this name itself. Choose another one.")
        case "variable":
            return QCoreApplication.translate("Providers", "The name of an environment variable, not the key itself.")
        case "password":
            return QCoreApplication.translate("Providers", "An address without a password. The key goes below.")
        case "address":
            return QCoreApplication.translate("Providers", "An address such as http://127.0.0.1:8080/v1.")

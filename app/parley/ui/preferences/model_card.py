"""ModelCard: one model that a server keeps, what is known of it, and what can be done with it."""

from PySide6.QtCore import QCoreApplication, QEvent, QLocale, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from parley.models import Model
from parley.providers.library import LoadedModel, ModelDetails
from parley.ui.models.download_bar import bytes_text
from parley.ui.models.long_words import breakable
from parley.ui.preferences.card import Card
from parley.ui.preferences.row import words_label

DETAILS_HEIGHT = 180


class ModelCard(Card):
    """A frame with name, facts, state and buttons; details and the question before deleting open below them."""

    details_requested = Signal()
    unload_requested = Signal()
    delete_requested = Signal()

    def __init__(self, model: Model, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(model.name)
        self.model = model
        self._is_default = False
        self.haystack = f"{model.name} ollama".casefold()
        self._facts = words_label("", self, "muted")
        self.state = words_label("", self, "muted")
        self.problem = words_label("", self, "error")
        self.details = self._button(self.tr("Details"), self.tr("Details of {model}"))
        self.details.setCheckable(True)
        self.details.clicked.connect(self._turn_details)
        self.unload = self._button(self.tr("Unload"), self.tr("Take {model} out of memory"))
        self.unload.clicked.connect(self.unload_requested)
        self.delete = self._button(self.tr("Delete…"), self.tr("Delete {model}"))
        self.delete.clicked.connect(self.ask)
        self.told = QPlainTextEdit(self)
        self.told.setReadOnly(True)
        self.told.setTabChangesFocus(True)
        self.told.setFixedHeight(DETAILS_HEIGHT)
        self.told.setAccessibleName(self.tr("Details of {model}").format(model=model.name))
        self.question = self._made_question()
        self._arrange()
        for part in (self.state, self.problem, self.told, self.question):
            part.hide()
        self.show_model(model)

    def show_model(self, model: Model, loaded: LoadedModel | None = None, *, is_default: bool = False) -> None:
        """Show what is known of the model now."""
        self.model, self._is_default = model, is_default
        self._facts.setText(facts_text(model))
        self.state.setText(self._loaded_text(loaded) if loaded else "")
        self.state.setVisible(loaded is not None)
        self.unload.setVisible(loaded is not None)

    def show_details(self, details: ModelDetails) -> None:
        """Show what the server says of it."""
        names = (
            (self.tr("Family"), details.family),
            (self.tr("Parameters"), details.parameter_size),
            (self.tr("Quantisation"), details.quantization),
            (self.tr("Format"), details.format),
            (self.tr("Context"), QLocale().toString(details.context) if details.context else ""),
            (self.tr("Abilities"), ", ".join(details.abilities)),
            (self.tr("Settings"), details.parameters),
            (self.tr("Instruction"), details.instruction),
            (self.tr("Template"), details.template),
            (self.tr("Licence"), details.license),
        )
        lines = [
            f"{name}:\n{value}" if "\n" in value or len(value) > DETAILS_HEIGHT else f"{name}: {value}"
            for name, value in names
            if value
        ]
        self.told.setPlainText("\n".join(lines))
        self.told.show()
        self.details.setChecked(True)

    def show_problem(self, text: str) -> None:
        """Say what went wrong; an empty text takes that away."""
        if text:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))
        self.problem.setText(breakable(text))
        self.problem.setVisible(bool(text))

    def ask(self) -> None:
        """Ask before it is deleted."""
        size = bytes_text(self.model.size_bytes) if self.model.size_bytes else ""
        words = self.tr("Delete {model}? It can only be fetched anew. Your chats stay.").format(model=self.model.name)
        if size:
            words += " " + self.tr("{size} are freed.").format(size=size)
        if self._is_default:
            words += " " + self.tr("It answers your new chats.")
        self.question_words.setText(breakable(words))
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))
        self.question.show()
        self.delete.setEnabled(False)
        self.keep.setFocus()

    def leave(self) -> None:
        """Keep the model."""
        self.question.hide()
        self.delete.setEnabled(True)
        self.delete.setFocus()

    def event(self, event: QEvent) -> bool:
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if (
            escape
            and self.question.isVisible()
            and event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        ):
            if event.type() == QEvent.Type.KeyPress:
                self.leave()
            event.accept()  # else it closes the window
            return True
        return super().event(event)

    def _turn_details(self, checked: bool) -> None:
        if checked:
            self.details_requested.emit()
        else:
            self.told.hide()

    def _loaded_text(self, loaded: LoadedModel) -> str:
        words = [self.tr("In memory")]
        if loaded.size_bytes:
            words.append(bytes_text(loaded.size_bytes))
        if loaded.context:
            words.append(self.tr("room for {count} tokens").format(count=QLocale().toString(loaded.context)))
        return " · ".join(words)

    def _made_question(self) -> QFrame:
        question = QFrame(self)
        self.question_words = words_label("", question)
        self.sure = QPushButton(self.tr("Delete"), question)
        self.sure.setProperty("kind", "danger")
        self.sure.setAccessibleName(self.tr("Really delete {model}").format(model=self.model.name))
        self.sure.clicked.connect(self.delete_requested)
        self.keep = QPushButton(self.tr("Keep"), question)
        self.keep.setAccessibleName(self.tr("Keep {model}").format(model=self.model.name))
        self.keep.clicked.connect(self.leave)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.sure)
        buttons.addWidget(self.keep)
        buttons.addStretch(1)
        column = QVBoxLayout(question)
        column.setContentsMargins(0, 4, 6, 0)
        column.setSpacing(8)
        column.addWidget(self.question_words)
        column.addLayout(buttons)
        return question

    def _arrange(self) -> None:
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for label in (words_label(breakable(self.model.name), self, "title"), self._facts, self.state, self.problem):
            texts.addWidget(label)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        for button in (self.details, self.unload, self.delete):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.put_side_by_side(texts, buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 8, 10)
        column.setSpacing(8)
        column.addLayout(self._line)
        column.addWidget(self.question)
        column.addWidget(self.told)

    def _button(self, text: str, name: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("kind", "link")
        button.setAccessibleName(name.format(model=self.model.name))
        return button


def facts_text(model: Model) -> str:
    """Return on one line how large a model is, and what it can do."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("ModelCard", text)

    facts = [bytes_text(model.size_bytes)] if model.size_bytes else []
    if model.quantization:
        facts.append(model.quantization)
    if model.context:
        facts.append(tr("{count} tokens").format(count=QLocale().toString(model.context)))
    if model.purpose == "embedding":
        facts.append(tr("finds texts, does not chat"))
    abilities = (
        (model.vision, tr("sees images")),
        (model.tools, tr("uses tools")),
        (model.reasoning, tr("thinks")),
    )
    return " · ".join([*facts, *(words for can, words in abilities if can)])

"""Welcome: what a new chat shows before its first message; when only the Guide is there, what it can do."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

WIDTH = 440


class Welcome(QScrollArea):
    """An empty chat."""

    asked = Signal(str)
    """The person has chosen a question."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inside = QWidget(self)
        self._words = QLabel(self)
        self._words.setObjectName("welcome")
        self._more = QLabel(self)
        self._more.setProperty("muted", True)
        for label in (self._words, self._more):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._questions: list[QPushButton] = []
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addStretch(2)
        column.addWidget(self._words)
        column.addWidget(self._more)
        column.addSpacing(12)
        for text in self._offers():
            button = QPushButton(text, self)
            button.setProperty("kind", "question")
            button.clicked.connect(lambda _checked=False, text=text: self.asked.emit(text))
            self._questions.append(button)
            column.addWidget(button)
        column.addStretch(3)
        centre = QWidget(self._inside)
        centre.setLayout(column)
        centre.setMaximumWidth(WIDTH)
        around = QHBoxLayout(self._inside)
        around.setContentsMargins(16, 0, 16, 0)
        around.addStretch(1)
        around.addWidget(centre, 1000)
        around.addStretch(1)
        self.setWidget(self._inside)
        self.show_for(only_guide=False, model="")

    def show_for(self, *, only_guide: bool, model: str) -> None:
        """Speak of what can be done now."""
        if only_guide:
            self._words.setText(self.tr("Ask the Guide"))
            self._more.setText(
                self.tr(
                    "It answers from Parley’s manual and is always there. "
                    "To talk with a language model, connect one first."
                )
            )
        else:
            self._words.setText(self.tr("What is on your mind?"))
            self._more.setText(self.tr("{model} will answer.").format(model=model) if model else "")
        self._more.setVisible(bool(self._more.text()))
        for button in self._questions:
            button.setVisible(only_guide)

    @property
    def questions(self) -> list[QPushButton]:
        """Return the buttons that ask something."""
        return self._questions

    def _offers(self) -> tuple[str, ...]:
        return (
            self.tr("How do I get a model?"),
            self.tr("What can I do with Parley?"),
            self.tr("Where are my chats kept?"),
        )

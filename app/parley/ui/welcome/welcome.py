"""Welcome: what a new chat shows before its first message; when only the Guide is there, what it can do."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpacerItem,
    QVBoxLayout,
    QWidget,
)

if TYPE_CHECKING:
    from parley.ui.welcome.first_steps import FirstSteps

WIDTH = 440


class Welcome(QScrollArea):
    """An empty chat."""

    asked = Signal(str)
    """The person has chosen a question."""

    connect_requested = Signal()
    """The person has skipped the first steps, and wants a model now."""

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
        self.steps: FirstSteps | None = None
        self._or = QLabel(self.tr("Or ask the Guide, which answers from Parley’s manual:"), self)
        self._or.setProperty("muted", True)
        self._or.setWordWrap(True)
        self._or.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.connect_button = QPushButton(self.tr("Connect a model"), self)
        self.connect_button.setProperty("kind", "link")
        self.connect_button.clicked.connect(self.connect_requested)
        self._only_guide = False
        self._questions: list[QPushButton] = []
        self._column = column = QVBoxLayout()
        column.setSpacing(8)
        column.addStretch(2)
        column.addWidget(self._words)
        column.addWidget(self._more)
        column.addSpacing(12)
        column.addWidget(self._or)
        for text in self._offers():
            button = QPushButton(text, self)
            button.setProperty("kind", "question")
            button.clicked.connect(lambda _checked=False, text=text: self.asked.emit(text))
            self._questions.append(button)
            column.addWidget(button)
        column.addWidget(self.connect_button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        centre = QWidget(self._inside)
        centre.setLayout(column)
        centre.setMaximumWidth(WIDTH)
        around = QHBoxLayout(self._inside)
        around.setContentsMargins(16, 0, 16, 0)
        around.addStretch(1)
        around.addWidget(centre, 1000)
        around.addStretch(1)
        self._beside = QSpacerItem(0, 0, QSizePolicy.Policy.Fixed)
        around.addItem(self._beside)
        self.verticalScrollBar().rangeChanged.connect(self._keep_middle)
        self.setWidget(self._inside)
        self._keep_middle()
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
        self._only_guide = only_guide
        self._arrange()

    def show_steps(self, steps: "FirstSteps | None") -> None:
        """Show the first steps in the place of the greeting; None takes them away."""
        if steps is not self.steps:
            if self.steps:
                self.steps.hide()
                self.steps.deleteLater()
            self.steps = steps
            if steps:
                self._column.insertWidget(1, steps)
        self._arrange()

    def _keep_middle(self) -> None:
        """Leave the room of the scroll bar free while there is none: so does the composer below."""
        bar = self.verticalScrollBar()
        width = 0 if bar.maximum() else bar.sizeHint().width()
        if width != self._beside.sizeHint().width():
            self._beside.changeSize(width, 0, QSizePolicy.Policy.Fixed)
            self._inside.updateGeometry()
            if layout := self._inside.layout():
                layout.invalidate()

    def _arrange(self) -> None:
        steps = self.steps is not None
        self._words.setVisible(not steps)
        self._more.setVisible(not steps and bool(self._more.text()))
        self._or.setVisible(steps and self._only_guide)
        self.connect_button.setVisible(not steps and self._only_guide)
        for button in self._questions:
            button.setVisible(self._only_guide)

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

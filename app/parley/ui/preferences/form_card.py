"""FormCard: a card below whose rest a form opens."""

from typing import Generic, TypeVar

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from parley.ui.preferences.card import Card

F = TypeVar("F", bound=QWidget)


class FormCard(Card, Generic[F]):
    """Fill `column`, and name the buttons that open a form as `openers`: they rest while one is open."""

    haystack = ""
    """What the search of the window looks through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.form: F | None = None
        self.openers: tuple[QPushButton, ...] = ()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(14, 10, 8, 10)
        self.column.setSpacing(8)
        self.column.addLayout(self._line)

    def open_form(self, form: F) -> None:
        """Show a form below the rest, in the place of one that is open."""
        self.close_form()
        self.form = form
        self.column.addWidget(form)
        form.show()
        self._let_open(may=False)

    def close_form(self) -> None:
        """Take the form away."""
        if self.form:
            self.form.hide()
            self.form.deleteLater()
            self.form = None
        self._let_open(may=True)

    def _let_open(self, *, may: bool) -> None:
        for button in self.openers:
            button.setEnabled(may)

    def link(self, text: str, clicked: object) -> QPushButton:
        """Return a button that looks like a link."""
        button = QPushButton(text, self)
        button.setProperty("kind", "link")
        button.clicked.connect(clicked)
        return button

"""Page: a title and rows below each other, which scroll."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from parley.options import Options
from parley.ui.preferences.row import Row, words_label

WIDEST = 640

Follow = Callable[[], Callable[[], object]]
"""Begins to follow something; returns what ends that."""


class Page(QScrollArea):
    """One page of the settings window."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.title = title
        self.setAccessibleName(title)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.inside = inside = QWidget(self)
        inside.setObjectName("settingsPage")
        inside.setMaximumWidth(WIDEST)
        inside.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.column = QVBoxLayout(inside)
        self.column.setContentsMargins(24, 16, 24, 24)
        self.column.setSpacing(0)
        heading = words_label(title, inside)
        heading.setObjectName("settingsTitle")
        heading.setIndent(0)
        self.column.addWidget(heading)
        self.setWidget(inside)
        self._follows: list[Follow] = []
        self._endings: list[Callable[[], object]] = []

    def follow(self, follow: Follow) -> None:
        """Follow something while the page is in sight."""
        self._follows.append(follow)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._endings:  # a window that comes back from its icon is shown again
            self._endings = [follow() for follow in self._follows]

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        while self._endings:
            self._endings.pop()()

    def add(self, part: QWidget) -> None:
        """Put something below the rest."""
        self.column.addWidget(part)

    def add_heading(self, text: str) -> QLabel:
        """Put a heading below the rest."""
        heading = words_label(text, self.inside, "muted")
        heading.setContentsMargins(0, 16, 0, 4)
        self.column.addWidget(heading)
        return heading

    def end(self) -> None:
        """Let the rest of the page be empty."""
        self.column.addStretch(1)

    def entered(self) -> None:
        """The person has come to this page."""

    def show_options(self, options: Options) -> None:
        """Show what is set now, by whomever."""

    def show_fitting(self, words: Sequence[str]) -> bool:
        """Show only what holds all of the words; return whether there is anything."""
        found = False
        for row in self.rows():
            fits = all(word in row.haystack for word in words)
            row.setVisible(fits)
            found = found or fits
        return found

    def rows(self) -> Sequence[Row]:
        """Return the rows that can be found."""
        return self.inside.findChildren(Row)


def tab_as_read(inside: QWidget) -> None:
    """Have Tab go through the parts of a page as one reads them: those that came later stand between the others."""
    stops = [widget for widget in _in_order(inside.layout()) if widget.focusPolicy() & Qt.FocusPolicy.TabFocus]
    for before, after in pairwise(stops):
        QWidget.setTabOrder(before, after)


def _in_order(layout: QLayout | None) -> Iterator[QWidget]:
    for number in range(layout.count() if layout else 0):
        item = layout.itemAt(number) if layout else None
        if item and (widget := item.widget()):
            yield widget
            yield from _in_order(widget.layout())
        elif item:
            yield from _in_order(item.layout())

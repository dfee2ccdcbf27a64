"""SpendingPage: the budget, what has been spent, and where prices come from."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QPushButton, QWidget

from parley.errors import ChatError
from parley.files import write_private
from parley.options import Options
from parley.pricing import Problem, example
from parley.services import Services
from parley.store import EVERYTHING, SPENDING, Change
from parley.ui.appearance.look import Look
from parley.ui.error_texts import error_text
from parley.ui.preferences.data_page import open_folder
from parley.ui.preferences.options_page import OptionsPage
from parley.ui.preferences.row import Row
from parley.ui.preferences.spending_report import SpendingReport
from parley.ui.tasks import Tasks

LOOK_MS = 1000
"""How often we look whether the file of prices is another one, while the page is in sight."""

TOLD = 3
"""So many mistakes of that file are told at once."""


class SpendingPage(OptionsPage):
    """Tokens and money. It follows the store and the file of prices while it is in sight."""

    def __init__(self, services: Services, look: Look, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(self.tr("Spending"), "spending", services, look, tasks, parent)
        self._prices = services.prices
        self._file = services.paths.prices
        self.heading = self.add_heading(self.tr("This month"))
        self.report = SpendingReport(services.store.spending, look, self.inside)
        self.report.row_entered.connect(self._show_place)
        self._haystack = " ".join((self.title, self.heading.text(), self.tr("cost money tokens usage"))).casefold()
        self.add(self.report)
        self.button = QPushButton(self.tr("Create prices.json"), self.inside)
        self.button.clicked.connect(self._open_or_create)
        self.prices = Row(
            self.tr("Prices"),
            self.tr(
                "A table of prices comes with Parley; what providers say themselves comes before it, and before both "
                "your own in the file prices.json of the data folder."
            ),
            self.button,
            look,
            self.inside,
        )
        self.add(self.prices)
        self.end()
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look_at_prices)
        self.follow(lambda: services.store.subscribe(self._change))

    def show_options(self, options: Options) -> None:
        super().show_options(options)
        if self.isVisible():
            self.report.show_options(options)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.report.show_options(self._services.settings.options)
        self._look_at_prices()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def show_fitting(self, words: Sequence[str]) -> bool:
        fits = all(word in self._haystack for word in words)
        for part in (self.heading, self.report):
            part.setVisible(fits)
        return super().show_fitting(words) or (fits and bool(words))

    def _change(self, change: Change) -> None:
        if change.noun in (SPENDING, EVERYTHING):
            self.report.refresh()

    def _show_place(self, place: QRect) -> None:
        """Scroll to where the keyboard is."""
        center = self.report.mapTo(self.inside, QPoint(place.left(), place.center().y()))
        self.ensureVisible(0, center.y(), 0, place.height())

    # --- the file of prices
    def _look_at_prices(self) -> None:
        there = self._file.exists()
        self.button.setText(self.tr("Show in folder") if there else self.tr("Create prices.json"))
        problems = self._prices.problems
        told = [self._sentence(problem) for problem in problems[:TOLD]]
        if len(problems) > TOLD:
            told.append(self.tr("And %n more.", "", len(problems) - TOLD))
        self.prices.show_problem("\n".join(told))

    def _sentence(self, problem: Problem) -> str:
        if not problem.model:
            return self.tr("Your file cannot be read. {reason}").format(reason=problem.reason)
        words = self.tr("The price of “{model}” in your file cannot be read: {reason}.")
        return words.format(model=problem.model, reason=problem.reason)

    def _open_or_create(self) -> None:
        if self._file.exists():
            open_folder(self._file.parent)
            return
        try:
            write_private(self._file, example(self.report.unpriced_models()))
        except ChatError as error:
            self.prices.show_problem(error_text(error))
            return
        self._look_at_prices()
        self.prices.show_note(
            self.tr("The file is in the data folder. What you write into it holds from the next answer on.")
        )

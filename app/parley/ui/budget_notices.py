"""BudgetNotices: says in the window that most of the month's budget is spent, or all of it; each once in a month."""

from PySide6.QtCore import QLocale, QObject, Signal

from parley.budget import Budget, BudgetNews
from parley.errors import ChatError
from parley.services import Services
from parley.store import EVERYTHING, SPENDING, Change
from parley.ui.error_texts import error_text
from parley.ui.money import money
from parley.ui.notices import Notice, Notices


class BudgetNotices(QObject):
    """Looks when something was spent, by whatever process, and when the budget is another one."""

    settings_requested = Signal()

    def __init__(self, services: Services, notices: Notices, parent: QObject) -> None:
        super().__init__(parent)
        self._budget = Budget(services.settings, services.store.spending)
        self._notices = notices
        self._said: Notice | None = None

    def change(self, change: Change) -> None:
        """Look whether a change of the store concerns us."""
        if change.noun in (SPENDING, EVERYTHING):
            self.look()

    def look(self) -> None:
        """Say what there is to say."""
        try:
            news = self._budget.news()
        except ChatError as error:
            self._notices.show_notice(error_text(error), detail=error.detail, error=True)
            return
        if news:
            if self._said:
                self._notices.remove(self._said)
            self._said = self._notices.show_notice(
                self._words(news),
                action=self.tr("Open settings"),
                act=self.settings_requested.emit,
                error=news.percent == 100,
                stays=True,
            )

    def _words(self, news: BudgetNews) -> str:
        if news.percent < 100:
            words = self.tr("{percent} % of this month’s budget is spent: {spent} of {budget}.")
        elif news.stops:
            words = self.tr(
                "This month’s budget is spent: {spent} of {budget}. Only models that cost nothing are asked now."
            )
        else:
            words = self.tr("This month’s budget is spent: {spent} of {budget}.")
        percent = QLocale().toString(max(news.percent, int(100 * news.spent / news.budget)))
        return words.format(percent=percent, spent=money(news.spent), budget=money(news.budget))

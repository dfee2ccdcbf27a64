"""Budget: what a person wants to spend in a month, how much of that is gone, and what has been said about it."""

from typing import NamedTuple

from parley.errors import BudgetSpent
from parley.models import Price
from parley.settings import Settings
from parley.store.spending import Spending, today

THRESHOLDS = (100, 80)
"""At these percents something is said, once in a month."""


class BudgetNews(NamedTuple):
    """What there is to say: so many percent of the budget were reached. Amounts are US dollars."""

    percent: int
    spent: float
    budget: float
    stops: bool


class Budget:
    """The budget of this month. What was said of it is in the settings: no new start and no other window repeats it."""

    def __init__(self, settings: Settings, spending: Spending) -> None:
        self._settings = settings
        self._spending = spending

    @property
    def share(self) -> float | None:
        """Return how much of the budget is spent, 1 being all of it; None without a budget."""
        budget = self._settings.options.budget
        return self._spending.this_month() / budget if budget else None

    @property
    def spent(self) -> bool:
        """Return whether nothing of the budget is left."""
        share = self.share
        return share is not None and share >= 1

    def demand(self, price: Price | None) -> None:
        """Raise BudgetSpent if the budget stops what costs something, is spent, and this does."""
        if self._settings.options.budget_stops and price and not price.free and self.spent:
            raise BudgetSpent(budget=f"{self._settings.options.budget:g}")

    def news(self) -> BudgetNews | None:
        """Return what is to be said now, and count it as said. Raises ChatError if that cannot be kept."""
        if not self._reached():
            return None
        self._settings.reload()  # another process may just have said it
        options, reached = self._settings.options, self._reached()
        month = f"{today()[:7]} {options.budget:g}"
        said = [f"{month} {percent}" for percent in THRESHOLDS if percent >= reached]
        if not reached or options.budget_told in said:
            return None
        self._settings.update(budget_told=f"{month} {reached}")
        return BudgetNews(reached, self._spending.this_month(), options.budget, options.budget_stops)

    def _reached(self) -> int:
        """Return the highest threshold that is reached, in percent, or 0."""
        share = self.share or 0.0
        return next((percent for percent in THRESHOLDS if share * 100 >= percent), 0)

"""What a month may cost, and when that is said."""

import pytest

from parley import budget as budgets
from parley.budget import Budget, BudgetNews
from parley.messages import Usage
from parley.settings import Settings
from parley.store import SPENDING, Change, Store, spending


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The day that it is."""
    day = ["2026-11-20"]
    for module in (spending, budgets):
        monkeypatch.setattr(module, "today", lambda: day[0])
    return day


async def spend(store: Store, dollars: float) -> None:
    await store.spending.add("a/x", Usage(1, 1, cost=dollars))


async def test_it_is_said_once_for_each_threshold_and_month(store: Store, settings: Settings, day: list[str]) -> None:
    budget = Budget(settings, store.spending)
    await spend(store, 7.99)
    assert budget.share is None
    assert budget.news() is None
    settings.update(budget=10.0)
    assert budget.news() is None
    await spend(store, 0.01)
    assert budget.news() == BudgetNews(80, 8.0, 10.0, False)
    assert [budget.news(), budget.spent] == [None, False]
    await spend(store, 2.0)
    assert budget.spent
    assert budget.news() == BudgetNews(100, 10.0, 10.0, False)
    assert Budget(Settings(settings._path), store.spending).news() is None  # after a restart
    day[0] = "2026-12-01"
    assert not budget.news()
    await spend(store, 9.0)
    news = budget.news()
    assert news is not None
    assert news.percent == 80


async def test_of_two_processes_one_says_it(store: Store, settings: Settings, day: list[str]) -> None:
    settings.update(budget=10.0)
    other = Budget(Settings(settings._path), store.spending)
    await spend(store, 9.0)
    assert Budget(settings, store.spending).news() is not None
    assert other.news() is None


async def test_another_budget_is_another_matter(store: Store, settings: Settings, day: list[str]) -> None:
    settings.update(budget=10.0, budget_stops=True)
    budget = Budget(settings, store.spending)
    await spend(store, 10.0)
    assert budget.news() == BudgetNews(100, 10.0, 10.0, True)
    settings.update(budget=12.0)
    assert budget.news() == BudgetNews(80, 10.0, 12.0, True)
    settings.update(budget=0.0)
    assert budget.news() is None


async def test_what_was_spent_is_news(store: Store, day: list[str]) -> None:
    changes: list[Change] = []
    store.subscribe(changes.append)
    await spend(store, 1.0)
    assert changes == [Change(SPENDING, "2026-11-20")]

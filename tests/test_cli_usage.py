"""`parley usage`, and what the command line says of the budget."""

import asyncio
from pathlib import Path

import pytest

from parley.messages import Usage
from parley.settings import Settings
from parley.store import Store, spending
from tests.test_cli import Cli, cli

__all__ = ["cli"]

SPENT = (
    ("2026-10-02", "a/x", Usage(1000, 100, cost=2.0)),
    ("2026-11-20", "a/x", Usage(2000, 200, cost=0.0004, estimated=True)),
    ("2026-11-20", "b/y", Usage(10, 20)),
    ("2026-11-21", "a/x", Usage(3000, 300, cost=1.5)),
    ("2026-11-21", "tiny/t", Usage(5, 5, cost=0.0)),
)


@pytest.fixture
def spent(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    async def fill() -> None:
        store = Store.open(cli.data)
        for day, model, usage in SPENT:
            monkeypatch.setattr(spending, "today", lambda day=day: day)
            await store.spending.add(model, usage)
        await store.close()

    asyncio.run(fill())
    monkeypatch.setattr("parley.cli.usage.today", spending.today)
    return cli


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_it_is_summed_up_by_day(spent: Cli) -> None:
    assert rows(spent("usage"))[1:] == [
        ["2026-11-21", "2", "3,005", "305", "$1.50"],
        ["2026-11-20", "2", "2,010", "220", "about", "$0.0004"],
        ["together", "4", "5,015", "525", "about", "$1.50"],
    ]
    assert "The price of 1 answer is not known." in spent.err
    assert str(spent.data / "prices.json") in spent.err


def test_by_month_and_by_model(spent: Cli) -> None:
    assert [row[0] for row in rows(spent("usage", "--by", "month"))[1:]] == ["2026-11", "2026-10", "together"]
    assert [row[0] for row in rows(spent("usage", "--by", "month", "--since", "2026-11-01"))[1:]] == ["2026-11"]
    by_model = rows(spent("usage", "--by", "model"))
    assert {row[0]: row[4:] for row in by_model[1:-1]} == {
        "a/x": ["about", "$1.50"], "b/y": ["not", "known"], "tiny/t": ["free"]
    }  # fmt: skip


def test_for_scripts(spent: Cli) -> None:
    Settings(spent.data / "settings.json").update(budget=10.0)
    found = spent.json("usage", "--by", "model", "--since", "2026-11-21", "--json")
    assert found["by"] == "model"
    assert found["this_month"] == pytest.approx(1.5004)
    assert found["budget"] == 10
    assert found["rows"][0] == {
        "model": "a/x", "answers": 1, "input_tokens": 3000, "output_tokens": 300, "cost": 1.5, "unpriced": 0,
        "estimated": 0,
    }  # fmt: skip


def test_the_budget_is_told_of(spent: Cli) -> None:
    Settings(spent.data / "settings.json").update(budget=3.0)
    spent("usage")
    assert "This month: $1.50 of $3.00 (50 %)." in spent.err


def test_nothing_yet(cli: Cli, tmp_path: Path) -> None:
    assert cli("usage") == ""
    assert "Nothing has been asked yet" in cli.err
    assert cli.json("usage", "--json") == {"by": "day", "rows": [], "this_month": 0, "budget": None}


def test_a_day_is_a_date(cli: Cli) -> None:
    cli("usage", "--since", "yesterday", code=2)
    assert "invalid date value: 'yesterday'" in cli.err


@pytest.mark.parametrize(
    ("budget", "stops", "said"),
    [
        (100.0, False, ""),
        (1.8, False, "83 % of this month’s budget is spent: $1.50 of $1.80."),
        (1.5, False, "This month’s budget is spent: $1.50 of $1.50."),
        (1.5, True, "This month’s budget is spent: $1.50 of $1.50. Only models that cost nothing are asked now."),
    ],
)
def test_a_chat_says_once_that_the_budget_is_spent(spent: Cli, budget: float, stops: bool, said: str) -> None:
    Settings(spent.data / "settings.json").update(budget=budget, budget_stops=stops, default_model="guide/manual")
    spent("chat", "--no-store", "What is Parley?")
    assert ("budget" in spent.err) == bool(said)
    assert said in spent.err
    spent("chat", "--no-store", "What is Parley?")
    assert "budget" not in spent.err

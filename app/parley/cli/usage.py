"""`parley usage`: tokens and money, by day, month or model."""

from argparse import Namespace
from collections.abc import Sequence
from datetime import date, timedelta

from parley.budget import Budget, BudgetNews
from parley.cli import streams, tables
from parley.cli.shell import Shell
from parley.errors import ChatError
from parley.settings import Settings
from parley.store import Store
from parley.store.spending import Spent, today

DAYS = 30
"""Days and models are those of so many days, unless another day is named."""


def usage(arguments: Namespace, shell: Shell) -> int:
    """Print what answers have cost."""
    options = Settings(shell.paths.settings).options
    with shell.store() as store:
        found, month = _found(store, arguments.by, arguments.since), store.spending.this_month()
    if arguments.json:
        rows = [_as_json(arguments.by, spent) for spent in found]
        streams.say_json({"by": arguments.by, "rows": rows, "this_month": month, "budget": options.budget or None})
        return 0
    if not found:
        streams.note("Nothing has been asked yet, or not since then.")
    head = (arguments.by.upper(), "ANSWERS", "TOKENS IN", "TOKENS OUT", "COST")
    tables.say_table(head, [_as_row(spent) for spent in [*found, *_together(found)]])
    if unpriced := sum(spent.unpriced for spent in found):
        streams.note(f"The price of {tables.counted(unpriced, 'answer')} is not known. Add it to {shell.paths.prices}")
    if options.budget:
        share = f"{100 * month / options.budget:.0f} %"
        streams.note(f"This month: {tables.dollars(month)} of {tables.dollars(options.budget)} ({share}).")
    return 0


def tell_budget(budget: Budget) -> None:
    """Say that most of the budget is spent, or all of it, unless that has been said this month."""
    try:
        news = budget.news()
    except ChatError as error:
        streams.complain(error)
        return
    if news:
        streams.note(_sentence(news))


def _sentence(news: BudgetNews) -> str:
    amounts = f"{tables.dollars(news.spent)} of {tables.dollars(news.budget)}"
    if news.percent < 100:
        return f"{100 * news.spent / news.budget:.0f} % of this month’s budget is spent: {amounts}."
    only = " Only models that cost nothing are asked now." if news.stops else ""
    return f"This month’s budget is spent: {amounts}.{only}"


def _found(store: Store, by: str, since: str | None) -> list[Spent]:
    recently = (date.fromisoformat(today()) - timedelta(days=DAYS - 1)).isoformat()
    match by:
        case "month":
            return store.spending.by_month(since or "")
        case "model":
            return store.spending.by_model(since or recently)
        case _:
            return store.spending.by_day(since or recently)


def _together(found: Sequence[Spent]) -> list[Spent]:
    """Return the sum, where there is something to sum up."""
    columns = list(zip(*(spent[1:] for spent in found), strict=True))
    return [Spent("together", *map(sum, columns))] if len(found) > 1 else []


def _as_row(spent: Spent) -> tuple[str, ...]:
    numbers = (spent.replies, spent.input_tokens, spent.output_tokens)
    return spent.key, *(f"{number:,}" for number in numbers), _cost(spent)


def _cost(spent: Spent) -> str:
    if not spent.cost:
        return "not known" if spent.unpriced else "free"
    return f"about {tables.dollars(spent.cost)}" if spent.estimated else tables.dollars(spent.cost)


def _as_json(by: str, spent: Spent) -> dict[str, object]:
    return {
        by: spent.key,
        "answers": spent.replies,
        "input_tokens": spent.input_tokens,
        "output_tokens": spent.output_tokens,
        "cost": round(spent.cost, 9),
        "unpriced": spent.unpriced,
        "estimated": spent.estimated,
    }

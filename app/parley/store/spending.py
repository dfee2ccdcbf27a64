"""Spending: the tokens and dollars of each day, account and model. It outlives the conversations that it came from."""

import sqlite3
import time
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from parley.messages import OWNER, Usage
from parley.store.changes import SPENDING, note
from parley.store.database import Database
from parley.store.words import storable

if TYPE_CHECKING:
    import asyncio

SOON_SECONDS = 0.5
"""So long what is to be written soon is collected: each write waits for the disk."""


class Spent(NamedTuple):
    """What answers have cost. `key` is the day, month or model that they are summed up by; `cost` is in US dollars.

    `unpriced` counts the answers whose price nobody knows; `estimated`, those whose tokens were guessed.
    """

    key: str
    replies: int
    input_tokens: int
    output_tokens: int
    cost: float
    unpriced: int
    estimated: int


_SUMS = ", ".join(f"sum({name})" for name in Spent._fields[1:])


class Spending:
    """The spending of a store. Days are those of this computer's clock, as `2026-11-21`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: list[tuple[str, Usage, str]] = []
        self._timer: asyncio.TimerHandle | None = None

    def add_soon(self, model: str, usage: Usage, account: str = OWNER) -> None:
        """Write down like `add`, without waiting: together with what else comes meanwhile. Needs a running loop."""
        self._pending.append((model, usage, account))
        if self._timer is None:
            import asyncio

            self._timer = asyncio.get_running_loop().call_later(SOON_SECONDS, self.write_pending)

    def write_pending(self) -> None:
        """Write now what was to be written soon."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        pending, self._pending = self._pending, []
        if pending:
            self._database.write_later(partial(_add_all, pending=pending))

    async def add(self, model: str, usage: Usage, account: str = OWNER) -> None:
        """Write down what an answer cost that is kept nowhere else."""
        await self._database.write(lambda connection: add(connection, model, usage, account))

    def by_day(self, since: str = "", account: str = OWNER) -> list[Spent]:
        """Return what was spent each day from a day on, latest first."""
        return self._summed("day", since, account)

    def by_month(self, since: str = "", account: str = OWNER) -> list[Spent]:
        """Return what was spent each month, as `2026-11`, latest first."""
        return self._summed("substr(day, 1, 7)", since, account)

    def by_model(self, since: str = "", account: str = OWNER) -> list[Spent]:
        """Return what was spent with each model, as `provider/model`, the dearest first."""
        found = self._summed("model", since, account)
        return sorted(found, key=lambda spent: (-spent.cost, -spent.input_tokens - spent.output_tokens, spent.key))

    def this_month(self) -> float:
        """Return the dollars of this month, of all accounts: they are paid by one person."""
        row = self._database.row("SELECT total(cost) FROM spending WHERE day >= ?", (f"{today()[:7]}-01",))
        return (float(row[0]) if row else 0.0) + sum(usage.cost or 0.0 for _, usage, _ in self._pending)

    def tokens_this_month(self, account: str) -> int:
        """Return the tokens of an account's questions and answers of this month."""
        query = "SELECT total(input_tokens + output_tokens) FROM spending WHERE account_id = ? AND day >= ?"
        row = self._database.row(query, (account, f"{today()[:7]}-01"))
        usages = (usage for _, usage, whose in self._pending if whose == account)
        pending = sum((usage.input_tokens or 0) + (usage.output_tokens or 0) for usage in usages)
        return (int(row[0]) if row else 0) + pending

    def _summed(self, key: str, since: str, account: str) -> list[Spent]:
        query = f"SELECT {key} AS k, {_SUMS} FROM spending WHERE account_id = ? AND day >= ? GROUP BY k ORDER BY k DESC"
        return [Spent(*row) for row in self._database.rows(query, (account, since))]


def add(connection: sqlite3.Connection, model: str, usage: Usage, account: str) -> None:
    """Add an answer to the day, inside a write. One that has cost no tokens is none."""
    if usage.input_tokens is None and usage.output_tokens is None:
        return
    facts = (1, usage.input_tokens or 0, usage.output_tokens or 0, usage.cost or 0.0)
    marks = (int(usage.cost is None), int(usage.estimated))
    connection.execute(
        "INSERT INTO spending(day, account_id, model, replies, input_tokens, output_tokens, cost, unpriced, estimated)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(account_id, day, model) DO UPDATE SET"
        " replies = replies + 1, input_tokens = input_tokens + excluded.input_tokens,"
        " output_tokens = output_tokens + excluded.output_tokens, cost = cost + excluded.cost,"
        " unpriced = unpriced + excluded.unpriced, estimated = estimated + excluded.estimated",
        (day := today(), account, storable(model), *facts, *marks),
    )
    note(connection, SPENDING, day)


def _add_all(connection: sqlite3.Connection, pending: list[tuple[str, Usage, str]]) -> None:
    for model, usage, account in pending:
        add(connection, model, usage, account)


def today() -> str:
    """Return the day by this computer's clock."""
    return datetime.fromtimestamp(time.time()).astimezone().strftime("%Y-%m-%d")

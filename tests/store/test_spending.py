"""What answers cost, by day, month and model."""

import pytest

from parley.messages import MessageStatus, Text, Usage
from parley.paths import Paths
from parley.store import Store, spending
from parley.store.spending import Spent
from tests.conftest import Until
from tests.store.conftest import Ask

DEAR = Usage(100, 50, cost=0.25)
FREE = Usage(10, 5, estimated=True)


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The day that it is."""
    day = ["2026-10-31"]
    monkeypatch.setattr(spending, "today", lambda: day[0])
    return day


async def test_it_is_summed_up(store: Store, day: list[str]) -> None:
    await store.spending.add("a/x", DEAR)
    day[0] = "2026-11-01"
    for usage in (DEAR, FREE):
        await store.spending.add("a/x", usage)
    await store.spending.add("b/y", FREE)
    await store.spending.add("b/y", DEAR, "guest")
    november = Spent("2026-11-01", 3, 120, 60, 0.25, 2, 2)
    assert store.spending.by_day() == [november, Spent("2026-10-31", 1, 100, 50, 0.25, 0, 0)]
    assert [spent.key for spent in store.spending.by_month()] == ["2026-11", "2026-10"]
    assert store.spending.by_day("2026-11-01") == [november]
    assert [(spent.key, spent.replies) for spent in store.spending.by_model()] == [("a/x", 3), ("b/y", 1)]
    assert store.spending.by_model(account="guest") == [Spent("b/y", 1, 100, 50, 0.25, 0, 0)]
    assert store.spending.this_month() == 0.5


async def test_nothing_asked_is_nothing_spent(store: Store) -> None:
    await store.spending.add("a/x", Usage(seconds=1.0))
    assert store.spending.by_day() == []


async def test_it_outlives_the_conversation(store: Store, ask: Ask) -> None:
    conversation, _, reply = await ask("Hi")
    await store.turns.finish(reply.id, [Text("x")], MessageStatus.COMPLETE, DEAR, spent=DEAR)
    await store.conversations.trash(conversation.id)
    await store.conversations.purge(-1)
    assert [spent.cost for spent in store.spending.by_day()] == [0.25]


async def test_what_is_written_soon_counts_at_once(store: Store, paths: Paths) -> None:
    for _ in range(3):
        store.spending.add_soon("a/x", DEAR, "guest")
    assert store.spending.this_month() == 0.75
    assert (store.spending.tokens_this_month("guest"), store.spending.tokens_this_month("owner")) == (450, 0)
    await store.close()
    again = Store.open(paths.data)
    assert [(spent.key, spent.replies) for spent in again.spending.by_model(account="guest")] == [("a/x", 3)]
    await again.close()


async def test_what_is_written_soon_is_written_by_itself(store: Store, until: Until) -> None:
    store.spending.add_soon("a/x", DEAR)
    await until(store.spending.by_day)
    assert store.spending.this_month() == 0.25

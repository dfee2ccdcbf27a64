"""The order of the desktop's list: pinned, from the network, the others."""

import sqlite3
from contextlib import closing

from parley.messages import Conversation
from parley.store import NETWORK, PINNED, Network, Spot, Store
from parley.store.shelves import OWN


async def begin(store: Store, title: str, channel: str = "desktop", account: str = "owner") -> Conversation:
    begun = await store.turns.begin(
        conversation_id=None, title=title, parts=(), model="a/b", channel=channel, account=account
    )
    return begun[0]


async def test_those_begun_from_elsewhere_stand_together(store: Store) -> None:
    assert store.shelves.network() == Network(there=False, unread=False)
    made = [
        await begin(store, *each) for each in (("one", "desktop"), ("two", "api"), ("three", "cli"), ("four", "web"))
    ]
    ann = await store.accounts.add("ann@example.org", "Ann")
    await begin(store, "hers", "api", ann.id)
    await store.conversations.pin(made[0].id, pinned=True)
    assert [each.title for each in store.shelves.page()] == ["one", "four", "two", "three"]
    spots = store.shelves.order()
    assert [spot.shelf for spot in spots] == [PINNED, NETWORK, NETWORK, OWN]
    assert [Spot.of(each) for each in store.shelves.page()] == spots
    assert store.shelves.network() == Network(there=True, unread=False)
    assert [each.title for each in store.shelves.page(folded=True)] == ["one", "three"]
    await store.conversations.pin(made[1].id, pinned=True)
    assert [each.title for each in store.shelves.page()] == ["two", "one", "four", "three"]
    assert store.shelves.find(made[3].id) is not None
    assert (store.conversations.count(), store.conversations.count(ann.id)) == (4, 1)
    await store.conversations.trash(made[3].id)
    assert store.conversations.count() == 3
    assert store.shelves.find(made[3].id) is None
    assert not store.shelves.network().there


async def test_page_by_page_it_is_the_same(store: Store) -> None:
    for number in range(23):
        await begin(store, str(number), ("desktop", "api", "cli", "web")[number % 4])
    for folded in (False, True):
        whole = store.shelves.order(folded=folded)
        found: list[Spot] = []
        while page := store.shelves.page(after=found[-1] if found else None, limit=5, folded=folded):
            found += [Spot.of(each) for each in page]
        assert found == whole
        assert whole == sorted(whole, reverse=True)
        assert len(whole) == (12 if folded else 23)


async def test_an_index_tells_the_order(store: Store) -> None:
    listed = "FROM conversations c WHERE c.account_id = 'owner' AND c.deleted_at IS NULL AND c.archived = 0 AND"
    order = "ORDER BY c.shelf DESC, c.active_at DESC, c.id DESC LIMIT 9"
    queries = (
        f"SELECT c.shelf, c.active_at, c.id {listed} (c.shelf, c.active_at, c.id) < (1, 2.0, 'x') {order}",
        f"SELECT 1 {listed} c.shelf = 1",
    )
    with closing(sqlite3.connect(store.path)) as connection:
        for query in queries:
            plan = " ".join(str(row[-1]) for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
            assert "conversations_shelved" in plan
            assert "TEMP B-TREE" not in plan

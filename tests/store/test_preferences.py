"""What accounts prefer."""

import sqlite3
from contextlib import closing

from parley.people import NO_PREFERENCES, AccountPreferences
from parley.store import Store
from parley.store.changes import ACCOUNT, Change


async def test_each_account_has_its_own(store: Store) -> None:
    ann = await store.accounts.add("ann@example.org", "Ann")
    told: list[Change] = []
    store.subscribe(told.append)
    assert store.preferences.of(ann.id) == NO_PREFERENCES
    assert await store.preferences.change(ann.id, model="a/b", theme="dark") == AccountPreferences("a/b", theme="dark")
    assert await store.preferences.change(ann.id, theme="", mood="serious") == AccountPreferences("a/b", mood="serious")
    assert store.preferences.of(ann.id) == AccountPreferences("a/b", mood="serious")
    assert store.preferences.of("owner") == NO_PREFERENCES
    assert Change(ACCOUNT, ann.id) in told


async def test_what_a_newer_version_has_written_is_left_out(store: Store) -> None:
    await store.preferences.change("owner", model="a/b")
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute("""UPDATE preferences SET chosen = '{"model": "c/d", "font": "x"}'""")
        connection.commit()
    assert store.preferences.of("owner") == AccountPreferences("c/d")


async def test_a_removed_account_leaves_none(store: Store) -> None:
    ann = await store.accounts.add("ann@example.org", "Ann")
    await store.preferences.change(ann.id, model="a/b")
    await store.accounts.remove(ann.id)
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("SELECT count(*) FROM preferences").fetchone() == (0,)

"""Files that cannot be used: told in plain words, and left as they are."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from parley.errors import ChatError, StoreNewer, StoreUnreadable
from parley.messages import Text
from parley.store import Store, migrations
from tests.store.conftest import contents, make


def truncated(path: Path) -> None:
    with path.open("rb+") as file:
        file.truncate(path.stat().st_size // 2 + 100)


def header_overwritten(path: Path) -> None:
    path.write_bytes(b"This is a letter to my aunt.\n" * 500)


def first_page_garbled(path: Path) -> None:
    with path.open("rb+") as file:
        file.seek(100)
        file.write(random.Random(1).randbytes(2000))


def another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes(name)")
        other.commit()


def another_user_of_sqlite_utils(path: Path) -> None:
    another_program(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"CREATE TABLE {migrations.TABLE}(id, migration_set, name, applied_at)")
        other.commit()


def a_few_bytes(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0")


@pytest.mark.parametrize(
    "harm",
    [truncated, header_overwritten, first_page_garbled, another_program, another_user_of_sqlite_utils, a_few_bytes],
)
async def test_an_unreadable_file_is_told_and_left_alone(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    path = await make(tmp_path, turns=30)
    harm(path)
    before = contents(tmp_path)
    for _ in range(2):
        with pytest.raises(StoreUnreadable) as caught:
            Store.open(tmp_path)
        assert caught.value.fields["path"] == path
        assert caught.value.detail
    assert contents(tmp_path)["parley.db"] == before["parley.db"]
    assert contents(tmp_path).keys() <= before.keys() | {"parley.db-wal", "parley.db-shm"}


async def test_a_folder_of_the_database_s_name(tmp_path: Path) -> None:
    (tmp_path / "parley.db").mkdir()
    with pytest.raises(StoreUnreadable):
        Store.open(tmp_path)


async def test_damage_deep_in_the_file_is_told_where_it_is_met(tmp_path: Path) -> None:
    path = await make(tmp_path, turns=300)
    store = Store.open(tmp_path)
    root = store._database.rows("SELECT rootpage FROM sqlite_schema WHERE name = 'conversations'")[0][0]
    size = store._database.rows("PRAGMA page_size")[0][0]
    await store.close()
    with path.open("rb+") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    damaged = path.read_bytes()
    store = Store.open(tmp_path)
    with pytest.raises(StoreUnreadable):
        store.conversations.get(store.conversations.page()[0].id)
    with pytest.raises(StoreUnreadable):
        await store.turns.begin(conversation_id=None, title="x", parts=[Text("y")], model="m")
    assert not all(finding.ok for finding in await store.check())
    await store.close()
    assert path.read_bytes() == damaged


async def test_damage_anywhere_is_told_or_harmless(tmp_path: Path) -> None:
    """Nothing but a ChatError comes of damage, and reading changes no byte of the file."""
    path = await make(tmp_path, turns=50)
    whole = path.read_bytes()
    told = 0
    for seed in range(60):
        dice = random.Random(seed)
        damaged = bytearray(whole)
        for _ in range(1 + seed % 4):
            place = dice.randrange(len(whole) if seed % 2 else 4096)
            damaged[place : place + 48] = dice.randbytes(48)
        path.write_bytes(damaged[: len(whole)])
        try:
            store = Store.open(tmp_path)
        except ChatError:
            told += 1
        else:
            try:
                for found in store.conversations.page():
                    store.conversations.tree(found.id)
                await store.search("hello")
            except ChatError:
                told += 1
            await store.close()
        assert path.read_bytes() == damaged[: len(whole)]
    assert told > 12


async def test_text_that_is_no_text_is_told(store: Store) -> None:
    conversation, *_ = await store.turns.begin(conversation_id=None, title="x", parts=[Text("y")], model="m")
    await store.write(lambda connection: connection.execute("UPDATE conversations SET title = CAST(x'ff' AS TEXT)"))
    with pytest.raises(StoreUnreadable):
        store.conversations.get(conversation.id)


async def test_a_newer_file_is_told_and_left_alone(tmp_path: Path) -> None:
    path = await make(tmp_path)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(
            f"INSERT INTO {migrations.TABLE}(migration_set, name, applied_at) VALUES ('parley', 'm999_x', '')"
        )
        newer.commit()
    before = contents(tmp_path)
    with pytest.raises(StoreNewer) as caught:
        Store.open(tmp_path)
    assert caught.value.detail == "m999_x"
    assert contents(tmp_path)["parley.db"] == before["parley.db"]


async def test_a_newer_file_with_a_log_is_left_alone(tmp_path: Path) -> None:
    path = await make(tmp_path / "one")
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(
            f"INSERT INTO {migrations.TABLE}(migration_set, name, applied_at) VALUES ('parley', 'm999_x', '')"
        )
        newer.commit()
        (tmp_path / "two").mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", tmp_path / "two")
    before = contents(tmp_path / "two")
    with pytest.raises(StoreNewer):
        Store.open(tmp_path / "two")
    after = contents(tmp_path / "two")
    assert {name: after[name] for name in before} == before


async def test_an_empty_file_is_a_new_store(tmp_path: Path) -> None:
    (tmp_path / "parley.db").touch()
    await make(tmp_path)


async def test_an_empty_file_beside_a_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "parley.db").touch()
    (tmp_path / "parley.db-wal").write_bytes(b"x" * 4096)
    before = contents(tmp_path)
    with pytest.raises(StoreUnreadable):
        Store.open(tmp_path)
    assert contents(tmp_path) == before


async def test_a_log_that_was_left_behind_is_kept(tmp_path: Path) -> None:
    (tmp_path / "parley.db-wal").write_bytes(b"x" * 4096)
    await make(tmp_path)
    (kept,) = (tmp_path / "backups").iterdir()
    assert kept.read_bytes() == b"x" * 4096

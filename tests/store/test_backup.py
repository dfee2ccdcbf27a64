"""Backups and the way back."""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from parley.errors import FileProblem, StoreBusy, StoreNewer, StoreUnreadable
from parley.messages import MessageStatus, Text
from parley.paths import Paths
from parley.store import Store, backup, migrations, restore
from tests.store.conftest import Ask, Child


def titles(directory: Path) -> set[str]:
    async def read() -> set[str]:
        store = Store.open(directory)
        found = {conversation.title for conversation in store.conversations.page(limit=1000)}
        assert all(finding.ok for finding in await store.check())
        await store.close()
        return found

    return asyncio.run(read())


async def titles_of(directory: Path) -> set[str]:
    return await asyncio.to_thread(titles, directory)


async def test_a_backup_is_one_whole_file(store: Store, ask: Ask, tmp_path: Path) -> None:
    await ask("one", "1")
    target = tmp_path / "elsewhere"
    target.mkdir()
    await store.backup(target / "copy.db")
    assert [path.name for path in target.iterdir()] == ["copy.db"]
    assert (target / "copy.db").stat().st_mode & 0o077 == 0
    assert restore(target / "copy.db", tmp_path / "new") is None
    assert await titles_of(tmp_path / "new") == {"one"}


async def test_a_backup_takes_the_place_of_an_older_one(store: Store, ask: Ask, tmp_path: Path) -> None:
    await store.backup(tmp_path / "copy.db")
    await ask("one", "1")
    await store.backup(tmp_path / "copy.db")
    restore(tmp_path / "copy.db", tmp_path / "new")
    assert await titles_of(tmp_path / "new") == {"one"}


async def test_a_backup_while_others_write(
    store: Store, ask: Ask, paths: Paths, tmp_path: Path, child: Callable[..., Child]
) -> None:
    await ask("before", "x" * 3_000_000)
    other = child("write", paths.data, 50)
    other.hear()
    other.go_on()
    ours = [asyncio.ensure_future(ask(f"ours {n}", "1")) for n in range(50)]
    for number in range(5):
        await store.backup(tmp_path / f"copy{number}.db")
    await asyncio.gather(*ours)
    other.hear_all()
    for number in range(5):
        restore(tmp_path / f"copy{number}.db", tmp_path / f"new{number}")
        assert "before" in await titles_of(tmp_path / f"new{number}")
    await store.backup(tmp_path / "last.db")
    restore(tmp_path / "last.db", tmp_path / "last")
    assert len(await titles_of(tmp_path / "last")) == 101


async def test_a_backup_that_cannot_be_written(store: Store, ask: Ask, tmp_path: Path) -> None:
    await ask("one", "1")
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(store.path)
    for target in (
        tmp_path / "file" / "copy.db",
        tmp_path / "missing" / "copy.db",
        tmp_path / "folder",
        store.path,
        tmp_path / "link",
    ):
        with pytest.raises(FileProblem) as caught:
            await store.backup(target)
        assert caught.value.fields["path"] == target
    assert len(store.conversations.page()) == 1


async def test_an_unfinished_reply_in_a_backup_is_interrupted(store: Store, ask: Ask, tmp_path: Path) -> None:
    conversation, _, reply = await ask("one")
    await store.turns.save(reply.id, [Text("half")])
    await store.backup(tmp_path / "copy.db")
    restore(tmp_path / "copy.db", tmp_path / "new")
    copy = Store.open(tmp_path / "new")
    assert copy.conversations.tree(conversation.id).messages[-1].status is MessageStatus.INTERRUPTED
    assert store.messages.get(reply.id).status is MessageStatus.STREAMING
    await copy.close()


async def _with_backup(directory: Path, target: Path) -> None:
    """Make a store with one conversation, a backup of it, and another conversation since."""
    store = Store.open(directory)
    await store.turns.begin(conversation_id=None, title="in the backup", parts=[Text("x")], model="m")
    await store.backup(target)
    await store.turns.begin(conversation_id=None, title="since", parts=[Text("x")], model="m")
    await store.close()


async def test_restore_keeps_what_was_there(directory: Path, tmp_path: Path) -> None:
    await _with_backup(directory, tmp_path / "copy.db")
    kept = restore(tmp_path / "copy.db", directory)
    assert kept
    assert kept.parent == directory / "backups"
    assert kept.name.startswith("parley-before-restore-")
    assert await titles_of(directory) == {"in the backup"}
    assert restore(kept, directory)
    assert await titles_of(directory) == {"in the backup", "since"}
    assert len(list((directory / "backups").iterdir())) == 2
    assert (directory / "parley.db").stat().st_mode & 0o077 == 0


async def test_restore_over_a_store_that_was_killed(
    directory: Path, tmp_path: Path, child: Callable[..., Child]
) -> None:
    await _with_backup(directory, tmp_path / "copy.db")
    other = child("hold", directory)
    other.hear()
    other.kill()
    assert (directory / "parley.db-wal").stat().st_size, "a log that must not be taken for the new file's"
    kept = restore(tmp_path / "copy.db", directory)
    assert kept
    assert sorted(path.name for path in directory.iterdir()) == ["backups", "locks", "parley.db"]
    assert await titles_of(directory) == {"in the backup"}
    restore(kept, tmp_path / "old")
    assert await titles_of(tmp_path / "old") == {"in the backup", "since", "hold"}


async def test_restore_over_a_damaged_store(directory: Path, tmp_path: Path) -> None:
    await _with_backup(directory, tmp_path / "copy.db")
    (directory / "parley.db").write_bytes(b"rubbish" * 1000)
    (directory / "parley.db-wal").write_bytes(b"more rubbish" * 1000)
    kept = restore(tmp_path / "copy.db", directory)
    assert kept
    assert kept.read_bytes() == b"rubbish" * 1000
    assert kept.with_name(kept.name + "-wal").read_bytes() == b"more rubbish" * 1000
    assert await titles_of(directory) == {"in the backup"}


async def test_restore_beside_a_log_without_a_file(directory: Path, tmp_path: Path) -> None:
    await _with_backup(directory, tmp_path / "copy.db")
    (directory / "parley.db").unlink()
    (directory / "parley.db-wal").write_bytes(b"left behind")
    assert restore(tmp_path / "copy.db", directory) is None
    assert await titles_of(directory) == {"in the backup"}
    assert [path.read_bytes() for path in (directory / "backups").iterdir()] == [b"left behind"]


async def test_restore_where_no_links_can_be_made(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _with_backup(directory, tmp_path / "copy.db")

    def refuse(*args: object) -> None:
        raise OSError(95, "not supported")

    monkeypatch.setattr(os, "link", refuse)
    kept = restore(tmp_path / "copy.db", directory)
    assert kept
    assert kept.stat().st_ino != (directory / "parley.db").stat().st_ino
    restore(kept, tmp_path / "old")
    assert await titles_of(tmp_path / "old") == {"in the backup", "since"}


async def test_restore_from_a_file_in_use_elsewhere(store: Store, ask: Ask, tmp_path: Path) -> None:
    await ask("one", "1")
    restore(store.path, tmp_path / "new")
    assert await titles_of(tmp_path / "new") == {"one"}


async def test_restore_from_a_folder_that_may_not_be_written(directory: Path, tmp_path: Path) -> None:
    await _with_backup(directory, tmp_path / "copy.db")
    source = tmp_path / "cd" / "parley.db"
    source.parent.mkdir()
    shutil.copy(directory / "parley.db", source)  # it is marked as having a log, but there is none
    source.chmod(0o400)
    source.parent.chmod(0o500)
    restore(source, tmp_path / "new")
    assert await titles_of(tmp_path / "new") == {"in the backup", "since"}
    source.parent.chmod(0o700)


async def test_restore_refuses_what_is_no_backup(directory: Path, tmp_path: Path) -> None:
    await _with_backup(directory, tmp_path / "copy.db")
    before = (directory / "parley.db").read_bytes()
    (tmp_path / "letter.db").write_text("Dear aunt, " * 1000)
    (tmp_path / "empty.db").touch()
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE recipes(name)")
        other.commit()
    damaged = bytearray((tmp_path / "copy.db").read_bytes())
    damaged[3 * 4096 : 5 * 4096] = b"\xff" * 8192
    (tmp_path / "damaged.db").write_bytes(damaged)
    (tmp_path / "short.db").write_bytes((tmp_path / "copy.db").read_bytes()[:9000])
    for name in ("letter", "empty", "other", "damaged", "short"):
        with pytest.raises(StoreUnreadable) as caught:
            restore(tmp_path / f"{name}.db", directory)
        assert caught.value.fields["path"] == tmp_path / f"{name}.db"
    for missing in (tmp_path / "nothing.db", tmp_path, tmp_path / "copy.db" / "x"):
        with pytest.raises(FileProblem):
            restore(missing, directory)
    with closing(sqlite3.connect(tmp_path / "copy.db")) as newer:
        newer.execute(f"INSERT INTO {migrations.TABLE}(migration_set, name, applied_at) VALUES ('parley', 'm999', '')")
        newer.commit()
    with pytest.raises(StoreNewer):
        restore(tmp_path / "copy.db", directory)
    assert (directory / "parley.db").read_bytes() == before
    assert sorted(path.name for path in directory.iterdir()) == ["locks", "parley.db"]


async def test_a_backup_of_a_damaged_store_is_refused(directory: Path, tmp_path: Path) -> None:
    await _with_backup(directory, tmp_path / "copy.db")
    (tmp_path / "copy.db").unlink()
    damaged = bytearray((directory / "parley.db").read_bytes())
    damaged[8 * 4096 : 9 * 4096] = b"\xff" * 4096
    (directory / "parley.db").write_bytes(damaged)
    store = Store.open(directory)
    with pytest.raises(StoreUnreadable) as caught:
        await store.backup(tmp_path / "copy.db")
    assert caught.value.fields["path"] == store.path
    assert not (tmp_path / "copy.db").exists()
    await store.close()


async def test_restore_refuses_while_the_store_is_open(store: Store, paths: Paths, tmp_path: Path) -> None:
    await store.backup(tmp_path / "copy.db")
    with pytest.raises(StoreBusy):
        restore(tmp_path / "copy.db", paths.data)
    assert store.conversations.page() == []


async def test_a_restore_that_fails_half_way_leaves_the_old_one(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _with_backup(directory, tmp_path / "copy.db")

    def fail(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_set_aside", fail)
    with pytest.raises(Exception, match="disk is full"):
        restore(tmp_path / "copy.db", directory)
    monkeypatch.undo()
    assert await titles_of(directory) == {"in the backup", "since"}
    assert [path.name for path in directory.iterdir() if path.name.startswith(".")] == []

"""Files: bytes once on the disk, rows for each; quotas, full disks, crashes, purges, backups, moves."""

import asyncio
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from parley.errors import FileProblem, FilesFull, FileUnknown, StoreFull
from parley.messages import OWNER, Attachment, Text
from parley.paths import Paths
from parley.store import Change, Store, restore
from parley.store.moving import move
from tests.store.conftest import Ask


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def keep(store: Store, data: bytes, name: str = "notes.txt", account: str = OWNER, **facts: object) -> Attachment:
    async with store.files.receive(chunks(data)) as incoming:
        return await store.files.add(incoming, name, "text/plain", account=account, **facts)  # type: ignore[arg-type]


def on_disk(store: Store) -> list[str]:
    return sorted(path.name for path in (store.path.parent / "files").rglob("*") if path.is_file())


async def age(store: Store, days: float) -> None:
    await store.write(
        lambda connection: connection.execute("UPDATE files SET used_at = used_at - ?", (days * 86_400,)).rowcount
    )


async def test_bytes_are_kept_once(store: Store) -> None:
    told = list[Change]()
    store.subscribe(told.append)
    async with store.files.receive(chunks(b"one ", b"", b"two")) as incoming:
        assert (incoming.size, incoming.head) == (7, b"one two")
        first = await store.files.add(incoming, "a.txt", "text/plain")
    second = await keep(store, b"one two", "b.txt")
    assert first.sha256 == second.sha256 == hashlib.sha256(b"one two").hexdigest()
    assert on_disk(store) == [first.sha256]
    assert [file.id for file in store.files.all()] == [second.id, first.id]
    assert store.files.find(first.id) == store.files.find(first.handle) == first
    assert first.handle == f"input_{int(first.created_at * 1000)}_a.txt"
    assert await store.files.read(second) == b"one two"
    assert told == [Change("file", first.id), Change("file", second.id)]
    await store.files.remove(first.id)
    assert await store.files.read(second) == b"one two"
    await store.files.remove(second.id)
    assert on_disk(store) == []


async def test_a_large_file_in_pieces(store: Store) -> None:
    data = os.urandom(3_000_001)
    pieces = [data[start : start + 65_536] for start in range(0, len(data), 65_536)]
    async with store.files.receive(chunks(*pieces)) as incoming:
        file = await store.files.add(incoming, "random.bin", "application/octet-stream")
    assert (file.size, await store.files.read(file) == data) == (3_000_001, True)
    assert store.files.path(file).stat().st_mode & 0o077 == 0


async def test_handles_differ(store: Store) -> None:
    files = [await keep(store, b"x") for _ in range(20)]
    assert len({file.handle for file in files}) == 20
    made = await keep(store, b"x", origin="produced")
    assert made.handle.startswith("output_")


async def test_what_is_not_added_is_gone(store: Store) -> None:
    async with store.files.receive(chunks(b"x")) as incoming:
        assert incoming.path.exists()
    assert on_disk(store) == []

    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        async with store.files.receive(broken()):
            pass
    assert (on_disk(store), store.files.all()) == ([], [])


async def test_files_of_others_are_unknown(store: Store) -> None:
    ann = (await store.accounts.add("ann@example.org", "Ann")).id
    file = await keep(store, b"secret")
    assert store.files.all(account=ann) == []
    for text in (file.id, file.handle, "", "nonsense", "\udcff", "../../etc/passwd"):
        with pytest.raises(FileUnknown):
            store.files.find(text, account=ann)
        with pytest.raises(FileUnknown):
            await store.files.remove(text, account=ann)
    assert await store.files.read(store.files.find(file.id)) == b"secret"


async def test_no_more_than_an_account_may_have(store: Store) -> None:
    ann = (await store.accounts.add("ann@example.org", "Ann")).id
    await keep(store, b"x" * 600_000, account=ann, most=1_000_000)
    with pytest.raises(FilesFull, match="1 MB"):
        await keep(store, b"y" * 600_000, account=ann, most=1_000_000)
    assert len(on_disk(store)) == 1
    await keep(store, b"y" * 600_000, most=1_000_000)


async def test_bytes_that_were_taken_away(store: Store) -> None:
    file = await keep(store, b"x")
    store.files.path(file).unlink()
    with pytest.raises(FileProblem, match=r"notes\.txt"):
        await store.files.read(file)
    findings = {finding.subject: finding for finding in await store.check()}
    assert not findings["files"].ok
    assert "notes.txt" in findings["files"].text
    await keep(store, b"x")
    assert await store.files.read(file) == b"x"
    store.files.path(file).write_bytes(b"")
    await keep(store, b"x")
    assert await store.files.read(file) == b"x"
    assert all(finding.ok for finding in await store.check())


async def test_a_file_goes_after_its_conversation(store: Store, ask: Ask) -> None:
    conversation, question, _ = await ask("hello", "hi")
    kept, *_ = await ask("kept", "hi")
    one = await keep(store, b"1", conversation_id=conversation.id, message_id=question.id)
    other = await keep(store, b"2", conversation_id=kept.id)
    loose = await keep(store, b"3")
    assert store.files.of_message(question.id) == [one]
    await age(store, 31)
    new = await keep(store, b"4")
    await store.conversations.trash(conversation.id)
    assert await store.files.purge(30) == 1
    with pytest.raises(FileUnknown):
        store.files.find(loose.id)
    assert store.files.find(one.id) == one
    await store.conversations.purge(0)
    assert await store.files.purge(30) == 1
    assert {file.id for file in store.files.all()} == {other.id, new.id}
    assert on_disk(store) == sorted([other.sha256, new.sha256])


async def test_a_file_goes_after_its_message(store: Store, ask: Ask) -> None:
    _, _, reply = await ask("hello", "hi")
    file = await keep(store, b"1", conversation_id=reply.conversation_id, message_id=reply.id)
    await age(store, 31)
    await store.messages.trash(reply.id)
    await store.messages.purge(0)
    assert store.files.find(file.id).conversation_id is None
    assert await store.files.purge(30) == 1


async def test_what_is_sent_belongs_to_its_first_conversation(store: Store, ask: Ask) -> None:
    file = await keep(store, b"1")
    await age(store, 31)
    first, question, _ = await ask("hello", "hi", file_ids=[file.id])
    await ask("hello", "hi", file_ids=[file.id])
    assert store.files.of_message(question.id) == [store.files.find(file.id)]
    assert store.files.find(file.id).conversation_id == first.id
    await store.conversations.trash(first.id)
    await store.conversations.purge(0)
    assert await store.files.purge(30) == 0  # it was used a moment ago


async def test_a_removed_account_leaves_its_files_to_the_owner(store: Store) -> None:
    ann = (await store.accounts.add("ann@example.org", "Ann")).id
    file = await keep(store, b"1", account=ann)
    await store.accounts.remove(ann)
    assert store.files.find(file.id).account_id == OWNER


async def test_leftovers_of_a_crash_go(store: Store) -> None:
    kept = await keep(store, b"1")
    folder = store.path.parent / "files"
    orphan = folder / "ab" / ("ab" * 32)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"?")
    old, fresh = folder / "incoming-old", folder / "incoming-new"
    for each in (old, fresh):
        each.write_bytes(b"?")
    os.utime(old, (time.time() - 90_000,) * 2)
    await store.files.purge(30)
    assert on_disk(store) == sorted([kept.sha256, "incoming-new"])


CRASHING = """
import asyncio, os, sys
from pathlib import Path
from parley.store import Store
import parley.store.files as files

async def main():
    store = Store.open(Path(sys.argv[1]))
    async def chunks():
        yield b"precious"
    if sys.argv[2] == "before":
        files.Files._settle = lambda self, incoming: os._exit(9)
    else:
        settle = files.Files._settle
        def crash(self, incoming):
            settle(self, incoming)
            os._exit(9)
        files.Files._settle = crash
    async with store.files.receive(chunks()) as incoming:
        await store.files.add(incoming, "a.txt", "text/plain")

asyncio.run(main())
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_leaves_no_row_without_bytes(tmp_path: Path, when: str) -> None:
    done = subprocess.run([sys.executable, "-c", CRASHING, tmp_path, when], check=False, env={**os.environ})
    assert done.returncode == 9

    async def look() -> None:
        store = Store.open(tmp_path)
        assert store.files.all() == []
        assert all(finding.ok for finding in await store.check())
        await store.files.purge(30)
        assert [name for name in on_disk(store) if not name.startswith("incoming-")] == []
        await store.close()

    asyncio.run(look())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if sys.platform != "linux" or os.geteuid() != 0 or not mount:
        pytest.skip("needs to mount a file system")
    command = [mount, "-t", "tmpfs", "-o", "size=4m", "parley-test", str(place)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not permitted")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


async def test_a_full_disk(small_disk: Path) -> None:
    store = Store.open(small_disk / "data")
    with pytest.raises(StoreFull):
        await keep(store, b"x" * 6_000_000)
    assert (on_disk(store), store.files.all()) == ([], [])
    file = await keep(store, b"there is room")
    assert await store.files.read(file) == b"there is room"
    await store.close()


async def test_a_backup_holds_the_files(store: Store, tmp_path: Path) -> None:
    file, other = await keep(store, b"one" * 1000), await keep(store, b"")
    await store.backup(tmp_path / "copy.db")
    restore(tmp_path / "copy.db", tmp_path / "new")
    again = Store.open(tmp_path / "new")
    assert await again.files.read(again.files.find(file.id)) == b"one" * 1000
    assert await again.files.read(again.files.find(other.id)) == b""
    assert all(finding.ok for finding in await again.check())
    tables = await again.write(
        lambda connection: connection.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'packed%'").fetchall()
    )
    assert tables == []
    await again.close()
    restore(tmp_path / "copy.db", tmp_path / "new")


async def test_a_backup_of_what_is_damaged(store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file, lost = await keep(store, b"one"), await keep(store, b"two")
    store.files.path(lost).write_bytes(b"tvo")
    await store.backup(tmp_path / "copy.db")
    assert lost.sha256 in caplog.text
    restore(tmp_path / "copy.db", tmp_path / "new")
    again = Store.open(tmp_path / "new")
    assert await again.files.read(again.files.find(file.id)) == b"one"
    with pytest.raises(FileProblem):
        again.files.path(again.files.find(lost.id))
    await again.close()


async def test_what_a_restore_replaces_can_come_back(paths: Paths, tmp_path: Path) -> None:
    store = Store.open(paths.data)
    await store.backup(tmp_path / "empty.db")
    file = await keep(store, b"later")
    await store.close()
    replaced = restore(tmp_path / "empty.db", paths.data)
    assert replaced
    store = Store.open(paths.data)
    await store.files.purge(30)
    assert on_disk(store) == []
    await store.close()
    restore(replaced, paths.data)
    store = Store.open(paths.data)
    assert await store.files.read(store.files.find(file.id)) == b"later"
    await store.close()


async def test_a_move_takes_the_files_along(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "parley")
    store = Store.open(paths.data)
    await store.turns.begin(conversation_id=None, title="t", parts=[Text("q")], model="m")
    file = await keep(store, b"one")
    await store.close()
    moved = move(paths, tmp_path / "new")
    store = Store.open(moved.data)
    assert await store.files.read(store.files.find(file.id)) == b"one"
    await store.close()


def test_a_backup_of_an_older_version_holds_none(tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parent / "databases" / "step_007.db", tmp_path / "old.db")
    restore(tmp_path / "old.db", tmp_path / "new")
    with closing(sqlite3.connect(tmp_path / "new" / "parley.db")) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone()[0]

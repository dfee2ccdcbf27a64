"""Opening a data directory, whatever is found there."""

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from parley.errors import StoreBusy, StoreFull, StoreOnNetwork, StoreReadOnly
from parley.messages import Text
from parley.store import Store, database, directory, interrupted
from parley.store.locks import Writers
from parley.store.steps import APPLICATION_ID
from tests.store.conftest import Child, contents, make

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX rights")


async def test_open_makes_what_is_missing(tmp_path: Path) -> None:
    path = await make(tmp_path / "a" / "b", turns=0)
    assert path == tmp_path / "a" / "b" / "parley.db"
    assert sorted(found.name for found in path.parent.iterdir()) == ["locks", "parley.db"]
    assert [found.name for found in (path.parent / "locks").iterdir()] == ["door"]


@POSIX
async def test_only_the_owner_may_read(tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        store = Store.open(tmp_path / "data")
        await store.turns.begin(conversation_id=None, title="t", parts=[Text("x")], model="m")
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").rglob("*")}
        await store.close()
    finally:
        os.umask(previous)
    assert modes.pop(tmp_path / "data" / "locks") == 0o700
    assert {path.name: mode for path, mode in modes.items() if mode != 0o600} == {}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    (tmp_path / "data" / "parley.db").chmod(0o644)
    await make(tmp_path / "data")
    assert stat.S_IMODE((tmp_path / "data" / "parley.db").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "name", ["with space", "ünïcödé 你好 💥", "a?b#c%20d&e=f", "quote'\"", "new\nline", "-dash", "%00"]
)
async def test_any_name_of_a_directory(tmp_path: Path, name: str) -> None:
    if sys.platform == "win32" and set(name) & set('?"\n'):
        pytest.skip("not a name there")
    path = await make(tmp_path / name)
    assert path.parent == tmp_path / name
    assert [found.name for found in tmp_path.iterdir()] == [name]
    store = Store.open(tmp_path / name)
    assert [found.title for found in store.conversations.page()] == ["t0"]
    assert len(await store.search("hello")) == 1
    await store.backup(tmp_path / name / "copy of %3F.db")
    assert all(finding.ok for finding in await store.check())
    await store.close()


async def test_a_relative_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store.open(Path("here"))
    monkeypatch.chdir("/")
    await store.turns.begin(conversation_id=None, title="t", parts=[Text("x")], model="m")
    assert store.path == tmp_path / "here" / "parley.db"
    assert await store.search("t") != []
    await store.close()


async def test_settings_of_the_connections(store: Store) -> None:
    def look(connection: sqlite3.Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "application_id")
        return {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names}

    assert await store.write(look) == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "application_id": APPLICATION_ID,
    }
    with pytest.raises(StoreReadOnly):
        store._database.rows("DELETE FROM messages")


def test_sqlite_utils_is_not_imported_when_nothing_is_pending(tmp_path: Path) -> None:
    asyncio.run(make(tmp_path))
    code = (
        "import asyncio, pathlib, sys; from parley.store import Store\n"
        "async def main():\n    await Store.open(pathlib.Path(sys.argv[1])).close()\n"
        "asyncio.run(main())\n"
        "print([name for name in ('sqlite_utils', 'filelock', 'numpy', 'aiohttp', 'uuid') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in {"[]", "['uuid']"}


# ---- places that cannot be written to


def test_the_directory_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a letter")
    for place in (tmp_path / "data", tmp_path / "data" / "deeper"):
        with pytest.raises(StoreReadOnly):
            Store.open(place)
    assert (tmp_path / "data").read_text() == "a letter"


@pytest.fixture
def public_path() -> Iterator[Path]:
    """A directory that other users reach too, which pytest sees to that they do not reach its own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@POSIX
def test_a_directory_that_cannot_be_reached(public_path: Path, child: Callable[..., Child]) -> None:
    (public_path / "locked").mkdir(mode=0)
    (answer,) = child("refuse", public_path / "locked" / "data", 65534 if os.geteuid() == 0 else 0).hear_all()
    assert answer["code"] == "store_read_only"


@POSIX
async def test_a_directory_that_may_not_be_written(public_path: Path, child: Callable[..., Child]) -> None:
    await make(public_path / "data")
    (public_path / "data" / "parley.db").chmod(0o644)
    places = {"data": 0o555, "nothing": 0o555, "file only": 0o755}
    for name, mode in places.items():
        (public_path / name).mkdir(exist_ok=True)
        (public_path / name).chmod(mode)
    shutil.copy(public_path / "data" / "parley.db", public_path / "file only" / "parley.db")
    (public_path / "file only" / "parley.db").chmod(0o444)
    nobody = 65534 if os.geteuid() == 0 else 0
    if nobody:
        (public_path / "file only").chmod(0o777)
    for name in places:
        before = contents(public_path / name)
        (answer,) = child("refuse", public_path / name, nobody).hear_all()
        assert answer["code"] == "store_read_only", (name, answer)
        assert str(public_path / name) in answer["sentence"]
        assert contents(public_path / name) == before


@pytest.mark.parametrize(
    ("mounts", "kind"),
    [
        ("/dev/sda1 / ext4 rw 0 0", ""),
        ("/dev/sda1 / ext4 rw 0 0\nserver:/home /home nfs4 rw 0 0", "nfs4"),
        ("server:/x /home/ann nfs rw 0 0\n/dev/sdb /home/ann/local\\040disk ext4 rw 0 0", ""),
        ("//nas/share /home/ann cifs rw 0 0", "cifs"),
        ("x /home/ann/local\\040disk/data smb3 rw 0 0", "smb3"),
        ("ann@host: /home/ann fuse.sshfs rw 0 0", "fuse.sshfs"),
        ("C:\\134 /home 9p rw 0 0", "9p"),
        ("server:/x /home/ann nfs rw 0 0\n/dev/sdb /home/ann ext4 rw 0 0", ""),
        ("server:/x /home/ann/loc nfs rw 0 0", ""),
        ("proc\n\nx y", ""),
    ],
)
def test_network_shares_are_known(mounts: str, kind: str) -> None:
    assert directory.linux_kind(Path("/home/ann/local disk/data"), mounts) == kind


def test_network_shares_on_macos_are_known() -> None:
    def facts(flags: int, name: bytes) -> bytes:
        return bytes(64) + flags.to_bytes(4, sys.byteorder) + bytes(4) + name.ljust(16, b"\0") + bytes(2000)

    assert directory.mac_kind(facts(0x1000, b"apfs")) == ""
    assert directory.mac_kind(facts(0, b"smbfs")) == "smbfs"


def test_a_network_share_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "network_kind", lambda place: "nfs4")
    with pytest.raises(StoreOnNetwork, match="nfs4"):
        Store.open(tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_this_machine_s_disk_is_local(tmp_path: Path) -> None:
    assert directory.network_kind(tmp_path / "not" / "there") == ""


def test_a_full_disk_while_making_the_directory(tmp_path: Path) -> None:
    assert isinstance(directory.from_os_error(OSError(28, "No space left on device"), tmp_path), StoreFull)


async def test_an_open_that_fails_late_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, child: Callable[..., Child]
) -> None:
    def fail(*args: object) -> None:
        raise sqlite3.OperationalError("a mistake")

    with monkeypatch.context() as patched:
        patched.setattr(database, "Changes", fail)
        with pytest.raises(sqlite3.OperationalError):
            Store.open(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(database, "_READER_CACHE", "PRAGMA nonsense; and more")
        with pytest.raises(sqlite3.Error):
            Store.open(tmp_path)
    other = child("hold", tmp_path)
    facts = other.hear()
    other.kill()
    with monkeypatch.context() as patched:
        patched.setattr(interrupted, "interrupt", fail)
        with pytest.raises(sqlite3.OperationalError):
            Store.open(tmp_path)
    assert [path.name for path in (tmp_path / "locks").iterdir()] == ["door"]
    store = Store.open(tmp_path)
    assert store.messages.get(facts["reply"]).status == "interrupted"
    await store.close()


def test_a_file_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def fail(path: Path, flags: int, mode: int = 0o777) -> int:
        if Path(path).name == "parley.db":
            raise OSError(28, "No space left on device")
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(StoreFull):
        Store.open(tmp_path)


# ---- others at work


async def test_busy_while_another_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[[str], None]
) -> None:
    monkeypatch.setattr(directory, "BUSY_SECONDS", 0.05)
    store = Store.open(tmp_path)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy):
            await store.turns.begin(conversation_id=None, title="x", parts=[Text("y")], model="m")
        assert store.conversations.page() == [], "reading goes on"
        other.execute("ROLLBACK")
    conversation, *_ = await store.turns.begin(conversation_id=None, title="x", parts=[Text("y")], model="m")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        expect_log("unfinished replies will be marked")
        await store.close()
    store = Store.open(tmp_path)
    assert store.conversations.tree(conversation.id).messages[-1].status == "interrupted"
    await store.close()


def test_busy_while_another_opens(tmp_path: Path) -> None:
    with Writers(tmp_path).door(), pytest.raises(StoreBusy), Writers(tmp_path).door(0.05):
        pytest.fail("the door is taken")


async def test_close_twice_and_writes_that_are_pending(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    pending = [
        asyncio.create_task(store.turns.begin(conversation_id=None, title=f"t{n}", parts=[Text("x" * 1000)], model="m"))
        for n in range(50)
    ]
    await asyncio.sleep(0)
    await asyncio.gather(store.close(), store.close())
    await store.close()
    assert len(await asyncio.gather(*pending)) == 50
    store = Store.open(tmp_path)
    assert len(store.conversations.page()) == 50
    assert not any(found.answering for found in store.conversations.page())
    await store.close()


async def test_a_mistake_in_a_write_reaches_its_caller_and_the_thread_lives_on(store: Store) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM accounts")
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await store.write(fail)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await store.write(lambda connection: connection.execute("DELETE FROM nonsense"))
    count = await store.write(lambda connection: connection.execute("SELECT count(*) FROM accounts").fetchone()[0])
    assert count == 1


async def test_a_mistake_in_a_write_that_nobody_waits_for_is_logged(
    store: Store, expect_log: Callable[[str], None]
) -> None:
    expect_log("a write that nobody waits for failed")

    def fail(connection: sqlite3.Connection) -> None:
        raise KeyError("mine")

    store._database.write_later(fail)
    waiting = asyncio.create_task(store.write(fail))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await store.write(lambda connection: None)

"""A disk that is full: told in plain words, nothing lost, and all well once there is room."""

import errno
import io
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from parley.errors import StoreError, StoreFull
from parley.messages import MessageStatus, Text
from parley.store import Store
from parley.store.problems import told
from tests.disks import small_disk
from tests.store.conftest import Ask, Child


async def test_no_more_pages(store: Store, ask: Ask) -> None:
    conversation, _, reply = await ask("one")
    await store.turns.save(reply.id, [Text("half")])

    def limit(pages: int) -> Callable[[sqlite3.Connection], object]:
        return lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    await store.write(limit(1))  # no less than there are
    for _ in range(2):
        with pytest.raises(StoreFull):
            await store.turns.finish(reply.id, [Text("whole " * 100_000)], MessageStatus.COMPLETE)
    message = store.messages.get(reply.id)
    assert (message.text, message.status) == ("half", MessageStatus.STREAMING)
    await store.write(limit(1_000_000))
    await store.turns.finish(reply.id, [Text("whole " * 100_000)], MessageStatus.COMPLETE)
    assert len(store.conversations.tree(conversation.id).messages) == 2
    assert all(finding.ok for finding in await store.check())


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_no_more_room_for_a_process(directory: Path, child: Callable[..., Child]) -> None:
    refused, kept = child("full", directory, 300_000).hear_all()
    assert refused["code"] == "store_full"
    assert kept == {"messages": ["kept", "", "kept too", ""]}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 2) as disk:
        yield disk


async def test_a_disk_that_fills_up(disk: Path) -> None:
    data = disk / "data"
    store = Store.open(data)
    conversation, _, reply = await store.turns.begin(conversation_id=None, title="t", parts=[Text("one")], model="m")
    await store.turns.save(reply.id, [Text("half")])
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * (shutil.disk_usage(disk).free - 100_000))
    with pytest.raises(StoreFull):
        await store.turns.save(reply.id, [Text("much more " * 30_000)])
    with pytest.raises(StoreFull):
        await store.backup(disk / "copy.db")
    assert not (disk / "copy.db").exists()
    assert [path.name for path in disk.iterdir() if path.name.startswith(".")] == []
    assert store.messages.get(reply.id).text == "half"
    ballast.unlink()
    await store.turns.finish(reply.id, [Text("the end")], MessageStatus.COMPLETE)
    assert store.conversations.tree(conversation.id).branch()[-1].text == "the end"
    assert all(finding.ok for finding in await store.check())
    await store.close()
    ballast.write_bytes(b"x" * (shutil.disk_usage(disk).free))
    try:
        again = Store.open(data)
    except StoreFull:
        pass
    else:
        assert len(again.conversations.page()) == 1
        await again.close()
    with pytest.raises(StoreFull):
        Store.open(disk / "new")
    ballast.unlink()
    await Store.open(disk / "new").close()
    again = Store.open(data)
    assert again.conversations.tree(conversation.id).branch()[-1].text == "the end"
    await again.close()


@pytest.mark.parametrize(
    ("code", "expected"),
    [(errno.ENOSPC, StoreFull), (errno.EFBIG, StoreFull), (errno.EIO, StoreError), (0, StoreError)],
)
def test_an_io_error_for_lack_of_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, expected: type[StoreError]
) -> None:
    def probe(**options: Path) -> IO[bytes]:
        if code:
            raise OSError(code, os.strerror(code))
        return io.BytesIO()

    monkeypatch.setattr(tempfile, "TemporaryFile", probe)
    problem = sqlite3.OperationalError("disk I/O error")
    problem.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    with pytest.raises(StoreError) as caught, told(tmp_path / "parley.db"):
        raise problem
    assert type(caught.value) is expected

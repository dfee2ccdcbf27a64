"""Moving the data folder: whatever happens, one whole folder is in use."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from parley.errors import StoreError
from parley.keys import Keys
from parley.messages import MessageStatus, Text
from parley.models import Price
from parley.paths import Paths, data_paths, followed
from parley.pricing import Prices
from parley.settings import Settings
from parley.store import Store
from parley.store import moving as moving_module
from parley.store.moving import MARK, MoveCancelled, MoveRefused, move, old_folders, suitable

APP = Path(__file__).parents[2] / "app"


async def filled(paths: Paths, chats: int = 3) -> None:
    """Make a data folder with chats, settings and a key."""
    store = Store.open(paths.data)
    for number in range(chats):
        _, _, reply = await store.turns.begin(
            conversation_id=None, title=f"Chat {number}", parts=(Text("question"),), model="a/b"
        )
        await store.turns.finish(reply.id, (Text("answer " * 2000),), MessageStatus.COMPLETE)
    await store.close()
    Settings(paths.settings).update(theme="dark")
    Keys(paths.keys, environ={}).set("mine", "secret-key-1234")
    paths.prices.write_text('{"a/b": {"input": 1, "output": 2}}', encoding="utf-8")
    paths.log.parent.mkdir()
    paths.log.write_text("a line\n", encoding="utf-8")


async def titles(paths: Paths) -> list[str]:
    store = Store.open(paths.data)
    found = [conversation.title for conversation in store.conversations.page()]
    await store.close()
    return sorted(found)


@pytest.fixture
async def full(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path / "parley")
    await filled(paths)
    return paths


async def test_everything_is_in_the_new_folder_and_the_old_one_is_kept(full: Paths, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    moved = move(full, tmp_path / "new" / "place", lambda done, whole: told.append((done, whole)))
    assert moved == followed(full.data) == Paths(tmp_path / "new" / "place", full.data)
    assert await titles(moved) == ["Chat 0", "Chat 1", "Chat 2"]
    assert Settings(moved.settings).options.theme == "dark"
    assert Keys(moved.keys, environ={}).get("mine") == "secret-key-1234"
    assert moved.log.read_text(encoding="utf-8") == "a line\n"
    assert Prices(None, moved.prices).of("a/b") == Price(1, 2)
    assert await titles(full) == ["Chat 0", "Chat 1", "Chat 2"]
    assert old_folders(moved) == [full.data]
    assert not (moved.data / MARK).exists()
    assert told[-1][0] <= told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
async def test_the_new_folder_is_for_its_owner_only(full: Paths, tmp_path: Path) -> None:
    moved = move(full, tmp_path / "new")
    assert moved.data.stat().st_mode & 0o777 == 0o700
    for file in (moved.keys, moved.settings, moved.data / "parley.db"):
        assert file.stat().st_mode & 0o777 == 0o600


async def test_every_way_to_name_the_folder_finds_the_new_one(
    full: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(full, tmp_path / "new")
    monkeypatch.setenv("PARLEY_DATA_DIR", str(full.data))
    assert data_paths().data == data_paths(full.data).data == tmp_path / "new"


async def test_on_and_back_again(full: Paths, tmp_path: Path) -> None:
    home = full.data
    second = move(full, tmp_path / "second")
    third = move(second, tmp_path / "third")
    assert followed(home) == third == Paths(tmp_path / "third", home)
    assert set(old_folders(third)) == {home, tmp_path / "second"}
    with pytest.raises(MoveRefused) as refused:
        suitable(third, tmp_path / "second" / "parley.db")
    assert refused.value.hindrance == "file"
    (home).rename(tmp_path / "removed")
    back = move(third, home)
    assert followed(home).data == back.data == home
    assert await titles(back) == ["Chat 0", "Chat 1", "Chat 2"]
    assert home not in old_folders(back)


async def test_a_folder_with_other_things_gets_one_of_ours_inside(full: Paths, tmp_path: Path) -> None:
    (tmp_path / "disk" / "photos").mkdir(parents=True)
    assert suitable(full, tmp_path / "disk") == tmp_path / "disk" / "Parley"
    (tmp_path / "disk" / "Parley").mkdir()
    (tmp_path / "disk" / "Parley" / "note.txt").touch()
    with pytest.raises(MoveRefused) as refused:
        move(full, tmp_path / "disk")
    assert refused.value.hindrance == "not_empty"
    assert followed(full.data) == full


@pytest.mark.parametrize(("where", "hindrance"), [("parley", "same"), ("parley/inside", "inside"), ("a", "file")])
async def test_folders_that_will_not_do(full: Paths, tmp_path: Path, where: str, hindrance: str) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(MoveRefused) as refused:
        move(full, tmp_path / where)
    assert refused.value.hindrance == hindrance
    assert not full.pointer.exists()


async def test_a_network_share_and_a_small_disk(full: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving_module, "SPARE", 1 << 60)
    with pytest.raises(MoveRefused) as refused:
        suitable(full, tmp_path / "new")
    assert refused.value.hindrance == "no_room"
    monkeypatch.setattr(moving_module, "network_kind", lambda target: "nfs")
    with pytest.raises(MoveRefused) as refused:
        suitable(full, tmp_path / "new")
    assert refused.value.hindrance == "network"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_cannot_be_written(full: Paths, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(MoveRefused) as refused:
        suitable(full, tmp_path / "closed" / "new")
    assert refused.value.hindrance == "not_writable"


async def test_not_while_another_parley_runs_on_the_data(full: Paths, tmp_path: Path) -> None:
    store = Store.open(full.data)
    with pytest.raises(MoveRefused) as refused:
        move(full, tmp_path / "new")
    assert refused.value.hindrance == "in_use"
    await store.close()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("existing", [True, False])
async def test_cancelled_leaves_nothing_behind(full: Paths, tmp_path: Path, existing: bool) -> None:
    cancelled, target = threading.Event(), tmp_path / "new"
    if existing:
        target.mkdir()

    def progress(done: int, whole: int) -> None:
        if done > whole // 2:
            cancelled.set()

    with pytest.raises(MoveCancelled):
        move(full, target, progress, cancelled)
    assert list(target.iterdir()) == [] if existing else not target.exists()
    assert followed(full.data) == full
    assert await titles(full) == ["Chat 0", "Chat 1", "Chat 2"]


async def test_a_damaged_database_is_not_moved(full: Paths, tmp_path: Path) -> None:
    database = full.data / "parley.db"
    with database.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 20_000)
    with pytest.raises(StoreError):
        move(full, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert not full.pointer.exists()


async def test_a_folder_that_is_not_there_is_lost_and_not_replaced(full: Paths, tmp_path: Path) -> None:
    moved = move(full, tmp_path / "new")
    moved.data.rename(tmp_path / "unplugged")
    assert followed(full.data).lost == tmp_path / "new"
    (tmp_path / "new").mkdir()
    assert followed(full.data).lost == tmp_path / "new"
    (tmp_path / "unplugged").rename(tmp_path / "elsewhere")
    moved.pointer.write_text("{", encoding="utf-8")
    assert followed(full.data).lost == moved.pointer


def test_a_pointer_names_what_was_before(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "parley")
    names = {"data": str(tmp_path / "new"), "before": [str(tmp_path / "parley")]}
    paths.pointer.write_text(json.dumps(names), encoding="utf-8")
    assert paths.pointer == tmp_path / "parley.moved"
    assert followed(paths.data).lost == tmp_path / "new"


MOVE = """
import sys, time
from pathlib import Path
from parley.paths import Paths
from parley.store.moving import move

def progress(done, whole):
    print(done, whole, flush=True)
    time.sleep(0.001)

move(Paths(Path(sys.argv[1])), Path(sys.argv[2]), progress)
print("moved", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.95, 1.0])
async def test_killed_at_any_moment_one_whole_folder_is_in_use(full: Paths, tmp_path: Path, share: float) -> None:
    (full.data / "attachment").write_bytes(bytes(40 << 20))
    environment = {**os.environ, "PYTHONPATH": str(APP)}
    command = [sys.executable, "-c", MOVE, str(full.data), str(tmp_path / "new")]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    for line in process.stdout:
        done, _, whole = line.strip().partition(" ")
        if not whole or int(done) / int(whole) >= share:
            break
    time.sleep(0.02 * share)
    process.kill()
    process.wait()
    process.stdout.close()
    paths = followed(full.data)
    assert paths.lost is None
    assert await titles(paths) == ["Chat 0", "Chat 1", "Chat 2"]
    assert Settings(paths.settings).options.theme == "dark"
    if paths.data == full.data:  # what was left behind does not stand in the way of the next time
        assert move(full, tmp_path / "new").data == tmp_path / "new"
        assert (tmp_path / "new" / "attachment").stat().st_size == 40 << 20

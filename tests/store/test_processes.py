"""More than one process on one directory, and processes that die."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from parley.errors import ChatError, StoreBusy
from parley.files import lock
from parley.messages import MessageStatus, Text
from parley.paths import Paths
from parley.store import CONVERSATION, Change, Store, restore
from parley.store.directory import LOCKS
from parley.store.locks import Writers
from tests.conftest import Until
from tests.store.conftest import Ask, Child

Start = Callable[..., Child]


async def test_two_processes_write_and_none_loses_a_word(store: Store, paths: Paths, child: Start) -> None:
    other = child("write", paths.data, 100)
    assert other.hear() == {"ready": True}
    other.go_on()
    ours = [
        (await store.turns.begin(conversation_id=None, title=f"ours {n}", parts=[Text("hello")], model="m"))[0].id
        for n in range(100)
    ]
    theirs = [line["conversation"] for line in other.hear_all()]
    assert {found.id for found in store.conversations.page(limit=1000)} == {*ours, *theirs}
    assert len(ours) == len(theirs) == 100
    assert all(finding.ok for finding in await store.check())


async def test_commits_of_another_process_are_told(store: Store, paths: Paths, child: Start, until: Until) -> None:
    told = list[Change]()
    store.subscribe(told.append)
    store.start_watching()
    other = child("write", paths.data, 1)
    other.hear()
    other.go_on()
    id = other.hear()["conversation"]
    await until(lambda: Change(CONVERSATION, id) in told, 5)


async def test_our_commits_are_told_to_another_process(store: Store, paths: Paths, child: Start, ask: Ask) -> None:
    other = child("watch", paths.data, 3)
    assert other.hear() == {"ready": True}
    conversation, question, reply = await ask("one")
    assert {line["id"] for line in other.hear_all()} == {conversation.id, question.id, reply.id}


async def test_an_answer_under_way_elsewhere_is_left_alone(
    store: Store, paths: Paths, child: Start, until: Until
) -> None:
    other = child("hold", paths.data)
    facts = other.hear()
    another = Store.open(paths.data)
    for each in (store, another):
        each._look()
        (message,) = each.conversations.tree(facts["conversation"]).messages[1:]
        assert (message.status, message.text) == (MessageStatus.STREAMING, "half an ")
        assert each.messages.get(facts["reply"]).status is MessageStatus.STREAMING
        assert each.conversations.page()[0].answering
    await another.close()
    store.start_watching()
    told = list[Change]()
    store.subscribe(told.append)
    other.go_on()
    await until(lambda: told)
    message = store.messages.get(facts["reply"])
    assert (message.status, message.text) == (MessageStatus.INTERRUPTED, "half an ")


async def test_a_dead_process_s_answer_is_interrupted_when_it_is_read(
    store: Store, paths: Paths, child: Start, until: Until
) -> None:
    other = child("hold", paths.data)
    facts = other.hear()
    other.kill()
    tree = store.conversations.tree(facts["conversation"])
    assert tree.messages[-1].status is MessageStatus.INTERRUPTED
    assert tree.messages[-1].text == "half an "
    await store.write(lambda connection: None)
    assert not store.conversations.page()[0].answering
    assert [hit.message_id for hit in await store.search('"half an"')] == [facts["reply"]]


async def test_a_dead_process_s_answer_is_interrupted_while_watching(
    store: Store, paths: Paths, child: Start, until: Until
) -> None:
    other = child("hold", paths.data)
    facts = other.hear()
    told = list[Change]()
    store.subscribe(told.append)
    store.start_watching()
    await until(lambda: told)
    assert store.conversations.page()[0].answering
    told.clear()
    other.kill()
    await until(lambda: Change(CONVERSATION, facts["conversation"]) in told)
    assert not store.conversations.page()[0].answering


async def test_killed_when_it_had_just_resumed(store: Store, paths: Paths, child: Start) -> None:
    other = child("resume", paths.data)
    facts = other.hear()
    assert store.messages.get(facts["reply"]).status is MessageStatus.STREAMING
    with pytest.raises(ChatError):
        await store.turns.resume(facts["reply"])
    other.kill()
    reply = store.conversations.tree(facts["conversation"]).messages[-1]
    assert (reply.text, reply.status) == ("half an aardvark", MessageStatus.INTERRUPTED)
    await store.write(lambda connection: None)
    assert [hit.message_id for hit in await store.search("aardvark")] == [facts["reply"]]
    assert all(finding.ok for finding in await store.check())


async def _crash(directory: Path, child: Start, saves: int) -> None:
    """Kill a process that is saving; look at what is left."""
    other = child("stream", directory)
    facts = other.hear()
    saved = 0
    while saved < saves:
        saved = other.hear()["saved"]
    other.process.kill()
    while line := other.hear():  # what it had said before it died is kept
        saved = line["saved"]
    other.process.wait()
    store = Store.open(directory)
    question, reply = store.conversations.tree(facts["conversation"]).messages
    assert question.text == "the question"
    assert reply.status is MessageStatus.INTERRUPTED
    words = reply.text.split(" ")[1::2]
    assert words == [str(number) for number in range(len(words))]
    assert len(words) > saved
    assert not store.conversations.get(facts["conversation"]).answering
    assert all(finding.ok for finding in await store.check())
    await store.close()
    assert [path.name for path in (directory / "locks").iterdir()] == ["door"]


async def test_killed_while_saving(directory: Path, child: Start) -> None:
    for turn in range(4):
        await _crash(directory, child, saves=turn * 3)


@pytest.mark.full
@pytest.mark.timeout(1200)
async def test_killed_while_saving_hundreds_of_times(directory: Path, child: Start) -> None:
    for turn in range(300):
        await _crash(directory, child, saves=turn % 37)


async def test_closing_marks_what_is_unfinished(store: Store, paths: Paths, ask: Ask) -> None:
    _, _, reply = await ask("one")
    await store.turns.save(reply.id, [Text("half an aardvark")])
    await store.close()
    again = Store.open(paths.data)
    message = again.messages.get(reply.id)
    assert (message.status, message.text) == (MessageStatus.INTERRUPTED, "half an aardvark")
    assert len(await again.search("aardvark")) == 1
    await again.close()


async def test_a_writer_without_a_lock_file_is_dead(store: Store, ask: Ask) -> None:
    _, _, reply = await ask("one")
    for name in ("gone.lock", "../../etc/passwd", "/etc/passwd"):
        await store.write(
            lambda connection, name=name: connection.execute(  # type: ignore[misc]
                "UPDATE messages SET status = 'streaming', writer = ? WHERE id = ?", (name, reply.id)
            )
        )
        assert store.messages.get(reply.id).status is MessageStatus.INTERRUPTED
    await store.write(lambda connection: None)


async def test_lock_files_of_the_dead_are_cleared_away(store: Store, paths: Paths, child: Start) -> None:
    other = child("hold", paths.data)
    other.hear()
    assert len(list((paths.data / "locks").glob("*.lock"))) == 2
    other.kill()
    assert len(list((paths.data / "locks").glob("*.lock"))) == 2
    third = Store.open(paths.data)
    names = {path.name for path in (paths.data / "locks").glob("*.lock")}
    assert names == {store._database.writers.own, third._database.writers.own}
    await third.close()


async def test_restore_waits_for_no_other_process(paths: Paths, tmp_path: Path, child: Start) -> None:
    first = Store.open(paths.data)
    await first.backup(tmp_path / "copy.db")
    await first.close()
    other = child("hold", paths.data)
    facts = other.hear()
    with pytest.raises(StoreBusy):
        restore(tmp_path / "copy.db", paths.data)
    other.go_on()
    other.hear_all()
    assert restore(tmp_path / "copy.db", paths.data)
    again = Store.open(paths.data)
    assert again.conversations.page() == []
    await again.close()
    assert facts


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX rights")
def test_lock_files_that_cannot_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    writers = Writers(tmp_path)
    with writers.door():
        writers.enter()
    monkeypatch.setattr(os, "open", lambda *args: (_ for _ in ()).throw(PermissionError(13, "no")))
    assert writers.alive("other.lock"), "in doubt, nobody is declared dead"
    monkeypatch.undo()
    monkeypatch.setattr(Path, "unlink", lambda *args, **kwargs: (_ for _ in ()).throw(PermissionError(13, "no")))
    writers.leave()
    writers.leave()
    monkeypatch.undo()
    assert not writers.alive(writers.own)
    assert Writers(tmp_path / "nothing").others() == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no shared lock")
def test_two_that_look_at_once_both_see_that_a_writer_is_dead(tmp_path: Path) -> None:
    path = tmp_path / LOCKS / "dead.lock"
    path.parent.mkdir()
    path.touch()
    writers, looks = Writers(tmp_path), os.open(path, os.O_RDWR)
    try:
        lock(looks, shared=True)
        assert not writers.alive(path.name)
        lock(looks)
        assert writers.alive(path.name)
    finally:
        os.close(looks)

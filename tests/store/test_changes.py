"""News of what changed, here and in other processes."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable

import pytest

from parley.messages import MessageStatus, Text
from parley.paths import Paths
from parley.store import CONVERSATION, EVERYTHING, MESSAGE, Change, Store
from parley.store import changes as changes_module
from parley.store.changes import note
from tests.conftest import Until
from tests.store.conftest import Ask


async def test_a_turn_is_told_at_once_and_in_order(store: Store, ask: Ask) -> None:
    told = list[Change]()
    store.subscribe(told.append)
    conversation, question, reply = await ask("one")
    assert told == [Change(CONVERSATION, conversation.id), Change(MESSAGE, question.id), Change(MESSAGE, reply.id)]
    told.clear()
    await store.turns.save(reply.id, [Text("half")])
    assert told == [Change(MESSAGE, reply.id)]
    told.clear()
    await store.turns.finish(reply.id, [Text("whole")], MessageStatus.COMPLETE)
    assert set(told) == {Change(CONVERSATION, conversation.id), Change(MESSAGE, reply.id)}


async def test_every_change_of_a_conversation_is_told(store: Store, ask: Ask) -> None:
    conversation, _, reply = await ask("one", "1")
    told = list[Change]()
    store.subscribe(told.append)
    conversations = store.conversations
    writes: list[Callable[[], Awaitable[None]]] = [
        lambda: conversations.rename(conversation.id, "x"),
        lambda: conversations.pin(conversation.id, True),
        lambda: conversations.show_leaf(conversation.id, reply.id),
        lambda: conversations.set_model(conversation.id, "m"),
        lambda: conversations.trash(conversation.id),
        lambda: conversations.restore(conversation.id),
    ]
    for write in writes:
        told.clear()
        await write()
        assert told == [Change(CONVERSATION, conversation.id)]


async def test_what_is_told_can_be_read(store: Store, ask: Ask) -> None:
    seen = list[str]()

    def read(change: Change) -> None:
        if change.noun == CONVERSATION:
            seen.append(store.conversations.get(change.id).title)

    store.subscribe(read)
    conversation, *_ = await ask("one")
    await store.conversations.rename(conversation.id, "two")
    assert seen == ["one", "two"]


async def test_unsubscribed_observers_hear_nothing(store: Store, ask: Ask) -> None:
    told = list[Change]()
    unsubscribe = store.subscribe(told.append)
    unsubscribe()
    unsubscribe()
    await ask("one")
    assert told == []


async def test_an_observer_that_fails_does_not_stop_the_others(
    store: Store, ask: Ask, expect_log: Callable[[str], None]
) -> None:
    expect_log("an observer of the store failed")
    told = list[Change]()

    def fail(change: Change) -> None:
        raise RuntimeError(change.noun)

    store.subscribe(fail)
    store.subscribe(told.append)
    await ask("one")
    assert len(told) == 3


async def test_a_failed_write_is_not_told(store: Store, ask: Ask) -> None:
    told = list[Change]()
    store.subscribe(told.append)

    def fail(connection: sqlite3.Connection) -> None:
        note(connection, CONVERSATION, "x")
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await store.write(fail)
    assert told == []


async def test_two_stores_see_each_other(store: Store, ask: Ask, paths: Paths, until: Until) -> None:
    other = Store.open(paths.data)
    told, own = list[Change](), list[Change]()
    other.subscribe(told.append)
    store.subscribe(own.append)
    other.start_watching()
    other.start_watching()
    store.start_watching()
    conversation, question, reply = await ask("one", "1")
    await until(lambda: Change(CONVERSATION, conversation.id) in told)
    assert {Change(MESSAGE, question.id), Change(MESSAGE, reply.id)} <= set(told)
    assert other.conversations.get(conversation.id).message_count == 2
    await other.conversations.rename(conversation.id, "renamed")
    count = len(own)
    await until(lambda: len(own) > count)
    assert own[count:] == [Change(CONVERSATION, conversation.id)], "own writes are told once, others' too"
    await other.close()


async def test_nothing_is_told_twice_when_both_write(store: Store, paths: Paths, until: Until) -> None:
    other = Store.open(paths.data)
    told = list[Change]()
    store.subscribe(told.append)
    store.start_watching()

    async def write(which: Store, name: str) -> None:
        for number in range(50):
            await which.write(lambda connection, number=number: note(connection, "test", f"{name}{number}"))  # type: ignore[misc]

    await asyncio.gather(write(store, "own"), write(other, "other"))
    await until(lambda: len(told) >= 100)
    store._look()
    assert sorted(change.id for change in told) == sorted(f"{name}{n}" for n in range(50) for name in ("own", "other"))
    await other.close()


async def test_the_news_are_trimmed_and_a_gap_is_told(
    store: Store, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes_module, "_KEPT", 10)
    other = Store.open(paths.data)
    told = list[Change]()
    other.subscribe(told.append)
    for number in range(600):
        await store.write(lambda connection, number=number: note(connection, "test", str(number)))  # type: ignore[misc]
    other._look()
    assert told == [Change(EVERYTHING)]
    rows = store._database.rows("SELECT count(*) FROM changes")
    assert rows[0][0] < 300
    await store.write(lambda connection: note(connection, "test", "after"))
    other._look()
    assert told[1:] == [Change("test", "after")]
    await other.close()


async def test_watching_stops(store: Store, paths: Paths, ask: Ask, until: Until) -> None:
    other = Store.open(paths.data)
    told = list[Change]()
    other.subscribe(told.append)
    other.start_watching()
    other.stop_watching()
    other.stop_watching()
    await ask("one", "1")
    assert other._watch._timer is None
    other.start_watching()
    await until(lambda: told)
    await other.close()
    assert other._watch._timer is None


async def test_a_look_that_fails_is_logged_and_repeated(
    store: Store,
    ask: Ask,
    paths: Paths,
    until: Until,
    expect_log: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expect_log("looking for other processes' changes failed")
    other = Store.open(paths.data)
    told = list[Change]()
    other.subscribe(told.append)
    real = other._database.changes.look
    failures = iter([True, True])

    def look() -> None:
        if next(failures, False):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error
        real()

    monkeypatch.setattr(other._database.changes, "look", look)
    other.start_watching()
    await ask("one", "1")
    await until(lambda: told)
    await other.close()

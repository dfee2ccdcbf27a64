"""Single messages: rewritten, in the trash, and back."""

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from parley.errors import MessageStreaming, MessageUnknown
from parley.messages import Conversation, Message, MessageStatus, Reasoning, Text
from parley.store import CONVERSATION, MESSAGE, Change, Store
from tests.store.conftest import Ask

Talk = tuple[Conversation, list[Message]]


@pytest.fixture
async def talk(ask: Ask) -> Talk:
    """A conversation of three questions and answers."""
    conversation, *first = await ask("one", "1")
    _, *second = await ask("two", "2", conversation=conversation)
    _, *third = await ask("three", "3", conversation=conversation)
    return conversation, [*first, *second, *third]


def shown(store: Store, conversation: Conversation) -> list[str]:
    return [message.text for message in store.conversations.tree(conversation.id).branch()]


async def test_rewriting_in_place(store: Store, ask: Ask) -> None:
    conversation, question, reply = await ask("one aardvark", "1")
    await store.turns.finish(reply.id, [Reasoning("hm", 0.5), Text("a buffalo")], MessageStatus.STOPPED)
    told = list[Change]()
    store.subscribe(told.append)
    before = await store.messages.rewrite(reply.id, "a \r chamois")
    assert told == [Change(MESSAGE, reply.id)]
    after = store.messages.get(reply.id)
    assert (before.text, after.parts) == ("a buffalo", (Reasoning("hm", 0.5), Text("a \r chamois")))
    assert after.status is MessageStatus.STOPPED
    assert (await store.messages.rewrite(question.id, "one dodo")).text == "one aardvark"
    found = {word: len(await store.search(word)) for word in ("aardvark", "buffalo", "chamois", "dodo")}
    assert found == {"aardvark": 1, "buffalo": 0, "chamois": 1, "dodo": 1}, "the title has the aardvark"
    await store.messages.rewrite(question.id, "one aardvark")
    await store.messages.rewrite(reply.id, before.text)
    assert shown(store, conversation) == ["one aardvark", "a buffalo"]
    assert store.messages.get(question.id) == question
    assert all(finding.ok for finding in await store.check())


async def test_rewriting_to_nothing_and_back(store: Store, ask: Ask) -> None:
    _, question, _ = await ask("one", "1")
    await store.messages.rewrite(question.id, "")
    assert store.messages.get(question.id).parts == ()
    await store.messages.rewrite(question.id, "one")
    assert store.messages.get(question.id) == question


async def test_what_is_trashed_leaves_what_hangs_below(store: Store, talk: Talk) -> None:
    conversation, (_, first, second, answer, third, last) = talk
    told = list[Change]()
    store.subscribe(told.append)
    await store.messages.trash(second.id, answer.id)
    assert set(told) == {Change(MESSAGE, second.id), Change(MESSAGE, answer.id), Change(CONVERSATION, conversation.id)}
    assert shown(store, conversation) == ["one", "1", "three", "3"]
    tree = store.conversations.tree(conversation.id)
    assert tree.message(third.id) == replace(third, parent_id=first.id)
    assert [found.message_count for found in store.conversations.page()] == [4]
    assert await store.search("two") == []
    told.clear()
    await store.messages.restore(answer.id, second.id)
    assert set(told) == {Change(MESSAGE, second.id), Change(MESSAGE, answer.id), Change(CONVERSATION, conversation.id)}
    tree = store.conversations.tree(conversation.id)
    assert tree.messages == tuple(talk[1])
    assert (tree.branch()[-1], tree.conversation.message_count) == (last, 6)
    assert len(await store.search("two")) == 1


async def test_the_end_of_the_branch_in_the_trash(store: Store, ask: Ask, talk: Talk) -> None:
    conversation, (*_, answer, third, last) = talk
    await store.messages.trash(third.id, last.id)
    tree = store.conversations.tree(conversation.id)
    assert (tree.conversation.leaf_id, tree.branch()[-1]) == (answer.id, answer)
    await ask("four", "4", conversation=conversation)
    assert shown(store, conversation) == ["one", "1", "two", "2", "four", "4"]
    await store.messages.restore(third.id, last.id)
    assert shown(store, conversation) == ["one", "1", "two", "2", "three", "3", "four", "4"]


async def test_all_in_the_trash(store: Store, ask: Ask, talk: Talk) -> None:
    conversation, messages = talk
    await store.messages.trash(*[message.id for message in messages])
    tree = store.conversations.tree(conversation.id)
    assert (tree.messages, tree.branch(), tree.conversation.leaf_id) == ((), [], None)
    await ask("anew", "0", conversation=conversation)
    assert shown(store, conversation) == ["anew", "0"]
    await store.messages.restore(messages[0].id)
    assert shown(store, conversation) == ["one", "anew", "0"]


async def test_versions_of_what_is_trashed(store: Store, ask: Ask) -> None:
    conversation, question, first = await ask("one", "1")
    second = await store.turns.begin_reply(parent_id=question.id, model="b/c")
    second = await store.turns.finish(second.id, [Text("I")], MessageStatus.COMPLETE)
    await store.messages.trash(second.id)
    tree = store.conversations.tree(conversation.id)
    assert tree.versions(first) == [first]
    assert tree.branch() == [question]
    assert tree.newest_leaf(question.id) == first.id
    await store.messages.restore(second.id)
    assert store.conversations.tree(conversation.id).versions(first) == [first, second]


async def test_what_is_in_the_trash_is_unknown(store: Store, talk: Talk) -> None:
    conversation, (question, *_) = talk
    await store.messages.trash(question.id)
    with pytest.raises(MessageUnknown):
        store.messages.get(question.id)
    writes: list[Callable[[], Awaitable[object]]] = [
        lambda: store.messages.rewrite(question.id, "x"),
        lambda: store.messages.trash(question.id),
        lambda: store.turns.begin_reply(parent_id=question.id, model="m"),
        lambda: store.turns.resume(question.id),
        lambda: store.conversations.show_leaf(conversation.id, question.id),
    ]
    for write in writes:
        with pytest.raises(MessageUnknown):
            await write()


@pytest.mark.parametrize("id", ["", "nobody", "\udcff"])
async def test_what_is_unknown(store: Store, talk: Talk, id: str) -> None:
    messages = store.messages
    for write in (messages.trash, messages.restore, lambda id: messages.rewrite(id, "x"), store.turns.resume):
        with pytest.raises(MessageUnknown):
            await write(id)
    with pytest.raises(MessageUnknown):
        await messages.trash(talk[1][0].id, id)
    assert store.messages.get(talk[1][0].id) == talk[1][0], "all or none"


async def test_not_while_it_is_being_written(store: Store, ask: Ask) -> None:
    conversation, question, reply = await ask("one")
    await store.turns.save(reply.id, [Text("half")])
    messages = store.messages
    for write in (messages.trash, lambda id: messages.rewrite(id, "x"), store.turns.resume):
        with pytest.raises(MessageStreaming):
            await write(reply.id)
    with pytest.raises(MessageStreaming):
        await messages.trash(question.id, reply.id)
    assert shown(store, conversation) == ["one", "half"]


async def test_purge_hangs_what_is_below_on_the_parent(store: Store, talk: Talk) -> None:
    conversation, (question, first, second, answer, third, last) = talk
    await store.messages.trash(second.id, answer.id, last.id)
    assert await store.messages.purge(1) == 0
    await store.write(
        lambda connection: connection.execute(
            "UPDATE messages SET deleted_at = deleted_at - 31 * 86400 WHERE id <> ?", (answer.id,)
        )
    )
    before = store.conversations.tree(conversation.id)
    assert await store.messages.purge(30) == 2
    assert store.conversations.tree(conversation.id) == before
    assert await store.messages.purge(0) == 1
    assert store.conversations.tree(conversation.id) == before
    assert [message.id for message in before.branch()] == [question.id, first.id, third.id]
    with pytest.raises(MessageUnknown):
        await store.messages.restore(second.id)
    assert await store.search("two") == []
    assert all(finding.ok for finding in await store.check())


async def test_a_purge_that_comes_too_late(store: Store, talk: Talk) -> None:
    """It was restored after the purge had looked and before it deleted."""
    conversation, (_, _, second, *_) = talk
    await store.messages.trash(second.id)
    restored = False
    write = store._database.write

    async def restore_first(function: Callable[[sqlite3.Connection], int]) -> int:
        nonlocal restored
        if not restored:
            restored = True
            await store.messages.restore(second.id)
        return await write(function)

    store._database.write = restore_first  # type: ignore[method-assign, assignment]
    assert await store.messages.purge(0) == 0
    assert shown(store, conversation) == ["one", "1", "two", "2", "three", "3"]


async def test_the_trash_is_counted_without_reading_messages(store: Store) -> None:
    query = (
        "EXPLAIN QUERY PLAN SELECT count(*) FROM messages m WHERE m.conversation_id = ? AND m.deleted_at IS NOT NULL"
    )
    plan = " ".join(str(row[-1]) for row in store._database.rows(query, ("x",)))
    assert "COVERING INDEX messages_deleted" in plan

"""Lists of conversations, one of them, its tree, the trash."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from parley.errors import ConversationUnknown, MessageUnknown, StoreUnreadable
from parley.messages import OWNER, Conversation, MessageStatus, Role, Text, new_id
from parley.store import Change, Cursor, Store
from parley.store.adding import add_conversation
from tests.store.conftest import Ask

NOBODY = "01890000-0000-7000-8000-000000000000"


async def add(store: Store, number: int, **facts: object) -> list[Conversation]:
    made = [
        Conversation(new_id(), f"number {n}", 1000.0 + n, 1000.0 + n, **facts)  # type: ignore[arg-type]
        for n in range(number)
    ]

    def write(connection: sqlite3.Connection) -> None:
        for conversation in made:
            add_conversation(connection, conversation)

    await store.write(write)
    return made


async def test_a_new_store_is_empty(store: Store) -> None:
    assert store.conversations.page() == []
    assert store.conversations.trashed() == []
    assert store.conversations.latest() is None


async def test_page_has_the_newest_first(store: Store, ask: Ask) -> None:
    first, *_ = await ask("one", "1")
    second, *_ = await ask("two", "2")
    assert [found.id for found in store.conversations.page()] == [second.id, first.id]
    await ask("again", "3", conversation=first)
    assert [found.id for found in store.conversations.page()] == [first.id, second.id]


async def test_page_counts_messages_and_tells_who_is_answering(store: Store, ask: Ask) -> None:
    conversation, _, reply = await ask("one")
    listed = store.conversations.page()[0]
    assert (listed.message_count, listed.answering) == (2, True)
    await store.turns.finish(reply.id, [Text("done")], MessageStatus.STOPPED)
    assert store.conversations.page()[0].answering is False
    assert store.conversations.get(conversation.id).updated_at > conversation.updated_at


async def test_pinned_ones_come_first(store: Store, ask: Ask) -> None:
    first, *_ = await ask("one", "1")
    second, *_ = await ask("two", "2")
    await store.conversations.pin(first.id, True)
    assert [(found.id, found.pinned) for found in store.conversations.page()] == [(first.id, True), (second.id, False)]
    await store.conversations.pin(first.id, False)
    assert [found.id for found in store.conversations.page()] == [second.id, first.id]


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
async def test_pages_join_without_gap_or_repetition(store: Store, limit: int) -> None:
    made = await add(store, 20)
    made += await add(store, 5)  # the same times again
    for pinned in (made[3], made[17], made[21]):
        await store.conversations.pin(pinned.id, True)
    seen, cursor = list[Conversation](), None
    while page := store.conversations.page(after=cursor, limit=limit):
        seen += page
        cursor = Cursor.behind(page[-1])
    assert len(seen) == len({found.id for found in seen}) == 25
    assert seen == sorted(seen, key=lambda found: (found.pinned, found.updated_at, found.id), reverse=True)


async def test_latest_heeds_no_pins(store: Store, ask: Ask) -> None:
    first, *_ = await ask("one", "1")
    second, *_ = await ask("two", "2")
    await store.conversations.pin(first.id, True)
    latest = store.conversations.latest()
    assert latest
    assert latest.id == second.id
    await ask("more", "3", conversation=first)
    latest = store.conversations.latest()
    assert latest
    assert latest.id == first.id


async def test_accounts_see_their_own(store: Store, ask: Ask) -> None:
    mine, *_ = await ask("mine", "yes")

    def add_account(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO accounts(id, updated_at) VALUES ('guest', 0)")

    await store.write(add_account)
    theirs, *_ = await ask("theirs", "yes", account="guest")
    assert theirs.account_id == "guest"
    assert [found.id for found in store.conversations.page()] == [mine.id]
    assert [found.id for found in store.conversations.page(account="guest")] == [theirs.id]
    latest = store.conversations.latest("guest")
    assert latest
    assert latest.id == theirs.id
    assert [hit.conversation_id for hit in await store.search("yes")] == [mine.id]
    assert [hit.conversation_id for hit in await store.search("yes", account="guest")] == [theirs.id]


async def test_begin_for_an_unknown_account_is_a_mistake(store: Store, ask: Ask) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        await ask("hello", account="nobody")
    assert store.conversations.page(account="nobody") == []


@pytest.mark.parametrize("id", ["", NOBODY, "nonsense", "\udcff", "x\0y", "' OR 1=1 --"])
async def test_what_is_unknown(store: Store, ask: Ask, id: str) -> None:
    conversation, *_ = await ask("hello", "hi")
    reads: list[Callable[[str], object]] = [store.conversations.get, store.conversations.find, store.conversations.tree]
    for read in reads:
        with pytest.raises(ConversationUnknown):
            read(id)
    with pytest.raises(MessageUnknown):
        store.messages.get(id)
    with pytest.raises(ConversationUnknown):
        await store.conversations.rename(id, "x")
    with pytest.raises(ConversationUnknown):
        await store.conversations.trash(id)
    with pytest.raises(ConversationUnknown):
        await store.conversations.restore(id)
    with pytest.raises(MessageUnknown):
        await store.conversations.show_leaf(conversation.id, id)


async def test_find_takes_an_unambiguous_beginning(store: Store) -> None:
    one, other = f"{NOBODY[:-1]}a", f"{NOBODY[:-1]}b"

    def write(connection: sqlite3.Connection) -> None:
        for id in (one, other):
            add_conversation(connection, Conversation(id, "x", 1.0, 1.0))

    await store.write(write)
    assert store.conversations.find(one).id == one
    assert store.conversations.find(f" {other.upper()} ").id == other
    with pytest.raises(ConversationUnknown) as caught:
        store.conversations.find(NOBODY[:10])
    assert caught.value.detail
    with pytest.raises(ConversationUnknown):
        store.conversations.find("0189%")
    await store.conversations.trash(other)
    assert store.conversations.find(NOBODY[:8]).id == one


async def test_changes_of_a_conversation(store: Store, ask: Ask) -> None:
    conversation, *_ = await ask("hello", "hi", channel="web", instruction="Be brief.\nBe kind.")
    await store.conversations.rename(conversation.id, "  A better\n title\0 ")
    await store.conversations.set_model(conversation.id, "other/model")
    found = store.conversations.get(conversation.id)
    assert (found.title, found.model) == ("A better title", "other/model")
    assert (found.channel, found.instruction) == ("web", "Be brief.\nBe kind.")
    assert (found.account_id, found.created_at) == (OWNER, conversation.created_at)


async def test_renaming_is_no_activity(store: Store, ask: Ask) -> None:
    first, *_ = await ask("one", "1")
    second, *_ = await ask("two", "2")
    await store.conversations.rename(first.id, "renamed")
    assert [found.id for found in store.conversations.page()] == [second.id, first.id]


async def test_show_leaf_moves_the_branch_shown(store: Store, ask: Ask) -> None:
    conversation, question, reply = await ask("one", "1")
    other = await store.turns.begin_reply(parent_id=question.id, model="b/c")
    await store.turns.finish(other.id, [Text("I")], MessageStatus.COMPLETE)
    assert store.conversations.get(conversation.id).leaf_id == other.id
    await store.conversations.show_leaf(conversation.id, reply.id)
    tree = store.conversations.tree(conversation.id)
    assert [message.id for message in tree.branch()] == [question.id, reply.id]
    assert [message.text for message in tree.versions(reply)] == ["1", "I"]
    elsewhere, *_ = await ask("two", "2")
    with pytest.raises(MessageUnknown):
        await store.conversations.show_leaf(elsewhere.id, reply.id)


async def test_tree_has_every_message_in_order(store: Store, ask: Ask) -> None:
    conversation, question, reply = await ask("one", "1")
    _, second, answer = await ask("two", "2", conversation=conversation)
    tree = store.conversations.tree(conversation.id)
    assert [message.id for message in tree.messages] == [question.id, reply.id, second.id, answer.id]
    assert [message.role for message in tree.branch()] == [Role.USER, Role.ASSISTANT] * 2
    assert tree.conversation == store.conversations.get(conversation.id)


async def test_damaged_parts_are_told(store: Store, ask: Ask) -> None:
    conversation, question, _ = await ask("one", "1")
    for broken in ('[{"kind": "te', '[{"kind": "hologram"}]', "7", '[{"text": "x"}]'):
        await store.write(
            lambda connection, broken=broken: connection.execute(  # type: ignore[misc]
                "UPDATE messages SET parts = ? WHERE id = ?", (broken, question.id)
            )
        )
        with pytest.raises(StoreUnreadable):
            store.conversations.tree(conversation.id)
        with pytest.raises(StoreUnreadable):
            store.messages.get(question.id)


async def test_trash_hides_and_restore_brings_back(store: Store, ask: Ask) -> None:
    conversation, question, reply = await ask("kangaroo", "hop")
    await store.conversations.trash(conversation.id)
    assert store.conversations.page() == []
    assert [found.id for found in store.conversations.trashed()] == [conversation.id]
    assert await store.search("kangaroo") == []
    with pytest.raises(ConversationUnknown):
        store.conversations.tree(conversation.id)
    with pytest.raises(ConversationUnknown):
        await ask("more", conversation=conversation)
    with pytest.raises(ConversationUnknown):
        await store.conversations.trash(conversation.id)
    await store.conversations.restore(conversation.id)
    await store.conversations.restore(conversation.id)
    assert [message.id for message in store.conversations.tree(conversation.id).branch()] == [question.id, reply.id]
    assert len(await store.search("kangaroo")) == 1


async def test_a_reply_finishes_in_the_trash(store: Store, ask: Ask) -> None:
    conversation, _, reply = await ask("one")
    await store.conversations.trash(conversation.id)
    await store.turns.save(reply.id, [Text("half")])
    finished = await store.turns.finish(reply.id, [Text("whole")], MessageStatus.COMPLETE)
    assert finished.text == "whole"
    await store.conversations.restore(conversation.id)
    assert store.conversations.tree(conversation.id).branch()[-1].text == "whole"


async def test_purge_deletes_what_is_old_enough(store: Store, ask: Ask) -> None:
    old, *_ = await ask("old zebra", "1")
    recent, *_ = await ask("recent zebra", "2")
    kept, *_ = await ask("kept zebra", "3")
    await store.conversations.trash(old.id)
    await store.conversations.trash(recent.id)
    await store.write(
        lambda connection: connection.execute(
            "UPDATE conversations SET deleted_at = deleted_at - 31 * 86400 WHERE id = ?", (old.id,)
        )
    )
    told = list[Change]()
    store.subscribe(told.append)
    assert await store.conversations.purge(30) == 1
    assert told == [Change("conversation", old.id)]
    with pytest.raises(ConversationUnknown):
        await store.conversations.restore(old.id)
    await store.conversations.restore(recent.id)
    assert await store.conversations.purge(0) == 0
    assert {hit.conversation_id for hit in await store.search("zebra")} == {recent.id, kept.id}
    assert all(finding.ok for finding in await store.check())


async def test_purge_of_a_long_chain_of_messages(store: Store, ask: Ask) -> None:
    conversation, *_ = await ask("start", "go")
    for _ in range(1100):  # more than SQLite nests triggers
        await ask("on", conversation=conversation)
    await store.conversations.trash(conversation.id)
    assert await store.conversations.purge(0) == 1
    assert all(finding.ok for finding in await store.check())


async def test_writes_to_one_conversation_at_once(store: Store, ask: Ask, tmp_path: Path) -> None:
    conversation, *_ = await ask("start", "go")
    await asyncio.gather(*(ask(f"question {n}", conversation=conversation) for n in range(20)))
    tree = store.conversations.tree(conversation.id)
    assert len(tree.branch()) == len(tree.messages) == 42

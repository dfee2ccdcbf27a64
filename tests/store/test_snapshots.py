"""A conversation is read as one commit left it, whatever other processes commit while it is being read."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, cast

import pytest

from parley.messages import Conversation, Message, MessageStatus, Role, Text, new_id
from parley.store import ANYONE, MESSAGE, Store
from parley.store.adding import add_message
from parley.store.changes import CONVERSATION, note
from parley.store.conversations import update
from parley.store.directory import connect
from parley.store.interrupted import interrupt
from parley.trees import ConversationTree
from tests.store.conftest import Ask

Read = Callable[[Store, ConversationTree, str], ConversationTree]
Commit = Callable[[sqlite3.Connection, ConversationTree, str], None]

READS: dict[str, Read] = {
    "whole": lambda store, tree, id: store.conversations.tree(tree.conversation.id),
    "newest": lambda store, tree, id: store.conversations.newest(tree.conversation.id, 60),
    "changed": lambda store, tree, id: store.conversations.changed(tree, [id]),
}


def answer(connection: sqlite3.Connection, tree: ConversationTree, id: str) -> None:
    """Add a message below the one that is shown."""
    assert tree.leaf
    add_message(
        connection,
        Message(id, tree.conversation.id, tree.leaf.id, Role.USER, (Text("on"),), MessageStatus.COMPLETE, time.time()),
    )
    update(connection, tree.conversation.id, ANYONE, leaf_id=id)


def delete(connection: sqlite3.Connection, tree: ConversationTree, id: str) -> None:
    """Put a message into the trash."""
    connection.execute("UPDATE messages SET deleted_at = ? WHERE id = ?", (time.time(), id))
    update(connection, tree.conversation.id, ANYONE, title="one less")


def commit(store: Store, function: Commit, tree: ConversationTree, id: str) -> None:
    """Commit something as another process would."""
    with closing(connect(store.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        function(other, tree, id)
        note(other, MESSAGE, id)
        note(other, CONVERSATION, tree.conversation.id)
        other.execute("COMMIT")


async def some_turns(ask: Ask) -> Conversation:
    conversation = None
    for number in range(3):
        conversation, *_ = await ask(f"question {number}", f"answer {number}", conversation=conversation)
    assert conversation
    return conversation


@pytest.mark.parametrize("function", [answer, delete])
@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("reads_before", [1, 2, 3, 4])
async def test_a_commit_between_two_reads(
    store: Store, ask: Ask, name: str, function: Commit, reads_before: int
) -> None:
    conversation = await some_turns(ask)
    before = store.conversations.tree(conversation.id)
    id = new_id() if function is answer else before.branch()[3].id
    reads = 0

    def between(statement: str) -> None:
        nonlocal reads
        reads += statement.lstrip().startswith("SELECT")
        if reads == reads_before + 1:
            reader.set_trace_callback(None)
            commit(store, function, before, id)

    reader = cast("sqlite3.Connection", cast("Any", store)._database._reader)
    reader.set_trace_callback(between)
    tree = READS[name](store, before, id)
    reader.set_trace_callback(None)
    after = store.conversations.tree(conversation.id)
    assert after != before or reads <= reads_before  # fewer reads than that: nothing was committed
    assert tree in (before, after)
    assert store.conversations.changed(tree, [id]) == after


@pytest.mark.parametrize("reads_before", [0, 1, 2])
async def test_what_a_dead_writer_left_is_no_answer_that_comes(store: Store, ask: Ask, reads_before: int) -> None:
    """Somebody marks it between two reads of those that collect what goes to the model."""
    conversation = await some_turns(ask)
    before = store.conversations.tree(conversation.id)
    left = before.branch()[3].id
    with closing(connect(store.path)) as other:
        other.execute(
            "UPDATE messages SET status = 'streaming', writer = 'dead.lock', text = '', parts = ? WHERE id = ?",
            ('[{"kind": "text", "text": "partial"}]', left),
        )
        other.commit()
    reads = 0

    def between(statement: str) -> None:
        nonlocal reads
        reads += statement.lstrip().startswith(("SELECT", "WITH"))
        if reads == reads_before + 1:
            reader.set_trace_callback(None)
            commit(store, lambda connection, tree, id: interrupt(connection, "dead.lock"), before, left)

    reader = cast("sqlite3.Connection", cast("Any", store)._database._reader)
    reader.set_trace_callback(between)
    found = [message async for message in store.conversations.upwards(before.branch()[-1].id)]
    reader.set_trace_callback(None)
    (message,) = [message for message in found if message.id == left]
    assert (message.status, message.text) == (MessageStatus.INTERRUPTED, "partial")


async def test_what_is_shown_is_there_before_its_news(store: Store, ask: Ask) -> None:
    """News of an earlier change make somebody read when a later commit is on the disk and its news on their way."""
    conversation = await some_turns(ask)
    before = store.conversations.tree(conversation.id)
    assert before.leaf
    commit(store, answer, before, new_id())
    assert store.conversations.changed(before, [before.leaf.id]) == store.conversations.tree(conversation.id)
    assert store.conversations.changed(before, []).leaf

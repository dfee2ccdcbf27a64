"""Trees that are read in parts and kept up to date say the same as those that are read whole, and cost less."""

import random
from collections.abc import Callable
from contextlib import aclosing
from functools import partial

import pytest

from parley.errors import ConversationUnknown
from parley.messages import Conversation, MessageStatus, Role, Text, new_id
from parley.store import MESSAGE, Change, Store, trees
from parley.store.adding import add_conversation
from parley.trees import ConversationTree
from tests.long import keep_long
from tests.store.conftest import Ask


def news(store: Store) -> set[str]:
    """Return a set into which the ids of changed messages go."""
    ids: set[str] = set()

    def hear(change: Change) -> None:
        if change.noun == MESSAGE:
            ids.add(change.id)

    store.subscribe(hear)
    return ids


def completed(store: Store, tree: ConversationTree, count: int = 7) -> ConversationTree:
    while not tree.whole:
        tree = store.conversations.earlier(tree, count)
    return tree


def alike(one: ConversationTree, other: ConversationTree) -> None:
    """Compare what trees hold, and what they have worked out with what a new one works out."""
    assert one == other
    assert one.branch() == other.branch() == ConversationTree(one.conversation, one.messages).branch()
    assert one.all_versions() == other.all_versions()
    for message in one.messages:
        assert one.siblings(message) == other.siblings(message)
        assert one.children(message.id) == other.children(message.id)


@pytest.mark.parametrize("count", [0, 1, 2, 59, 60, 61, 200])
async def test_the_newest_first_and_the_rest_in_steps(store: Store, count: int) -> None:
    conversation = (await keep_long(store, count))[0] if count else Conversation(new_id(), "empty", 1.0, 1.0)
    if not count:
        await store.write(lambda connection: add_conversation(connection, conversation))
    tree = store.conversations.newest(conversation.id, 60)
    assert tree.whole == (count <= 60)
    assert len(tree.messages) == min(count, 60)
    assert tree.branch() == list(tree.messages)
    alike(completed(store, tree), store.conversations.tree(conversation.id))


async def test_the_newest_hold_the_branch_shown_however_old_it_is(store: Store) -> None:
    conversation, _ = await keep_long(store, 200)
    old = store.conversations.tree(conversation.id).messages[41]
    again = await store.turns.begin_reply(parent_id=old.parent_id or "", model="m")
    await store.turns.finish(again.id, [Text("again")], MessageStatus.COMPLETE)
    tree = store.conversations.newest(conversation.id, 10)
    assert [message.text for message in tree.branch()][-2:] == ["text 40", "again"]
    assert [version.text for version in tree.all_versions()[again.id]] == ["text 41", "again"]
    await store.conversations.show_leaf(conversation.id, store.conversations.tree(conversation.id).messages[3].id)
    tree = store.conversations.newest(conversation.id, 10)
    assert [message.text for message in tree.branch()] == [f"text {n}" for n in range(4)]


async def test_another_branch_from_before_what_was_read(store: Store) -> None:
    conversation, _ = await keep_long(store, 200)
    tree = store.conversations.newest(conversation.id, 20)
    await store.conversations.show_leaf(conversation.id, store.conversations.tree(conversation.id).messages[3].id)
    tree = store.conversations.changed(tree, [])
    assert [message.text for message in tree.branch()] == [f"text {n}" for n in range(4)]


async def test_what_has_not_changed_is_the_same(store: Store, ask: Ask) -> None:
    conversation, _ = await keep_long(store, 100)
    tree = store.conversations.tree(conversation.id)
    assert store.conversations.changed(tree, []) is tree
    other, *_ = await ask("elsewhere", "yes")
    theirs = [message.id for message in store.conversations.tree(other.id).messages]
    assert store.conversations.changed(tree, theirs) is tree
    _, question, reply = await ask("new", "answer", conversation=conversation)
    after = store.conversations.changed(tree, [question.id, reply.id])
    assert all(one is two for one, two in zip(tree.messages, after.messages, strict=False))
    assert [message.text for message in after.branch()[-2:]] == ["new", "answer"]
    alike(after, store.conversations.tree(conversation.id))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("part", [False, True])
async def test_whatever_happens_a_tree_follows(
    store: Store, seed: int, part: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Do anything to a conversation and compare a tree that follows with one that is read anew."""
    monkeypatch.setattr("parley.trees.NEAR", 1 + 6 * seed)
    dice = random.Random(seed)
    conversation, _ = await keep_long(store, 40)
    id = conversation.id
    tree = store.conversations.newest(id, 10) if part else store.conversations.tree(id)
    ids = news(store)
    trashed: list[str] = []
    for step in range(24):
        for _ in range(dice.randint(1, 3)):
            whole = store.conversations.tree(id)
            await act(store, dice, whole, trashed)
        tree = store.conversations.changed(tree, ids)
        ids.clear()
        if part and step % 8 == 7:
            tree = store.conversations.earlier(tree, 5)
        alike(completed(store, tree), store.conversations.tree(id))
    assert tree.whole or part


async def act(store: Store, dice: random.Random, tree: ConversationTree, trashed: list[str]) -> None:
    """Do something to a conversation."""
    id = tree.conversation.id
    messages = list(tree.messages)
    users = [message for message in messages if message.role is Role.USER]
    ended = [message for message in messages if message.status is not MessageStatus.STREAMING]
    match dice.randrange(8):
        case 0:
            await store.turns.begin(conversation_id=id, title="", parts=[Text("asked")], model="m")
        case 1 if users:
            await store.turns.begin_reply(parent_id=dice.choice(users).id, model="m")
        case 2 if len(ended) < len(messages):
            late = dice.choice([message for message in messages if message not in ended])
            await store.turns.finish(late.id, [Text("said")], MessageStatus.COMPLETE)
        case 3 if ended:
            gone = [message.id for message in dice.sample(ended, min(2, len(ended)))]
            await store.messages.trash(*gone)
            trashed += gone
        case 4 if trashed:
            await store.messages.restore(trashed.pop(dice.randrange(len(trashed))))
        case 5 if ended:
            await store.messages.rewrite(dice.choice(ended).id, f"rewritten {dice.random()}")
        case 6 if messages:
            await store.conversations.show_leaf(id, dice.choice(messages).id)
        case 7 if dice.random() < 0.2:
            await store.messages.purge(0)
            trashed.clear()


async def test_a_conversation_in_the_trash_is_unknown_to_its_tree(store: Store, ask: Ask) -> None:
    conversation, *_ = await ask("one", "1")
    tree = store.conversations.tree(conversation.id)
    await store.conversations.trash(conversation.id)
    with pytest.raises(ConversationUnknown):
        store.conversations.changed(tree, [])
    with pytest.raises(ConversationUnknown):
        store.conversations.newest(conversation.id, 10)


async def test_upwards_yields_the_branch_and_skips_the_trash(store: Store) -> None:
    conversation, _ = await keep_long(store, 3 * trees.PAGE)
    tree = store.conversations.tree(conversation.id)
    gone = [tree.messages[number].id for number in (0, trees.PAGE - 1, trees.PAGE, 2 * trees.PAGE + 5)]
    await store.messages.trash(*gone)
    upwards = [message.text async for message in store.conversations.upwards(conversation.leaf_id)]
    assert upwards[::-1] == [message.text for message in tree.messages if message.id not in gone]
    assert [message async for message in store.conversations.upwards(None)] == []


def work(store: Store, read: Callable[[], object]) -> int:
    """Return how many steps SQLite's machine takes for something."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection = store._database._reader
    connection.set_progress_handler(count, 1)
    try:
        read()
    finally:
        connection.set_progress_handler(None, 1)
    return steps


async def test_a_turn_costs_the_same_in_a_long_conversation(store: Store, ask: Ask) -> None:
    """Guard what is read at the begin and the end of an answer: it must not grow with the conversation."""
    found: list[dict[str, int]] = []
    for count in (100, 3000):
        conversation, _ = await keep_long(store, count)
        tree = store.conversations.tree(conversation.id)
        _, question, reply = await ask("new", conversation=conversation)
        conversation = store.conversations.get(conversation.id)
        ids = [question.id, reply.id]
        found.append(
            {
                "changed": work(store, partial(trees.changed, store._database, tree, conversation, (), ids)),
                "newest": work(store, partial(trees.newest, store._database, conversation, (), 20)),
                "before": work(store, partial(store.messages.streaming_before, reply)),
                "siblings": work(store, partial(store.messages.siblings, reply)),
                "one": work(store, partial(store.messages.get, reply.id)),
            }
        )
    short, long = found
    assert all(0 < long[name] < 2 * short[name] for name in short), found


async def test_what_goes_to_a_model_is_read_as_far_as_it_fits(store: Store) -> None:
    conversation, _ = await keep_long(store, 1000)
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    store._database._reader.set_progress_handler(count, 1)
    async with aclosing(store.conversations.upwards(conversation.leaf_id)) as upwards:
        seen = [await anext(upwards) for _ in range(10)]
    few, steps = steps, 0
    assert len([message async for message in store.conversations.upwards(conversation.leaf_id)]) == 1000
    store._database._reader.set_progress_handler(None, 1)
    assert seen[0].text == "text 999"
    assert few * 5 < steps

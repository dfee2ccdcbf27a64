"""Cutting a conversation: only the beginning, or the end, of the branch shown is kept."""

from collections.abc import Callable
from pathlib import Path

import pytest

from parley.errors import ConversationUnknown, MessageStreaming
from parley.messages import Conversation, Message, MessageStatus, Text
from parley.store import Change, Store
from tests.store.conftest import Ask, Child


async def six(ask: Ask) -> tuple[Conversation, list[Message]]:
    """Return a conversation of three turns, and its messages."""
    conversation, *said = await ask("q1", "a1")
    for number in (2, 3):
        _, *more = await ask(f"q{number}", f"a{number}", conversation=conversation)
        said += more
    return conversation, said


def texts(store: Store, conversation: Conversation) -> list[str]:
    return [message.text for message in store.conversations.tree(conversation.id).branch()]


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6, 9])
async def test_the_first_ones(store: Store, ask: Ask, count: int) -> None:
    conversation, said = await six(ask)
    cut = await store.conversations.keep_first(conversation.id, count)
    assert cut == (min(count, 6), max(0, 6 - count))
    assert texts(store, conversation) == ["q1", "a1", "q2", "a2", "q3", "a3"][:count]
    assert store.conversations.get(conversation.id).message_count == min(count, 6)
    await ask("again", "yes", conversation=conversation)
    assert texts(store, conversation) == [*["q1", "a1", "q2", "a2", "q3", "a3"][:count], "again", "yes"]
    gone = [message.id for message in said[count:]]
    await store.messages.restore(*gone)
    assert store.conversations.get(conversation.id).message_count == 8


@pytest.mark.parametrize("count", [0, 1, 2, 5, 6, 9])
async def test_the_latest_ones(store: Store, ask: Ask, count: int) -> None:
    conversation, _ = await six(ask)
    told = list[Change]()
    store.subscribe(told.append)
    cut = await store.conversations.keep_latest(conversation.id, count)
    assert cut == (min(count, 6), max(0, 6 - count))
    assert Change("conversation", conversation.id) in told
    kept = ["q1", "a1", "q2", "a2", "q3", "a3"][6 - min(count, 6) :]
    assert texts(store, conversation) == kept
    await ask("again", "yes", conversation=conversation)
    assert texts(store, conversation) == [*kept, "again", "yes"]
    assert [hit.snippet for hit in await store.search("again")] == ["again"]


async def test_again_and_again(store: Store, ask: Ask) -> None:
    conversation, _ = await six(ask)
    await store.conversations.keep_latest(conversation.id, 4)
    assert await store.conversations.keep_first(conversation.id, 3) == (3, 1)
    assert await store.conversations.keep_latest(conversation.id, 2) == (2, 1)
    assert texts(store, conversation) == ["a2", "q3"]


async def test_versions_go_with_what_they_are_versions_of(store: Store, ask: Ask) -> None:
    conversation, said = await six(ask)
    other = await store.turns.begin_reply(parent_id=said[2].id, model="m")
    await store.turns.finish(other.id, [Text("A2")], MessageStatus.COMPLETE)
    _, late, _ = await ask("Q3", "A3", conversation=conversation)
    await store.conversations.show_leaf(conversation.id, said[-1].id)
    await store.conversations.keep_latest(conversation.id, 3)
    tree = store.conversations.tree(conversation.id)
    assert [message.text for message in tree.branch()] == ["a2", "q3", "a3"]
    assert [message.text for message in tree.versions(tree.branch()[0])] == ["a2", "A2"]
    assert tree.message(late.id)
    await store.conversations.keep_first(conversation.id, 0)
    assert store.conversations.tree(conversation.id).messages == ()


async def test_what_hangs_below_one_in_the_trash(store: Store, ask: Ask) -> None:
    conversation, said = await six(ask)
    await store.messages.trash(said[1].id, said[-1].id)
    assert await store.conversations.keep_first(conversation.id, 2) == (2, 2)
    assert texts(store, conversation) == ["q1", "q2"]


async def test_not_while_it_is_being_written(store: Store, ask: Ask) -> None:
    conversation, _ = await six(ask)
    _, _, reply = await ask("and?", conversation=conversation)
    with pytest.raises(MessageStreaming):
        await store.conversations.keep_first(conversation.id, 6)
    assert await store.conversations.keep_latest(conversation.id, 2) == (2, 6)
    await store.turns.finish(reply.id, [Text("so")], MessageStatus.COMPLETE)
    assert texts(store, conversation) == ["and?", "so"]


async def test_what_a_dead_process_left(store: Store, directory: Path, child: Callable[..., Child]) -> None:
    other = child("hold", store.path.parent)
    id = other.hear()["conversation"]
    other.kill()
    assert await store.conversations.keep_first(id, 1) == (1, 1)


async def test_of_others_is_unknown(store: Store, ask: Ask) -> None:
    conversation, _ = await six(ask)
    ann = (await store.accounts.add("ann@example.org", "Ann")).id
    for id, account in ((conversation.id, ann), ("nonsense", ann), ("\udcff", "owner")):
        with pytest.raises(ConversationUnknown):
            await store.conversations.keep_first(id, 0, account=account)
        with pytest.raises(ConversationUnknown):
            await store.conversations.keep_latest(id, 0, account=account)
    assert len(texts(store, conversation)) == 6

"""What is written and not sent."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from parley.errors import ConversationUnknown, MessageUnknown
from parley.messages import Text
from parley.paths import Paths
from parley.store import Change, Store
from tests.store.conftest import Ask, Child


async def test_drafts_are_kept_for_each_conversation(store: Store, paths: Paths, ask: Ask) -> None:
    one, *_ = await ask("one", "1")
    two, *_ = await ask("two", "2")
    assert [store.drafts.get(place) for place in (None, one.id, two.id, "nowhere", "\udcff")] == [""] * 5
    await store.drafts.put(None, "a new one")
    await store.drafts.put(one.id, "half \0 a \udcff thought")
    await store.drafts.put(one.id, "half a thought")
    assert [store.drafts.get(place) for place in (None, one.id, two.id)] == ["a new one", "half a thought", ""]
    await store.close()
    again = Store.open(paths.data)
    assert [again.drafts.get(place) for place in (None, one.id)] == ["a new one", "half a thought"]
    await again.drafts.put(None, "")
    await again.drafts.put(one.id, "")
    assert [again.drafts.get(place) for place in (None, one.id)] == ["", ""]
    await again.close()


async def test_drafts_are_no_news(store: Store, ask: Ask) -> None:
    conversation, *_ = await ask("one", "1")
    told = list[Change]()
    store.subscribe(told.append)
    await store.drafts.put(None, "x")
    await store.drafts.put(conversation.id, "x")
    assert told == []


@pytest.mark.parametrize("id", ["", "nobody", "\udcff"])
async def test_no_draft_for_an_unknown_conversation(store: Store, id: str) -> None:
    with pytest.raises(ConversationUnknown):
        await store.drafts.put(id, "x")


async def test_a_draft_goes_with_its_conversation(store: Store, ask: Ask) -> None:
    conversation, *_ = await ask("one", "1")
    await store.drafts.put(conversation.id, "mine")
    await store.drafts.put(None, "stays")
    await store.conversations.trash(conversation.id)
    assert store.drafts.get(conversation.id) == "mine", "it may be restored"
    await store.conversations.purge(0)
    assert [store.drafts.get(place) for place in (conversation.id, None)] == ["", "stays"]
    assert all(finding.ok for finding in await store.check())


async def test_what_is_sent_is_no_draft_any_more(store: Store, ask: Ask) -> None:
    conversation, *_ = await ask("one", "1")
    for place in (None, conversation.id):
        await store.drafts.put(place, "two")
    await ask("from the command line", "2", conversation=conversation)
    await ask("from the command line", "2")
    assert [store.drafts.get(place) for place in (None, conversation.id)] == ["two", "two"]
    await ask("two", conversation=conversation, from_draft=True)
    assert [store.drafts.get(place) for place in (None, conversation.id)] == ["two", ""]
    await ask("two", from_draft=True)
    assert store.drafts.get(None) == ""


async def test_what_could_not_be_sent_stays_a_draft(store: Store, ask: Ask) -> None:
    conversation, *_ = await ask("one", "1")
    await store.drafts.put(conversation.id, "two")
    with pytest.raises(MessageUnknown):
        await ask("two", conversation=conversation, parent_id="nobody", from_draft=True)
    assert store.drafts.get(conversation.id) == "two"


async def test_a_draft_survives_a_kill(directory: Path, child: Callable[..., Child]) -> None:
    other = child("draft", directory)
    kept = other.hear()
    other.kill()
    store = Store.open(directory)
    assert (store.drafts.get(None), store.drafts.get(kept["conversation"])) == ("a thought", "")
    assert [message.text for message in store.conversations.tree(kept["conversation"]).messages] == ["sent", ""]
    await store.close()


async def test_the_last_of_many_drafts_stays(store: Store) -> None:
    await asyncio.gather(*(store.drafts.put(None, f"word {number}") for number in range(50)))
    assert store.drafts.get(None) == "word 49"
    await store.turns.begin(conversation_id=None, title="", parts=[Text("word 49")], model="m", from_draft=True)
    assert store.drafts.get(None) == ""

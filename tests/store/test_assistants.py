"""Assistants as they are kept."""

from dataclasses import replace

import pytest

from parley.errors import AssistantExists, AssistantNameless, AssistantUnknown, ConversationUnknown
from parley.messages import Mood
from parley.models import Parameters
from parley.store import ASSISTANT, Change, Store
from tests.conftest import Until
from tests.store.conftest import Ask


async def test_an_assistant_is_kept_whole(store: Store, until: Until) -> None:
    told: list[Change] = []
    store.subscribe(told.append)
    added = await store.assistants.add(
        "Pirate\nPete",
        instruction="Talk like a pirate.\nArr.",
        description="For the sea",
        model="a/b",
        parameters=Parameters(temperature=0.5, stop=("END",)),
        tools=["web", "web", "files"],
        knowledge=["maps"],
    )
    await until(lambda: Change(ASSISTANT, added.id) in told)
    assert (added.name, added.slug, added.tools, added.knowledge) == (
        *("Pirate Pete", "pirate-pete"),
        *(("web", "files"), ("maps",)),
    )
    assert (added.instruction, added.model, added.description) == ("Talk like a pirate.\nArr.", "a/b", "For the sea")
    assert added.parameters == Parameters(temperature=0.5, stop=("END",))
    for text in (added.id, added.id.upper(), "pirate-pete", "Pirate Pete", " PIRATE  pete! "):
        assert store.assistants.find(text) == added
    changed = replace(added, name="Polly", slug="polly", instruction="Cracker.", tools=())
    await store.assistants.put(changed)
    assert store.assistants.find("polly") == store.assistants.get(added.id) == changed
    with pytest.raises(AssistantUnknown):
        store.assistants.find("pirate-pete")


async def test_names_are_had_once(store: Store) -> None:
    first = await store.assistants.add("My bot")
    for name in ("My bot", "my-BOT", " My_bot. "):
        with pytest.raises(AssistantExists):
            await store.assistants.add(name)
    for name in ("", " ", "!?", "\udcff", "-_-"):
        with pytest.raises(AssistantNameless):
            await store.assistants.add(name)
    second = await store.assistants.add("北京 Führer")
    assert second.slug == "北京-führer"
    with pytest.raises(AssistantExists):
        await store.assistants.put(replace(second, name="MY BOT"))
    await store.assistants.put(replace(first, name="My Bot"))
    assert [assistant.name for assistant in store.assistants.all()] == ["My Bot", "北京 Führer"]


@pytest.mark.parametrize("text", ["", "nobody", "\udcff", "../../etc/passwd", "x\0y", "' OR 1=1 --", "%"])
async def test_unknown_assistants(store: Store, text: str) -> None:
    added = await store.assistants.add("Somebody")
    with pytest.raises(AssistantUnknown):
        store.assistants.find(text)
    with pytest.raises(AssistantUnknown):
        store.assistants.get(text)
    with pytest.raises(AssistantUnknown):
        await store.assistants.remove(text)
    with pytest.raises(AssistantUnknown):
        await store.assistants.put(replace(added, id=text, name="Another"))


async def test_a_removed_assistant_is_known_to_its_conversations_only(store: Store) -> None:
    added = await store.assistants.add("Somebody", instruction="Be.")
    await store.assistants.remove(added.id)
    assert store.assistants.all() == []
    for text in (added.id, "somebody"):
        with pytest.raises(AssistantUnknown):
            store.assistants.find(text)
    assert store.assistants.get(added.id) == added
    with pytest.raises(AssistantUnknown):
        await store.assistants.remove(added.id)
    with pytest.raises(AssistantUnknown):
        await store.assistants.put(added)
    assert (await store.assistants.add("Somebody")).id != added.id


async def test_a_conversation_remembers_its_assistant_and_mood(store: Store, ask: Ask) -> None:
    assistant = await store.assistants.add("Somebody")
    conversation, *_ = await ask("hi", "ho", assistant_id=assistant.id, mood=Mood.SERIOUS)
    again, *_ = await ask("on", "and on", conversation=conversation)
    for found in (conversation, again, store.conversations.get(conversation.id), store.conversations.page()[0]):
        assert (found.assistant_id, found.mood) == (assistant.id, Mood.SERIOUS)
    other, *_ = await ask("change", "changed", conversation=conversation, mood=Mood.FRIENDLY)
    assert (other.assistant_id, other.mood) == (assistant.id, Mood.FRIENDLY)
    await store.conversations.set_mood(conversation.id, None)
    await store.conversations.set_assistant(conversation.id, None)
    found = store.conversations.get(conversation.id)
    assert (found.assistant_id, found.mood) == (None, None)
    with pytest.raises(ConversationUnknown):
        await store.conversations.set_mood(conversation.id, Mood.NORMAL, account="2")
    with pytest.raises(ConversationUnknown):
        await store.conversations.set_assistant(conversation.id, assistant.id, account="2")
    assert store.conversations.get(conversation.id) == found

"""Assistants and moods, as the model is asked with them."""

import pytest

from parley.assistants import MOOD_LINES, Assistant
from parley.engine import ChatEngine, ChatRequest
from parley.errors import AssistantUnknown, MoodUnknown
from parley.messages import Message, MessageStatus, Mood, Role, Text
from parley.models import Parameters
from parley.settings import Settings
from parley.store import Store
from tests.conftest import ScriptedProvider

QUESTION = Message("m", "", None, Role.USER, (Text("Hi"),), MessageStatus.COMPLETE, 0.0)
SERIOUS = "Reply in a serious, professional tone."


@pytest.fixture
async def pirate(store: Store) -> Assistant:
    return await store.assistants.add(
        "Pirate Pete",
        instruction="Talk like a pirate.",
        model="scripted/two",
        parameters=Parameters(temperature=0.9, max_tokens=100),
    )


def test_every_mood_has_a_line_that_names_it() -> None:
    assert set(MOOD_LINES) == set(Mood)
    for mood, line in MOOD_LINES.items():
        assert mood.value in line
        assert "\n" not in line


async def test_instruction_model_and_parameters_come_together(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, pirate: Assistant
) -> None:
    chosen = Parameters(temperature=0.1, seed=7)
    turn = await engine.send(
        ChatRequest("Hi", instruction="Be brief.", parameters=chosen, assistant="pirate-pete", mood="serious")
    )
    await turn.wait()
    await (await engine.send(ChatRequest("Again", turn.conversation_id))).wait()
    await (await engine.regenerate(turn.reply_id)).wait()
    for request in provider.requests:
        assert request.instruction == f"Talk like a pirate.\n\nBe brief.\n\n{SERIOUS}"
        assert request.parameters == Parameters(temperature=0.1, seed=7, max_tokens=100)
        assert request.model == "two"
    assert len(provider.requests) == 3
    conversation = store.conversations.get(turn.conversation_id)
    assert (conversation.assistant_id, conversation.mood) == (pirate.id, Mood.SERIOUS)
    assert (conversation.instruction, conversation.parameters) == ("Be brief.", chosen), "its own stays its own"


@pytest.mark.parametrize(
    ("instruction", "assistant", "mood", "sent"),
    [
        ("", "", "", ""),
        ("", "", "friendly", MOOD_LINES[Mood.FRIENDLY]),
        ("", "", " Normal ", MOOD_LINES[Mood.NORMAL]),
        ("Be brief.", "", "serious", f"Be brief.\n\n{SERIOUS}"),
        ("", "PIRATE PETE", "", "Talk like a pirate."),
        ("Be brief.", "pirate-pete", "", "Talk like a pirate.\n\nBe brief."),
    ],
)
async def test_what_is_sent_ahead(
    engine: ChatEngine,
    provider: ScriptedProvider,
    pirate: Assistant,
    instruction: str,
    assistant: str,
    mood: str,
    sent: str,
) -> None:
    await (await engine.send(ChatRequest("Hi", instruction=instruction, assistant=assistant, mood=mood))).wait()
    await (
        await engine.complete([QUESTION], "scripted/one", instruction=instruction, assistant=assistant, mood=mood)
    ).wait()
    assert [request.instruction for request in provider.requests] == [sent, sent]


async def test_the_model_that_is_named_goes_first(
    engine: ChatEngine, provider: ScriptedProvider, pirate: Assistant, settings: Settings
) -> None:
    named = await engine.send(ChatRequest("Hi", model="scripted/one", assistant=pirate.id))
    await named.wait()
    await (await engine.complete([QUESTION], assistant=pirate.id)).wait()
    await (await engine.complete([QUESTION], "one", assistant=pirate.id)).wait()
    assert [request.model for request in provider.requests] == ["one", "two", "one"]
    assert provider.requests[1].parameters == pirate.parameters


async def test_another_mood_or_assistant_holds_from_then_on(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, pirate: Assistant
) -> None:
    turn = await engine.send(ChatRequest("one"))
    await turn.wait()
    id = turn.conversation_id
    for request in (
        ChatRequest("two", id, mood="serious"),
        ChatRequest("three", id),
        ChatRequest("four", id, assistant="Pirate Pete"),
        ChatRequest("five", id, mood="friendly"),
    ):
        await (await engine.send(request)).wait()
    friendly = MOOD_LINES[Mood.FRIENDLY]
    pirate_s = "Talk like a pirate."
    assert [request.instruction for request in provider.requests] == [
        "",
        SERIOUS,
        SERIOUS,
        f"{pirate_s}\n\n{SERIOUS}",
        f"{pirate_s}\n\n{friendly}",
    ]


async def test_a_removed_assistant_goes_on_in_its_conversations(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, pirate: Assistant
) -> None:
    turn = await engine.send(ChatRequest("Hi", assistant=pirate.id))
    await turn.wait()
    await store.assistants.remove(pirate.id)
    await (await engine.send(ChatRequest("on", turn.conversation_id))).wait()
    assert provider.requests[1].instruction == "Talk like a pirate."
    with pytest.raises(AssistantUnknown):
        await engine.send(ChatRequest("Hi", assistant=pirate.id))


async def test_what_is_unknown_stores_nothing(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, pirate: Assistant
) -> None:
    for assistant in ("nobody", "?", "\udcff"):
        with pytest.raises(AssistantUnknown):
            await engine.send(ChatRequest("Hi", assistant=assistant))
        with pytest.raises(AssistantUnknown):
            await engine.complete([QUESTION], assistant=assistant)
    for mood in ("sad", "\udcff", "serious friendly"):
        with pytest.raises(MoodUnknown, match="serious, friendly, normal"):
            await engine.send(ChatRequest("Hi", mood=mood))
        with pytest.raises(MoodUnknown):
            await engine.complete([QUESTION], mood=mood)
    assert store.conversations.page() == []
    assert provider.requests == []

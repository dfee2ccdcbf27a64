"""ChatEngine: messages sent anew, replies that go on, replies that wait for each other or are taken back."""

import asyncio
import sqlite3
from collections.abc import Callable

import pytest

from parley import engine as engine_module
from parley import replies
from parley.engine import ChatEngine, ChatRequest
from parley.errors import (
    AnswerEmpty,
    ChatError,
    MessageUnknown,
    ModelUnknown,
    PromptEmpty,
    ProviderTimeout,
    RateLimited,
)
from parley.events import Event, Failed, Finished, LastEvent, ReasoningDelta, Started, Status, Stopped, TextDelta
from parley.messages import Message, MessageStatus, Reasoning, Role, Text, Usage
from parley.store import Store
from parley.turn import Turn
from tests.conftest import ScriptedProvider, Step, Until

QUEUED = Status("queued", "Waiting for the answer before this one")


def branch_of(store: Store, turn: Turn) -> list[Message]:
    return store.conversations.tree(turn.conversation_id).branch()


def texts(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


def asked(provider: ScriptedProvider) -> list[list[str]]:
    return [texts(list(request.messages)) for request in provider.requests]


async def events_of(turn: Turn) -> list[Event]:
    return [event async for event in turn]


async def answered(engine: ChatEngine, text: str, turn: Turn | None = None) -> Turn:
    turn = await engine.send(ChatRequest(text, turn.conversation_id if turn else None))
    await turn.wait()
    return turn


# --- edit and resend
async def test_edit_makes_another_version_with_a_reply(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    turn = await answered(engine, "one")
    await answered(engine, "two", turn)
    question = branch_of(store, turn)[2]
    edited = await engine.edit(question.id, "2", "scripted/two")
    assert isinstance(await edited.wait(), Finished)
    tree = store.conversations.tree(turn.conversation_id)
    assert texts(tree.branch()) == ["one", "You said: one", "2", "You said: 2"]
    assert texts(tree.versions(question)) == ["two", "2"]
    assert texts(tree.branch(tree.newest_leaf(question.id))) == ["one", "You said: one", "two", "You said: two"]
    assert asked(provider)[-1] == ["one", "You said: one", "2"]
    assert (provider.requests[-1].model, tree.branch()[-1].model) == ("two", "scripted/two")
    assert tree.conversation.title == "one"


async def test_edit_the_first_message(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    turn = await answered(engine, "one")
    edited = await engine.edit(branch_of(store, turn)[0].id, "1")
    await edited.wait()
    assert edited.conversation_id == turn.conversation_id
    tree = store.conversations.tree(turn.conversation_id)
    assert texts(tree.branch()) == ["1", "You said: 1"]
    assert texts(tree.versions(tree.branch()[0])) == ["one", "1"]
    assert asked(provider)[-1] == ["1"]


async def test_what_cannot_be_edited(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    turn = await answered(engine, "one")
    question, reply = branch_of(store, turn)
    for id, text, model, problem in (
        (question.id, " \n", "", PromptEmpty),
        (reply.id, "x", "", MessageUnknown),
        ("nobody", "x", "", MessageUnknown),
        (question.id, "x", "nothing-like-it", ModelUnknown),
    ):
        with pytest.raises(problem):
            await engine.edit(id, text, model)
    assert len(store.conversations.tree(turn.conversation_id).messages) == 2


async def test_a_draft_is_gone_when_it_is_sent(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    await store.drafts.put(None, "one")
    with pytest.raises(ModelUnknown):
        await engine.send(ChatRequest("one", model="nothing-like-it", from_draft=True))
    assert store.drafts.get(None) == "one"
    turn = await engine.send(ChatRequest("one", from_draft=True))
    assert store.drafts.get(None) == ""
    await turn.wait()


# --- going on
ENDS: dict[MessageStatus, Callable[[], Step]] = {
    MessageStatus.COMPLETE: lambda: Finished(Usage(output_tokens=5), "length"),
    MessageStatus.FAILED: lambda: RateLimited(provider="Scripted"),
    MessageStatus.STOPPED: asyncio.Event,
}


@pytest.fixture(params=ENDS)
async def half(
    request: pytest.FixtureRequest, engine: ChatEngine, store: Store, provider: ScriptedProvider, until: Until
) -> Message:
    """A reply that ended half-way."""
    status: MessageStatus = request.param
    provider.says(ReasoningDelta("hm"), "Once upon", ENDS[status]())
    turn = await engine.send(ChatRequest("Tell"))
    await until(lambda: turn.text)
    if status is MessageStatus.STOPPED:
        turn.stop()
    await turn.wait()
    message = store.messages.get(turn.reply_id)
    assert (message.text, message.status, message.cut_off) == (
        "Once upon",
        status,
        status is MessageStatus.COMPLETE,
    )
    return message


async def test_resume_lets_the_same_message_grow(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, half: Message
) -> None:
    more = asyncio.Event()
    provider.says(more, " a", " time.")
    turn = await engine.resume(half.id)
    assert (turn.reply_id, engine.turn(half.id), engine.running(half.conversation_id)) == (half.id, turn, turn)
    begun = store.messages.get(half.id)
    assert (begun.text, begun.status, begun.failure) == ("Once upon", MessageStatus.STREAMING, None)
    more.set()
    events = await events_of(turn)
    assert events[:3] == [ReasoningDelta("hm"), TextDelta("Once upon"), Started("scripted/one")]
    whole = store.messages.get(half.id)
    assert (whole.text, whole.reasoning, whole.status) == ("Once upon a time.", "hm", MessageStatus.COMPLETE)
    assert not whole.cut_off
    assert turn.text == whole.text
    assert [message.id for message in branch_of(store, turn)][1:] == [half.id]
    request = provider.requests[-1]
    assert [(one.role, one.text) for one in request.messages] == [
        (Role.USER, "Tell"),
        (Role.ASSISTANT, "Once upon"),
    ]
    assert events[-1] == Finished(whole.usage)


@pytest.mark.parametrize("stopped", [False, True])
async def test_nothing_is_lost_when_it_breaks_off_at_once(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, half: Message, stopped: bool
) -> None:
    provider.says(ProviderTimeout(provider="Scripted", seconds=1))
    turn = await engine.resume(half.id)
    if stopped:
        turn.stop()  # before it has begun
    assert isinstance(await turn.wait(), Stopped if stopped else Failed)
    message = store.messages.get(half.id)
    assert message.status is (MessageStatus.STOPPED if stopped else MessageStatus.FAILED)
    assert (message.text, message.reasoning) == ("Once upon", "hm")
    assert len(await store.search("once")) == 1


async def test_resume_again_and_again(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, half: Message
) -> None:
    for piece in (" a", " time", "."):
        provider.says(piece, Finished(None, "length"))
        await (await engine.resume(half.id)).wait()
    message = store.messages.get(half.id)
    assert (message.text, message.cut_off) == ("Once upon a time.", True)
    assert asked(provider)[-1] == ["Tell", "Once upon a time"]


async def test_a_model_with_nothing_to_add(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, half: Message
) -> None:
    provider.says(Finished())
    turn = await engine.resume(half.id)
    assert isinstance(await turn.wait(), Finished)
    message = store.messages.get(half.id)
    assert (message.text, message.status) == ("Once upon", MessageStatus.COMPLETE)


async def test_a_reply_without_a_word_is_asked_for_again(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    provider.says(ProviderTimeout(provider="Scripted", seconds=1))
    turn = await answered(engine, "one")
    provider.says(Finished())
    last = await (await engine.resume(turn.reply_id)).wait()
    assert isinstance(last, Failed)
    assert last.failure.code == AnswerEmpty.code
    provider.says("1")
    await (await engine.resume(turn.reply_id)).wait()
    assert texts(branch_of(store, turn)) == ["one", "1"]
    assert asked(provider) == [["one"]] * 3


async def test_what_was_resumed_is_saved_as_it_comes(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, half: Message, until: Until
) -> None:
    provider.says(" a", asyncio.Event())
    turn = await engine.resume(half.id)
    await until(lambda: store.messages.get(half.id).text == "Once upon a", 10 * replies.SAVE_SECONDS)
    with pytest.raises(ChatError):
        await engine.resume(half.id)
    await engine.close()
    assert (turn.ended, store.messages.get(half.id).text) == (True, "Once upon a")


async def test_thoughts_and_costs_add_up(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    provider.says("Once", Finished(Usage(10, 5, 0.5, 2.0), "length"))
    turn = await answered(engine, "Tell")
    parts = (Reasoning("hm", 7.5), Text("Once"))
    usage = Usage(10, 5, 0.5, 2.0, reason="length")
    await store.turns.finish(turn.reply_id, parts, MessageStatus.COMPLETE, usage)
    provider.says(" upon", Finished(Usage(20, 3, 0.5, 1.0)))
    await (await engine.resume(turn.reply_id)).wait()
    message = store.messages.get(turn.reply_id)
    assert message.usage == Usage(30, 8, None, 3.0, reason="stop")
    assert isinstance(message.parts[0], Reasoning)
    assert message.parts[0].seconds is not None
    assert message.parts[0].seconds >= 7.5


async def test_what_was_resumed_can_be_replayed(
    engine: ChatEngine, provider: ScriptedProvider, half: Message, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    monkeypatch.setattr(engine_module, "FORGET_SECONDS", 0.0)
    first = engine.turn(half.id)
    provider.says(asyncio.Event())
    turn = await engine.resume(half.id)
    await until(lambda: first not in engine._replies)
    await asyncio.sleep(0)
    assert engine.turn(half.id) is turn
    turn.stop()
    await until(lambda: engine.turn(half.id) is None)


async def test_what_cannot_be_resumed(engine: ChatEngine, store: Store, half: Message) -> None:
    assert half.parent_id
    for id in (half.parent_id, "nobody"):
        with pytest.raises(MessageUnknown):
            await engine.resume(id)

    def rename(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE messages SET model = 'nothing-like-it' WHERE id = ?", (half.id,))

    await store.write(rename)
    with pytest.raises(ModelUnknown):
        await engine.resume(half.id)
    assert store.messages.get(half.id).status is half.status


# --- one after the other
async def test_versions_of_an_answer_wait_for_each_other(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    go = asyncio.Event()
    provider.says("one", go)
    provider.says("two")
    provider.says("three")
    first = await engine.send(ChatRequest("a"))
    second = await engine.regenerate(first.reply_id)
    third = await engine.regenerate(first.reply_id)
    below = await engine.send(ChatRequest("b", first.conversation_id))
    assert await second.wait(0.05) is None
    assert provider.streaming == 1
    go.set()
    assert [(await events_of(turn))[0] for turn in (second, third, below)] == [QUEUED] * 3
    tree = store.conversations.tree(first.conversation_id)
    assert texts(tree.versions(tree.branch()[1])) == ["one", "two", "three"]
    assert asked(provider) == [["a"], ["a"], ["a"], ["a", "three", "b"]]


async def test_an_edited_question_does_not_wait_for_the_old_one(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    provider.says(asyncio.Event())
    old = await engine.send(ChatRequest("a"))
    new = await engine.edit(branch_of(store, old)[0].id, "b")
    assert isinstance(await new.wait(30), Finished)
    assert not old.ended
    old.stop()
    await old.wait()


async def test_a_queued_reply_is_stopped_before_it_starts(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    go = asyncio.Event()
    provider.says("one", go)
    first = await engine.send(ChatRequest("a"))
    for wait in (None, 0.05):  # before its task has begun, and while it waits
        queued = await engine.send(ChatRequest("b", first.conversation_id))
        if wait:
            await queued.wait(wait)
        queued.stop()
        assert isinstance(await queued.wait(), Stopped)
        message = store.messages.get(queued.reply_id)
        assert (message.status, message.parts) == (MessageStatus.STOPPED, ())
    go.set()
    await first.wait()
    assert asked(provider) == [["a"]]


async def test_a_queued_message_can_be_rewritten(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    go = asyncio.Event()
    provider.says("one", go)
    first = await engine.send(ChatRequest("a"))
    queued = await engine.send(ChatRequest("b", first.conversation_id))
    await queued.wait(0.05)
    await store.messages.rewrite(branch_of(store, first)[2].id, "c")
    go.set()
    await queued.wait()
    assert asked(provider)[-1] == ["a", "one", "c"]


async def test_a_queued_message_that_went_to_the_trash_is_not_asked(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    go = asyncio.Event()
    provider.says("one", go)
    first = await engine.send(ChatRequest("a"))
    queued = await engine.send(ChatRequest("b", first.conversation_id))
    await store.messages.trash(branch_of(store, first)[2].id)
    go.set()
    last = await queued.wait()
    assert isinstance(last, Failed)
    assert last.failure.code == PromptEmpty.code
    assert asked(provider) == [["a"]]


async def test_withdraw_takes_a_queued_message_back(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    go = asyncio.Event()
    provider.says("one", go)
    provider.says("three")
    first = await engine.send(ChatRequest("a"))
    second = await engine.send(ChatRequest("b", first.conversation_id))
    third = await engine.send(ChatRequest("c", first.conversation_id))
    await third.wait(0.05)
    question = branch_of(store, first)[2]
    assert await engine.withdraw(second.reply_id) == "b"
    assert isinstance(await second.wait(), Stopped)
    assert texts(branch_of(store, first)) == ["a", "", "c", ""]
    assert not third.ended
    go.set()
    await third.wait()
    assert texts(branch_of(store, first)) == ["a", "one", "c", "three"]
    assert asked(provider) == [["a"], ["a", "one", "c"]]
    await store.messages.restore(question.id, second.reply_id)
    assert texts(branch_of(store, first)) == ["a", "one", "b", "", "c", "three"]


async def test_withdraw_of_another_version_keeps_the_question(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    provider.says("one", asyncio.Event())
    first = await engine.send(ChatRequest("a"))
    again = await engine.regenerate(first.reply_id)
    assert await engine.withdraw(again.reply_id) == "a"
    assert [message.id for message in store.conversations.tree(first.conversation_id).messages][1:] == [first.reply_id]
    first.stop()
    await first.wait()


async def test_withdraw_of_an_answer_that_has_begun_loses_nothing(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, until: Until
) -> None:
    provider.says("some", asyncio.Event())
    turn = await engine.send(ChatRequest("a"))
    question = branch_of(store, turn)[0]
    await until(lambda: turn.text)
    assert await engine.withdraw(turn.reply_id) == "a"
    assert branch_of(store, turn) == []
    await store.messages.restore(question.id, turn.reply_id)
    assert texts(branch_of(store, turn)) == ["a", "some"]


async def test_what_cannot_be_withdrawn(engine: ChatEngine, store: Store) -> None:
    turn = await answered(engine, "a")
    for id in (branch_of(store, turn)[0].id, "nobody"):
        with pytest.raises(MessageUnknown):
            await engine.withdraw(id)
    _, _, foreign = await store.turns.begin(conversation_id=None, title="", parts=(Text("x"),), model="m")
    with pytest.raises(ChatError):
        await engine.withdraw(foreign.id)
    assert store.messages.get(foreign.id).status is MessageStatus.STREAMING


async def test_why_a_reply_ended_is_kept(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    ends: list[tuple[LastEvent, bool]] = [(Finished(), False), (Finished(reason="length"), True)]
    for end, cut in ends:
        provider.says("some", end)
        turn = await answered(engine, "a")
        message = store.messages.get(turn.reply_id)
        assert message.usage
        assert (message.usage.reason, message.cut_off) == ("length" if cut else "stop", cut)


async def test_a_wait_for_what_goes_to_the_trash_ends(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, until: Until
) -> None:
    """The reply that is waited for is another process's; here it ends and is gone between two looks."""
    conversation, _, theirs = await store.turns.begin(
        conversation_id=None, title="", parts=(Text("theirs"),), model="scripted/one"
    )
    turn = await engine.send(ChatRequest("ours", conversation.id))
    await until(lambda: turn.size)
    await store.turns.finish(theirs.id, (), MessageStatus.STOPPED)
    await store.messages.trash(theirs.id)
    assert isinstance(await turn.wait(30), Finished)
    assert asked(provider) == [["theirs", "ours"]]

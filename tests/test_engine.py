"""ChatEngine with a real store, and a scripted provider at the edge."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from parley import engine as engine_module
from parley import replies
from parley.engine import ChatEngine, ChatRequest
from parley.errors import (
    AnswerEmpty,
    ConversationUnknown,
    MessageUnknown,
    ModelUnknown,
    PromptEmpty,
    ProviderTimeout,
    RateLimited,
    StoreFull,
)
from parley.events import Event, Failed, Finished, ReasoningDelta, Started, Status, Stopped, TextDelta
from parley.messages import Image, Message, MessageStatus, Reasoning, Role, Text
from parley.models import NO_PARAMETERS, Parameters
from parley.paths import Paths
from parley.providers.catalog import Catalog
from parley.settings import Settings
from parley.store import Store
from parley.trees import ConversationTree
from parley.turn import Turn
from tests.conftest import ScriptedProvider, Until

ROOT = Path(__file__).parent.parent


def tree_of(store: Store, turn: Turn) -> ConversationTree:
    return store.conversations.tree(turn.conversation_id)


async def events_of(turn: Turn) -> list[Event]:
    return [event async for event in turn]


async def test_send_stores_the_question_and_the_answer(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    provider.says("Hello", " you")
    turn = await engine.send(ChatRequest("Hi!\nHow are you?"))
    assert engine.running(turn.conversation_id) is turn
    events = await events_of(turn)
    assert events[:-1] == [Started("scripted/one"), TextDelta("Hello"), TextDelta(" you")]
    tree = tree_of(store, turn)
    question, answer = tree.branch()
    assert (question.role, question.text, question.status) == (Role.USER, "Hi!\nHow are you?", MessageStatus.COMPLETE)
    assert (answer.text, answer.status, answer.model) == ("Hello you", MessageStatus.COMPLETE, "scripted/one")
    assert answer.id == turn.reply_id
    assert tree.conversation.title == "Hi!"
    assert answer.usage is not None
    assert engine.running(turn.conversation_id) is None
    assert engine.turn(turn.reply_id) is turn


async def test_the_question_is_stored_before_the_answer_begins(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    provider.says(asyncio.Event())
    turn = await engine.send(ChatRequest("hi"))
    question, answer = tree_of(store, turn).branch()
    assert (question.text, answer.status) == ("hi", MessageStatus.STREAMING)
    assert store.conversations.get(turn.conversation_id).answering
    turn.stop()
    await turn.wait()


async def test_the_whole_branch_and_the_instruction_go_to_the_model(
    engine: ChatEngine, provider: ScriptedProvider
) -> None:
    first = await engine.send(ChatRequest("one", instruction="Be brief."))
    await first.wait()
    second = await engine.send(ChatRequest("two", first.conversation_id, instruction="ignored"))
    await second.wait()
    request = provider.requests[1]
    assert request.instruction == "Be brief."
    assert [(message.role, message.text) for message in request.messages] == [
        (Role.USER, "one"),
        (Role.ASSISTANT, "You said: one"),
        (Role.USER, "two"),
    ]


async def test_parameters_belong_to_the_conversation(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    chosen = Parameters(temperature=0.5, stop=("END",), effort="low")
    turn = await engine.send(ChatRequest("Hi", parameters=chosen))
    await turn.wait()
    await (await engine.send(ChatRequest("Again", turn.conversation_id))).wait()
    await store.conversations.set_parameters(turn.conversation_id, NO_PARAMETERS)
    await store.conversations.set_instruction(turn.conversation_id, "Be brief")
    await (await engine.regenerate(turn.reply_id)).wait()
    assert [request.parameters for request in provider.requests] == [chosen, chosen, NO_PARAMETERS]
    assert [request.instruction for request in provider.requests] == ["", "", "Be brief"]


async def test_images_go_to_the_model_and_are_kept(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    picture = Image("image/png", b"\x89PNG")
    turn = await engine.send(ChatRequest("What is this?", images=(picture,)))
    await turn.wait()
    assert provider.requests[0].messages[0].parts == (picture, Text("What is this?"))
    assert tree_of(store, turn).branch()[0].parts == (picture, Text("What is this?"))
    alone = await engine.send(ChatRequest("", images=(picture,)))
    await alone.wait()
    assert provider.requests[1].messages[0].parts == (picture,)
    edited = await engine.edit(tree_of(store, turn).branch()[0].id, "And this?")
    await edited.wait()
    assert provider.requests[2].messages[0].parts == (picture, Text("And this?"))


async def test_the_instruction_of_the_settings_is_for_new_chats(
    engine: ChatEngine, settings: Settings, provider: ScriptedProvider
) -> None:
    settings.update(instruction="Speak Latin.")
    await (await engine.send(ChatRequest("one"))).wait()
    assert provider.requests[0].instruction == "Speak Latin."
    await (await engine.send(ChatRequest("two", instruction=""))).wait()
    assert provider.requests[1].instruction == ""


async def test_the_final_text_is_saved_before_the_last_event(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    provider.says("all", " of it")
    turn = await engine.send(ChatRequest("hi"))
    async for event in turn:
        if isinstance(event, Finished):
            answer = store.messages.get(turn.reply_id)
            assert (answer.text, answer.status) == ("all of it", MessageStatus.COMPLETE)
            return
    pytest.fail("it never finished")


async def test_partial_text_is_saved_within_a_second(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, until: Until
) -> None:
    more = asyncio.Event()
    provider.says(ReasoningDelta("hm"), "some", more, " more")
    turn = await engine.send(ChatRequest("hi"))
    await until(lambda: store.messages.get(turn.reply_id).text == "some", seconds=10 * replies.SAVE_SECONDS)
    saved = store.messages.get(turn.reply_id)
    assert isinstance(saved.parts[0], Reasoning)
    assert saved.status is MessageStatus.STREAMING
    more.set()
    await turn.wait()
    assert store.messages.get(turn.reply_id).text == "some more"


async def test_regenerate_makes_another_version(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    provider.says("first")
    turn = await engine.send(ChatRequest("hi"))
    await turn.wait()
    provider.says("second")
    again = await engine.regenerate(turn.reply_id, "scripted/two")
    await again.wait()
    provider.says("third")
    third = await engine.regenerate(tree_of(store, turn).branch()[0].id)
    await third.wait()
    tree = tree_of(store, turn)
    assert [message.text for message in tree.versions(tree.branch()[-1])] == ["first", "second", "third"]
    assert tree.branch()[-1].id == third.reply_id
    assert [request.model for request in provider.requests] == ["one", "two", "one"]
    assert [message.text for message in provider.requests[1].messages] == ["hi"]


async def test_sends_to_one_conversation_queue(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    go = asyncio.Event()
    provider.says("one", go)
    provider.says("two")
    provider.says("three")
    first = await engine.send(ChatRequest("a"))
    second = await engine.send(ChatRequest("b", first.conversation_id))
    third = await engine.send(ChatRequest("c", first.conversation_id))
    assert await second.wait(0.05) is None
    assert [message.text for message in tree_of(store, first).branch()] == ["a", "", "b", "", "c", ""]
    assert engine.running(first.conversation_id) is first
    assert provider.streaming == 1
    go.set()
    assert isinstance((await events_of(third))[0], Status)
    assert [message.text for message in tree_of(store, first).branch()] == ["a", "one", "b", "two", "c", "three"]
    asked = [[message.text for message in request.messages] for request in provider.requests]
    assert asked == [["a"], ["a", "one", "b"], ["a", "one", "b", "two", "c"]]
    assert (await events_of(second))[0] == Status("queued", "Waiting for the answer before this one")


async def test_conversations_do_not_wait_for_each_other(engine: ChatEngine, provider: ScriptedProvider) -> None:
    go = asyncio.Event()
    provider.says(go)
    provider.says("quick")
    slow = await engine.send(ChatRequest("a"))
    quick = await engine.send(ChatRequest("b"))
    assert isinstance(await quick.wait(30), Finished)
    assert not slow.ended
    slow.stop()
    await slow.wait()


async def test_a_stopped_queued_reply_lets_the_next_one_go(engine: ChatEngine, provider: ScriptedProvider) -> None:
    go = asyncio.Event()
    provider.says("one", go)
    provider.says("three")
    first = await engine.send(ChatRequest("a"))
    second = await engine.send(ChatRequest("b", first.conversation_id))
    third = await engine.send(ChatRequest("c", first.conversation_id))
    second.stop()
    assert isinstance(await second.wait(30), Stopped)
    assert not third.ended
    go.set()
    assert isinstance(await third.wait(30), Finished)
    assert [message.text for message in provider.requests[1].messages] == ["a", "one", "b", "c"]


async def test_stop_keeps_what_has_come(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, until: Until
) -> None:
    provider.says("some", asyncio.Event())
    turn = await engine.send(ChatRequest("hi"))
    await until(lambda: turn.text)
    turn.stop()
    assert isinstance(await turn.wait(), Stopped)
    answer = store.messages.get(turn.reply_id)
    assert (answer.text, answer.status) == ("some", MessageStatus.STOPPED)
    assert provider.streaming == 0


async def test_a_failure_keeps_what_has_come_and_why(
    engine: ChatEngine, store: Store, provider: ScriptedProvider
) -> None:
    provider.says("some", RateLimited(provider="Scripted", detail="slow down"))
    turn = await engine.send(ChatRequest("hi"))
    assert isinstance(await turn.wait(), Failed)
    answer = store.messages.get(turn.reply_id)
    assert (answer.text, answer.status) == ("some", MessageStatus.FAILED)
    assert answer.failure is not None
    assert (answer.failure.code, answer.failure.detail) == ("rate_limited", "slow down")


async def test_an_empty_answer_is_a_failure(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    provider.says(ReasoningDelta("hm"))
    turn = await engine.send(ChatRequest("hi"))
    last = await turn.wait()
    assert isinstance(last, Failed)
    assert last.failure.code == AnswerEmpty.code
    assert store.messages.get(turn.reply_id).status is MessageStatus.FAILED


async def test_silence_is_a_failure(engine: ChatEngine, settings: Settings, provider: ScriptedProvider) -> None:
    settings.update(first_token_timeout=1.0)
    provider.says(asyncio.Event())
    turn = await engine.send(ChatRequest("hi"))
    last = await turn.wait(30)
    assert isinstance(last, Failed)
    assert last.failure.code == ProviderTimeout.code
    assert "1 seconds" in last.failure.sentence


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (ChatRequest("hi", model="nothing-like-it"), ModelUnknown),
        (ChatRequest("  \n"), PromptEmpty),
        (ChatRequest("hi", "no-such-conversation"), ConversationUnknown),
    ],
)
async def test_what_cannot_be_sent_is_not_stored(
    engine: ChatEngine, store: Store, request_: ChatRequest, problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        await engine.send(request_)
    assert store.conversations.page() == []


async def test_what_does_not_exist_cannot_be_regenerated(engine: ChatEngine) -> None:
    with pytest.raises(MessageUnknown):
        await engine.regenerate("no-such-message")


async def test_complete_stores_nothing(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    message = Message("m", "", None, Role.USER, (Text("hi"),), MessageStatus.COMPLETE, 0.0)
    turn = await engine.complete([message], "scripted/two", "Be brief.")
    assert isinstance(await turn.wait(), Finished)
    assert turn.text == "You said: hi"
    assert (provider.requests[0].model, provider.requests[0].instruction) == ("two", "Be brief.")
    assert store.conversations.page() == []


async def test_close_stops_what_runs_and_keeps_it(
    engine: ChatEngine, store: Store, provider: ScriptedProvider, until: Until
) -> None:
    provider.says("some", asyncio.Event())
    turn = await engine.send(ChatRequest("hi"))
    queued = await engine.send(ChatRequest("more", turn.conversation_id))
    await until(lambda: turn.text)
    await engine.close()
    assert [message.status for message in tree_of(store, turn).branch()][1::2] == [MessageStatus.STOPPED] * 2
    assert store.messages.get(turn.reply_id).text == "some"
    assert queued.ended
    await engine.close()


async def test_close_stops_stateless_turns_too(engine: ChatEngine, provider: ScriptedProvider, until: Until) -> None:
    provider.says("some", asyncio.Event())
    message = Message("m", "", None, Role.USER, (Text("hi"),), MessageStatus.COMPLETE, 0.0)
    turn = await engine.complete([message], "scripted/one")
    await until(lambda: turn.text)
    await engine.close()
    assert provider.streaming == 0
    assert turn.ended


async def test_a_turn_can_be_replayed_for_a_while(
    engine: ChatEngine, monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    monkeypatch.setattr(engine_module, "FORGET_SECONDS", 0.05)
    turn = await engine.send(ChatRequest("hi"))
    await turn.wait()
    assert engine.turn(turn.reply_id) is turn
    await until(lambda: engine.turn(turn.reply_id) is None)


class FullDisk:
    """Makes the real database refuse to grow, as a full disk does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def limit(self, pages: int) -> None:
        def set_limit(connection: sqlite3.Connection) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages}")

        await self._store.write(set_limit)

    async def fill(self) -> None:
        await self.limit(1)  # SQLite takes the present size for a limit that is smaller

    async def free(self) -> None:
        await self.limit(1 << 30)


@pytest.fixture
async def disk(store: Store) -> AsyncIterator[FullDisk]:
    disk = FullDisk(store)
    yield disk
    await disk.free()


async def test_nothing_is_lost_on_a_full_disk(
    engine: ChatEngine,
    store: Store,
    provider: ScriptedProvider,
    disk: FullDisk,
    monkeypatch: pytest.MonkeyPatch,
    expect_log: Callable[[str], None],
    until: Until,
) -> None:
    monkeypatch.setattr(replies, "RETRY_SAVE_SECONDS", 0.05)
    expect_log("an answer is not saved yet")
    words = "word " * 20_000
    go = asyncio.Event()
    provider.says("begin ", go, words)
    turn = await engine.send(ChatRequest("hi"))
    await disk.fill()
    go.set()
    last = await turn.wait()
    assert isinstance(last, Failed)
    assert last.failure.code == StoreFull.code
    assert turn.text == "begin " + words
    assert store.messages.get(turn.reply_id).status is MessageStatus.STREAMING
    await disk.free()
    await until(lambda: store.messages.get(turn.reply_id).status is MessageStatus.COMPLETE)
    assert store.messages.get(turn.reply_id).text == "begin " + words


async def test_closing_tries_once_more_to_save(
    engine: ChatEngine,
    store: Store,
    provider: ScriptedProvider,
    disk: FullDisk,
    expect_log: Callable[[str], None],
) -> None:
    expect_log("an answer is not saved yet")
    words = "word " * 20_000
    go = asyncio.Event()
    provider.says(go, words)
    turn = await engine.send(ChatRequest("hi"))
    await disk.fill()
    go.set()
    assert isinstance(await turn.wait(), Failed)
    await disk.free()
    await engine.close()
    answer = store.messages.get(turn.reply_id)
    assert (answer.text, answer.status) == (words, MessageStatus.COMPLETE)


async def test_a_full_disk_at_the_start_is_said_at_once(engine: ChatEngine, store: Store, disk: FullDisk) -> None:
    await disk.fill()
    with pytest.raises(StoreFull):
        await engine.send(ChatRequest("word " * 20_000))
    assert store.conversations.page() == []


OTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from parley.messages import Text
from parley.store import Store

async def main():
    store = Store.open(Path(sys.argv[1]))
    conversation, _, reply = await store.turns.begin(
        conversation_id=None, title="theirs", parts=(Text("theirs"),), model="scripted/one"
    )
    await store.turns.save(reply.id, (Text("partial"),))
    print(conversation.id, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    from parley.messages import MessageStatus
    await store.turns.finish(reply.id, (Text("whole"),), MessageStatus.COMPLETE)
    await store.close()

asyncio.run(main())
"""


@pytest.fixture
def other_process(store: Store, paths: Paths) -> Callable[[], tuple[subprocess.Popen[str], str]]:
    """Start another process that answers in a conversation; return it and the conversation's id."""

    def start() -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", OTHER_PROCESS, str(paths.data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "app")},
        )
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    return start


@pytest.mark.parametrize("dies", [False, True])
async def test_a_reply_waits_for_another_process(
    engine: ChatEngine,
    store: Store,
    provider: ScriptedProvider,
    other_process: Callable[[], tuple[subprocess.Popen[str], str]],
    dies: bool,
) -> None:
    process, conversation_id = other_process()
    with process:
        turn = await engine.send(ChatRequest("ours", conversation_id))
        events = turn.batches()
        assert await anext(events) == [Status("queued_elsewhere", "Another Parley is answering in this conversation")]
        assert await turn.wait(2 * engine_module.FOREIGN_LOOK_SECONDS) is None
        if dies:
            process.send_signal(signal.SIGKILL)
        else:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        assert isinstance(await turn.wait(30), Finished)
    theirs = store.conversations.tree(conversation_id).branch()[1]
    assert (theirs.text, theirs.status) == (
        ("partial", MessageStatus.INTERRUPTED) if dies else ("whole", MessageStatus.COMPLETE)
    )
    assert [message.text for message in provider.requests[0].messages] == ["theirs", theirs.text, "ours"]


async def test_long_conversations_are_cut_to_the_context(
    engine: ChatEngine, provider: ScriptedProvider, catalog: Catalog
) -> None:
    from dataclasses import replace

    provider.listed = [replace(model, context=4000) for model in provider.listed]
    await catalog.models(refresh=True)
    turn = await engine.send(ChatRequest("a" * 6000))
    await turn.wait()
    turn = await engine.send(ChatRequest("b" * 6000, turn.conversation_id))
    await turn.wait()
    assert [message.text[0] for message in provider.requests[1].messages] == ["b"]


async def test_the_file_holds_what_the_store_says(engine: ChatEngine, store: Store, provider: ScriptedProvider) -> None:
    """Look at the file with another connection: what is shown as complete is really on the disk."""
    provider.says("kept")
    turn = await engine.send(ChatRequest("hi"))
    await turn.wait()
    with closing(sqlite3.connect(store.path)) as connection:
        rows = connection.execute("SELECT status, text FROM messages ORDER BY seq").fetchall()
    assert rows == [("complete", "hi"), ("complete", "kept")]


@pytest.mark.parametrize(("preferred", "asked"), [("scripted/two", "scripted/two"), ("gone/one", "scripted/one")])
async def test_the_model_that_an_account_prefers(engine: ChatEngine, store: Store, preferred: str, asked: str) -> None:
    guest = await store.accounts.add("ann@example.org", "Ann")
    await store.preferences.change(guest.id, model=preferred)
    for account, model in ((guest.id, asked), ("owner", "scripted/one")):
        turn = await engine.send(ChatRequest("Hi!", account=account))
        await turn.wait()
        assert turn.model == model

"""A question and its reply as they are kept."""

import asyncio
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley.errors import ConversationUnknown, MessageUnknown
from parley.messages import Failure, MessageStatus, Part, Reasoning, Role, Text, Usage
from parley.paths import Paths
from parley.store import LEAF, Change, Store, rows
from parley.store.adding import add_message
from parley.store.words import searchable
from tests.store.conftest import Ask

ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=60)


async def test_begin_keeps_question_and_empty_reply(store: Store) -> None:
    before = time.time()
    conversation, question, reply = await store.turns.begin(
        conversation_id=None,
        title="Lisbon",
        parts=[Text("Where to?")],
        model="a/b",
        instruction="Be brief.",
        channel="api",
    )
    assert conversation == store.conversations.get(conversation.id)
    assert (conversation.title, conversation.model, conversation.instruction) == ("Lisbon", "a/b", "Be brief.")
    assert (conversation.channel, conversation.leaf_id, conversation.answering) == ("api", reply.id, True)
    assert before <= conversation.created_at <= time.time()
    assert (question.role, question.status, question.text) == (Role.USER, MessageStatus.COMPLETE, "Where to?")
    assert (question.parent_id, reply.parent_id) == (None, question.id)
    assert (reply.role, reply.status, reply.parts, reply.model) == (Role.ASSISTANT, MessageStatus.STREAMING, (), "a/b")
    assert store.conversations.tree(conversation.id).messages == (question, reply)
    assert store.messages.get(reply.id) == reply


async def test_begin_goes_on_at_the_leaf(store: Store, ask: Ask) -> None:
    conversation, _, reply = await ask("one", "1")
    _, second, _ = await ask("two", conversation=conversation, title="not taken", instruction="nor this", model="c/d")
    assert second.parent_id == reply.id
    found = store.conversations.get(conversation.id)
    assert (found.title, found.instruction, found.model) == ("one", "", "some/model")


async def test_begin_elsewhere_makes_a_branch(store: Store, ask: Ask) -> None:
    conversation, first, reply = await ask("one", "1")
    await ask("two", "2", conversation=conversation)
    _, other, _ = await ask("two, edited", "3", conversation=conversation, parent_id=reply.id)
    _, another_first, _ = await ask("one, edited", "4", conversation=conversation, parent_id=None)
    tree = store.conversations.tree(conversation.id)
    assert [message.text for message in tree.versions(other)] == ["two", "two, edited"]
    assert [message.text for message in tree.versions(first)] == ["one", "one, edited"]
    assert [message.text for message in tree.branch()] == ["one, edited", "4"]
    assert another_first.parent_id is None


async def test_begin_refuses_what_is_unknown_and_keeps_nothing(store: Store, ask: Ask) -> None:
    conversation, *_ = await ask("one", "1")
    _, _, foreign = await ask("two", "2")
    with pytest.raises(MessageUnknown):
        await ask("x", conversation=conversation, parent_id=foreign.id)
    with pytest.raises(MessageUnknown):
        await ask("x", parent_id=foreign.id)
    with pytest.raises(ConversationUnknown):
        await store.turns.begin(conversation_id="nobody", title="", parts=[Text("x")], model="")
    with pytest.raises(MessageUnknown):
        await store.turns.begin_reply(parent_id=LEAF, model="a/b")
    assert len(store.conversations.page()) == 2
    assert len(store.conversations.tree(conversation.id).messages) == 2


async def test_begin_reply_makes_another_version(store: Store, ask: Ask) -> None:
    conversation, question, reply = await ask("one", "1")
    again = await store.turns.begin_reply(parent_id=question.id, model="x/y")
    assert (again.parent_id, again.status, again.model) == (question.id, MessageStatus.STREAMING, "x/y")
    tree = store.conversations.tree(conversation.id)
    assert tree.branch()[-1] == again
    assert tree.messages[1:] == (reply, again)


async def test_save_keeps_the_text_so_far(store: Store, ask: Ask) -> None:
    _, _, reply = await ask("one")
    await store.turns.save(reply.id, [Reasoning("hm", 0.5), Text("ha")])
    found = store.messages.get(reply.id)
    assert (found.parts, found.status) == ((Reasoning("hm", 0.5), Text("ha")), MessageStatus.STREAMING)


async def test_save_changes_no_finished_reply(store: Store, ask: Ask) -> None:
    _, _, reply = await ask("one", "whole")
    told = list[Change]()
    store.subscribe(told.append)
    await store.turns.save(reply.id, [Text("late")])
    await store.turns.save("nobody", [Text("late")])
    assert store.messages.get(reply.id).text == "whole"
    assert told == []


@pytest.mark.parametrize("status", [status for status in MessageStatus if status is not MessageStatus.STREAMING])
async def test_finish_keeps_all_facts(store: Store, ask: Ask, status: MessageStatus) -> None:
    _, _, reply = await ask("one")
    usage = Usage(12, 34, 0.5, 2.5, estimated=True)
    failure = Failure("rate_limited", "Too many “requests”.", "429: \udcff\0 slow down")
    finished = await store.turns.finish(reply.id, [Text("end")], status, usage, failure)
    assert finished == store.messages.get(reply.id)
    assert (finished.status, finished.usage, finished.failure) == (status, usage, failure)


@pytest.mark.parametrize("status", [status for status in MessageStatus if status is not MessageStatus.STREAMING])
async def test_resume_goes_on_with_what_there_is(store: Store, ask: Ask, status: MessageStatus) -> None:
    conversation, _, reply = await ask("one")
    parts = (Reasoning("hm", 0.5), Text("half an aardvark"))
    before = await store.turns.finish(reply.id, parts, status, Usage(1, 2, reason="length"), Failure("error", "Oh."))
    told = list[Change]()
    store.subscribe(told.append)
    assert await store.turns.resume(reply.id) == before
    assert set(told) == {Change("message", reply.id), Change("conversation", conversation.id)}
    found = store.messages.get(reply.id)
    assert (found.parts, found.status, found.failure) == (parts, MessageStatus.STREAMING, None)
    assert not found.cut_off
    assert store.conversations.get(conversation.id).answering
    assert await store.search("aardvark") == []
    await store.turns.save(reply.id, [Text("half an aardvark and")])
    await store.turns.finish(reply.id, [Text("half an aardvark and a buffalo")], MessageStatus.COMPLETE)
    assert len(await store.search("aardvark buffalo")) == 1
    assert all(finding.ok for finding in await store.check())


async def test_what_was_resumed_and_broke_off_is_all_there(store: Store, paths: Paths, ask: Ask) -> None:
    _, _, reply = await ask("one", "half an aardvark")
    await store.turns.resume(reply.id)
    await store.close()
    again = Store.open(paths.data)
    found = again.messages.get(reply.id)
    assert (found.text, found.status) == ("half an aardvark", MessageStatus.INTERRUPTED)
    assert len(await again.search("aardvark")) == 1
    assert all(finding.ok for finding in await again.check())
    await again.close()


async def test_resume_refuses_what_it_cannot_go_on_with(store: Store, ask: Ask) -> None:
    conversation, question, reply = await ask("one", "1")
    with pytest.raises(MessageUnknown):
        await store.turns.resume(question.id)
    await store.conversations.trash(conversation.id)
    with pytest.raises(ConversationUnknown):
        await store.turns.resume(reply.id)
    await store.conversations.restore(conversation.id)
    assert store.messages.get(reply.id) == reply


async def test_a_text_is_kept_once(store: Store, ask: Ask) -> None:
    conversation, question, reply = await ask("plain", "你好")
    thought = await store.turns.begin_reply(parent_id=question.id, model="m")
    await store.turns.finish(thought.id, [Reasoning("hm"), Text("plain")], MessageStatus.COMPLETE)
    empty = await store.turns.begin_reply(parent_id=question.id, model="m")
    await store.turns.finish(empty.id, [], MessageStatus.STOPPED)
    stored = store._database.rows("SELECT parts = '' FROM messages ORDER BY seq")
    assert [bool(once) for (once,) in stored] == [True, False, False, False]
    parts = [message.parts for message in store.conversations.tree(conversation.id).messages]
    assert parts == [question.parts, reply.parts, (Reasoning("hm"), Text("plain")), ()]


async def test_finish_of_an_unknown_message(store: Store) -> None:
    with pytest.raises(MessageUnknown):
        await store.turns.finish("nobody", [], MessageStatus.COMPLETE)


async def test_finish_twice_keeps_the_index_right(store: Store, ask: Ask) -> None:
    _, _, reply = await ask("one", "aardvark")
    await store.turns.finish(reply.id, [Text("buffalo")], MessageStatus.COMPLETE)
    assert await store.search("aardvark") == []
    assert len(await store.search("buffalo")) == 1
    assert all(finding.ok for finding in await store.check())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(text=ANY_TEXT, thought=ANY_TEXT, title=ANY_TEXT)
def test_any_text_comes_back_as_it_was(text: str, thought: str, title: str) -> None:
    parts: list[Part] = [Reasoning(thought, 1.5), Text(text)]
    assert rows.parts_from_text(rows.parts_to_text(parts)) == tuple(parts)
    rows.parts_to_text(parts).encode()
    searchable(text).encode()


@pytest.mark.parametrize(
    "text", ["\0", "a\0b", "\udcff half", "👩‍👩‍👧‍👦", "שלום עולם", "\u202eabc", "e\u0301", "", "\r\n\t"]
)
async def test_odd_text_through_the_file(store: Store, ask: Ask, text: str) -> None:
    conversation, question, reply = await ask(text, text, title=text, model=text)
    found = store.conversations.tree(conversation.id)
    assert [message.text for message in found.messages] == [text, text]
    assert question.text == reply.text == text
    await store.conversations.rename(conversation.id, text + "x")
    assert all(finding.ok for finding in await store.check())


async def test_ten_megabytes(store: Store, ask: Ask) -> None:
    text = "needle " + "haystack wörd 你好 \n" * (10_000_000 // 20)
    conversation, question, _ = await ask("one", text)
    assert store.conversations.tree(conversation.id).messages[1].text == text
    hits = await store.search("needle")
    assert len(hits) == 1
    assert len(hits[0].snippet) < 1000
    assert question.text == "one"


async def test_messages_sort_by_creation_even_when_the_clock_goes_back(
    store: Store, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation, *_ = await ask("one", "1")
    monkeypatch.setattr(time, "time", lambda: 1_000_000.0)
    await ask("two", "2", conversation=conversation)
    texts = [message.text for message in store.conversations.tree(conversation.id).messages]
    assert texts == ["one", "1", "two", "2"]


async def test_more_messages_in_a_second_than_its_numbers(store: Store, ask: Ask) -> None:
    conversation, question, _ = await ask("one", "1")
    at = 5000.5
    copies = [
        rows.message((f"id{n}", conversation.id, None, "user", "complete", "", at, "[]", None, None, "", 0))
        for n in range(2100)
    ]

    def write(connection: object) -> list[int]:
        for copy in copies:
            add_message(connection, copy)  # type: ignore[arg-type]
        return [
            rows.next_seq(connection, "messages", at),  # type: ignore[arg-type]
            rows.next_seq(connection, "messages", 9000.0),  # type: ignore[arg-type]
            rows.next_seq(connection, "messages", -5.0),  # type: ignore[arg-type]
        ]

    following, free, ancient = await store.write(write)
    assert following == 5000 << 10
    assert free == 9000 << 10
    assert ancient == 1
    found = [message.id for message in store.conversations.tree(conversation.id).messages if message.id[:2] == "id"]
    assert found == [f"id{n}" for n in range(2100)]
    assert question.created_at > at


async def test_a_cancelled_caller_does_not_undo_its_write(store: Store, ask: Ask) -> None:
    _, _, reply = await ask("one")
    saving = asyncio.create_task(store.turns.finish(reply.id, [Text("whole")], MessageStatus.COMPLETE))
    await asyncio.sleep(0)
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    await store.write(lambda connection: None)
    assert store.messages.get(reply.id).text == "whole"

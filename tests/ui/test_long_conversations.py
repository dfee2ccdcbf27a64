"""A conversation too long to be read at once: shown from its end, while the rest is read; always as it is."""

import sqlite3

from parley.engine import ChatRequest
from parley.main import open_services
from parley.messages import Conversation, Message, MessageStatus, Role, Text, new_id
from parley.store.turns import add_conversation, add_message
from parley.ui.conversation_view import FIRST
from tests.peers.replies import DEFAULT
from tests.ui.conftest import Desk

LONG = 1000


async def long_chat(desk: Desk, count: int = LONG, title: str = "Long") -> list[str]:
    """Keep a long conversation; return the ids of its messages."""
    ids = [new_id() for _ in range(count)]
    conversation = Conversation(new_id(), title, 1000.0, 1000.0, leaf_id=ids[-1], model="")

    def fill(connection: sqlite3.Connection) -> None:
        add_conversation(connection, conversation)
        for number, id in enumerate(ids):
            role = Role.ASSISTANT if number % 2 else Role.USER
            parent = ids[number - 1] if number else None
            parts = (Text(f"text {number}"),)
            add_message(
                connection, Message(id, conversation.id, parent, role, parts, MessageStatus.COMPLETE, 1000.0 + number)
            )

    await desk.services.store.write(fill)
    return ids


def conversation_of(desk: Desk, ids: list[str]) -> str:
    return desk.services.store.messages.get(ids[0]).conversation_id


async def test_the_end_is_shown_at_once_and_the_rest_comes(desk: Desk) -> None:
    ids = await long_chat(desk)
    transcript = desk.window.page.transcript
    desk.window.view.open(conversation_of(desk, ids))
    assert [message.id for message in transcript.messages] == ids[-FIRST:]
    assert not transcript.loaded
    transcript.viewport().repaint()
    transcript.scroll_by(-600)
    transcript.viewport().repaint()
    before = [(placed.row.message.id, placed.index, placed.y) for placed in transcript.placed]
    await desk.until(lambda: transcript.loaded)
    transcript.viewport().repaint()
    assert [message.id for message in transcript.messages] == ids
    assert [(placed.row.message.id, placed.index, placed.y) for placed in transcript.placed] == before
    assert desk.window.view.tree == desk.services.store.conversations.tree(conversation_of(desk, ids))


async def test_a_hit_that_is_not_read_yet_is_jumped_to(desk: Desk) -> None:
    ids = await long_chat(desk)
    transcript = desk.window.page.transcript
    desk.window.view.open(conversation_of(desk, ids), ids[21], "21")
    await desk.until(lambda: transcript.selection)
    transcript.viewport().repaint()
    assert ids[21] in {placed.row.message.id for placed in transcript.placed}
    assert transcript.loaded


async def test_home_goes_to_the_very_first(desk: Desk) -> None:
    ids = await long_chat(desk)
    transcript = desk.window.page.transcript
    desk.window.view.open(conversation_of(desk, ids))
    transcript.setFocus()
    desk.press("Home", on=transcript)
    transcript.viewport().repaint()
    assert transcript.placed[0].row.message.id == ids[0]


async def test_leaving_while_the_rest_comes(desk: Desk) -> None:
    ids = await long_chat(desk)
    others = await long_chat(desk, 3, "Short")
    transcript = desk.window.page.transcript
    desk.window.view.open(conversation_of(desk, ids))
    desk.window.view.open(conversation_of(desk, others))
    loaded = [transcript.loaded]
    await desk.services.store.conversations.rename(conversation_of(desk, others), "New")
    await desk.until(lambda: desk.window.windowTitle() == "New")
    assert [message.id for message in transcript.messages] == others
    desk.window.view.open(conversation_of(desk, ids))
    loaded.append(transcript.loaded)
    desk.window.view.open(None)
    loaded.append(transcript.loaded)
    assert loaded == [True, False, True]
    assert transcript.messages == []


async def test_what_another_process_does_while_the_rest_comes(desk: Desk) -> None:
    """Two stores on one directory are to each other what two processes are."""
    ids = await long_chat(desk)
    id = conversation_of(desk, ids)
    other = open_services(desk.paths)
    try:
        desk.window.view.open(id)
        await other.store.messages.trash(ids[700], ids[-2])
        await other.store.messages.rewrite(ids[3], "rewritten")
        await other.store.messages.rewrite(ids[-4], "rewritten too")
        await desk.until(lambda: desk.window.page.transcript.loaded)
        await desk.until(lambda: desk.window.view.tree == desk.services.store.conversations.tree(id))
        shown = [message.text for message in desk.window.page.transcript.messages]
        wanted = [f"text {number}" for number in range(LONG)]
        wanted[3], wanted[-4] = "rewritten", "rewritten too"
        del wanted[-2], wanted[700]
        assert shown == wanted
        await other.store.messages.restore(ids[700])
        await desk.until(lambda: len(desk.window.page.transcript.messages) == LONG - 1)
        await desk.until(lambda: desk.window.view.tree == desk.services.store.conversations.tree(id))
    finally:
        await other.close()


async def test_a_question_while_the_rest_comes(desk: Desk) -> None:
    ids = await long_chat(desk)
    desk.window.view.open(conversation_of(desk, ids))
    await desk.say("and hello")
    await desk.answered()
    await desk.until(lambda: desk.window.page.transcript.loaded)
    assert [message.text for message in desk.window.page.transcript.messages[-2:]] == ["and hello", DEFAULT]
    assert len(desk.texts) == LONG + 2
    assert desk.window.view.can_regenerate


async def test_a_turn_reads_what_has_changed(desk: Desk) -> None:
    """Guard what a turn costs in a long conversation: the messages that were there are not read again."""
    ids = await long_chat(desk)
    desk.window.view.open(conversation_of(desk, ids))
    await desk.until(lambda: desk.window.page.transcript.loaded)
    tree = desk.window.view.tree
    assert tree
    turn = await desk.services.engine.send(ChatRequest("and hello", tree.conversation.id))
    await turn.wait()
    await desk.until(lambda: desk.texts[-1] == DEFAULT)
    after = desk.window.view.tree
    assert after
    assert len(after.messages) == LONG + 2
    assert all(one is other for one, other in zip(tree.messages, after.messages, strict=False))


async def test_versions_of_what_was_read_in_parts(desk: Desk) -> None:
    ids = await long_chat(desk)
    id = conversation_of(desk, ids)
    early = ids[401]
    turn = await desk.services.engine.regenerate(early)
    await turn.wait()
    desk.window.view.open(id)
    assert desk.texts[-1] == DEFAULT
    await desk.until(lambda: desk.window.page.transcript.loaded)
    transcript = desk.window.page.transcript
    assert [version.id for version in transcript.book.versions[turn.reply_id]] == [early, turn.reply_id]
    transcript.version_requested.emit(early)
    await desk.until(lambda: len(transcript.messages) == LONG)
    assert [message.id for message in transcript.messages] == ids
    transcript.version_requested.emit(turn.reply_id)
    await desk.until(lambda: len(transcript.messages) == 402)


async def test_leaving_a_version_that_is_being_written_and_coming_back(desk: Desk) -> None:
    await desk.say("hello")
    await desk.answered()
    first = desk.window.page.transcript.messages[-1].id
    await desk.say("/long")
    await desk.until(lambda: desk.window.page.composer.answering)
    turn = desk.services.engine.running(desk.window.view.shown_id or "")
    assert turn
    again = await desk.services.engine.regenerate(first)
    await desk.until(lambda: desk.window.page.transcript.shows(again.reply_id))
    assert not desk.window.page.transcript.shows(turn.reply_id)
    desk.window.page.transcript.version_requested.emit(first)
    await desk.until(lambda: desk.window.page.transcript.shows(turn.reply_id))
    await desk.until(lambda: len(desk.window.page.transcript.book.current(3).text) > 100)
    turn.stop()
    await desk.answered()

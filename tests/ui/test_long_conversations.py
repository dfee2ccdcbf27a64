"""A conversation too long to be read at once: shown from its end, while the rest is read; always as it is."""

import asyncio
from collections.abc import Callable

import pytest

from parley.engine import ChatRequest
from parley.events import Failed
from parley.main import open_services
from parley.messages import MessageStatus
from parley.options import ProviderRow
from parley.store import CONVERSATION, Change
from parley.ui.chat.conversation_view import FIRST, GATHER_MS
from tests.long import keep_long
from tests.peers.replies import DEFAULT
from tests.providers.sockets import Exchange, FakeServer, chunk, head, sse
from tests.ui.conftest import Desk

LONG = 1000
ASKED = 120
"""Messages where the model is asked: it reads them all."""


async def long_chat(desk: Desk, count: int = LONG, title: str = "Long") -> list[str]:
    """Keep a long conversation; return the ids of its messages."""
    return (await keep_long(desk.services.store, count, title))[1]


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
    await desk.until(lambda: transcript.marks.only == ids[21])
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
    ids = await long_chat(desk, ASKED)
    desk.window.view.open(conversation_of(desk, ids))
    await desk.say("and hello")
    await desk.answered()
    await desk.until(lambda: desk.window.page.transcript.loaded)
    assert [message.text for message in desk.window.page.transcript.messages[-2:]] == ["and hello", DEFAULT]
    assert len(desk.texts) == ASKED + 2
    assert desk.window.view.can_regenerate


async def test_a_turn_reads_what_has_changed(desk: Desk) -> None:
    """Guard what a turn costs in a long conversation: the messages that were there are not read again."""
    ids = await long_chat(desk, ASKED)
    desk.window.view.open(conversation_of(desk, ids))
    await desk.until(lambda: desk.window.page.transcript.loaded)
    tree = desk.window.view.tree
    assert tree
    turn = await desk.services.engine.send(ChatRequest("and hello", tree.conversation.id))
    await turn.wait()
    await desk.until(lambda: desk.texts[-1] == DEFAULT)
    after = desk.window.view.tree
    assert after
    assert len(after.messages) == ASKED + 2
    assert all(one is other for one, other in zip(tree.messages, after.messages, strict=False))


async def test_versions_of_what_was_read_in_parts(desk: Desk) -> None:
    ids = await long_chat(desk, ASKED)
    id = conversation_of(desk, ids)
    early = ids[21]
    turn = await desk.services.engine.regenerate(early)
    await turn.wait()
    desk.window.view.open(id)
    assert desk.texts[-1] == DEFAULT
    await desk.until(lambda: desk.window.page.transcript.loaded)
    transcript = desk.window.page.transcript
    assert [version.id for version in transcript.book.versions[turn.reply_id]] == [early, turn.reply_id]
    transcript.version_requested.emit(early)
    await desk.until(lambda: len(transcript.messages) == ASKED)
    assert [message.id for message in transcript.messages] == ids
    transcript.version_requested.emit(turn.reply_id)
    await desk.until(lambda: len(transcript.messages) == 22)


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


async def test_an_answer_that_cannot_be_saved_is_shown_with_the_reason(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[[str], None]
) -> None:
    """A full disk: the database refuses to grow. What came stays on show, and is saved when there is room."""
    expect_log("an answer is not saved yet")
    monkeypatch.setattr("parley.replies.RETRY_SAVE_SECONDS", 0.05)
    full = asyncio.Event()

    async def answer(exchange: Exchange) -> None:
        if exchange.request.path.endswith("/models"):
            await exchange.respond({"object": "list", "data": [{"id": "m", "object": "model", "owned_by": "me"}]})
            return
        await exchange.send(head(200, content_type="text/event-stream", transfer_encoding="chunked"))
        await exchange.send(chunk(sse({"choices": [{"index": 0, "delta": {"content": "Begin "}}]})))
        await full.wait()
        await exchange.send(chunk(sse({"choices": [{"index": 0, "delta": {"content": "word " * 20_000}}]})))
        await exchange.send(chunk(sse({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, "[DONE]")))
        await exchange.send(b"0\r\n\r\n")

    async def limit(pages: int) -> None:
        await desk.services.store.write(
            lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
        )

    async with FakeServer(answer) as server:
        row = ProviderRow("box", f"{server.url}/v1")
        desk.services.settings.update(providers=(row,), default_model="box/m")
        turn = await desk.services.engine.send(ChatRequest("hello"))
        desk.window.view.open(turn.conversation_id)
        await desk.until(lambda: turn.text == "Begin ")
        await limit(1)
        full.set()
        assert isinstance(await turn.wait(), Failed)
        transcript = desk.window.page.transcript
        await desk.until(lambda: transcript.messages[-1].status is MessageStatus.FAILED)
        for _ in range(3):  # whatever else makes it look again
            desk.window.view.change(Change(CONVERSATION, turn.conversation_id))
            await asyncio.sleep(2 * GATHER_MS / 1000)
            assert not desk.window.page.composer.answering
            assert transcript.messages[-1].text == "Begin " + "word " * 20_000
            assert transcript.messages[-1].failure
        await limit(1 << 30)
        await desk.until(lambda: transcript.messages[-1].status is MessageStatus.COMPLETE)
        await desk.until(lambda: desk.services.store.messages.get(turn.reply_id).status is MessageStatus.COMPLETE)

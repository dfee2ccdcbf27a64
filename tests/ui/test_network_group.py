"""Chats from the network in the list: their group, folded or not, and their answers seen live."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

import parley
from parley.engine import ChatRequest
from parley.messages import MessageStatus, Text
from parley.options import ProviderRow
from parley.store import MESSAGE, Change
from parley.ui.chat.conversation_view import GATHER_MS
from parley.ui.sidebar.conversation_list import FOLD_ROLE, Fold
from tests.fakes import FakeOpenAI, Reply
from tests.ui.conftest import Desk, click_row
from tests.ui.serving import Stream, client, free_port, serve, token


async def begun(desk: Desk, title: str, channel: str, account: str = "owner") -> str:
    """Leave a conversation with an answer; return its id."""
    turns = desk.services.store.turns
    conversation, _, reply = await turns.begin(
        conversation_id=None, title=title, parts=(Text(title),), model="a/b", channel=channel, account=account
    )
    await turns.finish(reply.id, (Text("answer"),), MessageStatus.COMPLETE)
    return conversation.id


@pytest.fixture
async def filled(guided_desk: Desk) -> Desk:
    desk = guided_desk
    await begun(desk, "Mine", "desktop")
    await begun(desk, "From a terminal", "cli")
    await begun(desk, "From a program", "api")
    await begun(desk, "From the phone", "web")
    ann = await desk.services.store.accounts.add("ann@example.org", "Ann")
    await begun(desk, "Hers", "api", ann.id)
    await desk.until(lambda: len(desk.titles) == 6)
    return desk


ALL = ["Network", "From the phone", "From a program", "Today", "From a terminal", "Mine"]
FOLDED = ["Network", "Today", "From a terminal", "Mine"]


async def test_they_stand_together_and_nobody_elses_among_them(filled: Desk) -> None:
    assert filled.titles == ALL


async def test_a_click_on_the_heading_folds_them_away_for_good(filled: Desk) -> None:
    desk = filled
    click_row(desk.window.sidebar.list, 0)
    assert desk.titles == FOLDED
    assert desk.services.settings.options.network_folded
    await begun(desk, "Another one", "api")
    await begun(desk, "Mine too", "desktop")
    await desk.until(lambda: "Mine too" in desk.titles)
    assert desk.titles == ["Network", "Today", "Mine too", "From a terminal", "Mine"]
    await desk.reopen()
    assert desk.titles == ["Network", "Today", "Mine too", "From a terminal", "Mine"]
    click_row(desk.window.sidebar.list, 0)
    assert desk.titles[:2] == ["Network", "Another one"]


async def test_by_keys_and_for_screen_readers(filled: Desk) -> None:
    desk = filled
    sidebar = desk.window.sidebar
    sidebar.list.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(sidebar.list, Qt.Key.Key_Home)
    heading = sidebar.list.currentIndex()
    assert sidebar.chats.is_network(heading)
    assert heading.data(Qt.ItemDataRole.AccessibleTextRole) == "Network, unfolded"
    assert sidebar.chosen is None
    assert sidebar.chosen_ids == []
    QTest.keyClick(sidebar.list, Qt.Key.Key_Delete)
    QTest.keyClick(sidebar.list, Qt.Key.Key_Left)
    assert desk.titles == FOLDED
    heading = sidebar.list.currentIndex()
    assert sidebar.chats.is_network(heading)
    assert heading.data(Qt.ItemDataRole.AccessibleTextRole) == "Network, folded, unread answer"
    assert heading.data(FOLD_ROLE) == Fold(folded=True, unread=True)
    for id in desk.services.store.conversations.unread():
        await desk.services.store.conversations.see(id)
    await desk.until(lambda: sidebar.list.currentIndex().data(FOLD_ROLE) == Fold(folded=True, unread=False))
    QTest.keyClick(sidebar.list, Qt.Key.Key_Return)
    assert desk.titles == ALL
    QTest.keyClick(sidebar.list, Qt.Key.Key_Left)
    QTest.keyClick(sidebar.list, Qt.Key.Key_Right)
    assert desk.titles == ALL


async def test_the_heading_goes_with_the_last_of_them(filled: Desk) -> None:
    desk, conversations = filled, filled.services.store.conversations
    click_row(desk.window.sidebar.list, 0)
    ids = [each.id for each in desk.services.store.shelves.page() if each.channel in ("api", "web")]
    await conversations.pin(ids[0], pinned=True)
    await desk.until(lambda: desk.titles[:2] == ["Pinned", "From the phone"])
    assert "Network" in desk.titles
    await conversations.trash(ids[1])
    await desk.until(lambda: "Network" not in desk.titles)
    await conversations.pin(ids[0], pinned=False)
    await desk.until(lambda: desk.titles == FOLDED)


async def test_the_open_chat_can_be_folded_away_and_commanded(filled: Desk) -> None:
    desk = filled
    click_row(desk.window.sidebar.list, 1)
    assert desk.window.view.shown_id
    click_row(desk.window.sidebar.list, 0)
    desk.window.page.composer.setFocus()
    chosen = desk.window.sidebar.chosen
    assert chosen is not None
    assert chosen.title == "From the phone"
    desk.press("Ctrl+Shift+P", on=desk.window)
    await desk.until(lambda: desk.titles[:2] == ["Pinned", "From the phone"])


def drawn(desk: Desk) -> str:
    """Return what is drawn of the last message."""
    transcript = desk.window.page.transcript
    cells = transcript.row_at(len(transcript.messages) - 1).cells if transcript.messages else []
    return " ".join(cell.text(0, cell.length()) for cell in cells)


@contextlib.asynccontextmanager
async def vendor(desk: Desk, *pieces: str, hold: asyncio.Event) -> AsyncIterator[None]:
    """A model server that stops after its first piece until it may go on."""
    async with FakeOpenAI() as fake:
        fake.reply = Reply(pieces, hold=hold, hold_at=2)  # the first one says who speaks
        desk.services.settings.update(providers=(ProviderRow("lan", fake.url),), default_model="lan/fake-model")
        yield


async def test_an_answer_to_a_program_is_seen_live(guided_desk: Desk) -> None:
    desk = guided_desk
    hold = asyncio.Event()
    async with vendor(desk, "One moment, ", "here it is.", hold=hold):
        address = await serve(desk)
        async with client(address, await token(desk)) as asking:
            stream = Stream(asking, {"message": "What is new?"})
            await desk.until(lambda: desk.titles == ["Network", "What is new?"])
            click_row(desk.window.sidebar.list, 1)
            await desk.until(lambda: "One moment" in drawn(desk))
            assert desk.window.page.composer.answering
            hold.set()
            await desk.until(lambda: desk.texts[-1] == "One moment, here it is.")
            await desk.until(lambda: stream.ended)
        assert "here it is." in stream.text


async def test_an_answer_to_a_program_leaves_the_chat_on_show_alone(guided_desk: Desk) -> None:
    desk, engine = guided_desk, guided_desk.services.engine
    await desk.say("What is a draft?")
    await desk.answered()
    own = engine.turns(desk.window.view.shown_id or "")[-1]
    other = await engine.send(ChatRequest("What is a draft?", channel="api"))
    await other.wait()
    looks: list[int] = []
    await asyncio.sleep(10 * GATHER_MS / 1000)  # the news of its end have been looked at
    desk.window.view.updated.connect(lambda: looks.append(1))
    desk.window.view.change(Change(MESSAGE, other.reply_id))
    await asyncio.sleep(10 * GATHER_MS / 1000)
    assert not looks
    desk.window.view.change(Change(MESSAGE, own.reply_id))
    await desk.until(lambda: looks)


async def test_an_answer_of_another_process_is_seen_live(guided_desk: Desk, tmp_path: Path) -> None:
    desk = guided_desk
    hold, port = asyncio.Event(), free_port()
    secret = await token(desk)
    async with vendor(desk, "One moment, ", "here it is.", hold=hold):
        words = [sys.executable, "-m", "parley", "serve", "--port", str(port)]
        env = {
            **os.environ,
            "PARLEY_DATA_DIR": str(desk.paths.data),
            "PYTHONPATH": str(Path(parley.__file__).parents[1]),
        }
        with (tmp_path / "serve.log").open("wb") as log:
            serving = subprocess.Popen(words, env=env, stdout=log, stderr=log)
        try:
            async with client(f"http://127.0.0.1:{port}", secret) as asking:
                await _answers(asking, serving)
                stream = Stream(asking, {"message": "What is new?"})
                await desk.until(lambda: desk.titles == ["Network", "What is new?"])
                click_row(desk.window.sidebar.list, 1)
                await desk.until(lambda: "One moment" in drawn(desk))
                hold.set()
                await desk.until(lambda: desk.texts[-1] == "One moment, here it is.")
                await desk.until(lambda: stream.ended)
        finally:
            serving.terminate()
            await asyncio.to_thread(serving.wait, 20)


async def _answers(asking: object, serving: "subprocess.Popen[bytes]") -> None:
    import httpx

    assert isinstance(asking, httpx.AsyncClient)
    for _ in range(600):
        assert serving.poll() is None
        try:
            await asking.get("/live")
        except httpx.TransportError:
            await asyncio.sleep(0.05)
        else:
            return
    pytest.fail("the server does not answer")

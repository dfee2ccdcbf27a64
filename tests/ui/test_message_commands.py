"""What a person does with one message, in the whole window on a real store, a real engine and a real model server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QToolButton

from parley.messages import Failure, Message, MessageStatus, Text, ToolCall, ToolResult, Usage
from parley.options import ProviderRow
from parley.ui.chat.message_info import MessageInfo
from parley.ui.transcript.editor import Editor
from tests.fakes import FakeOpenAI, Reply
from tests.peers.replies import DEFAULT
from tests.ui.conftest import Desk
from tests.ui.test_data_page import choose

LEFT = Qt.MouseButton.LeftButton


def focus(desk: Desk, index: int) -> None:
    """Give a message the keyboard."""
    transcript = desk.window.page.transcript
    transcript.setFocus()
    transcript.focused = index
    transcript.viewport().repaint()


def press_in_foot(desk: Desk, index: int, action: str) -> None:
    """Click a button below a message."""
    view = desk.window.page.transcript
    view.viewport().repaint()
    foot = view.row_at(index).foot
    placed = next(placed for placed in view.placed if placed.cell is foot)
    hot = next(hot for hot, _, _ in [*foot._buttons(), *foot._actions()] if hot.action == action)
    at = QPoint(view.column()[0], placed.y) + hot.rect.center().toPoint()
    QTest.mouseClick(view.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, at)


def shown(desk: Desk) -> list[Message]:
    return desk.window.page.transcript.messages


def shown_texts(desk: Desk) -> list[str]:
    return [message.text for message in shown(desk)]


def editor(desk: Desk, index: int) -> Editor:
    found = desk.window.page.transcript.editors.editor(shown(desk)[index].id)
    assert found is not None
    return found


def notices(desk: Desk) -> list[str]:
    return desk.window.page.notices.texts


async def ended_with(
    desk: Desk, answer: str, status: MessageStatus, usage: Usage | None = None, model: str = "tiny/tiny"
) -> str:
    """Show a conversation whose answer ended like that; return the answer's id."""
    turns = desk.services.store.turns
    conversation, _, reply = await turns.begin(conversation_id=None, title="Past", parts=(Text("hello"),), model=model)
    failure = Failure("provider_error", "tiny could not answer.") if status is MessageStatus.FAILED else None
    await turns.finish(reply.id, (Text(answer),), status, usage, failure)
    desk.window.view.open(conversation.id)
    return reply.id


async def test_a_file_that_the_answer_made_is_saved(desk: Desk, tmp_path: Path) -> None:
    store = desk.services.store
    conversation, _, reply = await store.turns.begin(
        conversation_id=None, title="Report", parts=(Text("Write"),), model="tiny/tiny"
    )

    async def content() -> AsyncIterator[bytes]:
        yield b"# Report"

    facts = {"conversation_id": conversation.id, "message_id": reply.id}
    await desk.services.attachments.keep("report.md", content(), origin="produced", **facts)
    parts = (ToolCall("c", "save_file", "{}"), ToolResult("c", "Saved.", title="report.md"), Text("Here it is."))
    await store.turns.finish(reply.id, parts, MessageStatus.COMPLETE)
    desk.window.view.open(conversation.id)
    assert desk.window.page.transcript.row_at(1).foot.state_words() == "Saved \u2068report.md\u2069"
    focus(desk, 1)
    desk.press("S")
    await choose(desk, tmp_path / "kept.md")
    await desk.until((tmp_path / "kept.md").exists)
    assert (tmp_path / "kept.md").read_bytes() == b"# Report"
    press_in_foot(desk, 1, "save-file")
    await choose(desk, tmp_path / "nowhere" / "kept.md")
    await desk.until(lambda: any("nowhere" in text for text in notices(desk)))
    store.files.path(store.files.all()[0]).unlink()
    press_in_foot(desk, 1, "save-file")
    await choose(desk, tmp_path / "again.md")
    await desk.until(lambda: any("what it held is missing" in text for text in notices(desk)))


async def model(desk: Desk) -> str:
    return (await desk.services.catalog.default_model()).partition("/")[2]


async def test_an_edited_question_is_answered_and_the_old_one_stays(desk: Desk) -> None:
    await desk.say("hello there")
    await desk.answered()
    focus(desk, 0)
    desk.press("E")
    field = editor(desk, 0).field
    await desk.until(field.hasFocus)
    field.selectAll()
    QTest.keyClicks(field, "good morning")
    desk.press("Return", on=field)
    await desk.until(lambda: shown_texts(desk)[:1] == ["good morning"])
    await desk.answered()
    await desk.until(lambda: shown_texts(desk) == ["good morning", DEFAULT])
    assert desk.window.page.composer.field.hasFocus()
    row = desk.window.page.transcript.row_at(0)
    assert len(row.versions) == 2
    press_in_foot(desk, 0, "version")
    await desk.until(lambda: shown_texts(desk) == ["hello there", DEFAULT])


async def test_what_cannot_be_sent_stays_in_the_field_with_the_reason(desk: Desk) -> None:
    await desk.say("hello there")
    await desk.answered()
    conversation = desk.window.view.shown_id
    assert conversation
    await desk.services.store.conversations.set_model(conversation, "nobody/nothing")
    focus(desk, 0)
    desk.press("E")
    made = editor(desk, 0)
    QTest.keyClicks(made.field, "!")
    desk.press("Return", on=made.field)
    await desk.until(lambda: "nobody" in made._error.text())
    assert made.text == "hello there!"
    assert not made.field.isReadOnly()
    assert made.isVisible()


async def test_saved_without_answering_and_undone(desk: Desk) -> None:
    await desk.say("helo")
    await desk.answered()
    focus(desk, 0)
    desk.press("E")
    made = editor(desk, 0)
    made.field.setPlainText("hello")
    QTest.mouseClick(made.save_only, LEFT)
    await desk.until(lambda: shown_texts(desk) == ["hello", DEFAULT])
    assert len(desk.window.page.transcript.row_at(0).versions) < 2
    assert notices(desk) == ["The message was changed."]
    desk.press("Ctrl+Z", on=desk.window)
    await desk.until(lambda: shown_texts(desk) == ["helo", DEFAULT])
    await desk.until(lambda: notices(desk) == [])


async def test_an_answer_is_rewritten_and_found_by_its_new_words(desk: Desk) -> None:
    await desk.say("hello")
    await desk.answered()
    press_in_foot(desk, 1, "edit")
    made = editor(desk, 1)
    made.field.setPlainText("Something rewritten")
    desk.press("Ctrl+Return", on=made.field)
    await desk.until(lambda: shown_texts(desk) == ["hello", "Something rewritten"])
    assert [hit.message_id for hit in await desk.services.store.search("rewritten")] == [shown(desk)[1].id]


async def test_a_draft_of_an_edit_is_there_after_another_chat(desk: Desk) -> None:
    await desk.say("hello")
    await desk.answered()
    first = desk.window.view.shown_id
    focus(desk, 0)
    desk.press("E")
    QTest.keyClicks(editor(desk, 0).field, " and more")
    desk.press("Ctrl+N", on=desk.window)
    await desk.until(lambda: desk.window.view.shown_id is None)
    desk.window.view.open(first)
    await desk.until(lambda: len(shown(desk)) == 2)
    desk.window.page.transcript.viewport().repaint()
    assert editor(desk, 0).text == "hello and more"
    fields = desk.window.page.transcript.findChildren(Editor)
    assert [field for field in fields if field.isVisible()] == [editor(desk, 0)]


async def test_a_discarded_edit_comes_back(desk: Desk) -> None:
    await desk.say("hello")
    await desk.answered()
    focus(desk, 0)
    desk.press("E")
    QTest.keyClicks(editor(desk, 0).field, " and more")
    desk.press("Esc", on=editor(desk, 0).field)
    assert desk.window.page.transcript.editors.editor(shown(desk)[0].id) is None
    desk.press("Ctrl+Z", on=desk.window)
    await desk.until(lambda: desk.window.page.transcript.editors.editor(shown(desk)[0].id))
    assert editor(desk, 0).text == "hello and more"


async def test_what_was_cut_off_goes_on_in_the_same_message(desk: Desk) -> None:
    async with FakeOpenAI("writer", reply=Reply((" and", " its end."))) as server:
        row = ProviderRow("writer", server.url)
        desk.services.settings.update(providers=(*desk.services.settings.options.providers, row))
        for status in (MessageStatus.STOPPED, MessageStatus.INTERRUPTED, MessageStatus.FAILED):
            reply = await ended_with(desk, "The beginning", status, model="writer/writer")
            press_in_foot(desk, 1, "continue")
            await desk.until(lambda: shown(desk)[1].status is MessageStatus.COMPLETE)
            await desk.answered()
            assert shown(desk)[1].id == reply
            assert shown(desk)[1].text == "The beginning and its end."
        cut = await ended_with(
            desk, "The beginning", MessageStatus.COMPLETE, Usage(reason="length"), model="writer/writer"
        )
        foot = desk.window.page.transcript.row_at(1).foot
        assert foot.state_words() == "The answer was cut off at the length limit."
        focus(desk, 1)
        desk.press("C")
        await desk.until(lambda: not shown(desk)[1].cut_off)
        await desk.answered()
        assert shown(desk)[1].id == cut
        assert shown(desk)[1].text == "The beginning and its end."
        assert desk.window.page.transcript.row_at(1).foot.state_words() == ""


async def test_a_message_is_deleted_and_comes_back(desk: Desk) -> None:
    await desk.say("first")
    await desk.answered()
    await desk.say("second")
    await desk.answered()
    focus(desk, 1)
    desk.press("Del")
    await desk.until(lambda: shown_texts(desk) == ["first", "second", DEFAULT])
    assert desk.window.page.transcript.focused == 1
    await desk.until(lambda: notices(desk) == ["The message was deleted."])
    (notice,) = desk.window.page.notices._shown
    desk.press("Del")
    await desk.until(lambda: shown_texts(desk) == ["first", DEFAULT])
    await desk.until(lambda: notice not in desk.window.page.notices._shown)
    assert notices(desk) == ["The message was deleted."]
    undo = next(b for b in desk.window.page.notices.findChildren(QPushButton) if b.text() == "Undo" and b.isVisible())
    QTest.mouseClick(undo, LEFT)
    await desk.until(lambda: shown_texts(desk) == ["first", "second", DEFAULT])
    assert notices(desk) == []
    desk.press("Ctrl+Z", on=desk.window)
    await desk.until(lambda: shown_texts(desk) == ["first", DEFAULT, "second", DEFAULT])


async def test_an_answer_that_comes_is_stopped_before_it_is_deleted(desk: Desk) -> None:
    await desk.say("/long")
    engine = desk.services.engine
    await desk.until(lambda: (turn := engine.running(desk.window.view.shown_id or "")) and len(turn.text) > 40)
    focus(desk, 1)
    desk.press("Del")
    await desk.until(lambda: shown_texts(desk) == ["/long"])
    await desk.answered()
    desk.press("Ctrl+Z", on=desk.window)
    await desk.until(lambda: len(shown(desk)) == 2)
    assert shown(desk)[1].status is MessageStatus.STOPPED
    assert "tick" in shown(desk)[1].text


async def test_deleting_one_version_shows_another(desk: Desk) -> None:
    await desk.say("hello")
    await desk.answered()
    first = shown(desk)[1].id
    desk.press("Ctrl+R", on=desk.window)
    await desk.until(lambda: shown(desk)[1].id != first)
    await desk.answered()
    second = shown(desk)[1].id
    focus(desk, 1)
    desk.press("Del")
    await desk.until(lambda: shown(desk)[1:] and shown(desk)[1].id == first)
    desk.press("Ctrl+Z", on=desk.window)
    await desk.until(lambda: shown(desk)[1].id == second)


async def test_chats_and_messages_share_one_undo_newest_first(desk: Desk) -> None:
    await desk.say("hello")
    await desk.answered()
    chat = desk.window.view.shown_id
    focus(desk, 1)
    desk.press("Del")
    await desk.until(lambda: shown_texts(desk) == ["hello"])
    desk.window.chats.delete(chat or "")
    await desk.until(lambda: desk.window.view.shown_id is None)
    desk.press("Ctrl+Z", on=desk.window)
    await desk.until(lambda: desk.window.view.shown_id == chat)
    assert shown_texts(desk) == ["hello"]
    desk.press("Ctrl+N", on=desk.window)
    desk.press("Ctrl+Z", on=desk.window)
    await desk.until(lambda: desk.window.view.shown_id == chat and shown_texts(desk) == ["hello", DEFAULT])
    desk.press("Ctrl+Z", on=desk.window)
    assert shown_texts(desk) == ["hello", DEFAULT]


async def test_a_question_without_an_answer_is_answered_again(desk: Desk) -> None:
    await desk.say("hello")
    await desk.answered()
    focus(desk, 1)
    desk.press("Del")
    await desk.until(lambda: shown_texts(desk) == ["hello"])
    focus(desk, 0)
    desk.press("R")
    await desk.until(lambda: shown_texts(desk) == ["hello", DEFAULT])
    await desk.answered()


async def test_another_model_answers_again(desk: Desk) -> None:
    await desk.say("hello")
    await desk.answered()
    of_chat = desk.window.view.conversation.model if desk.window.view.conversation else ""
    focus(desk, 1)
    desk.press("Shift+R")
    popup = desk.window.messages.popup
    await desk.until(popup.isVisible)
    assert desk.window.rect().contains(desk.window.mapFromGlobal(popup.geometry().center()))
    QTest.keyClicks(popup.search, "guide")
    await desk.until(lambda: popup.models.model(popup.list.currentIndex()))
    desk.press("Return", on=popup.search)
    await desk.until(lambda: shown(desk)[1].model.startswith("guide/"))
    await desk.answered()
    conversation = desk.window.view.conversation
    assert conversation is not None
    assert conversation.model == of_chat
    assert len(desk.window.page.transcript.row_at(1).versions) == 2


async def test_who_replaces_a_model_that_is_gone_has_the_chat(desk: Desk) -> None:
    turns = desk.services.store.turns
    conversation, _, reply = await turns.begin(
        conversation_id=None, title="Past", parts=(Text("hello"),), model="tiny/gone"
    )
    gone = Failure("model_retired", "No longer in service.")
    await turns.finish(reply.id, (), MessageStatus.FAILED, None, gone)
    desk.window.view.open(conversation.id)
    await desk.until(lambda: len(shown(desk)) == 2)
    focus(desk, 1)
    desk.press("Shift+R")
    popup = desk.window.messages.popup
    await desk.until(popup.isVisible)
    QTest.keyClicks(popup.search, "guide")
    await desk.until(lambda: popup.models.model(popup.list.currentIndex()))
    desk.press("Return", on=popup.search)
    await desk.until(lambda: desk.services.store.conversations.get(conversation.id).model.startswith("guide/"))
    await desk.answered()


async def test_what_is_known_of_an_answer(desk: Desk) -> None:
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    usage = Usage(1200, 410, 0.5, 10.5, estimated=True, reason="length", reasoning_tokens=12)
    reply = await ended_with(desk, "An answer", MessageStatus.COMPLETE, usage)
    focus(desk, 1)
    desk.press("I")
    info = desk.window.findChild(MessageInfo)
    assert isinstance(info, MessageInfo)
    await desk.until(info.isVisible)
    facts = dict(info.facts)
    moment = QDateTime.fromMSecsSinceEpoch(round(shown(desk)[1].created_at * 1000))
    assert facts.pop("Time").startswith(moment.date().toString("dddd, MMMM d, yyyy"))
    assert facts == {
        "Model": "tiny",
        "Provider": "tiny",
        "Tokens read": "about 1,200",
        "Tokens written": "about 410",
        "Tokens of reasoning": "about 12",
        "Tokens per second": "about 41.0",
        "First token after": "0.50 s",
        "Duration": "10.5 s",
        "Ended": "Cut off at the length limit",
        "Id": reply,
    }
    assert desk.window.rect().contains(desk.window.mapFromGlobal(info.geometry().topLeft()))
    assert desk.window.rect().contains(desk.window.mapFromGlobal(info.geometry().bottomRight()))
    one = next(b for b in info.findChildren(QToolButton) if b.accessibleName() == "Copy Id")
    QTest.mouseClick(one, LEFT)
    assert QGuiApplication.clipboard().text() == reply
    QTest.mouseClick(info.copy_all, LEFT)
    assert f"Model: {facts['Model']}\n" in QGuiApplication.clipboard().text()
    assert "Id: " + reply in QGuiApplication.clipboard().text()
    desk.press("Esc", on=info)
    await desk.until(lambda: desk.window.findChild(MessageInfo) is None)


async def test_the_information_fits_a_narrow_window(desk: Desk) -> None:
    desk.window.resize(360, 700)
    await desk.say("hello")
    await desk.answered()
    desk.window.messages.show_info(shown(desk)[1].id)
    info = desk.window.findChild(MessageInfo)
    assert isinstance(info, MessageInfo)
    await desk.until(info.isVisible)
    assert info.width() <= desk.window.width() - 16
    assert info.copy_all.geometry().bottom() <= info.height()
    info.close()


async def test_the_whole_chat_as_markdown(desk: Desk) -> None:
    await desk.say("is **this** it")
    await desk.answered()
    desk.window.actions_["copy_conversation"].trigger()
    name = await model(desk)
    assert QGuiApplication.clipboard().text() == (
        f"# is **this** it\n\n## You\n\nis **this** it\n\n## {name}\n\n{DEFAULT}\n"
    )
    assert notices(desk) == ["The whole chat was copied as Markdown."]


async def test_an_answer_that_waits_for_another_version_says_so(desk: Desk) -> None:
    await desk.say("/long")
    engine = desk.services.engine
    await desk.until(lambda: (turn := engine.running(desk.window.view.shown_id or "")) and turn.text)
    older = engine.turn(shown(desk)[1].id)
    assert older
    desk.window.view.regenerate(older.reply_id)
    await desk.until(lambda: shown(desk)[1].id != older.reply_id)
    foot = desk.window.page.transcript.row_at(1).foot
    await desk.until(lambda: foot.state_words() == "Waiting for the answer before this one")
    assert not desk.window.view.queue.count
    older.stop()
    await desk.until(lambda: not foot.state_words())
    desk.press("Ctrl+.", on=desk.window)
    await desk.answered()


async def test_the_wait_for_the_model_is_counted(desk: Desk) -> None:
    held = asyncio.Event()
    async with FakeOpenAI("writer", reply=Reply(("At last.",), hold=held, hold_at=0)) as server:
        desk.services.settings.update(providers=(ProviderRow("writer", server.url),), default_model="writer/writer")
        await desk.say("hello")
        await desk.until(lambda: len(shown(desk)) == 2)
        foot = desk.window.page.transcript.row_at(1).foot
        await desk.until(lambda: foot.state_words() == "Waiting for the model, 1 s")
        held.set()
        await desk.answered()
        assert shown_texts(desk) == ["hello", "At last."]
        assert foot.state_words() == ""

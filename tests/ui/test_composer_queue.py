"""Messages sent during an answer: they stand in a queue, where they are sent now, edited and removed."""

import asyncio

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QToolButton

from parley.engine import ChatRequest
from parley.main import open_services
from parley.messages import MessageStatus
from parley.ui.composer.queue_strip import QueueStrip
from tests.peers.replies import DEFAULT
from tests.ui.conftest import Desk, click_row
from tests.ui.test_window import past_chat, row_of

LEFT = Qt.MouseButton.LeftButton


def strip(desk: Desk) -> QueueStrip:
    return desk.window.view.queue.strip


def queued(desk: Desk) -> list[str]:
    return [line.words.accessibleName() for line in strip(desk).lines] if strip(desk).isVisible() else []


def on_show(desk: Desk) -> list[str]:
    return [message.text for message in desk.window.page.transcript.messages]


async def busy(desk: Desk, *messages: str) -> None:
    """Have an answer come that never ends, and messages waiting for it."""
    engine = desk.services.engine
    await desk.say("/long")
    await desk.until(lambda: (turn := engine.running(desk.window.view.shown_id or "")) and "tick" in turn.text)
    for message in messages:
        count = len(queued(desk))
        await desk.say(message)
        while len(queued(desk)) == count:
            await asyncio.sleep(0.005)


async def test_what_waits_stands_in_the_queue_and_not_in_the_transcript(desk: Desk) -> None:
    await busy(desk, "first in the line", "second in the line")
    assert queued(desk) == ["first in the line", "second in the line"]
    assert on_show(desk)[0] == "/long"
    assert len(on_show(desk)) == 2
    assert len(desk.texts) == 6, "they are stored all the same"
    assert [line.send.isVisible() for line in strip(desk).lines] == [True, False]
    desk.press("Ctrl+N", on=desk.window)
    assert queued(desk) == []
    click_row(desk.window.sidebar.list, row_of(desk, "/long"))
    assert queued(desk) == ["first in the line", "second in the line"]


async def test_send_now_stops_the_answer_and_keeps_it(desk: Desk) -> None:
    await busy(desk, "hello", "and hello")
    QTest.mouseClick(strip(desk).lines[0].send, LEFT)
    await desk.answered()
    await desk.until(lambda: len(on_show(desk)) == 6)
    assert queued(desk) == []
    tree = desk.window.view.tree
    assert tree is not None
    replies = tree.branch()[1::2]
    assert [reply.status for reply in replies] == [MessageStatus.STOPPED, *[MessageStatus.COMPLETE] * 2]
    assert "tick" in replies[0].text
    assert [reply.text for reply in replies[1:]] == [DEFAULT, DEFAULT]


async def test_edit_puts_it_back_before_what_is_written(desk: Desk) -> None:
    await busy(desk, "one", "two")
    desk.write("already here")
    QTest.mouseClick(strip(desk).lines[1].edit, LEFT)
    composer = desk.window.page.composer
    assert composer.field.toPlainText() == "two\n\nalready here"
    assert composer.field.hasFocus()
    await desk.until(lambda: queued(desk) == ["one"])
    assert desk.window.page.composer.answering
    assert "two" not in desk.texts


async def test_remove_can_be_undone(desk: Desk) -> None:
    await busy(desk, "one", "two")
    strip(desk).lines[0].remove.setFocus()
    desk.press("Space")
    await desk.until(lambda: queued(desk) == ["two"])
    assert strip(desk).lines[0].remove.hasFocus(), "the keyboard stays in the queue"
    notices = desk.window.page.notices
    await desk.until(lambda: notices.texts == ["The message was removed."])
    undo = next(button for button in notices.findChildren(QPushButton) if button.text() == "Undo")
    QTest.mouseClick(undo, LEFT)
    await desk.until(lambda: queued(desk) == ["two", "one"])
    QTest.mouseClick(strip(desk).lines[0].remove, LEFT)
    await desk.until(lambda: queued(desk) == ["one"])
    strip(desk).lines[0].remove.setFocus()
    desk.press("Space")
    await desk.until(lambda: queued(desk) == [])
    assert desk.window.page.composer.field.hasFocus()
    assert desk.window.page.composer.answering


async def test_stop_gives_what_waits_back(desk: Desk) -> None:
    await busy(desk, "one", "two")
    desk.press("Esc", on=desk.window.page.composer.field)
    await desk.answered()
    await desk.until(lambda: len(desk.texts) == 2)
    assert queued(desk) == []
    assert desk.window.page.composer.field.toPlainText() == "one\n\ntwo"
    assert on_show(desk) == desk.texts
    await desk.reopen()
    click_row(desk.window.sidebar.list, row_of(desk, "/long"))
    assert desk.window.page.composer.field.toPlainText() == "one\n\ntwo"


async def test_it_works_by_keyboard_alone(desk: Desk) -> None:
    await busy(desk, "one")
    names = [button.accessibleName() for button in strip(desk).lines[0].findChildren(QToolButton)]
    assert names == ["Edit: one", "Remove: one"]
    field, line = desk.window.page.composer.field, strip(desk).lines[0]
    field.setFocus()
    for button in (line.remove, line.edit, line.send, line.edit):
        desk.press("Tab" if line.send.hasFocus() else "Shift+Tab")
        assert button.hasFocus(), button.accessibleName()
    desk.press("Space")
    await desk.until(lambda: queued(desk) == [])
    assert field.toPlainText() == "one"


async def test_the_up_key_leaves_what_waits_to_the_queue(desk: Desk) -> None:
    await busy(desk, "one")
    desk.press("Up", on=desk.window.page.composer.field)
    assert desk.window.page.composer.field.toPlainText() == "/long"


async def test_nothing_that_waited_is_lost_by_a_restart(desk: Desk) -> None:
    await busy(desk, "one", "two")
    await desk.reopen()
    click_row(desk.window.sidebar.list, row_of(desk, "/long"))
    assert queued(desk) == []
    assert [text for text in on_show(desk) if text in ("one", "two")] == ["one", "two"]


async def test_it_waits_for_another_process_too(desk: Desk) -> None:
    other = open_services(desk.paths)
    try:
        turn = await other.engine.send(ChatRequest("/long"))
        await desk.until(lambda: "/long" in desk.titles)
        click_row(desk.window.sidebar.list, row_of(desk, "/long"))
        await desk.until(lambda: "tick" in "".join(desk.texts))
        await desk.say("hello")
        await desk.until(lambda: queued(desk) == ["hello"])
        assert not strip(desk).lines[0].send.isVisible(), "it is not ours to stop"
        turn.stop()
        await turn.wait()
        await desk.until(lambda: on_show(desk)[2:] == ["hello", DEFAULT])
        assert queued(desk) == []
    finally:
        await other.close()


async def test_a_long_message_is_one_line(desk: Desk) -> None:
    await past_chat(desk, "Other", "question", "answer")
    await busy(desk, "word " * 200)
    line = strip(desk).lines[0]
    await desk.until(lambda: line.words.text().endswith("…"))
    desk.window.resize(360, 640)
    await desk.until(lambda: desk.window.frame.narrow)
    assert line.width() <= 360
    assert "\n" not in line.words.text()

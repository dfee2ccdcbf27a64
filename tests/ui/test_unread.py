"""Answers that nobody has looked at: marked whoever asked for them, and until somebody looks."""

from PySide6.QtCore import Qt

from parley.engine import ChatRequest
from parley.main import open_services
from parley.messages import Conversation, MessageStatus, Text
from tests.ui.conftest import Desk, click_row
from tests.ui.test_window import past_chat, row_of


def shown(desk: Desk, title: str) -> Conversation:
    """Return a chat as the list shows it."""
    chats = desk.window.sidebar.chats
    found = chats.conversation(chats.index(row_of(desk, title)))
    assert found
    return found


async def started(desk: Desk) -> None:
    await desk.until(lambda: desk.window.background is not None)


async def test_an_answer_nobody_sees_is_marked_until_it_is_opened(guided_desk: Desk) -> None:
    desk = guided_desk
    await started(desk)
    await desk.say("hello there")
    desk.press("Ctrl+N", on=desk.window)
    await desk.until(lambda: "hello there" in desk.titles and shown(desk, "hello there").unread)
    await desk.until(lambda: desk.window.unread.count == 1)
    await desk.reopen()
    await started(desk)
    assert shown(desk, "hello there").unread
    assert desk.window.unread.count == 1
    click_row(desk.window.sidebar.list, row_of(desk, "hello there"))
    await desk.until(lambda: not shown(desk, "hello there").unread)
    assert desk.window.unread.count == 0


async def test_an_answer_that_one_reads_is_not_marked(guided_desk: Desk) -> None:
    desk = guided_desk
    await started(desk)
    await desk.say("hello there")
    await desk.answered()
    await desk.until(lambda: desk.services.store.conversations.unread() == [])
    assert not shown(desk, "hello there").unread


async def test_who_reads_above_has_not_seen_the_end(guided_desk: Desk) -> None:
    desk = guided_desk
    await started(desk)
    chat = await past_chat(desk, "Long", "question", "a line\n\n" * 200)
    await desk.until(lambda: desk.window.unread.count == 1)
    click_row(desk.window.sidebar.list, row_of(desk, "Long"))
    await desk.until(lambda: desk.window.unread.count == 0)
    transcript = desk.window.page.transcript
    desk.press("Home", on=transcript)
    await desk.until(lambda: not transcript.following)
    turns = desk.services.store.turns
    _, _, reply = await turns.begin(conversation_id=chat, title="", parts=(Text("more"),), model="tiny/tiny")
    await turns.finish(reply.id, (Text("Here."),), MessageStatus.COMPLETE)
    await desk.until(lambda: desk.window.unread.count == 1)
    desk.press("End", on=transcript)
    await desk.until(lambda: desk.window.unread.count == 0)


async def test_a_stopped_answer_is_no_news_and_a_failed_one_is(guided_desk: Desk) -> None:
    desk = guided_desk
    turns = desk.services.store.turns
    for title, status in (("Stopped", MessageStatus.STOPPED), ("Failed", MessageStatus.FAILED)):
        _, _, reply = await turns.begin(conversation_id=None, title=title, parts=(Text("?"),), model="tiny/tiny")
        await turns.finish(reply.id, (Text("well"),), status)
    await desk.until(lambda: len(desk.titles) == 3 and shown(desk, "Failed").unread)
    assert not shown(desk, "Stopped").unread


async def test_answers_of_another_process_are_marked_and_seen_by_either(guided_desk: Desk) -> None:
    desk = guided_desk
    await started(desk)
    other = open_services(desk.paths)
    try:
        turn = await other.engine.send(ChatRequest("from elsewhere", channel="api"))
        await turn.wait()
        await desk.until(lambda: "from elsewhere" in desk.titles and shown(desk, "from elsewhere").unread)
        await desk.until(lambda: desk.window.unread.count == 1)
        await other.store.conversations.see(turn.conversation_id)
        await desk.until(lambda: desk.window.unread.count == 0)
        assert not shown(desk, "from elsewhere").unread
    finally:
        await other.close()


async def test_the_mark_is_to_be_seen(guided_desk: Desk) -> None:
    desk = guided_desk
    await past_chat(desk, "Unread", "q", "a")
    await past_chat(desk, "Read", "q", "a")
    await desk.services.store.conversations.see(shown(desk, "Read").id)
    await desk.until(lambda: not shown(desk, "Read").unread)
    view = desk.window.sidebar.list
    accent = desk.window._look.theme.color("accent").rgb()

    def dots(title: str) -> int:
        rect = view.visualRect(view.model().index(row_of(desk, title), 0))
        image = view.viewport().grab(rect).toImage()
        return sum(image.pixel(x, y) == accent for x in range(image.width()) for y in range(image.height()))

    assert dots("Unread") > 20
    assert dots("Read") == 0
    assert view.model().index(1, 0).flags() & Qt.ItemFlag.ItemIsEnabled

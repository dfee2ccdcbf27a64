"""The whole window on a real store, a real engine and a real model server: what a person does, and what they see."""

import asyncio

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHoverEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListView, QMenu, QPushButton, QToolButton, QWidget

from parley.engine import ChatRequest
from parley.main import open_services
from parley.messages import MessageStatus, Text
from parley.options import ProviderRow
from parley.ui.chat.chat_page import TALLEST_SHARE
from tests.conftest import Until
from tests.peers.replies import DEFAULT
from tests.peers.tiny_engine import TinyEngine
from tests.test_engine import FullDisk
from tests.ui.conftest import Desk, click_row

LEFT = Qt.MouseButton.LeftButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def row_of(desk: Desk, title: str) -> int:
    return desk.titles.index(title)


async def past_chat(desk: Desk, title: str, question: str, answer: str) -> str:
    """Put a finished conversation into the store."""
    turns = desk.services.store.turns
    conversation, _, reply = await turns.begin(
        conversation_id=None, title=title, parts=(Text(question),), model="tiny/tiny"
    )
    await turns.finish(reply.id, (Text(answer),), MessageStatus.COMPLETE)
    return conversation.id


async def test_a_message_is_answered_and_there_after_a_restart(desk: Desk) -> None:
    await desk.say("hello there")
    await desk.answered()
    assert desk.texts == ["hello there", DEFAULT]
    assert desk.titles == ["Today", "hello there"]
    assert desk.window.windowTitle() == "hello there"
    await desk.reopen()
    assert desk.texts == ["hello there", DEFAULT]
    assert desk.window.sidebar.shown_id == desk.window.view.shown_id
    assert desk.window.page.composer.field.hasFocus()
    await desk.say("again")
    await desk.answered()
    assert desk.texts == ["hello there", DEFAULT, "again", DEFAULT]


async def test_a_long_answer_is_stopped_and_kept(desk: Desk) -> None:
    await desk.say("/long")
    engine = desk.services.engine
    await desk.until(lambda: (turn := engine.running(desk.window.view.shown_id or "")) and len(turn.text) > 40)
    stop = desk.window.findChild(QToolButton, "stop")
    assert isinstance(stop, QToolButton)
    await desk.until(stop.isVisible)
    QTest.mouseClick(stop, LEFT)
    await desk.answered()
    tree = desk.window.view.tree
    assert tree is not None
    reply = tree.branch()[-1]
    assert reply.status is MessageStatus.STOPPED
    assert "tick" in reply.text
    assert not stop.isVisible()


async def test_the_sidebar_marks_what_is_being_answered(desk: Desk) -> None:
    await desk.say("/long")
    chats = desk.window.sidebar.chats

    def answering() -> bool:
        found = chats.conversation(chats.index_of(desk.window.view.shown_id))
        return found is not None and found.answering

    await desk.until(answering)
    desk.press("Esc", on=desk.window.page.transcript)
    await desk.answered()
    await desk.until(lambda: not answering())


async def test_switching_away_stops_nothing_and_coming_back_replays(desk: Desk) -> None:
    other = await past_chat(desk, "Other", "question", "answer")
    await desk.say("/long")
    await desk.until(lambda: desk.window.page.composer.answering)
    running = desk.window.view.shown_id
    assert running
    click_row(desk.window.sidebar.list, row_of(desk, "Other"))
    assert desk.window.view.shown_id == other
    assert not desk.window.page.composer.answering
    turn = desk.services.engine.running(running)
    assert turn is not None
    so_far = len(turn.text)
    await desk.until(lambda: len(turn.text) > so_far + 100)
    click_row(desk.window.sidebar.list, row_of(desk, "/long"))
    await desk.until(lambda: desk.window.page.composer.answering)
    desk.press("Ctrl+.")
    await desk.answered()
    assert len(desk.texts[1]) > so_far + 100


async def test_a_message_sent_during_an_answer_waits_for_it(desk: Desk) -> None:
    await desk.say("/long")
    await desk.until(lambda: desk.window.page.composer.answering)
    await desk.say("and hello")
    await desk.until(lambda: len(desk.texts) == 4)
    first = desk.services.engine.running(desk.window.view.shown_id or "")
    assert first is not None
    await desk.until(lambda: len(first.text) > 20)
    first.stop()
    await desk.answered()
    assert desk.texts[3] == DEFAULT


async def test_search_finds_a_message_and_jumps_to_it(desk: Desk) -> None:
    await past_chat(desk, "About bread", "My dough", "Sourdough needs a warm kitchen")
    await past_chat(desk, "About rain", "The sky", "Clouds are made of water")
    window = desk.window
    desk.press("Ctrl+K", on=window)
    assert window.sidebar.search.hasFocus()
    QTest.keyClicks(window.sidebar.search, "kitch")
    await desk.until(lambda: window.sidebar.results.isVisible() and window.sidebar.results.model().rowCount() == 1)
    desk.press("Return", on=window.sidebar.search)
    await desk.until(lambda: desk.texts == ["My dough", "Sourdough needs a warm kitchen"])
    await desk.until(lambda: window.page.transcript.marks.wanted)
    desk.press("Esc", on=window.sidebar.search)
    assert window.sidebar.list.isVisible()
    QTest.keyClicks(window.sidebar.search, "ra")
    await desk.until(lambda: window.sidebar.results.isVisible() and window.sidebar.results.model().rowCount() == 1)
    click_row(window.sidebar.results, 0)
    assert desk.texts[0] == "The sky"
    window.sidebar.search.clear()
    QTest.keyClicks(window.sidebar.search, "zzzzz")
    await desk.until(lambda: any("Nothing found" in label for label in labels(window.sidebar)))


def labels(widget: QWidget) -> list[str]:
    from PySide6.QtWidgets import QLabel

    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


async def test_rename_pin_delete_and_undo(desk: Desk) -> None:
    first = await past_chat(desk, "First", "one", "1")
    await past_chat(desk, "Second", "two", "2")
    window = desk.window
    assert desk.titles == ["Today", "Second", "First"]
    click_row(window.sidebar.list, row_of(desk, "First"))
    window.sidebar.list.setFocus()
    desk.press("F2", on=window.sidebar.list)
    editor = window.sidebar.list.findChild(QLineEdit, "rename")
    assert isinstance(editor, QLineEdit)
    QTest.keyClicks(editor, "Renamed")
    desk.press("Return", on=editor)
    await desk.until(lambda: "Renamed" in desk.titles)
    await desk.until(lambda: window.windowTitle() == "Renamed")
    window.actions_["pin"].trigger()
    await desk.until(lambda: desk.titles[:2] == ["Pinned", "Renamed"])
    await desk.until(lambda: window.actions_["pin"].text() == "Unpin")
    window.sidebar.list.setFocus()
    desk.press("Del", on=window.sidebar.list)
    await desk.until(lambda: "Renamed" not in desk.titles)
    await desk.until(lambda: window.view.shown_id is None)
    await desk.until(lambda: window.page.notices.texts == ["“Renamed” was deleted."])
    desk.press("Ctrl+Z", on=window.page.composer.field)
    await desk.until(lambda: "Renamed" in desk.titles)
    await desk.until(lambda: window.view.shown_id == first)


async def test_the_menu_of_a_row_is_for_that_row(desk: Desk) -> None:
    await past_chat(desk, "Open", "one", "1")
    await past_chat(desk, "Other", "two", "2")
    view = desk.window.sidebar.list
    click_row(view, row_of(desk, "Open"))
    place = view.visualRect(view.model().index(row_of(desk, "Other"), 0)).center()
    view.customContextMenuRequested.emit(place)
    menu = desk.window.sidebar.findChild(QMenu)
    assert isinstance(menu, QMenu)
    await desk.until(menu.isVisible)
    assert [action.text() for action in menu.actions()] == ["Rename", "Pin", "Delete"]
    for _ in range(3):
        desk.press("Down", on=menu)
    desk.press("Return", on=menu)
    await desk.until(lambda: desk.titles == ["Today", "Open"])
    assert desk.texts == ["one", "1"]


async def test_the_undo_of_the_notice_brings_a_chat_back(desk: Desk) -> None:
    await past_chat(desk, "Kept", "one", "1")
    window = desk.window
    click_row(window.sidebar.list, row_of(desk, "Kept"))
    window.actions_["delete"].trigger()
    await desk.until(lambda: desk.titles == [] and window.page.notices.texts)
    undo = next(button for button in window.page.notices.findChildren(QPushButton) if button.text() == "Undo")
    QTest.mouseClick(undo, LEFT)
    await desk.until(lambda: desk.titles == ["Today", "Kept"])


async def test_what_waited_when_its_chat_was_deleted_is_answered_once_it_is_back(desk: Desk) -> None:
    await desk.say("/long")
    await desk.until(lambda: "tick" in desk.window.page.transcript.book.current(-1).text)
    await desk.say("first")
    await desk.say("second")
    await desk.until(lambda: desk.window.view.queue.count == 2)
    desk.press("Ctrl+Shift+Backspace", on=desk.window)
    await desk.until(lambda: desk.window.view.shown_id is None)
    desk.press("Ctrl+Z", on=desk.window)
    await desk.until(lambda: desk.window.view.shown_id)
    await desk.until(lambda: desk.texts[3::2] == [DEFAULT, DEFAULT])
    tree = desk.window.view.tree
    assert tree
    assert [message.status for message in tree.branch()[1::2]] == [
        MessageStatus.STOPPED,  # what had begun to come is there, to be continued
        MessageStatus.COMPLETE,
        MessageStatus.COMPLETE,
    ]


async def test_a_title_in_another_script_does_not_turn_the_sentence_round(desk: Desk) -> None:
    await past_chat(desk, "رحلة", "one", "1")
    click_row(desk.window.sidebar.list, row_of(desk, "رحلة"))
    desk.window.actions_["delete"].trigger()
    isolate, end = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
    sentence = f"“{isolate}رحلة{end}” was deleted."
    await desk.until(lambda: desk.window.page.notices.texts == [sentence])
    shown = [label.text() for label in desk.window.page.notices.findChildren(QLabel)]
    assert f"\N{LEFT-TO-RIGHT MARK}{sentence}" in shown


async def test_several_chats_are_deleted_and_come_back_together(desk: Desk) -> None:
    for title in ("Fourth", "Third", "Second", "First"):
        await past_chat(desk, title, title, "1")
    window, view = desk.window, desk.window.sidebar.list
    click_row(view, row_of(desk, "Fourth"))
    click_row(view, row_of(desk, "Third"), SHIFT)
    click_row(view, row_of(desk, "First"), CONTROL)
    assert desk.texts == ["Fourth", "1"], "choosing opens nothing"
    view.setFocus()
    assert not window.actions_["rename"].isEnabled()
    desk.press("Del", on=view)
    await desk.until(lambda: desk.titles == ["Today", "Second"])
    await desk.until(lambda: window.view.shown_id is None)
    await desk.until(lambda: window.page.notices.texts == ["3 chats were deleted."])
    desk.press("Ctrl+Z", on=window)
    await desk.until(lambda: desk.titles == ["Today", "First", "Second", "Third", "Fourth"])
    await desk.until(lambda: desk.texts == ["Fourth", "1"])
    assert window.page.notices.texts == []


async def test_several_chats_are_chosen_by_key(desk: Desk) -> None:
    for title in ("Fourth", "Third", "Second", "First"):
        await past_chat(desk, title, title, "1")
    window, view = desk.window, desk.window.sidebar.list
    click_row(view, row_of(desk, "Second"))
    desk.press("Ctrl+PgDown", on=window)
    await desk.until(lambda: desk.texts == ["Third", "1"])
    view.setFocus()
    desk.press("Shift+Up", on=view)
    desk.press("Shift+Up", on=view)
    assert chosen(desk) == ["First", "Second", "Third"]
    desk.press("Esc", on=view)
    assert chosen(desk) == ["First"]
    desk.press("Shift+Down", on=view)
    assert chosen(desk) == ["First", "Second"]
    window.actions_["pin"].trigger()
    await desk.until(lambda: desk.titles == ["Pinned", "First", "Second", "Today", "Third", "Fourth"])
    assert chosen(desk) == ["First", "Second"]
    window.page.composer.setFocus()
    assert chosen(desk) == ["Third"], "commands are for the open chat again"
    view.setFocus()
    desk.press("Ctrl+A", on=view)
    desk.press("Del", on=view)
    await desk.until(lambda: desk.titles == [])
    await desk.until(lambda: window.page.notices.texts == ["4 chats were deleted."])


async def test_a_chat_that_was_not_on_show_comes_back_to_the_list_only(desk: Desk) -> None:
    await past_chat(desk, "Open", "one", "1")
    await past_chat(desk, "Other", "two", "2")
    window, view = desk.window, desk.window.sidebar.list
    click_row(view, row_of(desk, "Open"))
    view.setFocus()
    desk.press("Up", on=view)
    desk.press("Del", on=view)
    await desk.until(lambda: window.page.notices.texts == ["“Other” was deleted."])
    desk.press("Ctrl+Z", on=window)
    await desk.until(lambda: desk.titles == ["Today", "Other", "Open"])
    await desk.until(lambda: not window.undo._steps and not window.tasks.busy)
    assert desk.texts == ["one", "1"]


def chosen(desk: Desk) -> list[str]:
    return [desk.services.store.conversations.get(id).title for id in desk.window.sidebar.chosen_ids]


async def test_the_title_is_renamed_by_a_double_click(desk: Desk) -> None:
    await past_chat(desk, "Old title", "one", "1")
    click_row(desk.window.sidebar.list, 1)
    header = desk.window.page.header
    QTest.mouseDClick(header.label, LEFT)
    assert header.editor.isVisible()
    header.editor.clear()
    QTest.keyClicks(header.editor, "New title")
    desk.press("Return", on=header.editor)
    await desk.until(lambda: desk.titles == ["Today", "New title"] and header.label.text() == "New title")
    QTest.mouseDClick(header.label, LEFT)
    QTest.keyClicks(header.editor, "x")
    desk.press("Esc", on=header.editor)
    assert header.label.isVisible()
    assert header.label.text() == "New title"


async def test_the_row_under_the_pointer_is_seen_in_every_list(desk: Desk) -> None:
    for title in ("Second word", "First word"):
        await past_chat(desk, title, "word", "1")
    window = desk.window
    hover = window._look.theme.color("hover")

    async def is_seen(view: QListView, row: int) -> None:
        place = view.visualRect(view.model().index(row, 0))
        spot = QPointF(view.visualRect(view.model().index(row, 0)).center())
        assert view.viewport().testAttribute(Qt.WidgetAttribute.WA_Hover)  # else Qt sends no such events
        for kind in (QEvent.Type.HoverEnter, QEvent.Type.HoverMove):
            event = QHoverEvent(kind, spot, view.viewport().mapToGlobal(spot), spot)
            QApplication.sendEvent(view.viewport(), event)
        await desk.until(lambda: view.viewport().grab(place).toImage().pixelColor(14, 2) == hover)

    await is_seen(window.sidebar.list, row_of(desk, "Second word"))
    window.sidebar.search.setText("word")
    await desk.until(window.sidebar.results.isVisible)
    await is_seen(window.sidebar.results, 1)
    desk.press("Ctrl+M", on=window)
    popup, models = window.models.popup, window.models.popup.list
    await desk.until(lambda: popup.isVisible() and popup.refresh.isEnabled() and models.model().rowCount() > 2)
    last = models.model().index(models.model().rowCount() - 1, 0)
    assert models.currentIndex() != last
    place, none = QPointF(models.visualRect(last).center()), Qt.MouseButton.NoButton
    over = models.viewport().mapToGlobal(place)
    move = QMouseEvent(QEvent.Type.MouseMove, place, over, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(models.viewport(), move)
    assert models.currentIndex() == last
    popup.close()


async def test_the_open_chat_has_a_bar_that_the_row_under_the_pointer_has_not(desk: Desk) -> None:
    for title in ("Second", "First"):
        await past_chat(desk, title, "word", "1")
    sidebar, accent = desk.window.sidebar, desk.window._look.theme.color("accent")

    def has_bar(view: QListView, row: int, *, right: bool = False) -> bool:
        place = view.visualRect(view.model().index(row, 0))
        picture = view.viewport().grab(place).toImage()
        return picture.pixelColor(place.width() - 10 if right else 9, place.height() // 2) == accent

    for way in (Qt.LayoutDirection.RightToLeft, Qt.LayoutDirection.LeftToRight):
        sidebar.list.setLayoutDirection(way)
        right = way is Qt.LayoutDirection.RightToLeft
        for title, other in (("Second", "First"), ("First", "Second")):
            click_row(sidebar.list, row_of(desk, title))
            assert has_bar(sidebar.list, row_of(desk, title), right=right)
            assert not has_bar(sidebar.list, row_of(desk, other), right=right)
    sidebar.search.setText("word")
    await desk.until(sidebar.results.isVisible)
    assert [has_bar(sidebar.results, row) for row in (0, 1)] == [True, False]


async def test_an_image_that_cannot_be_saved_is_told(desk: Desk) -> None:
    desk.window.page.transcript.image_not_saved.emit("/nowhere/box.png")
    assert "The image could not be saved as /nowhere/box.png." in desk.window.page.notices.texts


async def test_the_ring_round_the_title_stays_inside_the_header(desk: Desk) -> None:
    await past_chat(desk, "Somewhere", "one", "1")
    click_row(desk.window.sidebar.list, row_of(desk, "Somewhere"))
    header = desk.window.page.header
    room = header.rect().adjusted(4, 4, -4, -4)
    await desk.until(lambda: room.contains(header.label.geometry()))
    desk.press("F2", on=desk.window)
    await desk.until(header.editor.isVisible)
    assert room.contains(header.editor.geometry())


async def test_what_cannot_be_sent_stays_in_the_composer(desk: Desk) -> None:
    composer = desk.window.page.composer
    desk.services.settings.update(default_model="nobody/nothing")
    desk.write("precious words")
    desk.press("Return", on=composer.field)
    await desk.until(lambda: composer.error)
    assert composer.draft.text == "precious words"
    assert "nobody" in composer.error
    desk.services.settings.update(default_model="tiny/tiny")
    desk.press("Return", on=composer.field)
    await desk.answered()
    assert desk.texts == ["precious words", DEFAULT]
    assert composer.error == ""


async def test_a_server_that_is_down_is_retried_when_it_is_up(desk: Desk, tiny_engine: TinyEngine) -> None:
    row = ProviderRow("down", "http://127.0.0.1:1/v1")
    desk.services.settings.update(providers=(row,), default_model="down/tiny")
    await desk.say("hello?")
    await desk.answered()
    tree = desk.window.view.tree
    assert tree is not None
    failed = tree.branch()[-1]
    assert failed.status is MessageStatus.FAILED
    assert failed.failure is not None
    assert failed.failure.code == "provider_unreachable"
    desk.services.settings.update(providers=(ProviderRow("down", tiny_engine.url),))
    desk.window.page.transcript.retry_requested.emit(failed.id)
    await desk.until(lambda: desk.texts == ["hello?", DEFAULT])
    await desk.answered()


async def test_answering_again_makes_a_version_and_one_can_go_back(desk: Desk) -> None:
    await desk.say("hello")
    await desk.answered()
    tree = desk.window.view.tree
    assert tree is not None
    first = tree.branch()[-1]
    desk.press("Ctrl+R", on=desk.window)
    await desk.until(lambda: desk.window.view.tree and len(desk.window.view.tree.messages) == 3)
    await desk.answered()
    assert desk.window.view.tree
    assert desk.window.view.tree.branch()[-1].id != first.id
    desk.window.page.transcript.version_requested.emit(first.id)
    await desk.until(lambda: desk.window.view.tree and desk.window.view.tree.branch()[-1].id == first.id)


async def test_drafts_belong_to_their_chats(desk: Desk) -> None:
    await past_chat(desk, "A", "one", "1")
    await past_chat(desk, "B", "two", "2")
    field = desk.window.page.composer.field
    desk.write("for nobody yet")
    click_row(desk.window.sidebar.list, row_of(desk, "A"))
    assert field.toPlainText() == ""
    desk.write("for A")
    click_row(desk.window.sidebar.list, row_of(desk, "B"))
    assert field.toPlainText() == ""
    click_row(desk.window.sidebar.list, row_of(desk, "A"))
    assert field.toPlainText() == "for A"
    desk.press("Ctrl+N", on=desk.window)
    assert field.toPlainText() == "for nobody yet"


async def test_another_process_is_seen_and_followed(desk: Desk, until: Until) -> None:
    """Two stores on one directory are to each other what two processes are."""
    other = open_services(desk.paths)
    other.store.start_watching()
    try:
        turn = await other.engine.send(ChatRequest("/long from elsewhere"))
        await desk.until(lambda: "/long from elsewhere" in desk.titles)
        click_row(desk.window.sidebar.list, row_of(desk, "/long from elsewhere"))
        await desk.until(lambda: len(desk.texts) == 2 and "tick" in desk.texts[1])
        assert not desk.window.page.composer.answering  # it is not ours to stop
        turn.stop()
        await turn.wait()
        tree_ended = MessageStatus.STOPPED
        await desk.until(lambda: desk.window.view.tree and desk.window.view.tree.branch()[-1].status is tree_ended)
        desk.write("hello from here")
        desk.press("Return", on=desk.window.page.composer.field)
        await desk.until(lambda: desk.texts[3:] == [DEFAULT])
        await desk.answered()
        tree = other.store.conversations.tree(turn.conversation_id)
        assert [message.text for message in tree.branch()][2:] == ["hello from here", DEFAULT]
        await other.store.conversations.rename(turn.conversation_id, "Renamed elsewhere")
        await desk.until(lambda: "Renamed elsewhere" in desk.titles)
        await other.store.conversations.trash(turn.conversation_id)
        await desk.until(lambda: desk.titles == [] and desk.window.view.shown_id is None)
    finally:
        await other.close()


async def test_the_first_start_has_the_guide_and_three_questions(guided_desk: Desk) -> None:
    desk = guided_desk
    questions = desk.window.page.welcome.questions
    await desk.until(lambda: all(question.isVisible() for question in questions))
    await desk.until(lambda: desk.window.page.model_button.accessibleName() == "Model: Guide to Parley")
    QTest.mouseClick(questions[0], LEFT)
    await desk.until(lambda: len(desk.texts) == 2)
    await desk.answered()
    assert desk.texts[0] == "How do I get a model?"
    assert "Ollama" in desk.texts[1]


async def test_links_of_the_guide_open_the_manual(guided_desk: Desk) -> None:
    window = guided_desk.window
    window.page.transcript.link_clicked.emit("help:models#ollama", "Ollama")
    manual = window.links.manual
    assert manual is not None
    assert manual.isVisible()
    assert manual.page == "models"
    assert manual.text.verticalScrollBar().value() > 0
    desk_press_f1 = window.actions_["manual"]
    desk_press_f1.trigger()
    assert manual.page == "index"
    manual.close()


async def test_a_misleading_link_asks_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("parley.ui.links.QDesktopServices.openUrl", lambda url: opened.append(url.toString()))
    window = desk.window
    window.page.transcript.link_clicked.emit("https://example.com/", "example.com")
    await desk.until(lambda: opened == ["https://example.com/"])
    window.page.transcript.link_clicked.emit("https://evil.example/", "https://bank.example")
    button: list[QPushButton] = []

    def asked() -> bool:
        button[:] = [found for found in window.findChildren(QPushButton) if found.text() == "Open it"]
        return bool(button) and button[0].isVisible()

    await desk.until(asked)
    assert len(opened) == 1
    QTest.mouseClick(button[0], LEFT)
    await desk.until(lambda: len(opened) == 2)
    window.page.transcript.link_clicked.emit("file:///etc/passwd", "here")
    window.page.transcript.link_clicked.emit("javascript:alert(1)", "here")
    await asyncio.sleep(0.02)
    assert len(opened) == 2


async def test_choosing_a_model(desk: Desk, tiny_engine: TinyEngine) -> None:
    rows = (ProviderRow("tiny", tiny_engine.url), ProviderRow("down", "http://127.0.0.1:1/v1"))
    desk.services.settings.update(providers=rows)
    await desk.services.catalog.models(refresh=True)
    window = desk.window
    desk.press("Ctrl+M", on=window)
    popup = window.models.popup
    await desk.until(popup.isVisible)
    words = [str(popup.models.index(row).data()) for row in range(popup.models.rowCount())]
    assert "Guide to Parley" in words
    assert any("cannot be reached" in word for word in words)
    QTest.keyClicks(popup.search, "guide")
    desk.press("Return", on=popup.search)
    assert not popup.isVisible()
    assert window.models.current == "guide/manual"
    await desk.say("hello")
    await desk.answered()
    conversation = window.view.conversation
    assert conversation is not None
    assert conversation.model == "guide/manual"
    window.models.open_picker()
    QTest.keyClicks(popup.search, "tiny")
    desk.press("Return", on=popup.search)
    await desk.until(lambda: window.models.current == "tiny/tiny")
    await desk.say("hello")
    await desk.answered()
    assert desk.texts[-1] == DEFAULT


async def test_below_640_pixels_the_sidebar_is_a_drawer(desk: Desk) -> None:
    await past_chat(desk, "Somewhere", "one", "1")
    window = desk.window
    window.resize(360, 640)
    await desk.until(lambda: window.frame.narrow)
    assert not window.sidebar.isVisible()
    assert window.width() == 360
    assert window.page.composer.width() <= 360
    QTest.mouseClick(window.page.header.unfold, LEFT)
    assert window.sidebar.isVisible()
    click_row(window.sidebar.list, 1)
    assert not window.sidebar.isVisible()
    assert desk.texts == ["one", "1"]
    desk.press("Ctrl+B", on=window)
    assert window.sidebar.isVisible()
    desk.press("Esc", on=window.sidebar.list)
    assert not window.sidebar.isVisible()
    desk.press("Ctrl+B", on=window)
    QTest.mouseClick(window.frame, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(355, 300))
    shade = window.frame.findChild(QWidget, "shade")
    assert isinstance(shade, QWidget)
    QTest.mouseClick(shade, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(355, 300))
    assert not window.sidebar.isVisible()
    window.resize(1000, 700)
    await desk.until(window.sidebar.isVisible)


async def test_the_window_comes_back_as_it_was(desk: Desk) -> None:
    desk.window.setGeometry(20, 30, 700, 500)
    place = desk.window.geometry()
    desk.press("Ctrl+B", on=desk.window)
    assert not desk.window.sidebar.isVisible()
    await desk.close()
    desk.services = open_services(desk.paths)
    from parley.ui.appearance.look import Look
    from parley.ui.window import Window

    desk.window = Window(desk.services, Look(desk.app))
    desk.window.show()
    desk.window.start()
    assert desk.window.geometry() == place
    assert not desk.window.sidebar.isVisible()
    assert desk.window.page.header.unfold.isVisible()


async def test_themes_and_keys_are_settings(desk: Desk) -> None:
    window = desk.window
    light = window.grab().toImage().pixelColor(5, 650)
    window.actions_["theme_dark"].trigger()
    assert desk.services.settings.options.theme == "dark"
    dark = window.grab().toImage().pixelColor(5, 650)
    assert light.lightness() > 200
    assert dark.lightness() < 60
    window.actions_["send_ctrl_enter"].trigger()
    desk.write("not yet")
    desk.press("Return", on=window.page.composer.field)
    assert desk.texts == []
    desk.press("Ctrl+Return", on=window.page.composer.field)
    await desk.answered()


async def test_settings_of_another_process_arrive(desk: Desk) -> None:
    from parley.settings import Settings

    Settings(desk.paths.settings).update(theme="dark")
    await desk.until(lambda: desk.services.settings.options.theme == "dark")
    assert desk.window.actions_["theme_dark"].isChecked()


async def test_everything_is_mirrored_for_right_to_left(desk: Desk) -> None:
    await past_chat(desk, "عنوان", "one", "1")
    await desk.close()
    desk.app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        await desk.open()
        window = desk.window
        origin = QPoint(0, 0)
        await desk.until(lambda: window.sidebar.mapTo(window, origin).x() > window.page.mapTo(window, origin).x())
        composer = window.page.composer
        send = composer.findChild(QToolButton, "send")
        assert isinstance(send, QToolButton)
        assert send.mapTo(window, origin).x() < window.page.model_button.mapTo(window, origin).x()
        window.resize(400, 640)
        await desk.until(lambda: window.frame.narrow)
        desk.press("Ctrl+B", on=window)
        await desk.until(window.sidebar.isVisible)
        assert window.sidebar.mapTo(window, origin).x() > 0
    finally:
        desk.app.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


async def test_every_control_can_be_reached_and_has_a_name(desk: Desk) -> None:
    await past_chat(desk, "Somewhere", "one", "1")
    window = desk.window
    reached: set[QWidget] = set()
    window.page.composer.field.setFocus()
    for _ in range(60):
        desk.press("Tab")
        focused = QApplication.focusWidget()
        assert focused is not None
        reached.add(focused)
    for control in (window.sidebar.search, window.sidebar.list, window.page.header.more, window.page.model_button):
        assert control in reached, control
    for widget in reached:
        assert widget.accessibleName() or getattr(widget, "text", str)(), widget
    assert all(view.accessibleName() for view in window.findChildren(QListView))


async def test_the_composer_takes_at_most_two_fifths_of_the_height(desk: Desk) -> None:
    desk.window.page.composer.field.setPlainText("line\n" * 400)
    await asyncio.sleep(0.02)
    assert desk.window.page.composer.field.height() <= desk.window.page.height() * TALLEST_SHARE
    assert desk.window.page.header.isVisible()


async def test_the_composer_does_not_move_when_a_chat_begins(desk: Desk) -> None:
    window = desk.window
    for width in (1400, 1000, 700, 400):
        window.resize(width, 700)
        desk.press("Ctrl+N", on=window)
        await asyncio.sleep(0.05)
        before = window.page.composer.geometry()
        await desk.say("hello")
        await desk.answered()
        after = window.page.composer.geometry()
        assert (before.x(), before.width()) == (after.x(), after.width())
        left, column = window.page.transcript.column()
        assert (after.x(), after.width()) == (left, column)


async def test_next_and_previous_chat_by_key(desk: Desk) -> None:
    for title in ("C", "B", "A"):
        await past_chat(desk, title, title, "1")
    seen = []
    for keys in ("Ctrl+PgDown", "Ctrl+PgDown", "Alt+Down", "Ctrl+PgUp"):
        desk.press(keys, on=desk.window)
        seen.append(desk.texts[0])
    assert seen == ["A", "B", "C", "B"]


async def test_the_greeting_stands_in_the_middle_above_the_composer(desk: Desk) -> None:
    window = desk.window
    window.resize(1300, 900)
    await desk.until(lambda: window.page.shows_welcome and window.page.composer.width() > 600)
    words = window.page.welcome.findChild(QLabel, "welcome")
    assert words is not None

    def middle(widget: QWidget) -> int:
        return widget.mapTo(window, widget.rect().center()).x()

    await desk.until(lambda: abs(middle(words) - middle(window.page.composer.field)) <= 1)


async def test_a_title_that_cannot_be_kept_is_not_lost(desk: Desk) -> None:
    chat = await past_chat(desk, "Before", "one", "1")
    title = " ".join(f"thought{number}" for number in range(3000))  # so that the file must grow
    disk = FullDisk(desk.services.store)
    await disk.fill()
    desk.window.chats.rename(chat, title)
    await desk.until(lambda: any("disk is full" in text for text in desk.window.page.notices.texts))
    await disk.free()
    (again,) = [b for b in desk.window.page.notices.findChildren(QPushButton) if b.text() == "Try again"]
    desk.press("Space", on=again)
    await desk.until(lambda: desk.services.store.conversations.get(chat).title == title)

"""Finding in the conversation on show, and the marks that a search over everything leaves, with real keys."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton

from parley.messages import Message, MessageStatus, Text
from parley.ui.chat.find_bar import FindBar
from parley.ui.transcript import Transcript
from parley.ui.transcript.wanted import Wanted
from tests.ui.conftest import Desk, click_row

LEFT = Qt.MouseButton.LeftButton


async def long_chat(desk: Desk, count: int = 40) -> str:
    """Put a conversation into the store and open it: every fifth answer speaks of a kitchen, twice."""
    turns = desk.services.store.turns
    chat = ""
    for number in range(count):
        kitchen = "A **Kitchen** and a kitchen.\n\n" if number % 5 == 0 else ""
        conversation, _, reply = await turns.begin(
            conversation_id=chat or None, title="Bread", parts=(Text(f"Question {number}"),), model="tiny/tiny"
        )
        chat = conversation.id
        await turns.finish(reply.id, (Text(kitchen + "Some words follow. " * 40),), MessageStatus.COMPLETE)
    click_row(desk.window.sidebar.list, desk.titles.index("Bread"))
    desk.window.page.transcript.viewport().repaint()
    return chat


def bar_of(desk: Desk) -> FindBar:
    bar = desk.window.page.findChild(FindBar)
    assert isinstance(bar, FindBar)
    return bar


def button(bar: FindBar, name: str) -> QToolButton:
    return next(button for button in bar.findChildren(QToolButton) if button.accessibleName() == name)


def marked(view: Transcript) -> list[str]:
    """Return the marked words in sight; the one that one is at in capitals."""
    found = []
    for placed in view.place():
        current = view.marks.current_in(placed.row)
        for span in view.marks.in_cell(placed.row, placed.index):
            word = placed.cell.text(*span)
            found.append(word.upper() if (placed.index, span) == current else word.lower())
    return found


async def test_ctrl_f_finds_as_one_types_and_walks_from_place_to_place(desk: Desk) -> None:
    await long_chat(desk)
    field = desk.window.page.composer.field
    desk.press("Ctrl+F", on=field)
    bar = bar_of(desk)
    assert bar.isVisible()
    assert bar.field.hasFocus()
    QTest.keyClicks(bar.field, "kit")
    await desk.until(lambda: bar.count.text() == "1 of 16")  # nothing below the last answer: the first one of all
    assert marked(desk.window.page.transcript) == ["KIT", "kit"]
    desk.press("Return", on=bar.field)
    assert bar.count.text() == "2 of 16"
    assert marked(desk.window.page.transcript) == ["kit", "KIT"]
    desk.press("Shift+Return", on=bar.field)
    desk.press("Shift+F3", on=bar.field)
    assert bar.count.text() == "16 of 16"
    desk.press("F3", on=bar.field)
    desk.press("Ctrl+G", on=bar.field)
    assert bar.count.text() == "2 of 16"
    desk.press("Ctrl+Shift+G", on=bar.field)
    QTest.mouseClick(bar.next, LEFT)
    QTest.mouseClick(bar.next, LEFT)
    QTest.mouseClick(bar.previous, LEFT)
    assert bar.count.text() == "2 of 16"
    QTest.keyClicks(bar.field, "chen")
    await desk.until(lambda: bar.count.text() == "2 of 16" and marked(desk.window.page.transcript)[-1] == "KITCHEN")


async def test_escape_gives_the_focus_back_and_leaves_the_place_selected(desk: Desk) -> None:
    await long_chat(desk)
    field = desk.window.page.composer.field
    field.setFocus()
    desk.press("Ctrl+F", on=field)
    bar = bar_of(desk)
    QTest.keyClicks(bar.field, "kitchen")
    await desk.until(lambda: bar.count.text() == "1 of 16")
    desk.press("Esc", on=bar.field)
    assert not bar.isVisible()
    assert field.hasFocus()
    view = desk.window.page.transcript
    assert marked(view) == []
    desk.press("Ctrl+C", on=view)
    assert QApplication.clipboard().text() == "Kitchen"
    view.setFocus()
    desk.press("F3", on=view)  # what was found last
    await desk.until(lambda: bar.count.text() == "1 of 16")
    desk.press("Esc", on=bar.field)
    assert view.hasFocus()
    desk.press("Ctrl+F", on=view)
    QTest.mouseClick(button(bar, "Close"), LEFT)
    assert not bar.isVisible()


async def test_the_bar_moves_nothing_and_hides_nothing(desk: Desk) -> None:
    await long_chat(desk)
    bar, view = bar_of(desk), desk.window.page.transcript
    await desk.until(lambda: view.loaded)

    def on_screen() -> dict[int, int]:
        return {id(placed.cell): view.viewport().mapToGlobal(QPoint(0, placed.y)).y() for placed in view.place()}

    for reading in ("above", "at the end"):
        view.reveal(30, 0, 0) if reading == "above" else view.to_latest()
        view.viewport().repaint()
        before = on_screen()
        desk.press("Ctrl+F")
        await desk.until(lambda: bar.isVisible() and view.viewport().y() >= bar.height())
        open_now = on_screen()
        assert all(before[cell] == open_now[cell] for cell in before.keys() & open_now.keys())
        desk.press("Esc")
        await desk.until(lambda: view.viewport().y() == 0)
        assert on_screen() == before
    view.to_start()
    desk.press("Ctrl+F")
    QTest.keyClicks(bar.field, "Question 0")
    await desk.until(lambda: bar.count.text() == "1 of 1")
    assert view.place()[0].y > 0


async def test_escape_closes_the_bar_from_the_text_field_too(desk: Desk) -> None:
    await long_chat(desk)
    field = desk.window.page.composer.field
    desk.press("Ctrl+F")
    field.setFocus()
    desk.press("Esc", on=field)
    assert not bar_of(desk).isVisible()
    assert field.hasFocus()


async def test_case_can_matter_and_what_is_not_there_is_said(desk: Desk) -> None:
    await long_chat(desk)
    desk.press("Ctrl+F")
    bar = bar_of(desk)
    QTest.keyClicks(bar.field, "Kitchen")
    await desk.until(lambda: bar.count.text() == "1 of 16")
    QTest.mouseClick(bar.case, LEFT)
    await desk.until(lambda: bar.count.text() == "1 of 8")
    QTest.keyClicks(bar.field, "zzz")
    await desk.until(lambda: bar.count.text() == "Not found")
    assert not bar.next.isEnabled()
    bar.field.clear()
    await desk.until(lambda: bar.count.text() == "")
    assert marked(desk.window.page.transcript) == []


async def test_finding_begins_where_one_reads(desk: Desk) -> None:
    await long_chat(desk)
    view = desk.window.page.transcript
    index = next(index for index, message in enumerate(view.messages) if message.text == "Question 18")
    view.reveal(index, 0, 0)
    desk.press("Ctrl+F")
    bar = bar_of(desk)
    QTest.keyClicks(bar.field, "kitchen")
    await desk.until(lambda: bar.count.text() == "9 of 16")


async def test_what_is_in_sight_stays_where_it_is(desk: Desk) -> None:
    await long_chat(desk)
    view = desk.window.page.transcript
    await desk.until(lambda: view.loaded)
    for offset in range(0, 24, 5):
        desk.press("Ctrl+F")
        view.reveal(32, 1, 200 + offset)  # in the middle of a long paragraph: no line begins at the upper edge
        view.viewport().repaint()
        before = view.anchor.row, view.anchor.cell, view.anchor.offset
        bar_of(desk).field.clear()
        desk.press("Esc")
        desk.press("Ctrl+F")
        QTest.keyClicks(bar_of(desk).field, "words")
        await desk.until(lambda: "of" in bar_of(desk).count.text())
        assert (view.anchor.row, view.anchor.cell, view.anchor.offset) == before
        desk.press("Esc")


async def test_a_chosen_word_is_what_is_found(desk: Desk) -> None:
    await long_chat(desk)
    view = desk.window.page.transcript
    view.jump_to(view.messages[-9].id)
    view.viewport().repaint()
    placed = next(placed for placed in view.placed if placed.cell.length() and placed.y > 0 and not placed.row.is_user)
    point = QPoint(view.column()[0] + 6, placed.y + 10)
    for _ in range(2):
        QTest.mouseClick(view.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, point)
    word = placed.cell.text(*placed.cell.word_at(0))
    view.setFocus()
    desk.press("Ctrl+F", on=view)
    assert bar_of(desk).field.text() == word


async def test_without_a_conversation_everything_is_searched(desk: Desk) -> None:
    desk.press("Ctrl+F")
    assert desk.window.sidebar.search.hasFocus()
    assert not bar_of(desk).isVisible()
    await long_chat(desk)
    desk.press("Ctrl+Shift+F")
    assert desk.window.sidebar.search.hasFocus()
    desk.press("Ctrl+F")
    assert bar_of(desk).isVisible()
    desk.press("Ctrl+N")
    assert not bar_of(desk).isVisible()


async def test_the_count_follows_an_answer_that_comes(desk: Desk) -> None:
    await desk.say("/long")
    desk.press("Ctrl+F")
    bar, hits = bar_of(desk), desk.window.find_.hits
    QTest.keyClicks(bar.field, "tick")
    await desk.until(lambda: hits.total > 5)
    so_far = hits.total
    await desk.until(lambda: hits.total > so_far + 5)
    desk.press("Esc", on=desk.window.page.transcript)  # the bar first, then the answer
    assert not bar.isVisible()
    assert desk.window.page.composer.answering
    desk.press("Esc", on=desk.window.page.transcript)
    await desk.answered()


async def test_a_jump_marks_all_words_until_escape_or_a_click(desk: Desk) -> None:
    turns = desk.services.store.turns
    conversation, _, reply = await turns.begin(
        conversation_id=None, title="Ovens", parts=(Text("How?"),), model="tiny/tiny"
    )
    filler = "Nothing here. " * 60 + "\n\n"
    text = filler * 20 + "The Café has a stove; *stoves* in the cafe.\n\n" + filler * 20
    await turns.finish(reply.id, (Text(text),), MessageStatus.COMPLETE)
    window = desk.window
    view = window.page.transcript

    async def search() -> None:
        desk.press("Ctrl+K")
        QTest.keyClicks(window.sidebar.search, "cafe sto")
        await desk.until(lambda: window.sidebar.results.isVisible() and window.sidebar.results.model().rowCount() == 1)
        desk.press("Return", on=window.sidebar.search)
        await desk.until(lambda: view.messages and view.marks.wanted)

    await search()
    await desk.until(lambda: marked(view) == ["CAFÉ", "stove", "stoves", "cafe"])
    assert window.view.shown_id == conversation.id
    assert window.sidebar.search.hasFocus()  # the next hit can be chosen
    desk.press("Esc")
    assert window.sidebar.list.isVisible()
    assert marked(view) == []
    await search()
    window.page.composer.setFocus()
    await desk.until(lambda: marked(view) == ["CAFÉ", "stove", "stoves", "cafe"])
    desk.press("Esc")
    assert marked(view) == []
    assert window.sidebar.results.isVisible()
    await search()
    await desk.until(lambda: marked(view) == ["CAFÉ", "stove", "stoves", "cafe"])
    QTest.mouseClick(view.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, view.viewport().rect().center())
    assert marked(view) == []


async def test_the_arrow_keys_walk_the_hits(desk: Desk) -> None:
    await long_chat(desk, 12)
    window, view = desk.window, desk.window.page.transcript
    desk.press("Ctrl+N")
    desk.press("Ctrl+K")
    QTest.keyClicks(window.sidebar.search, "kitchen")
    await desk.until(lambda: window.sidebar.results.isVisible() and window.sidebar.results.model().rowCount() == 3)
    jumped: list[tuple[int, str]] = []
    for keys in (["Return"], ["Down", "Return"], ["Down", "Down", "Return"], ["Up", "Up", "Return"]):
        for key in keys:
            desk.press(key)
        row = window.sidebar.results.currentIndex().row()
        await desk.until(lambda: view.marks.only not in ("", *[only for _, only in jumped[-1:]]))
        jumped.append((row, view.marks.only))
        assert marked(view) == ["KITCHEN", "kitchen"]
    answers = [message.id for message in view.messages if "itchen" in message.text]
    assert jumped == [(0, answers[2]), (1, answers[1]), (2, answers[0]), (0, answers[2])]


async def test_notices_stand_below_the_bar(desk: Desk) -> None:
    await long_chat(desk)
    desk.press("Ctrl+F")
    bar, notices = bar_of(desk), desk.window.page.notices
    notices.show_notice("Something happened.")
    assert notices.geometry().top() >= bar.geometry().bottom()
    desk.press("Esc", on=bar.field)
    assert notices.geometry().top() == 0


async def test_the_bar_fits_a_narrow_window_and_either_direction(desk: Desk) -> None:
    await long_chat(desk)
    desk.window.resize(360, 600)
    desk.press("Ctrl+F")
    bar = bar_of(desk)
    QTest.keyClicks(bar.field, "kitchen")
    await desk.until(lambda: bar.count.text() == "1 of 16")
    body = desk.window.page.body

    def fits() -> bool:
        children = (bar.field, bar.count, bar.previous, bar.next, bar.case)
        inside = all(bar.rect().contains(child.geometry()) for child in children)
        return inside and body.rect().contains(bar.geometry()) and bar.field.width() > 60

    await desk.until(fits)
    desk.app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        await desk.until(lambda: bar.field.x() > bar.next.x() and fits())
    finally:
        desk.app.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


async def newest(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[Message]:
    """Have the newest of a conversation on show, as before the rest has come; return all. News change nothing."""
    await long_chat(desk)
    view = desk.window.page.transcript
    await desk.until(lambda: view.loaded)
    desk.window.view._gather.timeout.disconnect()
    messages = list(view.messages)
    view.refresh(messages[-30:], None, 50)
    return messages


async def test_the_count_grows_while_older_messages_come(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = await newest(desk, monkeypatch)
    view, bar = desk.window.page.transcript, bar_of(desk)
    desk.press("Ctrl+F")
    QTest.keyClicks(bar.field, "kitchen")
    await desk.until(lambda: bar.count.text() == "6…")  # nobody knows yet which is the first
    view.refresh(messages[-60:], None, 20)
    await desk.until(lambda: bar.count.text() == "12…")
    view.refresh(messages)
    await desk.until(lambda: bar.count.text() == "1 of 16")


async def test_a_step_round_the_end_waits_for_what_comes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = await newest(desk, monkeypatch)
    view, bar = desk.window.page.transcript, bar_of(desk)
    view.reveal(0, 0, 0)
    desk.press("Ctrl+F")
    QTest.keyClicks(bar.field, "kitchen")
    await desk.until(lambda: bar.count.text() == "1 of 6…")
    for _ in range(6):
        desk.press("Return", on=bar.field)
    assert bar.count.text() == "6 of 6…"
    view.refresh(messages)
    await desk.until(lambda: bar.count.text() == "1 of 16")
    desk.press("Shift+Return", on=bar.field)
    assert bar.count.text() == "16 of 16"


async def test_a_loading_step_does_not_look_at_what_is_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guard what a step costs while something is looked for: the messages are looked through between frames."""
    messages = await newest(desk, monkeypatch)
    view, bar, hits = desk.window.page.transcript, bar_of(desk), desk.window.find_.hits
    desk.press("Ctrl+F")
    QTest.keyClicks(bar.field, "kitchen")
    await desk.until(lambda: hits.total == 6)
    looked: list[str] = []
    may_be_in = Wanted.may_be_in

    def counted(wanted: Wanted, text: str) -> bool:
        looked.extend([text] if text else [])
        return may_be_in(wanted, text)

    monkeypatch.setattr(Wanted, "may_be_in", counted)
    view.refresh(messages[-60:], None, 20)
    assert not looked
    view.refresh(messages)
    await desk.until(lambda: not hits.searching)
    assert hits.total == 16
    assert len(looked) == 50  # each of the older ones once, and none again

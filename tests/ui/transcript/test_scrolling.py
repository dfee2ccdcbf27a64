"""Long conversations, staying where one reads, following the end."""

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from parley.messages import MessageStatus
from parley.ui.transcript.book import KEPT
from tests.ui.transcript.conftest import Sight, answer, streaming, talk, until, user


def wheel(sight: Sight, notches: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    viewport = sight.view.viewport()
    at = QPointF(viewport.rect().center())
    event = QWheelEvent(
        at,
        viewport.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)
    sight.painted()


def built(sight: Sight) -> int:
    return sum(sight.view.book.built(message.id) is not None for message in sight.view.messages)


def test_ten_thousand_messages(sight: Sight) -> None:
    sight.show(talk(10_000))
    assert sight.follows()
    assert built(sight) < 30
    assert sight.view.placed[-1].row.message.id == "m9999"
    for _ in range(60):
        wheel(sight, 5)
    assert not sight.follows()
    assert built(sight) <= KEPT + 1
    QTest.keyClick(sight.view, Qt.Key.Key_Home)
    sight.painted()
    assert sight.view.placed[0].row_index == 0
    bar = sight.view.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    sight.painted()
    assert 3000 < sight.view.placed[0].row_index < 7000
    assert built(sight) <= KEPT + 1
    QTest.keyClick(sight.view, Qt.Key.Key_End)
    sight.painted()
    assert sight.view.placed[-1].row.message.id == "m9999"


def test_scrolling_there_and_back_is_exact(sight: Sight) -> None:
    sight.show(talk(300))
    sight.view.scroll_by(-3000)
    sight.painted()
    before = sight.lines()
    for step in (-170, -900, 333, 737):
        sight.view.scroll_by(step)
        sight.painted()
    assert sight.lines() == before


def test_a_wheel_moves_by_the_same_on_exact_and_estimated_rows(sight: Sight) -> None:
    sight.show(talk(500))
    wheel(sight, 1)
    for _ in range(30):
        before = sight.lines()
        wheel(sight, 1)
        after = sight.lines()
        moves = {after[key] - before[key] for key in before.keys() & after.keys()}
        assert moves == {96}


def test_reading_above_is_not_disturbed(sight: Sight) -> None:
    sight.show([*talk(30), user("q", "more"), streaming("new")])
    sight.view.begin("new")
    sight.view.scroll_by(-900)
    sight.painted()
    before = sight.lines()
    for number in range(60):
        sight.stream("new", [f"Paragraph {number} with some words.\n\n- item\n", "```py\nx = 1\n", "```\n\n"])
        assert sight.lines() == before
    sight.view.finish("new")
    sight.settled("new")
    assert sight.lines() == before
    assert not sight.follows()


def test_reading_the_upper_part_of_what_is_written(sight: Sight) -> None:
    sight.show([user("q", "more"), streaming("new")])
    sight.view.begin("new")
    pieces = [f"Paragraph {number} with **some** words, and more of them.\n\n" for number in range(80)]
    sight.stream("new", pieces[:60])
    sight.view.scroll_by(-1500)
    sight.painted()
    before = sight.lines()
    sight.stream("new", pieces[60:])
    sight.view.finish("new")
    sight.settled("new")
    assert sight.lines() == before


def test_following_at_the_bottom(sight: Sight) -> None:
    sight.show([*talk(10), streaming("new")])
    sight.view.begin("new")
    for number in range(50):
        sight.stream("new", [f"Line {number}\n\n"])
        last = sight.view.placed[-1]
        assert last.row.message.id == "new"
        assert last.y + last.cell.height <= sight.view.viewport().height()
        assert sight.follows()


def test_the_button_goes_to_the_latest(sight: Sight) -> None:
    sight.show(talk(100))
    assert not sight.view.latest.isVisible()
    wheel(sight, 20)
    assert sight.view.latest.isVisible()
    QTest.mouseClick(sight.view.latest, Qt.MouseButton.LeftButton)
    sight.painted()
    assert sight.follows()
    assert not sight.view.latest.isVisible()


@pytest.mark.parametrize("direction", [Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft])
def test_the_button_stands_beside_the_text(sight: Sight, direction: Qt.LayoutDirection) -> None:
    sight.view.setLayoutDirection(direction)
    sight.show(talk(100))
    for width in (1100, 360):
        sight.view.resize(width, 600)
        wheel(sight, 20)
        left, column = sight.view.column()
        button = sight.view.latest.geometry().translated(-sight.view.viewport().x(), 0)
        over = button.intersected(QRect(left, 0, column, 600)).width()
        assert over <= max(0, button.width() // 2 - (left - 24))
        assert sight.view.viewport().rect().contains(button)
        rtl = direction == Qt.LayoutDirection.RightToLeft
        assert (button.center().x() < left + column // 2) == rtl


def test_the_beginning_stays_in_sight_when_the_upper_edge_is_taken(sight: Sight) -> None:
    for messages in (talk(2), talk(40)):
        sight.show(messages)
        sight.view.to_start()
        sight.painted()
        before = sight.view.placed[0].y
        sight.view.leave_room_above(40)
        sight.painted()
        assert sight.view.placed[0].y == before
        sight.view.leave_room_above(0)
        sight.painted()
        assert sight.view.placed[0].y == before
    sight.show(talk(2))
    sight.view.resize(800, sight.view.heights.total + 20)  # as much as fits, and no more
    sight.painted()
    assert sight.follows()
    before = sight.view.placed[0].y
    sight.view.leave_room_above(40)
    sight.painted()
    assert sight.view.placed[0].y == before
    sight.view.leave_room_above(0)
    sight.painted()
    assert sight.follows()


def test_scrolling_to_the_end_follows_again(sight: Sight) -> None:
    sight.show(talk(50))
    wheel(sight, 2)
    assert not sight.follows()
    wheel(sight, -10)
    assert sight.follows()


def test_few_messages_begin_at_the_top(sight: Sight) -> None:
    sight.show(talk(2))
    assert 0 < sight.view.placed[0].y < 60
    wheel(sight, 3)
    assert sight.follows()
    assert not sight.view.latest.isVisible()


def test_resizing_keeps_the_line(sight: Sight) -> None:
    words = " ".join(f"w{n}" for n in range(4000))
    sight.show([user("q", "x"), answer("long", words), *talk(6)])
    sight.view.jump_to("long", "w2000")
    sight.painted()
    sight.view.scroll_by(100)
    sight.painted()

    def top_word() -> int:
        placed = sight.view.placed[0]
        position = placed.cell.position_at(QPointF(0, 3 - placed.y))
        start, end = placed.cell.word_at(position)
        return int(placed.cell.text(start, end)[1:] or 0)

    first = top_word()
    for width in (420, 700, 380, 900, 800):
        sight.view.resize(width, 600)
        sight.painted()
        assert abs(top_word() - first) < 25
    sight.view.set_zoom(1.5)
    sight.painted()
    assert abs(top_word() - first) < 40


def test_refreshing_keeps_place_and_rows(sight: Sight) -> None:
    messages = talk(200)
    sight.show(messages)
    sight.view.scroll_by(-2500)
    sight.painted()
    before = sight.lines()
    rows = {placed.row.message.id: placed.row for placed in sight.view.placed}
    sight.view.show_messages([*messages, user("new", "one more")])
    sight.painted()
    assert sight.lines() == before
    assert all(sight.row(id) is row for id, row in rows.items())
    sight.view.refresh([*messages[:20], *messages[22:]])
    sight.painted()
    assert sight.lines() == before
    changed = [answer("m21", "other words") if m.id == "m21" else m for m in messages]
    sight.view.refresh(changed)
    assert sight.texts("m21") == "other words"


def test_another_conversation_opens_at_its_end(sight: Sight) -> None:
    from dataclasses import replace

    sight.show(talk(50))
    wheel(sight, 5)
    sight.show([replace(message, id=f"o{message.id}", conversation_id="other") for message in talk(40)])
    assert sight.follows()
    assert sight.view.placed[-1].row.message.id == "om39"
    sight.show([])
    assert sight.view.placed == []


def test_jumping_to_words(sight: Sight) -> None:
    messages = talk(400)
    messages[101] = answer("m101", "filler\n\n" * 200 + "here is the Needle in it\n\n" + "filler\n\n" * 200)
    sight.show(messages)
    sight.view.jump_to("m101", "needle")
    sight.painted()
    marked = [(p, span) for p in sight.view.placed for span in sight.view.marks.in_cell(p.row, p.index)]
    assert [placed.cell.text(*span) for placed, span in marked] == ["Needle"]
    assert 0 < marked[0][0].y + marked[0][0].cell.top_of(marked[0][1][0]) < sight.view.viewport().height() // 2
    sight.view.jump_to("m5")
    sight.painted()
    assert any(placed.row.message.id == "m5" for placed in sight.view.placed)
    sight.view.jump_to("unknown")


def test_keys_scroll(sight: Sight) -> None:
    sight.show(talk(60))
    for key, by in ((Qt.Key.Key_Up, 48), (Qt.Key.Key_PageUp, 552), (Qt.Key.Key_Down, -48), (Qt.Key.Key_PageDown, -552)):
        before = sight.view.anchor.row, sight.lines()
        QTest.keyClick(sight.view, key)
        sight.painted()
        after = sight.lines()
        moves = {after[at] - before[1][at] for at in before[1].keys() & after.keys()}
        assert moves <= {by}


def test_interrupted_while_out_of_sight(sight: Sight) -> None:
    sight.show([*talk(40), streaming("new")])
    sight.view.begin("new")
    sight.view.to_start()
    sight.painted()
    sight.stream("new", ["some words"])
    sight.view.finish(answer("new", "some words", MessageStatus.INTERRUPTED))
    until(lambda: ("settle", "new") not in sight.view.live.slices)
    assert sight.view.messages[-1].status is MessageStatus.INTERRUPTED


def test_entering_by_tab_moves_nothing(sight: Sight) -> None:
    sight.show([answer("a", "filler\n\n" * 60), user("b", "thanks"), answer("c", "filler\n\n" * 60)])
    for row, cell, y, focused in ((0, 1, 400, 0), (1, 0, -100, 1)):
        sight.view.reveal(row, cell, y)
        sight.painted()
        before = sight.lines()
        sight.view.clearFocus()
        sight.view.setFocus(Qt.FocusReason.TabFocusReason)
        sight.painted()
        assert sight.view.focused == focused
        assert sight.lines() == before

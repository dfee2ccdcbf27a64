"""Long conversations come in parts: nothing one reads moves, and what changes costs what has changed."""

import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from parley.messages import Text
from tests.ui.transcript.conftest import Sight, answer, streaming, talk, user


def test_older_messages_come_above_what_one_reads(sight: Sight) -> None:
    whole = talk(400)
    sight.show(whole[340:], unread=340)
    assert not sight.view.loaded
    sight.view.scroll_by(-700)
    sight.painted()
    before = sight.lines()
    told: list[bool] = []
    sight.view.all_loaded.connect(lambda: told.append(sight.view.loaded))
    for start in (250, 100, 0):
        sight.view.refresh(whole[start:], unread=start)
        sight.painted()
        assert sight.lines() == before
    assert told == [True]
    sight.view.scroll_by(-3000)
    sight.painted()
    at = sight.view.placed[0].row_index
    assert sight.view.placed[0].row.message is whole[at]


def test_the_end_stays_in_sight_while_older_messages_come(sight: Sight) -> None:
    whole = talk(400)
    sight.show(whole[340:], unread=340)
    before = sight.lines()
    sight.view.refresh(whole)
    sight.painted()
    assert sight.follows()
    assert sight.lines() == before


def test_the_scroll_bar_knows_of_what_is_to_come(sight: Sight) -> None:
    whole = talk(400)
    sight.show(whole[340:], unread=340)
    bar = sight.view.verticalScrollBar()
    guessed = bar.maximum()
    sight.view.refresh(whole)
    sight.painted()
    assert 0.5 < guessed / bar.maximum() < 2
    sight.view.refresh(whole[:50])
    sight.painted()
    assert bar.maximum() < guessed / 4


def test_dragging_the_bar_to_what_is_to_come_goes_as_far_as_there_is(sight: Sight) -> None:
    whole = talk(400)
    sight.show(whole[340:], unread=340)
    sight.view.verticalScrollBar().setValue(10)
    sight.painted()
    assert sight.view.placed[0].row.message is whole[340]


def test_what_is_selected_stays_so(sight: Sight) -> None:
    whole = talk(100)
    sight.show(whole[60:], unread=60)
    start, end = sight.letter("m98", 0), sight.letter("m98", 8)
    sight.drag(start, end)
    assert sight.copied() == "Question"
    sight.view.refresh(whole)
    sight.painted()
    assert sight.copied() == "Question"


def test_a_click_before_what_came_above_is_painted(sight: Sight) -> None:
    whole = talk(100)
    sight.show(whole[60:], unread=60)
    start, end = sight.letter("m98", 0), sight.letter("m98", 8)
    sight.view.refresh(whole)
    sight.drag(start, end)
    assert sight.copied() == "Question"
    sight.view.refresh(whole[:50])
    QTest.mouseClick(sight.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    sight.show([])
    QTest.mouseClick(sight.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)


def test_a_click_before_what_was_written_is_painted(sight: Sight) -> None:
    sight.show([user("q", "hello"), streaming("a")])
    sight.view.begin("a")
    sight.stream("a", ["First words.\n\n", *["- item\n"] * 30])
    placed = sight.view.placed[-2]
    at = sight.point(placed, QPointF(20, 10))
    sight.view.refresh([user("q", "hello"), answer("a", "Short.")])
    sight.view.finish(answer("a", "Short."))
    sight.view.live.slices._run()
    QTest.mouseClick(sight.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


@pytest.mark.parametrize("ask", ["start", "all", "jump"])
def test_what_needs_all_asks_for_it(sight: Sight, ask: str) -> None:
    whole = talk(200)
    sight.show(whole[140:], unread=140)
    sight.view.all_wanted.connect(lambda: sight.view.refresh(whole))
    if ask == "start":
        QTest.keyClick(sight.view, Qt.Key.Key_Home)
        sight.painted()
        assert sight.view.placed[0].row_index == 0
        assert sight.view.placed[0].row.message.id == "m0"
    elif ask == "all":
        QTest.keyClick(sight.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        assert sight.copied().startswith("Question 0")
    else:
        sight.view.jump_to("m20")
        sight.painted()
        assert "m20" in {placed.row.message.id for placed in sight.view.placed}
    assert sight.view.loaded


def test_another_conversation_is_not_waited_for(sight: Sight) -> None:
    sight.show(talk(60), unread=40)
    sight.show([])
    assert sight.view.loaded
    other = [replace(message, conversation_id="other") for message in talk(3)]
    sight.show(other)
    assert sight.view.loaded
    assert sight.view.verticalScrollBar().maximum() == 0


def calls(work: Callable[[], object]) -> int:
    """Return how many functions something calls."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_a_turn_costs_the_same_in_a_long_conversation(sight: Sight) -> None:
    """Guard what is done when a question is sent, and when an answer ends: not something for each message."""
    found = []
    for count in (200, 6000):
        sight.show([])
        whole = talk(count)
        sight.show(whole)
        asked = [*whole, user("q", "more"), streaming("new")]
        answered = [*asked[:-1], answer("new", "That is it.")]
        rewritten = [*answered]
        rewritten[count // 2] = replace(answered[count // 2], parts=(Text("else"),))
        found.append(
            [
                calls(lambda messages=messages: sight.view.refresh(messages))  # type: ignore[misc]
                for messages in (asked, answered, rewritten)
            ]
        )
        assert sight.view.messages == rewritten
    short, long = found
    assert all(few and many < 3 * few for few, many in zip(short, long, strict=True)), found

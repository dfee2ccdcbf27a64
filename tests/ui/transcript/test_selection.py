"""Selecting with the mouse and the keyboard, and what is copied."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.ui.transcript.conftest import Sight, answer, streaming, talk, until, user

CODE = "```py\nx = 1\ny = 'é🌞' + x\n```"
SHIFT = Qt.KeyboardModifier.ShiftModifier


def three(sight: Sight) -> None:
    sight.show(
        [
            user("q", "What is **this** question"),
            answer(
                "a",
                "First paragraph here.\n\nSecond one 🌞 with emoji.\n\n```py\nx = 1\ny = 'é🌞' + x\n```\n\nThe end.",
            ),
            user("q2", "Thank you"),
        ]
    )


def test_across_messages(sight: Sight) -> None:
    three(sight)
    sight.drag(sight.letter("q", 8), sight.letter("q2", 5))
    assert sight.copied() == (
        "this question\n\nFirst paragraph here.\n\nSecond one 🌞 with emoji.\n\n"
        "x = 1\ny = 'é🌞' + x\n\nThe end.\n\nThank"
    )


def test_backwards(sight: Sight) -> None:
    three(sight)
    sight.drag(sight.letter("a", 5), sight.letter("q", 5))
    assert sight.copied() == "is this question\n\nFirst"


def test_in_code(sight: Sight) -> None:
    three(sight)
    sight.drag(sight.letter("a", 2, 1), sight.letter("a", 13, 1))
    assert sight.copied() == "= 1\ny = 'é🌞"


def test_in_letters_of_two_units(sight: Sight) -> None:
    three(sight)
    start = "First paragraph here.\nSecond one "
    sight.drag(sight.letter("a", len(start)), sight.letter("a", len(start) + 2))
    assert sight.copied() == "🌞"


def test_words_and_paragraphs(sight: Sight) -> None:
    three(sight)
    at = sight.letter("a", 8)
    sight.click(at)
    assert sight.copied() == ""
    sight.click(at)
    assert sight.copied() == "paragraph"
    sight.click(at)
    assert sight.copied() == "First paragraph here."
    at = sight.letter("a", 1, 1) + QPoint(60, 0)
    for _ in range(3):
        sight.click(at)
    assert sight.copied() == "x = 1"


def test_shift_extends(sight: Sight) -> None:
    three(sight)
    sight.click(sight.letter("a", 6))
    sight.click(sight.letter("a", 15), SHIFT)
    assert sight.copied() == "paragraph"
    sight.click(sight.letter("q", 8), SHIFT)
    assert sight.copied() == "this question\n\nFirst "


def test_a_click_selects_nothing(sight: Sight) -> None:
    three(sight)
    sight.drag(sight.letter("q", 0), sight.letter("q", 4))
    sight.click(sight.letter("q", 2))
    assert not sight.view.selection
    assert sight.copied() == ""


def test_all(sight: Sight) -> None:
    three(sight)
    QTest.keyClick(sight.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    text = sight.copied()
    assert text.startswith("What is this question\n\nFirst")
    assert text.endswith("The end.\n\nThank you")
    sight.view.commands.copy_markdown()
    assert "```py\nx = 1\n" in QGuiApplication.clipboard().text()
    assert "**this**" in QGuiApplication.clipboard().text()


def test_all_of_ten_thousand(sight: Sight) -> None:
    messages = talk(10_000)
    sight.show(messages)
    QTest.keyClick(sight.view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    text = sight.copied()
    assert text.count("Question") == 5000
    assert len(text) > sum(len(message.text) for message in messages)


def move(sight: Sight, at: QPoint) -> None:
    viewport = sight.view.viewport()
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove,
        at.toPointF(),
        viewport.mapToGlobal(at.toPointF()),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(viewport, event)


def test_beyond_the_edge_it_scrolls(sight: Sight) -> None:
    sight.show(talk(80))
    viewport = sight.view.viewport()
    start = sight.letter("m79", 3)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    move(sight, QPoint(300, -60))
    until(lambda: sight.view.placed[0].row_index < 60)
    move(sight, QPoint(300, 100))
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(300, 100))
    assert sight.copied().endswith("\n\nAns")
    first, _ = sight.view.selection.ends()
    assert first is not None
    assert first.row < 62


def test_while_streaming(sight: Sight) -> None:
    """What was selected in the tail is still selected when the tail has become other cells, and again at the end."""
    sight.show([user("q", "go"), streaming("new")])
    sight.view.begin("new")
    sight.stream("new", ["The first words, and the next"])
    sight.drag(sight.letter("new", 4), sight.letter("new", 15))
    assert sight.copied() == "first words"
    sight.stream("new", [" words.\n\nAnother para", "graph.\n\n- item\n", "- item two\n\n# Head\n\n```\ncode\n"])
    assert sight.copied() == "first words"
    sight.drag(sight.letter("new", 4), sight.letter("new", 3, 1))
    before = sight.copied()
    assert before.startswith("first words")
    sight.stream("new", ["more\n```\n\n", "end\n\n"] * 5)
    assert sight.copied() == before
    sight.view.finish("new")
    sight.settled("new")
    assert sight.copied() == before


def test_refresh_moves_it_along(sight: Sight) -> None:
    three(sight)
    sight.drag(sight.letter("a", 0), sight.letter("a", 5))
    messages = sight.view.messages
    sight.view.refresh([user("before", "new first"), *messages])
    sight.painted()
    assert sight.copied() == "First"
    sight.view.refresh(messages[:1])
    assert not sight.view.selection

"""The composer by itself: keys, input methods, pastes, growth."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton, QWidget

from parley.ui.appearance.look import Look
from parley.ui.composer.composer import Composer
from parley.ui.composer.drafts import FOLD_CHARACTERS, Draft

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def composer(look: Look) -> Iterator[Composer]:
    window = QWidget()
    composer = Composer(look, window)
    composer.resize(500, 200)
    window.resize(500, 600)
    window.show()
    composer.field.setFocus()
    yield composer
    window.close()
    window.deleteLater()


@pytest.fixture
def sent(composer: Composer) -> list[Draft]:
    drafts: list[Draft] = []
    composer.sent.connect(drafts.append)
    return drafts


def paste(composer: Composer, text: str) -> None:
    data = QMimeData()
    data.setText(text)
    QApplication.clipboard().setMimeData(data)
    QTest.keyClick(composer.field, Qt.Key.Key_V, CTRL)


def compose(composer: Composer, preedit: str, commit: str = "") -> None:
    event = QInputMethodEvent(preedit, [])
    event.setCommitString(commit)
    QApplication.sendEvent(composer.field, event)


def test_enter_sends_and_shift_enter_makes_a_line(composer: Composer, sent: list[Draft]) -> None:
    QTest.keyClicks(composer.field, "one")
    QTest.keyClick(composer.field, Qt.Key.Key_Return, SHIFT)
    QTest.keyClicks(composer.field, "two")
    QTest.keyClick(composer.field, Qt.Key.Key_Return, CTRL)
    QTest.keyClicks(composer.field, "three")
    assert sent == []
    QTest.keyClick(composer.field, Qt.Key.Key_Return)
    assert [draft.text for draft in sent] == ["one\ntwo\nthree"]
    assert composer.field.toPlainText() == "one\ntwo\nthree"  # cleared only once it is stored


def test_control_enter_sends_when_set_so(composer: Composer, sent: list[Draft]) -> None:
    composer.set_send_key("ctrl+enter")
    QTest.keyClicks(composer.field, "one")
    QTest.keyClick(composer.field, Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    QTest.keyClick(composer.field, Qt.Key.Key_Return, SHIFT)
    assert sent == []
    QTest.keyClick(composer.field, Qt.Key.Key_Return, CTRL)
    assert [draft.text.strip() for draft in sent] == ["one"]


def test_nothing_is_sent_while_an_input_method_composes(composer: Composer, sent: list[Draft]) -> None:
    compose(composer, "にほ")
    QTest.keyClick(composer.field, Qt.Key.Key_Return)
    QTest.keyClick(composer.field, Qt.Key.Key_Escape)
    assert sent == []
    compose(composer, "", "日本")
    QTest.keyClick(composer.field, Qt.Key.Key_Return)
    assert [draft.text.strip() for draft in sent] == ["日本"]


def test_nothing_is_sent_from_an_empty_field(composer: Composer, sent: list[Draft]) -> None:
    QTest.keyClicks(composer.field, "  ")
    QTest.keyClick(composer.field, Qt.Key.Key_Return)
    assert sent == []


def test_it_grows_with_its_text_and_then_scrolls(composer: Composer) -> None:
    composer.field.set_tallest(200)
    low = composer.field.height()
    composer.field.setPlainText("\n".join("line" for _ in range(4)))
    middle = composer.field.height()
    composer.field.setPlainText("\n".join("line" for _ in range(500)))
    assert low < middle < composer.field.height() == 200
    composer.field.setPlainText("")
    assert composer.field.height() == low


@pytest.mark.timeout(60)  # a hang, not a figure
def test_a_huge_paste_is_folded_and_sent_whole(composer: Composer, sent: list[Draft]) -> None:
    huge = "all work and no play\n" * 480_000
    QTest.keyClicks(composer.field, "Look:")
    paste(composer, huge)
    QTest.keyClicks(composer.field, " well?")
    assert composer.field.toPlainText() == "Look: well?"
    assert any("Pasted text, 10 MB" in button.text() for button in composer.findChildren(QPushButton))
    QTest.keyClick(composer.field, Qt.Key.Key_Return)
    assert sent[0].whole == f"Look: well?\n\n{huge}"


def test_a_folded_paste_can_be_unfolded_and_removed(composer: Composer) -> None:
    long = "x" * (FOLD_CHARACTERS + 1)
    paste(composer, long)
    paste(composer, long)
    assert composer.draft == Draft("", (long, long))
    unfold = next(button for button in composer.findChildren(QPushButton) if "Pasted" in button.text())
    QTest.mouseClick(unfold, Qt.MouseButton.LeftButton)
    assert composer.draft == Draft(long, (long,))
    remove = next(b for b in composer.findChildren(QToolButton) if b.toolTip() == "Remove" and b.isVisible())
    QTest.mouseClick(remove, Qt.MouseButton.LeftButton)
    assert composer.draft == Draft(long)


def test_a_short_paste_stands_in_the_field(composer: Composer) -> None:
    paste(composer, "two\nlines")
    assert composer.draft == Draft("two\nlines")


def test_stop_stands_where_send_was_while_an_answer_comes(composer: Composer) -> None:
    send, stop = (composer.findChild(QToolButton, name) for name in ("send", "stop"))
    assert isinstance(send, QToolButton)
    assert isinstance(stop, QToolButton)
    stopped: list[int] = []
    composer.stopped.connect(lambda: stopped.append(1))
    composer.set_answering(True)
    assert (send.isVisible(), stop.isVisible()) == (False, True)
    QTest.keyClicks(composer.field, "and then")
    assert (send.isVisible(), stop.isVisible()) == (True, True)
    QTest.keyClick(composer.field, Qt.Key.Key_Escape)
    QTest.mouseClick(stop, Qt.MouseButton.LeftButton)
    assert stopped == [1, 1]


def test_while_it_is_being_stored_nothing_is_lost_or_sent_twice(composer: Composer, sent: list[Draft]) -> None:
    QTest.keyClicks(composer.field, "once")
    composer.set_sending(True)
    QTest.keyClicks(composer.field, "more")
    QTest.keyClick(composer.field, Qt.Key.Key_Return)
    assert sent == []
    assert composer.draft.text == "once"


def test_an_error_stands_beside_the_field_until_escape(composer: Composer) -> None:
    composer.show_error("The disk is full.", "ENOSPC")
    assert composer.error == "The disk is full."
    QTest.keyClick(composer.field, Qt.Key.Key_Escape)
    assert composer.error == ""


def test_every_control_has_a_name(composer: Composer) -> None:
    for button in composer.findChildren(QToolButton):
        assert button.accessibleName()
    assert composer.field.accessibleName()


def test_the_caret_stands_where_the_text_will_start(composer: Composer, qapp: QApplication) -> None:
    field = composer.field
    room = field.viewport().width()
    assert field.cursorRect().x() < room / 4
    field.setPlainText("مرحبا")
    QTest.keyClick(field, Qt.Key.Key_Home)
    assert field.cursorRect().x() > room * 3 / 4
    field.clear()
    assert field.cursorRect().x() < room / 4
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    try:
        assert field.cursorRect().x() > room * 3 / 4, "beside the placeholder"
        QTest.keyClicks(field, "hello")
        QTest.keyClick(field, Qt.Key.Key_Home)
        assert field.cursorRect().x() < room / 4
    finally:
        qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


@pytest.mark.parametrize("right_to_left", [False, True])
def test_the_caret_stands_before_the_hint_and_not_in_it(composer: Composer, right_to_left: bool) -> None:
    field = composer.field
    way = Qt.LayoutDirection
    composer.setLayoutDirection(way.RightToLeft if right_to_left else way.LeftToRight)
    caret = field.cursorRect().left()
    field.clearFocus()  # so that nothing but the hint is drawn
    image = field.viewport().grab().toImage()
    empty = image.pixelColor(image.width() // 2, image.height() - 1)
    painted = [
        column
        for column in range(image.width())
        if any(image.pixelColor(column, row) != empty for row in range(image.height()))
    ]
    near = image.width() // 4
    assert caret - near < max(painted) <= caret if right_to_left else caret <= min(painted) < caret + near
    QTest.keyClicks(field, "x")
    assert field.viewport().grab().toImage() != image
    compose(composer, "に")
    field.clear()

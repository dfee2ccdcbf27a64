"""Editing a message in its place: the field, its keys and buttons, and what becomes of what was written."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from parley.messages import Message
from parley.ui.transcript.editor import Editor
from tests.ui.transcript.conftest import Sight, answer, talk, until, user

NONE = Qt.KeyboardModifier.NoModifier


def editor(sight: Sight, id: str) -> Editor:
    found = sight.view.editors.editor(id)
    assert found is not None
    return found


def heard(sight: Sight) -> list[tuple[object, ...]]:
    said: list[tuple[object, ...]] = []
    sight.view.edited.connect(lambda *told: said.append(("edited", *told)))
    sight.view.edit_cancelled.connect(lambda *told: said.append(("cancelled", *told)))
    return said


def click(button: object) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)  # type: ignore[call-overload]


def pair() -> list[Message]:
    return [user("q", "a question"), answer("a", "an **answer**")]


def focus(sight: Sight, index: int) -> None:
    sight.view.window().activateWindow()
    sight.view.setFocus()
    until(sight.view.hasFocus)
    sight.view.focused = index
    sight.painted()


def test_a_question_is_edited_in_place_and_sent_again(sight: Sight) -> None:
    said = heard(sight)
    sight.show(pair())
    sight.press("q", "edit")
    field = editor(sight, "q").field
    until(field.hasFocus)
    assert field.toPlainText() == "a question"
    left, width = sight.view.column()
    assert editor(sight, "q").geometry().left() == left
    assert editor(sight, "q").width() == width
    QTest.keyClicks(field, " indeed")
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClicks(field, "?")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert said == [("edited", "q", "a question indeed\n?", True)]
    assert field.isReadOnly()
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert len(said) == 1
    sight.view.editors.fail("q", "It did not work.")
    assert not field.isReadOnly()
    assert editor(sight, "q").isAncestorOf(field)
    sight.view.editors.end("q")
    assert sight.view.editors.editor("q") is None
    assert sight.view.hasFocus()
    assert sight.view.focused == 0
    assert sight.texts("q") == "a question"


def test_the_send_key(sight: Sight) -> None:
    said = heard(sight)
    sight.view.editors.set_send_key("ctrl+enter")
    sight.show(pair())
    sight.view.editors.begin("q")
    field = editor(sight, "q").field
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert not said
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert said == [("edited", "q", "a question", True)]


def test_saved_without_an_answer(sight: Sight) -> None:
    said = heard(sight)
    sight.show(pair())
    sight.view.editors.begin("q")
    QTest.keyClicks(editor(sight, "q").field, "!")
    click(editor(sight, "q").save_only)
    assert said == [("edited", "q", "a question!", False)]


def test_an_answer_can_only_be_saved(sight: Sight) -> None:
    said = heard(sight)
    sight.show(pair())
    sight.press("a", "edit")
    made = editor(sight, "a")
    assert made.save_only.isHidden()
    assert made.text == "an **answer**"
    QTest.keyClick(made.field, Qt.Key.Key_Return)
    QTest.keyClicks(made.field, "more")
    assert not said
    click(made.go)
    assert said == [("edited", "a", "an **answer**\nmore", False)]


def test_saving_what_was_not_changed_changes_nothing(sight: Sight) -> None:
    said = heard(sight)
    sight.show(pair())
    sight.view.editors.begin("a")
    click(editor(sight, "a").go)
    assert not said
    assert sight.view.editors.editor("a") is None


def test_escape_leaves_it_and_tells_what_was_written(sight: Sight) -> None:
    said = heard(sight)
    sight.show(pair())
    sight.view.editors.begin("q")
    QTest.keyClick(editor(sight, "q").field, Qt.Key.Key_Escape)
    assert not said
    sight.view.editors.begin("q")
    QTest.keyClicks(editor(sight, "q").field, " more")
    QTest.keyClick(editor(sight, "q").field, Qt.Key.Key_Escape)
    assert said == [("cancelled", "q", "a question more")]
    assert "q" not in sight.view.editors
    assert sight.texts("q") == "a question"


def test_nothing_cannot_be_sent(sight: Sight) -> None:
    said = heard(sight)
    sight.show(pair())
    sight.view.editors.begin("q")
    made = editor(sight, "q")
    made.field.clear()
    assert not made.go.isEnabled()
    assert not made.save_only.isEnabled()
    QTest.keyClick(made.field, Qt.Key.Key_Return)
    assert not said


def test_it_grows_with_its_text_and_what_is_below_moves_down(sight: Sight) -> None:
    sight.show(pair())
    sight.view.editors.begin("q")
    sight.painted()
    made = editor(sight, "q")
    before, below = made.height(), sight.placed("a").y
    for _ in range(4):
        QTest.keyClick(made.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    sight.painted()
    assert made.height() > before
    assert sight.placed("a").y - below == made.height() - before
    made.field.setPlainText("line\n" * 500)
    sight.painted()
    assert made.height() < sight.view.viewport().height()


def test_a_draft_survives_scrolling_away(sight: Sight) -> None:
    sight.show(talk(300))
    sight.view.to_start()
    sight.painted()
    sight.view.editors.begin("m2")
    QTest.keyClicks(editor(sight, "m2").field, " and more")
    sight.view.to_latest()
    sight.painted()
    made = editor(sight, "m2")
    assert not made.geometry().intersects(sight.view.viewport().rect())
    assert made.field.hasFocus()
    for step in range(0, 300, 7):  # more rows than stay built
        sight.view.reveal(step, 0, 0)
        sight.painted()
    QTest.keyClicks(made.field, "!")  # what is typed comes into sight
    sight.painted()
    assert made.geometry().intersects(sight.view.viewport().rect())
    assert made.text == "Question 2 and more!"


def test_a_draft_survives_another_conversation(sight: Sight) -> None:
    sight.show(pair())
    sight.view.editors.begin("q")
    made = editor(sight, "q")
    QTest.keyClicks(made.field, " more")
    made.field.moveCursor(made.field.textCursor().MoveOperation.Start)
    other = [Message("o", "other", None, user("o", "x").role, (), user("o", "x").status, 0.0)]
    sight.show(other)
    assert sight.view.editors.editor("q") is None
    sight.show(pair())
    again = editor(sight, "q")
    assert again is not made
    assert again.text == "a question more"
    assert again.field.textCursor().position() == 0
    assert again.isVisible()


def test_it_stays_while_the_conversation_is_refreshed(sight: Sight) -> None:
    sight.show(pair())
    sight.view.editors.begin("q")
    made = editor(sight, "q")
    sight.view.refresh([*pair(), user("q2", "next")])
    sight.painted()
    assert editor(sight, "q") is made
    assert made.isVisible()
    sight.view.refresh(pair()[1:])
    sight.painted()
    assert sight.view.editors.editor("q") is None


def test_the_buttons_stand_one_below_the_other_where_it_is_narrow(sight: Sight) -> None:
    sight.view.resize(300, 500)
    sight.show(pair())
    sight.view.editors.begin("q")
    sight.painted()
    made = editor(sight, "q")
    assert made.width() <= sight.view.viewport().width()
    for button in (made.go, made.save_only, made.cancel):
        assert made.rect().contains(button.geometry())
    assert made.go.y() != made.cancel.y()


def test_tab_reaches_the_buttons(sight: Sight) -> None:
    sight.show(pair())
    sight.view.window().activateWindow()
    sight.view.editors.begin("q")
    made = editor(sight, "q")
    until(made.field.hasFocus)
    for button in (made.go, made.save_only, made.cancel):
        QTest.keyClick(QApplication.focusWidget() or made, Qt.Key.Key_Tab)
        assert button.hasFocus()
    assert sight.view.focused == -1
    made.field.setFocus()
    QTest.keyClick(made.field, Qt.Key.Key_Backtab)
    until(sight.view.hasFocus)
    assert sight.view.focused >= 0


def test_the_wheel_over_a_field_scrolls_the_messages(sight: Sight) -> None:
    sight.show(talk(60))
    sight.view.to_start()
    sight.painted()
    sight.view.editors.begin("m0")
    sight.painted()
    before = editor(sight, "m0").y()
    place = sight.view.viewport().mapTo(sight.view.window(), editor(sight, "m0").geometry().center())
    QTest.wheelEvent(sight.view.window().windowHandle(), place, QPoint(0, -120))
    sight.painted()
    assert editor(sight, "m0").y() < before


def test_it_wears_another_direction(sight: Sight, qapp: QApplication) -> None:
    sight.show(pair())
    sight.view.editors.begin("q")
    sight.painted()
    made = editor(sight, "q")
    assert made.go.x() > made.cancel.x()
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    sight.painted()
    until(lambda: made.go.x() < made.cancel.x())
    assert made is editor(sight, "q")

"""Buttons, menus, keys and what a screen reader is told."""

import gc

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from parley.messages import MessageStatus
from parley.ui import theme
from parley.ui.transcript import Transcript
from parley.ui.transcript.codecell import CodeCell
from tests.ui.transcript.conftest import Sight, answer, talk, until, user


def clipboard() -> str:
    return QGuiApplication.clipboard().text()


def entries(sight: Sight) -> list[str]:
    menu = sight.view.commands.menu
    return [entry.text() for entry in menu.actions() if entry.text()] if menu else []


def choose(sight: Sight, text: str) -> None:
    menu = sight.view.commands.menu
    assert menu is not None
    next(entry for entry in menu.actions() if entry.text() == text).trigger()
    menu.close()


def test_copy_code(sight: Sight) -> None:
    sight.show([answer("a", "```py\nx = 1\ny = 2\n```")])
    sight.press("a", "copy-code")
    assert clipboard() == "x = 1\ny = 2"
    cell = sight.placed("a", CodeCell).cell
    assert isinstance(cell, CodeCell)
    assert cell.copied
    until(lambda: not cell.copied)


def test_copy_and_regenerate(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", "some **words**")])
    sight.press("a", "copy")
    assert clipboard() == "some **words**"
    assert sight.row("a").foot.copied
    sight.press("a", "regenerate")
    assert sight.asked == [("regenerate", "a")]
    until(lambda: not sight.row("a").foot.copied)


def test_a_press_that_ends_elsewhere_does_nothing(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", "words")])
    sight.press("a", "regenerate")
    sight.asked.clear()
    foot = sight.row("a").foot
    hot = next(hot for hot, _, _ in foot._actions() if hot.action == "regenerate")
    placed = next(placed for placed in sight.view.placed if placed.cell is foot)
    at = sight.point(placed, hot.rect.center())
    QTest.mousePress(sight.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
    QTest.mouseRelease(
        sight.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at + QPoint(200, 0)
    )
    assert sight.asked == []


def test_versions(sight: Sight) -> None:
    versions = {"a2": [answer("a1", "x"), answer("a2", "y"), answer("a3", "z")]}
    sight.show([user("q", "x"), answer("a2", "y")], versions=versions)
    sight.press("a2", "version", "a1")
    sight.press("a2", "version", "a3")
    assert sight.asked == [("version", "a1"), ("version", "a3")]


def test_nothing_to_do_while_it_streams(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", "", MessageStatus.STREAMING)])
    sight.view.begin("a")
    sight.stream("a", ["words"])
    assert sight.row("a").foot._actions() == []


def test_links(sight: Sight) -> None:
    sight.show([answer("a", "see [the **site**](https://example.com/x) and [bad](javascript:alert(1))")])
    sight.hover(sight.letter("a", 7))
    assert sight.view.viewport().cursor().shape() == Qt.CursorShape.PointingHandCursor
    sight.click(sight.letter("a", 7))
    assert sight.asked == [("link", "https://example.com/x", "the site")]
    sight.click(sight.letter("a", 20))
    assert len(sight.asked) == 1
    sight.drag(sight.letter("a", 5), sight.letter("a", 9))
    assert len(sight.asked) == 1


def open_menu(sight: Sight, at: QPoint) -> None:
    viewport = sight.view.viewport()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, viewport.mapToGlobal(at))
    QApplication.sendEvent(viewport, event)


def test_context_menu(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", "see [it](https://example.com) now\n\n```py\n1\n```")])
    open_menu(sight, sight.letter("a", 5))
    assert entries(sight) == [
        "Copy link", "Copy", "Copy as Markdown", "Regenerate", "Copy code (Python)", "it", "Select all",
    ]  # fmt: skip
    choose(sight, "Copy link")
    assert clipboard() == "https://example.com"
    sight.drag(sight.letter("a", 0), sight.letter("a", 3))
    open_menu(sight, sight.letter("a", 1))
    assert entries(sight) == ["Copy", "Copy as Markdown", "Select all"]
    choose(sight, "Copy")
    assert clipboard() == "see"
    open_menu(sight, QPoint(5, 590))
    choose(sight, "Select all")
    assert sight.copied().endswith("1")


def test_tab_goes_from_message_to_message(qapp: QApplication) -> None:
    window = QWidget()
    column = QVBoxLayout(window)
    before, view, after = QLineEdit(), Transcript(theme.LIGHT), QLineEdit()
    for widget in (before, view, after):
        column.addWidget(widget)
    view.show_messages(talk(4))
    window.resize(600, 700)
    window.show()
    window.activateWindow()
    before.setFocus()
    until(before.hasFocus)
    view.to_start()
    view.viewport().repaint()
    seen = []
    for _ in range(9):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        seen.append(view.focused if view.hasFocus() else "after" if after.hasFocus() else "other")
        if after.hasFocus():
            break
    assert seen[-1] == "after"
    assert [place for place in seen if isinstance(place, int)] == sorted({p for p in seen if isinstance(p, int)})
    QTest.keyClick(after, Qt.Key.Key_Backtab)
    until(view.hasFocus)
    assert view.focused == 3
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.focused == -1
    QTest.keyClick(view, Qt.Key.Key_Tab)
    until(after.hasFocus)
    window.close()
    window.deleteLater()


def test_the_menu_by_key(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", "words", reasoning="thought")])
    sight.view.setFocus()
    sight.view.keys.step(-1)
    sight.view.focused = 1
    QTest.keyClick(sight.view, Qt.Key.Key_Return)
    assert entries(sight) == ["Copy", "Copy as Markdown", "Regenerate", "Show reasoning"]
    choose(sight, "Regenerate")
    assert sight.asked == [("regenerate", "a")]
    QTest.keyClick(sight.view, Qt.Key.Key_Menu)
    choose(sight, "Show reasoning")
    assert sight.row("a").head.open
    QTest.keyClick(sight.view, Qt.Key.Key_Space)
    assert not sight.row("a").head.open


def test_control_and_arrows_reach_every_message(sight: Sight) -> None:
    sight.show(talk(200))
    sight.view.setFocus()
    for _ in range(60):
        QTest.keyClick(sight.view, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
        sight.painted()
        assert any(placed.row_index == sight.view.focused for placed in sight.view.placed)
    assert sight.view.focused < 145


def test_screen_reader(sight: Sight) -> None:
    sight.show([user("q", "a question"), answer("a", "an **answer**"), *talk(40)[1:]])
    sight.view.to_start()
    sight.painted()
    found = QAccessible.queryAccessibleInterface(sight.view)
    assert found is not None
    assert found.role() == QAccessible.Role.List
    assert found.childCount() == 41
    children = [found.child(index) for index in range(found.childCount())]
    assert all(child.role() == QAccessible.Role.ListItem for child in children)
    assert children[0].text(QAccessible.Text.Name) == "You\na question"
    assert children[1].text(QAccessible.Text.Name) == "Answer\nan answer"
    assert children[1].text(QAccessible.Text.Value) == "an **answer**"
    assert [found.indexOfChild(child) for child in children] == list(range(41))
    rect = children[1].rect()
    assert rect.width() > 500
    assert found.rect().contains(rect.topLeft())
    assert found.childAt(rect.center().x(), rect.top() + 12) is children[1]
    assert children[-1].state().offscreen
    sight.view.setFocus()
    sight.view.keys.step(1)
    until(sight.view.hasFocus)
    assert found.focusChild() is children[sight.view.focused]
    assert children[sight.view.focused].state().focused
    sight.view.refresh(sight.view.messages[:5])
    assert found.childCount() == 5
    assert not children[30].isValid()
    assert children[30].text(QAccessible.Text.Name) == ""


def test_screen_reader_outlives_the_widget(qapp: QApplication) -> None:
    for _ in range(5):
        view = Transcript(theme.LIGHT)
        view.show_messages(talk(3))
        view.show()
        found = QAccessible.queryAccessibleInterface(view)
        assert found is not None
        child = found.child(1)
        view.close()
        view.deleteLater()
        del view
        QApplication.sendPostedEvents(None, 52)  # DeferredDelete
        gc.collect()
        assert not child.isValid()
        assert child.text(QAccessible.Text.Name) == ""

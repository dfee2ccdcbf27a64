"""Buttons, menus, keys and what a screen reader is told."""

import gc
from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt
from PySide6.QtGui import QAccessible, QColor, QContextMenuEvent, QGuiApplication, QHelpEvent, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QToolTip, QVBoxLayout, QWidget

from parley.messages import Failure, Message, MessageStatus, Usage
from parley.ui.appearance import theme
from parley.ui.transcript import Transcript, icons
from parley.ui.transcript.codecell import CodeCell
from parley.ui.transcript.painting import row_rect
from parley.ui.transcript.places import corner
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
    assert clipboard() == "some words"
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
        "Copy link", "Copy", "Copy as Markdown", "Regenerate", "Regenerate with…", "Edit", "Message information",
        "Delete", "Copy code (Python)", "it", "Select all",
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
    assert entries(sight) == [
        "Copy", "Copy as Markdown", "Regenerate", "Regenerate with…", "Edit", "Message information", "Delete",
        "Show reasoning",
    ]  # fmt: skip
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


def cut_off(id: str) -> Message:
    return replace(answer(id, "An answer that"), usage=Usage(10, 5, 0.5, 2.0, reason="length"))


def key(sight: Sight, id: str, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key while a message has the focus."""
    sight.view.window().activateWindow()
    sight.view.setFocus()
    until(sight.view.hasFocus)
    sight.view.focused = sight.view.book.index_of(id)
    QTest.keyClick(sight.view, key, modifier)


def buttons(sight: Sight, id: str) -> list[str]:
    """Return what can be pressed below a message, in order."""
    return [hot.action for hot, icon, _ in sight.row(id).foot._actions() if icon]


def test_the_row_below_a_message_is_calm(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", "y")])
    assert buttons(sight, "q") == ["copy", "edit", "more"]
    assert buttons(sight, "a") == ["copy", "regenerate", "edit", "more"]


def test_every_button_is_large_enough_to_hit(sight: Sight) -> None:
    sight.show([user("q", "x"), cut_off("a")])
    for id in ("q", "a"):
        foot = sight.row(id).foot
        for hot, icon, _ in [*foot._actions(), *foot._buttons()]:
            assert hot.rect.height() >= 28
            assert not icon or hot.rect.width() >= 28
            assert hot.rect.left() + 5 >= 0
            assert hot.rect.right() - 5 <= foot.width


def test_the_buttons_of_a_failure_fit_a_narrow_column_of_large_letters(sight: Sight) -> None:
    sight.view.resize(360, 700)
    sight.view.set_zoom(3.0)
    sight.show([replace(answer("f", "Half an", MessageStatus.FAILED), failure=Failure("error", "Went wrong."))])
    foot = sight.row("f").foot
    assert foot._buttons()
    assert all(hot.rect.left() >= 0 and hot.rect.right() <= foot.width for hot, _, _ in foot._buttons())


def test_the_buttons_of_what_a_person_said_stand_below_its_box(sight: Sight) -> None:
    sight.show([user("q", "short"), answer("a", "y")])
    placed = next(placed for placed in sight.view.placed if placed.cell is sight.row("q").foot)
    box = row_rect(sight.view, placed)
    left, width = sight.view.column()
    for hot, _, _ in sight.row("q").foot._actions():
        rect = hot.rect.translated(corner(sight.view, placed))
        assert rect.top() >= box.bottom()
        assert left + width / 2 < rect.left()
        assert rect.right() <= left + width + 6


def test_what_broke_off_can_go_on(sight: Sight) -> None:
    stopped = answer("s", "Half an", MessageStatus.STOPPED)
    failed = replace(answer("f", "Half an", MessageStatus.FAILED), failure=Failure("error", "Went wrong."))
    for message in (stopped, failed, answer("i", "Half an", MessageStatus.INTERRUPTED), cut_off("l")):
        sight.asked.clear()
        sight.show([message])
        sight.press(message.id, "continue")
        assert sight.asked == [("continue", message.id)]
        sight.view.clear()
    sight.show([cut_off("l")])
    assert sight.row("l").foot.state_words() == "The answer was cut off at the length limit."
    for message in (answer("s", "", MessageStatus.STOPPED), answer("c", "Complete"), user("q", "x")):
        sight.show([message])
        assert all(hot.action != "continue" for hot, _, _ in sight.row(message.id).foot._buttons())
        sight.view.clear()


def test_keys_act_on_the_focused_message(sight: Sight) -> None:
    sight.show([user("q", "x"), cut_off("a")])
    key(sight, "a", Qt.Key.Key_C)
    key(sight, "a", Qt.Key.Key_R)
    key(sight, "a", Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    key(sight, "a", Qt.Key.Key_I)
    key(sight, "q", Qt.Key.Key_Delete)
    key(sight, "q", Qt.Key.Key_C)  # a question cannot go on
    key(sight, "q", Qt.Key.Key_R)
    assert sight.asked == [
        ("continue", "a"), ("regenerate", "a"), ("regenerate-with", "a"), ("info", "a"), ("delete", "q"),
        ("regenerate", "q"),
    ]  # fmt: skip
    key(sight, "a", Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert clipboard() == "An answer that"
    key(sight, "q", Qt.Key.Key_E)
    assert "q" in sight.view.editors


def test_no_key_acts_where_no_message_has_the_focus(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", "y")])
    sight.view.setFocus()
    sight.view.focused = -1
    for pressed in (Qt.Key.Key_E, Qt.Key.Key_R, Qt.Key.Key_I, Qt.Key.Key_Delete):
        QTest.keyClick(sight.view, pressed)
    assert sight.asked == []
    assert "q" not in sight.view.editors


def test_versions_by_key(sight: Sight, qapp: QApplication) -> None:
    versions = {"a2": [answer("a1", "x"), answer("a2", "y"), answer("a3", "z")]}
    sight.show([user("q", "x"), answer("a2", "y")], versions=versions)
    key(sight, "a2", Qt.Key.Key_Left)
    key(sight, "a2", Qt.Key.Key_Right)
    assert sight.asked == [("version", "a1"), ("version", "a3")]
    sight.asked.clear()
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    key(sight, "a2", Qt.Key.Key_Left)
    assert sight.asked == [("version", "a3")]


def test_the_focus_stays_with_another_version_and_goes_to_a_neighbour(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a1", "y"), user("q2", "z")])
    key(sight, "a1", Qt.Key.Key_Shift)
    versions = {"a2": [answer("a1", "y"), answer("a2", "y")]}
    sight.view.refresh([user("q", "x"), answer("a2", "y")], versions)
    assert sight.view.focused == 1
    sight.view.refresh([user("q", "x")])
    assert sight.view.focused == 0
    sight.view.refresh([])
    assert sight.view.focused == -1


def test_the_more_button_opens_the_menu_with_its_keys(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", "words")])
    sight.press("q", "more")
    menu = sight.view.commands.menu
    assert menu is not None
    until(menu.isVisible)
    keys = {entry.text(): entry.shortcut().toString() for entry in menu.actions() if entry.text()}
    assert keys == {
        "Copy": "Ctrl+C",
        "Copy as Markdown": "Ctrl+Shift+C",
        "Answer again": "R",
        "Edit": "E",
        "Message information": "I",
        "Delete": "Del",
    }
    assert sight.view.commands.row is sight.row("q")
    choose(sight, "Delete")
    assert sight.asked == [("delete", "q")]
    assert sight.view.commands.row is None


def test_buttons_say_their_name_and_key(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", "words")])
    foot = sight.row("a").foot
    placed = next(placed for placed in sight.view.placed if placed.cell is foot)
    shown = []
    for hot, _, _ in foot._actions():
        at = sight.point(placed, hot.rect.center())
        viewport = sight.view.viewport()
        QApplication.sendEvent(viewport, QHelpEvent(QEvent.Type.ToolTip, at, viewport.mapToGlobal(at)))
        shown.append(QToolTip.text())
    QToolTip.hideText()
    assert shown == ["Copy (Ctrl+C)", "Regenerate (R)", "Edit (E)", "More"]


def test_copies_keep_headings_lists_and_code(sight: Sight) -> None:
    text = "# Title\n\nSome **bold** words.\n\n1. one\n2. two\n   - in\n\n"
    text += "| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx < 1\n```"
    sight.show([answer("a", text)])
    sight.press("a", "copy")
    mime = QGuiApplication.clipboard().mimeData()
    assert mime.text() == "Title\n\nSome bold words.\n\n1. one\n2. two\n  - in\n\na\tb\n1\t2\n\nx < 1"
    html = mime.html()
    for piece in ("<h1>Title</h1>", "<b>bold</b>", "<li>one</li>", "<li>two<ul><li>in", "<th", "x &lt; 1</code></pre>"):
        assert piece in html
    assert html.count("<ol") == 1
    key(sight, "a", Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert clipboard() == text
    assert not QGuiApplication.clipboard().mimeData().hasHtml()


def test_a_selection_is_copied_with_its_look(sight: Sight) -> None:
    sight.show([user("q", "What & why"), answer("a", "# Title\n\nSome **bold** words.")])
    sight.drag(sight.letter("q", 5), sight.letter("a", 10))
    QTest.keyClick(sight.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    html = QGuiApplication.clipboard().mimeData().html()
    assert "&amp; why" in html
    assert clipboard().startswith("& why\n\nTitle")


def test_a_screen_reader_does_what_the_menu_does(sight: Sight) -> None:
    sight.show([user("q", "x"), cut_off("a")])
    found = QAccessible.queryAccessibleInterface(sight.view)
    assert found is not None
    actions = found.child(1).actionInterface()
    assert actions.actionNames() == [
        "copy", "copy-markdown", "continue", "regenerate", "regenerate-with", "edit", "info", "delete",
    ]  # fmt: skip
    assert actions.localizedActionName("regenerate-with") == "Regenerate with…"
    assert actions.keyBindingsForAction("edit") == ["E"]
    actions.doAction("continue")
    actions.doAction("delete")
    assert sight.asked == [("continue", "a"), ("delete", "a")]
    assert "continue" not in found.child(0).actionInterface().actionNames()
    assert found.child(0).text(QAccessible.Text.Name) == "You\nx"


def test_a_screen_reader_finds_the_field(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", "y")])
    found = QAccessible.queryAccessibleInterface(sight.view)
    assert found is not None
    sight.view.editors.begin("q")
    made = sight.view.editors.editor("q")
    assert made is not None
    item = found.child(0)
    assert item.childCount() == 1
    assert item.child(0).object() is made


def test_a_selection_is_copied_as_markdown_by_key(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a", "Some **bold** words.")])
    key(sight, "q", Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    key(sight, "q", Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert clipboard() == "x\n\nSome **bold** words."


def test_a_screen_reader_hears_which_version_it_is(sight: Sight) -> None:
    sight.show([user("q", "x"), answer("a2", "y")], versions={"a2": [answer("a1", "x"), answer("a2", "y")]})
    found = QAccessible.queryAccessibleInterface(sight.view)
    assert found is not None
    assert found.child(1).text(QAccessible.Text.Name) == "Answer\nVersion 2 of 2\ny"


def test_drawings_that_point_nowhere_are_not_turned_round(sight: Sight, qapp: QApplication) -> None:
    """A pencil and the arrow of Regenerate stand the same in both directions; a chevron points along the text."""

    def drawn(name: str, *, mirrored: bool) -> QImage:
        image = QImage(40, 40, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        icons.paint(painter, name, QRectF(0, 0, 40, 40), QColor("black"), mirrored=mirrored)
        painter.end()
        return image

    for name in ("edit", "again", "copy", "more"):
        assert drawn(name, mirrored=True) == drawn(name, mirrored=False)
    for name in ("next", "continue"):
        assert drawn(name, mirrored=True) != drawn(name, mirrored=False)

"""Everything by key, and everything with a name: who sees no screen hears what stands there."""

import asyncio
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QAccessible, QColor, QContextMenuEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollBar,
    QStyleOptionMenuItem,
    QWidget,
)

from parley.errors import StoreUnreadable
from parley.messages import Conversation
from parley.paths import Paths
from parley.ui.actions import COMMANDS
from parley.ui.appearance.look import Look
from parley.ui.dialogs import Question
from parley.ui.program.start_failed import StartFailed
from tests.ui.conftest import Desk, click_row
from tests.ui.test_window import past_chat, row_of

KEYS_OF_EDITORS = {"Ctrl+A", "Ctrl+C", "Ctrl+V", "Ctrl+X", "Ctrl+Y", "Ctrl+Shift+Z", "Ctrl+Left", "Ctrl+Right"}


def focusable(root: QWidget) -> Iterator[QWidget]:
    """Yield what the keyboard can reach in a window, its own popups too."""
    for widget in [root, *root.findChildren(QWidget)]:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not isinstance(widget, QScrollBar):
            yield widget


def name_of(widget: QWidget) -> str:
    """Return what a screen reader calls a control."""
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


def nameless(root: QWidget) -> list[str]:
    """Return the controls without a name."""
    return [
        f"{type(widget).__name__}#{widget.objectName()} in {type(widget.parent()).__name__}"
        for widget in focusable(root)
        if not name_of(widget).strip()
    ]


async def test_every_control_of_the_window_has_a_name(desk: Desk) -> None:
    await past_chat(desk, "Somewhere", "one", "1")
    window = desk.window
    click_row(window.sidebar.list, row_of(desk, "Somewhere"))
    window.page.notices.show_notice("Something happened.", action="Undo", detail="somebody's words", error=True)
    desk.press("Ctrl+M", on=window)
    await desk.until(window.models.popup.isVisible)
    window.links.open_manual()
    assert window.links.manual
    for root in (window, window.models.popup, window.links.manual):
        assert list(focusable(root))
        assert nameless(root) == []
    window.links.manual.close()
    window.models.popup.close()
    window.sidebar.list.setFocus()
    desk.press("F2", on=window.sidebar.list)
    editor = window.sidebar.list.findChild(QLineEdit, "rename")
    assert isinstance(editor, QLineEdit)
    assert name_of(editor) == "New title"


def test_the_windows_aside_have_names_too(look: Look, qapp: QApplication, paths: Paths) -> None:
    parent = QWidget()
    failed = StartFailed(paths, StoreUnreadable(path=paths.data, detail="words"))
    for root in (failed, Question("Delete", "Delete it?", "all of it", "Delete", parent)):
        assert list(focusable(root))
        assert nameless(root) == []
        root.deleteLater()
    parent.deleteLater()


async def test_every_menu_entry_has_words(desk: Desk) -> None:
    window = desk.window
    menus = [window.page.header.menu, *window.page.header.menu.findChildren(QMenu)]
    for menu in menus:
        assert all(action.text() for action in menu.actions() if not action.isSeparator())


@pytest.fixture
def right_to_left(qapp: QApplication) -> Iterator[None]:
    qapp.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    yield
    qapp.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


async def test_keys_read_from_left_to_right_everywhere(right_to_left: None, desk: Desk) -> None:
    window = desk.window
    keys = "\N{LEFT-TO-RIGHT ISOLATE}Ctrl+,\N{POP DIRECTIONAL ISOLATE}"
    option = QStyleOptionMenuItem()
    window.page.header.menu.initStyleOption(option, window.actions_["settings"])
    assert option.text == f"Settings\t{keys}"
    button = window.sidebar.findChild(QWidget, "openSettings")
    assert isinstance(button, QWidget)
    assert button.toolTip() == f"Settings ({keys})"


def test_no_key_stands_for_two_commands() -> None:
    keys = [QKeySequence(key).toString() for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))
    assert not KEYS_OF_EDITORS & set(keys)


async def test_every_key_reaches_its_command(guided_desk: Desk) -> None:
    """Two actions with one shortcut would both stay silent: Qt calls that ambiguous."""
    desk = guided_desk
    done: list[str] = []
    desk.window.frame.set_folded(False)
    for command in COMMANDS:
        action = desk.window.actions_[command.id]
        action.setEnabled(True)
        action.triggered.disconnect()
        action.triggered.connect(lambda _=False, id=command.id: done.append(id))
    for command in COMMANDS:
        for key in command.keys:
            done.clear()
            desk.press(key, on=desk.window)
            assert done == [command.id], key


def has_ring(view: QAbstractItemView, row: QModelIndex, colour: QColor) -> bool:
    """Return whether a row is drawn with the ring of what has the keyboard."""
    place = view.visualRect(row)
    return view.viewport().grab(place).toImage().pixelColor(place.width() // 2, 2) == colour


async def test_the_row_that_has_the_keyboard_is_seen_however_it_came_there(guided_desk: Desk) -> None:
    desk = guided_desk
    for title in ("Second", "First"):
        await past_chat(desk, title, title, "1")
    window, view = desk.window, desk.window.sidebar.list
    accent = window._look.theme.color("accent")
    first, second = (view.model().index(row_of(desk, title), 0) for title in ("First", "Second"))

    def begin_with_the_mouse() -> None:
        window.setAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange, False)  # as before any key
        click_row(view, first.row())
        window.page.composer.setFocus()

    begin_with_the_mouse()
    desk.press("F6")
    assert window.focusWidget() is view
    assert has_ring(view, first, accent)
    begin_with_the_mouse()
    QTest.mouseClick(window.sidebar.search, Qt.MouseButton.LeftButton)
    desk.press("Down")
    assert window.focusWidget() is view
    assert has_ring(view, first, accent)
    begin_with_the_mouse()
    click_row(view, first.row(), Qt.KeyboardModifier.ControlModifier)
    assert not has_ring(view, first, accent)
    desk.press("Down", on=view)
    assert has_ring(view, second, accent)


@pytest.mark.parametrize("kind", ["", "primary", "danger", "quiet", "link", "question", "choice"])
async def test_the_ring_is_all_that_a_focused_button_gets(guided_desk: Desk, kind: str) -> None:
    window = guided_desk.window
    button = QPushButton("", window)
    button.setProperty("kind", kind)
    button.setGeometry(400, 100, 200, 40)
    button.show()
    button.setFocus(Qt.FocusReason.ShortcutFocusReason)  # as by a key: the style draws a frame then
    await guided_desk.until(button.hasFocus)
    inside = button.grab(button.rect().adjusted(4, 4, -4, -4)).toImage()
    colours = {inside.pixel(x, y) for x in range(inside.width()) for y in range(inside.height())}
    assert len(colours) == 1


def unringed(root: QWidget) -> list[str]:
    """Return the buttons in sight that look with the keyboard as they do without."""
    found = []
    for button in root.findChildren(QAbstractButton):
        if button.isVisible() and button.isEnabled() and button.focusPolicy() & Qt.FocusPolicy.TabFocus:
            edge = QRect(button.width() // 3, 0, button.width() // 3, 3)
            button.clearFocus()
            before = button.grab(edge).toImage()
            button.setFocus(Qt.FocusReason.ShortcutFocusReason)
            if button.grab(edge).toImage() == before:
                found.append(f"{type(button).__name__} {button.text() or button.accessibleName()}")
    return found


async def test_every_button_shows_that_it_has_the_keyboard(desk: Desk) -> None:
    window = desk.window
    await past_chat(desk, "Somewhere", "one", "1")
    click_row(window.sidebar.list, row_of(desk, "Somewhere"))
    window.page.notices.show_notice("Something happened.", action="Undo", detail="somebody's words", error=True)
    desk.press("Ctrl+F", on=window)
    assert unringed(window) == []
    window.settings_door.open()
    settings = window.settings_door.window
    assert settings
    await desk.until(settings.isActiveWindow)
    for page in settings.pages:
        settings.show_page(page)
        await desk.until(settings.pages[page].isVisible)
        assert unringed(settings) == []


async def test_the_list_by_key(guided_desk: Desk) -> None:
    desk = guided_desk
    for title in ("Third", "Second", "First"):
        await past_chat(desk, title, title, "1")
    window, view = desk.window, desk.window.sidebar.list
    click_row(view, row_of(desk, "First"))
    view.setFocus()
    desk.press("Down", on=view)
    focused = window.sidebar.chosen
    assert focused
    assert focused.title == "Second"
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0))
    QApplication.sendEvent(view, event)
    menu = window.sidebar.findChild(QMenu)
    assert isinstance(menu, QMenu)
    await desk.until(menu.isVisible)
    row = view.visualRect(view.currentIndex())
    hover = window._look.theme.color("hover")
    assert view.viewport().grab(row).toImage().pixelColor(12, row.height() // 2) == hover
    assert view.rect().contains(view.mapFromGlobal(menu.pos()))
    desk.press("Esc", on=menu)
    assert view.viewport().grab(row).toImage().pixelColor(12, row.height() // 2) != hover
    window.activateWindow()
    desk.press("Del", on=view)
    await desk.until(lambda: "Second" not in desk.titles)
    assert window.sidebar.chosen
    assert window.sidebar.chosen.title == "Third"
    assert window.focusWidget() is view
    assert desk.texts == ["First", "1"]
    desk.press("Return", on=view)
    assert desk.texts == ["Third", "1"]
    await desk.until(lambda: "“Second” was deleted." in window.page.notices.texts)
    desk.press("Ctrl+Z", on=window)
    await desk.until(lambda: "Second" in desk.titles)


async def test_what_one_types_at_the_list_is_searched_and_escape_brings_the_list_back(guided_desk: Desk) -> None:
    desk = guided_desk
    for number in range(60):
        await past_chat(desk, f"Chat {number}", "flour" if number == 30 else "water", "1")
    window, view = desk.window, desk.window.sidebar.list
    await desk.until(lambda: len(desk.titles) == 61)
    view.setFocus()
    desk.press("End", on=view)
    place = view.verticalScrollBar().value()
    assert place > 0
    QTest.keyClicks(view, "f")
    assert window.sidebar.search.hasFocus()
    QTest.keyClicks(window.sidebar.search, "lou")
    await desk.until(window.sidebar.results.isVisible)
    assert window.sidebar.results.model().rowCount() == 1
    QTest.keyClicks(window.sidebar.search, "xyz")
    await desk.until(lambda: not window.sidebar.results.isVisible())
    desk.press("Esc", on=window.sidebar.search)
    await desk.until(view.isVisible)
    assert view.verticalScrollBar().value() == place


async def test_enter_opens_what_was_typed_and_not_what_was_found_before(guided_desk: Desk) -> None:
    desk = guided_desk
    await past_chat(desk, "About bread", "My dough", "Sourdough needs a warm kitchen")
    await past_chat(desk, "About rain", "The sky", "Clouds are made of water")
    search = desk.window.sidebar.search
    desk.press("Ctrl+F", on=desk.window)
    QTest.keyClicks(search, "kitchen")
    await desk.until(desk.window.sidebar.results.isVisible)
    search.selectAll()
    QTest.keyClicks(search, "clouds")
    desk.press("Return", on=search)
    await desk.until(lambda: desk.texts)
    assert desk.texts[0] == "The sky"


async def long_after_a_press() -> None:
    """Wait until Qt has done what it does half a second after a press."""
    waited = asyncio.Event()
    QTimer.singleShot(QApplication.doubleClickInterval() + 200, waited.set)
    await waited.wait()


async def test_the_list_stays_where_it_is_while_others_change(guided_desk: Desk) -> None:
    desk = guided_desk
    first = await past_chat(desk, "Chat", "water", "1")
    for number in range(60):
        await past_chat(desk, f"Chat {number}", "water", "1")
    await desk.until(lambda: len(desk.titles) == 62)
    view = desk.window.sidebar.list
    click_row(view, 1)
    bar = view.verticalScrollBar()
    bar.setValue(bar.maximum())
    place = bar.value()
    await desk.services.store.conversations.rename(first, "Renamed")
    await desk.until(lambda: "Renamed" in desk.titles)
    await long_after_a_press()
    assert bar.value() == place


async def test_results_stay_where_they_are(guided_desk: Desk) -> None:
    desk = guided_desk
    for number in range(40):
        await past_chat(desk, f"Chat {number}", "water", "1")
    sidebar = desk.window.sidebar
    sidebar.search.setFocus()
    QTest.keyClicks(sidebar.search, "water")
    await desk.until(sidebar.results.isVisible)
    bar = sidebar.results.verticalScrollBar()
    await desk.until(lambda: bar.maximum() > 200)
    bar.setValue(10)
    click_row(sidebar.results, 0)
    assert bar.value() == 0, "all of the row that was clicked is in sight"
    await desk.until(lambda: desk.texts)
    bar.setValue(bar.maximum())
    await long_after_a_press()
    assert bar.value() == bar.maximum()


async def test_the_drawer_gives_the_focus_back(desk: Desk) -> None:
    window = desk.window
    window.resize(360, 640)
    await desk.until(lambda: window.frame.narrow)
    window.page.composer.field.setFocus()
    desk.press("Ctrl+B", on=window)
    assert window.sidebar.isAncestorOf(QApplication.focusWidget() or window)
    desk.press("Esc")
    assert not window.sidebar.isVisible()
    assert window.page.composer.field.hasFocus()
    desk.press("Ctrl+F", on=window)
    assert window.sidebar.search.hasFocus()
    desk.press("Esc")
    assert not window.sidebar.isVisible()
    assert window.page.composer.field.hasFocus()


@pytest.mark.parametrize("answering", [False, True])
def test_a_row_is_heard_through_the_accessibility_tree(look: Look, qapp: QApplication, answering: bool) -> None:
    from parley.ui.sidebar.conversation_delegate import ConversationDelegate
    from parley.ui.sidebar.conversation_list import ConversationList
    from parley.ui.sidebar.uniform_list import UniformList
    from tests.ui.test_conversation_list import NOW, Shelf

    parent = QWidget()
    view = UniformList(parent)
    shelf = Shelf(0)
    shelf.all = [Conversation("id", "Bread", NOW, NOW, pinned=True, unread=True, answering=answering)]
    chats = ConversationList(shelf, view)
    view.setModel(chats)
    view.setItemDelegate(ConversationDelegate(look, view))
    chats.reload()
    interface = QAccessible.queryAccessibleInterface(view)
    assert interface.role() == QAccessible.Role.List
    assert interface.childCount() == 2
    assert interface.child(0).text(QAccessible.Text.Name) == "Pinned"
    row = interface.child(1)
    assert row.role() == QAccessible.Role.ListItem
    assert row.text(QAccessible.Text.Name).startswith("Bread, pinned, unread answer")
    assert ("being answered" in row.text(QAccessible.Text.Name)) is answering
    parent.deleteLater()


async def test_tab_leads_from_the_header_through_the_messages_to_the_composer(desk: Desk) -> None:
    await past_chat(desk, "Somewhere", "one", "1")
    click_row(desk.window.sidebar.list, row_of(desk, "Somewhere"))
    page = desk.window.page
    await desk.until(page.composer.field.hasFocus)
    desk.press("Shift+Tab", on=page.composer.field)
    assert page.transcript.hasFocus()
    for _ in desk.texts:  # from message to message
        desk.press("Shift+Tab", on=page.transcript)
    assert page.header.more.hasFocus()


async def test_the_title_begins_where_reading_starts(desk: Desk) -> None:
    await past_chat(desk, "Somewhere", "one", "1")
    click_row(desk.window.sidebar.list, row_of(desk, "Somewhere"))
    label = desk.window.page.header.label
    for direction, side in (
        (Qt.LayoutDirection.RightToLeft, Qt.AlignmentFlag.AlignRight),
        (desk.window.layoutDirection(), Qt.AlignmentFlag.AlignLeft),
    ):
        desk.window.setLayoutDirection(direction)
        assert label.alignment() & side
        assert label.alignment() & Qt.AlignmentFlag.AlignAbsolute

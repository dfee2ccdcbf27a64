"""F6 goes from part to part of the window; notices are reached by it, and give the keyboard back."""

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget

from parley.errors import InternalError, NoModel
from parley.messages import MessageStatus, Text
from tests.ui.conftest import Desk, click_row


async def open_chat(desk: Desk) -> None:
    turns = desk.services.store.turns
    _, _, reply = await turns.begin(conversation_id=None, title="Bread", parts=(Text("?"),), model="tiny/tiny")
    await turns.finish(reply.id, (Text("!"),), MessageStatus.COMPLETE)
    click_row(desk.window.sidebar.list, desk.titles.index("Bread"))


async def test_f6_goes_round_and_shift_f6_back(desk: Desk) -> None:
    await open_chat(desk)
    window, page = desk.window, desk.window.page
    page.composer.setFocus()
    desk.press("F6")
    assert window.sidebar.list.hasFocus()
    desk.press("F6")
    assert page.transcript.hasFocus()
    desk.press("Ctrl+F")
    desk.press("F6")
    assert page.transcript.hasFocus()
    desk.press("F6")
    assert page.composer.field.hasFocus()
    window.report(NoModel())
    desk.press("F6")
    notice = QApplication.focusWidget()
    assert notice is not None
    assert page.notices.isAncestorOf(notice)
    desk.press("F6")
    assert window.sidebar.list.hasFocus()
    desk.press("F6")
    assert window.find_.bar.field.hasFocus()
    desk.press("Shift+F6")
    desk.press("Shift+F6")
    assert page.notices.isAncestorOf(QApplication.focusWidget() or page)
    desk.press("Shift+F6")
    assert page.composer.field.hasFocus()


async def test_tab_goes_through_the_sidebar_as_one_reads(desk: Desk) -> None:
    await open_chat(desk)
    sidebar = desk.window.sidebar
    fold = desk.window.actions_["sidebar"]
    next(button for button in sidebar.findChildren(QToolButton) if button.defaultAction() is fold).setFocus()
    gone_through: list[QWidget] = []
    while (focused := QApplication.focusWidget()) and sidebar.isAncestorOf(focused) and focused not in gone_through:
        gone_through.append(focused)
        desk.press("Tab")
    assert len(gone_through) == 6
    assert gone_through[1:4:2] == [sidebar.search, sidebar.list]
    tops = [widget.mapTo(sidebar, QPoint(0, 0)).y() for widget in gone_through[1:]]
    assert tops == sorted(tops)
    assert desk.window.page.isAncestorOf(QApplication.focusWidget() or sidebar)


async def test_f6_leaves_out_what_is_not_there(desk: Desk) -> None:
    window, page = desk.window, desk.window.page
    window.frame.set_folded(True)
    page.composer.setFocus()
    desk.press("F6")
    assert page.composer.field.hasFocus()
    page.notices.show_notice("Something happened.")
    desk.press("Shift+F6")
    assert page.notices.isAncestorOf(QApplication.focusWidget() or page)


async def test_f6_reaches_the_first_question(guided_desk: Desk) -> None:
    page = guided_desk.window.page
    await guided_desk.until(page.welcome.questions[0].isVisible)
    page.composer.setFocus()
    guided_desk.press("Shift+F6")
    assert page.welcome.isAncestorOf(QApplication.focusWidget() or page)


async def test_escape_dismisses_a_notice_and_gives_the_keyboard_back(desk: Desk) -> None:
    page = desk.window.page
    page.notices.show_notice("One went wrong.", error=True)
    page.notices.show_notice("Two went wrong.", error=True)
    page.notices.show_notice("Two went wrong.", error=True)
    assert page.notices.texts == ["One went wrong.", "Two went wrong."]
    desk.press("F6")
    while not page.notices.isAncestorOf(QApplication.focusWidget() or page):
        desk.press("F6")
    desk.press("Esc")
    assert page.notices.texts == ["One went wrong."]
    assert page.notices.isAncestorOf(QApplication.focusWidget() or page)
    desk.press("Esc")
    assert page.notices.texts == []
    assert page.composer.field.hasFocus()


async def test_a_long_notice_wraps_in_a_narrow_window(desk: Desk) -> None:
    window, notices = desk.window, desk.window.page.notices
    window.resize(360, 600)
    sentence = "The disk with the conversations is full, so this answer cannot be saved yet; free some room on it. " * 2
    window.report(InternalError(detail="a.very.long.name.without.any.space." * 20))
    notices.show_notice(sentence.strip(), error=True, action="Show in folder")

    def fits() -> bool:
        labels = [label for label in notices.findChildren(QLabel) if label.isVisible() and label.text()]
        buttons = [button for button in notices.findChildren(QToolButton) if button.isVisible()]
        places = [QRect(part.mapTo(notices, part.rect().topLeft()), part.size()) for part in [*labels, *buttons]]
        tall = all(label.height() >= label.heightForWidth(label.width()) for label in labels)
        inside = all(notices.rect().contains(place) for place in places)
        return bool(places) and tall and inside and window.page.body.rect().contains(notices.geometry())

    await desk.until(fits)


async def test_the_parts_of_a_notice_stand_on_one_line(desk: Desk) -> None:
    notice = desk.window.page.notices.show_notice("It was deleted.", action="Undo", detail="words", error=True)
    await desk.until(notice.isVisible)
    parts = [part for kind in (QLabel, QAbstractButton) for part in notice.findChildren(kind) if part.isVisible()]
    assert len(parts) == 5
    heights = {part.mapTo(notice, part.rect().center()).y() for part in parts}
    assert max(heights) - min(heights) <= 1


async def test_a_notice_stays_in_sight_when_a_chat_is_opened(desk: Desk) -> None:
    page = desk.window.page
    page.notices.show_notice("Something went wrong.", error=True)
    await open_chat(desk)
    await desk.until(page.transcript.isVisible)
    seen = page.body.childAt(page.notices.geometry().center())
    assert seen is not None
    assert page.notices.isAncestorOf(seen)

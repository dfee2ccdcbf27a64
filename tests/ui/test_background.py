"""What closing the window means, the tray, and the messages it shows."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from parley.messages import MessageStatus
from parley.paths import Paths
from parley.settings import Settings
from tests.conftest import Until
from tests.ui.conftest import Desk, click_row
from tests.ui.test_window import past_chat


@pytest.fixture
async def tray_desk(
    qapp: QApplication, paths: Paths, until: Until, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    """A desk whose system has a tray."""
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    Settings(paths.settings).update(discover=False, on_close="tray")
    desk = Desk(qapp, paths, until)
    await desk.open()
    await until(lambda: desk.window.background is not None)
    yield desk
    desk.services.settings.update(on_close="quit")
    await desk.close()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the system was asked to show."""
    said: list[tuple[str, str]] = []
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda self, title, text, icon: said.append((title, text)))
    return said


def ended(desk: Desk) -> list[int]:
    ends: list[int] = []
    desk.window.ended.connect(lambda: ends.append(1))
    return ends


@pytest.fixture
def elsewhere(qapp: QApplication) -> Iterator[QWidget]:
    """Another window to look at."""
    other = QWidget()
    yield other
    other.close()
    other.deleteLater()


async def test_in_the_tray_answers_go_on_and_are_told(
    tray_desk: Desk, said: list[tuple[str, str]], elsewhere: QWidget
) -> None:
    desk, ends = tray_desk, ended(tray_desk)
    background = desk.window.background
    assert background
    assert background.tray
    await desk.say("hello there")
    desk.press("Ctrl+W", on=desk.window)
    elsewhere.show()
    elsewhere.activateWindow()
    assert not desk.window.isVisible()
    assert ends == []
    assert [text for _, text in said] == ["Parley goes on in the tray. Quit it from the menu there."]
    await desk.until(lambda: desk.window.unread.count == 1)
    assert said[1:] == [("hello there", "The answer is there.")]
    assert "1 unread" in background.tray.icon.toolTip()
    background.tray.icon.messageClicked.emit()
    await desk.until(desk.window.isActiveWindow)
    await desk.until(lambda: desk.window.unread.count == 0)
    assert desk.texts[0] == "hello there"
    assert background.tray.icon.toolTip() == "Parley"
    desk.press("Ctrl+W", on=desk.window)
    assert len(said) == 2, "where it goes on is told once"


async def test_the_menu_of_the_tray(tray_desk: Desk) -> None:
    desk, ends = tray_desk, ended(tray_desk)
    await past_chat(desk, "Some", "q", "a")
    background = desk.window.background
    assert background
    assert background.tray
    show, new, leave = background.tray.menu.actions()
    desk.window.close()
    show.trigger()
    assert desk.window.isVisible()
    desk.window.close()
    new.trigger()
    assert desk.window.isVisible()
    assert desk.window.view.shown_id is None
    desk.window.close()
    background.tray.icon.activated.emit(QSystemTrayIcon.ActivationReason.Trigger)
    assert desk.window.isVisible()
    assert ends == []
    leave.trigger()
    assert ends == [1]


async def test_quit_quits_from_the_tray_too(tray_desk: Desk) -> None:
    ends = ended(tray_desk)
    tray_desk.press("Ctrl+Q", on=tray_desk.window)
    assert ends == [1]


async def test_by_default_closing_quits(tray_desk: Desk) -> None:
    ends = ended(tray_desk)
    tray_desk.services.settings.update(on_close="quit")
    tray_desk.window.close()
    assert ends == [1]


async def test_without_a_tray_closing_quits(guided_desk: Desk) -> None:
    desk, ends = guided_desk, ended(guided_desk)
    desk.services.settings.update(on_close="tray")
    await desk.until(lambda: desk.window.background is not None)
    desk.window.close()
    assert ends == [1]


@pytest.mark.parametrize(("notify", "told"), [("hidden", 0), ("inactive", 1), ("never", 0)])
async def test_who_looks_elsewhere_is_told_if_wanted(
    tray_desk: Desk, said: list[tuple[str, str]], elsewhere: QWidget, notify: str, told: int
) -> None:
    desk = tray_desk
    desk.services.settings.update(notify=notify)
    elsewhere.show()
    elsewhere.activateWindow()
    await desk.until(lambda: not desk.window.isActiveWindow())
    await past_chat(desk, "Some", "q", "a")
    await desk.until(lambda: desk.window.unread.count == 1)
    assert len(said) == told


async def test_a_full_screen_is_left_as_it_was_entered(guided_desk: Desk) -> None:
    desk = guided_desk
    desk.window.setWindowState(Qt.WindowState.WindowMaximized)
    desk.press("F11", on=desk.window)
    assert desk.window.isFullScreen()
    assert desk.window.actions_["full_screen"].isChecked()
    desk.press("F11", on=desk.window)
    assert not desk.window.isFullScreen()
    assert desk.window.isMaximized()
    assert not desk.window.actions_["full_screen"].isChecked()


async def test_what_takes_long_to_save_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.ui.window.PATIENCE_MS", 0)
    await desk.say("/long")
    await desk.until(lambda: len(desk.texts) == 2 and desk.window.page.composer.answering)
    disk_is_slow, goes_on = threading.Event(), threading.Event()

    def wait(_: object) -> None:
        disk_is_slow.set()
        goes_on.wait(20)

    slow = asyncio.ensure_future(desk.services.store.write(wait))
    await desk.until(disk_is_slow.is_set)
    closing = asyncio.ensure_future(desk.window.close_down())
    await desk.until(lambda: desk.window.page.notices.texts == ["Saving what has come…"])
    assert desk.window.isVisible()
    goes_on.set()
    await slow
    await closing
    await desk.services.close()
    await desk.open()
    click_row(desk.window.sidebar.list, 1)
    tree = desk.window.view.tree
    assert tree
    assert tree.branch()[-1].status is MessageStatus.STOPPED


async def test_a_window_on_a_screen_that_goes_comes_back(guided_desk: Desk) -> None:
    desk = guided_desk
    await desk.until(lambda: desk.window.background is not None)
    desk.window.setGeometry(5000, 4000, 600, 500)
    room = desk.app.primaryScreen().availableGeometry()
    assert not room.intersects(desk.window.geometry())
    desk.app.screenRemoved.emit(desk.app.primaryScreen())
    await desk.until(lambda: room.contains(desk.window.geometry()))
    assert desk.window.size() == QSize(600, 500)

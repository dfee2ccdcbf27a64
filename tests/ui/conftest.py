"""A qasync loop for every test of the interface, and a desk: a real window on a real data directory.

Async tests never use pytest-qt's own waiters: they start a nested event loop, and hang. `await until(...)`.
"""

import asyncio
import builtins
import gc
import importlib
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QEvent, QKeyCombination, QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QWidget
from pytestqt import plugin

from parley.main import open_services
from parley.options import ProviderRow
from parley.paths import Paths
from parley.services import Services
from parley.settings import Settings
from parley.ui.appearance.look import Look
from parley.ui.desktop import application
from parley.ui.program.garbage import Garbage
from parley.ui.program.loop import Loop
from parley.ui.window import Window
from tests.conftest import Until
from tests.peers.tiny_engine import TinyEngine

HERE = Path(__file__).parent

builtins.__import__ = importlib.__import__
# Python's own, as in the program (ui/program/bindings.py): PySide's reads the source of each module, and fails where
# another thread is importing.

kept: list[QApplication] = []
"""The application must outlive every widget, to the end of the process."""

# Between the steps of a test pytest-qt handles Qt's events. On a qasync loop tasks take steps then while no loop
# counts as running, and fail.
plugin._process_events = lambda: None


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run async tests on Qt's event loop."""
    return {"qasync": lambda: Loop(application())}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Qt's offscreen screen says of every window what it cannot do with it, and has no tray."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.qt_log_ignore(r"This plugin does not support|systemTrayWindowChanged"))


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The application as the desktop makes it, for pytest-qt too."""
    kept.append(application())
    return kept[0]


@pytest.fixture
def look(qapp: QApplication) -> Iterator[Look]:
    look = Look(qapp, "light")
    yield look
    look.deleteLater()


@pytest.fixture(autouse=True, scope="session")
def garbage(qapp: QApplication) -> Iterator[Garbage]:
    """Collect on the main thread, as the desktop does."""
    garbage = Garbage(qapp)
    yield garbage
    garbage.stop()
    QApplication.clipboard().clear()  # the offscreen clipboard would keep a Python object beyond Python's end
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()


@pytest.fixture(autouse=True)
def slots_must_not_fail(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test in whose slots an exception was raised: Qt only prints them."""
    raised: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, traceback: raised.append(error))
    yield
    assert not raised, f"raised in a slot: {raised!r}"


class Desk:
    """One data directory, and the window on it."""

    def __init__(self, app: QApplication, paths: Paths, until: Until) -> None:
        self.app = app
        self.paths = paths
        self.until = until
        self.services: Services
        self.window: Window

    async def open(self) -> None:
        """Open the window as the desktop does."""
        self.services = open_services(self.paths)
        self.window = Window(self.services, Look(self.app, self.services.settings.options.theme))
        self.window.resize(1000, 700)
        self.window.show()
        self.window.start()
        self.window.start_rest()
        self.services.store.start_watching()
        self.window.activateWindow()
        await self.until(self.window.isActiveWindow)

    async def close(self) -> None:
        """Close the window and everything behind it, as the desktop does at its end."""
        self.window.close()
        await self.window.close_down()
        await self.services.close()

    async def reopen(self) -> None:
        """Start again on the same data."""
        await self.close()
        await self.open()

    def write(self, text: str) -> None:
        """Type into the composer."""
        QTest.keyClicks(self.window.page.composer.field, text)

    def press(self, keys: str, on: QWidget | None = None) -> None:
        """Press a key or a combination such as `Ctrl+N`."""
        pressed: QKeyCombination = cast("Any", QKeySequence(keys))[0]
        target = on or QApplication.focusWidget() or self.window
        QTest.keyClick(target, pressed.key(), pressed.keyboardModifiers())

    async def say(self, text: str) -> None:
        """Type a message and send it."""
        self.write(text)
        self.press("Return", on=self.window.page.composer.field)
        await self.until(lambda: not self.window.page.composer.field.toPlainText())

    async def answered(self) -> None:
        """Wait until nothing is being answered."""
        await self.until(lambda: self.window.view.shown_id is not None)
        await self.until(lambda: self.services.engine.running(self.window.view.shown_id or "") is None)
        await self.until(lambda: not self.window.page.composer.answering)

    @property
    def texts(self) -> list[str]:
        """Return what the messages on show say."""
        tree = self.window.view.tree
        return [message.text for message in tree.branch()] if tree else []

    @property
    def titles(self) -> list[str]:
        """Return the rows of the list of chats, headings too."""
        model = self.window.sidebar.chats
        return [str(model.index(row).data()) for row in range(model.rowCount())]


def click_row(view: QAbstractItemView, row: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Click the row of a list, with keys held."""
    place: QPoint = view.visualRect(view.model().index(row, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, keys, place)


@pytest.fixture
async def desk(qapp: QApplication, paths: Paths, until: Until, tiny_engine: TinyEngine) -> AsyncIterator[Desk]:
    """A window whose model is the tiny one of a real llama.cpp server."""
    row = ProviderRow("tiny", tiny_engine.url)
    Settings(paths.settings).update(default_model=f"tiny/{tiny_engine.model}", providers=(row,), discover=False)
    desk = Desk(qapp, paths, until)
    await desk.open()
    yield desk
    await desk.close()


@pytest.fixture
async def guided_desk(qapp: QApplication, paths: Paths, until: Until) -> AsyncIterator[Desk]:
    """A first start, without network, key or model server."""
    Settings(paths.settings).update(discover=False)
    desk = Desk(qapp, paths, until)
    await desk.open()
    yield desk
    await desk.close()

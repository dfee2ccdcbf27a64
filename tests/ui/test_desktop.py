"""The desktop as a process of its own: start, second start, signals, and data that cannot be opened."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

import parley
from parley.errors import StoreUnreadable
from parley.messages import MessageStatus
from parley.options import ProviderRow
from parley.paths import Paths
from parley.settings import Settings
from parley.store import Store
from parley.ui.appearance.look import Look
from parley.ui.program.start_failed import StartFailed
from tests.conftest import Until
from tests.peers.tiny_engine import TinyEngine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")

RUN = """
import asyncio, os, signal, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
from parley.main import open_services
from parley.paths import Paths
from parley.ui import desktop

def tell():
    shown = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible() and widget.windowTitle()]
    for window in shown:
        print("shown", type(window).__name__, window.windowTitle(), flush=True)
        if len(sys.argv) > 2 and sys.argv[2] and type(window).__name__ == "Window":
            window.page.composer.field.setPlainText(sys.argv[2])
            window.page.composer.field.submitted.emit()
    if not shown:
        QTimer.singleShot(20, tell)

def open_early(paths):
    services = open_services(paths)
    print("ending early", flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    return services

app = desktop.application()
QTimer.singleShot(20, tell)
opened = open_early if len(sys.argv) > 3 else open_services
sys.exit(desktop.run(Paths(Path(sys.argv[1])), opened))
"""


class Started:
    """A desktop process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> str:
        assert self.process.stdout
        return (await asyncio.wait_for(self.process.stdout.readline(), 20)).decode().strip()

    async def end(self, number: signal.Signals | None = signal.SIGTERM) -> int:
        if number and self.process.returncode is None:
            self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), 20)


class Starter:
    """Starts desktops on one data directory, and ends what a test leaves running."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.started: list[Started] = []

    async def start(self, *arguments: str) -> Started:
        environment = {
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONPATH": str(Path(parley.__file__).parents[1]),
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-X",
            "dev",
            "-c",
            RUN,
            str(self.paths.data),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
        )
        started = Started(process)
        self.started.append(started)
        return started


@pytest.fixture
async def starter(paths: Paths) -> AsyncIterator[Starter]:
    starter = Starter(paths)
    yield starter
    for started in starter.started:
        if started.process.returncode is None:
            started.process.kill()
            await started.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_starts_and_ends_by_a_signal(starter: Starter, number: signal.Signals) -> None:
    Settings(starter.paths.settings).update(discover=False)
    desktop = await starter.start()
    assert (await desktop.line()).startswith("shown Window New chat")
    assert await desktop.end(number) == 0
    assert desktop.process.stderr
    errors = (await desktop.process.stderr.read()).decode()
    assert "Traceback" not in errors
    assert "never awaited" not in errors


async def test_a_signal_that_comes_before_the_event_loop_waits_for_it(starter: Starter) -> None:
    Settings(starter.paths.settings).update(discover=False)
    desktop = await starter.start("", "early")
    assert await desktop.line() == "ending early"
    assert await desktop.end(None) == 0
    assert not list((starter.paths.data / "locks").glob("*.lock"))


async def test_a_second_start_raises_the_first_and_ends(starter: Starter) -> None:
    Settings(starter.paths.settings).update(discover=False)
    first = await starter.start()
    assert (await first.line()).startswith("shown Window")
    second = await starter.start()
    assert await second.end(None) == 0
    assert first.process.returncode is None
    assert await first.end() == 0
    third = await starter.start()
    assert (await third.line()).startswith("shown Window")
    assert await third.end() == 0


async def test_an_answer_under_way_is_kept_when_the_desktop_ends(
    starter: Starter, tiny_engine: TinyEngine, until: Until
) -> None:
    rows = (ProviderRow("tiny", tiny_engine.url),)
    Settings(starter.paths.settings).update(discover=False, providers=rows, default_model="tiny/tiny")
    desktop = await starter.start("/long story")
    assert (await desktop.line()).startswith("shown Window")
    store = Store.open(starter.paths.data)

    def said() -> str:
        page = store.conversations.page()
        return store.conversations.tree(page[0].id).branch()[-1].text if page else ""

    await until(lambda: "tick" in said(), 30)
    assert await desktop.end() == 0
    reply = store.conversations.tree(store.conversations.page()[0].id).branch()[-1]
    assert reply.status is MessageStatus.STOPPED
    assert "tick" in reply.text
    await store.close()


async def test_a_damaged_store_is_told_in_a_plain_window(starter: Starter) -> None:
    starter.paths.data.mkdir()
    database = starter.paths.data / "parley.db"
    database.write_bytes(b"this is no database, whatever it was before" * 100)
    desktop = await starter.start()
    assert await desktop.line() == "shown StartFailed Parley cannot start"
    assert await desktop.end() == 1
    assert database.read_bytes().startswith(b"this is no database")


async def test_damaged_settings_are_told_in_a_plain_window(starter: Starter) -> None:
    starter.paths.data.mkdir()
    starter.paths.settings.write_text("{")
    desktop = await starter.start()
    assert await desktop.line() == "shown StartFailed Parley cannot start"
    assert await desktop.end() == 1


async def test_another_language_is_loaded(starter: Starter) -> None:
    starter.paths.data.mkdir()
    starter.paths.settings.write_text(json.dumps({"language": "ar", "discover": False}))
    desktop = await starter.start()
    assert (await desktop.line()).startswith("shown Window")
    assert await desktop.end() == 0


def test_the_plain_window(qapp: QApplication, look: Look, paths: Paths) -> None:
    error = StoreUnreadable(path=paths.data / "parley.db", detail="file is not a database")
    window = StartFailed(paths, error)
    ended: list[int] = []
    window.ended.connect(lambda: ended.append(1))
    window.show()
    assert "parley.db" in window.sentence.text()
    assert not window.detail.isVisible()
    QTest.mouseClick(window.details, Qt.MouseButton.LeftButton)
    assert window.detail.isVisible()
    assert window.detail.text() == "file is not a database"
    QTest.mouseClick(window.quit, Qt.MouseButton.LeftButton)
    assert ended == [1]

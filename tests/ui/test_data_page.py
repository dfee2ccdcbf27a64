"""The data folder: shown, saved into one file, and moved while the desktop runs."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPushButton, QWidget

import parley
from parley.paths import Paths, followed
from parley.settings import Settings
from parley.store import Store
from parley.ui.dialogs import Question
from parley.ui.preferences.data_page import DataPage
from tests.ui.conftest import Desk
from tests.ui.test_settings import open_settings

LEFT = Qt.MouseButton.LeftButton
T = TypeVar("T", bound=QWidget)


async def data_page(desk: Desk) -> DataPage:
    page = (await open_settings(desk, "data")).pages["data"]
    assert isinstance(page, DataPage)
    return page


async def dialog(desk: Desk, kind: type[T]) -> T:
    found: list[T] = []

    def look() -> bool:
        found[:] = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, kind)]
        found[:] = [widget for widget in found if widget.isVisible()]
        return bool(found)

    await desk.until(look)
    return found[0]


async def choose(desk: Desk, path: Path) -> None:
    asked = await dialog(desk, QFileDialog)
    field = asked.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(field, QLineEdit)
    field.setText(str(path))
    desk.press("Return", on=field)


async def test_it_says_where_and_how_much(desk: Desk) -> None:
    page = await data_page(desk)
    assert page.folder.text() == str(desk.paths.data)
    await desk.until(lambda: "kB" in page.sizes.text())


async def test_a_backup_is_one_file(desk: Desk, tmp_path: Path) -> None:
    page = await data_page(desk)
    QTest.mouseClick(page.backup_button, LEFT)
    await choose(desk, tmp_path / "copy.db")
    await desk.until(lambda: "copy.db" in page.backup.note.text())
    assert (tmp_path / "copy.db").read_bytes().startswith(b"SQLite format 3")
    QTest.mouseClick(page.backup_button, LEFT)
    await choose(desk, tmp_path / "nowhere" / "copy.db")
    await desk.until(lambda: "nowhere" in page.backup.problem.text())


async def test_the_move_is_asked_for_with_the_folder(desk: Desk, tmp_path: Path) -> None:
    wishes: list[Path] = []
    desk.window.move_requested.connect(wishes.append)
    (tmp_path / "disk" / "other").mkdir(parents=True)
    page = await data_page(desk)
    QTest.mouseClick(page.move_button, LEFT)
    await choose(desk, tmp_path / "disk")
    question = await dialog(desk, Question)
    go = question.findChild(QPushButton, "primary")
    assert isinstance(go, QPushButton)
    assert go.text() == "Move"
    QTest.mouseClick(go, LEFT)
    await desk.until(lambda: wishes == [tmp_path / "disk" / "Parley"])


async def test_a_folder_that_will_not_do_says_why(desk: Desk) -> None:
    page = await data_page(desk)
    (desk.paths.data / "inside").mkdir()
    QTest.mouseClick(page.move_button, LEFT)
    await choose(desk, desk.paths.data / "inside")
    await desk.until(lambda: "inside the data folder" in page.place.problem.text())
    assert not [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, Question)]


SCRIPT = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from parley.main import open_services
from parley.paths import data_paths
from parley.ui import desktop
from parley.ui.window import Window

seen = []

def look():
    for window in QApplication.topLevelWidgets():
        if isinstance(window, Window) and hasattr(window, "handlers") and window.isVisible() and window not in seen:
            seen.append(window)
            tell(window, len(seen) == 1)
    QTimer.singleShot(20, look)

{tell}

app = desktop.application()
QTimer.singleShot(20, look)
sys.exit(desktop.run(data_paths(sys.argv[1]), open_services))
"""
"""A desktop that tells of each window that it opens, and does something in the first."""

MOVES = """
def tell(window, first):
    print("shown", window._services.paths.data, *window.page.notices.texts, flush=True)
    window.settings_door.open("data")
    if first:
        window.settings_door.window.move_requested.emit(Path(sys.argv[2]))
    else:
        page = window.settings_door.window.pages["data"]
        print("old", *[row.label.text() for row in page._olds], flush=True)
"""

SPEAKS = """
def tell(window, first):
    print("shown", app.layoutDirection().name, window.page.composer.field.toPlainText(), flush=True)
    window.settings_door.open("appearance")
    row = window.settings_door.window.pages["appearance"].options["language"]
    print("restart", row.editor.restart.isVisible(), flush=True)
    if first:
        QTest.keyClicks(window.page.composer.field, "a draft")
        row.set_value("ar")
        print("restart", row.editor.restart.isVisible(), flush=True)
        QTest.mouseClick(row.editor.restart, Qt.MouseButton.LeftButton)
"""

Lines = Callable[[], Awaitable[str]]


@contextlib.asynccontextmanager
async def running(tell: str, *arguments: Path) -> AsyncIterator[Lines]:
    """Run a desktop that tells; give what returns its next line. At the end it is asked to go, and must go well."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path(parley.__file__).parents[1])}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT.replace("{tell}", tell), *map(str, arguments), env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert process.stderr
    output = process.stdout

    async def line() -> str:
        return (await asyncio.wait_for(output.readline(), 30)).decode().strip()

    try:
        yield line
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
        assert "Traceback" not in (await process.stderr.read()).decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
async def test_another_language_holds_after_a_restart_by_button(paths: Paths) -> None:
    Settings(paths.settings).update(discover=False, default_model="guide/manual")
    async with running(SPEAKS, paths.data) as line:
        assert [await line() for _ in range(3)] == ["shown LeftToRight", "restart False", "restart True"]
        assert [await line() for _ in range(2)] == ["shown RightToLeft a draft", "restart False"]


@pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
@pytest.mark.parametrize("works", [True, False])
async def test_the_desktop_goes_on_in_the_new_folder(paths: Paths, tmp_path: Path, works: bool) -> None:
    Settings(paths.settings).update(discover=False, theme="dark")
    target = tmp_path / "new"
    if not works:
        target = tmp_path / "file"
        target.touch()
    async with running(MOVES, paths.data, target) as line:
        assert await line() == f"shown {paths.data}"
        again = await line()
        if works:
            assert again.startswith(f"shown {target} Your data is in {target} now.")
            assert await line() == "old The old data folder"
            assert followed(paths.data) == Paths(target, paths.data)
        else:
            assert again == f"shown {paths.data} {target} is no folder."
            assert await line() == "old"
    store = Store.open(followed(paths.data).data)
    await store.close()

"""The start of the desktop: what is loaded before the first paint, and what is on show after it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from PySide6.QtTest import QTest

import parley
from parley.main import open_services
from parley.settings import Settings
from parley.ui.appearance.look import Look
from parley.ui.window import Window
from tests.ui.conftest import Desk

NOT_BEFORE_THE_PAINT = {
    "argparse",
    "asyncio",
    "concurrent.futures",
    "email",
    "filelock",
    "hashlib",
    "aiohttp",
    "importlib.metadata",
    "logging.handlers",
    "markdown_it",
    "parley.cli.parser",
    "parley.engine",
    "parley.providers",
    "parley.render",
    "parley.store.backup",
    "parley.store.search",
    "parley.ui.notices",
    "parley.ui.server_control",
    "parley.ui.sidebar.chats",
    "parley.ui.sidebar.search_results",
    "parley.ui.transcript",
    "parley.ui.undo",
    "pygments",
    "PySide6.QtNetwork",
    "qasync",
    "socket",
    "sqlite_utils",
    "ssl",
    "subprocess",
    "unicodedata",
    "uuid",
}
NOT_BEFORE_USE = {
    "bs4",
    "fastapi",
    "importlib.metadata",
    "logging.handlers",
    "markdownify",
    "nh3",
    "numpy",
    "parley.server",
    "parley.ui.preferences.window",
    "pydantic",
    "segno",
    "sqlite_utils",
    "starlette",
    "uvicorn",
    "ziamath",
}

RUN = """
import gc, json, linecache, sys
import parley.main
from parley.ui.program.bindings import load_qt
load_qt()  # as main does, before anything else of Qt
from PySide6 import QtWidgets
from PySide6.QtCore import QTimer
from parley.ui import desktop

told = {}

def show_painted(window):
    show(window)
    told["painted"], told["collects"] = sorted(sys.modules), gc.isenabled()
    told["widgets"] = sorted(vars(QtWidgets))

def live(app, services, window, *others):
    QTimer.singleShot(0, window.close)
    return whole(app, services, window, *others)

show, desktop.show_painted = desktop.show_painted, show_painted
whole, desktop._live = desktop._live, live
parley.main.has_display = lambda: True
code = parley.main.main([])
told["shown"] = sorted(sys.modules)
told["sources"] = sorted(linecache.cache)
print(json.dumps(told))
sys.exit(code)
"""


def test_what_is_loaded_at_the_start(tmp_path: Path) -> None:
    env = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "PARLEY_DATA_DIR": str(tmp_path / "data"),
        "PYTHONPATH": str(Path(parley.__file__).parents[1]),
    }

    def start() -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-c", RUN], env=env, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    start()  # makes the database, which needs more
    told = start()
    assert not told["collects"]
    assert not NOT_BEFORE_THE_PAINT.intersection(told["painted"])
    assert "QWizard" not in told["widgets"], "somebody has asked for a viewport, and PySide has made all widgets"
    assert not NOT_BEFORE_USE.intersection(told["shown"])
    assert "parley.ui.transcript" in told["shown"]
    assert not [name for name in told["sources"] if "engine.py" in name], "PySide has read the sources of modules"


async def test_a_chat_that_is_gone_gives_way_to_a_new_one(desk: Desk) -> None:
    await desk.say("hello there")
    await desk.answered()
    shown = desk.window.view.shown_id
    assert shown
    await desk.close()
    services = open_services(desk.paths)
    assert services.settings.options.last_chat == shown
    await services.store.conversations.trash(shown)
    await services.close()
    await desk.open()
    assert desk.window.view.shown_id is None
    assert desk.texts == []
    assert desk.window.page.composer.field.hasFocus()


async def test_a_new_chat_is_what_was_left(desk: Desk) -> None:
    await desk.say("hello there")
    await desk.answered()
    desk.press("Ctrl+N")
    assert desk.window.view.shown_id is None
    await desk.reopen()
    assert desk.window.view.shown_id is None


async def test_what_is_typed_before_the_window_works_is_kept(desk: Desk) -> None:
    await desk.say("hello there")
    await desk.answered()
    await desk.close()
    desk.services = open_services(desk.paths)
    desk.window = Window(desk.services, Look(desk.app))
    desk.window.show()
    assert desk.window.windowTitle() == "hello there"
    assert desk.window.sidebar.shown_id == desk.services.settings.options.last_chat
    field = desk.window.page.composer.field
    QTest.keyClicks(field, "more")
    desk.window.start()
    assert desk.texts[0] == "hello there"
    assert field.toPlainText() == "more"
    desk.press("Return", on=field)
    await desk.until(lambda: "more" in desk.texts)
    await desk.answered()


async def begin_again(desk: Desk) -> None:
    """Close the window on a chat, and open it as far as the first chat is drawn."""
    await desk.say("hello there")
    await desk.answered()
    await desk.close()
    desk.services = open_services(desk.paths)
    desk.window = Window(desk.services, Look(desk.app))
    desk.window.show()
    desk.window.start()
    await desk.until(lambda: desk.window.page.transcript.placed)


async def test_a_command_given_while_the_rest_is_not_made_yet_is_carried_out(desk: Desk) -> None:
    await begin_again(desk)
    assert desk.texts[0] == "hello there"
    assert "handlers" not in vars(desk.window)
    desk.window.actions_["new_chat"].trigger()
    assert desk.window.view.shown_id is None
    assert "handlers" in vars(desk.window)


async def test_the_rest_is_made_by_itself(desk: Desk) -> None:
    await begin_again(desk)
    assert "handlers" not in vars(desk.window)
    desk.window.go_on()
    await desk.until(lambda: "handlers" in vars(desk.window))


async def test_a_killed_program_begins_where_it_was(desk: Desk) -> None:
    await desk.say("hello there")
    await desk.answered()
    shown = desk.window.view.shown_id
    assert shown
    await desk.until(lambda: Settings(desk.paths.settings).options.last_chat == shown)
    desk.press("Ctrl+N")
    await desk.until(lambda: not Settings(desk.paths.settings).options.last_chat)

"""Light or dark from the first painted frame on, and as the system has it while the person wants that."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import parley
from parley.paths import Paths
from parley.settings import Settings
from parley.ui.appearance import look as look_module
from parley.ui.appearance.theme import DARK, LIGHT, Theme
from tests.ui.conftest import Desk

FIRST_FRAMES = """
import sys
from pathlib import Path
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget
from parley.main import open_services
from parley.paths import Paths
from parley.ui import desktop

class Frames(QObject):
    \"\"\"Says which colour each painted window and viewport has, from the very first one on.\"\"\"

    painted = 0

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.UpdateRequest and isinstance(watched, QWidget) and watched.isWindow():
            QTimer.singleShot(0, watched, lambda: self.tell(watched))
        return False

    def tell(self, window):
        if not window.isVisible() or window.objectName() != "window":
            return
        self.painted += 1
        if self.painted <= 5:
            shown = window.screen().grabWindow(window.winId()).toImage()
            print("frame", shown.pixelColor(shown.width() - 20, shown.height() // 2).name(), flush=True)
        if self.painted == 5:
            window.close()

app = desktop.application()
frames = Frames()
app.installEventFilter(frames)
sys.exit(desktop.run(Paths(Path(sys.argv[1])), open_services))
"""


@pytest.mark.parametrize(("theme", "colour"), [("dark", DARK.window), ("light", LIGHT.window)])
async def test_the_first_frame_has_the_theme(paths: Paths, theme: str, colour: str) -> None:
    Settings(paths.settings).update(discover=False, theme=theme, default_model="guide/manual")
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path(parley.__file__).parents[1])}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FIRST_FRAMES, str(paths.data), env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        out, errors = await asyncio.wait_for(process.communicate(), 40)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    frames = out.decode().split()
    assert "Traceback" not in errors.decode()
    assert frames, errors.decode()
    assert set(frames) == {"frame", colour}


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> Callable[[Theme], None]:
    """Let the system say to this window what its theme is: Qt's offscreen platform has none."""

    def turn(theme: Theme) -> None:
        ours = {"light": LIGHT, "dark": DARK, "system": theme._replace(follows_system=True)}
        monkeypatch.setattr(look_module, "theme_for", lambda choice, app: ours[choice])
        desk.window._look._system_changed()

    return turn


async def test_the_system_s_theme_is_followed_live(desk: Desk, system: Callable[[Theme], None]) -> None:
    desk.services.settings.update(theme="system")

    def dark() -> bool:
        return desk.window.page.transcript.kit.style.theme.dark

    desk.window.settings_door.open("appearance")
    settings = desk.window.settings_door.window
    assert settings is not None
    system(DARK)
    assert dark()
    assert DARK.window in desk.app.styleSheet()
    assert DARK.window in settings.styleSheet()
    system(LIGHT)
    assert not dark()
    desk.services.settings.update(theme="light")
    system(DARK)
    assert not dark()
    desk.services.settings.update(theme="system")
    assert dark()

"""Where the window comes back, on screens that come and go."""

import json
import os
import subprocess
import sys
from pathlib import Path

import parley

SCRIPT = """
import sys
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from parley.ui.window_state import WindowState
app = QApplication([])
window = QWidget()
window.setMinimumSize(320, 360)
state = WindowState.from_text(sys.argv[1])
state.put_back(window)
window.show()
app.processEvents()
exec(sys.argv[2])
app.processEvents()
import json
seen = window.geometry()
whole = any(screen.availableGeometry().contains(seen) for screen in app.screens())
print(json.dumps([
    state.with_(window, 260, False).to_text(), list(window.geometry().getRect()), whole,
    window.isMaximized(), window.isFullScreen(),
]))
"""

LAPTOP = {"name": "laptop", "x": 0, "y": 0, "width": 1280, "height": 800, "logicalDpi": 96, "dpr": 1}
DESK = {"name": "desk", "x": 1280, "y": 0, "width": 2560, "height": 1440, "logicalDpi": 96, "dpr": 2}


class Screens:
    """Starts a window on screens of Qt's offscreen platform, and does something with it there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = ""
        self.place: list[int] = []
        self.whole = self.maximized = self.full = False

    def on(self, *screens: dict[str, object], do: str = "") -> None:
        config = self.folder / "screens.json"
        config.write_text(json.dumps({"synchronousWindowSystemEvents": False, "screens": list(screens)}))
        environment = {
            **os.environ,
            "QT_QPA_PLATFORM": f"offscreen:configfile={config}",
            "PYTHONPATH": str(Path(parley.__file__).parents[1]),
        }
        command = [sys.executable, "-c", SCRIPT, self.state, do]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert run.returncode == 0, run.stderr
        self.state, self.place, self.whole, self.maximized, self.full = json.loads(run.stdout.splitlines()[-1])


def test_each_arrangement_of_screens_has_its_place(tmp_path: Path) -> None:
    window = Screens(tmp_path)
    window.on(LAPTOP, DESK, do="window.setGeometry(1500, 100, 900, 600)")
    assert window.place == [1500, 100, 900, 600]
    window.on(LAPTOP)
    assert window.whole, window.place
    assert window.place[2:] == [900, 600]
    window.on(LAPTOP, do="window.setGeometry(40, 50, 700, 500)")
    window.on(LAPTOP, DESK)
    assert window.place == [1500, 100, 900, 600]
    window.on(LAPTOP)
    assert window.place == [40, 50, 700, 500]


def test_a_window_that_is_too_large_becomes_smaller(tmp_path: Path) -> None:
    window = Screens(tmp_path)
    window.on(DESK, do="window.setGeometry(1300, 10, 1240, 700)")
    small = {**LAPTOP, "width": 800, "height": 600}
    window.on(small)
    assert window.whole, window.place
    assert window.place[2] <= 800
    assert window.place[3] <= 600


def test_maximized_and_full_screen_come_back(tmp_path: Path) -> None:
    window = Screens(tmp_path)
    window.on(LAPTOP, do="window.showMaximized()")
    window.on(LAPTOP)
    assert window.maximized
    window.on(LAPTOP, DESK, do="window.showFullScreen()")
    window.on(LAPTOP, DESK)
    assert window.full
    window.on(LAPTOP)
    assert window.maximized


def test_anything_else_is_forgotten(tmp_path: Path) -> None:
    window = Screens(tmp_path)
    for text in ("not JSON", "[]", '{"places": {"laptop": {"left": "0"}}, "sidebar": 0, "folded": false}'):
        window.state = text
        window.on(LAPTOP)
        assert window.whole
        assert window.place[2:] == [1080, 760]


def test_the_latest_arrangements_are_kept(tmp_path: Path) -> None:
    window = Screens(tmp_path)
    for width in range(1000, 1010):
        window.on({**LAPTOP, "width": width})
    assert len(json.loads(window.state)["places"]) == 8

"""The real program in a process of its own, driven from inside by one of the `scripts`. The program is not changed.

    python -m tests.benchmarks.driver FOLDER RESULT SCRIPT OPTIONS

Until the window has been painted nothing is imported or done here that the program would not do by itself.
"""

import os
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parley.services import Services
    from parley.ui.look import Look
    from parley.ui.window import Window


def main(folder: str, result: str, script: str, options: str) -> int:
    """Run the program on a data directory."""
    import parley.main
    from parley.ui import desktop, window

    os.environ["PARLEY_DATA_DIR"] = folder  # people give no arguments
    vars(parley.main).update(has_display=lambda: True)  # nobody looks at the offscreen screen, and that is well
    vars(window).update(Window=driven(window.Window, result, script, options))
    if script.startswith("frames"):
        from tests.benchmarks.frames import TimedApplication

        vars(desktop).update(QApplication=TimedApplication)
    return parley.main.main([])


def driven(window: "type[Window]", result: str, script: str, options: str) -> "type[Window]":
    """Return the program's window with somebody behind it who waits for the first paint, and then starts the script."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    class FirstPaint(QObject):
        def __init__(self, window: "Window") -> None:
            super().__init__(window)
            self.window = window
            self.facts: dict[str, Any] = {}
            self.missing: set[QObject] = {window, window.sidebar.list.viewport()}
            for widget in self.missing:
                widget.installEventFilter(self)

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                watched.removeEventFilter(self)
                self.missing.discard(watched)
                if not self.missing:
                    QTimer.singleShot(0, self.note)  # after both have reached the screen
            return False

        def note(self) -> None:
            self.facts = {"painted": time.time(), "cpu": time.process_time()}

    class Driven(window):  # type: ignore[misc, valid-type]
        def __init__(self, services: "Services", look: "Look") -> None:
            super().__init__(services, look)
            self.first_paint = FirstPaint(self)

        def start(self) -> None:
            super().start()
            began = time.time()
            import asyncio
            import json

            from tests.benchmarks import scripts
            from tests.benchmarks.desk import until

            late = time.time() - began  # what we have kept the program from

            async def play() -> None:
                await until(lambda: self.first_paint.facts)
                facts = {"until_painted": self.first_paint.facts, "late": late}
                await scripts.play(self, result, script, {**facts, **json.loads(options)})

            self.task = asyncio.get_running_loop().create_task(play())

    made: Any = Driven
    return made  # type: ignore[no-any-return]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))

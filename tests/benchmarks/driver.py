"""The real program in a process of its own, driven from inside by one of the `scripts`. The program is not changed.

    python -m tests.benchmarks.driver FOLDER RESULT SCRIPT OPTIONS

Until the window has been painted nothing is imported or done here that the program would not do by itself.
"""

import os
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parley.paths import Paths
    from parley.services import Services
    from parley.ui.appearance.look import Look
    from parley.ui.window import Window


def main(folder: str, result: str, script: str, options: str) -> int:
    """Run the program on a data directory."""
    import parley.main

    open_services = parley.main.open_services

    def opened(paths: "Paths") -> "Services":
        from parley.ui import window

        vars(window).update(Window=driven(window.Window, result, script, options))
        return open_services(paths)

    os.environ["PARLEY_DATA_DIR"] = folder  # people give no arguments
    # Nobody looks at the offscreen screen, and that is well.
    vars(parley.main).update(has_display=lambda: True, open_services=opened)
    if script.startswith("frames"):
        from parley.ui import desktop
        from tests.benchmarks.frames import TimedApplication

        vars(desktop).update(QApplication=TimedApplication)
    return parley.main.main([])


def driven(window: "type[Window]", result: str, script: str, options: str) -> "type[Window]":
    """Return the program's window with somebody behind it who waits for the first paint, and then starts the script."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    class FirstPaint(QObject):
        def __init__(self, window: "Window") -> None:
            super().__init__(window)
            self.facts: dict[str, Any] = {}
            self.missing = {"window", "list"}
            window.installEventFilter(self)
            # Not a filter on the list's viewport: to ask for that widget makes PySide load all its classes.
            self.delegate = window.sidebar.list.itemDelegate()
            self.paint_row = self.delegate.paint
            vars(self.delegate).update(paint=self.row_painted)

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                watched.removeEventFilter(self)
                self.painted("window")
            return False

        def row_painted(self, *arguments: Any) -> None:
            self.paint_row(*arguments)
            vars(self.delegate).pop("paint", None)
            self.painted("list")

        def painted(self, what: str) -> None:
            self.missing.discard(what)
            if not self.missing:
                QTimer.singleShot(0, self.note)  # after both have reached the screen

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

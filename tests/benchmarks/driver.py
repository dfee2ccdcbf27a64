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
    """Return the program's window with somebody behind it who looks on while it starts, and then plays the script."""

    class Driven(window):  # type: ignore[misc, valid-type]
        def __init__(self, services: "Services", look: "Look") -> None:
            super().__init__(services, look)
            self.seen = [first_paint(self)]

        def start(self) -> None:
            super().start()
            if script == "start":
                self.seen.append(first_letter(self))

        def go_on(self) -> None:
            super().go_on()
            import asyncio

            self.task = asyncio.get_running_loop().create_task(self.play())

        async def play(self) -> None:
            import asyncio
            import json

            while not all(self.seen):
                await asyncio.sleep(0.005)
            from tests.benchmarks import scripts

            started = {name: fact for facts in self.seen for name, fact in facts.items()}
            await scripts.play(self, result, script, {"started": started, **json.loads(options)})

    made: Any = Driven
    return made  # type: ignore[no-any-return]


def first_paint(window: "Window") -> dict[str, float]:
    """Return what will hold when the window and its list have been painted."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    found: dict[str, float] = {}

    class FirstPaint(QObject):
        def __init__(self) -> None:
            super().__init__(window)
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
            found.update(painted=time.time(), cpu=time.process_time())

    FirstPaint()
    return found


def first_letter(window: "Window") -> dict[str, float]:
    """Press a key as soon as the chat that was open last is on the screen. Return what will hold when its letter is."""
    from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
    from PySide6.QtGui import QKeyEvent

    found: dict[str, float] = {}
    transcript, field = window.page.transcript, window.page.composer.field
    chat, text = transcript.viewport(), field.viewport()

    class FirstLetter(QObject):
        def __init__(self) -> None:
            super().__init__(window)
            self.drawn: dict[str, float] = {}
            self.letters = 0
            chat.installEventFilter(self)
            text.installEventFilter(self)

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:  # soon it will have reached the screen
                QTimer.singleShot(0, self, self.chat_painted if watched is chat else self.text_painted)
            return False

        def chat_painted(self) -> None:
            if self.drawn or not transcript.placed:
                return
            self.drawn = {"drawn": time.time(), "drawn_cpu": time.process_time()}
            self.letters = field.document().characterCount()
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                key = QKeyEvent(kind, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a")
                QCoreApplication.postEvent(field, key)

        def text_painted(self) -> None:
            if self.drawn and not found and field.document().characterCount() > self.letters:
                found.update(self.drawn, usable=time.time(), usable_cpu=time.process_time())

    FirstLetter()
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))

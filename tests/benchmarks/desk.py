"""A person at the program's window: clicks, types, and sees what is painted."""

import asyncio
import random
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from parley.turn import Turn
from parley.ui.window import Window

LONGEST_WAIT = 60.0
NO_KEYS = Qt.KeyboardModifier.NoModifier


class Eye(QObject):
    """Looks at a widget. `look` is called when it is about to be painted, `seen` when that has reached the screen."""

    def __init__(self, widget: QWidget, look: Callable[[], int], seen: Callable[[int], None]) -> None:
        super().__init__(widget)
        self._widget = widget
        self._look = look
        self._seen = seen
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self, partial(self._seen, self._look()))
        return False

    def close(self) -> None:
        """Look no more."""
        self._widget.removeEventFilter(self)
        self.deleteLater()


async def until(condition: Callable[[], object], seconds: float = LONGEST_WAIT) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for has not come")
        await asyncio.sleep(0.005)


class Took(NamedTuple):
    """Seconds by the clock, and those that this thread worked."""

    wall: float
    cpu: float


async def painted(widget: QWidget, change: Callable[[], object], fits: Callable[[], object] = lambda: True) -> Took:
    """Return the time from a change to the painting that shows it."""
    shown: asyncio.Future[Took] = asyncio.get_running_loop().create_future()

    def seen(_: int) -> None:
        if not shown.done() and fits():
            shown.set_result(Took(time.perf_counter() - began, time.thread_time() - cpu))

    eye = Eye(widget, int, seen)
    began, cpu = time.perf_counter(), time.thread_time()
    change()
    try:
        return await asyncio.wait_for(shown, LONGEST_WAIT)
    finally:
        eye.close()


def click(widget: QWidget, place: QPoint) -> None:
    """Press and release the left button."""
    at, far = QPointF(place), QPointF(widget.mapToGlobal(place))
    left = Qt.MouseButton.LeftButton
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        held = left if kind == QEvent.Type.MouseButtonPress else Qt.MouseButton.NoButton
        QCoreApplication.sendEvent(widget, QMouseEvent(kind, at, far, left, held, NO_KEYS))


class Desk:
    """The window and the hands on it."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.services = window._services

    async def open(self, conversation_id: str) -> Took:
        """Click a chat of the list; return the time until its messages are on the screen."""
        view = self.window.sidebar.list
        index = self.window.sidebar.chats.index_of(conversation_id)
        if not index.isValid():
            raise LookupError("that chat is not in the list")
        view.scrollTo(index)
        place = view.visualRect(index).center()
        transcript = self.window.page.transcript

        def shows() -> bool:
            return self.window.view.shown_id == conversation_id and bool(transcript.placed)

        return await painted(transcript.viewport(), lambda: click(view.viewport(), place), shows)

    async def open_new(self) -> None:
        """Begin a new chat."""
        self.window.actions_["new_chat"].trigger()
        await until(lambda: self.window.view.shown_id is None)

    async def ask(self, question: str) -> Turn:
        """Send a question; return the turn that answers it."""
        known = self._streaming()
        self.window.view.ask(question)
        await until(lambda: self._streaming() - known)
        turn = self.services.engine.turn((self._streaming() - known).pop())
        assert turn is not None
        return turn

    def _streaming(self) -> set[str]:
        tree = self.window.view.tree
        ids = [message.id for message in tree.messages[-2:]] if tree else []
        return {id for id in ids if self.services.engine.turn(id)}

    async def type_keys(self, count: int, seconds_between: float) -> list[float]:
        """Press keys one after the other, whatever the window is busy with; return when each was seen, in seconds."""
        field = self.window.page.composer.field
        dice = random.Random(3)
        due: list[float] = []
        shown: list[float] = []
        before = field.document().characterCount()
        stop = threading.Event()

        kinds = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
        keys = [[QKeyEvent(kind, Qt.Key.Key_A, NO_KEYS, "a") for kind in kinds] for _ in range(count)]

        def press() -> None:  # in a thread: keys come from outside, and do not wait for a pause of the loop
            for key in keys:
                pause = seconds_between * dice.uniform(0.7, 1.3)
                wanted = time.perf_counter() + pause
                if stop.wait(pause):
                    return
                due.append(wanted)
                for event in key:
                    QCoreApplication.postEvent(field, event)

        def look() -> int:
            return field.document().characterCount() - before

        def seen(letters: int) -> None:
            shown.extend([time.perf_counter()] * (letters - len(shown)))

        eye = Eye(field.viewport(), look, seen)
        hand = threading.Thread(target=press)
        hand.start()
        try:
            await until(lambda: len(shown) == count, LONGEST_WAIT + count * seconds_between)
        finally:
            stop.set()
            hand.join()
            eye.close()
        return [seen_at - due_at for seen_at, due_at in zip(shown, due, strict=True)]

"""Live: events of running replies, shown at most once a frame; seconds that are counted; work that runs in slices."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer

from parley.ui.transcript.codecell import CodeCell
from parley.ui.transcript.lexers import Lexers
from parley.ui.transcript.scroller import Placed, Scroller
from parley.ui.transcript.slices import Slices

if TYPE_CHECKING:
    from parley.events import Event

FRAME_MS = 16
REST = 2
"""After a step there is a rest of so many times what it cost: the window stays quick on a slow machine."""
LONGEST_REST_MS = 250

PORTION = 4000
"""Letters that are shown at once: of a burst, or of what came while another conversation was on show."""

Apply = Callable[[str, "Sequence[Event]"], None]


class Live(QObject):
    """Collects and hands on. `costs` are the seconds that the latest steps took."""

    def __init__(self, owner: Scroller, apply: Apply) -> None:
        super().__init__(owner)
        self._owner = owner
        self._apply = apply
        self._pending: dict[str, list[Event]] = {}
        self._running: set[str] = set()
        self._going_on: set[str] = set()
        """Replies of which there was something before: the first events that come say it again."""
        self.slices = Slices(self)
        self._lexers = Lexers(self)
        self._lexers.loaded.connect(owner.viewport().update)
        self.cost = 0.0
        self._began = self._ended = 0.0
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.setTimerType(Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(self.flush)
        self._seconds = QTimer(self)
        self._seconds.setInterval(1000)
        self._seconds.timeout.connect(self._count)

    def begin(self, message_id: str, *, goes_on: bool = False) -> None:
        """A reply begins: from here on seconds are counted. The first events of one that goes on are shown at once."""
        self._running.add(message_id)
        if goes_on:
            self._going_on.add(message_id)
        self._pending.pop(message_id, None)
        self._seconds.start()

    def feed(self, message_id: str, events: "Sequence[Event]") -> None:
        """Keep events for the next frame."""
        self._pending.setdefault(message_id, []).extend(events)
        if message_id in self._going_on:
            self._going_on.discard(message_id)
            self.flush()
        else:
            self._wait()

    def end(self, message_id: str) -> None:
        """A reply ends: what is left is shown now."""
        while message_id in self._pending:
            self.flush()
        self._running.discard(message_id)
        self._going_on.discard(message_id)
        if not self._running:
            self._seconds.stop()

    def clear(self) -> None:
        """Forget everything."""
        self._pending.clear()
        self._running.clear()
        self._going_on.clear()
        self._frame.stop()
        self._seconds.stop()
        self.slices.clear()

    def flush(self) -> None:
        """Show what has come, or as much of it as a frame has time for."""
        self._frame.stop()
        began = time.perf_counter()
        pending, self._pending = self._pending, {}
        for message_id, events in pending.items():
            size = _portion(events)
            if size < len(events):
                self._pending[message_id] = events[size:]
            self._apply(message_id, events[:size])
        self._began, self._ended = began, time.perf_counter()
        self.cost = self._ended - began
        if self._pending:
            self._wait()

    def _wait(self) -> None:
        if self._frame.isActive():
            return
        now = time.perf_counter()
        rest = min(LONGEST_REST_MS, self.cost * 1000 * REST) - (now - self._ended) * 1000
        frame = FRAME_MS - (now - self._began) * 1000
        self._frame.start(max(0, round(frame), round(rest)))

    def _count(self) -> None:
        """Count on where a reply is waited for, if that is in sight."""
        for placed in self._owner.placed:
            if placed.row.live and placed.cell is placed.row.foot:
                placed.row.changed(placed.cell)
                self._owner.viewport().update()

    def color(self, placed: Sequence[Placed]) -> None:
        """Have the code in sight coloured."""
        for item in placed:
            cell = item.cell
            if not isinstance(cell, CodeCell):
                continue
            grows = item.row.live and item.row.answer.cells[-1:] == [cell]
            key = ("colors", id(cell))
            wanted = cell.lines.wants_colors(whole=not grows) and key not in self.slices
            if wanted and self._lexers.ready(cell.lines.language):
                self.slices.start(key, cell.lines.colors(whole=not grows), self._show_colors)

    def _show_colors(self) -> None:
        """Show colours that are ready: with the next step, if there is one."""
        if not self._frame.isActive():
            self._owner.viewport().update()


def _portion(events: "Sequence[Event]") -> int:
    """Return how many of the events make a portion."""
    from parley.events import ReasoningDelta, TextDelta

    letters = 0
    for number, event in enumerate(events, 1):
        letters += len(event.text) if isinstance(event, TextDelta | ReasoningDelta) else 0
        if letters >= PORTION:
            return number
    return len(events)

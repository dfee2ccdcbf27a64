"""What the thread of the interface works on, frame by frame: seen from outside, whatever the program does within."""

import time
from dataclasses import dataclass, field

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication


@dataclass
class Work:
    """Seconds of work. A frame is all that is done from one painting to the end of the next."""

    frames: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """The same without what other threads and processes took: what remains on a quiet machine."""
    events: list[float] = field(default_factory=list)
    """What single events took: nothing else happens in the window meanwhile."""
    gaps: list[float] = field(default_factory=list)
    """From the end of one painting of the widget that is watched to the end of its next."""
    wall: float = 0.0
    process: float = 0.0
    """What all threads of the process worked meanwhile."""

    @property
    def longest(self) -> float:
        return max(self.events, default=0.0)


class TimedApplication(QApplication):
    """An application that can note how long events take."""

    noting: Work | None = None
    _since = _cpu_since = 0.0
    _began = _process = _painted = 0.0
    _inside = _shows = False
    _watched: QObject | None = None

    def start(self, watched: QObject | None = None) -> None:
        """Note from now on; also the gaps between the paintings of a widget."""
        self._since, self._cpu_since, self._began = 0.0, 0.0, time.perf_counter()
        self._watched, self._shows, self._painted = watched, False, 0.0
        self._process = time.process_time()
        self.noting = Work()

    def stop(self) -> Work:
        """Note no more; return what was noted."""
        noted, self.noting = self.noting or Work(), None
        noted.wall = time.perf_counter() - self._began
        noted.process = time.process_time() - self._process
        return noted

    def notify(self, receiver: QObject, event: QEvent) -> bool:
        if self.noting is None or self._inside:
            if receiver is self._watched and event.type() == QEvent.Type.Paint:
                self._shows = True
            return super().notify(receiver, event)
        painting = event.type() == QEvent.Type.UpdateRequest
        self._inside = True
        began, cpu = time.perf_counter(), time.thread_time()
        try:
            return super().notify(receiver, event)
        finally:
            self._note(time.perf_counter() - began, time.thread_time() - cpu, painting=painting)
            self._inside = False

    def _note(self, took: float, cpu: float, *, painting: bool) -> None:
        noted = self.noting
        if noted is None:
            return
        self._since += took
        self._cpu_since += cpu
        noted.events.append(took)
        if painting:
            noted.frames.append(self._since)
            noted.cpu.append(self._cpu_since)
            self._since = self._cpu_since = 0.0
        if painting and self._shows:
            now = time.perf_counter()
            if self._painted:
                noted.gaps.append(now - self._painted)
            self._painted, self._shows = now, False

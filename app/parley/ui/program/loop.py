"""The event loop: qasync's, which brings asyncio and Qt together, with asyncio's own queue and timers again.

qasync makes a timer of Qt's for each callback and a notifier for each time that something is waited for, and keeps a
timer until its time has come, though it was cancelled. With a hundred answers under way that is most of the work, and
nothing bounds what is done between two frames.
"""

import asyncio
import heapq
from asyncio import BaseEventLoop, Handle, TimerHandle
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from math import ceil
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSocketNotifier, Qt, QTimerEvent
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from parley.log import loop_exception

THREADS = 8

STEP_SECONDS = 0.004
"""After so long Qt has its turn, though there is more to do: a frame must not wait for all of it."""

MANY_CANCELLED = 100
"""So many cancelled timers are kept until their time comes."""

LONGEST_MS = 86_400_000
"""So long a timer of Qt's runs at most; then it is looked at again."""


class Loop(QEventLoop):  # type: ignore[misc]
    """asyncio on Qt's event loop.

    What is ready is done in steps, each one event of Qt's. While a task runs Qt's loop all others wait: asyncio refuses
    the step of a task within that of another one, which then never goes on. qasync handles events once more after
    `run_until_complete`, when no loop counts as running: tasks that take a step then fail for no reason of theirs. Here
    they wait until the loop runs again. Its own executor is made of QThreads, some of which take the process with them
    when they end; here it is the standard library's.
    """

    _scheduled: list[TimerHandle]
    _timer_cancelled_count: int

    def __init__(self, app: QApplication) -> None:
        self._waker = _Waker(self)
        self._reading: dict[int, Handle] = {}
        self._notifiers: dict[int, QSocketNotifier] = {}
        self._to_read: set[int] = set()
        super().__init__(app)
        self.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="parley"))
        self.set_exception_handler(loop_exception)

    def run_until_complete(self, future: Awaitable[Any]) -> Any:
        """Run until the future is done, and return its result."""
        task = asyncio.ensure_future(future, loop=self)
        task.add_done_callback(self._stop_after)
        try:
            while not task.done():  # quitting from a dock ends Qt's loop; what is under way is still ended in order
                self.run_forever()
        finally:
            task.remove_done_callback(self._stop_after)
        return task.result()

    def run_forever(self) -> Any:
        """Run until somebody stops it. What has become ready meanwhile is done first."""
        self._waker.wake()
        return super().run_forever()

    def close(self) -> None:
        """Release what it holds. It cannot run again."""
        super().close()
        self._waker.rest()
        for notifier in self._notifiers.values():
            notifier.setEnabled(False)

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Handle:
        """Call something in the next step."""
        handle = BaseEventLoop.call_soon(self, callback, *args, context=context)
        self._waker.wake()
        return handle

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle:
        """Call something in the next step. For other threads."""
        self._check_closed()
        handle: Handle = self._call_soon(callback, args, context)
        self._waker.wake()
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> TimerHandle:
        """Call something after so many seconds."""
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> TimerHandle:
        """Call something at a time of this loop's clock."""
        handle = BaseEventLoop.call_at(self, when, callback, *args, context=context)
        self._waker.wake_at(when)
        return handle

    def step(self) -> None:
        """Do what is ready now, but not for long."""
        ready = self._ready
        if not ready or not self.is_running() or asyncio.current_task(self):
            return
        end = self.time() + STEP_SECONDS
        for _ in range(len(ready)):
            if not ready:  # what was done has run Qt's loop: a menu, a dialog
                return
            handle = ready.popleft()
            if handle.cancelled():
                continue
            if ready:
                self._waker.wake()
            handle._run()  # noqa: SLF001 - as asyncio's loops do
            if self.time() > end:
                break
        if ready:
            self._waker.wake()

    def take_due(self) -> None:
        """Make ready what is due."""
        now = self.time() + self._clock_resolution
        while self._scheduled and (self._scheduled[0].when() < now or self._scheduled[0].cancelled()):
            handle = heapq.heappop(self._scheduled)
            handle._scheduled = False  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio counts by it
            if handle.cancelled():
                self._timer_cancelled_count -= 1
            else:
                self._ready.append(handle)
        if self._scheduled:
            self._waker.wake_at(self._scheduled[0].when())
        if self._ready:
            self._waker.wake()

    def _timer_handle_cancelled(self, handle: TimerHandle) -> None:
        """Forget cancelled timers when they are most of them."""
        super()._timer_handle_cancelled(handle)
        if self._timer_cancelled_count <= max(MANY_CANCELLED, len(self._scheduled) // 2):
            return
        left = []
        for each in self._scheduled:
            if each.cancelled() or each is handle:  # which is about to be
                each._scheduled = False  # type: ignore[attr-defined]  # noqa: SLF001
            else:
                left.append(each)
        heapq.heapify(left)
        self._scheduled = left
        self._timer_cancelled_count = 0

    def _add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> Handle:
        """Call something whenever there is something to read."""
        self._check_closed()
        number = fd if isinstance(fd, int) else fd.fileno()
        handle = Handle(callback, args, self)
        before = self._reading.get(number)
        self._reading[number] = handle
        if before:
            before.cancel()
        elif notifier := self._notifiers.get(number):
            notifier.setEnabled(True)
        else:
            self._notifiers[number] = made = QSocketNotifier(number, QSocketNotifier.Type.Read)
            made.activated["int"].connect(self._readable)  # type: ignore[index]
        return handle

    def _remove_reader(self, fd: Any) -> bool:
        """Call nothing any more. The notifier rests: connections are paused and resumed with every piece that comes."""
        number = fd if isinstance(fd, int) else fd.fileno()
        handle = self._reading.pop(number, None)
        if handle is None:
            return False
        self._notifiers[number].setEnabled(False)
        handle.cancel()
        return True

    def _readable(self, number: int) -> None:
        """Have it read in its turn, behind what the reading before has made ready: that may have been enough."""
        if number not in self._to_read and (handle := self._reading.get(number)):
            self._to_read.add(number)
            self.call_soon(self._read, number, handle)

    def _read(self, number: int, handle: Handle) -> None:
        self._to_read.discard(number)
        if self._reading.get(number) is handle:
            handle._run()  # noqa: SLF001

    def _stop_after(self, _done: object) -> None:
        self.stop()


class _Waker(QObject):
    """Has Qt call the loop: as soon as it comes to it, and at a time."""

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self._loop = loop
        self._called = False
        self._timer = 0
        self._due = float("inf")

    def wake(self) -> None:
        """Have a step done. An event: a timer's is not repeated while what it has begun runs Qt's loop."""
        if not self._called:
            self._called = True
            QCoreApplication.postEvent(self, QEvent(QEvent.Type.User))

    def wake_at(self, when: float) -> None:
        """See what is due, at a time of the loop's clock or before."""
        if when >= self._due:
            return
        self._end_timer()
        self._due = when
        milliseconds = ceil((when - self._loop.time()) * 1000)
        self._timer = self.startTimer(min(max(0, milliseconds), LONGEST_MS), Qt.TimerType.PreciseTimer)

    def rest(self) -> None:
        """Call nobody any more."""
        self._called = True
        self._end_timer()

    def customEvent(self, event: QEvent) -> None:
        self._called = False
        self._loop.step()

    def timerEvent(self, event: QTimerEvent) -> None:
        self._end_timer()
        self._loop.take_due()

    def _end_timer(self) -> None:
        if self._timer:
            self.killTimer(self._timer)
        self._timer, self._due = 0, float("inf")

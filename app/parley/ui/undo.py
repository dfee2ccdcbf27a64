"""Undo: what was done last can be taken back, from the notice that told of it or with Ctrl+Z, newest first."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject

from parley.errors import ChatError
from parley.ui.notices import Notice, Notices
from parley.ui.tasks import Tasks

MOST = 100
"""Steps that are remembered."""

Back = Callable[[], Coroutine[Any, Any, object]]


@dataclass(eq=False, slots=True)
class Step:
    """What takes one thing back, and the notice that offers it."""

    back: Back
    notice: Notice


class Undo(QObject):
    """The one stack of what can be undone in a window: deleted chats, deleted and rewritten messages, edits left."""

    def __init__(self, notices: Notices, tasks: Tasks) -> None:
        super().__init__(notices)
        self._notices = notices
        self._tasks = tasks
        self._steps: list[Step] = []
        self._underway = 0
        self._asked = 0

    @contextmanager
    def doing(self) -> Iterator[None]:
        """While something is being done that ends with an offer: a wish to undo that comes meanwhile waits for it."""
        self._underway += 1
        try:
            yield
        finally:
            self._underway -= 1
            if not self._underway:
                asked, self._asked = self._asked, 0
                for _ in range(asked):
                    self.undo()

    def offer(self, text: str, back: Back) -> None:
        """Tell what has been done, and offer to take it back. The offer outlives its notice."""
        notice = self._notices.show_notice(text, action=self.tr("Undo"), act=lambda: self._start(step))
        step = Step(back, notice)
        self._steps = [*self._steps, step][-MOST:]

    def undo(self) -> None:
        """Take back what was done last."""
        if self._underway:
            self._asked += 1
        elif self._steps:
            self._start(self._steps[-1])

    def _start(self, step: Step) -> None:
        if step in self._steps:
            self._steps.remove(step)
            self._notices.remove(step.notice)
            self._tasks.start(self._take_back(step))

    async def _take_back(self, step: Step) -> None:
        try:
            await step.back()
        except ChatError:
            self._steps.append(step)
            raise

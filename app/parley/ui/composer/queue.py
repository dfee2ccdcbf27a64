"""Queue: the messages that wait for the answer before theirs, above the composer: send now, edit, remove.

They are stored, and the engine answers them one after the other; until then they stand here and not in the transcript.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from parley.messages import Message, MessageStatus, Role
from parley.services import Services
from parley.ui.composer.composer import Composer
from parley.ui.composer.outbox import Outbox
from parley.ui.notices import Notices
from parley.ui.tasks import Tasks

if TYPE_CHECKING:
    from parley.ui.composer.queue_strip import QueueStrip


class Waiting(NamedTuple):
    """A message whose turn has not come, and the reply to it that waits."""

    question: Message
    reply: Message


def waiting(branch: Sequence[Message], services: Services) -> list[Waiting]:
    """Return what this process lets wait at the end of a branch, behind an answer that is being written."""
    rest = list(branch)
    found: list[Waiting] = []
    while len(rest) > 1:
        question, reply = rest[-2:]
        turn = services.turn(reply.id)
        if question.role is not Role.USER or reply.status is not MessageStatus.STREAMING or not turn or turn.ended:
            break
        found.append(Waiting(question, reply))
        del rest[-2:]
    if found and all(message.status is not MessageStatus.STREAMING for message in rest):
        found.pop()  # nothing is before it: it does not wait, it is written
    return found[::-1]


class Queue(QObject):
    """Does what the strip asks for. What is taken back stands in the composer, or can be brought back from a notice."""

    changed = Signal()
    """A message waits again: the news of it may have come before the engine knew its turn."""

    def __init__(self, services: Services, composer: Composer, notices: Notices, outbox: Outbox, tasks: Tasks) -> None:
        super().__init__(composer)
        self._notices = notices
        self._services = services
        self._composer = composer
        self._outbox = outbox
        self._tasks = tasks
        self._branch: Sequence[Message] = ()
        self._waiting: list[Waiting] = []
        self._leaving: set[str] = set()

    @cached_property
    def strip(self) -> "QueueStrip":
        """Return what shows them; made when the first one waits."""
        from parley.ui.composer.queue_strip import QueueStrip

        made = QueueStrip(self._composer.look, self._composer)
        self._composer.put_above(made)
        made.send_now.connect(lambda number: self._stop_running())
        made.edit.connect(self._edit)
        made.remove.connect(self._remove)
        return made

    @property
    def count(self) -> int:
        """Return how many messages wait."""
        return len(self._waiting)

    def shown(self, branch: list[Message]) -> list[Message]:
        """Return the branch as the transcript shows it: without what waits, which stands here."""
        before, self._branch, self._waiting = self._waiting, branch, waiting(branch, self._services)
        if self._waiting != before:
            focused = QApplication.focusWidget() or self._composer
            number = next((n for n, line in enumerate(self.strip.lines) if line.isAncestorOf(focused)), -1)
            can_go = any(self._services.turn(message.id) for message in self._running())
            self.strip.show_texts([found.question.text for found in self._waiting], can_go=can_go)
            self.strip.put_before(self._composer)
            self._put_focus(number)
        return branch[: len(branch) - 2 * len(self._waiting)]

    def stop(self) -> None:
        """Stop the answer that is coming. What waits for it goes back into the composer."""
        waiting = [found for found in self._waiting if found.reply.id not in self._leaving]
        for found in waiting:
            if turn := self._services.turn(found.reply.id):
                turn.stop()  # before the one they wait for, or the next would begin
        self._stop_running()
        self._take_back(waiting)

    def _running(self) -> list[Message]:
        behind = {found.reply.id for found in self._waiting}
        return [m for m in self._branch if m.status is MessageStatus.STREAMING and m.id not in behind]

    def _stop_running(self) -> None:
        for message in self._running():
            if turn := self._services.turn(message.id):
                turn.stop()
        self._composer.setFocus()

    def _edit(self, number: int) -> None:
        self._take_back(self._waiting[number : number + 1])
        self._composer.setFocus()

    def _take_back(self, waiting: Sequence[Waiting]) -> None:
        waiting = [found for found in waiting if found.reply.id not in self._leaving]
        if waiting:  # first into the draft, then out of the conversation: at no moment is it nowhere
            text = "\n\n".join(found.question.text for found in waiting)
            self._outbox.put_back(waiting[0].question.conversation_id, text)
            self._tasks.start(self._withdraw(waiting))

    def _remove(self, number: int) -> None:
        found = self._waiting[number]
        if found.reply.id not in self._leaving:
            self._tasks.start(self._removed(found))

    async def _removed(self, found: Waiting) -> None:
        await self._withdraw([found])
        self._notices.show_notice(
            self.tr("The message was removed."),
            action=self.tr("Undo"),
            act=lambda: self._tasks.start(self._send_again(found)),
        )

    async def _withdraw(self, waiting: Sequence[Waiting]) -> None:
        replies = [found.reply.id for found in waiting]
        self._leaving.update(replies)
        try:
            for reply in replies:
                await self._services.engine.withdraw(reply)
        finally:
            self._leaving.difference_update(replies)

    async def _send_again(self, found: Waiting) -> None:
        from parley.engine import ChatRequest

        question, model = found.question, found.reply.model
        request = ChatRequest(question.text, question.conversation_id, model, images=question.images)
        await self._services.engine.send(request)
        self.changed.emit()

    def _put_focus(self, number: int) -> None:
        """Keep the keyboard where it was: on the line of that number, or on the composer when there is none left."""
        if number >= 0 and self.strip.lines:
            self.strip.lines[min(number, len(self.strip.lines) - 1)].remove.setFocus()
        elif number >= 0:
            self._composer.setFocus()

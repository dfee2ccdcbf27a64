"""Queue: the messages that wait for the answer before theirs, above the composer: send now, edit, remove.

They are stored, and the engine answers them one after the other; until then they stand here and not in the transcript.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from parley.messages import Message, MessageStatus, Role
from parley.services import Services
from parley.ui.appearance.look import Look
from parley.ui.composer.composer import Composer
from parley.ui.composer.outbox import Outbox
from parley.ui.notices import Notices
from parley.ui.tasks import Tasks

MOST_LINES = 3
LINE_HEIGHT = 36
SHOWN_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Waiting:
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


class QueueLine(QFrame):
    """One waiting message. Only the next one can be sent now: the others would overtake it."""

    def __init__(self, look: Look, text: str, *, can_go: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._whole = " ".join(text[:SHOWN_CHARACTERS].split())
        self.setFixedHeight(LINE_HEIGHT)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.words.setAlignment(_leading(self))
        self.words.setAccessibleName(self._whole)
        self.words.setToolTip(text[:SHOWN_CHARACTERS])
        self.send = QPushButton(self.tr("Send now"), self)
        self.send.setProperty("kind", "link")
        self.send.setToolTip(self.tr("Stop the answer that is coming, and answer this"))
        self.send.setAccessibleName(self.tr("Send now: {message}").format(message=self._whole))
        self.send.setVisible(can_go)
        self.edit = self._button(look, "rename", self.tr("Edit"), self.tr("Edit: {message}"))
        self.remove = self._button(look, "close", self.tr("Remove"), self.tr("Remove: {message}"))
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 10, 0)
        row.setSpacing(2)
        row.addWidget(self.words, 1)
        for button in (self.send, self.edit, self.remove):
            row.addWidget(button)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.words.width()
        self.words.setText(self.words.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, room))

    def _button(self, look: Look, icon: str, name: str, accessible: str) -> QToolButton:
        button = QToolButton(self)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setToolTip(name)
        button.setAccessibleName(accessible.format(message=self._whole))
        look.dress(button, icon)
        return button


class QueueStrip(QFrame):
    """The waiting messages, one line each. Some are in view, the rest scrolls."""

    send_now = Signal(int)
    edit = Signal(int)
    remove = Signal(int)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("queue")
        self._look = look
        self.lines: list[QueueLine] = []
        self._count = QLabel(self)
        self._count.setProperty("muted", True)
        self._count.setContentsMargins(10, 6, 10, 0)
        self._count.setAlignment(_leading(self))
        self._scroll = QScrollArea(self)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._scroll.setWidget(self._inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(0)
        column.addWidget(self._count)
        column.addWidget(self._scroll)
        self.hide()

    def show_texts(self, texts: Sequence[str], *, can_go: bool) -> None:
        """Show these messages, the next one first."""
        for line in self.lines:
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        self.lines = []
        for number, text in enumerate(texts):
            line = QueueLine(self._look, text, can_go=can_go and number == 0, parent=self._inside)
            line.send.clicked.connect(lambda _checked=False, number=number: self.send_now.emit(number))
            line.edit.clicked.connect(lambda _checked=False, number=number: self.edit.emit(number))
            line.remove.clicked.connect(lambda _checked=False, number=number: self.remove.emit(number))
            self._column.addWidget(line)
            line.show()
            self.lines.append(line)
        self._count.setText(self.tr("%n waiting", "", len(texts)))
        self._scroll.setFixedHeight(min(len(texts), MOST_LINES) * LINE_HEIGHT)
        self.setVisible(bool(texts))

    def put_before(self, widget: QWidget) -> None:
        """Let Tab lead through the lines and then into a widget."""
        before = widget.previousInFocusChain()
        while before and (widget.isAncestorOf(before) or not before.focusPolicy() & Qt.FocusPolicy.TabFocus):
            before = before.previousInFocusChain()
        buttons = [button for line in self.lines for button in (line.send, line.edit, line.remove)]
        for one, other in pairwise([before, *buttons] if before else buttons):
            QWidget.setTabOrder(one, other)


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
    def strip(self) -> QueueStrip:
        """Return what shows them; made when the first one waits."""
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
        await self._services.engine.send(ChatRequest(question.text, question.conversation_id, model))
        self.changed.emit()

    def _put_focus(self, number: int) -> None:
        """Keep the keyboard where it was: on the line of that number, or on the composer when there is none left."""
        if number >= 0 and self.strip.lines:
            self.strip.lines[min(number, len(self.strip.lines) - 1)].remove.setFocus()
        elif number >= 0:
            self._composer.setFocus()


def _leading(widget: QWidget) -> Qt.AlignmentFlag:
    """Return the side where reading starts in the window, whatever direction a text has by itself."""
    right_to_left = widget.layoutDirection() == Qt.LayoutDirection.RightToLeft
    side = Qt.AlignmentFlag.AlignRight if right_to_left else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter

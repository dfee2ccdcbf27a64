"""A transcript in sight, sample conversations, and waiting without sleeping."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from PySide6.QtCore import QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from parley.events import Event, TextDelta
from parley.messages import Message, MessageStatus, Reasoning, Role, Text, Usage
from parley.ui.appearance import theme
from parley.ui.transcript import Transcript
from parley.ui.transcript.cell import Cell
from parley.ui.transcript.row import Row
from parley.ui.transcript.scroller import Placed
from parley.ui.transcript.textcell import BlockCell

USAGE = Usage(100, 410, 0.5, 10.5)


def message(
    id: str,
    role: Role,
    text: str = "",
    status: MessageStatus = MessageStatus.COMPLETE,
    reasoning: str = "",
) -> Message:
    parts = ((Reasoning(reasoning, 4.2),) if reasoning else ()) + ((Text(text),) if text else ())
    usage = USAGE if role is Role.ASSISTANT else None
    return Message(id, "c", None, role, parts, status, time.time(), "ollama/llama3.2", usage)


def user(id: str, text: str) -> Message:
    return message(id, Role.USER, text)


def answer(id: str, text: str = "", status: MessageStatus = MessageStatus.COMPLETE, reasoning: str = "") -> Message:
    return message(id, Role.ASSISTANT, text, status, reasoning)


def talk(count: int) -> list[Message]:
    """Return a conversation of so many messages of different lengths."""
    return [
        user(f"m{n}", f"Question {n}")
        if n % 2 == 0
        else answer(f"m{n}", f"Answer {n}\n\n" + "Some words follow. " * (n % 37))
        for n in range(count)
    ]


def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Let events happen until a condition holds; fail when that takes too long."""
    loop = QEventLoop()
    timer = QTimer()
    deadline = time.monotonic() + seconds
    timer.timeout.connect(lambda: loop.quit() if condition() or time.monotonic() > deadline else None)
    timer.start(2)
    if not condition():
        loop.exec()
    timer.stop()
    assert condition()


class Sight:
    """A transcript, and what one sees of it and does to it."""

    def __init__(self, view: Transcript) -> None:
        self.view = view
        self.asked: list[tuple[str, ...]] = []
        view.retry_requested.connect(lambda id: self.asked.append(("retry", id)))
        view.regenerate_requested.connect(lambda id: self.asked.append(("regenerate", id)))
        view.settings_requested.connect(lambda: self.asked.append(("settings",)))
        view.version_requested.connect(lambda id: self.asked.append(("version", id)))
        view.requested.connect(lambda key, id: self.asked.append((key, id)))
        view.link_clicked.connect(lambda url, words: self.asked.append(("link", url, words)))

    def show(self, messages: Sequence[Message], **more: object) -> None:
        self.view.show_messages(messages, **more)  # type: ignore[arg-type]
        self.painted()

    def follows(self) -> bool:
        """Say whether the end is in sight and stays so."""
        return self.view.following

    def painted(self) -> None:
        """Paint, as the next frame would."""
        self.view.viewport().repaint()

    def stream(self, id: str, pieces: Sequence[str]) -> None:
        for piece in pieces:
            self.events(id, TextDelta(piece))

    def events(self, id: str, *events: Event) -> None:
        self.view.feed(id, events)
        self.view.live.flush()
        self.painted()

    def settled(self, id: str) -> None:
        until(lambda: ("settle", id) not in self.view.live.slices)
        self.painted()

    def row(self, id: str) -> Row:
        return self.view.row_at(self.view.book.index_of(id))

    def texts(self, id: str) -> str:
        """Return what is read of a message."""
        row = self.row(id)
        return "\n".join(cell.text(0, cell.length()) for cell in row.cells if isinstance(cell, BlockCell))

    def placed(self, id: str, kind: type[Cell] = BlockCell, number: int = 0) -> Placed:
        row = self.row(id)
        found = [placed for placed in self.view.placed if placed.row is row and isinstance(placed.cell, kind)]
        return found[number]

    def point(self, placed: Placed, inner: QPointF) -> QPoint:
        left = self.view.column()[0] + placed.row.cell_left(placed.cell)
        return QPointF(left + inner.x(), placed.y + inner.y()).toPoint()

    def letter(self, id: str, position: int, number: int = 0) -> QPoint:
        """Return where a letter is: found as the pointer would find it."""
        placed = self.placed(id, BlockCell, number)
        cell = placed.cell
        y = cell.top_of(position) + 12
        low, high = 0, cell.width
        while low < high:
            middle = (low + high) // 2
            if cell.position_at(QPointF(middle, y)) < position:
                low = middle + 1
            else:
                high = middle
        return self.point(placed, QPointF(low, y))

    def hover(self, at: QPoint) -> None:
        QTest.mouseMove(self.view.viewport(), at)
        self.painted()

    def click(self, at: QPoint, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.mouseClick(self.view.viewport(), Qt.MouseButton.LeftButton, modifier, at)
        self.painted()

    def drag(self, start: QPoint, end: QPoint) -> None:
        QTest.mousePress(self.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
        QTest.mouseMove(self.view.viewport(), (start + end) / 2)
        QTest.mouseMove(self.view.viewport(), end)
        QTest.mouseRelease(self.view.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
        self.painted()

    def press(self, id: str, action: str, value: str = "") -> None:
        """Click what has that action in a message."""
        row = self.row(id)
        for placed in [placed for placed in self.view.placed if placed.row is row]:
            for y in range(2, placed.cell.height, 4):
                for x in range(0, placed.cell.width, 4):
                    hot = placed.cell.hot_at(QPointF(x, y))
                    if hot and hot.action == action and (not value or hot.value == value):
                        self.click(self.point(placed, QPointF(x + 1, y + 1)))
                        return
        raise AssertionError(f"nothing in sight does {action}")

    def copied(self) -> str:
        """Press Ctrl+C and return the clipboard."""
        QApplication.clipboard().clear()
        QTest.keyClick(self.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        return QApplication.clipboard().text()

    def lines(self) -> dict[tuple[str, int], int]:
        """Return where each cell in sight is."""
        return {(placed.row.message.id, placed.index): placed.y for placed in self.view.placed}


@pytest.fixture
def sight(qapp: QApplication) -> Iterator[Sight]:
    direction = qapp.layoutDirection()
    view = Transcript(theme.LIGHT)
    view.resize(800, 600)
    view.show()
    QTest.qWaitForWindowExposed(view)
    yield Sight(view)
    view.close()
    view.deleteLater()
    qapp.setLayoutDirection(direction)


def streaming(id: str) -> Message:
    return replace(answer(id, status=MessageStatus.STREAMING), usage=None)

"""Undo: newest first, once, and again after it failed."""

from collections.abc import AsyncIterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from parley.errors import ChatError, StoreFull
from parley.ui.appearance.look import Look
from parley.ui.notices import Notices
from parley.ui.tasks import Tasks
from parley.ui.undo import MOST, Undo
from tests.conftest import Until


class Bench:
    """An undo, and what it has taken back."""

    def __init__(self, look: Look) -> None:
        self.over = QWidget()
        self.over.resize(600, 400)
        self.over.show()
        self.errors: list[ChatError] = []
        self.done: list[str] = []
        self.tasks = Tasks(self.errors.append)
        self.notices = Notices(look, self.over)
        self.undo = Undo(self.notices, self.tasks)

    def offer(self, name: str) -> None:
        async def back() -> None:
            self.done.append(name)

        self.undo.offer(name, back)

    def buttons(self) -> list[QPushButton]:
        return [b for b in self.notices.findChildren(QPushButton) if b.text() == "Undo" and b.isVisibleTo(self.over)]


@pytest.fixture
async def bench(qapp: QApplication, look: Look) -> AsyncIterator[Bench]:
    bench = Bench(look)
    yield bench
    await bench.tasks.close()
    bench.over.close()
    bench.over.deleteLater()


async def test_newest_first_and_once(bench: Bench, until: Until) -> None:
    for name in "abc":
        bench.offer(name)
    for _ in range(5):
        bench.undo.undo()
    await until(lambda: len(bench.done) == 3)
    assert bench.done == ["c", "b", "a"]
    assert bench.notices.texts == []


async def test_a_notice_takes_back_its_own(bench: Bench, until: Until) -> None:
    bench.offer("a")
    bench.offer("b")
    QTest.mouseClick(bench.buttons()[0], Qt.MouseButton.LeftButton)
    await until(lambda: bench.done == ["a"])
    assert bench.notices.texts == ["b"]
    bench.undo.undo()
    await until(lambda: bench.done == ["a", "b"])


async def test_the_offer_outlives_its_notice(bench: Bench, until: Until) -> None:
    for name in "abcde":
        bench.offer(name)  # more than there are notices at once
    assert len(bench.notices.texts) < 5
    for _ in range(5):
        bench.undo.undo()
    await until(lambda: bench.done == ["e", "d", "c", "b", "a"])


async def test_what_failed_can_be_tried_again(bench: Bench, until: Until) -> None:
    full = [True]

    async def back() -> None:
        if full.pop():
            full.append(False)
            raise StoreFull
        bench.done.append("a")

    bench.undo.offer("a", back)
    bench.undo.undo()
    await until(lambda: bench.errors)
    bench.undo.undo()
    await until(lambda: bench.done == ["a"])


async def test_it_does_not_remember_for_ever(bench: Bench, until: Until) -> None:
    for number in range(MOST + 5):
        bench.offer(str(number))
    for _ in range(MOST + 5):
        bench.undo.undo()
    await until(lambda: len(bench.done) >= MOST)
    assert bench.done[-1] == "5"


async def test_a_wish_that_comes_before_the_offer_waits_for_it(bench: Bench, until: Until) -> None:
    bench.offer("before")
    with bench.undo.doing():
        bench.undo.undo()
        bench.offer("a")
    await until(lambda: bench.done)
    assert bench.done == ["a"]
    assert bench.notices.texts == ["before"]

"""The small parts of the interface, one by one."""

import asyncio
import os
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from shiboken6 import isValid

import parley
from parley.errors import ChatError, InternalError, NoModel
from parley.paths import Paths, resources
from parley.store.shelves import OWN, PINNED
from parley.ui.actions import COMMANDS
from parley.ui.appearance.look import Look
from parley.ui.dialogs import Question, ask
from parley.ui.links import misleads
from parley.ui.manual_window import anchor_of, page_of
from parley.ui.notices import Notices
from parley.ui.program.instance import Instance
from parley.ui.sidebar.dates import Groups, milliseconds_to_midnight, short_time
from parley.ui.tasks import Tasks
from tests.conftest import Until

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(parley.__file__).parents[1])}
ASKS = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from parley.paths import Paths
from parley.ui.program.instance import Instance
app = QCoreApplication([])
sys.exit(0 if Instance(Paths(Path(sys.argv[1]))).ask_first() else 1)
"""


def local(*parts: int) -> datetime:
    return datetime(*parts).astimezone()  # type: ignore[arg-type]


def test_groups_and_times(monkeypatch: pytest.MonkeyPatch) -> None:
    QLocale.setDefault(QLocale("en_GB"))
    today = date(2026, 11, 21)
    cases = {
        local(2026, 11, 21, 14, 2): ("Today", "14:02"),
        local(2026, 11, 20, 9, 5): ("Yesterday", "09:05"),
        local(2026, 11, 18, 9, 5): ("Previous 7 days", "Wed"),
        local(2026, 11, 14, 9, 5): ("Previous 7 days", "14 Nov"),
        local(2026, 11, 1, 9, 5): ("Previous 30 days", "1 Nov"),
        local(2026, 3, 1, 9, 5): ("March", "1 Mar"),
        local(2025, 3, 1, 9, 5): ("March 2025", "1 Mar"),
        local(2026, 11, 23, 9, 5): ("Today", "09:05"),
    }
    for moment, (group, time) in cases.items():
        heading, begins = Groups(today).of(OWN, moment.timestamp())
        assert (heading, short_time(moment.timestamp(), today)) == (group, time)
        assert begins <= moment.timestamp()
    assert Groups(today).of(PINNED, local(2020, 1, 1).timestamp())[0] == "Pinned"
    QLocale.setDefault(QLocale.system())


def test_midnight() -> None:
    assert milliseconds_to_midnight(datetime(2026, 11, 21, 23, 59, tzinfo=UTC)) == 61_000


@pytest.mark.parametrize(
    ("text", "target", "doubtful"),
    [
        ("Parley", "https://example.com", False),
        ("the docs", "https://evil.example", False),
        ("example.com", "https://example.com/page", False),
        ("www.example.com", "https://example.com", False),
        ("https://example.com/a", "https://example.com/b", False),
        ("https://bank.example", "https://evil.example", True),
        ("bank.example", "https://evil.example/bank.example", True),
        ("ana@example.com", "mailto:ana@example.com", False),
        ("ana@example.com", "mailto:eve@evil.example", True),
        ("e.g.", "https://example.com", False),
        ("https://[broken", "https://example.com", True),
    ],
)
def test_links_that_mislead(text: str, target: str, doubtful: bool) -> None:
    assert misleads(text, target) is doubtful


def test_pages_and_anchors_of_the_manual() -> None:
    assert page_of("help:models#getting-a-model") == ("models", "getting-a-model")
    assert page_of("help:") == ("index", "")
    assert anchor_of("Getting a model") == "getting-a-model"


async def test_tasks_report_and_cancel(expect_log: Callable[[str], None], until: Until) -> None:
    expect_log("a task of the window failed")
    reported: list[ChatError] = []
    tasks = Tasks(reported.append)

    async def fails(error: Exception) -> None:
        raise error

    tasks.start(fails(NoModel()))
    tasks.start(fails(ValueError("bug")))
    await until(lambda: len(reported) == 2)
    assert isinstance(reported[1], InternalError)
    assert "bug" in reported[1].detail
    ended: list[str] = []

    async def waits(name: str) -> None:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            ended.append(name)
            raise

    end = tasks.start(waits("one"))
    tasks.start(waits("other"))
    await asyncio.sleep(0)
    end()
    await until(lambda: ended == ["one"])
    await tasks.close()
    assert ended == ["one", "other"]
    assert not tasks.busy
    assert len(reported) == 2


def test_tasks_wait_for_the_loop_in_their_order() -> None:
    done: list[str] = []

    async def step(name: str) -> None:
        done.append(name)

    tasks = Tasks(lambda error: pytest.fail(str(error)))
    tasks.start(step("first"))
    tasks.start(step("never"))()
    tasks.start(step("second"))
    assert tasks.busy
    assert done == []

    async def work() -> None:
        tasks.begin()
        tasks.start(step("third"))
        while tasks.busy:
            await asyncio.sleep(0)

    asyncio.run(work())
    assert done == ["first", "second", "third"]


async def test_tasks_that_never_began_are_closed() -> None:
    tasks = Tasks(lambda error: pytest.fail(str(error)))
    coroutine = asyncio.sleep(100)
    await asyncio.to_thread(tasks.start, coroutine)  # on a thread without a loop
    assert tasks.busy
    await tasks.close()
    assert not tasks.busy


async def test_asking_is_awaited_and_others_go_on(qapp: QApplication, until: Until) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.001)

    ticking = asyncio.ensure_future(tick())
    for press, expected in (("Open it", True), ("Cancel", False)):
        dialog = Question("Title", "Text", "https://example.com", "Open it")
        answer = asyncio.ensure_future(ask(dialog))
        await until(dialog.isVisible)
        before = ticks
        for _ in range(10):
            await asyncio.sleep(0.001)
        assert ticks > before + 3
        button = next(found for found in dialog.findChildren(QPushButton) if found.text() == press)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert await answer is expected
    ticking.cancel()


async def test_cancelling_a_question_closes_it(qapp: QApplication, until: Until) -> None:
    dialog = Question("Title", "Text", "Detail", "Yes")
    answer = asyncio.ensure_future(ask(dialog))
    await until(dialog.isVisible)
    answer.cancel()
    await asyncio.gather(answer, return_exceptions=True)
    assert not isValid(dialog) or not dialog.isVisible()


def test_notices_act_and_go(look: Look) -> None:
    over = QWidget()
    over.resize(600, 400)
    over.show()
    notices = Notices(look, over)
    done: list[str] = []
    notices.show_notice("Deleted.", action="Undo", act=lambda: done.append("undone"))
    notices.show_notice("It failed.", error=True, detail="because")
    assert notices.texts == ["Deleted.", "It failed."]
    undo = next(found for found in notices.findChildren(QPushButton) if found.text() == "Undo")
    QTest.mouseClick(undo, Qt.MouseButton.LeftButton)
    assert done == ["undone"]
    assert notices.texts == ["It failed."]
    for number in range(5):
        notices.show_notice(f"Number {number}")
    assert notices.texts == ["It failed.", "Number 3", "Number 4"]  # what one has not seen to stays
    over.close()
    over.deleteLater()


async def test_a_second_instance_raises_the_first(paths: Paths, until: Until) -> None:
    paths.data.mkdir()
    first, second = Instance(paths), Instance(paths)
    raised: list[int] = []
    first.raised.connect(lambda: raised.append(1))
    assert first.claim()
    first.listen()
    assert not second.claim()
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", ASKS, str(paths.data), env=ENVIRONMENT)
    assert await other.wait() == 0
    await until(lambda: raised == [1])
    first.release()
    assert second.claim()
    second.release()


def test_every_command_has_keys_or_a_menu_and_no_key_twice() -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))
    for command in COMMANDS:
        assert command.keys or command.menu, command.id
        assert not command.icon or (resources() / "icons" / f"{command.icon}.svg").is_file(), command.icon


def test_icons_have_the_theme_s_colour_and_are_sharp(look: Look) -> None:
    for drawing in (resources() / "icons").glob("*.svg"):
        if drawing.stem == "parley":
            continue
        assert "currentColor" in drawing.read_text(), drawing.name
        for size in (16, 20):
            image = look.icon(drawing.stem, "accent").pixmap(size, size).toImage()
            assert image.size() == QSize(size, size)
            solid = [image.pixelColor(x, y) for x in range(size) for y in range(size)]
            solid = [color for color in solid if color.alpha() > 250]
            wanted = look.theme.color("accent")
            assert all(abs(color.red() - wanted.red()) < 3 for color in solid), drawing.name
    before = look.icon("send", "text").pixmap(20, 20).toImage()
    look.choose("dark")
    assert look.icon("send", "text").pixmap(20, 20).toImage() != before

"""A window that is used for days: whatever one does again and again leaves nothing behind."""

import asyncio
import gc
import os
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from parley import engine
from parley.options import ProviderRow
from tests.fakes import FakeOpenAI, Reply
from tests.ui.conftest import Desk
from tests.ui.test_settings import open_settings
from tests.ui.test_window import past_chat

pytestmark = [
    pytest.mark.full,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform != "linux", reason="memory is told by /proc"),
]

MEGABYTES = 8.0
"""What memory may grow by, noise of the allocator included, between the first and the second half of a run."""

ANSWER = """# Title

Some *words* with `code`.

```python
print('hi')
```

| a | b |
|---|---|
| 1 | 2 |

$\\frac{a}{b}$
"""

Again = Callable[[int], Awaitable[None]]


def megabytes() -> float:
    """Return how much memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def left(desk: Desk) -> tuple[Counter[str], float]:
    """Return what there is when all has come to rest: Qt's objects by their kind, tasks and threads; and the memory."""
    for _ in range(3):
        await asyncio.sleep(0)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        gc.collect()
    found = Counter(type(child).__name__ for child in desk.window.findChildren(QObject))
    found += Counter(f"window {type(widget).__name__}" for widget in QApplication.topLevelWidgets())
    found += Counter(f"task {getattr(task.get_coro(), '__qualname__', task)}" for task in asyncio.all_tasks())
    found["threads"] = threading.active_count()
    return found, megabytes()


async def nothing_is_left(desk: Desk, again: Again, times: int) -> None:
    """Do something many times: the second half may leave nothing but what the first has left."""
    for number in range(times // 2):
        await again(number)
    before, held = await left(desk)
    for number in range(times // 2, times):
        await again(number)
    after, holds = await left(desk)
    more = {kind: count - before[kind] for kind, count in after.items() if count > before[kind]}
    assert not {kind: count for kind, count in more.items() if count >= times // 20}, more
    assert holds - held < MEGABYTES, f"{held:.1f} MB after {times // 2} times, then {holds:.1f} MB"


@pytest.fixture
async def desk(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    """A window whose model answers at once, and whose engine forgets its turns at once."""
    monkeypatch.setattr(engine, "FORGET_SECONDS", 0.0)
    async with FakeOpenAI(reply=Reply((ANSWER[:30], ANSWER[30:]))) as server:
        row = ProviderRow("fake", server.url)
        desk.services.settings.update(default_model="fake/fake-model", providers=(row,))
        await desk.reopen()
        yield desk


async def test_sending(desk: Desk) -> None:
    async def send(number: int) -> None:
        await desk.say(f"question {number}")
        await desk.answered()

    await nothing_is_left(desk, send, 200)


async def test_opening_chats(desk: Desk) -> None:
    ids = [await past_chat(desk, f"chat {number}", f"question {number}", ANSWER * 5) for number in range(300)]

    async def look(number: int) -> None:
        desk.window.view.open(ids[number % len(ids)])
        desk.window.page.transcript.viewport().repaint()
        await asyncio.sleep(0)

    await nothing_is_left(desk, look, 600)


async def test_changing_the_theme(desk: Desk) -> None:
    await desk.say("hello")
    await desk.answered()

    async def change(number: int) -> None:
        desk.services.settings.update(theme=("light", "dark")[number % 2])
        await asyncio.sleep(0)
        desk.window.repaint()

    await nothing_is_left(desk, change, 100)


async def test_opening_the_settings(desk: Desk) -> None:
    async def look(number: int) -> None:
        window = await open_settings(desk, ("appearance", "providers")[number % 2])
        assert window.isVisible()
        desk.press("Escape", on=window)
        await desk.until(window.isHidden)
        desk.window.activateWindow()  # what a screen with a window manager does by itself
        await desk.until(desk.window.isActiveWindow)

    await nothing_is_left(desk, look, 100)

"""What is done at the window, and what is noted of it. Each script returns JSON; times are seconds."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication

from parley.messages import OWNER
from parley.ui.program.warm_up import HEAVY
from parley.ui.window import Window
from tests.benchmarks import listeners
from tests.benchmarks.desk import Desk, Took, painted, until
from tests.benchmarks.frames import TimedApplication, Work
from tests.benchmarks.memory import memory
from tests.benchmarks.saying import TOKEN, Saying

PULLS = 100
"""In so many steps the scroll bar is pulled to the end."""

Options = Mapping[str, Any]
Script = Callable[[Desk, Options], Awaitable[Any]]


async def play(window: Window, result: str, script: str, options: Options) -> None:
    """Run a script, write its result down, and close the window."""
    task = asyncio.ensure_future(SCRIPTS[script](Desk(window), options))
    await asyncio.wait([task])
    error = task.exception()
    found = {"error": "".join(traceback.format_exception(error))} if error else task.result()
    Path(result).write_text(json.dumps(found), encoding="utf-8")
    window.close()


async def warmed(desk: Desk, options: Options) -> None:
    """Wait until all is loaded that the program loads after its start."""
    await until(lambda: all(name in sys.modules for name in HEAVY) and not desk.window.tasks.busy)
    await asyncio.sleep(options["calm"])


async def start(desk: Desk, options: Options) -> Any:
    """What was seen of the start, and the memory that the program holds when all of the window is there."""
    await until(lambda: desk.window.background)
    return {**options["started"], "memory": memory()}


async def opening(desk: Desk, options: Options) -> Any:
    """A long chat and a short one in turns."""
    await warmed(desk, options)
    long: list[Took] = []
    short: list[Took] = []
    for _ in range(options["times"]):
        short.append(await desk.open(options["short_id"]))
        await asyncio.sleep(0.05)
        long.append(await desk.open(options["long_id"]))
        await asyncio.sleep(0.05)
    await asyncio.sleep(4 * options["calm"])
    return {
        "long": [took.wall for took in long],
        "short": [took.wall for took in short],
        "long_cpu": [took.cpu for took in long],
        "short_cpu": [took.cpu for took in short],
        "memory": memory(),
    }


async def streaming(desk: Desk, options: Options) -> Any:
    """Answers that come into the long chat; and, to compare with, a short one that comes into a new chat."""
    await warmed(desk, options)
    await desk.open_new()
    found = {"alone": await streamed(desk, options["alone"], options["calm"])}
    for name, saying in options["sayings"].items():
        if desk.window.view.shown_id != options["long_id"]:
            await desk.open(options["long_id"])
        found[name] = await streamed(desk, saying, options["calm"])
    return found


async def streamed(desk: Desk, options: Options, calm: float) -> dict[str, Any]:
    """Have an answer come, and note the work of the frames while the paced part of it does.

    `calm` are seconds in which what was begun before comes to its end.
    """
    app = QApplication.instance()
    assert isinstance(app, TimedApplication)
    saying = Saying(**options)
    tokens = saying.paced // TOKEN
    app.start()
    began = time.perf_counter()
    turn = await desk.ask(saying.to_question())
    await until(lambda: turn.size > max(1, saying.pieces))
    first = time.perf_counter() - began
    await asyncio.sleep(saying.pause * 0.7 if saying.pieces else 0.0)
    asked = app.stop()
    app.start(desk.window.page.transcript.viewport())
    while turn.size - saying.pieces < tokens and not turn.ended:
        await asyncio.sleep(0.02)
    paced = app.stop()
    app.start()
    await turn.wait()
    await asyncio.sleep(calm)
    ended = app.stop()

    def busy(work: Work) -> float:
        return sum(work.events) / work.wall

    return {
        "frames": paced.frames,
        "cpu": paced.cpu,
        "gaps": paced.gaps,
        "longest": paced.longest,
        "busy": busy(paced),
        "process": paced.process / paced.wall,
        "per_second": len(paced.frames) / paced.wall,
        "asked": asked.longest,
        "ended": ended.longest,
        "first": first,
    }


async def typing(desk: Desk, options: Options) -> Any:
    """Keys pressed while nothing happens, and while an answer comes."""
    await warmed(desk, options)
    await desk.open(options["long_id"])
    await asyncio.sleep(options["calm"])
    idle = await desk.type_keys(options["keys"], options["between"])
    saying = Saying(**options["saying"])
    streaming: list[float] = []
    for _ in range(options["rounds"]):
        turn = await desk.ask(saying.to_question())
        await until(lambda turn=turn: turn.size > saying.pieces)  # type: ignore[misc]
        await asyncio.sleep(saying.pause + 0.1)
        streaming += await desk.type_keys(options["keys"], options["between"])
        turn.stop()
        await turn.wait()
        await asyncio.sleep(options["calm"])
    return {"idle": idle, "streaming": streaming}


async def sidebar(desk: Desk, options: Options) -> Any:
    """The list of chats: its first page, the way to its end, and an answer that comes while all of it is loaded."""
    app = QApplication.instance()
    assert isinstance(app, TimedApplication)
    await warmed(desk, options)
    side = desk.window.sidebar
    screen = side.list.viewport()
    pages = [(await painted(screen, side.reload)).wall for _ in range(options["times"])]
    before = await _streamed_in(desk, options)
    side.reload()
    bar = side.list.verticalScrollBar()
    app.start()
    await until(lambda: not side.chats.canFetchMore())
    bar.setValue(0)
    places = [bar.maximum() * pull // PULLS for pull in range(1, PULLS + 1)]
    steps = [(await painted(screen, partial(bar.setValue, place))).wall for place in places]
    scrolled = app.stop()
    after = await _streamed_in(desk, options)
    return {
        "pages": pages,
        "steps": steps,
        "frames": scrolled.frames,
        "cpu": scrolled.cpu,
        "longest": scrolled.longest,
        "rows": side.chats.rowCount(),
        "before": before,
        "after": after,
    }


async def network(desk: Desk, options: Options) -> Any:
    """An answer that comes into the long chat: at first nobody else asks, then programs in the network all the time."""
    app = QApplication.instance()
    assert isinstance(app, TimedApplication)
    await warmed(desk, options)
    control = desk.window.serving.control
    control.turn(on=True)
    await until(lambda: control.state == "on")
    _, token = await desk.services.credentials.issue(desk.services.store.accounts.get(OWNER), "bench")
    found: dict[str, Any] = {"alone": await _streamed_in(desk, options)}
    where = (str(control.switch.address), token, options["model"], str(options["many"]), str(options["many"]))
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        with said.open("w") as file:
            process = subprocess.Popen([sys.executable, "-m", listeners.__name__, *where], stdout=file, stderr=file)
        app.start()
        await until(lambda: process.poll() is not None or listeners.RUNNING in said.read_text())
        await asyncio.sleep(2 * options["calm"])
        found["begun"] = app.stop().longest
        found["served"] = await _streamed_in(desk, options)
        all_the_time = process.poll() is None
        await until(lambda: process.poll() is not None)
        if process.returncode or not all_the_time:
            raise RuntimeError(f"those in the network have ended, too early or with an error:\n{said.read_text()}")
        found["heard"] = json.loads(said.read_text().splitlines()[-1])
    return found


async def _streamed_in(desk: Desk, options: Options) -> dict[str, Any]:
    desk.window.sidebar.mark(options["long_id"])
    desk.window.view.open(options["long_id"])
    return await streamed(desk, options["saying"], options["calm"])


SCRIPTS: Mapping[str, Script] = {
    "start": start,
    "open": opening,
    "frames_stream": streaming,
    "type": typing,
    "frames_sidebar": sidebar,
    "frames_network": network,
}

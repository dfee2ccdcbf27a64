"""How long the transcript keeps the GUI thread: opening, scrolling, resizing, and replies that stream into it.

Run it with `python -m tests.benchmarks.transcript [seconds]`; it prints a table, then JSON. In real time: the replies
are paced. "work" is what one frame took: events shown, cells laid out, painted; "lag" is by how much a 4 ms timer was
late. Times are milliseconds; the screen is the offscreen one unless QT_QPA_PLATFORM says otherwise.
"""

import json
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from parley.events import Finished, TextDelta
from parley.messages import Message, MessageStatus, Role, Text
from parley.ui.appearance import theme
from parley.ui.transcript import Transcript

WORDS = re.findall(
    r"\w+",
    """
    the model token stream context window buffer layout engine paints cached document when user scrolls quickly through
    history because each message may hold code tables lists and quotes we need virtual rendering with bounded memory
    so latency stays low while answers grow block by block until finished
    """,
)
SIZE = 50_000
TOKEN = 17
chance = random.Random(20240607)


def words(count: int) -> str:
    return " ".join(chance.choice(WORDS) for _ in range(count))


def sentence() -> str:
    text = words(chance.randint(6, 18)).capitalize()
    extra = chance.choice(["", "", "", f" **{words(1)}**", f" `{words(1)}()`", f" [{words(2)}](https://example.com/x)"])
    return f"{text}{extra}."


def paragraph() -> str:
    return " ".join(sentence() for _ in range(chance.randint(1, 4)))


def bullets() -> str:
    return "\n".join(f"- {sentence()}\n  1. {words(5)}" for _ in range(chance.randint(2, 5)))


def code(lines: int) -> str:
    made = []
    for n in range(lines):
        made += [f"    def {chance.choice(WORDS)}_{n}(self, x: int = {n}) -> str:", f'        return "{words(4)}"']
    return "\n".join(["```python", *made, "```"])


def table(rows: int) -> str:
    made = [f"| {words(2)} | **{words(1)}** | {words(3)} |" for _ in range(rows)]
    return "\n".join(["| a | b | c |", "|---|---|---|", *made])


def quote() -> str:
    return f"> {paragraph()}"


def formulas() -> str:
    """Return a paragraph with formulas that are all different."""
    n = chance.randint(1, 10**6)
    return (
        f"{sentence()} Let $x_{{{n}}} = \\frac{{a}}{{{n}}}$ and $\\alpha^{{{n}}}$.\n"
        f"$$\n\\sum_{{k=1}}^{{{n}}} k^2 = \\sqrt{{x_{{{n}}}}}\n$$\n{sentence()}"
    )


def mixed() -> str:
    makers: list[Callable[[], str]] = [paragraph, paragraph, bullets, quote, lambda: code(4), lambda: table(4)]
    return "\n\n".join([paragraph(), *(chance.choice(makers)() for _ in range(chance.randint(2, 6)))])


def grown(make: Callable[[], str], between: str) -> str:
    text = make()
    while len(text) < SIZE:
        text += between + make()
    return text[:SIZE]


def texts() -> Iterator[tuple[str, str]]:
    yield "mixed", grown(mixed, "\n\n")
    yield "open code block", code(1200)[: SIZE - 4]
    yield "list", grown(lambda: f"- {sentence()}", "\n")
    yield "table", table(2500)[:SIZE]
    yield "paragraph", grown(sentence, " ")
    yield "formulas", grown(formulas, "\n\n")


def conversation(count: int) -> list[Message]:
    def said(number: int) -> Message:
        role, text = (Role.ASSISTANT, mixed()) if number % 2 else (Role.USER, paragraph())
        return Message(f"m{number}", "c", None, role, (Text(text),), MessageStatus.COMPLETE, 0.0)

    return [said(number) for number in range(count)]


class Timed(Transcript):
    """A transcript that notes what each frame takes."""

    paint_seconds = 0.0
    paints = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.perf_counter()
        super().paintEvent(event)
        self.paint_seconds += time.perf_counter() - began
        self.paints += 1


def spin(milliseconds: int) -> None:
    loop = QEventLoop()
    timer = QTimer(singleShot=True, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(loop.quit)
    timer.start(milliseconds)
    loop.exec()


def figures(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds) or [0.0]
    at = {"p50": ordered[len(ordered) // 2], "p95": ordered[int(len(ordered) * 0.95)], "max": ordered[-1]}
    return {name: round(value * 1000, 2) for name, value in at.items()}


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def opened(view: Timed, messages: list[Message]) -> dict[str, object]:
    def painted(change: Callable[[], object]) -> float:
        began = time.perf_counter()
        change()
        view.viewport().repaint()
        return time.perf_counter() - began

    def show() -> None:
        view.clear()
        view.show_messages(messages)

    runs = [painted(show) for _ in range(7)]
    scrolled = [painted(partial(view.scroll_by, -240)) for _ in range(300)]
    view.to_latest()
    resized = [painted(partial(view.resize, width, 800)) for width in (700, 1000, 760, 1100, 900) * 3]
    jumped = [painted(partial(view.jump_to, f"m{n}")) for n in range(100, 9900, 490)]
    view.to_latest()
    return {
        "open": {"best": round(min(runs) * 1000, 1), "median": round(statistics.median(runs) * 1000, 1)},
        "scroll 240 px": figures(scrolled),
        "resize": figures(resized),
        "jump": figures(jumped),
    }


def streamed(view: Timed, text: str, rate: int, seconds: float) -> dict[str, object]:
    """Stream the last part of a text at a pace, the rest being there."""
    message = Message("new", "c", None, Role.ASSISTANT, (), MessageStatus.STREAMING, time.time())
    view.begin(message)
    start = max(0, len(text) - int(rate * seconds) * TOKEN)
    for at in range(0, start, 2000):
        view.feed("new", [TextDelta(text[at : min(start, at + 2000)])])
        view.live.flush()
    view.to_latest()
    spin(300)
    work: list[float] = []
    lag: list[float] = []
    flush = view.live.flush
    painted = [view.paint_seconds, 0.0]

    def frame() -> None:
        work.append(timed(flush) + view.paint_seconds - painted[0])
        painted[0] = view.paint_seconds

    view.live._frame.timeout.disconnect()
    view.live._frame.timeout.connect(frame)
    began, cpu, paints = time.perf_counter(), time.process_time(), view.paints
    at = start
    last = began
    while at < len(text):
        spin(4)
        now = time.perf_counter()
        lag.append(now - last - 0.004)
        last = now
        due = min(len(text), start + int((now - began) * rate) * TOKEN)
        if due > at:
            view.feed("new", [TextDelta(text[piece : min(due, piece + TOKEN)]) for piece in range(at, due, TOKEN)])
            at = due
    wall = time.perf_counter() - began
    cpu = time.process_time() - cpu
    view.feed("new", [Finished()])
    spin(60)
    finish = timed(partial(view.finish, "new")) + timed(view.viewport().repaint)
    settled = time.perf_counter()
    longest = 0.0
    while ("settle", "new") in view.live.slices:
        longest = max(longest, timed(partial(spin, 1)))
    made = {
        "work": figures(work),
        "lag": figures(lag),
        "frames/s": round((view.paints - paints) / wall, 1),
        "cpu %": round(100 * cpu / wall),
        "finish": round(finish * 1000, 2),
        "settled after": round((time.perf_counter() - settled) * 1000, 1),
        "longest slice": round(longest * 1000, 2),
    }
    view.live._frame.timeout.disconnect()
    view.live._frame.timeout.connect(view.live.flush)
    view.refresh(view.messages[:-1])
    return made


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication(sys.argv[:1])
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.5
    theme.apply(app, theme.LIGHT)
    view = Timed(theme.LIGHT)
    view.resize(900, 800)
    view.show()
    messages = conversation(10_000)
    spin(50)
    results: dict[str, object] = {"static": opened(view, messages)}
    print(json.dumps(results["static"]))
    titles = ("tok/s", "work p50", "p95", "max", "lag p95", "max", "frames/s", "cpu %")
    print(f"{'text':16}", *(f"{title:>9}" for title in titles))
    for name, text in texts():
        for rate in (200, 1000):
            found = streamed(view, text, rate, seconds)
            results[f"{name} {rate}"] = found
            work, lag = found["work"], found["lag"]
            assert isinstance(work, dict)
            assert isinstance(lag, dict)
            row = (
                rate,
                work["p50"],
                work["p95"],
                work["max"],
                lag["p95"],
                lag["max"],
                found["frames/s"],
                found["cpu %"],
            )
            print(f"{name:16}", *(f"{value!s:>9}" for value in row))
    print(json.dumps(results))


if __name__ == "__main__":
    main()

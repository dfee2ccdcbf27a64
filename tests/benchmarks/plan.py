"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of the data, and how often or how long each thing is done."""

    conversations: int = 10_000
    messages: int = 10_000
    searched: int = 1_000_000
    starts: int = 15
    openings: int = 20
    keys: int = 20
    rounds: int = 3
    """Answers during which so many keys are pressed."""
    pages: int = 20
    seconds: float = 2.5
    rates: tuple[int, ...] = (200, 1000)
    texts: tuple[str, ...] = ("mixed", "open code block", "list", "table", "paragraph", "formulas")
    size: int = 50_000
    calm: float = 0.5
    """Seconds in which what was begun before comes to its end."""
    scans: int = 3
    """Searches by reading everything, as the baseline."""
    chunks: int = 3_000
    answers: int = 40
    """Read through the provider layer and without it."""
    asked: int = 300
    """Questions through the server, one after the other."""
    listeners: int = 50
    """WebSockets of the server that are told something at once, and as many streams."""


FULL = Plan()
QUICK = Plan(
    searched=100_000,
    starts=6,
    openings=10,
    rounds=2,
    pages=10,
    seconds=1.5,
    rates=(1000,),
    texts=("mixed", "open code block", "table"),
    answers=15,
    asked=100,
)
TINY = Plan(
    conversations=120,
    messages=40,
    searched=400,
    starts=1,
    openings=1,
    keys=2,
    rounds=1,
    pages=1,
    seconds=0.1,
    rates=(1000,),
    texts=("mixed",),
    size=4_000,
    calm=0.05,
    scans=1,
    chunks=50,
    answers=1,
    asked=2,
    listeners=2,
)
"""For the tests of the benchmarks themselves."""

"""Figures: what was measured, beside what it is compared with and what the project wants of it. Nothing is asserted."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Statistic = Literal["median", "p95", "ratio"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should not exceed."""

    limit: float
    of: Statistic = "median"

    def __str__(self) -> str:
        return f"{self.of} ≤ {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """Samples of one thing. `baseline` are samples of something simpler, taken in the same run."""

    name: str
    unit: str
    samples: Sequence[float]
    baseline: Sequence[float] = ()
    target: Target | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def p95(self) -> float:
        return percentile(self.samples, 0.95)

    @property
    def ratio(self) -> float | None:
        """Return how many times the baseline it is, by their medians."""
        base = statistics.median(self.baseline) if self.baseline else 0.0
        return self.median / base if base else None

    @property
    def missed(self) -> bool:
        """Say whether it is worse than wanted."""
        if self.target is None:
            return False
        value = {"median": self.median, "p95": self.p95, "ratio": self.ratio}[self.target.of]
        return value is not None and value > self.target.limit

    def facts(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        values = {"min": min(self.samples), "median": self.median, "p95": self.p95, "max": max(self.samples)}
        facts: dict[str, Any] = {"name": self.name, "unit": self.unit, "n": len(self.samples)}
        facts |= {name: round(value, 3) for name, value in values.items()}
        if self.ratio is not None:
            facts |= {"baseline_median": round(statistics.median(self.baseline), 3), "ratio": round(self.ratio, 3)}
        if self.target is not None:
            facts |= {"target": str(self.target), "missed": self.missed}
        return facts


def percentile(samples: Iterable[float], share: float) -> float:
    """Return the sample that so large a share of them does not exceed."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def milliseconds(seconds: Iterable[float]) -> list[float]:
    return [value * 1000 for value in seconds]


HEADINGS = ("figure", "unit", "n", "min", "median", "p95", "max", "× base", "target")
WORDS = {"figure", "unit", "target"}


def table(figures: Iterable[Figure]) -> str:
    """Return the figures for people: one a line; an exclamation mark stands where a target is missed."""
    rows = [HEADINGS, *(_cells(figure) for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    pairs = zip(HEADINGS, row, widths, strict=True)
    return "  ".join(cell.ljust(width) if name in WORDS else cell.rjust(width) for name, cell, width in pairs).rstrip()


def _cells(figure: Figure) -> tuple[str, ...]:
    numbers = (min(figure.samples), figure.median, figure.p95, max(figure.samples))
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}" if figure.ratio >= 0.1 else f"{figure.ratio:.1g}"
    target = "" if figure.target is None else f"{figure.target}{'  !' if figure.missed else ''}"
    return figure.name, figure.unit, str(len(figure.samples)), *(f"{number:.1f}" for number in numbers), ratio, target

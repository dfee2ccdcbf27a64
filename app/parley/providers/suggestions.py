"""Suggestions: models that are worth a try, and which of them this computer has the memory for.

The names are those of Ollama's library, the sizes what it says of them; a model that is not in the table is as good.
"""

import os
import sys
from dataclasses import dataclass
from typing import Literal

Strength = Literal["quick", "all-round", "thinks", "sees", "strong"]

GIGABYTE = 1_000_000_000
SPARE = 2 * GIGABYTE
"""A model in memory is so much larger than on the disk, with a chat of some length."""

SHARE = 0.75
"""So much of the memory a model may take: other programs need some, and what fills it all is slow."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A model, the size of its download, and what it is good at."""

    name: str
    size_bytes: int
    strength: Strength

    def fits(self, memory: int | None) -> bool:
        """Return whether a computer with so much memory runs it. Where nobody knows, the smaller ones do."""
        return self.size_bytes + SPARE <= (8 * GIGABYTE if memory is None else memory) * SHARE


SUGGESTIONS = (
    Suggestion("gemma3:1b", 815_000_000, "quick"),
    Suggestion("llama3.2", 2 * GIGABYTE, "quick"),
    Suggestion("qwen3:4b", 2_600_000_000, "thinks"),
    Suggestion("gemma3:4b", 3_300_000_000, "sees"),
    Suggestion("llama3.1:8b", 4_900_000_000, "all-round"),
    Suggestion("qwen3:8b", 5_200_000_000, "thinks"),
    Suggestion("gemma3:12b", 8_100_000_000, "sees"),
    Suggestion("phi4", 9_100_000_000, "all-round"),
    Suggestion("gpt-oss:20b", 14 * GIGABYTE, "thinks"),
    Suggestion("gemma3:27b", 17 * GIGABYTE, "sees"),
    Suggestion("qwen3:32b", 20 * GIGABYTE, "strong"),
    Suggestion("llama3.3:70b", 43 * GIGABYTE, "strong"),
)

MOST = 4


def suggested(memory: int | None, most: int = MOST) -> list[Suggestion]:
    """Return the best ones that fit, best first, and the smallest one last: it is there soonest."""
    fitting = [found for found in SUGGESTIONS if found.fits(memory)] or [SUGGESTIONS[0]]
    best = fitting[::-1][: most - 1]
    return best if fitting[0] in best else [*best, fitting[0]]


def memory_bytes() -> int | None:
    """Return how much memory this computer has, or None if it does not say."""
    if sys.platform == "win32":
        return _windows_memory()
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def _windows_memory() -> int | None:
    import ctypes

    kilobytes = ctypes.c_ulonglong()
    windows = getattr(ctypes, "windll", None)
    known = windows is not None and windows.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes))
    return kilobytes.value * 1024 if known else None

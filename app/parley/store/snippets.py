"""The piece of a text that a search shows.

SQLite marks the words of short texts. The time it takes grows with the square of their occurrences, minutes for a
long log of one word, so in long texts we look for them ourselves: there, words with other accents go unmarked.
"""

import re
from itertools import islice

from parley.store.words import SEPARATOR

MARKS = ("\x02", "\x03")
"""What the index puts around a found word. No searchable text holds these."""

Ranges = tuple[tuple[int, int], ...]

MARKED_BY_SQLITE = 20_000
"""Texts of so many characters come with marks, longer ones without."""

_START, _END = MARKS
_MARKED = re.compile(f"{_START}[^{_END}]*{_END}")
_SPACE = re.compile(r"\s")
_LENGTH = 200
_BEFORE = 40
_MOST_MARKS = 1000
_CUT = "…"


def snippet(text: str, words: re.Pattern[str] | None = None) -> tuple[str, Ranges]:
    """Return the part of a text that holds the most marks, without them, and where they were.

    A text without marks is searched for `words`.
    """
    pattern = _MARKED if _START in text or words is None else words
    found = [match.span() for match in islice(pattern.finditer(text), _MOST_MARKS)]
    start, end = _window(text, found)
    part = text[start:end]
    if pattern is not _MARKED:
        part = pattern.sub(rf"{_START}\g<0>{_END}", part)
    part, ranges = _unmarked(_SPACE.sub(" ", part))
    if start:
        part = _CUT + part
        ranges = [(first + len(_CUT), last + len(_CUT)) for first, last in ranges]
    return part + (_CUT if end < len(text) else ""), tuple(ranges)


def _window(text: str, found: list[tuple[int, int]]) -> tuple[int, int]:
    """Return where the part to be shown starts and ends: at spaces, and not within a mark."""
    first = _densest(found)
    start = max(found[first][0] - _BEFORE, 0) if found else 0
    if first and found[first - 1][1] > start:
        start = found[first - 1][0]
    elif start and (space := _SPACE.search(text, start, found[first][0])):
        start = space.end()
    end = min(start + _LENGTH, len(text))
    inside = [place for place in found[first:] if place[0] < end]
    last = inside[-1][1] if inside else start
    if end < last:
        return start, min(last, end + _LENGTH)
    gap = max(text.rfind(" ", last, end), text.rfind("\n", last, end))
    return start, gap if gap > last and end < len(text) else end


def _densest(found: list[tuple[int, int]]) -> int:
    """Return which mark begins the part with the most of them."""
    best, most, last = 0, 0, 0
    for first, (start, _) in enumerate(found):
        while last < len(found) and found[last][1] <= start + _LENGTH - _BEFORE:
            last += 1
        if last - first > most:
            best, most = first, last - first
    return best


def _unmarked(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """Return the text without marks and separators, and where the marks were; those that touch are one."""
    text, ranges = "", list[tuple[int, int]]()
    for number, piece in enumerate(marked.replace(SEPARATOR, "").split(_START)):
        inside, _, outside = piece.partition(_END) if number else ("", "", piece)
        start, end = len(text), len(text) + len(inside)
        if ranges and ranges[-1][1] == start:
            ranges[-1] = (ranges[-1][0], end)
        elif inside:
            ranges.append((start, end))
        text += inside + outside
    return text, ranges

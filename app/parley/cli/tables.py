"""Aligned columns, times and numbers as people say them."""

import shutil
import sys
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest

from parley.cli import streams
from parley.pricing import decimals

GAP = "  "
ELLIPSIS = "…"
SHORT_ID = 13
"""So much of an id tells the millisecond of its making: enough to name it by."""

_MINUTE, _HOUR = 60, 3600


def say_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows below their head; on a terminal the last column is cut to its width. Raises like `streams.say`."""
    if not rows:
        return
    lines = [head, *([one_line(cell) for cell in row] for row in rows)]
    widths = [max(map(width_of, column)) for column in zip_longest(*lines, fillvalue="")][:-1]
    for cells in lines:
        padded = [cell + " " * (width - width_of(cell)) for cell, width in zip(cells, widths, strict=False)]
        streams.say(fitted(GAP.join([*padded, cells[-1]]).rstrip()))


def fitted(line: str, indent: str = "") -> str:
    """Return a line cut to the terminal's width; elsewhere it stays whole."""
    line = indent + line
    if not streams.is_terminal(sys.stdout):
        return line
    room = shutil.get_terminal_size().columns
    if width_of(line) <= room:
        return line
    kept, used = "", width_of(ELLIPSIS)
    for character in line:
        used += width_of(character)
        if used > room:
            break
        kept += character
    return kept.rstrip() + ELLIPSIS


def width_of(text: str) -> int:
    """Return how many columns a terminal needs for a text."""
    if text.isascii():
        return len(text)
    return sum(map(_width_of_character, text))


def _width_of_character(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def one_line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(streams.printable(text).split())


def short_id(id: str) -> str:
    """Return what a person needs of an id; where nobody looks, the whole."""
    return id[:SHORT_ID] if streams.is_terminal(sys.stdout) else id


def when(timestamp: float, now: float | None = None) -> str:
    """Return a time as people say it, in their own time zone."""
    today = _local(datetime.now(UTC).timestamp() if now is None else now)
    then = _local(timestamp)
    seconds = (today - then).total_seconds()
    days = (today.date() - then.date()).days
    if 0 <= seconds < _MINUTE:
        return "just now"
    if 0 <= seconds < _HOUR:
        minutes = int(seconds // _MINUTE)
        return "a minute ago" if minutes == 1 else f"{minutes} minutes ago"
    if days == 0:
        return f"today {then:%H:%M}"
    if days == 1:
        return f"yesterday {then:%H:%M}"
    return f"{then:%Y-%m-%d}"


def iso(timestamp: float) -> str:
    """Return a time as scripts read it: ISO 8601 in UTC."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def size(count: int | None) -> str:
    """Return a number of tokens as people say it: 8k, 128k, 1M."""
    if count is None:
        return ""
    for unit, factor in (("M", 1_000_000), ("k", 1000)):
        if count >= factor:
            return f"{count / factor:.0f}{unit}"
    return str(count)


def dollars(amount: float) -> str:
    """Return an amount of US dollars; a small one with the decimals that say something."""
    return f"${amount:,.{decimals(amount)}f}"


def counted(count: int, noun: str) -> str:
    """Return a number and its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _local(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC).astimezone()

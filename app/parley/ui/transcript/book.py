"""Book: the messages of one conversation, and those rows of them that are built. Knows nothing of scrolling."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import compress, count
from operator import attrgetter, is_not
from typing import NamedTuple

from parley.messages import Message, Role, Text
from parley.ui.transcript.row import Kit, Row

OF_PICTURE = 240
"""About how high a picture is."""

KEPT = 120
"""Rows that stay built when they go out of sight."""

_id_of = attrgetter("id")

Versions = Mapping[str, Sequence[Message]]


class Replaced(NamedTuple):
    """Where two lists of messages differ: from `start` on to `old_end` in the old one, and to `end` in the new one."""

    start: int
    old_end: int
    end: int
    old_ids: Sequence[str] = ()
    """The ids of the old ones between."""

    moved: bool = False
    """Whether others are in their places, rather than the same ones that say something else."""


class Book:
    """Messages by number and by id; rows that are built when they are asked for, the least used ones dropped."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.versions: Versions = {}
        self._rows: OrderedDict[str, Row] = OrderedDict()
        self._places: dict[str, int] = {}
        self._unfolded: set[str] = set()
        self._full: set[str] = set()

    def take(self, messages: Sequence[Message], versions: Versions | None) -> Replaced:
        """Take other messages; rows of those that stay are kept. Return where they differ from those before.

        Messages that are the same objects cost next to nothing.
        """
        before = self.messages
        self.messages = [message for message in messages if message.role is not Role.SYSTEM]
        self.versions = versions or {}
        replaced = difference(before, self.messages)
        ids = list(map(_id_of, self.messages[replaced.start : replaced.end]))
        old_ids = list(map(_id_of, before[replaced.start : replaced.old_end]))
        if ids != old_ids:
            if replaced.start == len(before):
                self._places.update(zip(ids, count(replaced.start), strict=False))
            else:
                self._places = dict(zip(map(_id_of, self.messages), count(), strict=False))
            for stale in set(old_ids).intersection(self._rows).difference(self._places):
                del self._rows[stale]
        return replaced._replace(old_ids=old_ids, moved=ids != old_ids)

    def rows(self) -> list[Row]:
        """Return the rows that are built."""
        return list(self._rows.values())

    def index_of(self, message_id: str) -> int:
        """Return which message that is, or -1."""
        return self._places.get(message_id, -1)

    def siblings(self, message_id: str) -> list[str]:
        """Return the ids of a message's versions."""
        return [version.id for version in self.versions.get(message_id, ())]

    def built(self, message_id: str) -> Row | None:
        """Return a message's row if it is built."""
        return self._rows.get(message_id)

    def is_unfolded(self, message_id: str) -> bool:
        """Say whether a message's reasoning is shown."""
        return message_id in self._unfolded

    def current(self, index: int) -> Message:
        """Return a message as it is now: while it is written, with what has come."""
        row = self._rows.get(self.messages[index].id)
        return row.message if row else self.messages[index]

    def row(self, index: int, kit: Kit, width: int, needed: Callable[[Row], bool]) -> Row:
        """Return a row, built and of that width; of the others those that are `needed` are never dropped."""
        message = self.messages[index]
        row = self._rows.get(message.id)
        if row is None:
            row = self._rows[message.id] = Row(
                message,
                kit,
                width,
                self.siblings(message.id),
                unfolded=message.id in self._unfolded,
                full=message.id in self._full,
            )
            for old in list(self._rows.values())[: max(0, len(self._rows) - KEPT)]:
                if not needed(old):
                    del self._rows[old.message.id]
        elif row.kit is not kit:
            row.dress(kit, width)
        elif row.width != width:
            row.set_width(width)
        self._rows.move_to_end(message.id)
        return row

    def remember(self, row: Row) -> None:
        """Remember what was unfolded in a row, for when it is built again."""
        (self._unfolded.add if row.head.open else self._unfolded.discard)(row.message.id)
        if row.full:
            self._full.add(row.message.id)

    def estimates(self, kit: Kit, width: int, start: int = 0, end: int | None = None) -> Iterator[int]:
        """Yield about how high the messages will be, without looking at them closely."""
        style = kit.style
        line, letters = style.line, style.letter / width
        most = letters / 0.65
        room = style.px(60)
        for message in self.messages[start:end]:
            parts = message.parts
            text = parts[0].text if len(parts) == 1 and isinstance(parts[0], Text) else message.text
            across = len(text) * (most if message.role is Role.USER else letters)
            pictures = 0 if len(parts) == 1 else OF_PICTURE * len(message.images)
            yield int((1 + across + 0.6 * text.count("\n")) * line) + room + pictures


def difference(old: Sequence[Message], new: Sequence[Message]) -> Replaced:
    """Compare objects rather than what they say: at the speed of C, for thousands of them."""
    shorter = min(len(old), len(new))
    start = next(compress(count(), map(is_not, old, new)), shorter)
    same = next(compress(count(), map(is_not, reversed(old), reversed(new))), shorter)
    same = min(same, shorter - start)
    return Replaced(start, len(old) - same, len(new) - same)

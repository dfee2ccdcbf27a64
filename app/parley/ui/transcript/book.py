"""Book: the messages of one conversation, and those rows of them that are built. Knows nothing of scrolling."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence

from parley.messages import Message, Role
from parley.ui.transcript.row import Kit, Row

KEPT = 120
"""Rows that stay built when they go out of sight."""

Versions = Mapping[str, Sequence[Message]]


class Book:
    """Messages by number and by id; rows that are built when they are asked for, the least used ones dropped."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.versions: Versions = {}
        self._rows: OrderedDict[str, Row] = OrderedDict()
        self._places: dict[str, int] = {}
        self._unfolded: set[str] = set()
        self._full: set[str] = set()

    def take(self, messages: Sequence[Message], versions: Versions | None) -> None:
        """Take other messages; rows of those that stay are kept."""
        self.messages = [message for message in messages if message.role is not Role.SYSTEM]
        self.versions = versions or {}
        self._places = {message.id: index for index, message in enumerate(self.messages)}
        for stale in set(self._rows) - set(self._places):
            del self._rows[stale]

    def index_of(self, message_id: str) -> int:
        """Return which message that is, or -1."""
        return self._places.get(message_id, -1)

    def siblings(self, message_id: str) -> list[str]:
        """Return the ids of a message's versions."""
        return [version.id for version in self.versions.get(message_id, ())]

    def built(self, message_id: str) -> Row | None:
        """Return a message's row if it is built."""
        return self._rows.get(message_id)

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

    def estimates(self, kit: Kit, width: int) -> Iterator[int]:
        """Yield about how high the messages will be, without looking at them closely."""
        style = kit.style
        line, letters = style.line, style.letter / width
        most = letters / 0.65
        room = style.px(60)
        for message in self.messages:
            parts = message.parts
            text = parts[0].text if len(parts) == 1 else message.text
            across = len(text) * (most if message.role is Role.USER else letters)
            yield int((1 + across + 0.6 * text.count("\n")) * line) + room

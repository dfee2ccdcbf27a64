"""Hits: how often each message has what is looked for, and the way from one place to the next.

Messages are looked through in slices between frames, beginning where somebody reads. Most of them are told by a quick
look at their source; of the others the blocks are read, without laying them out. A message that changes is looked
through again. Folded reasoning has no places: what is found can be seen.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from parley.messages import Message, Part
from parley.render import parse_slices, plain
from parley.ui.transcript.marks import Place
from parley.ui.transcript.places import is_cut
from parley.ui.transcript.row import MAX_RICH
from parley.ui.transcript.slices import Slices
from parley.ui.transcript.wanted import Wanted

if TYPE_CHECKING:
    from parley.ui.transcript.view import Transcript

GATHER_MS = 250
"""How often what streams in is looked through."""
TELL_MS = 100
WORK = "look through"
SOME = 500
"""Places that are counted, or messages that are looked at, in one go."""

_id_of = attrgetter("id")


class Hits(QObject):
    """Counts what a transcript has of its `marks.wanted`."""

    updated = Signal()
    """There are more, or fewer, or it is done."""

    def __init__(self, view: "Transcript") -> None:
        super().__init__(view)
        self._view = view
        self._wanted: Wanted | None = None
        self.total = 0
        """How many places are known."""
        self._counts: dict[str, int] = {}
        self._known: dict[str, tuple[Part, ...]] = {}
        """What was looked through: the parts of messages."""
        self._texts: dict[str, tuple[tuple[tuple[Part, ...], bool], list[str]]] = {}
        """What has been read of messages that are not built."""
        self._queue: deque[str] = deque()
        self._stale: set[str] = set()
        self._others_changed = False
        """There are other messages than were looked through: which, is found out with the next look."""
        self._slices = Slices(self)
        self._gather = QTimer(self, interval=GATHER_MS, singleShot=True)
        self._gather.timeout.connect(self._look_again)
        self._tell = QTimer(self, interval=TELL_MS, singleShot=True)
        self._tell.timeout.connect(self.updated)
        view.changed.connect(self._changed)
        view.all_loaded.connect(self._look_again)

    @property
    def searching(self) -> bool:
        """Return whether there are messages still to be looked through, or still to come."""
        return WORK in self._slices or (self._wanted is not None and not self._view.loaded)

    def look_for(self, wanted: Wanted | None, start: int = 0) -> None:
        """Mark and count anew, beginning with the message of that number."""
        self._wanted = wanted
        self._view.marks.show(wanted)
        self._view.viewport().update()
        self.total = 0
        self._counts.clear()
        self._known.clear()
        self._queue.clear()
        self._stale.clear()
        self._others_changed = False
        self._slices.clear()
        if wanted is None:
            self._texts.clear()
            self._tell.stop()
            self.updated.emit()
            return
        ids = [message.id for message in self._view.messages]
        self._add([*ids[start:], *ids[:start]])

    def number_of(self, place: Place) -> int:
        """Return which of all places that is, counted from 1; 0 if it is none."""
        index = self._view.book.index_of(place.message_id)
        if index < 0 or place.number >= self._counts.get(place.message_id, 0):
            return 0
        above = self._view.messages[:index]
        return sum(self._counts.get(message.id, 0) for message in above) + place.number + 1

    def first_from(self, index: int, number: int = 0) -> Place | None:
        """Return the first place from one in the message of that index on, or None: there may be some above."""
        for message in self._view.messages[index:]:
            if self._counts.get(message.id, 0) > number:
                return Place(message.id, number)
            number = 0
        return None

    def step(self, place: Place, by: int) -> Place | None:
        """Return the next place, or the one before; behind the last comes the first."""
        number, messages = place.number + by, self._view.messages
        if 0 <= number < self._counts.get(place.message_id, 0):
            return Place(place.message_id, number)
        index = self._view.book.index_of(place.message_id)
        around = [*messages[index + 1 :], *messages[: index + 1]] if by > 0 else [*messages[:index][::-1]]
        around += messages[index:][::-1] if by < 0 else []
        for message in around:
            if count := self._counts.get(message.id, 0):
                return Place(message.id, 0 if by > 0 else count - 1)
        return None

    def correct(self, place: Place) -> Place:
        """Return the place as it is once its message is built: what was read may differ in a letter from what is seen.

        The place is the last one of its message if there are fewer than thought.
        """
        index = self._view.book.index_of(place.message_id)
        count = sum(map(self._view.marks.count, self._view.row_at(index).cells)) if index >= 0 else 0
        if count != self._counts.get(place.message_id, 0):
            self._set(place.message_id, count)
        return place._replace(number=max(0, min(place.number, count - 1)))

    def shares(self) -> Iterator[tuple[int, int]]:
        """Yield (number of the message, places in it) for every message that has some."""
        for index, message in enumerate(self._view.messages):
            if count := self._counts.get(message.id, 0):
                yield index, count

    # --- what changes
    def _changed(self, message_id: str) -> None:
        if self._wanted is None:
            return
        if message_id:
            self._stale.add(message_id)
        else:
            self._others_changed = True
        if not self._gather.isActive():
            self._gather.start()

    def _look_again(self) -> None:
        self._gather.stop()
        if self._wanted is None:
            return
        stale, self._stale = self._stale, set()
        self._add(stale.difference(list(self._queue)[1:]))

    def _take_others(self) -> Iterator[None]:
        """Queue the messages that are not as they were when they were looked through; forget those that are gone."""
        self._others_changed = False
        queued = set(self._queue)
        messages = list(self._view.messages)
        for number, message in enumerate(reversed(messages), 1):  # of a long conversation older ones come
            if self._known.get(message.id) is not message.parts and message.id not in queued:
                self._queue.append(message.id)
            if number % SOME == 0:
                yield
        for gone in self._counts.keys() - set(map(_id_of, messages)):
            self._set(gone, 0)

    # --- looking through
    def _add(self, ids: Iterable[str]) -> None:
        self._queue.extend(ids)
        if WORK not in self._slices:
            self._slices.start(WORK, self._work(), self.updated.emit)

    def _work(self) -> Iterator[None]:
        while self._queue or self._others_changed:
            if self._others_changed:
                yield from self._take_others()
            if self._queue:
                yield from self._look_through(self._queue[0])
                self._queue.popleft()
            yield

    def _look_through(self, message_id: str) -> Iterator[None]:
        index = self._view.book.index_of(message_id)
        if index < 0 or self._wanted is None:
            return
        self._known[message_id] = self._view.messages[index].parts
        count = 0
        row = self._view.book.built(message_id)
        if row is not None and not is_cut(row):
            for cell in list(row.cells):
                count += self._view.marks.count(cell)
                yield
        else:
            for text in self._letters(self._view.messages[index]):
                for _ in self._wanted.spans(text):
                    count += 1
                    if count % SOME == 0:
                        yield
                yield
        if self._view.book.index_of(message_id) >= 0:
            self._set(message_id, count)

    def _letters(self, message: Message) -> Iterator[str]:
        """Yield the letters of a message that is not built, block by block."""
        known = self._texts.get(message.id)
        unfolded = self._view.book.is_unfolded(message.id)
        if known and known[0] == (message.parts, unfolded):
            yield from known[1]
            return
        found: list[str] = []
        whole = True
        for text in (message.reasoning[:MAX_RICH] if unfolded else "", message.text):
            if len(text) > MAX_RICH:  # all of it is shown as it is
                yield text
                whole = False
            elif self._wanted and self._wanted.may_be_in(text):
                for blocks in parse_slices(text):
                    for block in blocks:
                        found.append(plain(block))
                        yield found[-1]
            elif text:
                whole = False
        if whole:
            self._texts[message.id] = ((message.parts, unfolded), found)

    def _set(self, message_id: str, count: int) -> None:
        before = self._counts.get(message_id, 0)
        if count == before:
            return
        self._counts[message_id] = count
        self.total += count - before
        if not self._tell.isActive():
            self._tell.start(TELL_MS if before or self.total > count else 0)

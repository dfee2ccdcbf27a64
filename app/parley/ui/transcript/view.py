"""Transcript: the messages of one conversation. It is told what to show and says what was asked for; nothing else."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from parley.events import Event
from parley.messages import Failure, Message, Role
from parley.ui.theme import Theme
from parley.ui.transcript import accessible
from parley.ui.transcript.commands import Commands
from parley.ui.transcript.fenwick import Fenwick
from parley.ui.transcript.furniture import Sentence
from parley.ui.transcript.keys import Keys
from parley.ui.transcript.latest import LatestButton
from parley.ui.transcript.live import Live
from parley.ui.transcript.painting import paint_rows
from parley.ui.transcript.pointer import Pointer
from parley.ui.transcript.row import Kit, Row
from parley.ui.transcript.scroller import Anchor, Scroller
from parley.ui.transcript.selection import Selection, Spot
from parley.ui.transcript.style import style_for
from parley.ui.transcript.words import Words

KEPT = 120
"""Rows that stay built when they go out of sight."""
MARGIN = 24
"""Room beside the column."""

Versions = Mapping[str, Sequence[Message]]


def own_sentence(failure: Failure) -> str:
    """Return a failure's sentence as it is."""
    return failure.sentence


class Transcript(Scroller):
    """The messages of one conversation, from the first to the latest.

    `show_messages` opens a conversation at its end; the same one again is a `refresh`: what is built stays, and so
    does the place. `versions` names, for messages that have several, all of them in order. A reply that is being
    written is `begin`-ned (from nothing: feed its events from the first), fed as often as one likes, and finished; what
    it is afterwards follows from its last event, or from the message given to `finish`. `sentence` puts a failure into
    words. `to_latest` goes to the end and stays there. An empty transcript paints nothing but the background.
    """

    retry_requested = Signal(str)
    regenerate_requested = Signal(str)
    version_requested = Signal(str)
    link_clicked = Signal(str, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None, sentence: Sentence = own_sentence) -> None:
        accessible.install()
        super().__init__(parent)
        self.messages: list[Message] = []
        self.words = Words(self)
        self.selection = Selection()
        self.selection.source = lambda row: self.messages[row].text
        self.focused = -1
        """The message that has the keyboard."""
        self._theme, self._zoom = theme, 1.0
        self._sentence = sentence
        self._rows: OrderedDict[str, Row] = OrderedDict()
        self._places: dict[str, int] = {}
        self._versions: Versions = {}
        self._unfolded: set[str] = set()
        self._full: set[str] = set()
        self.kit = self._new_kit()
        self.live = Live(self, self._apply)
        self.pointer = Pointer(self)
        self.commands = Commands(self)
        self.keys = Keys(self)
        self.latest = LatestButton(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName(self.words.transcript())

    # --- what is shown
    def show_messages(self, messages: Sequence[Message], versions: Versions | None = None) -> None:
        """Show a conversation, at its end."""
        if messages and self.messages and messages[0].conversation_id == self.messages[0].conversation_id:
            self.refresh(messages, versions)
            return
        self.clear()
        self._take(messages, versions)
        self.heights = Fenwick(self._estimate(message) for message in self.messages)
        self.to_latest()
        accessible.reordered(self)

    def refresh(self, messages: Sequence[Message], versions: Versions | None = None) -> None:
        """Show another state of the same conversation and stay where one reads."""
        old_ids = [message.id for message in self.messages]
        anchored = old_ids[self.anchor.row] if self.anchor.row < len(old_ids) else ""
        self._take(messages, versions)
        known = dict(zip(old_ids, range(len(old_ids)), strict=True))
        for message in self.messages:
            row = self._rows.get(message.id)
            if row is None or row.live:
                continue
            siblings = self._siblings(message.id)
            if row.message != message or list(row.versions) != siblings:
                self._change(row, partial(row.show, message, siblings))
        if old_ids != [message.id for message in self.messages]:
            heights = self.heights
            ids = ((message, known.get(message.id)) for message in self.messages)
            self.heights = Fenwick(self._estimate(message) if at is None else heights[at] for message, at in ids)
            self._moved_rows(old_ids, anchored)
            accessible.reordered(self)
        for stale in set(self._rows) - set(self._places):
            del self._rows[stale]
        self.viewport().update()

    def clear(self) -> None:
        """Show nothing."""
        self.live.clear()
        self.messages = []
        self._places.clear()
        self._rows.clear()
        self.selection.clear()
        self.pointer.clear()
        self.heights = Fenwick()
        self.anchor = Anchor()
        self.following = True
        self.focused = -1
        self.viewport().update()

    def begin(self, message: Message | str) -> None:
        """Get ready for a reply's events; a message that is not shown yet is added at the end."""
        if isinstance(message, Message) and message.id not in self._places:
            self.refresh([*self.messages, message], self._versions)
        index = self._places.get(message.id if isinstance(message, Message) else message)
        if index is not None:
            row = self.row_at(index)
            self.live.begin(row.message.id)
            self._change(row, row.begin)

    def feed(self, message_id: str, events: Sequence[Event]) -> None:
        """Take events of a reply. Cheap: they are shown with the next frame."""
        if message_id in self._places:
            self.live.feed(message_id, events)

    def finish(self, message: Message | str) -> None:
        """End a reply."""
        message_id = message.id if isinstance(message, Message) else message
        index = self._places.get(message_id)
        self.live.end(message_id)
        if index is None or message_id not in self._rows:
            return
        row = self._rows[message_id]
        final = message if isinstance(message, Message) else None
        work: list[Iterator[None]] = []
        self._change(row, lambda: work.append(row.finish(final)))
        self.messages[index] = row.message
        self.live.slices.start(("settle", message_id), work[0], lambda: self._change(row, lambda: row.rebuild(0)))
        accessible.announce(self, row)

    def jump_to(self, message_id: str, words: str = "") -> None:
        """Show a message, and in it the words, which are selected."""
        index = self._places.get(message_id)
        if index is None:
            return
        row = self.row_at(index)
        found = next(self.commands.find(row, words), None) if words else None
        if found is None:
            self.reveal(index, 0, 0)
            return
        cell, start, end = found
        self.selection.begin(Spot(index, cell, start), Spot(index, cell, end))
        row.measure(cell)
        self.reveal(index, cell, row.cells[cell].top_of(start))

    # --- how it looks
    def set_theme(self, theme: Theme) -> None:
        """Wear another theme."""
        self._theme = theme
        self._dress()

    def set_zoom(self, factor: float) -> None:
        """Make everything larger or smaller."""
        self._zoom = factor
        self._dress()

    def _new_kit(self) -> Kit:
        rtl = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        return Kit(style_for(self._theme, self.font(), self._zoom), self.words, self._sentence, rtl)

    def _dress(self) -> None:
        """Make everything anew in another style, and stay where one reads."""
        self.keep_reading()
        old = self._rows.get(self.messages[self.anchor.row].id) if self.anchor.row < len(self.messages) else None
        at = self.anchor.cell
        self.kit = self._new_kit()
        for row in self._rows.values():
            row.dress(self.kit, self.column()[1])
        if old is not None and at < len(old.cells):
            self.resume_reading(old.cells[at])
        self.latest.dress(self.kit.style)
        self.pointer.clear()
        self.viewport().update()

    def column(self) -> tuple[int, int]:
        """Return where the text column begins, and its width."""
        room = self.viewport().width()
        width = max(60, min(self.kit.style.px(self._theme.column_width), room - 2 * min(MARGIN, room // 16)))
        return (room - width) // 2, width

    # --- rows
    def row_at(self, index: int) -> Row:
        message = self.messages[index]
        row = self._rows.get(message.id)
        if row is None:
            unfolded, full = message.id in self._unfolded, message.id in self._full
            siblings = self._siblings(message.id)
            row = Row(message, self.kit, self.column()[1], siblings, unfolded=unfolded, full=full)
            self._rows[message.id] = row
            self._evict()
        elif row.width != self.column()[1]:
            row.set_width(self.column()[1])
        self._rows.move_to_end(message.id)
        return row

    def index_of(self, message_id: str) -> int:
        """Return which message that is, or -1."""
        return self._places.get(message_id, -1)

    def built(self, message_id: str) -> Row | None:
        """Return a message's row if it is built."""
        return self._rows.get(message_id)

    def current(self, index: int) -> Message:
        """Return a message as it is now: while it is written, with what has come."""
        row = self._rows.get(self.messages[index].id)
        return row.message if row else self.messages[index]

    def change_row(self, index: int, change: Callable[[Row], object]) -> None:
        """Change a row's cells; what one reads and what is selected stay."""
        row = self.row_at(index)
        self._change(row, lambda: change(row))
        (self._unfolded.add if row.head.open else self._unfolded.discard)(row.message.id)
        if row.full:
            self._full.add(row.message.id)

    def _change(self, row: Row, change: Callable[[], object]) -> None:
        index = self._places.get(row.message.id)
        if index is None:
            return
        before = list(row.cells)
        kept = self.keep_cell(index) if index < len(self.heights) else None
        change()
        self.return_to(kept)
        pairs = zip(before, row.cells, strict=False)
        first = next((i for i, (old, new) in enumerate(pairs) if old is not new), min(len(before), len(row.cells)))
        self.selection.remap(index, first, before, row.cells)
        if index < len(self.heights):
            self.heights.set(index, row.total)
        self.viewport().update()

    def _apply(self, message_id: str, events: Sequence[Event]) -> None:
        row = self._rows.get(message_id)
        if row is None and message_id in self._places:
            row = self.row_at(self._places[message_id])
        if row is not None:
            self._change(row, lambda: row.feed(events))

    def _evict(self) -> None:
        for message_id in list(self._rows)[: max(0, len(self._rows) - KEPT)]:
            row = self._rows[message_id]
            seen = any(placed.row is row for placed in self.placed)
            if not (row.live or seen or ("settle", message_id) in self.live.slices):
                del self._rows[message_id]

    def _take(self, messages: Sequence[Message], versions: Versions | None) -> None:
        self.messages = [message for message in messages if message.role is not Role.SYSTEM]
        self._places = {message.id: index for index, message in enumerate(self.messages)}
        self._versions = versions or {}

    def _siblings(self, message_id: str) -> list[str]:
        return [version.id for version in self._versions.get(message_id, ())]

    def _moved_rows(self, old_ids: Sequence[str], anchored: str) -> None:
        """Follow the messages after some have come or gone."""
        if anchored in self._places:
            self.anchor.row = self._places[anchored]
        else:
            self.anchor = Anchor(max(0, min(self.anchor.row, len(self.messages)) - 1))
        self.selection.move_rows(lambda row: self._places.get(old_ids[row]) if row < len(old_ids) else None)
        focused = old_ids[self.focused] if 0 <= self.focused < len(old_ids) else ""
        self.focused = self._places.get(focused, -1)
        self.pointer.clear()

    def _estimate(self, message: Message) -> int:
        """Return about how high a message will be, without looking at it closely."""
        text = message.text
        style = self.kit.style
        width = self.column()[1] * (0.65 if message.role is Role.USER else 1)
        lines = 1 + len(text) * style.letter / width + 0.6 * text.count("\n")
        return round(lines * style.line) + style.px(60)

    # --- events
    def paintEvent(self, event: QPaintEvent) -> None:
        self.place()
        painter = QPainter(self.viewport())
        paint_rows(self, painter)
        painter.end()
        self.latest.place(visible=not self.following and bool(self.messages))
        self.live.color(self.placed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.oldSize().width() != event.size().width():
            self.keep_reading()
            for row in self._rows.values():
                row.set_width(self.column()[1])
            self.resume_reading()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        dressed = {QEvent.Type.FontChange, QEvent.Type.LayoutDirectionChange, QEvent.Type.StyleChange}
        if (event.type() in dressed and hasattr(self, "latest")) or event.type() == QEvent.Type.LanguageChange:
            self._dress()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.keys.press(event):
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        return self.keys.step(1 if forward else -1) or super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.keys.enter(event.reason())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def spot_at(self, point: QPointF) -> Spot | None:
        """Return the place between letters nearest to a point of the viewport."""
        left, _ = self.column()
        best: Spot | None = None
        for placed in self.placed:
            if not placed.cell.length() and best is not None:
                continue
            inner = point - QPointF(left + placed.row.cell_left(placed.cell), placed.y)
            if inner.y() < 0 and best is not None:
                break
            height = placed.cell.height
            inner.setY(max(0.0, min(inner.y(), height - 1.0)))
            best = Spot(placed.row_index, placed.index, placed.cell.position_at(inner))
        return best

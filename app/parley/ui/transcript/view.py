"""Transcript: the messages of one conversation. It is told what to show and says what was asked for; nothing else."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from parley.messages import Failure, Message
from parley.ui.appearance.theme import Theme
from parley.ui.transcript import accessible
from parley.ui.transcript.book import Book, Replaced, Versions
from parley.ui.transcript.commands import Commands
from parley.ui.transcript.fenwick import Fenwick
from parley.ui.transcript.formulas import Formulas
from parley.ui.transcript.furniture import Sentence
from parley.ui.transcript.keys import Keys
from parley.ui.transcript.latest import LatestButton
from parley.ui.transcript.live import Live
from parley.ui.transcript.marks import Marks, Place
from parley.ui.transcript.painting import paint_rows
from parley.ui.transcript.places import to_place
from parley.ui.transcript.pointer import Pointer
from parley.ui.transcript.row import Kit, Row
from parley.ui.transcript.scroller import Anchor, Scroller
from parley.ui.transcript.selection import Selection
from parley.ui.transcript.style import style_for
from parley.ui.transcript.wanted import search_words
from parley.ui.transcript.words import Words

if TYPE_CHECKING:
    from parley.events import Event
    from parley.ui.transcript.editor import Editors
    from parley.ui.transcript.pictures import Pictures

MARGIN = 24
"""Room beside the column."""


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
    settings_requested = Signal(str)
    regenerate_requested = Signal(str)
    version_requested = Signal(str)
    requested = Signal(str, str)
    """Another thing to do with a message: the action's key, and the message's id."""
    edited = Signal(str, str, bool)
    """A message has been edited: its id, its new text, and whether that is to be answered."""
    edit_cancelled = Signal(str, str)
    """An edit was given up: the message's id, and what had been written."""
    link_clicked = Signal(str, str)
    image_not_saved = Signal(str)
    changed = Signal(str)
    """A message shows something else; without an id: other messages are shown."""

    all_loaded = Signal()
    """The older messages of a long conversation have come (`loaded`)."""

    all_wanted = Signal()
    """Somebody needs them now: who shows the conversation hands them over before this returns."""

    def __init__(self, theme: Theme, parent: QWidget | None = None, sentence: Sentence = own_sentence) -> None:
        accessible.install()
        super().__init__(parent)
        self.book = Book()
        self.words = Words(self)
        self.marks = Marks()
        self.selection = Selection()
        self.selection.source = lambda row: self.messages[row].text
        self.focused = -1
        """The message that has the keyboard."""
        self._unread = 0
        self.seen_from = ""
        """The oldest message that the model still sees, where older ones no longer fit its context."""
        self._theme, self._zoom = theme, 1.0
        self._sentence = sentence
        self.formulas = Formulas(self)
        self.formulas.drawn.connect(self._show_drawn)
        self.kit = self._new_kit()
        self.live = Live(self, self._apply)
        self.pointer = Pointer(self)
        self.commands = Commands(self)
        self.keys = Keys(self)
        self.latest = LatestButton(self)
        self.latest.dress(self.kit.style)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName(self.words.transcript())

    @cached_property
    def pictures(self) -> "Pictures":
        """Return what reads images."""
        from parley.ui.transcript.pictures import Pictures

        made = Pictures(self)
        made.read.connect(self.viewport().update)
        return made

    @cached_property
    def editors(self) -> "Editors":
        """Return the fields that stand in the places of messages."""
        from parley.ui.transcript.editor import Editors

        return Editors(self)

    # --- what is shown
    def show_messages(self, messages: Sequence[Message], versions: Versions | None = None, unread: int = 0) -> None:
        """Show a conversation, at its end. `unread` older messages will come with a `refresh`."""
        if messages and self.messages and messages[0].conversation_id == self.messages[0].conversation_id:
            self.refresh(messages, versions, unread)
            return
        self.clear()
        self.refresh(messages, versions, unread)
        self.to_latest()

    def refresh(self, messages: Sequence[Message], versions: Versions | None = None, unread: int = 0) -> None:
        """Show another state of the same conversation and stay where one reads. Costs what is another object."""
        replaced = self.book.take(messages, versions)
        if replaced.moved:
            self._move_rows(replaced)
        for row in self.book.rows():
            message = self.messages[self.book.index_of(row.message.id)]
            siblings = self.book.siblings(message.id)
            if not row.live and (row.message != message or list(row.versions) != siblings):
                self._change(row, partial(row.show, message, siblings))
        was_loaded, self._unread = self.loaded, unread
        self._guess_unread()
        if self.loaded and (replaced.moved or not was_loaded):
            accessible.reordered(self)
        self.changed.emit("")
        self.viewport().update()
        if self.loaded and not was_loaded:
            self.all_loaded.emit()

    @property
    def loaded(self) -> bool:
        """Return whether all messages are here. Of a long conversation the older ones come a moment later."""
        return not self._unread

    def load_all(self) -> None:
        """Have the messages that are still to come at once."""
        if not self.loaded:
            self.all_wanted.emit()

    def to_start(self) -> None:
        self.load_all()
        super().to_start()

    def message(self, message_id: str) -> Message | None:
        """Return a message as it is shown: while it is written, with what has come."""
        index = self.book.index_of(message_id)
        return self.book.current(index) if index >= 0 else None

    def shows(self, message_id: str) -> bool:
        """Return whether a message is among those on show."""
        return self.book.index_of(message_id) >= 0

    def clear(self) -> None:
        """Show nothing."""
        self.live.clear()
        self.formulas.errands.stop()
        if "pictures" in vars(self):
            self.pictures.errands.stop()
        self.book.take([], None)
        self._unread = self.unread_height = 0
        self.selection.clear()
        self.pointer.clear()
        self.heights = Fenwick()
        self.placed = []
        self.anchor = Anchor()
        self.following = True
        self.focused = -1
        self.marks.show(None)
        self.changed.emit("")
        self.viewport().update()

    def begin(self, message: Message | str) -> None:
        """Get ready for a reply's events; a message that is not shown yet is added at the end."""
        if isinstance(message, Message) and self.book.index_of(message.id) < 0:
            self.refresh([*self.messages, message], self.book.versions, self._unread)
        index = self.book.index_of(message.id if isinstance(message, Message) else message)
        if index >= 0:
            row = self.row_at(index)
            self.live.begin(row.message.id, goes_on=bool(row.message.text))
            self._change(row, row.begin)

    def feed(self, message_id: str, events: "Sequence[Event]") -> None:
        """Take events of a reply. Cheap: they are shown with the next frame."""
        if self.book.index_of(message_id) >= 0:
            self.live.feed(message_id, events)

    def finish(self, message: Message | str) -> None:
        """End a reply."""
        message_id = message.id if isinstance(message, Message) else message
        self.live.end(message_id)
        index, row = self.book.index_of(message_id), self.book.built(message_id)
        if row is None:
            return
        final = message if isinstance(message, Message) else None
        work: list[Iterator[None]] = []
        self._change(row, lambda: work.append(row.finish(final)))
        self.messages[index] = row.message
        self.live.slices.start(("settle", message_id), work[0], lambda: self._change(row, lambda: row.rebuild(0)))
        accessible.announce(self, row)

    def jump_to(self, message_id: str, words: str = "") -> None:
        """Show a message, and in it the words that a search over everything found, marked."""
        if not self.shows(message_id):
            self.load_all()
        index = self.book.index_of(message_id)
        if index < 0:
            return
        self.marks.show(search_words(words, self.book.current(index).text), only=message_id)
        self.selection.clear()
        row = self.row_at(index)
        thought = sum(map(self.marks.count, row.reasoning.cells)) if row.head.open else 0  # that is not searched
        if not to_place(self, Place(message_id, thought), anywhere=False):
            self.reveal(index, 0, 0)

    def show_seen_from(self, message_id: str) -> None:
        """Show a line above the oldest message that the model still sees; none if it sees all."""
        if message_id != self.seen_from:
            self.seen_from = message_id
            self.viewport().update()

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
        return Kit(
            style_for(self._theme, self.font(), self._zoom),
            self.words,
            self._sentence,
            self.formulas,
            lambda: self.pictures,
            rtl,
        )

    def _dress(self) -> None:
        """Make everything anew in another style, and stay where one reads."""
        self.keep_reading()
        self.kit = self._new_kit()
        cells = self.row_at(self.anchor.row).cells if self.anchor.row < len(self.messages) else []
        if self.anchor.cell < len(cells):
            self.resume_reading(cells[self.anchor.cell])
        self.latest.dress(self.kit.style)
        self.pointer.clear()
        self.viewport().update()

    def column(self) -> tuple[int, int]:
        """Return where the text column begins, and its width."""
        room = self.viewport().width()
        width = max(60, min(self.kit.style.px(self._theme.column_width), room - 2 * min(MARGIN, room // 16)))
        return (room - width) // 2, width

    # --- rows
    @property
    def messages(self) -> list[Message]:
        """Return the messages that are shown, in order."""
        return self.book.messages

    def row_at(self, index: int) -> Row:
        row = self.book.row(index, self.kit, self.column()[1], self._needed)
        if "editors" in vars(self):
            self.editors.put_into(row)
        return row

    def _needed(self, row: Row) -> bool:
        """Say whether a row must stay built."""
        seen = any(placed.row is row for placed in self.placed)
        return seen or row.live or row.field is not None or ("settle", row.message.id) in self.live.slices

    def change_row(self, index: int, change: Callable[[Row], object]) -> None:
        """Change a row's cells; what one reads and what is selected stay."""
        row = self.row_at(index)
        self._change(row, lambda: change(row))
        self.book.remember(row)

    def _change(self, row: Row, change: Callable[[], object]) -> None:
        index = self.book.index_of(row.message.id)
        if index < 0:
            return
        before = list(row.cells)
        kept = self.keep_cell(index) if index < len(self.heights) else None
        change()
        self.return_to(kept)
        pairs = zip(before, row.cells, strict=False)
        first = next((i for i, (old, new) in enumerate(pairs) if old is not new), min(len(before), len(row.cells)))
        self.selection.remap(index, first, before, row.cells)
        if before != row.cells:
            self.place_again(lambda index: index)
        if index < len(self.heights):
            self.heights.set(index, row.total)
        self.changed.emit(row.message.id)
        self.viewport().update()

    def _show_drawn(self) -> None:
        for row in self.book.rows():
            self._change(row, row.refresh)

    def _apply(self, message_id: str, events: "Sequence[Event]") -> None:
        index = self.book.index_of(message_id)
        if index >= 0:
            row = self.row_at(index)
            self._change(row, lambda: row.feed(events))

    def _move_rows(self, replaced: Replaced) -> None:
        """Follow the messages after some have come or gone."""
        start, old_end, end, old_ids, _ = replaced
        old = self.heights[start:old_end]
        known = dict(zip(old_ids, old, strict=True))
        guesses = self.book.estimates(self.kit, self.column()[1], start, end)
        new = [known.get(message.id, guess) for message, guess in zip(self.messages[start:end], guesses, strict=True)]
        self.heights.replace(start, old_end, new)

        def place(row: int) -> int:
            if row < start:
                return row
            return self.book.index_of(old_ids[row - start]) if row < old_end else row + end - old_end

        anchored = place(self.anchor.row)
        if anchored >= 0:
            self.anchor.row = anchored
        else:
            self.anchor = Anchor(max(0, min(self.anchor.row, len(self.messages)) - 1))
        self.selection.move_rows(place)
        self.place_again(place)
        if self.focused >= 0:
            old_id = old_ids[self.focused - start] if start <= self.focused < old_end else ""
            self.keys.refocus(place(self.focused), old_id)
        self.pointer.clear()

    def _guess_unread(self) -> None:
        """Let the scroll bar know about how much is still to come."""
        shown = len(self.messages)
        self.unread_height = self.heights.total // shown * self._unread if shown else 0

    # --- events
    def paintEvent(self, event: QPaintEvent) -> None:
        self.place()
        if "editors" in vars(self):
            self.editors.place()
        painter = QPainter(self.viewport())
        paint_rows(self, painter)
        painter.end()
        self.latest.place(self.column(), visible=not self.following and bool(self.messages))
        self.live.color(self.placed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.oldSize().width() != event.size().width():
            self.keep_reading()
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
        mine = self.hasFocus() and self.keys.step(1 if forward else -1)
        return mine or super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.keys.enter(event.reason())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

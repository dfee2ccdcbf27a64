"""Find: what Ctrl+F does. Connects the find bar with the transcript; also lets go of the marks that a jump has left."""

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from parley.ui.actions import Actions
from parley.ui.appearance.look import Look
from parley.ui.chat.chat_page import ChatPage
from parley.ui.chat.find_bar import FindBar
from parley.ui.transcript.hits import Hits
from parley.ui.transcript.marks import Place
from parley.ui.transcript.places import corner, select, to_place
from parley.ui.transcript.ticks import Ticks
from parley.ui.transcript.wanted import letters

LONGEST_OFFER = 100
"""A selection up to this length is offered as what to find."""


class Find(QObject):
    """Finds in the conversation on show, from the first letter on, beginning where one reads."""

    def __init__(self, look: Look, actions: Actions, page: ChatPage) -> None:
        super().__init__(page)
        self._page = page
        self._view = page.transcript
        self.bar = FindBar(look, actions, page.body, self._view.verticalScrollBar())
        self.hits = Hits(self._view)
        self.ticks = Ticks(self._view)
        self._origin = ("", 0, 0)
        """Where one reads: a message, one of its cells, and a position in it."""
        self._place: Place | None = None
        self._owed = 0
        """A step round the end, which is taken once all messages have come: before, nobody knows where it leads."""
        self._came_from: QWidget | None = None
        self.bar.asked.connect(self._look)
        self.bar.stepped.connect(self.step)
        self.bar.closed.connect(self.close)
        self.hits.updated.connect(self._updated)
        self._view.installEventFilter(self)
        self._view.viewport().installEventFilter(self)
        page.composer.field.installEventFilter(self)
        self.ticks.stale.connect(self._show_ticks)
        look.changed.connect(self._show_ticks)

    @property
    def place(self) -> Place | None:
        """Return the place that one is at."""
        return self._place

    def open(self) -> None:
        """Show the bar and go to its field; a short selection is what to find."""
        if not self.bar.isVisible():
            self._came_from = QApplication.focusWidget()
        offer = self._view.selection.text(self._view.row_at, len(self._view.messages)) if self._selection_short else ""
        text = offer if offer and "\n" not in offer and len(offer) <= LONGEST_OFFER else self.bar.field.text()
        again = self.bar.isVisible() and text == self.bar.field.text()
        self.bar.open(text)
        self._leave_room(self.bar.height())
        if not again:
            self._origin = self._here()
            self._look()

    def step(self, by: int) -> None:
        """Go to the next place, or to the one before; what was found last is looked for again."""
        if not self.bar.isVisible():
            self.open()
            return
        if self._place is None:
            self._settle(scroll=True)
        elif place := self.hits.step(self._place, by):
            around = (self._order(place) > self._order(self._place)) != (by > 0)
            self._owed = by if around and self.hits.searching else 0
            if not self._owed:
                self._go(place)

    def _order(self, place: Place) -> tuple[int, int]:
        return self._view.book.index_of(place.message_id), place.number

    def close(self) -> None:
        """Let the marks go; the current place stays selected, and the focus returns to where it was."""
        if not self.bar.isVisible():
            return
        if self._place:
            select(self._view, self._place)
        if self.bar.isAncestorOf(QApplication.focusWidget() or self._page):  # while it is there: else Qt chooses
            back = self._came_from
            usable = back is not None and isValid(back) and back.isVisible() and back.isEnabled()
            (back if back is not None and usable else self._page.composer).setFocus()
        self.leave()

    def leave(self) -> None:
        """Close the bar because something else is shown."""
        if self.bar.isVisible():
            self.bar.hide()
            self._leave_room(0)
            self._place = None
            self.hits.look_for(None)

    def let_go(self) -> bool:
        """Let go of the words that a jump has marked; say whether there were any."""
        if self.bar.isVisible() or self._view.marks.wanted is None:
            return False
        self._view.marks.show(None)
        self._view.viewport().update()
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        view, composer = self._view, self._page.composer
        if event.type() == QEvent.Type.MouseButtonPress and watched is view.viewport():
            self.let_go()
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if event.key() != Qt.Key.Key_Escape or event.modifiers():
            return False
        idle = not composer.answering and not composer.error
        if self.bar.isVisible() and (watched is view or (watched is composer.field and idle)):
            self.close()
            return True
        return watched in (view, composer.field) and idle and self.let_go()

    def _leave_room(self, height: int) -> None:
        """Leave the bar its room: over the text it would hide the first places."""
        self._view.leave_room_above(height)
        self._page.notices.keep_clear(height)

    # --- looking
    def _look(self) -> None:
        """Look for what is in the field, from the place that one is at; before there is one, from where one began."""
        if not self.bar.isVisible():
            return
        if self._place:
            self._origin = self._here()
        self._place, self._owed = None, 0
        index = max(0, self._view.book.index_of(self._origin[0]))
        self.hits.look_for(letters(self.bar.field.text(), match_case=self.bar.case.isChecked()), index)
        self._tell()

    def _here(self) -> tuple[str, int, int]:
        """Return the place that one is at if it is in sight, else what is at the top."""
        view = self._view
        placed = view.place()
        index = view.book.index_of(self._place.message_id) if self._place else -1
        if self._place and index >= 0 and (found := view.marks.locate(view.row_at(index), self._place.number)):
            number, span = found
            if any(item.row_index == index and item.index == number for item in placed):
                return self._place.message_id, number, span[0]
        if not placed:
            return "", 0, 0
        top = placed[0]
        beyond = -corner(view, top).y()
        position = 0
        if beyond > 0 and top.cell.length():  # from the first line that is seen as a whole
            left = top.cell.width if top.cell.rtl else 0
            position = top.cell.position_at(QPointF(left, beyond + view.kit.style.line - 1))
        return top.row.message.id, top.index, position

    def _updated(self) -> None:
        if self._place and not self.hits.number_of(self._place):
            self._place = None
            self._settle(scroll=False)
        elif self._place is None:
            self._settle(scroll=True)
        elif self._owed and not self.hits.searching:
            self.step(self._owed)
        self._tell()

    def _settle(self, *, scroll: bool) -> None:
        """Take the first place from where one reads on; the first of all if there is none below."""
        index = self._view.book.index_of(self._origin[0])
        if not self.hits.total or not self.bar.isVisible():
            return
        place = self.hits.first_from(index, self._above(index)) if index >= 0 else None
        if place is None and not self.hits.searching:
            place = self.hits.first_from(0)
        if place and scroll:
            self._go(place)
        elif place:
            self._place = self._view.marks.current = place

    def _above(self, index: int) -> int:
        """Return how many places of the message where one reads are above."""
        _, cell, position = self._origin
        row, marks = self._view.row_at(index), self._view.marks
        if cell >= len(row.cells):
            return 0
        before = sum(1 for span in marks.spans(row.cells[cell]) if span[0] < position)
        return sum(map(marks.count, row.cells[:cell])) + before

    def _go(self, place: Place) -> None:
        to_place(self._view, place)
        self._place = self._view.marks.current = self.hits.correct(place)
        self._tell()

    def _tell(self) -> None:
        number = self.hits.number_of(self._place) if self._place else 0
        self.bar.show_count(number, self.hits.total, searching=self.hits.searching)
        self._show_ticks()

    def _show_ticks(self) -> None:
        view = self._view
        self.ticks.show_for(self.hits.shares(), view.heights, view.kit.style, above=view.unread_height)

    @property
    def _selection_short(self) -> bool:
        """Return whether the selection lies in one message: others are too long to be looked for."""
        first, last = self._view.selection.ends()
        return first is not None and last is not None and first.row == last.row

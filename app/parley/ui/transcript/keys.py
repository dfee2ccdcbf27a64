"""Keys: scrolling, going from message to message, copying, and what can be done with the focused message."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from parley.ui.transcript import accessible
from parley.ui.transcript.actions import action_of
from parley.ui.transcript.painting import row_rect
from parley.ui.transcript.row import Row

if TYPE_CHECKING:
    from parley.ui.transcript.view import Transcript

LINE = 48
COPY_MARKDOWN = "Ctrl+Shift+C"
Key = Qt.Key


class Keys:
    """Arrows scroll, Tab goes from message to message and out at the end; after Escape it leaves at once."""

    def __init__(self, view: "Transcript") -> None:
        self._view = view
        self._leaving = False

    def press(self, event: QKeyEvent) -> bool:
        """Do what a key says; say whether it says anything."""
        view = self._view
        if event.matches(QKeySequence.StandardKey.Copy) and view.selection:
            view.commands.copy_selection()
            return True
        if view.selection and _portable(event) == COPY_MARKDOWN:
            view.commands.copy_markdown()
            return True
        if event.matches(QKeySequence.StandardKey.SelectAll):
            view.commands.select_all()
            return True
        if view.focused >= 0 and self._act(view.row_at(view.focused), event):
            return True
        key = Key(event.key())
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and key in {Key.Key_Up, Key.Key_Down}:
            self._leaving = False
            self.step(1 if key == Key.Key_Down else -1)
            return True
        page = max(LINE, view.viewport().height() - LINE)
        scrolled = {Key.Key_Up: -LINE, Key.Key_Down: LINE, Key.Key_PageUp: -page, Key.Key_PageDown: page}
        if key in scrolled:
            view.scroll_by(scrolled[key])
        elif key == Key.Key_Home:
            view.to_start()
        elif key == Key.Key_End:
            view.to_latest()
        elif key in {Key.Key_Menu, Key.Key_Return, Key.Key_Enter} and view.focused >= 0:
            self._menu()
        elif key == Key.Key_Space and view.focused >= 0 and view.row_at(view.focused).head.present:
            view.commands.run("reasoning", view.row_at(view.focused))
        elif key == Key.Key_Escape and view.focused >= 0:
            view.focused = -1
            self._leaving = True
            view.viewport().update()
        else:
            return False
        return True

    def _act(self, row: Row, event: QKeyEvent) -> bool:
        """Do to the focused message what a key says; say whether it says anything."""
        keys = _portable(event)
        if keys in {"Left", "Right"}:
            rtl = self._view.layoutDirection() == Qt.LayoutDirection.RightToLeft
            return self._view.commands.turn(row, 1 if (keys == "Right") is not rtl else -1)
        action = action_of(row.message, keys)
        if action:
            self._view.commands.run(action.key, row)
        return action is not None

    def refocus(self, place: int, old_id: str) -> None:
        """After messages have come or gone keep the keyboard on its message, another version of it, or a neighbour.

        `place` is where the message of that id is now, or -1.
        """
        view = self._view
        if place < 0:
            versions = (i for i, message in enumerate(view.messages) if old_id in view.book.siblings(message.id))
            place = next(versions, min(view.focused, len(view.messages) - 1))
        view.focused = place

    def step(self, by: int) -> bool:
        """Go to the next message or the one before; say whether there is one."""
        view = self._view
        if not view.messages or self._leaving:
            self._leaving = False
            view.focused = -1
            return False
        target = view.focused + by if view.focused >= 0 else self._first(by)
        if not 0 <= target < len(view.messages):
            view.focused = -1
            view.viewport().update()
            return False
        self._focus(target)
        return True

    def enter(self, reason: Qt.FocusReason) -> None:
        """Take the focus: by Tab, one of the messages in sight gets it, and nothing moves."""
        self._leaving = False
        tab = {Qt.FocusReason.TabFocusReason: 1, Qt.FocusReason.BacktabFocusReason: -1}
        if reason in tab and self._view.messages:
            self._focus(self._first(tab[reason]), scroll=False)
        self._view.viewport().update()

    def _first(self, by: int) -> int:
        """Return the message in sight where one begins."""
        placed = self._view.placed or self._view.place()
        if not placed:
            return len(self._view.messages) - 1
        if by < 0 or self._view.following:
            return placed[-1].row_index
        begins = (item.row_index for item in placed if item.index == 0 and item.y >= 0)
        return next(begins, placed[0].row_index)

    def _focus(self, index: int, *, scroll: bool = True) -> None:
        view = self._view
        view.focused = index
        shown = [placed for placed in view.place() if placed.row_index == index]
        height = view.viewport().height()
        rect = row_rect(view, shown[0]) if shown else None
        if scroll and (rect is None or rect.top() < 0 or (rect.bottom() > height and rect.height() < height)):
            if index == len(view.messages) - 1 and view.row_at(index).total < height:
                view.to_latest()
            else:
                view.reveal(index, 0, view.viewport().height() // 4 - 8)
        view.viewport().update()
        accessible.focused(view, index)

    def _menu(self) -> None:
        view = self._view
        shown = [placed for placed in view.place() if placed.row_index == view.focused]
        if shown:
            rect = row_rect(view, shown[0])
            height = view.viewport().height()
            point = QPoint(int(rect.left()) + 16, int(max(16.0, min(rect.bottom() - 16, height - 40.0))))
            view.commands.menu_for(shown[0].row, view.viewport().mapToGlobal(point))


def _portable(event: QKeyEvent) -> str:
    """Return the keys that were pressed, as the table of actions writes them."""
    return QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)

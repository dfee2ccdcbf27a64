"""The transcript for screen readers: a list with one item a message, readable without building it.

The factory is asked for nothing until a screen reader is there. Interface objects are kept here as long as their
widget lives: Qt holds bare pointers to them.
"""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import (
    QAccessible,
    QAccessibleActionInterface,
    QAccessibleAnnouncementEvent,
    QAccessibleEvent,
    QAccessibleInterface,
    QAccessibleStateChangeEvent,
    QWindow,
)
from shiboken6 import isValid

from parley.messages import Message
from parley.ui.transcript.actions import Action, actions_for
from parley.ui.transcript.painting import row_rect
from parley.ui.transcript.places import placed_at
from parley.ui.transcript.textcell import BlockCell

if TYPE_CHECKING:
    from parley.ui.transcript.editor import Editor
    from parley.ui.transcript.row import Row
    from parley.ui.transcript.view import Transcript

READABLE = 20_000
"""Letters of a message that are handed to a screen reader at once."""

_lists: dict[int, "TranscriptInterface"] = {}
_installed: list[Any] = []


class TranscriptInterface(QAccessibleInterface):
    """The list."""

    def __init__(self, view: "Transcript") -> None:
        super().__init__()
        self.view = view
        self.items: dict[str, MessageInterface] = {}

    def isValid(self) -> bool:
        return isValid(self.view)

    def object(self) -> QObject:
        return self.view

    def window(self) -> QWindow:
        return self.view.window().windowHandle()

    def parent(self) -> QAccessibleInterface:
        parent = self.view.parentWidget()
        return QAccessible.queryAccessibleInterface(parent) if parent else None  # type: ignore[return-value]

    def childCount(self) -> int:
        return len(self.view.messages) if self.isValid() else 0

    def child(self, index: int) -> QAccessibleInterface:
        if not 0 <= index < self.childCount():
            return None  # type: ignore[return-value]
        message_id = self.view.messages[index].id
        if message_id not in self.items:
            self.items[message_id] = MessageInterface(self, message_id)
        return self.items[message_id]

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return child.index() if isinstance(child, MessageInterface) else -1

    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        point = self.view.viewport().mapFromGlobal(QPoint(x, y)).toPointF()
        placed = placed_at(self.view, point)
        return self.child(placed.row_index) if placed else None  # type: ignore[return-value]

    def focusChild(self) -> QAccessibleInterface:
        return self.child(self.view.focused) if self.view.focused >= 0 else self

    def text(self, kind: QAccessible.Text) -> str:
        return self.view.accessibleName() if kind == QAccessible.Text.Name else ""

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """It cannot be written to."""

    def rect(self) -> QRect:
        return QRect(self.view.mapToGlobal(QPoint(0, 0)), self.view.size())

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.List

    def state(self) -> QAccessible.State:
        state = QAccessible.State()
        state.focusable = True
        state.focused = self.view.hasFocus()
        state.readOnly = True
        return state


class MessageInterface(QAccessibleInterface):
    """One message: who speaks, what is said, how it ended."""

    def __init__(self, owner: TranscriptInterface, message_id: str) -> None:
        super().__init__()
        self._owner = owner
        self._id = message_id
        self._actions = MessageActions(owner.view, message_id)

    def index(self) -> int:
        """Return which message it is now, or -1."""
        view = self._owner.view
        return view.book.index_of(self._id) if isValid(view) else -1

    def isValid(self) -> bool:
        return self.index() >= 0

    def object(self) -> QObject:
        return None  # type: ignore[return-value]

    def window(self) -> QWindow:
        return self._owner.window()

    def parent(self) -> QAccessibleInterface:
        return self._owner

    def childCount(self) -> int:
        return 0 if self._editor() is None else 1

    def child(self, index: int) -> QAccessibleInterface:
        editor = self._editor()
        return QAccessible.queryAccessibleInterface(editor) if editor and not index else None  # type: ignore[return-value]

    def _editor(self) -> "Editor | None":
        """Return the field that stands in the message's place while it is edited."""
        return self._owner.view.editors.editor(self._id) if self.isValid() else None

    def interface_cast(self, kind: QAccessible.InterfaceType) -> Any:
        return self._actions if kind == QAccessible.InterfaceType.ActionInterface else None

    def childAt(self, x: int, y: int) -> QAccessibleInterface:
        return None  # type: ignore[return-value]

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        return -1

    def text(self, kind: QAccessible.Text) -> str:
        index = self.index()
        if index < 0:
            return ""
        if kind == QAccessible.Text.Name:
            return spoken(self._owner.view, index)
        return self._owner.view.messages[index].text[:READABLE] if kind == QAccessible.Text.Value else ""

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """It cannot be written to."""

    def rect(self) -> QRect:
        view, index = self._owner.view, self.index()
        placed = next((placed for placed in view.placed if placed.row_index == index), None)
        if placed is None:
            return QRect()
        rect = row_rect(view, placed).toAlignedRect()
        return QRect(view.viewport().mapToGlobal(rect.topLeft()), rect.size())

    def role(self) -> QAccessible.Role:
        return QAccessible.Role.ListItem

    def state(self) -> QAccessible.State:
        view, index = self._owner.view, self.index()
        state = QAccessible.State()
        state.focusable = True
        state.focused = view.hasFocus() and view.focused == index
        state.readOnly = state.multiLine = True
        state.offscreen = all(placed.row_index != index for placed in view.placed)
        return state


class MessageActions(QAccessibleActionInterface):
    """What can be done with one message: what its menu shows."""

    def __init__(self, view: "Transcript", message_id: str) -> None:
        super().__init__()
        self._view = view
        self._id = message_id

    def _offered(self) -> dict[str, Action]:
        index = self._view.book.index_of(self._id) if isValid(self._view) else -1
        return {action.key: action for action in actions_for(self._view.book.current(index))} if index >= 0 else {}

    def actionNames(self) -> list[str]:
        return list(self._offered())

    def doAction(self, name: str) -> None:
        if name in self._offered():
            self._view.commands.run(name, self._view.row_at(self._view.book.index_of(self._id)))

    def keyBindingsForAction(self, name: str) -> list[str]:
        action = self._offered().get(name)
        return [action.key_text] if action and action.keys else []

    def localizedActionName(self, name: str) -> str:
        action = self._offered().get(name)
        return action.words(self._view.words) if action else ""

    def localizedActionDescription(self, name: str) -> str:
        return self.localizedActionName(name)


def spoken(view: "Transcript", index: int) -> str:
    """Return what is read of a message: who, what, and how it ended."""
    message = view.book.current(index)
    row = view.book.built(message.id)
    state = row.foot.state_words() if row and not row.is_user else ""
    said = message.text
    if row and row.field is None and len(said) <= READABLE:  # without the marks of Markdown
        said = "\n".join(cell.text(0, cell.length()) for cell in row.cells if isinstance(cell, BlockCell))
    return "\n".join(
        part for part in (view.words.speaker(message), _version(view, message), said[:READABLE], state) if part
    )


def _version(view: "Transcript", message: Message) -> str:
    """Return which of several versions a message is."""
    versions = view.book.siblings(message.id)
    return view.words.version(versions.index(message.id) + 1, len(versions)) if len(versions) > 1 else ""


def install() -> None:
    """Offer interfaces to whoever asks. Once."""
    if not _installed:
        _installed.append(_interface)
        QAccessible.installFactory(_interface)


def _interface(key: str, owner: QObject) -> QAccessibleInterface | None:
    from parley.ui.transcript.view import Transcript

    if not isinstance(owner, Transcript):
        return None
    if id(owner) not in _lists or _lists[id(owner)].view is not owner:
        _lists[id(owner)] = TranscriptInterface(owner)
    return _lists[id(owner)]


def reordered(view: "Transcript") -> None:
    """Tell that messages came or went."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleEvent(view, QAccessible.Event.ObjectReorder))


def focused(view: "Transcript", index: int) -> None:
    """Tell that a message has the focus."""
    if QAccessible.isActive():
        state = QAccessible.State()
        state.focused = True
        event = QAccessibleStateChangeEvent(view, state)
        event.setChild(index)
        QAccessible.updateAccessibility(event)
        focus = QAccessibleEvent(view, QAccessible.Event.Focus)
        focus.setChild(index)
        QAccessible.updateAccessibility(focus)


def announce(view: "Transcript", row: "Row") -> None:
    """Say how an answer ended."""
    say(view, row.foot.state_words() or view.words.answer_complete())


def say(view: "Transcript", words: str) -> None:
    """Have something said."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(view, words))

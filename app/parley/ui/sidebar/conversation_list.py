"""ConversationList: the model behind the sidebar. It knows the order of all chats, and reads those that are looked at.

So the scroll bar is right from the beginning, and the end of 10,000 chats is as near as their beginning.
"""

from bisect import bisect_left
from datetime import datetime
from typing import Any, Protocol

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from parley.messages import Conversation
from parley.store import Cursor
from parley.ui.sidebar.dates import Groups, long_time
from parley.ui.sidebar.grouping import Grouping

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1

BLOCK = 60
"""So many chats are read together: two screens full."""

AHEAD = 20
"""How many of them stand above the one that was asked for."""

STEP = 4_000
"""So many places are read together: a few milliseconds."""


class Shelf(Protocol):
    """What the list is read from: pages of conversations, and the bare order of all."""

    def page(self, *, after: Cursor | None = None, limit: int = 100) -> list[Conversation]: ...

    def order(self, *, after: Cursor | None = None, limit: int = 100) -> list[Cursor]: ...


class ConversationList(QAbstractListModel):
    """Rows are headings (text) and conversations, in the store's order: pinned first, then the newest change first."""

    renamed = Signal(str, str)

    def __init__(self, shelf: Shelf, parent: QObject) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self._order: list[Cursor] = []
        self._cursors: dict[str, Cursor] = {}
        self._known: dict[str, Conversation] = {}
        self._groups = Grouping(_dates())
        self._more = True

    def reload(self) -> None:
        """Read the beginning anew, and as much of the order as was known."""
        known = len(self._order)
        self.beginResetModel()
        first = self._shelf.page(limit=BLOCK)
        self._known = {conversation.id: conversation for conversation in first}
        self._order = [Cursor.behind(conversation) for conversation in first]
        self._more = len(first) == BLOCK
        if self._more and known > BLOCK:
            self._order += self._shelf.order(after=self._order[-1], limit=known)
        self._cursors = {cursor.id: cursor for cursor in self._order}
        self._groups = Grouping(_dates(), self._order)
        self.endResetModel()

    def put(self, conversation: Conversation) -> None:
        """Show a conversation as it is now: new, changed, or moved to another place."""
        cursor, before = Cursor.behind(conversation), self._cursors.get(conversation.id)
        self._known[conversation.id] = conversation
        if before != cursor:
            place = _place(self._order, cursor)
            behind = 1 if before and before > cursor else 0
            if self._more and place == len(self._order):
                self.remove(conversation.id)
            elif before is None:
                self._insert(place, cursor)
            else:
                self._move(_place(self._order, before), place - behind, cursor)
        index = self.index_of(conversation.id)
        if index.isValid():
            self.dataChanged.emit(index, index)

    def remove(self, conversation_id: str) -> None:
        """Take a conversation out."""
        cursor = self._cursors.pop(conversation_id, None)
        self._known.pop(conversation_id, None)
        if cursor is None:
            return
        place = _place(self._order, cursor)
        row = self._groups.row_of(place)
        self.beginRemoveRows(ROOT, row, row)
        del self._order[place]
        self._groups.take(place)
        self.endRemoveRows()
        self._drop_empty()

    def regroup(self) -> None:
        """Look at the dates again, as after midnight."""
        self.beginResetModel()
        self._groups = Grouping(_dates(), self._order)
        self.endResetModel()

    def index_of(self, conversation_id: str | None) -> QModelIndex:
        """Return where a conversation stands, or an invalid index."""
        cursor = self._cursors.get(conversation_id or "")
        return self.index(self._groups.row_of(_place(self._order, cursor))) if cursor else QModelIndex()

    def conversation(self, index: Index) -> Conversation | None:
        """Return the conversation of a row; None for a heading."""
        place = self._groups.place_at(index.row()) if index.isValid() else None
        return None if place is None else self._read(place)

    def id_at(self, index: Index) -> str:
        """Return the id of a row's conversation without reading it; nothing for a heading."""
        place = self._groups.place_at(index.row()) if index.isValid() else None
        return "" if place is None else self._order[place].id

    def heading(self, index: Index) -> str:
        """Return the words of a heading; nothing for a conversation."""
        return self._groups.heading_at(index.row())

    def neighbour(self, conversation_id: str | None, step: int) -> Conversation | None:
        """Return the conversation above (-1) or below (1); the first one if none is given."""
        cursor = self._cursors.get(conversation_id or "")
        wanted = _place(self._order, cursor) + step if cursor else 0
        if wanted >= len(self._order):
            self.fetchMore()
        return self._read(wanted) if 0 <= wanted < len(self._order) else None

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._groups)

    def canFetchMore(self, parent: Index = ROOT) -> bool:
        return self._more and not parent.isValid()

    def fetchMore(self, parent: Index = ROOT) -> None:
        if not self.canFetchMore(parent):
            return
        found = self._shelf.order(after=self._order[-1] if self._order else None, limit=STEP)
        self._more = len(found) == STEP
        fresh = [cursor for cursor in found if cursor.id not in self._cursors]
        if not fresh:
            return
        grouping = Grouping(self._groups.dates, self._order + fresh)
        self.beginInsertRows(ROOT, len(self._groups), len(grouping) - 1)
        self._order += fresh
        self._cursors.update((cursor.id, cursor) for cursor in fresh)
        self._groups = grouping
        self.endInsertRows()

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or self._groups.place_at(index.row()) is None:
            return Qt.ItemFlag.NoItemFlags
        kinds = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
        return kinds | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._groups):
            return None
        conversation = self.conversation(index)
        if conversation is None:
            words = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
            return self.heading(index) if role in words else None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return conversation.title
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(conversation)
            case Qt.ItemDataRole.ToolTipRole:
                return f"{conversation.title}\n{long_time(conversation.updated_at)}"
            case _ if role == ROW_ROLE:
                return conversation
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        conversation = self.conversation(index)
        title = str(value).strip()
        if role != Qt.ItemDataRole.EditRole or conversation is None or not title or title == conversation.title:
            return False
        self.renamed.emit(conversation.id, title)
        return True

    def _spoken(self, conversation: Conversation) -> str:
        facts = [
            conversation.title,
            self.tr("pinned") if conversation.pinned else "",
            self.tr("unread answer") if conversation.unread else "",
            self.tr("being answered") if conversation.answering else long_time(conversation.updated_at),
        ]
        return ", ".join(fact for fact in facts if fact)

    def _read(self, place: int) -> Conversation:
        """Return a conversation, and have those around it read with it."""
        cursor = self._order[place]
        if cursor.id not in self._known:
            first = max(0, place - AHEAD)
            after = self._order[first - 1] if first else None
            for conversation in self._shelf.page(after=after, limit=BLOCK):
                if conversation.id in self._cursors:
                    self._known[conversation.id] = conversation
        # Another process may have put it into the trash: until that news is told its row is empty.
        return self._known.get(cursor.id) or Conversation(cursor.id, "", cursor.updated_at, cursor.updated_at)

    def _insert(self, place: int, cursor: Cursor) -> None:
        self._make_room(cursor)
        row = self._groups.new_row(place, cursor)
        self.beginInsertRows(ROOT, row, row)
        self._order.insert(place, cursor)
        self._cursors[cursor.id] = cursor
        self._groups.add(cursor)
        self.endInsertRows()

    def _move(self, old: int, new: int, cursor: Cursor) -> None:
        """Move a conversation to a place, counted without it."""
        self._make_room(cursor)
        source = self._groups.row_of(old)
        target = self._groups.new_row(new, cursor)
        moves = target != source
        if moves:
            self.beginMoveRows(ROOT, source, source, ROOT, target + 1 if target > source else target)
        del self._order[old]
        self._groups.take(old)
        self._order.insert(new, cursor)
        self._cursors[cursor.id] = cursor
        self._groups.add(cursor)
        if moves:
            self.endMoveRows()
        self._drop_empty()

    def _make_room(self, cursor: Cursor) -> None:
        """See to it that there is a heading for this place."""
        if (row := self._groups.missing(cursor)) is not None:
            self.beginInsertRows(ROOT, row, row)
            self._groups.open(cursor)
            self.endInsertRows()

    def _drop_empty(self) -> None:
        if (row := self._groups.empty) is not None:
            self.beginRemoveRows(ROOT, row, row)
            self._groups.close()
            self.endRemoveRows()


def _dates() -> Groups:
    return Groups(datetime.now().astimezone().date())


def _place(order: list[Cursor], cursor: Cursor) -> int:
    """Return where a place is, or belongs, in an order that descends."""
    return bisect_left(order, True, key=lambda other: other <= cursor)

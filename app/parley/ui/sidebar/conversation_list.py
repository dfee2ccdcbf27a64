"""ConversationList: the model behind the sidebar. It knows the order of all chats, and reads those that are looked at.

So the scroll bar is right from the beginning, and the end of 10,000 chats is as near as their beginning.
"""

from bisect import bisect_left
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from parley.messages import Conversation
from parley.store import NETWORK, Network, Spot
from parley.ui.sidebar.dates import Groups, long_time
from parley.ui.sidebar.grouping import Grouping

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
FOLD_ROLE = ROW_ROLE + 1

BLOCK = 60
"""So many chats are read together: two screens full."""

AHEAD = 20
"""How many of them stand above the one that was asked for."""

STEP = 4_000
"""So many places are read together: a few milliseconds."""


class Fold(NamedTuple):
    """How the heading of the network stands."""

    folded: bool
    unread: bool


class Shelf(Protocol):
    """What the list is read from: pages of conversations, and the bare order of all; without the network if folded."""

    def page(self, *, after: Spot | None = None, limit: int = 100, folded: bool = False) -> list[Conversation]: ...

    def order(self, *, after: Spot | None = None, limit: int = 100, folded: bool = False) -> list[Spot]: ...

    def network(self) -> Network: ...

    def find(self, id: str) -> Conversation | None: ...


class ConversationList(QAbstractListModel):
    """Rows are headings (text) and conversations, in the store's order: pinned, from the network, the others; newest
    first. The network can be folded away: then its heading is all there is of it.
    """

    renamed = Signal(str, str)

    def __init__(self, shelf: Shelf, parent: QObject) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self._order: list[Spot] = []
        self._spots: dict[str, Spot] = {}
        self._known: dict[str, Conversation] = {}
        self._groups = Grouping(_dates())
        self._more = True
        self._network = Network(there=False, unread=False)
        self.folded = False
        """Whether the network is folded away; it holds from the next `reload` on."""

    def reload(self) -> None:
        """Read the beginning anew, and as much of the order as was known."""
        known = len(self._order)
        self.beginResetModel()
        first = self._shelf.page(limit=BLOCK, folded=self.folded)
        self._known = {conversation.id: conversation for conversation in first}
        self._order = [Spot.of(conversation) for conversation in first]
        self._more = len(first) == BLOCK
        if self._more and known > BLOCK:
            self._order += self._shelf.order(after=self._order[-1], limit=known, folded=self.folded)
        self._spots = {spot.id: spot for spot in self._order}
        self._network = self._shelf.network() if self.folded else self._network
        self._groups = Grouping(_dates(), self._order, lid=self.folded and self._network.there)
        self.endResetModel()

    def put(self, conversation: Conversation) -> None:
        """Show a conversation as it is now: new, changed, or moved to another place."""
        spot, before = Spot.of(conversation), self._spots.get(conversation.id)
        if self.folded and spot.shelf == NETWORK:
            self.remove(conversation.id)
            return
        self._known[conversation.id] = conversation
        if before != spot:
            place = _place(self._order, spot)
            behind = 1 if before and before > spot else 0
            if self._more and place == len(self._order):
                self.remove(conversation.id)
            elif before is None:
                self._insert(place, spot)
            else:
                self._move(_place(self._order, before), place - behind, spot)
        index = self.index_of(conversation.id)
        if index.isValid():
            self.dataChanged.emit(index, index)
        self._follow_lid()

    def remove(self, conversation_id: str) -> None:
        """Take a conversation out."""
        spot = self._spots.pop(conversation_id, None)
        self._known.pop(conversation_id, None)
        if spot is None:
            self._follow_lid()
            return
        place = _place(self._order, spot)
        row = self._groups.row_of(place)
        self.beginRemoveRows(ROOT, row, row)
        del self._order[place]
        self._groups.take(place)
        self.endRemoveRows()
        self._drop_empty()
        self._follow_lid()

    def regroup(self) -> None:
        """Look at the dates again, as after midnight."""
        self.beginResetModel()
        self._groups = Grouping(_dates(), self._order, lid=self._groups.lid)
        self.endResetModel()

    def index_of(self, conversation_id: str | None) -> QModelIndex:
        """Return where a conversation stands, or an invalid index."""
        spot = self._spots.get(conversation_id or "")
        return self.index(self._groups.row_of(_place(self._order, spot))) if spot else QModelIndex()

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

    @property
    def network(self) -> QModelIndex:
        """Return where the heading of the network stands, or an invalid index."""
        row = self._groups.network_row
        return QModelIndex() if row is None else self.index(row)

    def is_network(self, index: Index) -> bool:
        """Return whether a row is the heading of the network."""
        return index.isValid() and index.row() == self._groups.network_row

    def find(self, conversation_id: str | None) -> Conversation | None:
        """Return a conversation, in the list or folded away."""
        shown = self.conversation(self.index_of(conversation_id))
        return shown or (self._shelf.find(conversation_id) if conversation_id and self.folded else None)

    def neighbour(self, conversation_id: str | None, step: int) -> Conversation | None:
        """Return the conversation above (-1) or below (1); the first one if none is given."""
        spot = self._spots.get(conversation_id or "")
        wanted = _place(self._order, spot) + step if spot else 0
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
        found = self._shelf.order(after=self._order[-1] if self._order else None, limit=STEP, folded=self.folded)
        self._more = len(found) == STEP
        fresh = [spot for spot in found if spot.id not in self._spots]
        if not fresh:
            return
        grouping = Grouping(self._groups.dates, self._order + fresh, lid=self._groups.lid)
        self.beginInsertRows(ROOT, len(self._groups), len(grouping) - 1)
        self._order += fresh
        self._spots.update((spot.id, spot) for spot in fresh)
        self._groups = grouping
        self.endInsertRows()

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid() or self._groups.place_at(index.row()) is None:
            fold = self.is_network(index)
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren if fold else Qt.ItemFlag.NoItemFlags
        kinds = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable
        return kinds | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._groups):
            return None
        conversation = self.conversation(index)
        if conversation is None:
            return self._heading_data(index, role)
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

    def _heading_data(self, index: Index, role: int) -> Any:
        fold = self.is_network(index)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.heading(index)
            case Qt.ItemDataRole.AccessibleTextRole:
                state = (self.tr("folded") if self.folded else self.tr("unfolded")) if fold else ""
                unread = self.tr("unread answer") if self._hidden_unread and fold else ""
                return ", ".join(part for part in (self.heading(index), state, unread) if part)
            case _ if role == FOLD_ROLE and fold:
                return Fold(self.folded, self._hidden_unread)
        return None

    @property
    def _hidden_unread(self) -> bool:
        return self.folded and self._network.unread

    def _follow_lid(self) -> None:
        """Have a heading over what is folded away as long as there is any."""
        if not self.folded:
            return
        before, self._network = self._network, self._shelf.network()
        row = self._groups.lid_row
        if self._network.there and not self._groups.lid:
            self.beginInsertRows(ROOT, row, row)
            self._groups.put_lid()
            self.endInsertRows()
        elif self._groups.lid and not self._network.there:
            self.beginRemoveRows(ROOT, row, row)
            self._groups.take_lid()
            self.endRemoveRows()
        elif before != self._network:
            self.dataChanged.emit(self.network, self.network)

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
        spot = self._order[place]
        if spot.id not in self._known:
            first = max(0, place - AHEAD)
            after = self._order[first - 1] if first else None
            for conversation in self._shelf.page(after=after, limit=BLOCK, folded=self.folded):
                if conversation.id in self._spots:
                    self._known[conversation.id] = conversation
        # Another process may have put it into the trash: until that news is told its row is empty.
        return self._known.get(spot.id) or Conversation(spot.id, "", spot.updated_at, spot.updated_at)

    def _insert(self, place: int, spot: Spot) -> None:
        self._make_room(spot)
        row = self._groups.new_row(place, spot)
        self.beginInsertRows(ROOT, row, row)
        self._order.insert(place, spot)
        self._spots[spot.id] = spot
        self._groups.add(spot)
        self.endInsertRows()

    def _move(self, old: int, new: int, spot: Spot) -> None:
        """Move a conversation to a place, counted without it."""
        self._make_room(spot)
        source = self._groups.row_of(old)
        target = self._groups.new_row(new, spot)
        moves = target != source
        if moves:
            self.beginMoveRows(ROOT, source, source, ROOT, target + 1 if target > source else target)
        del self._order[old]
        self._groups.take(old)
        self._order.insert(new, spot)
        self._spots[spot.id] = spot
        self._groups.add(spot)
        if moves:
            self.endMoveRows()
        self._drop_empty()

    def _make_room(self, spot: Spot) -> None:
        """See to it that there is a heading for this place."""
        if (row := self._groups.missing(spot)) is not None:
            self.beginInsertRows(ROOT, row, row)
            self._groups.open(spot)
            self.endInsertRows()

    def _drop_empty(self) -> None:
        if (row := self._groups.empty) is not None:
            self.beginRemoveRows(ROOT, row, row)
            self._groups.close()
            self.endRemoveRows()


def _dates() -> Groups:
    return Groups(datetime.now().astimezone().date())


def _place(order: list[Spot], spot: Spot) -> int:
    """Return where a place is, or belongs, in an order that descends."""
    return bisect_left(order, True, key=lambda other: other <= spot)

"""ConversationList: the model behind the sidebar. Fills itself by keyset pages as one scrolls, grouped by date."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from parley.messages import Conversation
from parley.ui.dates import Groups, long_time

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
ROW_ROLE = int(Qt.ItemDataRole.UserRole) + 1

Page = Callable[[Conversation | None], Sequence[Conversation]]
"""Returns the conversations that follow one, in their order; those at the beginning for None; none at the end."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A row that names a group."""

    text: str


Row = Heading | Conversation


class ConversationList(QAbstractListModel):
    """Rows are headings and conversations. The order is the store's: pinned first, then the newest change first."""

    renamed = Signal(str, str)

    def __init__(self, page: Page, parent: QObject) -> None:
        super().__init__(parent)
        self._page = page
        self._conversations: list[Conversation] = []
        self._rows: list[Row] = []
        self._more = True
        self._changing = False

    def reload(self) -> None:
        """Read the beginning anew."""
        self.beginResetModel()
        self._conversations = list(self._page(None))
        self._more = bool(self._conversations)
        self._rows = self._with_headings()
        self.endResetModel()

    def put(self, conversation: Conversation) -> None:
        """Show a conversation as it is now: new, changed, or moved to another place."""
        others = [other for other in self._conversations if other.id != conversation.id]
        place = bisect_left(others, _key(conversation), key=_key)
        if place < len(others) or not self._more:
            others.insert(place, conversation)
        self._become(others)

    def remove(self, conversation_id: str) -> None:
        """Take a conversation out."""
        self._become([other for other in self._conversations if other.id != conversation_id])

    def regroup(self) -> None:
        """Look at the dates again, as after midnight."""
        self._become(self._conversations)

    def index_of(self, conversation_id: str | None) -> QModelIndex:
        """Return where a conversation stands, or an invalid index."""
        for number, row in enumerate(self._rows):
            if isinstance(row, Conversation) and row.id == conversation_id:
                return self.index(number)
        return QModelIndex()

    def conversation(self, index: Index) -> Conversation | None:
        """Return the conversation of a row; None for a heading."""
        row = self._rows[index.row()] if index.isValid() and index.row() < len(self._rows) else None
        return row if isinstance(row, Conversation) else None

    def neighbour(self, conversation_id: str | None, step: int) -> Conversation | None:
        """Return the conversation above (-1) or below (1); the first one if none is given."""
        places = {conversation.id: number for number, conversation in enumerate(self._conversations)}
        place = places.get(conversation_id or "")
        wanted = 0 if place is None else place + step
        if wanted >= len(self._conversations) and self.canFetchMore():
            self.fetchMore()
        return self._conversations[wanted] if 0 <= wanted < len(self._conversations) else None

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def canFetchMore(self, parent: Index = ROOT) -> bool:
        return self._more and not self._changing and not parent.isValid()

    def fetchMore(self, parent: Index = ROOT) -> None:
        if not self.canFetchMore(parent):
            return
        page = self._page(self._conversations[-1] if self._conversations else None)
        known = {conversation.id for conversation in self._conversations}
        fresh = [conversation for conversation in page if conversation.id not in known]
        self._more = bool(fresh)
        self._become(self._conversations + fresh)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.conversation(index) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return row.text if isinstance(row, Heading) else row.title
            case Qt.ItemDataRole.AccessibleTextRole:
                return row.text if isinstance(row, Heading) else self._spoken(row)
            case Qt.ItemDataRole.ToolTipRole:
                return None if isinstance(row, Heading) else f"{row.title}\n{long_time(row.updated_at)}"
            case _ if role == ROW_ROLE:
                return row
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        conversation = self.conversation(index)
        title = str(value).strip()
        if role != Qt.ItemDataRole.EditRole or conversation is None or not title or title == conversation.title:
            return False
        self.renamed.emit(conversation.id, title)
        return True

    def _spoken(self, conversation: Conversation) -> str:
        state = self.tr("being answered") if conversation.answering else long_time(conversation.updated_at)
        return f"{conversation.title}, {state}"

    def _with_headings(self) -> list[Row]:
        groups = Groups(datetime.now().astimezone().date())
        rows: list[Row] = []
        last = ""
        for conversation in self._conversations:
            group = groups.of(conversation)
            if group != last:
                rows.append(Heading(group))
                last = group
            rows.append(conversation)
        return rows

    def _become(self, conversations: list[Conversation]) -> None:
        """Change to these conversations, telling the view only of the rows between the first and last difference."""
        self._conversations = conversations
        self._changing = True
        old, new = self._rows, self._with_headings()
        first = 0
        while first < min(len(old), len(new)) and _same(old[first], new[first]):
            first += 1
        behind = 0
        while behind < min(len(old), len(new)) - first and _same(old[-1 - behind], new[-1 - behind]):
            behind += 1
        rest = old[len(old) - behind :]
        if first < len(old) - behind:
            self.beginRemoveRows(ROOT, first, len(old) - behind - 1)
            self._rows = old[:first] + rest
            self.endRemoveRows()
        if first < len(new) - behind:
            self.beginInsertRows(ROOT, first, len(new) - behind - 1)
            self._rows = old[:first] + new[first : len(new) - behind] + rest
            self.endInsertRows()
        shown, self._rows = self._rows, new
        for number, (before, after) in enumerate(zip(shown, new, strict=True)):
            if before is not after and before != after:
                self.dataChanged.emit(self.index(number), self.index(number))
        self._changing = False


def _key(conversation: Conversation) -> tuple[bool, float, str]:
    """Return what sorts like the store: pinned first, then the newest change, then the newest id."""
    return not conversation.pinned, -conversation.updated_at, _reversed(conversation.id)


def _reversed(text: str) -> str:
    return "".join(chr(0x10FFFF - ord(letter)) for letter in text)


def _same(one: Row, other: Row) -> bool:
    """Return whether two rows are the same thing, though perhaps changed."""
    if one is other:
        return True
    if isinstance(one, Conversation) and isinstance(other, Conversation):
        return one.id == other.id
    return one == other

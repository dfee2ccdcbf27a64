"""Shelves: the owner's conversations in the order of the desktop's list: pinned ones, those begun from elsewhere, the
rest; newest first on each shelf. An index tells it.
"""

from typing import Any, NamedTuple, Self

from parley.errors import ConversationUnknown
from parley.messages import OWNER, Conversation
from parley.store.conversations import Conversations
from parley.store.database import Database
from parley.store.rows import CONVERSATION_COLUMNS, conversation

OWN, NETWORK, PINNED = range(3)
"""What the column `shelf` says: higher ones stand above."""

DESK_CHANNELS = ("desktop", "cli")
"""Where the person at the desk begins conversations; the column `shelf` of the schema names them, too."""

_LISTED = f"c.account_id = '{OWNER}' AND c.deleted_at IS NULL AND c.archived = 0"
_ORDER = "ORDER BY c.shelf DESC, c.active_at DESC, c.id DESC LIMIT ?"


class Spot(NamedTuple):
    """A place in the list. Places that come later are less."""

    shelf: int
    updated_at: float
    id: str

    @classmethod
    def of(cls, found: Conversation) -> Self:
        """Return where a conversation stands."""
        shelf = PINNED if found.pinned else OWN if found.channel in DESK_CHANNELS else NETWORK
        return cls(shelf, found.updated_at, found.id)


class Network(NamedTuple):
    """Whether there is anything on the shelf of the network, and an unread answer among it."""

    there: bool
    unread: bool


class Shelves:
    """Reads the list in pages. With `folded` the shelf of the network is left out."""

    def __init__(self, database: Database, conversations: Conversations) -> None:
        self._database = database
        self._conversations = conversations

    def page(self, *, after: Spot | None = None, limit: int = 100, folded: bool = False) -> list[Conversation]:
        """Return a page of conversations."""
        condition, values = _condition(after, folded)
        query = f"SELECT {CONVERSATION_COLUMNS} FROM conversations c WHERE {_LISTED} {condition} {_ORDER}"
        return [conversation(row) for row in self._database.rows(query, (*values, limit))]

    def order(self, *, after: Spot | None = None, limit: int = 100, folded: bool = False) -> list[Spot]:
        """Return the places of a page: thousands in some milliseconds."""
        condition, values = _condition(after, folded)
        query = f"SELECT c.shelf, c.active_at, c.id FROM conversations c WHERE {_LISTED} {condition} {_ORDER}"
        return list(map(Spot._make, self._database.rows(query, (*values, limit))))

    def network(self) -> Network:
        """Return what there is on the shelf of the network."""
        inside = f"SELECT 1 FROM conversations c WHERE {_LISTED}"
        query = (
            f"SELECT EXISTS({inside} AND c.shelf = {NETWORK}),"
            f" EXISTS({inside} AND c.unread = 1 AND c.shelf = {NETWORK})"
        )
        there, unread = self._database.row(query, ()) or (0, 0)
        return Network(bool(there), bool(unread))

    def find(self, id: str) -> Conversation | None:
        """Return one of the owner's conversations, on whatever shelf; None if it is gone, or in the archive."""
        try:
            found = self._conversations.get(id)
        except ConversationUnknown:
            return None
        return None if found.archived else found


def _condition(after: Spot | None, folded: bool) -> tuple[str, tuple[Any, ...]]:
    behind = "AND (c.shelf, c.active_at, c.id) < (?, ?, ?)" if after else ""
    return f"{behind} {f'AND c.shelf <> {NETWORK}' if folded else ''}", after or ()

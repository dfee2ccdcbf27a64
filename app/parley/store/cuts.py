"""Cuts: of a conversation only the beginning or the end of the branch shown is kept. The rest goes to the trash."""

import sqlite3
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from parley.errors import MessageStreaming
from parley.messages import MessageStatus
from parley.store.changes import MESSAGE, note


class Cut(NamedTuple):
    """How many messages of the branch were kept, and how many were not."""

    kept: int
    deleted: int


class Tree(NamedTuple):
    """The messages of a conversation, each with the one that it hangs on, oldest first; and the branch shown."""

    parents: dict[str, str | None]
    branch: list[str]

    def below(self, top: str | None) -> set[str]:
        """Return the messages below one, or all."""
        if top is None:
            return set(self.parents)
        found = {top}
        for id, parent in self.parents.items():  # what is below is newer
            if parent in found:
                found.add(id)
        return found - {top}


Wanted = Callable[[Tree], tuple[set[str], list[str]]]
"""Says which messages go, and which of the branch stay."""


def first(tree: Tree, count: int) -> tuple[set[str], list[str]]:
    """Let all go that is below the first `count` messages of the branch."""
    kept = tree.branch[: max(0, count)]
    return tree.below(kept[-1] if kept else None), kept


def latest(tree: Tree, count: int) -> tuple[set[str], list[str]]:
    """Let all go but the latest `count` messages of the branch, their versions, and what is below those."""
    kept = tree.branch[-count:] if count > 0 else []
    if not kept:
        return tree.below(None), kept
    return set(tree.parents) - tree.below(tree.parents[kept[0]]), kept


def cut(connection: sqlite3.Connection, conversation_id: str, wanted: Wanted) -> Cut:
    """Cut a conversation, inside a write. Raises MessageStreaming while one of those that go is being written."""
    query = "SELECT id, parent_id, deleted_at, status FROM messages WHERE conversation_id = ? ORDER BY seq"
    found = connection.execute(query, (conversation_id,)).fetchall()
    (leaf,) = connection.execute("SELECT leaf_id FROM conversations WHERE id = ?", (conversation_id,)).fetchone()
    tree = _tree(found, leaf)
    gone, kept = wanted(tree)
    if any(id in gone and status == MessageStatus.STREAMING for id, _, _, status in found):
        raise MessageStreaming
    _trash(connection, gone)
    query = "UPDATE conversations SET leaf_id = ? WHERE id = ?"
    connection.execute(query, (kept[-1] if kept else None, conversation_id))
    return Cut(len(kept), len(tree.branch) - len(kept))


def _tree(found: list[tuple[str, str | None, float | None, str]], leaf: str | None) -> Tree:
    """Return the tree of what is not in the trash. What hangs below that hangs on the nearest one above it."""
    parents: dict[str, str | None] = {}
    trashed: dict[str | None, str | None] = {}
    for id, parent, deleted_at, _ in found:
        above = trashed.get(parent, parent)
        (parents if deleted_at is None else trashed)[id] = above
    branch: list[str] = []
    at = trashed.get(leaf, leaf)
    while at is not None:
        branch.append(at)
        at = parents[at]
    return Tree(parents, branch[::-1])


def _trash(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    now = time.time()
    query = "UPDATE messages SET deleted_at = ?, updated_at = ? WHERE id = ?"
    connection.executemany(query, [(now, now, id) for id in ids])
    note(connection, MESSAGE, *ids)

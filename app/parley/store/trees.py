"""Conversations with their messages: whole, or the newest part first and then step by step; and as they are now.

What hangs below a message in the trash hangs on the nearest one above it. What a dead process left streaming is
interrupted: `dead` names it. A message is newer than the one it hangs on: all that is newer than some message is a
tree in itself. All of it is called within a snapshot of the database, but for `upwards`.
"""

import json
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from parley.messages import Conversation, Message
from parley.store import interrupted, rows
from parley.store.database import Database
from parley.store.messages import above
from parley.store.problems import damage_told
from parley.trees import ConversationTree

_LIVING = f"SELECT {rows.MESSAGE_COLUMNS} FROM messages WHERE conversation_id = ? AND deleted_at IS NULL"
_AMONG = "SELECT value FROM json_each(?)"
_CHANGED = f"""
SELECT deleted_at, {rows.MESSAGE_COLUMNS} FROM messages WHERE +conversation_id = ? AND id IN ({_AMONG}) ORDER BY seq
"""
"""The plus keeps SQLite from looking for them among all messages of the conversation."""
_UP = """
WITH RECURSIVE up(seq, parent_id, place) AS (
  SELECT seq, parent_id, 1 FROM messages WHERE id = ?
  UNION ALL SELECT m.seq, m.parent_id, up.place + 1 FROM up JOIN messages m ON m.id = up.parent_id WHERE up.place < ?
)
SELECT min(seq) FROM up
"""
PAGE = 100
"""Messages that are read at once on the way up."""

_PAGE = f"""
WITH RECURSIVE up(above, next, place) AS (
  SELECT id, parent_id, 1 FROM messages WHERE id = ?
  UNION ALL SELECT m.id, m.parent_id, up.place + 1 FROM up JOIN messages m ON m.id = up.next WHERE up.place < ?
)
SELECT {rows.MESSAGE_COLUMNS}, deleted_at FROM up JOIN messages ON id = above ORDER BY place
"""
_NEW = "SELECT id FROM messages WHERE conversation_id = ? AND seq > ? AND deleted_at IS NULL"
_NEWEST = "SELECT seq FROM messages WHERE conversation_id = ? ORDER BY seq DESC LIMIT ?"


def whole(database: Database, conversation: Conversation, dead: Collection[str]) -> ConversationTree:
    """Return a conversation with all its messages."""
    return _since(database, conversation, dead, 0)


def newest(database: Database, conversation: Conversation, dead: Collection[str], count: int) -> ConversationTree:
    """Return a conversation with about the last `count` messages of the branch shown, and all that are newer."""
    numbers = [seq for (seq,) in database.rows(_NEWEST, (conversation.id, count + 1))]
    if len(numbers) <= count:
        return _since(database, conversation, dead, 0)
    (lowest,) = database.row(_UP, (conversation.leaf_id, count)) or (None,)
    return _since(database, conversation, dead, min(numbers[-2], lowest or numbers[-2]))


def earlier(database: Database, tree: ConversationTree, dead: Collection[str], count: int) -> ConversationTree:
    """Return the tree with up to `count` older messages."""
    id = tree.conversation.id
    found = database.rows(f"{_LIVING} AND seq < ? ORDER BY seq DESC LIMIT ?", (id, tree.since, count))
    messages = _messages(database, found[::-1], dead, _trashed(database, id))
    return tree.earlier(messages, found[-1][-1] if len(found) == count else 0)


def changed(
    database: Database,
    tree: ConversationTree,
    conversation: Conversation,
    dead: Collection[str],
    ids: Collection[str],
) -> ConversationTree:
    """Return the tree as it is now, if no others of its messages than those `ids` have changed.

    They may be of other conversations, or in the trash; then others move, which is seen to.
    """
    id = conversation.id
    ids = {*ids, *(new for (new,) in database.rows(_NEW, (id, tree.until)))}
    trashed = _trashed(database, id)
    conversation = _shown(conversation, trashed)
    found = database.rows(_CHANGED, (id, json.dumps(list(ids))))
    hidden = [row[1] for row in found if row[0] is not None]
    living = [row[1:] for row in found if row[0] is None]
    known = {row[0] for row in living}
    gone = [id for id in ids if id not in known and tree.message(id)]
    back = [row for row in living if row[-1] <= tree.until and tree.message(row[0]) is None]
    if gone or hidden or back:
        places = {*gone, *hidden, *(above(row[2], trashed) for row in back)}
        moved = {child for place in places for child in tree.children(place)}.difference(gone, known)
        living += [row[1:] for row in database.rows(_CHANGED, (id, json.dumps(list(moved)))) if row[0] is None]
    elif not living and conversation == tree.conversation:
        return tree
    messages = _messages(database, living, dead, trashed)
    tree = tree.changed(conversation, messages, max((row[-1] for row in living), default=0))
    tree = _reordered(database, tree) if gone or back else tree
    return tree if tree.whole or tree.leaf else whole(database, conversation, dead)


async def upwards(database: Database, id: str | None) -> AsyncGenerator[Message, None]:
    """Yield a message and those above it, newest first: what is not asked for is not read."""
    import asyncio  # the list of chats is shown before there is a loop

    while id is not None:
        with database.snapshot():  # what is marked as interrupted in between is right in both
            found = database.rows(_PAGE, (id, PAGE))
            dead = interrupted.dead_among(database, "conversation_id", found[0][1]) if found else set[str]()
        with damage_told(database.path):
            page = list(rows.messages([row[:-1] for row in found if row[-1] is None], dead))
        for message in page:
            yield message
        id = found[-1][2] if len(found) == PAGE else None
        await asyncio.sleep(0)  # a frame may come between


def _reordered(database: Database, tree: ConversationTree) -> ConversationTree:
    """Return a tree without what is in the trash or older than it should be, in its order."""
    query = "SELECT id FROM messages WHERE conversation_id = ? AND deleted_at IS NULL AND seq >= ? ORDER BY seq"
    order = (tree.message(id) for (id,) in database.rows(query, (tree.conversation.id, tree.since)))
    return replace(tree, messages=tuple(message for message in order if message))


def _since(database: Database, conversation: Conversation, dead: Collection[str], since: int) -> ConversationTree:
    id = conversation.id
    found = database.rows(f"{_LIVING} AND seq >= ? ORDER BY seq", (id, since))
    trashed = _trashed(database, id)
    messages = tuple(_messages(database, found, dead, trashed))
    return ConversationTree(_shown(conversation, trashed), messages, since, found[-1][-1] if found else 0)


def _messages(
    database: Database, found: Sequence[Sequence[Any]], dead: Collection[str], trashed: Mapping[str, str | None]
) -> Iterator[Message]:
    with damage_told(database.path):
        for message in rows.messages(found, dead):
            hangs = not trashed or message.parent_id not in trashed
            yield message if hangs else replace(message, parent_id=above(message.parent_id, trashed))


def _trashed(database: Database, id: str) -> dict[str, str | None]:
    """Return the parents of the messages in the trash, by their ids."""
    query = "SELECT id, parent_id FROM messages WHERE conversation_id = ? AND deleted_at IS NOT NULL"
    return dict(database.rows(query, (id,)))


def _shown(conversation: Conversation, trashed: Mapping[str, str | None]) -> Conversation:
    hangs = conversation.leaf_id not in trashed
    return conversation if hangs else replace(conversation, leaf_id=above(conversation.leaf_id, trashed))

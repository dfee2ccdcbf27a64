"""Conversations: lists of them, one of them, and what may be changed about them."""

import json
import sqlite3
import time
from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, Self

from parley.errors import ConversationUnknown, MessageUnknown
from parley.messages import OWNER, Conversation, Message, Mood, new_id
from parley.models import Parameters
from parley.store import cuts, idempotency, interrupted, messages, rows, trees
from parley.store.adding import add_conversation
from parley.store.changes import CONVERSATION, note
from parley.store.cuts import Cut
from parley.store.database import Database
from parley.store.folders import demand_of_same_account
from parley.store.idempotency import Claim
from parley.store.scope import scope
from parley.store.words import one_line, searchable, storable
from parley.trees import ConversationTree

_ID_LETTERS = frozenset("0123456789abcdef-")
_DAY = 86_400
_SELECT = f"SELECT {rows.CONVERSATION_COLUMNS} FROM conversations c"
_LISTED = "c.account_id = ? AND c.deleted_at IS NULL AND c.archived = ?"
_ORDER = "ORDER BY c.pinned DESC, c.active_at DESC, c.id DESC"


class Cursor(NamedTuple):
    """A place in the list of conversations. The next page begins behind it; places that come later are less."""

    pinned: bool
    updated_at: float
    id: str

    @classmethod
    def behind(cls, conversation: Conversation) -> Self:
        """Return the place of the last conversation of a page."""
        return cls(conversation.pinned, conversation.updated_at, conversation.id)


class Conversations:
    """The conversations of a store. Those in the trash are unknown to all but `trashed` and `restore`.

    To an account those of all others are unknown. Only Parley itself asks for `ANYONE`'s.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        title: str = "",
        *,
        model: str = "",
        instruction: str = "",
        channel: str = "desktop",
        account: str = OWNER,
        mood: Mood | None = None,
        claim: Claim | None = None,
    ) -> Conversation:
        """Add a conversation without messages.

        With a `claim` it is what its request has made. Raises IdempotencyKeyInUse.
        """
        now = time.time()
        made = Conversation(new_id(), title, now, now, account, channel, model=model, instruction=instruction)

        def add(connection: sqlite3.Connection) -> None:
            add_conversation(connection, made)
            if mood:
                update(connection, made.id, account, mood=mood)
            if claim:
                idempotency.begin(connection, claim, made.id, self._database.writers.own)

        await self._database.write(add)
        return self.get(made.id, account=account)

    def page(
        self, *, after: Cursor | None = None, limit: int = 100, account: str = OWNER, archived: bool = False
    ) -> list[Conversation]:
        """Return a page of conversations: pinned ones first, then those with the newest messages.

        Those in the archive are on pages of their own.
        """
        place, values = _behind(after)
        return self._values(f"{_SELECT} WHERE {_LISTED} {place} {_ORDER} LIMIT ?", account, archived, *values, limit)

    def numbered(self, page: int, per_page: int, *, account: str = OWNER) -> tuple[list[Conversation], int]:
        """Return a page by its number, from 1, in the order of `page`, and how many conversations all pages have."""
        with self._database.snapshot():
            query = f"SELECT count(*) FROM conversations c WHERE {_LISTED}"
            (total,) = self._database.row(query, (account, False)) or (0,)
            before = (page - 1) * per_page
            if not 0 <= before < total:
                return [], total
            query = f"{_SELECT} WHERE {_LISTED} {_ORDER} LIMIT ? OFFSET ?"
            return self._values(query, account, False, per_page, before), total

    def recent(
        self, *, after: Conversation | None = None, limit: int = 100, account: str = OWNER, channel: str | None = None
    ) -> list[Conversation]:
        """Return a page of conversations, newest messages first, pinned, in the archive or not; those of one channel.

        The next page begins behind the last one of this, `after`.
        """
        condition = "" if channel is None else " AND c.channel = ?"
        place = " AND (c.active_at, c.id) < (?, ?)" if after else ""
        values = (*([] if channel is None else [channel]), *([after.updated_at, after.id] if after else []))
        query = (
            f"{_SELECT} WHERE c.account_id = ? AND c.deleted_at IS NULL{condition}{place}"
            " ORDER BY c.active_at DESC, c.id DESC LIMIT ?"
        )
        return self._values(query, account, *values, limit)

    def between(
        self, since: float, until: float, *, after: Conversation | None = None, limit: int = 100
    ) -> list[Conversation]:
        """Return a page of all accounts' conversations whose latest message came between two times, oldest first.

        The next page begins behind the last one of this, `after`. Those without messages are left out.
        """
        place = (after.updated_at, after.id) if after else (since, "")
        query = (
            f"{_SELECT} WHERE c.deleted_at IS NULL AND (c.active_at, c.id) > (?, ?) AND c.active_at <= ?"
            " AND c.leaf_id IS NOT NULL ORDER BY c.active_at, c.id LIMIT ?"
        )
        return self._values(query, *place, until, limit)

    def trashed(self, *, limit: int = 100, account: str = OWNER) -> list[Conversation]:
        """Return what is in the trash, latest first."""
        query = f"{_SELECT} WHERE c.account_id = ? AND c.deleted_at IS NOT NULL ORDER BY c.deleted_at DESC LIMIT ?"
        return self._values(query, account, limit)

    def get(self, id: str, *, account: str | None = OWNER) -> Conversation:
        """Return one conversation. Raises ConversationUnknown."""
        condition, whose = scope(account, "c.account_id")
        for found in self._values(f"{_SELECT} WHERE c.id = ? AND c.deleted_at IS NULL{condition}", id, *whose):
            return found
        raise ConversationUnknown(conversation=id)

    def find(self, text: str, *, account: str = OWNER) -> Conversation:
        """Return the conversation of an id, or of the beginning of one if no other begins so.

        Raises ConversationUnknown.
        """
        start = text.strip().lower()
        if not start or not _ID_LETTERS.issuperset(start):
            raise ConversationUnknown(conversation=text)
        query = f"{_SELECT} WHERE c.id >= ? AND c.id < ? AND c.account_id = ? AND c.deleted_at IS NULL LIMIT 2"
        found = self._values(query, start, start + "g", account)
        if len(found) != 1:
            raise ConversationUnknown(conversation=text, detail="More than one begins so." if found else "")
        return found[0]

    def count(self, account: str = OWNER) -> int:
        """Return how many conversations an account has, in the list and in the archive, without those in the trash."""
        row = self._database.row(
            "SELECT count(*) FROM conversations WHERE account_id = ? AND deleted_at IS NULL", (account,)
        )
        return int(row[0]) if row else 0

    def latest(self, account: str = OWNER) -> Conversation | None:
        """Return the conversation with the newest message, pinned or not, that is not in the archive."""
        query = f"{_SELECT} WHERE {_LISTED} AND c.pinned = ? ORDER BY c.active_at DESC, c.id DESC LIMIT 1"
        found = self._values(query, account, False, 0) + self._values(query, account, False, 1)
        return max(found, key=lambda conversation: (conversation.updated_at, conversation.id), default=None)

    def tree(self, id: str, *, account: str | None = OWNER) -> ConversationTree:
        """Return a conversation with all its messages but those in the trash. Raises ConversationUnknown.

        What hangs below one in the trash hangs on the nearest one above it. What a dead process left streaming is
        interrupted.
        """
        with self._at_once(id, account) as (conversation, dead):
            return trees.whole(self._database, conversation, dead)

    def newest(self, id: str, count: int, *, account: str | None = OWNER) -> ConversationTree:
        """Return a conversation like `tree`, with about the last `count` messages of the branch shown and all newer."""
        with self._at_once(id, account) as (conversation, dead):
            return trees.newest(self._database, conversation, dead, count)

    def earlier(self, tree: ConversationTree, count: int) -> ConversationTree:
        """Return a tree with up to `count` older messages. Raises ConversationUnknown."""
        with self._at_once(tree.conversation.id, tree.conversation.account_id) as (_, dead):
            return trees.earlier(self._database, tree, dead, count)

    def changed(self, tree: ConversationTree, ids: Collection[str]) -> ConversationTree:
        """Return a tree as it is now, if no other messages than those have changed since. Raises ConversationUnknown.

        Those that are in the trash now or no longer are among them; they may be of other conversations. New ones are
        found by themselves: the news of the last commit may still be on their way.
        What has not changed is the same object, the tree too. Costs what has changed, not what there is.
        """
        with self._at_once(tree.conversation.id, tree.conversation.account_id) as (conversation, dead):
            return trees.changed(self._database, tree, conversation, dead, ids)

    def upwards(self, message_id: str | None) -> AsyncGenerator[Message, None]:
        """Yield a message and those above it, newest first, without those in the trash. Reads on as they are taken.

        Whose it is is not asked: who has been given the message has been given those above it.
        """
        return trees.upwards(self._database, message_id)

    async def rename(self, id: str, title: str, *, account: str | None = OWNER) -> None:
        """Give a conversation another title. Raises ConversationUnknown."""
        title = one_line(storable(title))
        await self._set(id, account, title=title, text=searchable(title))

    async def pin(self, id: str, pinned: bool, *, account: str | None = OWNER) -> None:
        """Keep a conversation at the top of the list, or no longer. Raises ConversationUnknown."""
        await self._set(id, account, pinned=int(pinned))

    async def set_model(self, id: str, model: str, *, account: str | None = OWNER) -> None:
        """Choose the model that answers from now on. Raises ConversationUnknown."""
        await self._set(id, account, model=storable(model))

    async def set_parameters(self, id: str, parameters: Parameters, *, account: str | None = OWNER) -> None:
        """Choose how answers are made from now on. Raises ConversationUnknown."""
        await self._set(id, account, parameters=rows.parameters_to_text(parameters))

    async def set_instruction(self, id: str, instruction: str, *, account: str | None = OWNER) -> None:
        """Choose what is sent ahead of the conversation from now on. Raises ConversationUnknown."""
        await self._set(id, account, instruction=storable(instruction))

    async def set_assistant(self, id: str, assistant_id: str | None, *, account: str | None = OWNER) -> None:
        """Choose who answers from now on, or nobody in particular. Raises ConversationUnknown."""
        await self._set(id, account, assistant_id=assistant_id)

    async def set_mood(self, id: str, mood: Mood | None, *, account: str | None = OWNER) -> None:
        """Choose the tone of answers from now on. Raises ConversationUnknown."""
        await self._set(id, account, mood=mood or "")

    async def set_folder(self, id: str, folder_id: str | None, *, account: str | None = OWNER) -> None:
        """Put a conversation into a folder, or into none. Raises ConversationUnknown and FolderUnknown."""

        def put(connection: sqlite3.Connection) -> None:
            update(connection, id, account)
            if folder_id is not None:
                demand_of_same_account(connection, folder_id, id)
            update(connection, id, account, folder_id=folder_id)

        await self._database.write(put)

    async def set_archived(self, id: str, archived: bool, *, account: str | None = OWNER) -> None:
        """Put a conversation into the archive, or take it out. Raises ConversationUnknown."""
        await self._set(id, account, archived=int(archived))

    async def keep_first(self, id: str, count: int, *, account: str | None = OWNER) -> Cut:
        """Keep the first `count` messages of the branch shown; what is below them goes to the trash, in all versions.

        The branch ends with the last of them. Raises ConversationUnknown, and MessageStreaming while one of those that
        go is being written.
        """
        return await self._cut(id, account, partial(cuts.first, count=count))

    async def keep_latest(self, id: str, count: int, *, account: str | None = OWNER) -> Cut:
        """Keep the latest `count` messages of the branch shown, and their versions; all others go to the trash.

        Raises ConversationUnknown, and MessageStreaming while one of those that go is being written.
        """
        return await self._cut(id, account, partial(cuts.latest, count=count))

    async def show_leaf(self, id: str, message_id: str, *, account: str | None = OWNER) -> None:
        """Show the branch that ends in this message. Raises ConversationUnknown and MessageUnknown."""

        def show(connection: sqlite3.Connection) -> None:
            query = "SELECT 1 FROM messages WHERE id = ? AND conversation_id = ? AND deleted_at IS NULL"
            if connection.execute(query, (storable(message_id), storable(id))).fetchone() is None:
                raise MessageUnknown(message=message_id)
            update(connection, id, account, leaf_id=message_id)

        await self._database.write(show)

    async def show_version(self, message_id: str, *, account: str | None = OWNER) -> None:
        """Show the newest branch that a message is in. Raises MessageUnknown."""

        def show(connection: sqlite3.Connection) -> None:
            message = messages.read(connection, message_id, account)
            query = "SELECT id, parent_id, deleted_at FROM messages WHERE conversation_id = ? ORDER BY seq"
            newest, below = message.id, {message.id}
            for id, parent_id, deleted_at in connection.execute(query, (message.conversation_id,)):
                if parent_id in below:  # what is below is newer
                    below.add(id)
                    newest = id if deleted_at is None else newest
            update(connection, message.conversation_id, account, leaf_id=newest)

        await self._database.write(show)

    def owners(self, ids: Collection[str], message_ids: Collection[str]) -> list[tuple[str, str]]:
        """Return conversations, of these ids or with one of these messages, each with whom it belongs to."""
        among = "SELECT value FROM json_each(?)"
        query = (
            "SELECT id, account_id FROM conversations"
            f" WHERE id IN ({among} UNION SELECT conversation_id FROM messages WHERE id IN ({among}))"
        )
        values = (json.dumps(list(ids)), json.dumps(list(message_ids)))
        return [(id, account) for id, account in self._database.rows(query, values)]

    def unread(self, account: str = OWNER) -> list[str]:
        """Return the ids of the conversations in which an answer waits to be looked at."""
        query = "SELECT id FROM conversations WHERE account_id = ? AND unread = 1 AND deleted_at IS NULL"
        return [id for (id,) in self._database.rows(query, (account,))]

    async def see(self, id: str, *, account: str | None = OWNER) -> None:
        """Remember that the answers of a conversation have been looked at. Whoever has shown them says so."""

        def see(connection: sqlite3.Connection) -> None:
            condition, whose = scope(account)
            query = f"UPDATE conversations SET unread = 0 WHERE id = ? AND unread = 1{condition}"
            if connection.execute(query, (storable(id), *whose)).rowcount:
                note(connection, CONVERSATION, id)

        await self._database.write(see)

    async def trash(self, *ids: str, account: str | None = OWNER) -> None:
        """Put conversations into the trash, all or none. Raises ConversationUnknown."""

        def trash(connection: sqlite3.Connection) -> None:
            now = time.time()
            for id in ids:
                update(connection, id, account, deleted_at=now)

        await self._database.write(trash)

    async def restore(self, *ids: str, account: str | None = OWNER) -> None:
        """Take conversations out of the trash, all or none. One that is not there stays. Raises ConversationUnknown."""

        def restore(connection: sqlite3.Connection) -> None:
            condition, whose = scope(account)
            query = f"UPDATE conversations SET deleted_at = NULL, updated_at = ? WHERE id = ?{condition}"
            for id in ids:
                if connection.execute(query, (time.time(), storable(id), *whose)).rowcount == 0:
                    raise ConversationUnknown(conversation=id)
                note(connection, CONVERSATION, id)

        await self._database.write(restore)

    async def purge(self, older_than_days: float) -> int:
        """Delete for good what has been in the trash for so many days. Return how many conversations that were.

        One at a time: a deletion of many messages would keep others waiting.
        """
        before = time.time() - older_than_days * _DAY
        query = "SELECT id FROM conversations WHERE deleted_at <= ? ORDER BY deleted_at"
        purged = 0
        for (id,) in self._database.rows(query, (before,)):
            purged += await self._database.write(partial(_purge, id=id, before=before))
        return purged

    async def _cut(self, id: str, account: str | None, wanted: cuts.Wanted) -> Cut:
        interrupted.dead_among(self._database, "conversation_id", id)  # marked before: writes keep their order

        def cut(connection: sqlite3.Connection) -> Cut:
            update(connection, id, account)
            return cuts.cut(connection, id, wanted)

        return await self._database.write(cut)

    async def _set(self, id: str, account: str | None, **values: Any) -> None:
        await self._database.write(lambda connection: update(connection, id, account, **values))

    @contextmanager
    def _at_once(self, id: str, account: str | None) -> Iterator[tuple[Conversation, set[str]]]:
        """Read a conversation and, within, its messages as one commit left them; the dead are looked for before."""
        dead = interrupted.dead_among(self._database, "conversation_id", id)
        with self._database.snapshot():
            yield self.get(id, account=account), dead

    def _values(self, query: str, *values: Any) -> list[Conversation]:
        return [rows.conversation(row) for row in self._database.rows(query, values)]


def _behind(after: Cursor | None) -> tuple[str, tuple[Any, ...]]:
    """Return the condition for what follows a place, and its values."""
    return ("AND (c.pinned, c.active_at, c.id) < (?, ?, ?)", after) if after else ("", ())


def update(connection: sqlite3.Connection, id: str, account: str | None, **values: Any) -> None:
    """Set columns of a conversation, inside a write. Raises ConversationUnknown."""
    columns = "".join(f"{name} = ?, " for name in values)
    condition, whose = scope(account)
    query = f"UPDATE conversations SET {columns}updated_at = ? WHERE id = ? AND deleted_at IS NULL{condition}"
    if connection.execute(query, (*values.values(), time.time(), storable(id), *whose)).rowcount == 0:
        raise ConversationUnknown(conversation=id)
    note(connection, CONVERSATION, id)


def _purge(connection: sqlite3.Connection, id: str, before: float) -> int:
    query = "DELETE FROM conversations WHERE id = ? AND deleted_at <= ?"
    purged = connection.execute(query, (id, before)).rowcount
    if purged:
        note(connection, CONVERSATION, id)
    return purged

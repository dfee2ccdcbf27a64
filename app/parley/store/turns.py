"""Turns as they are kept: a question and the reply to it, from the first to the last word."""

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from parley.errors import ConversationUnknown, MessageUnknown
from parley.messages import (
    OWNER,
    Conversation,
    Failure,
    Message,
    MessageStatus,
    Mood,
    Part,
    Role,
    Text,
    Usage,
    new_id,
)
from parley.models import NO_PARAMETERS, Parameters
from parley.store import conversations, drafts, idempotency, messages, rows, spending
from parley.store.adding import add_conversation, add_message, use_files
from parley.store.changes import CONVERSATION, MESSAGE, note
from parley.store.database import Database
from parley.store.idempotency import Claim
from parley.store.room import demand_room
from parley.store.scope import ANYONE, scope
from parley.store.words import one_line, searchable, storable

LEAF: Final = "leaf"
"""Stands for the message that the branch shown ends in."""


class Earlier(NamedTuple):
    """A message of a conversation that was led elsewhere, by a person or an assistant."""

    role: Role
    text: str


_UNREAD = frozenset({MessageStatus.COMPLETE, MessageStatus.FAILED})
"""How a reply ended that is still to be looked at. Who stops one is looking."""


class Turns:
    """The turns of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(  # noqa: PLR0913 - what a conversation begins with, each by its name
        self,
        *,
        conversation_id: str | None,
        title: str,
        parts: Sequence[Part],
        model: str,
        instruction: str = "",
        parameters: Parameters = NO_PARAMETERS,
        channel: str = "desktop",
        account: str = OWNER,
        parent_id: str | None = LEAF,
        from_draft: bool = False,
        assistant_id: str | None = None,
        mood: Mood | None = None,
        history: Sequence[Earlier] = (),
        file_ids: Sequence[str] = (),
        claim: Claim | None = None,
    ) -> tuple[Conversation, Message, Message]:
        """Keep a question and an empty reply that we stream into, in one transaction; show their branch.

        Without `conversation_id` a conversation is made, and only then `instruction`, `parameters`, `channel` and
        `history` count, with which it begins; with one it has to be the account's, and takes the `title` and the
        `model` where it has none. An assistant and a mood that are given hold from now on. `parent_id` None starts
        another tree in the conversation: a new version of its first question. With `from_draft` the draft of the place
        it was written in is gone in the same moment. The files of `file_ids` are sent along. With a `claim` the reply
        is what its request has made. Raises ConversationUnknown, MessageUnknown for a parent that is not in the
        conversation, IdempotencyKeyInUse and StoreError, DiskLow too.
        """

        def begin(connection: sqlite3.Connection) -> tuple[Conversation, Message, Message]:
            demand_room(connection, account)
            now = time.time()
            id = conversation_id or new_id()
            if conversation_id is None:
                made = Conversation(id, title, now, now, account, channel, model=model, instruction=instruction)
                add_conversation(connection, replace(made, parameters=parameters))
            if conversation_id is None and history:
                parent = self._add_history(connection, id, history, now)
            else:
                parent = _parent(connection, id, parent_id, account)
            _entitle(connection, id, title)
            _settle(connection, id, model)
            chosen = {name: value for name, value in (("assistant_id", assistant_id), ("mood", mood)) if value}
            if chosen:
                conversations.update(connection, id, account, **chosen)
            question = Message(new_id(), id, parent, Role.USER, tuple(parts), MessageStatus.COMPLETE, now)
            self._add(connection, question)
            use_files(connection, file_ids, id, question.id, now)
            reply = self._add_reply(connection, question, model, now)
            if from_draft:
                drafts.remove(connection, conversation_id)
            if claim:
                idempotency.begin(connection, claim, reply.id, self._database.writers.own)
            return _conversation(connection, id), question, reply

        return await self._database.write(begin)

    async def begin_reply(
        self, *, parent_id: str, model: str, account: str | None = OWNER, claim: Claim | None = None
    ) -> Message:
        """Keep another empty reply to a question, which we stream into; show its branch.

        With a `claim` it is what its request has made. Raises MessageUnknown, IdempotencyKeyInUse and DiskLow.
        """

        def begin(connection: sqlite3.Connection) -> Message:
            demand_room(connection, account)
            question = messages.read(connection, parent_id, account)
            reply = self._add_reply(connection, question, model, time.time())
            if claim:
                idempotency.begin(connection, claim, reply.id, self._database.writers.own)
            return reply

        return await self._database.write(begin)

    async def resume(self, message_id: str, *, account: str | None = OWNER) -> Message:
        """Stream into a reply that had ended, which keeps what it holds. Return it as it was.

        Raises MessageUnknown for what is no reply, ConversationUnknown if it is in the trash, and ChatError while
        somebody streams into it.
        """

        def resume(connection: sqlite3.Connection) -> Message:
            reply = messages.read_ended(connection, message_id, account)
            if reply.role is not Role.ASSISTANT:
                raise MessageUnknown(message=message_id)
            now = time.time()
            usage = replace(reply.usage, reason="") if reply.usage else None
            connection.execute(
                "UPDATE messages SET status = 'streaming', writer = ?, parts = ?, text = '', usage = ?, failure = NULL,"
                " updated_at = ? WHERE id = ?",
                (
                    self._database.writers.own,
                    rows.parts_to_text(reply.parts),
                    rows.facts_to_text(usage),
                    now,
                    message_id,
                ),
            )
            conversations.update(connection, reply.conversation_id, account, active_at=now)
            note(connection, MESSAGE, message_id)
            return reply

        return await self._database.write(resume)

    async def save(self, message_id: str, parts: Sequence[Part]) -> None:
        """Keep what has come of a reply so far. A reply that has ended stays as it is."""

        def save(connection: sqlite3.Connection) -> None:
            query = "UPDATE messages SET parts = ?, updated_at = ? WHERE id = ? AND status = 'streaming'"
            values = (rows.parts_to_text(parts), time.time(), message_id)
            if connection.execute(query, values).rowcount:
                note(connection, MESSAGE, message_id)

        await self._database.write(save)

    async def finish(
        self,
        message_id: str,
        parts: Sequence[Part],
        status: MessageStatus,
        usage: Usage | None = None,
        failure: Failure | None = None,
        model: str = "",
        spent: Usage | None = None,
    ) -> Message:
        """Keep the whole reply and how it ended; from now on it is found by searching. Raises MessageUnknown.

        `model` is who gave it, if that is another one than was meant to. `spent` is what it cost this time: a reply
        that was resumed had cost something before.
        """

        def finish(connection: sqlite3.Connection) -> Message:
            now = time.time()
            facts = (rows.facts_to_text(usage), rows.facts_to_text(failure))
            row = connection.execute(
                "UPDATE messages SET parts = ?, text = ?, status = ?, usage = ?, failure = ?, writer = NULL,"
                " model = coalesce(nullif(?, ''), model), updated_at = ?"
                f" WHERE id = ? RETURNING {rows.MESSAGE_COLUMNS}",
                (*rows.columns_of(parts), status, *facts, storable(model), now, message_id),
            ).fetchone()
            if row is None:
                raise MessageUnknown(message=message_id)
            finished = rows.message(row)
            _touch(connection, finished.conversation_id, now, unread=status in _UNREAD)
            if spent:
                query = "SELECT account_id FROM conversations WHERE id = ?"
                (account,) = connection.execute(query, (finished.conversation_id,)).fetchone()
                spending.add(connection, finished.model, spent, account)
            note(connection, MESSAGE, message_id)
            return finished

        return await self._database.write(finish)

    async def record(self, conversation: Conversation, said: Sequence[Message]) -> None:
        """Keep a conversation that was held elsewhere: its messages, one below the other, get ids of their own."""

        def record(connection: sqlite3.Connection) -> None:
            add_conversation(connection, conversation)
            leaf = None
            for message in said:
                own = replace(message, id=new_id(), conversation_id=conversation.id, parent_id=leaf)
                add_message(connection, own)
                leaf = own.id
            conversations.update(connection, conversation.id, conversation.account_id, leaf_id=leaf)

        await self._database.write(record)

    def _add_history(
        self, connection: sqlite3.Connection, conversation_id: str, history: Sequence[Earlier], now: float
    ) -> str | None:
        """Add what was said elsewhere, one below the other. Return the last one."""
        parent = None
        for role, text in history:
            message = Message(new_id(), conversation_id, parent, role, (Text(text),), MessageStatus.COMPLETE, now)
            self._add(connection, message)
            parent = message.id
        return parent

    def _add_reply(self, connection: sqlite3.Connection, question: Message, model: str, now: float) -> Message:
        reply = Message(
            new_id(),
            question.conversation_id,
            question.id,
            Role.ASSISTANT,
            (),
            MessageStatus.STREAMING,
            now,
            model=storable(model),
        )
        self._add(connection, reply)
        conversations.update(connection, question.conversation_id, ANYONE, leaf_id=reply.id, active_at=now)
        return reply

    def _add(self, connection: sqlite3.Connection, message: Message) -> None:
        streaming = message.status is MessageStatus.STREAMING
        add_message(connection, message, writer=self._database.writers.own if streaming else None)


def _entitle(connection: sqlite3.Connection, id: str, title: str) -> None:
    """Give a conversation that has no title one."""
    title = one_line(storable(title))
    if title:
        query = "UPDATE conversations SET title = ?, text = ? WHERE id = ? AND title = ''"
        connection.execute(query, (title, searchable(title), id))


def _settle(connection: sqlite3.Connection, id: str, model: str) -> None:
    """Let a conversation that has no model go on with the one that is asked first."""
    connection.execute("UPDATE conversations SET model = ? WHERE id = ? AND model = ''", (storable(model), id))


def _parent(connection: sqlite3.Connection, id: str, parent_id: str | None, account: str | None) -> str | None:
    """Return the message to hang the next one on. Raises ConversationUnknown and MessageUnknown."""
    condition, whose = scope(account)
    query = f"SELECT leaf_id FROM conversations WHERE id = ? AND deleted_at IS NULL{condition}"
    row = connection.execute(query, (storable(id), *whose)).fetchone()
    if row is None:
        raise ConversationUnknown(conversation=id)
    if parent_id == LEAF:
        return row[0] if row[0] is None else str(row[0])
    query = "SELECT 1 FROM messages WHERE id = ? AND conversation_id = ?"
    if parent_id is not None and connection.execute(query, (storable(parent_id), id)).fetchone() is None:
        raise MessageUnknown(message=parent_id)
    return parent_id


def _touch(connection: sqlite3.Connection, id: str, now: float, *, unread: bool) -> None:
    """Move a conversation up, even in the trash, and mark it as unread if wanted."""
    query = "UPDATE conversations SET active_at = ?, updated_at = ?, unread = max(unread, ?) WHERE id = ?"
    connection.execute(query, (now, now, int(unread), id))
    note(connection, CONVERSATION, id)


def _conversation(connection: sqlite3.Connection, id: str) -> Conversation:
    query = f"SELECT {rows.CONVERSATION_COLUMNS} FROM conversations c WHERE c.id = ?"
    return rows.conversation(connection.execute(query, (id,)).fetchone())

"""Rows of the tables as values, and back."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from operator import itemgetter
from sys import intern
from typing import Any

from parley.messages import (
    Conversation,
    Failure,
    Message,
    MessageStatus,
    Mood,
    Part,
    Role,
    Text,
    Usage,
    part_from_json,
    part_to_json,
)
from parley.models import NO_PARAMETERS, Parameters, parameters_from_json, parameters_to_json
from parley.store.words import searchable

CONVERSATION_COLUMNS = """
c.id, c.title, c.created_at, c.active_at, c.account_id, c.channel, c.leaf_id, c.model, c.instruction, c.pinned,
(SELECT count(*) FROM messages m WHERE m.conversation_id = c.id)
- (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id AND m.deleted_at IS NOT NULL),
EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id AND m.status = 'streaming'),
c.unread, c.parameters, c.assistant_id, c.mood, c.folder_id, c.archived
"""
MESSAGE_COLUMNS = "id, conversation_id, parent_id, role, status, model, created_at, parts, usage, failure, text, seq"
_JSON = itemgetter(7, 8, 9)
"""Those of MESSAGE_COLUMNS that hold JSON, or nothing."""

_ROLES = {role.value: role for role in Role}
_MOODS = {mood.value: mood for mood in Mood}
_STATUSES = {status.value: status for status in MessageStatus}


def conversation(row: Sequence[Any]) -> Conversation:
    """Return the conversation of a row of CONVERSATION_COLUMNS."""
    *facts, pinned, count, answering, unread, stored, assistant_id, mood, folder_id, archived = row
    parameters = parameters_from_json(json.loads(stored)) if stored else NO_PARAMETERS
    chosen = (parameters, assistant_id, _MOODS.get(mood), folder_id, bool(archived))
    made: Any = (*facts, bool(pinned), count, bool(answering), bool(unread), *chosen)
    return Conversation(*made)


def messages(found: Sequence[Sequence[Any]], dead: Collection[str] = ()) -> Iterator[Message]:
    """Yield the messages of rows of MESSAGE_COLUMNS. Those whose ids are among the `dead` are interrupted."""
    # One JSON array is read in a third of the time that thousands of small ones take.
    read = iter(json.loads(f"[{','.join(filter(None, chain.from_iterable(map(_JSON, found))))}]"))
    for id, conversation_id, parent_id, role, status, model, created_at, parts, usage, failure, text, _ in found:
        yield Message(
            intern(id),
            intern(conversation_id),
            parent_id and intern(parent_id),  # it is another one's id: kept once
            _ROLES[role],
            tuple(map(_part, next(read))) if parts else (Text(text),),
            MessageStatus.INTERRUPTED if id in dead else _STATUSES[status],
            created_at,
            intern(model),
            Usage(**next(read)) if usage else None,
            Failure(**next(read)) if failure else None,
        )


def message(row: Sequence[Any]) -> Message:
    """Return the message of a row of MESSAGE_COLUMNS."""
    return next(messages([row]))


def parts_from_text(stored: str) -> tuple[Part, ...]:
    """Return the parts of a message from their JSON."""
    return tuple(map(part_from_json, json.loads(stored)))


def _part(stored: dict[str, Any]) -> Part:
    return Text(stored["text"]) if stored["kind"] == "text" else part_from_json(stored)


def parts_to_text(parts: Iterable[Part]) -> str:
    """Return the parts as JSON."""
    return to_json([part_to_json(part) for part in parts])


def columns_of(parts: Sequence[Part]) -> tuple[str, str]:
    """Return what stands in the columns `parts` and `text` of a message that is not being written.

    Its text is what is searched: the text parts. `parts` is empty if that is all there is: most messages are one
    text, and need not be kept twice and read as JSON.
    """
    text = searchable("".join(part.text for part in parts if isinstance(part, Text)))
    return ("" if tuple(parts) == (Text(text),) else parts_to_text(parts)), text


def parameters_to_text(parameters: Parameters) -> str:
    """Return parameters as JSON; nothing if none is set."""
    return to_json(parameters_to_json(parameters)) if parameters.given else ""


def facts_to_text(value: Usage | Failure | None) -> str | None:
    """Return a usage or a failure as JSON."""
    return None if value is None else to_json(asdict(value))


def to_json(value: Any) -> str:
    """Return JSON as short as UTF-8 allows. Halves of characters, which it does not allow, are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return text


def next_seq(connection: sqlite3.Connection, table: str, created_at: float, after: int = 0) -> int:
    """Return a free number for a row: creation in seconds, shifted left by ten bits, plus a counter.

    So numbers sort by creation, for imported history too. It is larger than `after`, even when the clock goes back.
    """
    lowest = max(int(created_at) << 10, after + 1, 1)
    while True:
        end = ((lowest >> 10) + 1) << 10
        query = f"SELECT max(seq) FROM {table} WHERE seq >= ? AND seq < ?"
        last = connection.execute(query, (lowest, end)).fetchone()[0]
        if last is None:
            return lowest
        if last + 1 < end:
            return int(last) + 1
        lowest = end

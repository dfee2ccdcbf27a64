"""`parley conversations`."""

from argparse import Namespace

from parley.cli import streams, tables
from parley.cli.shell import Shell
from parley.messages import Conversation
from parley.store import Cursor, Store


def conversations(arguments: Namespace, shell: Shell) -> int:
    """List the conversations, newest first."""
    with shell.store() as store:
        found = _newest(store, arguments.limit)
    if arguments.json:
        streams.say_json([_as_json(conversation) for conversation in found])
    elif found:
        tables.say_table(("ID", "LAST", "MESSAGES", "TITLE"), [_as_row(conversation) for conversation in found])
    else:
        streams.note("There are no conversations yet.")
    return 0


def _newest(store: Store, limit: int) -> list[Conversation]:
    """Return the newest conversations; the store lists pinned ones first, however old they are."""
    found = store.conversations.page(limit=limit)
    while found and found[-1].pinned:
        page = store.conversations.page(after=Cursor.behind(found[-1]), limit=limit)
        if not page:
            break
        found += page
    return sorted(found, key=lambda conversation: conversation.updated_at, reverse=True)[:limit]


def _as_json(conversation: Conversation) -> dict[str, object]:
    return {
        "id": conversation.id,
        "title": conversation.title,
        "model": conversation.model,
        "created_at": tables.iso(conversation.created_at),
        "updated_at": tables.iso(conversation.updated_at),
        "messages": conversation.message_count,
        "pinned": conversation.pinned,
        "channel": conversation.channel,
        "answering": conversation.answering,
    }


def _as_row(conversation: Conversation) -> tuple[str, str, str, str]:
    answering = " (answering)" if conversation.answering else ""
    return (
        tables.short_id(conversation.id),
        tables.when(conversation.updated_at),
        str(conversation.message_count),
        conversation.title + answering,
    )

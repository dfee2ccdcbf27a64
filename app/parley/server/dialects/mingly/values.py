"""Values: what is kept, as clients of this API know it."""

from collections.abc import Sequence
from typing import Any

from parley.messages import Attachment, Conversation, Folder, Image, Message, Role, Text
from parley.messages import Reasoning as Thought
from parley.server.backend import Backend
from parley.server.dialects.mingly.problems import error_body
from parley.server.dialects.mingly.rendering import metadata
from parley.server.problems import Problem
from parley.server.times import moment
from parley.store import ANYONE
from parley.store.search import Hit


def conversation_json(conversation: Conversation) -> dict[str, Any]:
    """Return a conversation without its messages."""
    provider, _, model = conversation.model.partition("/")
    return {
        "id": conversation.id,
        "title": conversation.title,
        "provider": provider,
        "model": model,
        "createdAt": moment(conversation.created_at),
        "updatedAt": moment(conversation.updated_at),
        "messageCount": conversation.message_count,
        "pinned": conversation.pinned,
        "archived": conversation.archived,
        "folderId": conversation.folder_id,
    }


def file_json(file: Attachment) -> dict[str, Any]:
    """Return a file, without its bytes."""
    return {
        "id": file.id,
        "name": file.name,
        "mediaType": file.media_type,
        "size": file.size,
        "origin": file.origin,
        "createdAt": moment(file.created_at),
        "conversationId": file.conversation_id,
        "messageId": file.message_id,
    }


def message_json(
    backend: Backend, message: Message, parent_id: str | None, files: Sequence[Attachment]
) -> dict[str, Any]:
    """Return a message with the files of it; of one that is being written here, all that has come so far.

    Who asks has been given the message, so it is theirs.
    """
    turn = backend.services.engine.turn(message.id, account=ANYONE)
    parts = turn.parts if turn and not turn.ended else message.parts
    provider, _, model = message.model.partition("/")
    asked = message.role is Role.ASSISTANT
    return {
        "id": message.id,
        "parentId": parent_id,
        "role": message.role.value,
        "content": "".join(part.text for part in parts if isinstance(part, Text)),
        "createdAt": moment(message.created_at),
        "status": message.status.value,
        "provider": provider if asked else None,
        "model": model if asked else None,
        "reasoning": "".join(part.text for part in parts if isinstance(part, Thought)),
        "images": [part.url for part in parts if isinstance(part, Image)],
        "files": [file_json(file) for file in files],
        "error": error_body(Problem.from_failure(message.failure)) if message.failure else None,
        "metadata": metadata(message.usage, message.model) if message.usage else None,
    }


def folder_json(folder: Folder) -> dict[str, Any]:
    """Return a folder."""
    return {"id": folder.id, "name": folder.name, "createdAt": moment(folder.created_at)}


def hit_json(hit: Hit) -> dict[str, Any]:
    """Return where words were found."""
    return {
        "conversationId": hit.conversation_id,
        "messageId": hit.message_id,
        "title": hit.title,
        "snippet": hit.snippet,
        "marks": hit.marks,
        "role": hit.role.value if hit.role else None,
        "createdAt": moment(hit.created_at),
    }

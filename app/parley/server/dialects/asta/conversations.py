"""Conversations: which there are, what was said, and what of it is to stay."""

import asyncio
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Query

from parley.errors import MessageUnknown
from parley.messages import Conversation, MessageStatus
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.dialects.asta.asking import conversation_of
from parley.server.dialects.asta.shapes import (
    Conversations,
    Cut,
    Cutting,
    Done,
    Listed,
    Messages,
    Moved,
    Moving,
    Said,
)
from parley.server.times import moment
from parley.tokens import in_text

Limit = Annotated[int, Query(ge=1, le=100)]
PAGE = 200
"""Conversations that are read at once: in many of them nothing may have been said. Others have their turn between."""

UNTITLED = "New conversation"


def routes(backend: Backend) -> APIRouter:
    """Return the routes of conversations."""
    router = APIRouter(prefix="/api/chat")
    conversations = backend.services.store.conversations

    @router.get("/conversations")
    async def list_conversations_like_asta(
        caller: Asking, channel: str | None = None, limit: Limit = 50
    ) -> Conversations:
        """List the conversations in which something was said, the latest first."""
        found: list[Conversation] = []
        after = None
        while len(found) < limit:
            page = conversations.recent(after=after, limit=PAGE, account=caller.id, channel=channel)
            found += [each for each in page if each.message_count]
            if len(page) < PAGE:
                break
            after = page[-1]
            await asyncio.sleep(0)
        return Conversations(conversations=[_listed(backend, each) for each in found[:limit]])

    @router.get("/messages")
    async def list_messages_like_asta(caller: Asking, conversation_id: str, limit: Limit = 50) -> Messages:
        """Return the latest messages of the branch shown, oldest first."""
        conversation = conversation_of(backend, caller, conversation_id)
        said: list[Said] = []
        async with aclosing(conversations.upwards(conversation.leaf_id)) as above:
            async for message in above:
                turn = backend.services.engine.turn(message.id, account=caller.id)
                streaming = message.status is MessageStatus.STREAMING and turn is not None
                text = turn.text if turn and streaming else message.text
                said.append(Said(role=message.role.value, content=text))
                if len(said) == limit:
                    break
        return Messages(conversation_id=conversation.id, messages=said[::-1])

    @router.delete("/conversations/{id}")
    async def delete_conversation_like_asta(id: str, caller: Asking) -> Done:
        """Put a conversation into the trash."""
        conversation_of(backend, caller, id)
        await conversations.trash(id, account=caller.id)
        return Done(ok=True)

    @router.post("/conversations/{id}/truncate")
    async def truncate_conversation_like_asta(id: str, wanted: Cutting, caller: Asking) -> Cut:
        """Keep the latest messages of the branch shown."""
        conversation_of(backend, caller, id)
        kept, deleted = await conversations.keep_latest(id, wanted.keep_count, account=caller.id)
        return Cut(ok=True, conversation_id=id, keep_count=wanted.keep_count, kept=kept, deleted=deleted)

    @router.post("/conversations/{id}/rewind")
    async def rewind_conversation_like_asta(id: str, wanted: Cutting, caller: Asking) -> Cut:
        """Keep the first messages of the branch shown."""
        conversation_of(backend, caller, id)
        kept, deleted = await conversations.keep_first(id, wanted.keep_count, account=caller.id)
        return Cut(ok=True, conversation_id=id, keep_count=wanted.keep_count, kept=kept, deleted=deleted)

    @router.put("/conversations/{id}/folder")
    async def move_conversation_like_asta(id: str, wanted: Moving, caller: Asking) -> Moved:
        """Put a conversation into a folder, or into none."""
        conversation_of(backend, caller, id)
        await conversations.set_folder(id, wanted.folder_id, account=caller.id)
        return Moved(ok=True, conversation_id=id, folder_id=wanted.folder_id)

    return router


def _listed(backend: Backend, conversation: Conversation) -> Listed:
    return Listed(
        id=conversation.id,
        title=conversation.title or UNTITLED,
        created_at=moment(conversation.created_at),
        last_active=moment(conversation.updated_at),
        message_count=conversation.message_count,
        approx_tokens=_tokens(backend, conversation),
        folder_id=conversation.folder_id,
    )


def _tokens(backend: Backend, conversation: Conversation) -> int:
    """Return about how many tokens a conversation has: its last answer tells, all before it was its question."""
    try:
        leaf = backend.services.store.messages.get(conversation.leaf_id or "", account=conversation.account_id)
    except MessageUnknown:  # it has gone meanwhile
        return 0
    usage = leaf.usage
    counted = (usage.input_tokens or 0) + (usage.output_tokens or 0) if usage else 0
    return counted or in_text(leaf.text)

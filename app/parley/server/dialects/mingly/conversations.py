"""Conversations: lists of them, one with its messages, and what may be changed about them."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import aclosing
from itertools import islice, pairwise
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from parley.errors import RequestInvalid
from parley.messages import Attachment, Conversation, Message
from parley.server.application import Asking, json_response
from parley.server.backend import CHANNEL, Backend
from parley.server.connections import Caller
from parley.server.dialect import to_json
from parley.server.dialects.mingly.asking import model_of
from parley.server.dialects.mingly.shapes import (
    ConversationChange,
    ConversationShape,
    ConversationWithMessages,
    NewConversation,
    Wanted,
)
from parley.server.dialects.mingly.values import conversation_json, message_json
from parley.trees import ConversationTree

PAGE = 200
"""Conversations or messages that are read at once: others have their turn between."""


def routes(backend: Backend) -> APIRouter:
    """Return the routes of conversations."""
    router = APIRouter(prefix="/conversations")
    store = backend.services.store

    @router.get("", response_model=list[ConversationShape])
    async def listed(
        caller: Asking, limit: Annotated[int | None, Query(ge=1, le=10_000)] = None, before: str | None = None
    ) -> Response:
        """List all conversations, newest activity first; or so many, those that come behind another one."""
        after = store.conversations.get(before, account=caller.id) if before else None
        return Response(await _list(backend, caller, after, limit), media_type="application/json")

    @router.post("", status_code=201, response_model=ConversationShape)
    async def create(new: NewConversation, caller: Asking) -> Response:
        """Make a conversation without messages."""
        model = await _model(backend, caller, new.provider, new.model)
        made = await store.conversations.add(new.title, model=model, channel=CHANNEL, account=caller.id)
        return json_response(conversation_json(made), 201)

    @router.get("/{id}", response_model=ConversationWithMessages)
    async def one(id: str, caller: Asking, tree: bool = False) -> Response:
        """Return a conversation with the messages of the branch shown, or, as a tree, with all versions."""
        conversation = store.conversations.get(id, account=caller.id)
        messages = await (_all(backend, conversation) if tree else _branch(backend, conversation))
        head = to_json({**conversation_json(conversation), "leafId": conversation.leaf_id}).removesuffix(b"}")
        body = b'%s,"messages":%s}' % (head, await _array(messages))
        return Response(body, media_type="application/json")

    @router.patch("/{id}", response_model=ConversationShape)
    async def change(id: str, wanted: ConversationChange, caller: Asking) -> Response:
        """Change what is given."""
        store.conversations.get(id, account=caller.id)
        await _change(backend, caller, id, wanted)
        return json_response(conversation_json(store.conversations.get(id, account=caller.id)))

    @router.delete("/{id}", status_code=204, response_class=Response)
    async def delete(id: str, caller: Asking) -> None:
        """Put a conversation into the trash."""
        await store.conversations.trash(id, account=caller.id)

    @router.post("/{id}/restore", response_model=ConversationShape)
    async def restore(id: str, caller: Asking) -> Response:
        """Take a conversation out of the trash."""
        await store.conversations.restore(id, account=caller.id)
        return json_response(conversation_json(store.conversations.get(id, account=caller.id)))

    return router


async def _list(backend: Backend, caller: Caller, after: Conversation | None, limit: int | None) -> bytes:
    """Return a list of conversations as JSON."""
    pieces: list[bytes] = []
    while limit is None or limit > 0:
        size = PAGE if limit is None else min(PAGE, limit)
        page = backend.services.store.conversations.recent(after=after, limit=size, account=caller.id)
        pieces.extend(to_json(conversation_json(each)) for each in page)
        if len(page) < size:
            break
        after, limit = page[-1], None if limit is None else limit - size
        await asyncio.sleep(0)
    return b"[%s]" % b",".join(pieces)


async def _branch(backend: Backend, conversation: Conversation) -> Iterator[dict[str, Any]]:
    """Return the messages of the branch shown, oldest first."""
    async with aclosing(backend.services.store.conversations.upwards(conversation.leaf_id)) as above:
        found: list[Message] = [message async for message in above]
    files = _files(backend, conversation)
    return (
        message_json(backend, message, above.id if above else None, files[message.id])
        for above, message in pairwise((None, *reversed(found)))
        if message
    )


async def _all(backend: Backend, conversation: Conversation) -> Iterator[dict[str, Any]]:
    """Return all messages of a conversation, oldest first."""
    conversations = backend.services.store.conversations
    tree: ConversationTree = conversations.newest(conversation.id, PAGE, account=conversation.account_id)
    while not tree.whole:
        await asyncio.sleep(0)
        tree = conversations.earlier(tree, PAGE)
    files = _files(backend, conversation)
    return (message_json(backend, message, message.parent_id, files[message.id]) for message in tree.messages)


async def _array(values: Iterator[dict[str, Any]]) -> bytes:
    """Return values as a JSON array. They are made as they are taken: a page of them, then others have their turn."""
    pieces: list[bytes] = []
    while page := [to_json(value) for value in islice(values, PAGE)]:
        pieces.extend(page)
        await asyncio.sleep(0)
    return b"[%s]" % b",".join(pieces)


def _files(backend: Backend, conversation: Conversation) -> defaultdict[str, list[Attachment]]:
    """Return the files of a conversation, by the messages that they were first sent with or made for."""
    found: defaultdict[str, list[Attachment]] = defaultdict(list)
    for file in backend.services.store.files.of_conversation(conversation.id, account=conversation.account_id):
        found[file.message_id or ""].append(file)
    return found


async def _change(backend: Backend, caller: Caller, id: str, wanted: ConversationChange) -> None:
    conversations, account = backend.services.store.conversations, caller.id
    model = await _model(backend, caller, wanted.provider, wanted.model)
    if "folderId" in wanted.model_fields_set:
        await conversations.set_folder(id, wanted.folderId, account=account)
    if wanted.title is not None:
        await conversations.rename(id, wanted.title, account=account)
    if wanted.pinned is not None:
        await conversations.pin(id, wanted.pinned, account=account)
    if wanted.archived is not None:
        await conversations.set_archived(id, wanted.archived, account=account)
    if model:
        await conversations.set_model(id, model, account=account)


async def _model(backend: Backend, caller: Caller, provider: str | None, model: str | None) -> str:
    """Return the whole name of a model, or nothing if none is named. Raises ChatError if there is no such one."""
    wanted = await model_of(backend, caller, Wanted(provider=provider, model=model))
    if not wanted:
        return ""
    found, name = await backend.services.catalog.resolve(wanted)
    if not name.strip():
        raise RequestInvalid(problem="a model needs a name")
    return f"{found.id}/{name}"

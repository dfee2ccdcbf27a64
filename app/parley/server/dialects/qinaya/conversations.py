"""Conversations: pages of them, one of them, and what may be changed about them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from parley.messages import Conversation, Message, Mood
from parley.server.application import Asking, Claiming
from parley.server.backend import CHANNEL, Backend
from parley.server.connections import Caller
from parley.server.dialects.qinaya.asking import named
from parley.server.dialects.qinaya.shapes import (
    ConversationChange,
    ConversationFacts,
    Data,
    NewConversation,
    Page,
    WholeConversation,
    conversation_facts,
    message_facts,
    page_of,
)

MOST_A_PAGE = 100

PageNumber = Annotated[int, Query(ge=1)]
PerPage = Annotated[int, Query(ge=1, le=MOST_A_PAGE)]


def routes(backend: Backend) -> APIRouter:
    """Return the routes of conversations."""
    router = APIRouter(prefix="/conversations")
    store = backend.services.store

    def facts(id: str, caller: Caller) -> Data[ConversationFacts]:
        return Data(data=conversation_facts(store.conversations.get(id, account=caller.id)))

    @router.get("", response_model=Page[ConversationFacts])
    async def all_conversations(caller: Asking, page: PageNumber = 1, per_page: PerPage = 15) -> dict[str, Any]:
        """Return a page of conversations: pinned ones first, then those with the newest messages."""
        found, total = store.conversations.numbered(page, per_page, account=caller.id)
        return page_of(list(map(conversation_facts, found)), page, per_page, total)

    @router.post("", status_code=201)
    async def begin(wanted: NewConversation, caller: Asking, claim: Claiming) -> Data[ConversationFacts]:
        """Begin a conversation, in the mood that the account prefers."""
        if claim and claim.begun:
            return facts(claim.begun, caller)
        mood = store.preferences.of(caller.id).mood
        made = await store.conversations.add(
            wanted.title or "",
            model=await named(backend, caller, wanted.model),
            instruction=backend.options.instruction,
            channel=CHANNEL,
            account=caller.id,
            mood=Mood(mood) if mood else None,
            claim=claim,
        )
        return Data(data=conversation_facts(made))

    @router.get("/{id}")
    async def conversation(id: str, caller: Asking) -> Data[WholeConversation]:
        """Return a conversation with its messages."""
        found = store.conversations.get(id, account=caller.id)
        messages = list(map(message_facts, await branch_of(backend, found)))
        return Data(data=WholeConversation(**conversation_facts(found).model_dump(), messages=messages))

    @router.put("/{id}")
    async def change(id: str, change: ConversationChange, caller: Asking) -> Data[ConversationFacts]:
        """Give a conversation another title or model; without one the account's default answers."""
        store.conversations.get(id, account=caller.id)
        model = await named(backend, caller, change.model)
        if change.title is not None:
            await store.conversations.rename(id, change.title, account=caller.id)
        if "model" in change.model_fields_set:
            await store.conversations.set_model(id, model, account=caller.id)
        return facts(id, caller)

    @router.delete("/{id}", status_code=204, response_class=Response)
    async def remove(id: str, caller: Asking) -> None:
        """Put a conversation into the trash. What is being answered in it stops."""
        await store.conversations.trash(id, account=caller.id)
        _stop(backend, id, caller.id)

    @router.post("/{id}/pin")
    async def pin(id: str, caller: Asking) -> Data[ConversationFacts]:
        """Keep a conversation at the top of the list."""
        await store.conversations.pin(id, True, account=caller.id)
        return facts(id, caller)

    @router.post("/{id}/unpin")
    async def unpin(id: str, caller: Asking) -> Data[ConversationFacts]:
        """Keep a conversation at the top of the list no longer."""
        await store.conversations.pin(id, False, account=caller.id)
        return facts(id, caller)

    return router


async def branch_of(backend: Backend, conversation: Conversation) -> list[Message]:
    """Return the messages of the branch shown, oldest first."""
    newest_first = [message async for message in backend.services.store.conversations.upwards(conversation.leaf_id)]
    return newest_first[::-1]


def _stop(backend: Backend, id: str, account: str) -> None:
    for turn in backend.services.engine.turns(id, account=account):
        turn.stop()

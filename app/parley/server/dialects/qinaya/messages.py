"""Messages: said, answered, answered again, read as they come, and deleted."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from parley.engine import ChatRequest
from parley.errors import PromptEmpty
from parley.server.application import Asking, Claiming
from parley.server.backend import CHANNEL, Backend
from parley.server.dialect import to_json
from parley.server.dialects.qinaya.asking import demand_credentials, exchange, named
from parley.server.dialects.qinaya.conversations import MOST_A_PAGE, PageNumber, branch_of
from parley.server.dialects.qinaya.problems import error_body
from parley.server.dialects.qinaya.shapes import (
    Again,
    Data,
    Exchange,
    MessageFacts,
    Page,
    Words,
    message_facts,
    page_of,
)
from parley.server.dialects.qinaya.stream import followed
from parley.server.streams import STREAMED, EventStream, begun, sse
from parley.turn import Turn


def routes(backend: Backend) -> APIRouter:
    """Return the routes of messages."""
    router = APIRouter()
    store, engine = backend.services.store, backend.services.engine

    @router.get("/conversations/{id}/messages", response_model=Page[MessageFacts])
    async def messages(
        id: str,
        caller: Asking,
        page: PageNumber = 1,
        per_page: Annotated[int | None, Query(ge=1, le=MOST_A_PAGE)] = None,
    ) -> dict[str, Any]:
        """Return the messages of a conversation, oldest first; all of them, unless pages are asked for."""
        branch = await branch_of(backend, store.conversations.get(id, account=caller.id))
        size = per_page or max(1, len(branch))
        shown = branch[(page - 1) * size : page * size]
        return page_of(list(map(message_facts, shown)), page, size, len(branch))

    @router.post(
        "/conversations/{id}/messages",
        status_code=201,
        response_model=Data[Exchange],
        responses={202: {"model": Data[Exchange]}},
    )
    async def send(id: str, words: Words, request: Request, caller: Asking, claim: Claiming) -> Any:
        """Say something, and wait for the answer. With `stream` the answer goes on without anybody waiting."""

        async def ask() -> Turn:
            store.conversations.get(id, account=caller.id)
            await demand_credentials(backend, caller)
            model = await named(backend, caller, words.model)
            said = ChatRequest(words.content, id, model=model, channel=CHANNEL, account=caller.id, claim=claim)
            return await begun(engine.send(said))

        found = await exchange(backend, request, caller, claim, ask, wait=not words.stream)
        answer = Data(data=found)
        return JSONResponse(answer.model_dump(), 202) if words.stream else answer

    @router.post("/conversations/{id}/regenerate")
    async def regenerate(
        id: str, request: Request, caller: Asking, claim: Claiming, again: Again | None = None
    ) -> Data[Exchange]:
        """Answer again, and wait for the answer. The one of before stays as another version."""

        async def ask() -> Turn:
            branch = await branch_of(backend, store.conversations.get(id, account=caller.id))
            await demand_credentials(backend, caller)
            if not branch:
                raise PromptEmpty
            model = await named(backend, caller, again.model if again else None)
            return await begun(engine.regenerate(branch[-1].id, model, account=caller.id, claim=claim))

        return Data(data=await exchange(backend, request, caller, claim, ask))

    @router.get("/conversations/{id}/stream", response_class=Response, responses=STREAMED)
    async def stream(id: str, caller: Asking) -> Response:
        """Return the running reply as server-sent events, from its beginning; or the last one, if none is running."""
        store.conversations.get(id, account=caller.id)
        pieces = followed(backend, id, caller.id)
        return EventStream(pieces, problem=lambda problem: sse(to_json(error_body(problem)), event="error"))

    @router.delete("/messages/{id}", status_code=204, response_class=Response)
    async def remove(id: str, caller: Asking) -> None:
        """Put a message into the trash."""
        await store.messages.trash(id, account=caller.id)

    return router

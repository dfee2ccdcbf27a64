"""What asking a model comes to: who may answer, and the reply to a request that may have come before."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import Request

from parley.errors import CredentialsRequired, KeyMissing, ModelForbidden, ServerEnding
from parley.messages import Message, MessageStatus
from parley.server.backend import Backend
from parley.server.connections import Caller
from parley.server.dialects.qinaya.problems import status_of
from parley.server.dialects.qinaya.shapes import Exchange, message_facts
from parley.server.idempotent import is_kept
from parley.server.problems import Problem, TurnFailed
from parley.server.streams import outcome, until_gone
from parley.store.idempotency import Claim
from parley.turn import Turn

LOOK_SECONDS = 0.25
"""How often we look whether another process has finished a reply."""

Ask = Callable[[], Awaitable[Turn]]


async def has_credentials(backend: Backend, caller: Caller) -> bool:
    """Return whether the account may use a provider that is ready, after a look at who wants a key and has none."""
    await backend.services.catalog.models()
    return _is_ready(backend, caller)


async def demand_credentials(backend: Backend, caller: Caller) -> None:
    """Raise CredentialsRequired unless the account may use a provider that is ready.

    Providers are looked for only if none is known: nobody should wait for that who only wants to say something.
    """
    if not _is_ready(backend, caller) and not await has_credentials(backend, caller):
        raise CredentialsRequired


def _is_ready(backend: Backend, caller: Caller) -> bool:
    """Return what is known of that now. The Guide, which only knows the manual, is no provider in this sense."""
    catalog, allowed = backend.services.catalog, caller.account.permissions.models
    providers = [provider.id for provider in catalog.providers() if provider.id != catalog.guide]
    ready = [id for id in providers if not isinstance(catalog.problems.get(id), KeyMissing)]
    return any(allowed is None or any(name.partition("/")[0] == id for name in allowed) for id in ready)


async def named(backend: Backend, caller: Caller, model: str | None) -> str:
    """Return the model that is meant, as `provider/model`; nothing for none.

    `vendor/model` may be the name that a go-between such as OpenRouter has for it, where the vendor itself is not set
    up. Raises ModelUnknown, ModelAmbiguous, ProviderUnknown and ModelForbidden.
    """
    if not model or not model.strip():
        return ""
    catalog = backend.services.catalog
    usable = {provider.id for provider in catalog.providers()}
    if model.partition("/")[0] not in usable:
        offered = [each.id for each in await catalog.models() if each.name == model]
        model = offered[0] if len(offered) == 1 else model
    provider, name = await catalog.resolve(model)
    if not caller.account.permissions.allows_model(provider.id, name):
        raise ModelForbidden(model=f"{provider.id}/{name}")
    return f"{provider.id}/{name}"


async def exchange(
    backend: Backend, request: Request, caller: Caller, claim: Claim | None, ask: Ask, *, wait: bool = True
) -> Exchange:
    """Return what was said and the reply, once that is whole; without `wait`, as it is now. Raises TurnFailed.

    A request that came before, and was never answered, is answered from its reply: nothing is asked twice. But if that
    failed in a way that may pass, it is tried again.
    """
    found = await _begun(backend, request, caller, claim, ask)
    if isinstance(found, Turn) and wait:
        await outcome(found, request)
        await found.wait()  # until what was stopped has been saved
    messages = backend.services.store.messages
    reply = messages.get(found.reply_id, account=caller.id) if isinstance(found, Turn) else found
    if wait and reply.status is MessageStatus.FAILED and reply.failure:
        raise TurnFailed(reply.failure)
    question = messages.get(reply.parent_id or "", account=caller.id)
    return Exchange(message=message_facts(question), reply=message_facts(reply))


async def _begun(backend: Backend, request: Request, caller: Caller, claim: Claim | None, ask: Ask) -> Turn | Message:
    """Return the turn that `ask` starts; of a request that came before, its turn or its reply."""
    if claim is None or claim.begun is None:
        return await ask()
    engine = backend.services.engine
    turn = engine.turn(claim.begun, account=caller.id)
    if turn and not turn.ended:
        return turn
    reply = await _settled(backend, request, caller, claim.begun)
    if reply.failure and not is_kept(status_of(Problem.from_failure(reply.failure))):
        return await engine.regenerate(reply.id, reply.model, account=caller.id, claim=claim)
    return reply


async def _settled(backend: Backend, request: Request, caller: Caller, reply_id: str) -> Message:
    """Return a reply once no other process is writing it any more. Raises ServerEnding if the client has gone."""
    leaving = asyncio.ensure_future(until_gone(request.receive))
    try:
        while True:
            reply = backend.services.store.messages.get(reply_id, account=caller.id)
            if reply.status is not MessageStatus.STREAMING:
                return reply
            if leaving.done():
                raise ServerEnding  # it is answered to nobody, and not kept
            await asyncio.wait({leaving}, timeout=LOOK_SECONDS)
    finally:
        leaving.cancel()

"""Trials: whether a server can be used, asked step by step until something is wrong.

A list of models tells that the address and mostly the key are right. Some services show theirs to everybody, and none
says there whether the account has credit: that is known when a model has been asked for a word.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from parley.errors import AnswerEmpty, ModelUnknown, NoCredit, ProviderTimeout
from parley.events import Status
from parley.http import Client
from parley.messages import Message, MessageStatus, Role, Text
from parley.models import Model, Parameters
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint, RemoteProvider, object_of

LIST_SECONDS = 10.0
"""How long a person waits for the list of a server that is tried out."""

ANSWER_SECONDS = 60.0
"""How long a model that is asked for a word may take, loading included."""

QUESTION = "Say: yes"
FEW_TOKENS = 16
"""The fewest that every service takes. The answer is cut off at its first sign anyway."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A server that works: its models, and which of them has answered."""

    models: Sequence[Model]
    answered: str = ""


async def try_out(endpoint: Endpoint, provider: RemoteProvider, access: Access, *, model: str, ask: bool) -> Trial:
    """Return how a trial went. Raises ChatError for what is wrong.

    `model` is the one that a person has chosen there, if any. `ask`: ask a model for a word, which may cost a little.
    """
    try:
        async with asyncio.timeout(LIST_SECONDS):
            models = [about for about in await provider.models() if about.purpose == "chat"]
            if endpoint.key_path:
                await _look_at_key(endpoint, access)
    except TimeoutError as error:
        raise ProviderTimeout(provider=provider.name, seconds=LIST_SECONDS) from error
    if ask and (name := model or _cheapest(models)):
        await _ask(provider, name, next((about for about in models if about.name == name), None))
        return Trial(models, name)
    if model and models and model not in [about.name for about in models]:
        raise ModelUnknown(model=f"{endpoint.id}/{model}")
    return Trial(models)


async def _look_at_key(endpoint: Endpoint, access: Access) -> None:
    """Ask what the service says of the key itself. Raises ChatError if it may not be used, or for nothing more."""
    client = Client(endpoint.name, endpoint.base_url, key=access.key, redact=access.redact, network=access.network)
    try:
        facts = object_of(object_of(await client.ask(endpoint.key_path)).get("data"))
    finally:
        await client.close()
    left = facts.get("limit_remaining")
    if isinstance(left, (int, float)) and left <= 0:
        raise NoCredit(provider=endpoint.name, detail=f"limit_remaining: {left}")


def _cheapest(models: Sequence[Model]) -> str:
    """Return the model that costs least, but something: who has no credit may still ask those that cost nothing."""
    priced = [(model.price.output, model.name) for model in models if model.price and model.price.output > 0]
    return min(priced)[1] if priced else next((model.name for model in models), "")


async def _ask(provider: RemoteProvider, name: str, about: Model | None) -> None:
    """Wait for the first sign of an answer. Raises ChatError."""
    message = Message("trial", "trial", None, Role.USER, (Text(QUESTION),), MessageStatus.COMPLETE, 0.0)
    request = ProviderRequest(name, [message], parameters=Parameters(max_tokens=FEW_TOKENS), about=about)
    try:
        async with asyncio.timeout(ANSWER_SECONDS), aclosing(provider.stream(request)) as events:
            async for event in events:
                if not isinstance(event, Status):
                    return
    except AnswerEmpty:
        return  # it took the question, which is all that counts
    except TimeoutError as error:
        raise ProviderTimeout(provider=provider.name, seconds=ANSWER_SECONDS) from error

"""Answers: asks a provider, again where that is safe, and another model where a person wants that."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from parley.budget import Budget
from parley.context import messages_for
from parley.errors import (
    AnswerBroken,
    AnswerEmpty,
    BudgetSpent,
    ChatError,
    ConnectionLostAsleep,
    ModelRetired,
    ModelUnknown,
    PromptTooLong,
    ProviderError,
    ProviderTimeout,
    ProviderUnreachable,
)
from parley.events import Event, Finished, ImageMade, Said, Started, Status, TextDelta, ToolCalled
from parley.permits import Permits
from parley.pricing import Prices
from parley.providers.base import Provider, ProviderRequest
from parley.providers.catalog import Catalog
from parley.providers.retries import impatient, persistent
from parley.settings import Settings
from parley.store.spending import Spending
from parley.tokens import in_prompt

logger = logging.getLogger(__name__)

PATIENCE = 0.9
"""The part of the longest wait after which the fallback is asked: the turn gives all up at the end of it."""

_OF_THE_MODEL = (ProviderError, ModelUnknown, BudgetSpent)
"""What another model may do better, but for what is too long or has no answer."""


class Answers:
    """Gives the events of an answer, whoever gives it in the end."""

    def __init__(
        self, catalog: Catalog, settings: Settings, prices: Prices, spending: Spending, permits: Permits
    ) -> None:
        self._catalog = catalog
        self._settings = settings
        self._prices = prices
        self._budget = Budget(settings, spending)
        self._permits = permits

    async def events(
        self, provider: Provider, request: ProviderRequest, account: str, *, alone: bool = False
    ) -> AsyncGenerator[Event, None]:
        """Yield the events of an answer for an account, each `Started` before those of the model that is asked.

        If the provider fails before it has said anything, the fallback of the settings is asked, if there is one;
        not where the model is to go on `alone`. Raises ChatError.
        """
        begun = alone
        asked = self._asked if alone else self._heard
        try:
            async with aclosing(asked(provider, request, account)) as events:
                async for event in events:
                    begun = begun or isinstance(event, Said)
                    yield event
            return
        except ChatError as failure:
            error = self._explained(failure, provider, request)
            other = None if begun else await self._other(error, provider, request, account)
            if other is None:
                raise error from failure
            logger.warning("answers: %s; the fallback is asked", error)
        yield Status("fallback", "Another model is asked instead")
        async with aclosing(self._asked(*other, account)) as events:
            async for event in events:
                yield event

    def _heard(self, provider: Provider, request: ProviderRequest, account: str) -> AsyncGenerator[Event, None]:
        """Return the events of the first model. One that says nothing is given up in time if there is a fallback."""
        asked = self._asked(provider, request, account)
        options = self._settings.options
        if not options.fallback_model.strip():
            return asked
        seconds = options.first_token_timeout
        return impatient(asked, PATIENCE * seconds, lambda: ProviderTimeout(provider=provider.name, seconds=seconds))

    def _explained(self, error: ChatError, provider: Provider, request: ProviderRequest) -> ChatError:
        if type(error) is ModelUnknown and self._catalog.retired(provider.id, request.model):
            return ModelRetired(model=f"{provider.id}/{request.model}", detail=error.detail)
        return error

    async def _asked(self, provider: Provider, request: ProviderRequest, account: str) -> AsyncGenerator[Event, None]:
        self._permits.demand(account, provider.id, request.model)
        self._budget.demand(self._prices.of(f"{provider.id}/{request.model}", request.about))
        yield Started(f"{provider.id}/{request.model}", in_prompt(request.messages, request.instruction))
        spoken = False
        async with aclosing(persistent(provider, request, self._settings.options.retries)) as events:
            async for event in events:
                spoken = spoken or isinstance(event, TextDelta | ImageMade | ToolCalled)
                if isinstance(event, Finished) and not spoken and event.reason == "stop":
                    raise AnswerEmpty(provider=provider.name)
                yield event

    async def _other(
        self, error: ChatError, provider: Provider, request: ProviderRequest, account: str
    ) -> tuple[Provider, ProviderRequest] | None:
        """Return whom to ask instead, or None."""
        name = self._settings.options.fallback_model.strip()
        if not name or not isinstance(error, _OF_THE_MODEL) or isinstance(error, PromptTooLong | AnswerEmpty):
            return None
        try:
            other, model = await self._catalog.resolve(name)
            self._permits.demand(account, other.id, model)
        except ChatError as problem:
            logger.warning("answers: the fallback cannot be asked: %s", problem)
            return None
        if (other.id, model) == (provider.id, request.model):
            return None
        about = self._catalog.known(other.id, model)
        context = about.context if about else None
        messages = messages_for(request.messages, instruction=request.instruction, context=context)
        return other, replace(request, model=model, messages=messages, about=about)


def lost_asleep(provider: Provider, error: ChatError) -> ChatError:
    """Return what to say of an error that comes after the computer has slept."""
    lost = isinstance(error, AnswerBroken | ProviderTimeout | ProviderUnreachable)
    return ConnectionLostAsleep(provider=provider.name, detail=error.detail) if lost else error

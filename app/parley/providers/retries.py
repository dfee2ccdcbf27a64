"""Retries: asks a provider again after a failure that passes, as long as it has said nothing.

Once something has come it is never asked again by itself: that would be paid for twice.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from parley.errors import (
    ChatError,
    ConnectionLost,
    ConnectTimeout,
    NoCredit,
    ProviderFailed,
    ProviderUnreachable,
    RateLimited,
)
from parley.events import Event, Said, Status
from parley.providers.base import Provider, ProviderRequest

FIRST_PAUSE = 1.0
"""Seconds before the second attempt, doubled with each further one, unless the provider names its own. Up to half is
left to chance, so that many who failed together do not come back together."""

LONGEST_PAUSE = 60.0
"""Who wants to be left alone for longer than so many seconds is not asked again: a person decides."""

_PASSING = frozenset({408, 409, 425})
"""Statuses that pass, among those that mean a refusal otherwise (RFC 9110: timeout, conflict; RFC 8470: too early)."""

ADVICE: Mapping[type, str] = {
    RateLimited: "Too many requests: trying again",
    ProviderUnreachable: "No connection: trying again",
    ConnectionLost: "The connection broke off: trying again",
    ChatError: "The service had an error: trying again",
}
"""What is said meanwhile, by the kind of the error: the first that fits."""


async def persistent(provider: Provider, request: ProviderRequest, retries: int) -> AsyncGenerator[Event, None]:
    """Yield the events of an answer, before each of the `retries` a `Status` with its countdown. Raises ChatError."""
    attempt, begun = 0, False
    while True:
        try:
            async with aclosing(provider.stream(request)) as events:
                async for event in events:
                    begun = begun or isinstance(event, Said)
                    yield event
            return
        except ChatError as error:
            pause = pause_after(error, attempt, local=provider.local)
            if begun or pause is None or attempt >= retries:
                raise
            words = next(words for kind, words in ADVICE.items() if isinstance(error, kind))
        attempt += 1
        yield Status("retrying", words, pause)
        await asyncio.sleep(pause)


async def impatient(
    events: AsyncGenerator[Event, None], seconds: float, late: Callable[[], ChatError]
) -> AsyncGenerator[Event, None]:
    """Yield the events. If for so long none comes before the first word, raise what `late` returns.

    A status that tells how long it will take is given that time, too.
    """
    allowed = 0.0
    async with aclosing(events):
        while True:
            try:
                async with asyncio.timeout(seconds + allowed):
                    event = await anext(events, None)
            except TimeoutError as error:
                raise late() from error
            if event is None:
                return
            yield event
            if isinstance(event, Said):
                break
            allowed = (event.seconds or 0.0) if isinstance(event, Status) else 0.0
        async for event in events:
            yield event


def pause_after(error: ChatError, attempt: int, *, local: bool = False) -> float | None:
    """Return how many seconds to wait after an error, with so many attempts before this one; None: it will not pass.

    A server of this very computer that is not there will not come by itself.
    """
    if not _passes(error, local=local):
        return None
    named = error.retry_after
    if named:  # “at once” would hammer a server that is in trouble
        return named + random.uniform(0, 0.5) if named <= LONGEST_PAUSE else None
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**attempt) * random.uniform(0.5, 1.0)


def _passes(error: ChatError, *, local: bool) -> bool:
    """Return whether the same question may well be answered in a moment."""
    if isinstance(error, NoCredit):
        return False
    if type(error) in (ProviderUnreachable, ConnectTimeout):  # a wrong address, proxy or certificate stays wrong
        return not local
    passing = isinstance(error, RateLimited | ProviderFailed | ConnectionLost)
    return passing or error.fields.get("status") in _PASSING

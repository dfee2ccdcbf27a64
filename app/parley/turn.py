"""Turn: runs one stream, remembers its events, and replays them to any number of observers.

It knows nothing of providers or of the store: it is given a source of events, and what to do at the end.
"""

import asyncio
import logging
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace

from parley.errors import AnswerBroken, AnswerEmpty, ChatError, InternalError, ProviderTimeout
from parley.events import (
    Event,
    Failed,
    Finished,
    ImageMade,
    LastEvent,
    ReasoningDelta,
    Started,
    Status,
    Stopped,
    TextDelta,
    ToolCalled,
    ToolFinished,
    ToolStarted,
)
from parley.keys import redacted
from parley.messages import Part, ToolResult, Usage
from parley.tokens import guessed
from parley.written import Written

logger = logging.getLogger(__name__)

PERHAPS_PAID = (AnswerBroken, AnswerEmpty, ProviderTimeout)
"""Failures of a vendor that had taken the question; any other one refuses it, and costs nothing."""

LOOK_SECONDS = 1.0
"""How often a silent turn looks at the clock."""

ASLEEP_SECONDS = 10.0
"""Who has not looked for so much longer has been asleep: the computer slept, or the process was stopped."""

BUFFERED_SECONDS = 2.0
"""What comes so soon after waking may have come before, and says nothing of the connection."""

BURST = 50
"""After so many events others have their turn, though more have come: a frame must not wait for a burst."""

Conclude = Callable[["Turn", LastEvent], Awaitable[LastEvent]]


class Turn:
    """A reply, observable while it happens. Create it inside a running event loop; it starts at once.

    `conclude` is awaited when the source has ended and before the last event is published, so that
    observers of the end find the reply saved; it returns the last event to publish. `silence` is called
    when `seconds_of_silence` have passed without an event since the provider was asked, and returns the
    error to end with. Time in which the computer slept is no silence; after it, if nothing comes, the turn
    waits for `seconds_after_sleep` only. `lost` returns what to say of an error that comes after sleep.
    """

    def __init__(
        self,
        source: AsyncGenerator[Event, None],
        *,
        conversation_id: str = "",
        reply_id: str = "",
        account: str = "",
        conclude: Conclude | None = None,
        seconds_of_silence: float | None = None,
        silence: Callable[[], ChatError] = InternalError,
        seconds_after_sleep: float | None = None,
        lost: Callable[[ChatError], ChatError] = lambda error: error,
    ) -> None:
        self.conversation_id = conversation_id
        self.reply_id = reply_id
        self.account = account
        self._events: list[Event] = []
        self._observers: list[asyncio.Future[None]] = []
        self._written = Written()
        self._said_before = 0
        self._asked: Started | None = None
        self._conclude = conclude
        self._clock = _Clock()
        self._loop = asyncio.get_running_loop()
        self._limit = seconds_of_silence
        self._limit_after_sleep = seconds_of_silence if seconds_after_sleep is None else seconds_after_sleep
        self._error_of_silence = silence
        self._lost = lost
        self._silence: _Silence | None = None
        self._silent: ChatError | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._reader = self._loop.create_task(self._read(source))
        self._task = self._loop.create_task(self._run())

    @property
    def text(self) -> str:
        """Return the answer so far."""
        return self._written.text

    @property
    def parts(self) -> tuple[Part, ...]:
        """Return the message's parts so far."""
        return self._written.parts

    @property
    def model(self) -> str:
        """Return the model that was asked last, as `provider/model`; empty before."""
        return self._asked.model if self._asked else ""

    @property
    def come(self) -> int:
        """Return about how many tokens the provider has said so far; not what a resumed reply began with."""
        return self._tokens() - self._said_before

    @property
    def size(self) -> int:
        """Return how many events have come: it grows whenever there is something new to save."""
        return len(self._events)

    @property
    def ended(self) -> bool:
        """Return whether the last event has been published."""
        return bool(self._events) and isinstance(self._events[-1], LastEvent)

    @property
    def usage(self) -> Usage:
        """Return what the reply cost so far, tokens guessed."""
        return self._guessed(Usage(first_token_seconds=self._clock.first_token_seconds, seconds=self._clock.seconds))

    def stop(self) -> None:
        """End the reply; what has come is kept. Does nothing when it has ended."""
        self._reader.cancel()

    async def wait(self, seconds: float | None = None) -> LastEvent | None:
        """Return the last event once it has been published, or None if that takes longer than `seconds`."""
        await asyncio.wait([self._task], timeout=seconds)
        last = self._events[-1] if self._events else None
        return last if isinstance(last, LastEvent) else None

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Yield every event from the first one, whenever the observer comes."""
        async for batch in self.batches():
            for event in batch:
                yield event

    async def batches(self, first: int = 0) -> AsyncGenerator[list[Event], None]:
        """Yield the events from number `first` on, at each step all that have come since the step before."""
        seen = first
        while True:
            if seen == len(self._events):
                if self.ended:
                    return
                await self._news()
            batch = self._events[seen:]
            seen += len(batch)
            yield batch

    async def _news(self) -> None:
        future = self._loop.create_future()
        self._observers.append(future)
        try:
            await future
        finally:
            if future in self._observers:
                self._observers.remove(future)

    def _publish(self, event: Event) -> None:
        self._events.append(event)
        waiting, self._observers = self._observers, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def _read(self, source: AsyncGenerator[Event, None]) -> Finished:
        async with aclosing(source):
            async for event in source:
                self._clock.note(event)
                if self._silence:
                    self._silence.end()
                match event:
                    case TextDelta() | ReasoningDelta() | ImageMade() | ToolCalled() | ToolFinished():
                        self._written.take(event)
                    case ToolStarted(seconds=seconds) if self._silence:
                        self._silence.allow(seconds)
                    case Finished():
                        return event
                    case Started():
                        self._said_before = self._tokens()
                        self._asked = event
                        self._watch_silence()
                    case Status(seconds=seconds) if self._silence and seconds:
                        self._silence.allow(seconds)
                self._publish(event)
                if len(self._events) % BURST == 0:
                    await asyncio.sleep(0)
        return Finished()

    def _watch_silence(self) -> None:
        if self._limit is None or self._limit_after_sleep is None:
            return
        silence = self._silence = self._silence or _Silence()
        silence.look()
        limit = min(self._limit, self._limit_after_sleep) if silence.after_sleep else self._limit
        rest = limit - silence.seconds
        if rest > 0:
            self._watch = self._loop.call_later(min(rest, LOOK_SECONDS), self._watch_silence)
        else:
            self._silent = self._error_of_silence()
            self._reader.cancel()

    async def _run(self) -> None:
        await asyncio.wait([self._reader])
        if self._watch:
            self._watch.cancel()
        last = self._outcome()
        if self._conclude:
            try:
                last = await self._conclude(self, last)
            except Exception as error:
                logger.exception("a turn could not be concluded")
                last = Failed(InternalError(detail=redacted(repr(error))).to_failure())
        self._publish(last)

    def _outcome(self) -> LastEvent:
        """Return how the reading ended. The one place where any exception becomes something to show."""
        if self._reader.cancelled():
            return self._failed(self._silent) if self._silent else Stopped()
        error = self._reader.exception()
        match error:
            case None:
                finished = self._reader.result()
                usage = finished.usage or Usage()
                return replace(finished, usage=self._guessed(self._clock.complete(usage)))
            case ChatError():
                return self._failed(error)
            case _:
                logger.error("a turn ended with a bug", exc_info=error)
                return Failed(InternalError(detail=redacted(repr(error))).to_failure())

    def _tokens(self) -> int:
        return sum(guessed(part) for part in self._written.parts if not isinstance(part, ToolResult))

    def _guessed(self, usage: Usage) -> Usage:
        """Return the usage with the tokens guessed that the vendor has not told, once it has taken the question."""
        if self._asked is None or self._asked.tokens is None or None not in (usage.input_tokens, usage.output_tokens):
            return usage
        if self._refused():
            return usage
        return replace(
            usage,
            input_tokens=self._asked.tokens if usage.input_tokens is None else usage.input_tokens,
            output_tokens=self.come if usage.output_tokens is None else usage.output_tokens,
            estimated=True,
        )

    def _refused(self) -> bool:
        """Return whether the question was not taken, last that is known."""
        if self.come:
            return False
        if self._reader.done() and not self._reader.cancelled():
            error = self._reader.exception()
            return isinstance(error, ChatError) and not isinstance(error, PERHAPS_PAID)
        return any(isinstance(event, Status) and event.code == "retrying" for event in self._events[-1:])

    def _failed(self, error: ChatError) -> Failed:
        if self._silence:
            self._silence.look()
        slept = self._silence is not None and self._silence.after_sleep
        error = self._lost(error) if slept else error
        return Failed(error.to_failure(), error.retry_after)


class _Silence:
    """How long nothing has come, without the time in which the computer slept. Looked at once a second."""

    def __init__(self) -> None:
        self._heard = self._looked = ticking()
        self._asleep = 0.0
        self._woke = float("-inf")

    def look(self) -> None:
        """Notice sleep."""
        now = ticking()
        gap = now - self._looked
        self._looked = now
        if gap > LOOK_SECONDS + ASLEEP_SECONDS:
            self._asleep += gap
            self._woke = now

    def end(self) -> None:
        """Something has come."""
        self.look()
        self._heard, self._asleep = self._looked, 0.0

    def allow(self, seconds: float) -> None:
        """Nothing will come for so long, and that is known."""
        self._heard += seconds

    @property
    def seconds(self) -> float:
        return ticking() - self._heard - self._asleep

    @property
    def after_sleep(self) -> bool:
        """Return whether the computer has slept, and nothing has come since that was sent since."""
        return self._heard < self._woke + BUFFERED_SECONDS


def ticking() -> float:
    """Return the time of a clock that nobody sets, and that goes on while the computer sleeps."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    elif sys.platform == "darwin":  # noqa: RET505 - for the type checker, which knows platforms by branches
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    else:
        return time.monotonic()


class _Clock:
    """When things happened in a turn, in seconds since it began."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()
        self._first_token: float | None = None

    def note(self, event: Event) -> None:
        """Remember when the event came. A provider's `Started` sets the clock to zero."""
        self._last = now = time.monotonic()
        match event:
            case Started():
                self._began, self._first_token = now, None
            case TextDelta() | ReasoningDelta() | ImageMade() | ToolCalled():
                self._first_token = self._first_token or now

    @property
    def seconds(self) -> float:
        return self._last - self._began

    @property
    def first_token_seconds(self) -> float | None:
        return None if self._first_token is None else self._first_token - self._began

    def complete(self, usage: Usage) -> Usage:
        """Return the provider's usage with our times where it gave none."""
        first = usage.first_token_seconds
        return replace(
            usage,
            first_token_seconds=self.first_token_seconds if first is None else first,
            seconds=self.seconds if usage.seconds is None else usage.seconds,
        )

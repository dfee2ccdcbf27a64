"""Streams: a turn's events on their way to a client, in the words of its dialect; and what happens when it goes."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import Any, Self, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from parley.errors import ChatError, InternalError, ServerEnding
from parley.events import Event, Failed, Finished, Started, Status, Stopped
from parley.keys import redacted
from parley.server.guard import CONNECTION
from parley.server.problems import Problem, TurnFailed
from parley.turn import Turn

logger = logging.getLogger(__name__)

T = TypeVar("T")

PING_SECONDS = 15.0
"""How often a silent stream says that it is still there."""

PING = b": ping\n\n"

STREAMED: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {}}}}
"""Of a route that answers as a stream where it is asked to: what its description says besides."""

Render = Callable[[list[Event], int], bytes]
"""Makes the bytes of some events; the number is that of the first one in its turn."""


class EventStream(Response):
    """Server-sent events, or lines of JSON, from a generator of bytes. Its end, also by the client, closes that.

    `ping` is sent when nothing else has been for a while; empty for formats that have no room for it. `problem` makes
    the bytes that say why the stream ends early. The answer begins with the first piece, be it empty: what goes wrong
    before is a refusal with a status of its own.
    """

    media_type = "text/event-stream"  # what the description of the routes says

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        status_code: int = 200,
        *,
        media_type: str = "text/event-stream",
        ping: bytes = PING,
        problem: Callable[[Problem], bytes],
        headers: dict[str, str] | None = None,
    ) -> None:
        self.status_code = status_code
        self.media_type = media_type
        self.background = None
        self.init_headers({"Cache-Control": "no-cache", "X-Accel-Buffering": "no", **(headers or {})})
        self._pieces = pieces
        self._ping = ping
        self._problem = problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces as they come, until they end or the client goes."""
        with _Leash(receive) as leash, _Pings(send, self._ping) as pings:
            try:
                async with aclosing(self._pieces) as pieces:
                    async for piece in pieces:
                        if not pings.going:
                            await send(
                                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
                            )
                        pings.rest()
                        if piece:
                            await send({"type": "http.response.body", "body": piece, "more_body": True})
            except asyncio.CancelledError:
                if leash.gone:
                    return
                connection = scope.get(CONNECTION)
                if not pings.going or connection is None or connection.ending is None:
                    raise
                await _last(send, self._problem(Problem.of(connection.ending)))
                raise
            except ChatError as error:
                if not pings.going:
                    raise
                await _last(send, self._problem(Problem.of(error)))
            except Exception as error:
                if not pings.going:
                    raise
                logger.exception("a stream ended with a bug")
                await _last(send, self._problem(Problem.of(InternalError(detail=redacted(repr(error))))))
            else:
                await _last(send, b"")


class _Leash:
    """Cancels the task that made it when the client goes; `gone` tells that it was this."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._task = asyncio.current_task()
        self.gone = False

    def __enter__(self) -> Self:
        self._watch = asyncio.ensure_future(self._look())
        return self

    def __exit__(self, *ending: object) -> None:
        self._watch.cancel()
        if self.gone and self._task:
            self._task.uncancel()

    async def _look(self) -> None:
        await until_gone(self._receive)
        self.gone = True
        if self._task:
            self._task.cancel()


class _Pings:
    """Says that a stream is still there, whenever nothing else has been said for a while. `going`: it has begun."""

    def __init__(self, send: Send, ping: bytes) -> None:
        self._send = send
        self._ping = ping
        self._spoke = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Future[None] | None = None
        self.going = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ending: object) -> None:
        if self._timer:
            self._timer.cancel()
        if self._sending:
            self._sending.cancel()

    def rest(self) -> None:
        """Something is being said."""
        self._spoke = time.monotonic()
        if not self.going:
            self.going = True
            if self._ping:
                self._look()

    def _look(self) -> None:
        rest = self._spoke + PING_SECONDS - time.monotonic()
        if rest <= 0:
            if self._sending is None or self._sending.done():  # else the client does not even take the last one
                self._sending = asyncio.ensure_future(
                    self._send({"type": "http.response.body", "body": self._ping, "more_body": True})
                )
            self._spoke, rest = time.monotonic(), PING_SECONDS
        self._timer = asyncio.get_running_loop().call_later(rest, self._look)


async def _last(send: Send, body: bytes) -> None:
    with suppress(OSError):
        await send({"type": "http.response.body", "body": body, "more_body": False})


async def until_gone(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def begun(starting: Coroutine[Any, Any, Turn]) -> Turn:
    """Return the turn that is being started. If nobody waits for it any more, it stops as soon as it has been."""
    task = asyncio.ensure_future(starting)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_stop)
        raise


def _stop(started: asyncio.Task[Turn]) -> None:
    if not started.cancelled() and started.exception() is None:
        started.result().stop()


async def rendered(
    turn: Turn,
    render: Render,
    *,
    detach: bool = False,
    prompt: bool = True,
    pings: bool = True,
    ahead: bytes = b"",
) -> AsyncGenerator[bytes, None]:
    """Yield a turn's events in a dialect's words, behind what is said ahead of them.

    Left early, the turn stops, unless it is to go on (`detach`). Unless it is to be `prompt`, nothing comes before the
    model has said something: for some seconds if the format has `pings` to go on with, else however long it takes.
    Raises TurnFailed if it fails meanwhile.
    """
    number = 0
    try:
        if not prompt and not await _begun(turn, PING_SECONDS if pings else None):
            yield b""
        if ahead:
            yield ahead
        async for batch in turn.batches():
            yield render(batch, number)
            number += len(batch)
    finally:
        if not detach:
            turn.stop()


async def _begun(turn: Turn, seconds: float | None) -> bool:
    """Return whether a turn has said something, soon enough. Raises TurnFailed if it fails without a word."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds), aclosing(turn.batches()) as batches:
            async for batch in batches:
                for event in batch:
                    if isinstance(event, Failed):
                        raise TurnFailed(event.failure, event.retry_after)
                    if not isinstance(event, Started | Status):
                        return True
    return False


async def outcome(turn: Turn, request: Request, *, detach: bool = False) -> Finished | Stopped:
    """Return how a turn ended. If the client goes before, or is sent away, the turn stops, unless `detach`.

    Raises TurnFailed.
    """
    last = None
    try:
        with suppress(ServerEnding):
            last = await while_there(turn.wait(), request)
    finally:
        if last is None and not detach:
            turn.stop()
    if isinstance(last, Failed):
        raise TurnFailed(last.failure, last.retry_after)
    return last or Stopped()


async def while_there(work: Coroutine[Any, Any, T], request: Request) -> T:
    """Return what some work comes to. If the client goes before, the work is cancelled, and ServerEnding raised: it
    is answered to nobody.
    """
    working, gone = asyncio.ensure_future(work), asyncio.ensure_future(until_gone(request.receive))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ServerEnding
        return working.result()
    finally:
        gone.cancel()
        working.cancel()


def sse(data: bytes, *, event: str = "", id: int | str | None = None) -> bytes:
    """Return one server-sent event of data that has no line breaks."""
    head = f"event: {event}\n".encode() if event else b""
    number = f"id: {id}\n".encode() if id is not None else b""
    return b"%s%sdata: %s\n\n" % (head, number, data)

"""Idempotency keys: a request that is sent again, because nobody knows whether it came, is carried out once.

Plain ASGI, between the guard and the application, so that every answer is kept as it goes over the wire.
"""

import asyncio
import logging
from dataclasses import dataclass, field, replace
from hashlib import sha256

from parley.errors import IdempotencyKeyReused, RequestInvalid, StoreError
from parley.server.bodies import Event, Receive, replaying
from parley.server.dialect import DIALECT
from parley.server.guard import BODY, CALLER, App, Send
from parley.server.heads import Scope
from parley.server.streams import until_gone
from parley.store import Store
from parley.store.idempotency import Answer, Claim

logger = logging.getLogger(__name__)

CLAIM = "parley.claim"
"""Where in the scope the `Claim` of a request with a key is."""

HEADER = "Idempotency-Key"
LONGEST = 255
METHODS = frozenset({"POST", "PUT", "PATCH"})
_NAME = HEADER.lower().encode()
_TYPE, _LENGTH = b"content-type", b"content-length"


def is_kept(status: int) -> bool:
    """Return whether an answer is the last word: not where the same request may well succeed later.

    A conflict is one: with whoever answers the same request in another process.
    """
    return status < 500 and status not in (401, 409, 429)


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """Return what requests are told apart by."""
    return sha256(b"\0".join((method.encode(), path.encode("utf-8", "replace"), body))).digest()


class Idempotent:
    """Answers requests with a key: from what is kept, with those that wait for the same, or by asking `app`."""

    def __init__(self, app: App, store: Store) -> None:
        self._app = app
        self._store = store
        self._runs: dict[tuple[str, str], _Run] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it. Raises IdempotencyKeyReused, and RequestInvalid for what is no key."""
        claim = self._claim(scope)
        if claim is None:
            await self._app(scope, receive, send)
            return
        run = self._runs.get((claim.account, claim.key))
        if run is None:
            kept = self._store.idempotency.find(claim.account, claim.key)
            if kept and kept.fingerprint != claim.fingerprint:
                raise IdempotencyKeyReused(key=claim.key)
            if kept and kept.answer:
                await _send(kept.answer, send)
                return
            run = self._begin(scope, replace(claim, begun=kept.begun if kept else None))
        elif run.claim.fingerprint != claim.fingerprint:
            raise IdempotencyKeyReused(key=claim.key)
        if written := await run.wait(receive):
            await written.send(send)

    def _claim(self, scope: Scope) -> Claim | None:
        """Return what a request with a key claims. Raises RequestInvalid."""
        if scope["type"] != "http" or scope["method"] not in METHODS or scope.get(CALLER) is None:
            return None
        keyed = scope[DIALECT].keyed
        if keyed is None or not keyed(scope["path"]):
            return None
        sent = [value for name, value in scope["headers"] if name == _NAME]
        if not sent:
            return None
        key = b", ".join(sent).decode("latin-1").strip()
        if not 0 < len(key) <= LONGEST:
            problem = f"{HEADER} has between 1 and {LONGEST} letters"
            raise RequestInvalid(problem=problem, invalid={HEADER: [problem]})
        return Claim(scope[CALLER].id, key, fingerprint(scope["method"], scope["path"], scope[BODY]))

    def _begin(self, scope: Scope, claim: Claim) -> "_Run":
        run = _Run(claim)
        run.task = asyncio.get_running_loop().create_task(self._carry_out({**scope, CLAIM: claim}, run))
        run.task.add_done_callback(run.end)
        self._runs[claim.account, claim.key] = run
        return run

    async def _carry_out(self, scope: Scope, run: "_Run") -> "_Written":
        written = _Written()
        try:
            await self._app(scope, replaying(scope[BODY], run.abandoned), written.take)
            if is_kept(written.status):
                await self._keep(run.claim, written.answer)
            return written
        finally:
            del self._runs[run.claim.account, run.claim.key]

    async def _keep(self, claim: Claim, answer: Answer) -> None:
        """Keep an answer. What was asked for has been done: that is told though it cannot be kept."""
        try:
            await self._store.idempotency.finish(claim, answer)
        except StoreError as error:
            logger.warning("the answer to a request that may come again is not kept: %s", error)


@dataclass(eq=False, slots=True)
class _Run:
    """A request that is being carried out, for all who have sent it. It learns that the client has gone with the last.

    A task of its own: who has sent it first may go, and the others still wait.
    """

    claim: Claim
    task: "asyncio.Task[_Written]" = field(init=False)
    waiting: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, receive: Receive) -> "_Written | None":
        """Return the answer, or None if this client has gone. Raises what the application raises."""
        gone = asyncio.ensure_future(until_gone(receive))
        self.waiting += 1
        try:
            await asyncio.wait({self.task, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            self.waiting -= 1
            if not self.waiting:
                self.left.set()
                await asyncio.wait({self.task})
        return self.task.result() if self.task.done() else None

    def end(self, task: "asyncio.Task[_Written]") -> None:
        """Tell the log of a bug that nobody else hears of."""
        if not self.waiting and not task.cancelled() and (error := task.exception()):
            logger.error("a request whose client had gone failed", exc_info=error)

    async def abandoned(self) -> Event:
        """Return, as ASGI has it, that everybody has gone, once that is so."""
        await self.left.wait()
        return {"type": "http.disconnect"}


@dataclass(slots=True)
class _Written:
    """An answer as the application writes it."""

    events: list[Event] = field(default_factory=list)

    async def take(self, event: Event) -> None:
        self.events.append(event)

    async def send(self, send: Send) -> None:
        for event in self.events:
            await send(event)

    @property
    def status(self) -> int:
        return int(self.events[0]["status"])

    @property
    def answer(self) -> Answer:
        headers = dict(self.events[0]["headers"])
        body = b"".join(event.get("body", b"") for event in self.events[1:])
        return Answer(self.status, headers.get(_TYPE, b"").decode("latin-1"), body)


async def _send(answer: Answer, send: Send) -> None:
    headers = [(_TYPE, answer.media_type.encode("latin-1"))] if answer.media_type else []
    if answer.status != 204:
        headers.append((_LENGTH, b"%d" % len(answer.body)))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})

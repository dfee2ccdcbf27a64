"""The guard: every request and socket passes here first. Host, origin, credential, limits and body, in this order.

Plain ASGI, below FastAPI: streams pass through without a wrapper, and nothing is read that is not allowed.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from parley.errors import (
    BodyTooLarge,
    BodyUnreadable,
    ChatError,
    CredentialMissing,
    HostRefused,
    InternalError,
    OriginRefused,
    TokenRefused,
)
from parley.keys import redacted
from parley.server.backend import Backend
from parley.server.connections import Caller
from parley.server.dialect import DIALECT, Dialect, Dialects, Headers
from parley.server.problems import Problem

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

CALLER = "parley.caller"
"""Where in the scope the `Caller` is; None for a socket that has not said its token yet."""

CONNECTION = "parley.connection"
"""Where in the scope the `Connection` is."""

BODY = "parley.body"
"""Where in the scope the bytes of a JSON body are."""

LIVE = "/live"
STRANGERS_A_MINUTE = 60
MEGABYTE = 1024 * 1024
UNAUTHORIZED, TRY_AGAIN = 4001, 1013
"""Codes with which sockets are closed."""

_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


@dataclass(slots=True)
class _Request:
    """What the guard reads of a request: its headers by name, several of one name joined as HTTP has it."""

    scope: Scope
    headers: dict[bytes, bytes] = field(default_factory=dict)
    extra: Headers = field(default_factory=list)
    """Headers that all answers to it have."""

    def __post_init__(self) -> None:
        for name, value in self.scope["headers"]:
            self.headers[name] = self.headers[name] + b", " + value if name in self.headers else value

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1").strip()

    @property
    def address(self) -> str:
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    @property
    def host(self) -> str:
        """Return the name that is asked for, without the port and an address's brackets."""
        host = self.header(b"host").lower()
        if host.startswith("["):
            return host[1:].partition("]")[0]
        return host.partition(":")[0].rstrip(".")


class Guard:
    """The outermost of the application. `app` is asked for what is allowed."""

    def __init__(self, app: App, backend: Backend, dialects: Dialects) -> None:
        self._app = app
        self._backend = backend
        self._dialects = dialects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one socket, as ASGI has it."""
        request = _Request(scope)
        if scope["type"] == "websocket":
            await self._socket(request, receive, send)
        elif scope["type"] == "http":
            await self._http(request, receive, send)

    async def _http(self, request: _Request, receive: Receive, send: Send) -> None:
        scope = request.scope
        dialect = scope[DIALECT] = self._dialects.of(scope)
        began = False

        async def sending(event: Event) -> None:
            nonlocal began
            if event["type"] == "http.response.start":
                began = True
                event = {**event, "headers": [*event.get("headers", ()), *request.extra]}
            await send(event)

        try:
            self._demand_host(request)
            self._demand_origin(request)
            if scope["method"] == "OPTIONS":
                await _preflight(request, sending)
            elif scope["path"] == LIVE and scope["method"] in ("GET", "HEAD"):
                await sending({"type": "http.response.start", "status": 204, "headers": []})
                await sending({"type": "http.response.body", "body": b""})
            else:
                await self._allowed(request, dialect, receive, sending)
        except ChatError as error:
            if not began:
                await _answer(sending, *scope[DIALECT].refusal(Problem.of(error)))
        except Exception as error:
            logger.exception("%s %s failed", scope["method"], scope["path"])
            if not began:
                problem = Problem.of(InternalError(detail=redacted(repr(error))))
                await _answer(sending, *scope[DIALECT].refusal(problem))

    async def _allowed(self, request: _Request, dialect: Dialect, receive: Receive, send: Send) -> None:
        scope = request.scope
        caller = self._caller(request) if not _is_public(scope["path"], dialect) else self._perhaps_caller(request)
        if caller is None:
            self._backend.limits.take(("stranger", request.address), STRANGERS_A_MINUTE)
            scope[CALLER] = None
            await self._app(scope, await self._with_body(request, dialect, receive), send)
            return
        key = ("account", caller.id) if dialect.per_account else caller.key
        most = dialect.limit or self._backend.options.server_requests
        self._backend.limits.take((dialect.name if dialect.per_account else "all", key), most)
        connection = self._backend.connections.begin(caller, scope["path"], request.header(b"user-agent"))
        scope[CALLER], scope[CONNECTION] = caller, connection
        try:
            await self._app(scope, await self._with_body(request, dialect, receive), send)
        except asyncio.CancelledError:
            if connection.ending is None or (task := asyncio.current_task()) is None:
                raise
            task.uncancel()
            raise connection.ending from None
        finally:
            self._backend.connections.finish(connection)

    async def _socket(self, request: _Request, receive: Receive, send: Send) -> None:
        scope = request.scope
        scope[DIALECT] = self._dialects.of(scope)
        try:
            self._demand_host(request)
            self._demand_origin(request)
            caller = self._perhaps_caller(request)
            if caller is None and not self._backend.plan.auth:
                caller = self._backend.owner(request.address)
        except ChatError as error:
            await receive()
            status, headers, body = scope[DIALECT].refusal(Problem.of(error))
            await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": body})
            return
        scope[CALLER] = caller
        await self._app(scope, receive, send)

    def _demand_host(self, request: _Request) -> None:
        """Refuse what is meant for a name that is not ours: a page may have pointed a name of its own at us."""
        if request.host not in self._backend.names():
            raise HostRefused(host=request.host[:80])

    def _demand_origin(self, request: _Request) -> None:
        """Refuse pages of other places. Programs that are no browsers send no origin."""
        request.extra = [(b"vary", b"Origin"), (b"x-content-type-options", b"nosniff")]
        origin = request.header(b"origin")
        if not origin:
            return
        scheme = {"ws": "http", "wss": "https"}.get(request.scope["scheme"], request.scope["scheme"])
        if origin.lower() == f"{scheme}://{request.header(b'host').lower()}":
            return
        if origin not in self._backend.origins:
            raise OriginRefused(origin=origin[:80])
        request.extra += [
            (b"access-control-allow-origin", origin.encode("latin-1")),
            (b"access-control-expose-headers", b"*"),
        ]

    def _caller(self, request: _Request) -> Caller:
        """Return who asks. Raises CredentialMissing and TokenRefused, or TooManyRequests after too many of them."""
        if not self._backend.plan.auth:
            return self._backend.owner(request.address)
        try:
            caller = self._perhaps_caller(request)
            if caller is None:
                raise CredentialMissing
        except (CredentialMissing, TokenRefused):
            self._backend.limits.take(("stranger", request.address), STRANGERS_A_MINUTE)
            raise
        return caller

    def _perhaps_caller(self, request: _Request) -> Caller | None:
        """Return whom the credentials speak for, or None without any. All must be good and of one account."""
        scheme, _, bearer = request.header(b"authorization").partition(" ")
        sent = [bearer.strip()] if scheme.lower() == "bearer" else [""] if scheme else []
        if b"x-api-key" in request.headers:
            sent.append(request.header(b"x-api-key"))
        callers = [self._backend.caller(token, request.address) for token in sent]
        if len({caller.id for caller in callers}) > 1:
            raise TokenRefused
        return callers[0] if callers else None

    async def _with_body(self, request: _Request, dialect: Dialect, receive: Receive) -> Receive:
        """Return what hands out the body, read whole and bounded if it is JSON."""
        scope, options = request.scope, self._backend.options
        length = request.header(b"content-length")
        if not (request.headers.get(b"transfer-encoding") or length not in ("", "0")):
            scope[BODY] = b""
            return receive
        if scope["path"] in dialect.uploads:
            return _bounded(receive, options.server_upload_mib, length)
        kind = request.header(b"content-type").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise BodyUnreadable(problem="its Content-Type is not application/json")
        receiving = _bounded(receive, options.server_json_mib, length)
        pieces = []
        while (event := await receiving())["type"] == "http.request":
            pieces.append(event.get("body", b""))
            if not event.get("more_body"):
                break
        body = scope[BODY] = b"".join(pieces)
        scope[DIALECT] = self._dialects.of(scope)
        return _replaying(body, receive)


def _is_public(path: str, dialect: Dialect) -> bool:
    return path in dialect.public


def _bounded(receive: Receive, megabytes: int, length: str) -> Receive:
    """Return what receives no more than so much. Raises BodyTooLarge, before the first byte where that is told."""
    most = megabytes * MEGABYTE
    if length.isascii() and length.isdecimal() and int(length) > most:
        raise BodyTooLarge(megabytes=megabytes)
    come = 0

    async def receiving() -> Event:
        nonlocal come
        event = await receive()
        come += len(event.get("body", b""))
        if come > most:
            raise BodyTooLarge(megabytes=megabytes)
        return event

    return receiving


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return what hands out a body that has been read, and then what else comes: that the client has gone."""
    handed_out = False

    async def receiving() -> Event:
        nonlocal handed_out
        if not handed_out:
            handed_out = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return receiving


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    with suppress(OSError):  # it has gone
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _preflight(request: _Request, send: Send) -> None:
    """Answer a browser that asks whether it may ask. Without a listed origin it hears nothing of what it needs."""
    headers: Headers = []
    if any(name == b"access-control-allow-origin" for name, _ in request.extra):
        wanted = request.headers.get(b"access-control-request-headers", b"authorization, content-type, x-api-key")
        headers = [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", wanted),
            (b"access-control-max-age", b"600"),
        ]
        if request.header(b"access-control-request-private-network") == "true":
            headers.append((b"access-control-allow-private-network", b"true"))
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})

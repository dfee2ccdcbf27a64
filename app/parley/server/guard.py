"""The guard: every request and socket passes here first. Host, origin, credential, limits and body, in this order.

Plain ASGI, below FastAPI: streams pass through without a wrapper, and nothing is read that is not allowed.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import reduce
from secrets import token_hex
from typing import Any

from parley.errors import (
    BodyUnreadable,
    ChatError,
    CredentialMissing,
    EncryptionNeeded,
    HostRefused,
    InternalError,
    MethodRefused,
    OriginRefused,
    RequestInvalid,
    RouteUnknown,
    TokenRefused,
)
from parley.keys import redacted
from parley.server.addresses import is_loopback
from parley.server.backend import STRANGERS_A_MINUTE, Backend
from parley.server.bodies import UPLOAD_RATE, Body, Event, Receive, Room, replaying
from parley.server.connections import Caller
from parley.server.dialect import DIALECT, Dialect, Dialects, Headers
from parley.server.heads import Head, Scope
from parley.server.problems import Problem

logger = logging.getLogger(__name__)

Send = Callable[[Event], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Methods = Mapping[str, Callable[[str], list[str]]]

CALLER = "parley.caller"
"""Where in the scope the `Caller` is; None for a socket that has not said its token yet."""

CONNECTION = "parley.connection"
"""Where in the scope the `Connection` is."""

ADMITTED = "parley.admitted"
"""Where in a socket's scope is what the wire wants to be called when it is known who asks."""

BODY = "parley.body"
"""Where in the scope the bytes of a JSON body are."""

LIVE = "/live"
STRANGERS_MEGABYTES = 1
"""As much of a body is read of those without a token."""

UNAUTHORIZED, TRY_AGAIN, FAILED = 4001, 1013, 1011
"""Codes with which sockets are closed."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
"""With what routes may be asked. OPTIONS is answered here, for all of them."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Guard:
    """The outermost of the application. `app` is asked for what is allowed.

    `methods` tell, by the name of a dialect, with which ones an address is asked.
    """

    def __init__(self, app: App, backend: Backend, dialects: Dialects, methods: Methods) -> None:
        self._app = app
        self._methods = methods
        self._backend = backend
        self._dialects = dialects
        self._json, self._files, self._of_strangers = Room(), Room(), Room()
        self._public = frozenset(path for dialect in dialects.all for path in dialect.public)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one socket, as ASGI has it."""
        request = Head(scope)
        if scope["type"] == "websocket":
            await self._socket(request, receive, send)
        elif scope["type"] == "http":
            await self._http(request, receive, send)

    def refusal(self, path: str, error: ChatError) -> tuple[int, Headers, bytes]:
        """Return the answer that says what went wrong, in the words of the path's dialect."""
        return self._dialects.of({"path": path, "headers": []}).refusal(Problem.of(error))

    def methods(self, scope: Scope) -> bytes:
        """Return what `Allow` says of an address; nothing if nothing is there."""
        found = ["GET"] if scope["path"] == LIVE else self._methods[scope[DIALECT].name](scope["path"])
        if "GET" in found and "HEAD" not in found:
            found.insert(1, "HEAD")
        return ", ".join([*found, "OPTIONS"] if found else []).encode()

    async def _http(self, request: Head, receive: Receive, send: Send) -> None:
        scope = request.scope
        method, path = scope["method"], scope["path"]
        scope[DIALECT] = self._dialects.of(scope)
        body = Body(receive, request.length)
        answer = _Answer(request, body, send, lambda: self._counts(request))
        try:
            self._demand_ours(request)
            if method == "OPTIONS":
                await _preflight(request, self.methods(scope), answer)
            elif path == LIVE:
                if method not in ("GET", "HEAD"):
                    raise MethodRefused(path=path, method=method)
                await answer({"type": "http.response.start", "status": 204, "headers": []})
                await answer({"type": "http.response.body", "body": b""})
            else:
                if method == "HEAD":  # is GET, without the body: that is left away here
                    request.scope = {**scope, "method": "GET"}
                await self._allowed(request, body, answer)
        except EncryptionNeeded as error:
            if path in self._public and method in ("GET", "HEAD"):
                place = b"https://" + request.headers[b"host"] + scope["raw_path"]
                await answer.refuse((307, [(b"location", place), (b"content-length", b"0")], b""))
            else:
                await answer.refuse(_refusal(request, error))
        except MethodRefused as error:
            status, headers, told = _refusal(request, error)
            await answer.refuse((status, [*headers, (b"allow", self.methods(scope))], told))
        except ChatError as error:
            await answer.refuse(_refusal(request, error))
        except Exception as error:
            logger.exception("%s %a failed", method, path)
            await answer.refuse(_refusal(request, InternalError(detail=redacted(repr(error)))))
        finally:
            body.release()

    async def _allowed(self, request: Head, body: Body, answer: "_Answer") -> None:
        scope, dialect = request.scope, request.scope[DIALECT]
        public = scope["path"] in self._public
        caller = None if public else self._caller(request)  # an old token keeps nobody from logging in
        if caller is None:
            self._backend.count_stranger(request.address)
            if not public and not scope["path"].startswith(dialect.signed):
                raise CredentialMissing
        else:
            key = ("account", caller.id) if dialect.per_account else caller.key
            most = dialect.limit or self._backend.options.server_requests
            request.limit = (dialect.name if dialect.per_account else "all", key), most
            self._backend.limits.take(*request.limit)
        with self._begun(request, caller):
            receive = await self._with_body(request, dialect, body)
            if scope.get(BODY):
                scope[DIALECT] = self._dialects.of(scope)  # which may hang on it
            await self._app(scope, receive, answer)

    def _counts(self, request: Head) -> Headers:
        """Return the headers that tell how many requests a minute are allowed and left, in dialects that tell it."""
        if not request.scope[DIALECT].counted:
            return []
        most = request.limit[1] if request.limit else STRANGERS_A_MINUTE
        backend = self._backend
        left = backend.limits.left(*request.limit) if request.limit else backend.strangers_left(request.address)
        return [(b"x-ratelimit-limit", b"%d" % most), (b"x-ratelimit-remaining", b"%d" % left)]

    async def _socket(self, request: Head, receive: Receive, send: Send) -> None:
        path = request.scope["path"]
        request.scope[DIALECT] = self._dialects.of(request.scope)
        try:
            self._demand_ours(request)
            caller = self._caller(request)
        except ChatError as error:
            await receive()
            await _refuse_socket(request, error, send)
            return
        accepted = False

        async def answer(event: Event) -> None:
            nonlocal accepted
            accepted = accepted or event["type"] == "websocket.accept"
            if event["type"] == "websocket.close" and not accepted:  # there is no route
                await _refuse_socket(request, RouteUnknown(path=path), send)
            else:
                await send(event)

        try:
            with self._begun(request, caller):
                await self._app(request.scope, receive, answer)
            return
        except ChatError as error:
            code = UNAUTHORIZED if isinstance(error, TokenRefused) else TRY_AGAIN
        except Exception:
            logger.exception("the socket %a failed", path)
            code = FAILED
        with suppress(OSError, RuntimeError):  # it has been closed
            await send({"type": "websocket.close", "code": code})

    @contextmanager
    def _begun(self, request: Head, caller: Caller | None) -> Iterator[None]:
        """Let it be known who asks, and that it can be ended. If it is, the reason is raised."""
        connections, scope = self._backend.connections, request.scope
        connection = connections.begin(caller, request.header(b"user-agent"), scope.get(ADMITTED, lambda: None))
        scope[CALLER], scope[CONNECTION] = caller, connection
        try:
            yield
        except asyncio.CancelledError:
            if connection.ending is None or (task := asyncio.current_task()) is None:
                raise
            task.uncancel()
            raise connection.ending from None
        finally:
            connections.finish(connection)

    def _demand_ours(self, request: Head) -> None:
        """Refuse what is meant for others, what pages of other places ask, and paths that nobody writes."""
        origin = self._origin(request)
        number = b"req_%s" % token_hex(12).encode()
        request.extra = [(b"vary", b"Origin"), (b"x-content-type-options", b"nosniff"), (b"x-request-id", number)]
        if origin:
            request.extra.append((b"access-control-allow-origin", origin))
            request.extra.append((b"access-control-expose-headers", b"*"))
        if b"host" not in request.headers:
            raise RequestInvalid(problem="it does not say which host it is meant for")
        if request.host not in self._backend.names():  # a page may have pointed a name of its own at us
            raise HostRefused(host=request.header(b"host")[:80])
        if self._backend.plan.encrypted and _is_clear(request):
            raise EncryptionNeeded
        if origin is None:
            raise OriginRefused(origin=request.header(b"origin")[:80])
        if not origin and self._is_of_a_page(request):
            raise OriginRefused(origin="other places")
        if _CONTROL.search(request.scope["path"]):
            raise RequestInvalid(problem="its address has control characters")

    def _origin(self, request: Head) -> bytes | None:
        """Return the listed origin of the page that asks; nothing if it is ours or no page; None if it is refused."""
        if b"origin" not in request.headers:
            return b""
        origin = request.header(b"origin")
        scheme = {"ws": "http", "wss": "https"}.get(request.scope["scheme"], request.scope["scheme"])
        if origin.lower() == f"{scheme}://{request.header(b'host').lower()}":
            return b""
        return origin.encode("latin-1") if origin in self._backend.origins else None

    def _is_of_a_page(self, request: Head) -> bool:
        """Return whether a page of another place asks for what needs no token here.

        Browsers name no origin with pictures, scripts and links, but say that they are of another place. None of it
        can be read there, but all of it would be carried out, and counted, for the person at the desk.
        """
        path, dialect = request.scope["path"], request.scope[DIALECT]
        if self._backend.plan.auth or path in self._public or path == LIVE or path.startswith(dialect.signed):
            return False
        return request.header(b"sec-fetch-site").lower() == "cross-site"

    def _caller(self, request: Head) -> Caller | None:
        """Return whom the credentials speak for, or None without any. All must be good and of one account.

        Raises TokenRefused, or TooManyRequests after too many of them.
        """
        if not self._backend.plan.auth:
            return self._backend.owner(request.address)
        callers = [self._backend.caller(token, request.address) for token in request.tokens]
        return reduce(Caller.joined, callers) if callers else None

    async def _with_body(self, request: Head, dialect: Dialect, body: Body) -> Receive:
        """Return what hands out the body, read whole and bounded if it is JSON."""
        scope, options = request.scope, self._backend.options
        if body.whole:
            scope[BODY] = b""
            return body.receive
        if scope["path"] in dialect.uploads:
            body.allow(options.server_upload_mib, self._files, UPLOAD_RATE)
            return body.receive
        kind = request.header(b"content-type").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise BodyUnreadable(problem="its Content-Type is not application/json")
        if (coding := request.header(b"content-encoding").lower()) not in ("", "identity"):
            raise BodyUnreadable(problem=f"its Content-Encoding is {coding[:20]}, which is not taken")
        if scope[CALLER] is None:
            body.allow(STRANGERS_MEGABYTES, self._of_strangers)
        else:
            body.allow(options.server_json_mib, self._json)
        scope[BODY] = await body.json()
        return replaying(scope[BODY], body.receive)


class _Answer:
    """Sends the answer to a request, with the headers that all have; if it was HEAD, without the body.

    A client whose body has not been read hears that the connection ends, and gets time to read why.
    """

    def __init__(self, request: Head, body: Body, send: Send, counts: Callable[[], Headers]) -> None:
        self._request = request
        self._is_head = request.scope["method"] == "HEAD"
        self._body = body
        self._send = send
        self._counts = counts
        self._began = self._ended = False

    async def __call__(self, event: Event) -> None:
        """Send a part of it, as ASGI has it."""
        if self._ended:  # what HEAD does not want, or a ping that comes too late
            return
        if event["type"] == "http.response.start":
            self._began = True
            self._body.release()
            headers = _merged(event.get("headers", ()), [*self._request.extra, *self._counts()])
            if not self._body.whole:
                headers.append((b"connection", b"close"))
            await self._send({**event, "headers": headers})
            if self._is_head:
                await self._end(b"")
        elif event.get("more_body"):
            await self._send(event)
        else:
            await self._end(event.get("body", b""))

    async def refuse(self, refusal: tuple[int, Headers, bytes]) -> None:
        """Send a refusal, unless something else has been said."""
        if self._began:
            return
        status, headers, body = refusal
        with suppress(OSError):  # it has gone
            await self({"type": "http.response.start", "status": status, "headers": headers})
            await self({"type": "http.response.body", "body": body})

    async def _end(self, body: bytes) -> None:
        self._ended = True
        if not self._body.whole:
            await self._send({"type": "http.response.body", "body": body, "more_body": True})
            body = b""
        try:
            await self._body.drain()
        finally:
            await self._send({"type": "http.response.body", "body": body, "more_body": False})


def _is_clear(request: Head) -> bool:
    """Return whether a request came over the network without encryption."""
    return request.scope["scheme"] in ("http", "ws") and not is_loopback(request.address)


def _refusal(request: Head, error: ChatError) -> tuple[int, Headers, bytes]:
    return request.scope[DIALECT].refusal(Problem.of(error))  # type: ignore[no-any-return]


async def _refuse_socket(request: Head, error: ChatError, send: Send) -> None:
    """Answer who wants to open a socket as HTTP does."""
    status, headers, body = _refusal(request, error)
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers + request.extra})
    await send({"type": "websocket.http.response.body", "body": body})


def _merged(headers: Any, extra: Headers) -> Headers:
    """Return the headers of an answer and those that all have; what it varies by in one.

    What says nothing else of it is not kept: by whom it may be read hangs on a header that caches do not look at.
    """
    found = list(headers)
    if not any(name == b"cache-control" for name, _ in found):
        found.append((b"cache-control", b"no-store"))
    varies = [value for name, value in found if name == b"vary"]
    if not varies:
        return found + extra
    rest = [(name, value) for name, value in (*found, *extra) if name != b"vary"]
    return [*rest, (b"vary", b", ".join([*varies, b"Origin"]))]


async def _preflight(request: Head, methods: bytes, send: Send) -> None:
    """Answer a browser that asks whether it may ask. Without a listed origin it hears nothing of what it needs."""
    headers: Headers = [(b"allow", methods)] if methods else []
    if any(name == b"access-control-allow-origin" for name, _ in request.extra):
        wanted = request.headers.get(b"access-control-request-headers", b"authorization, content-type, x-api-key")
        headers += [
            (b"access-control-allow-methods", ", ".join((*METHODS, "OPTIONS")).encode()),
            (b"access-control-allow-headers", wanted),
            (b"access-control-max-age", b"600"),
        ]
        if request.header(b"access-control-request-private-network") == "true":
            headers.append((b"access-control-allow-private-network", b"true"))
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})

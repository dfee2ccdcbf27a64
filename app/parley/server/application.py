"""The application: FastAPI with the routes of all dialects, behind the guard."""

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from parley import __version__
from parley.errors import BodyUnreadable, ChatError, InternalError, MethodRefused, RequestInvalid, RouteUnknown
from parley.keys import redacted
from parley.server.backend import Backend
from parley.server.connections import Caller
from parley.server.description import described
from parley.server.dialect import DIALECT, Dialect, Dialects, to_json
from parley.server.guard import CALLER, METHODS, Guard
from parley.server.idempotent import CLAIM, Idempotent
from parley.server.problems import Kind, Problem, TurnFailed
from parley.store.idempotency import Claim

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def make_application(backend: Backend, dialects: tuple[Dialect, ...]) -> Guard:
    """Return what answers requests, as ASGI has it."""
    app = FastAPI(title="Parley", version=__version__, docs_url=None, redoc_url=None, redirect_slashes=False)
    sections = [(dialect, _Section(dialect, backend)) for dialect in dialects]
    for _, section in sections:
        app.include_router(section)
    app.openapi = cache(lambda: described(sections))  # type: ignore[method-assign]
    methods = {dialect.name: section.methods for dialect, section in sections}

    async def refuse(request: Request, error: Exception) -> Response:
        problem = error.problem if isinstance(error, TurnFailed) else Problem.of(_told(request, error))
        status, headers, body = request.scope[DIALECT].refusal(problem)
        if problem.kind is Kind.METHOD_REFUSED:
            headers.append((b"allow", guard.methods(request.scope)))
        response = Response(body, status)
        response.raw_headers = headers
        return response

    for kind in (ChatError, TurnFailed, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, refuse)
    guard = Guard(Idempotent(app, backend.services.store), backend, Dialects(dialects), methods)
    return guard


class _Section(APIRouter):
    """The routes of one dialect. Requests of others pass by, though a path of its own would fit."""

    def __init__(self, dialect: Dialect, backend: Backend) -> None:
        super().__init__(redirect_slashes=False)
        self._dialect = dialect
        self.include_router(dialect.routes(backend), tags=[dialect.name])

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL, {}) if scope[DIALECT] is self._dialect else (Match.NONE, {})

    def methods(self, path: str) -> list[str]:
        """Return by which methods there is something at an address."""
        wanted = [{"type": "http", "path": path, "method": method} for method in METHODS]
        return [scope["method"] for scope in wanted if any(one.matches(scope)[0] is Match.FULL for one in self.routes)]

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def _told(request: Request, error: Exception) -> ChatError:
    """Return what is wrong with a request as one of our errors. The guard gets to know of a bug, and logs it."""
    if isinstance(error, ChatError):
        return error
    if isinstance(error, RequestValidationError):
        return invalid(error.errors())
    if isinstance(error, HTTPException):
        if isinstance(error.__cause__, ChatError):  # raised while FastAPI read the body
            return error.__cause__
        if error.status_code == 404:
            return RouteUnknown(path=request.scope["path"])
        if error.status_code == 405:
            return MethodRefused(path=request.scope["path"], method=request.method)
        return RequestInvalid(problem=str(error.detail).rstrip("."))
    return InternalError(detail=redacted(repr(error)))


def invalid(found: "Sequence[Mapping[str, Any]]") -> RequestInvalid:
    """Return the error of a request that does not fit its route, naming each field."""
    invalid: dict[str, list[str]] = {}
    for each in found:
        place = [str(step) for step in each["loc"]]
        where = ".".join(place[1:] or place)
        invalid.setdefault(where, []).append(each["msg"])
    if any(each["type"] == "json_invalid" for each in found):
        return BodyUnreadable(problem="its body is no JSON")
    in_body = all(each["loc"][:1] == ("body",) for each in found)
    problem = "; ".join(f"{where}: {words[0]}" for where, words in invalid.items())
    return (BodyUnreadable if in_body else RequestInvalid)(problem=problem, invalid=invalid)


def json_response(value: Any, status: int = 200) -> Response:
    """Return a value as an answer. Halves of characters, which a model may say, become question marks."""
    return Response(to_json(value), status, media_type="application/json")


async def caller_of(request: Request) -> Caller:
    """Return who asks: for routes, the guard has seen to it that there is somebody.

    A coroutine: a plain function FastAPI would call in a thread.
    """
    found: Caller = request.scope[CALLER]
    return found


def caller_of_socket(socket: WebSocket) -> Caller | None:
    """Return who has opened a socket, or None if it has not said so yet."""
    found: Caller | None = socket.scope[CALLER]
    return found


def claim_of(request: Request) -> Claim | None:
    """Return the claim of a request that was sent with an idempotency key."""
    found: Claim | None = request.scope.get(CLAIM)
    return found


Claiming = Annotated[Claim | None, Depends(claim_of)]
"""Of a route's parameters: the claim of a request that may come again."""

Asking = Annotated[Caller, Depends(caller_of)]
"""Of a route's parameters: who asks."""

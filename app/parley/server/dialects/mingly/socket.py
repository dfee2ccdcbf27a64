"""The WebSocket: questions and answers over one connection, several at once, and news of one's conversations."""

import asyncio
import json
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from parley.errors import (
    AnswersFull,
    BodyUnreadable,
    ChatError,
    CredentialMissing,
    RequestInvalid,
    ServerEnding,
    SessionsFull,
)
from parley.events import Event
from parley.server.application import caller_of_socket, invalid
from parley.server.backend import Backend
from parley.server.bodies import demand_json
from parley.server.connections import Caller, Connection
from parley.server.dialect import to_json
from parley.server.dialects.mingly.asking import ask, notices_of
from parley.server.dialects.mingly.problems import error_message
from parley.server.dialects.mingly.rendering import message_of, status_message
from parley.server.dialects.mingly.shapes import Frame
from parley.server.guard import CONNECTION, TRY_AGAIN, UNAUTHORIZED
from parley.server.limits import plain
from parley.server.news import ALL
from parley.server.problems import Kind, Problem, kind_of
from parley.turn import Turn

FULL, GOING_AWAY = 4002, 1001
"""Codes with which sockets are closed, beside those of the guard."""

TOKEN_SECONDS = 10.0
"""How long a socket may take to say its token."""

FAREWELL_SECONDS = 1.0
"""How long a socket that reads nothing may take to hear why it is closed."""

MOST_ANSWERS = 8
"""So many answers can come over one socket at once."""

_CODES: Mapping[type[ChatError], int] = {SessionsFull: FULL, ServerEnding: GOING_AWAY}
_NOBODY = frozenset({Kind.UNAUTHENTICATED, Kind.FORBIDDEN})


Sessions = set["Session"]
"""Those that are open."""


def routes(backend: Backend, sessions: Sessions) -> APIRouter:
    """Return the route of the socket."""
    router = APIRouter()

    @router.websocket("/ws")
    async def session(socket: WebSocket) -> None:
        with suppress(WebSocketDisconnect):
            await _serve(backend, sessions, socket)

    return router


async def _serve(backend: Backend, sessions: Sessions, socket: WebSocket) -> None:
    connection: Connection = socket.scope[CONNECTION]
    await socket.accept()
    try:
        caller, first = await _admitted(backend, socket)
        backend.limits.take(("all", caller.key), backend.options.server_requests)
        if len(sessions) >= backend.options.server_sessions:
            raise SessionsFull(sessions=backend.options.server_sessions)
        if connection.caller is None:
            backend.connections.admit(connection, caller)
        connection.caller = caller  # the address may have told a further token
        session = Session(backend, socket, caller)
        sessions.add(session)
        try:
            await session.run(first)
        finally:
            sessions.discard(session)
    except ChatError as error:
        await _close(socket, error)
    except asyncio.CancelledError:
        if connection.ending is None or (task := asyncio.current_task()) is None:
            raise
        task.uncancel()
        await _close(socket, connection.ending)


async def _admitted(backend: Backend, socket: WebSocket) -> tuple[Caller, dict[str, Any] | None]:
    """Return who asks: by the header, the address, or the first message, which is returned too then.

    Raises CredentialMissing, TokenRefused and TooManyRequests.
    """
    address = plain(socket.client.host) if socket.client else ""
    caller, first = caller_of_socket(socket), None
    token = socket.query_params.get("token")
    if caller is None and token is None:
        backend.count_stranger(address)
        first = await _first(socket)
        token = first.get("token")
        if not isinstance(token, str):
            raise CredentialMissing
    if token is None or not backend.plan.auth:
        if caller is None:
            raise CredentialMissing
        return caller, first
    found = backend.caller(token, address)
    return caller.joined(found) if caller else found, first


async def _first(socket: WebSocket) -> dict[str, Any]:
    """Return the first message. Raises CredentialMissing if none comes in time, or none that can be read."""
    try:
        async with asyncio.timeout(TOKEN_SECONDS):
            return _read(await socket.receive())
    except (TimeoutError, BodyUnreadable):
        raise CredentialMissing from None


def _read(event: Any) -> dict[str, Any]:
    """Return a message that has come. Raises BodyUnreadable, and WebSocketDisconnect when there are no more."""
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(event.get("code", 1005))
    text = event.get("bytes") or (event.get("text") or "").encode()
    demand_json(text)
    message = json.loads(text)
    if not isinstance(message, dict):
        raise BodyUnreadable(problem="this is no JSON object")
    return message


async def _close(socket: WebSocket, error: ChatError) -> None:
    """Say why, and close."""
    code = _CODES.get(type(error)) or (UNAUTHORIZED if kind_of(type(error)) in _NOBODY else TRY_AGAIN)
    with suppress(TimeoutError):
        async with asyncio.timeout(FAREWELL_SECONDS):
            await socket.send_text(to_json(error_message(Problem.of(error))).decode())
            await socket.close(code, error.code)


class Session:
    """One socket whose account is known. Its end stops the answers that it has asked for."""

    def __init__(self, backend: Backend, socket: WebSocket, caller: Caller) -> None:
        self._backend = backend
        self._socket = socket
        self._caller = caller
        self._coming: dict[Turn, str | int | None] = {}
        self._detached: set[Turn] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._subscribed = False

    async def run(self, first: dict[str, Any] | None) -> None:
        """Answer what comes until the client goes. The first message may have come already."""
        try:
            async with asyncio.TaskGroup() as group:
                try:
                    if first:
                        await self._answer(first, group)
                    while True:
                        await self._next(group)
                except WebSocketDisconnect:
                    for task in self._tasks:
                        task.cancel()
        finally:
            for turn in self._coming.keys() - self._detached:
                turn.stop()

    async def _next(self, group: asyncio.TaskGroup) -> None:
        event = await self._socket.receive()
        try:
            message = _read(event)
        except BodyUnreadable as error:
            await self._tell(error_message(Problem.of(error)))
        else:
            await self._answer(message, group)

    async def _answer(self, message: dict[str, Any], group: asyncio.TaskGroup) -> None:
        id = message.get("requestId")
        request_id = id if isinstance(id, str | int) and not isinstance(id, bool) else None
        try:
            self._backend.limits.take(("all", self._caller.key), self._backend.options.server_requests)
            await self._carry_out(message, request_id, group)
        except ChatError as error:
            await self._tell(error_message(Problem.of(error)), request_id)

    async def _carry_out(self, message: dict[str, Any], request_id: str | int | None, group: asyncio.TaskGroup) -> None:
        match message.get("type", "auth" if "token" in message else None):
            case "chat":
                await self._ask(_frame(message), group)
            case "cancel":
                for turn, id in self._coming.items():
                    if request_id in (None, id):
                        turn.stop()
            case "subscribe":
                if not self._subscribed:
                    self._subscribed = True
                    self._begin(group, self._tell_changes())
                await self._tell({"type": "subscribed"}, request_id)
            case "ping":
                await self._tell({"type": "pong"}, request_id)
            case "auth":
                self._authenticate(message.get("token"))
                await self._tell({"type": "auth_ok"}, request_id)
            case None:
                raise RequestInvalid.of_field("type", "Field required")
            case _:
                raise RequestInvalid(problem="type: one of chat, cancel, subscribe, ping and auth is expected")

    async def _ask(self, frame: Frame, group: asyncio.TaskGroup) -> None:
        id = frame.requestId
        if len(self._coming) >= MOST_ANSWERS:
            raise AnswersFull(answers=MOST_ANSWERS)
        if id is not None and id in self._coming.values():
            raise RequestInvalid(problem="requestId: another question has it")
        turn = await ask(self._backend, self._caller, frame)
        self._coming[turn] = id
        if frame.detach:
            self._detached.add(turn)
        notices = [status_message(code, words) for code, words in notices_of(self._backend, self._caller, frame)]
        self._begin(group, self._pass_on(turn, notices, id))

    def _authenticate(self, token: object) -> None:
        """Look at a token once more. Raises TokenRefused."""
        if self._backend.plan.auth:
            if not isinstance(token, str):
                raise CredentialMissing
            self._caller.joined(self._backend.caller(token, self._caller.address))

    async def _pass_on(self, turn: Turn, notices: Sequence[dict[str, Any]], id: str | int | None) -> None:
        try:
            for notice in notices:
                await self._tell(notice, id)
            async for batch in turn.batches():
                await self._tell_all(turn, batch, id)
        except WebSocketDisconnect:  # whoever reads what comes notices it too, and ends the session
            return
        finally:
            if turn.ended:
                self._coming.pop(turn, None)
                self._detached.discard(turn)

    async def _tell_all(self, turn: Turn, events: Sequence[Event], id: str | int | None) -> None:
        for event in events:
            if message := message_of(turn, event):
                await self._tell(message, id)

    async def _tell_changes(self) -> None:
        with self._backend.news.follow(self._caller.id) as news, suppress(WebSocketDisconnect):
            while True:
                for id in await news.next():
                    await self._tell({"type": "change", "conversationId": None if id == ALL else id})

    async def _tell(self, message: dict[str, Any], id: str | int | None = None) -> None:
        """Send a message, once the client has read enough of those before it."""
        await self._socket.send_text(to_json(message if id is None else {**message, "requestId": id}).decode())

    def _begin(self, group: asyncio.TaskGroup, coroutine: Coroutine[Any, Any, None]) -> None:
        task = group.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _frame(message: dict[str, Any]) -> Frame:
    """Return a question. Raises BodyUnreadable."""
    try:
        return Frame.model_validate(message)
    except ValidationError as error:
        raise invalid([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from None

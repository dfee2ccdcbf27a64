"""What the server answers: for now only that it is alive."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_NOT_FOUND = json.dumps({"error": {"code": "not_found", "message": "There is nothing here."}}).encode()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request, as ASGI has it."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
    elif scope["path"] == "/live" and scope["method"] in ("GET", "HEAD"):
        await _answer(send, 204, b"")
    else:
        await _answer(send, 404, _NOT_FOUND if scope["method"] != "HEAD" else b"")


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"cache-control", b"no-store")]
    if body:
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

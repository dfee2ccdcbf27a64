"""A bare HTTP/1.1 server on a real socket, for one request a connection, that answers byte by byte as a test says."""

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

REASONS = {status.value: status.phrase for status in HTTPStatus}

Handler = Callable[["Exchange"], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Exchange:
    """One request and the connection to answer it on."""

    def __init__(self, request: Request, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self.gone = asyncio.Event()
        """Set when the client has closed the connection."""
        self._writer = writer

    async def send(self, *pieces: bytes) -> None:
        """Send bytes as they are, each piece on its own."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()

    async def respond(
        self, body: bytes | str | Mapping[str, Any] | Sequence[Any], status: int = 200, **headers: str
    ) -> None:
        """Send a whole response; a value becomes JSON."""
        await self.send(response(body, status, **headers))

    async def stream(self, content_type: str, pieces: Iterable[bytes], *, chunked: bool = True) -> None:
        """Send a streamed response: chunked, or ended by the end of the connection."""
        await self.send(head(200, content_type=content_type, **({"transfer_encoding": "chunked"} if chunked else {})))
        for piece in pieces:
            await self.send(chunk(piece) if chunked else piece)
        if chunked:
            await self.send(b"0\r\n\r\n")

    def reset(self) -> None:
        """Break the connection off with a TCP reset."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


def head(status: int = 200, **headers: str) -> bytes:
    """Return a response's head. Names of headers are written with _ for -."""
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Reason')}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode("latin-1")


def response(body: bytes | str | Mapping[str, Any] | Sequence[Any], status: int = 200, **headers: str) -> bytes:
    """Return a whole response; a value becomes JSON."""
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers = {"content_type": "application/json"} | headers
    return head(status, **({"content_length": str(len(body))} | headers)) + body


def chunk(data: bytes) -> bytes:
    """Return data in HTTP's chunked encoding."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def sse(*values: object, end: str = "\n\n") -> bytes:
    """Return server-sent events, one for each value; texts stand as they are, other values become JSON."""
    return b"".join(
        f"data: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}{end}".encode()
        for value in values
    )


def ndjson(*values: object) -> bytes:
    """Return a line of JSON for each value."""
    return b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)


def bytes_handler(data: bytes, *, reset: bool = False) -> Handler:
    """Return a handler that sends these bytes to whatever is asked, and then ends or breaks the connection."""

    async def handle(exchange: Exchange) -> None:
        await exchange.send(data)
        if reset:
            exchange.reset()

    return handle


async def silence(exchange: Exchange) -> None:
    """Take the request and never say anything, until the client goes."""
    await exchange.gone.wait()


class FakeServer:
    """An HTTP server on a free port of this computer. Use it as an asynchronous context manager.

    `handler` answers every request that no route of a subclass answers; it may be exchanged at any time.
    """

    def __init__(self, handler: Handler | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self.handler = handler
        self.tls = tls
        self.requests: list[Request] = []
        self.open_connections = 0
        self.all_gone = asyncio.Event()
        """Set while no connection is open."""
        self.all_gone.set()
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def root(self) -> str:
        """Return the server's address, without a path."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Return the base URL that clients are given."""
        return self.root

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, limit=2**26, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def answer(self, exchange: Exchange) -> None:
        """Answer one request. Subclasses add their routes here."""
        if self.handler is None:
            await exchange.respond({"error": {"message": "Not Found"}}, 404)
        else:
            await self.handler(exchange)

    def asked(self, path: str) -> list[Request]:
        """Return the requests for a path."""
        return [request for request in self.requests if request.path == path]

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.open_connections += 1
        self.all_gone.clear()
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has gone, or the test is over
        finally:
            self.open_connections -= 1
            if not self.open_connections:
                self.all_gone.set()
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await read_request(reader)
        self.requests.append(request)
        exchange = Exchange(request, writer)
        watch = asyncio.ensure_future(_watch(reader, exchange.gone))
        answer = asyncio.ensure_future(self.answer(exchange))
        try:
            await asyncio.wait([watch, answer], return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():  # the client has gone: what it asked for ends, as with a real server
                await asyncio.wait([answer], timeout=0.2)
        finally:
            for task in (watch, answer):
                task.cancel()
            await asyncio.wait([watch, answer])
        if not answer.cancelled():
            answer.result()


async def read_request(reader: asyncio.StreamReader) -> Request:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:]) if name}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


async def _watch(reader: asyncio.StreamReader, gone: asyncio.Event) -> None:
    try:
        while await reader.read(65536):
            pass
    except ConnectionError:
        pass
    gone.set()


def openai_error(message: str, kind: str = "invalid_request_error", code: str | None = None) -> dict[str, Any]:
    """Return an error body as OpenAI documents it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def unused_port() -> int:
    """Return a port of this computer on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

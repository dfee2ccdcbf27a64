"""Raw sockets: what no well-behaved client sends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.server.conftest import Site


@dataclass(frozen=True)
class Answer:
    """What came back. `headers` has several of one name joined."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        import json

        return json.loads(self.body)


class Raw:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, site: Site) -> None:
        self.reader = reader
        self.writer = writer
        self.host = urlsplit(site.url).netloc
        self.token = site.owner.token

    def head(self, line: str, *headers: str, host: str | None = None, token: str | None = None) -> bytes:
        """Return the head of a request, with our host and the owner's token unless others are given."""
        told = [line, f"Host: {self.host if host is None else host}"]
        if (credential := self.token if token is None else token) != "":
            told.append(f"Authorization: Bearer {credential}")
        return "\r\n".join([*told, *headers, "", ""]).encode("latin-1")

    def send(self, *pieces: bytes) -> None:
        self.writer.write(b"".join(pieces))

    async def answer(self, *, head_only: bool = False) -> Answer:
        """Return the next answer."""
        async with asyncio.timeout(30):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers: dict[str, str] = {}
            for line in filter(None, head[1:]):
                name, _, value = line.partition(": ")
                name = name.lower()
                headers[name] = f"{headers[name]}, {value}" if name in headers else value
            body = b"" if head_only else await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(head[0].split()[1]), headers, body)

    async def ask(self, line: str, *headers: str, body: bytes = b"", **others: Any) -> Answer:
        """Send one request and return the answer."""
        self.send(self.head(line, *headers, **others), body)
        return await self.answer()

    async def ended(self) -> bool:
        """Wait until the other side has closed the connection; what it still says is skipped."""
        async with asyncio.timeout(30):
            try:
                while await self.reader.read(65536):
                    pass
            except ConnectionError:
                return True
        return True


@asynccontextmanager
async def raw(site: Site) -> AsyncIterator[Raw]:
    """Open a connection."""
    parts = urlsplit(site.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield Raw(reader, writer, site)
    finally:
        writer.transport.abort()  # what has not been sent is not wanted any more
        await asyncio.sleep(0)


async def asked(site: Site, line: str, *headers: str, body: bytes = b"", **others: Any) -> Answer:
    """Send one request on a connection of its own and return the answer."""
    async with raw(site) as connection:
        return await connection.ask(line, *headers, body=body, **others)

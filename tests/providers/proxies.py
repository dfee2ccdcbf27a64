"""Proxies on real sockets: what HTTP proxies do with CONNECT (RFC 9110, 9.3.6), and SOCKS version 5 (RFC 1928, 1929).

Whatever host they are asked for, they lead to one port of this computer.
"""

import asyncio
import base64
import ssl
import struct
from types import TracebackType
from typing import Self


class Proxy:
    """Leads connections on. `login` is the `user:password` that it insists on, `refusal` what it says to everybody.

    With `tls` it is asked through an encrypted connection itself.
    """

    scheme = "http"

    def __init__(self, port: int, *, login: str = "", refusal: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.login = login
        self.refusal = refusal
        self.asked: list[str] = []
        """The hosts and ports that were wanted."""
        self.heads: list[str] = []
        """What it was asked, word for word."""
        self.tls = tls
        self._target = port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Return the proxy's address."""
        assert self._server
        return f"{self.scheme}{'s' if self.tls else ''}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def url_with(self, login: str) -> str:
        """Return the proxy's address with a user and password in it."""
        return self.url.replace("://", f"://{login}@")

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self.tls)
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

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            if await self._agreed(reader, writer):
                there, back = await asyncio.open_connection("127.0.0.1", self._target)
                try:
                    await asyncio.gather(_pump(reader, back), _pump(there, writer))
                finally:
                    back.close()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has gone, or the test is over
        finally:
            writer.close()

    async def _agreed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        self.heads.append(head)
        self.asked.append(head.split(" ")[1])
        wanted = f"basic {base64.b64encode(self.login.encode()).decode()}".lower()
        if self.login and f"proxy-authorization: {wanted}" not in head.lower():
            status = "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic"
        else:
            status = self.refusal or "200 Connection established"
        end = "" if status.startswith("200") else "Content-Length: 0\r\n"
        writer.write(f"HTTP/1.1 {status}\r\n{end}\r\n".encode())
        await writer.drain()
        return status.startswith("200")


class SocksProxy(Proxy):
    """The same as a SOCKS proxy."""

    scheme = "socks5"

    async def _agreed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        _, count = await reader.readexactly(2)
        await reader.readexactly(count)
        writer.write(bytes([5, 2 if self.login else 0]))
        if self.login:
            _, length = await reader.readexactly(2)
            user = await reader.readexactly(length)
            password = await reader.readexactly((await reader.readexactly(1))[0])
            good = f"{user.decode()}:{password.decode()}" == self.login
            writer.write(bytes([1, 0 if good else 1]))
            if not good:
                return False
        await reader.readexactly(3)
        assert await reader.readexactly(1) == b"\x03"  # a name, which the proxy looks up
        name = await reader.readexactly((await reader.readexactly(1))[0])
        (port,) = struct.unpack(">H", await reader.readexactly(2))
        self.asked.append(f"{name.decode()}:{port}")
        writer.write(bytes([5, 2 if self.refusal else 0, 0, 1]) + bytes(6))
        await writer.drain()
        return not self.refusal


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()

"""What the tests of server mode in the window share: a port of their own, and programs that ask."""

import asyncio
import socket

import httpx

from parley.ui.server_control import ServerControl
from tests.ui.conftest import Desk


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def control(desk: Desk) -> ServerControl:
    return desk.window.serving.control


async def serve(desk: Desk) -> str:
    """Turn the server on at a port of its own; return its address."""
    desk.services.settings.update(server_port=free_port())
    control(desk).turn(on=True)
    await desk.until(lambda: control(desk).state == "on")
    assert control(desk).switch.address
    return control(desk).switch.address or ""


async def token(desk: Desk, name: str = "tests", account: str = "owner") -> str:
    """Return a new token of an account."""
    services = desk.services
    return (await services.credentials.issue(services.store.accounts.get(account), name))[1]


def client(address: str, token: str = "", program: str = "tests/1") -> httpx.AsyncClient:
    """Return a program that asks."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(base_url=address, headers={"User-Agent": program, **headers}, timeout=30, trust_env=False)


class Stream:
    """A client that reads an answer as it comes; it waits in a task of its own."""

    def __init__(self, client: httpx.AsyncClient, body: dict[str, object]) -> None:
        self.text = ""
        self.ended = False
        self._client = client
        self._body = body
        self.task = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        try:
            async with self._client.stream("POST", "/chat/stream", json=self._body) as response:
                async for piece in response.aiter_text():
                    self.text += piece
        except httpx.HTTPError:
            pass
        finally:
            self.ended = True

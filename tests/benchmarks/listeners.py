"""Many programs that have something said to them at once, from a process of their own: what each of them hears, when.

    python -m tests.benchmarks.listeners URL TOKEN MODEL SOCKETS STREAMS
opens so many sessions of `/ws` and streams of `/chat/stream`, prints RUNNING when all of them hear something, and in
the end what they heard, as JSON. Over HTTP by hand: a client library would be busier than the server.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

from websockets.asyncio.client import connect

RUNNING = "running"
QUESTION = "Say something."
LONGEST = 120.0


@dataclass
class Heard:
    """What one of them heard: how many words, after how many seconds the first, and the longest pause from then on."""

    words: int = 0
    first: float = 0.0
    pause: float = 0.0
    done: bool = False


class Crowd:
    """All of them."""

    def __init__(self, many: int) -> None:
        self._silent = many

    async def stream(self, url: str, token: str, model: str) -> Heard:
        """Ask over HTTP, for server-sent events."""
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        body = json.dumps(_question(model))
        lines = [
            "POST /chat/stream HTTP/1.1",
            f"Host: {parts.netloc}",
            f"Authorization: Bearer {token}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        ear = _Ear(self)
        writer.write("\r\n".join([*lines, "", body]).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise ValueError((head + await reader.read(500)).decode())
        try:
            while not ear.heard.done:
                ear.hear(await reader.readuntil(b"\n"))
        finally:
            writer.close()
        return ear.heard

    async def session(self, url: str, token: str, model: str) -> Heard:
        """Ask over a WebSocket."""
        headers = {"Authorization": f"Bearer {token}"}
        ear = _Ear(self)
        async with connect(f"{url.replace('http', 'ws', 1)}/ws", additional_headers=headers) as socket:
            await socket.send(json.dumps({"type": "chat", **_question(model)}))
            while not ear.heard.done:
                ear.hear(await socket.recv(decode=False))
        return ear.heard

    def begun(self) -> None:
        """One more hears something."""
        self._silent -= 1
        if not self._silent:
            print(RUNNING, flush=True)


class _Ear:
    """What comes to one of them."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._last = self._began = time.perf_counter()
        self.heard = Heard()

    def hear(self, said: bytes) -> None:
        """Note what came. Raises ValueError for an error."""
        if not (kind := re.search(rb'"type": ?"(\w+)"', said)):
            return
        now = time.perf_counter()
        match kind[1]:
            case b"token":
                if self.heard.words:
                    self.heard.pause = max(self.heard.pause, now - self._last)
                else:
                    self.heard.first = now - self._began
                    self._crowd.begun()
                self.heard.words += said.count(b" word")
                self._last = now
            case b"done":
                self.heard.done = True
            case b"error":
                raise ValueError(said.decode())


def _question(model: str) -> dict[str, str]:
    provider, _, name = model.partition("/")
    return {"message": QUESTION, "provider": provider, "model": name}


async def listen(url: str, token: str, model: str, sockets: int, streams: int) -> dict[str, list[dict[str, object]]]:
    """Return what each of them heard."""
    crowd = Crowd(sockets + streams)
    asking = [crowd.session(url, token, model) for _ in range(sockets)]
    asking += [crowd.stream(url, token, model) for _ in range(streams)]
    async with asyncio.timeout(LONGEST):
        heard = [asdict(each) for each in await asyncio.gather(*asking)]
    return {"sockets": heard[:sockets], "streams": heard[sockets:]}


if __name__ == "__main__":
    *where, sockets, streams = sys.argv[1:]
    print(json.dumps(asyncio.run(listen(where[0], where[1], where[2], int(sockets), int(streams)))))

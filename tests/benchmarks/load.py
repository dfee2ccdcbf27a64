"""Requests to a chat server, from a process of its own: how long they take.

    python -m tests.benchmarks.load RESULT URL TOKEN PREFIX PLAN
asks for `PREFIX` + model and writes down seconds as JSON. It knows nothing of who answers. Over HTTP/1.1 by hand: a
client library would take longer than some servers do.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

WARM_UP = 20
LIMIT = 4 * 1024 * 1024
WORDS = 1000
"""What each of many streams says."""


class Client:
    """One connection that stays open."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._path = parts.hostname or "", parts.port, f"{parts.path}/chat/completions"
        self._token = token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, model: str, *, stream: bool = False) -> tuple[float, float, int]:
        """Ask; return the seconds to the first word and to the end, and how many events came."""
        began = time.perf_counter()
        reader = await self._send(model, stream=stream)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise ValueError(head.decode() + (await reader.read(500)).decode())
        first, events = 0.0, 0
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        if length:
            await reader.readexactly(int(length))
        else:
            tail = b""
            while not tail.endswith(b"0\r\n\r\n"):
                data = await reader.read(LIMIT)
                if not data:
                    raise EOFError("the answer broke off")
                events += (tail + data).count(b"data: ") - tail.count(b"data: ")
                if not first and b"word0" in tail + data:
                    first = time.perf_counter() - began
                tail = (tail + data)[-16:]
        return first, time.perf_counter() - began, events

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()

    async def _send(self, model: str, *, stream: bool) -> asyncio.StreamReader:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=LIMIT)
        reader, writer = self._streams
        question = {"model": model, "messages": [{"role": "user", "content": "Say something."}], "stream": stream}
        body = json.dumps(question).encode()
        lines = [
            f"POST {self._path} HTTP/1.1",
            f"Host: {self._host}:{self._port}",
            f"Authorization: Bearer {self._token}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        return reader


async def measure(url: str, token: str, prefix: str, plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return what each part of the plan took."""
    client = Client(url, token)
    for _ in range(WARM_UP):
        await client.ask(f"{prefix}t64")
        await client.ask(f"{prefix}t64", stream=True)
    found: dict[str, Any] = {}
    if count := plan.get("answers"):
        found["answers"] = [(await client.ask(f"{prefix}t64"))[1] for _ in range(count)]
    if count := plan.get("streamed"):
        found["first"] = [(await client.ask(f"{prefix}t64", stream=True))[0] for _ in range(count)]
    client.close()
    for many in plan.get("at_once", ()):
        found[f"rate_{many}"] = await _rate(url, token, f"{prefix}t64", many, plan["seconds"])
    if many := plan.get("streams"):
        found["chunks"] = [await _chunks(url, token, f"{prefix}t{WORDS}", many) for _ in range(plan["rounds"])]
    return found


async def _rate(url: str, token: str, model: str, many: int, seconds: float) -> float:
    """Return how many answers a second so many clients get together."""
    until = time.perf_counter() + seconds

    async def work() -> int:
        client, count = Client(url, token), 0
        while time.perf_counter() < until:
            await client.ask(model)
            count += 1
        client.close()
        return count

    began = time.perf_counter()
    return sum(await asyncio.gather(*(work() for _ in range(many)))) / (time.perf_counter() - began)


async def _chunks(url: str, token: str, model: str, many: int) -> float:
    """Return the seconds for an event, while so many answers are streamed at once."""

    async def work() -> int:
        client = Client(url, token)
        _, _, events = await client.ask(model, stream=True)
        client.close()
        return events

    began = time.perf_counter()
    events = sum(await asyncio.gather(*(work() for _ in range(many))))
    return (time.perf_counter() - began) / events


if __name__ == "__main__":
    result, *where, planned = sys.argv[1:]
    found = asyncio.run(measure(where[0], where[1], where[2], json.loads(planned)))
    Path(result).write_text(json.dumps(found), encoding="utf-8")

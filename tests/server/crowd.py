"""Many clients at once, in a process of their own: what they get is printed as JSON.

crowd.py URL TOKEN STREAMS SOCKETS    so many of each ask at once; when each piece came, in seconds since the question
crowd.py URL TOKEN REQUESTS           asks that often, eight at a time; says so after each REPORTED of them
"""

import asyncio
import json
import sys
import time
from typing import Any

import httpx
from websockets.asyncio.client import connect

REPORTED = 500
AT_ONCE = 8


async def stream(client: httpx.AsyncClient, number: int) -> dict[str, Any]:
    """Ask over HTTP and note when what came."""
    began, came, text, last = time.monotonic(), [], "", ""
    async with client.stream("POST", "/chat/stream", json={"message": f"stream {number}"}) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                event = json.loads(line.removeprefix("data: "))
                came.append(time.monotonic() - began)
                text, last = text + event.get("content", ""), event["type"]
    return {"came": came, "text": text, "last": last}


async def socket(url: str, token: str, number: int) -> dict[str, Any]:
    """Ask over a WebSocket and note when what came."""
    began, came, text, last = time.monotonic(), [], "", ""
    address = url.replace("http", "ws", 1) + "/ws"
    async with connect(address, additional_headers={"Authorization": f"Bearer {token}"}) as session:
        await session.send(json.dumps({"type": "chat", "message": f"socket {number}"}))
        while last not in ("done", "error"):
            event = json.loads(await session.recv())
            came.append(time.monotonic() - began)
            text, last = text + event.get("content", ""), event["type"]
    return {"came": came, "text": text, "last": last}


async def crowd(url: str, token: str, streams: int, sockets: int) -> None:
    """Let all ask at once."""
    limits = httpx.Limits(max_connections=streams + 1)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120, limits=limits) as client:
        asking = [stream(client, number) for number in range(streams)]
        asking += [socket(url, token, number) for number in range(sockets)]
        print(json.dumps(await asyncio.gather(*asking)))


async def many(url: str, token: str, requests: int) -> None:
    """Ask for this and that, one after the other, some at a time."""
    left = iter(range(requests))
    done = 0
    headers = {"Authorization": f"Bearer {token}"}

    async def ask(client: httpx.AsyncClient) -> None:
        nonlocal done
        for number in left:
            match number % 5:
                case 0:
                    answer = await client.post("/v1/chat/completions", json=completion(number))
                case 1:
                    answer = await client.post("/v1/chat/completions", json=completion(number) | {"stream": True})
                case 2:
                    answer = await client.get("/conversations/nothing")
                case 3:
                    answer = await client.post("/chat", content=b"no JSON")
                case _:
                    answer = await client.get("/health")
            assert answer.status_code in (200, 400, 404), answer.text
            done += 1
            if done % REPORTED == 0:
                print(done, flush=True)

    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as client:
        await asyncio.gather(*(ask(client) for _ in range(AT_ONCE)))


def completion(number: int) -> dict[str, Any]:
    return {"model": "scripted/one", "messages": [{"role": "user", "content": f"question {number}"}]}


if __name__ == "__main__":
    url, token, *numbers = sys.argv[1:]
    asyncio.run((crowd if len(numbers) == 2 else many)(url, token, *map(int, numbers)))

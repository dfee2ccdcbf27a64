"""A model server in a process of its own that speaks OpenAI's chat completions with as little work as can be.

    python -m tests.benchmarks.upstream
prints its address and serves until its standard input ends. The model `t64` says 64 words at once; `t100-r20` says 100
at 20 a second. The same is said each time, one event a word, as HTTP chunks over connections that stay open.
"""

import asyncio
import json
import re
import sys
import threading
from functools import cache

from tests.providers.sockets import chunk, sse

BASE = {"id": "chatcmpl-1", "created": 1_700_000_000, "model": "m"}
MODELS = ("t1", "t64", "t1000", "t100-r20", "t400-r20")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s\r\n\r\n"
STREAM = HEAD % (b"text/event-stream", b"Transfer-Encoding: chunked")


def words(count: int) -> list[str]:
    return [f" word{number}" for number in range(count)]


def event(reason: str | None = None, **delta: str) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return chunk(sse(BASE | {"object": "chat.completion.chunk", "choices": [choice]}))


@cache
def streamed(count: int) -> tuple[bytes, list[bytes], bytes]:
    """Return the beginning of a streamed answer, its words, and its end."""
    begin = STREAM + event(role="assistant", content="")
    return begin, [event(content=word) for word in words(count)], event("stop") + chunk(sse("[DONE]")) + b"0\r\n\r\n"


@cache
def at_once(count: int) -> bytes:
    """Return all of a streamed answer."""
    begin, said, end = streamed(count)
    return begin + b"".join(said) + end


@cache
def whole(count: int) -> bytes:
    """Return an answer that is not streamed."""
    message = {"role": "assistant", "content": "".join(words(count))}
    usage = {"prompt_tokens": 10, "completion_tokens": count, "total_tokens": 10 + count}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return answer(BASE | {"object": "chat.completion", "choices": choices, "usage": usage})


def answer(value: object) -> bytes:
    body = json.dumps(value).encode()
    return HEAD % (b"application/json", b"Content-Length: %d" % len(body)) + body


class Connection(asyncio.Protocol):
    """Answers one request after the other."""

    def __init__(self) -> None:
        self._come = b""
        self._saying: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if self._saying:
            self._saying.cancel()

    def data_received(self, data: bytes) -> None:
        self._come += data
        while b"\r\n\r\n" in self._come:
            head, _, rest = self._come.partition(b"\r\n\r\n")
            told = re.search(rb"(?i)content-length: (\d+)", head)
            length = int(told[1]) if told else 0
            if len(rest) < length:
                return
            self._come = rest[length:]
            self._answer(head, rest[:length])

    def _answer(self, head: bytes, body: bytes) -> None:
        if not body:
            listed = [{"id": name, "object": "model", "created": 1, "owned_by": "bench"} for name in MODELS]
            self._transport.write(answer({"object": "list", "data": listed}))
            return
        model = re.search(rb'"model": ?"[^"]*?t(\d+)(?:-r(\d+))?"', body)
        count, rate = (int(model[1]), int(model[2] or 0)) if model else (1, 0)
        if not re.search(rb'"stream": ?true', body):
            self._transport.write(whole(count))
        elif rate:
            self._saying = asyncio.ensure_future(self._say(count, rate))
        else:
            self._transport.write(at_once(count))

    async def _say(self, count: int, rate: int) -> None:
        begin, said, end = streamed(count)
        self._transport.write(begin)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number, word in enumerate(said, 1):
            await asyncio.sleep(began + number / rate - loop.time())
            self._transport.write(word)
        self._transport.write(end)


async def serve() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=256)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    over = asyncio.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(over.set)), daemon=True).start()
    await over.wait()


if __name__ == "__main__":
    asyncio.run(serve())

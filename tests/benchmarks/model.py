"""A model server in a process of its own. It says what the question asks for, at the pace that it asks for.

The question is JSON, a `Saying`: part of the text comes at once, the rest token by token after a pause.
    python -m tests.benchmarks.model
prints its address and serves until its standard input ends.
"""

import asyncio
import json
import sys
import time

from tests.benchmarks import transcript
from tests.benchmarks.saying import PIECE, TOKEN, Saying
from tests.providers.sockets import Exchange, FakeServer, chunk, head, sse


def delta(text: str) -> bytes:
    return chunk(
        sse({"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text}}]})
    )


class PacedModel(FakeServer):
    """Speaks OpenAI's chat completions."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = dict(transcript.texts())

    async def answer(self, exchange: Exchange) -> None:
        if exchange.request.path.endswith("/models"):
            await exchange.respond(
                {"object": "list", "data": [{"id": "words", "object": "model", "owned_by": "bench"}]}
            )
            return
        question = exchange.request.json["messages"][-1]["content"]
        self.requests.clear()
        await self._say(exchange, Saying(**json.loads(question)))

    async def _say(self, exchange: Exchange, saying: Saying) -> None:
        text = self.texts[saying.text][: saying.size]
        start = saying.size - saying.paced
        await exchange.send(head(200, content_type="text/event-stream", transfer_encoding="chunked"))
        await exchange.send(*(delta(text[at : min(start, at + PIECE)]) for at in range(0, start, PIECE)))
        if start:
            await asyncio.sleep(saying.pause)
        began, at = time.perf_counter(), start
        while at < len(text):
            due = min(len(text), start + int((time.perf_counter() - began) * saying.rate) * TOKEN)
            await exchange.send(*(delta(text[piece : min(due, piece + TOKEN)]) for piece in range(at, due, TOKEN)))
            at = max(at, due)
            await asyncio.sleep(0.001)
        end = {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        await exchange.send(chunk(sse(end, "[DONE]")), b"0\r\n\r\n")


async def serve() -> None:
    async with PacedModel() as server:
        print(f"{server.url}/v1", flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())

"""What the provider layer costs: beside a bare loop over httpx that reads the same bytes, in turns."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import httpx

from parley.events import TextDelta
from parley.providers.endpoints import Access, Endpoint
from parley.providers.openai import OpenAI
from tests.benchmarks import sessions
from tests.providers.helpers import question

QUESTION = "Tell me a story of many words."

SHORT = 5
"""So many times more short answers, whose first words are waited for."""


@dataclass
class Took:
    """Samples: seconds of this process' work for one chunk, and seconds until the first word."""

    cpu: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)


Listen = Callable[[str, Callable[[], None]], Coroutine[None, None, str]]


async def bare(client: httpx.AsyncClient, url: str, model: str, first: Callable[[], None]) -> str:
    """Read an answer in the fewest lines that httpx allows."""
    body = {"model": model, "messages": [{"role": "user", "content": QUESTION}], "stream": True}
    pieces: list[str] = []
    async with client.stream("POST", f"{url}/chat/completions", json=body) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: ") and line != "data: [DONE]":
                for choice in json.loads(line[6:])["choices"]:
                    if text := choice["delta"].get("content"):
                        if not pieces:
                            first()
                        pieces.append(text)
    return "".join(pieces)


async def layered(provider: OpenAI, model: str, first: Callable[[], None]) -> str:
    """Read it through the provider."""
    pieces: list[str] = []
    async for event in provider.stream(question(QUESTION, model)):
        if isinstance(event, TextDelta):
            if not pieces:
                first()
            pieces.append(event.text)
    return "".join(pieces)


def measure(chunks: int, answers: int) -> dict[str, dict[str, Took]]:
    """Return what each way took of each kind of bytes: `bare` and `layered`, by `whole`, `cut` and `short`."""
    return asyncio.run(_measure(chunks, answers))


async def _measure(chunks: int, answers: int) -> dict[str, dict[str, Took]]:
    taken = {kind: {"bare": Took(), "layered": Took()} for kind in ("whole", "cut", "short")}
    with sessions.model_server("recorded", str(chunks)) as url:
        provider = OpenAI(Endpoint("bench", "Bench", url), Access())
        async with httpx.AsyncClient(transport=httpx.AsyncHTTPTransport()) as client:
            ways: dict[str, Listen] = {
                "bare": lambda model, first: bare(client, url, model, first),
                "layered": lambda model, first: layered(provider, model, first),
            }
            for number in range(answers * SHORT + 1):
                for kind, of in taken.items():
                    if kind != "short" and number > answers:
                        continue
                    said = {await _once(listen, kind, of[way], chunks, number > 0) for way, listen in ways.items()}
                    if len(said) != 1:
                        raise ValueError("the two ways do not read the same")
        await provider.close()
    return taken


async def _once(listen: Listen, kind: str, took: Took, chunks: int, counts: bool) -> str:
    """Listen to an answer, and note what that took; the first time fills caches."""
    heard: list[float] = []
    cpu, began = time.process_time(), time.perf_counter()
    text = await listen(kind, lambda: heard.append(time.perf_counter()))
    if counts:
        took.cpu.append((time.process_time() - cpu) / chunks)
        took.first.append(heard[0] - began)
    return text

"""Ollama's own API: it tells more than its imitation of OpenAI's does, such as when a model is being loaded."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from parley.errors import AddressWrong, AnswerEmpty, ChatError
from parley.events import Event, Finished, ReasoningDelta, Status, TextDelta
from parley.http import Answer, Client, is_loopback
from parley.messages import Usage
from parley.models import Model
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import (
    Access,
    Endpoint,
    ProviderDialect,
    chat_messages,
    number,
    object_of,
    without_endings,
)
from parley.providers.thinking import ThinkSplitter
from parley.refusals import error_names, error_words

PORT = 11434
LOCAL_SERVER = Endpoint(
    "ollama",
    "Ollama",
    f"http://127.0.0.1:{PORT}",
    dialect="ollama",
    key_env=("OLLAMA_API_KEY",),
    url_env=("OLLAMA_HOST",),
)

LOADING_SECONDS = 1.0
"""Silence for longer than this means that the model is still being loaded."""

SHOW_SECONDS = 0.5
"""How long the list of models waits for details; what comes too late is asked again with the next list."""

NANOSECONDS = 1e9

_PORT_AT_END = re.compile(r":([^:\]]*)$")


def base_url(typed: str) -> str:
    """Return the server's address from what `OLLAMA_HOST` may hold, read as Ollama itself reads it."""
    text = typed.strip().strip("\"'").strip()
    scheme, found, rest = text.partition("://")
    if not found:
        scheme, rest = "http", text
    port = str({"http": 80, "https": 443}.get(scheme, PORT)) if found else str(PORT)
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    if host.count(":") > 1 and not host.startswith("["):
        host = f"[{host}]"
    if ending := _PORT_AT_END.search(host):
        host = host[: ending.start()]
        port = ending[1] if ending[1].isascii() and ending[1].isdigit() and int(ending[1]) < 65536 else port
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)
    return without_endings(f"{scheme}://{user}{at}{host}:{port}{slash}{path}", ("/api/v1", "/v1", "/api"))


class Ollama:
    """One Ollama server."""

    def __init__(self, endpoint: Endpoint, access: Access) -> None:
        self._endpoint = endpoint
        self._client = Client(endpoint.name, endpoint.base_url, key=access.key, redact=access.redact)
        self._shown: dict[str, Mapping[str, Any]] = {}

    @property
    def id(self) -> str:
        return self._endpoint.id

    @property
    def name(self) -> str:
        return self._endpoint.name

    @property
    def local(self) -> bool:
        return is_loopback(self._endpoint.base_url)

    async def close(self) -> None:
        await self._client.close()

    async def models(self) -> list[Model]:
        """Return the models for chatting, by name. Raises ProviderError."""
        listed = object_of(await self._client.ask("/api/tags")).get("models")
        if not isinstance(listed, list):
            detail = "it has no list of models"
            raise AddressWrong(provider=self.name, address=self._client.address, detail=detail)
        entries = [entry for entry in map(object_of, listed) if isinstance(entry.get("name"), str)]
        await self._show(entries)
        models = [self._model(entry) for entry in entries]
        return sorted((model for model in models if model), key=lambda model: model.name)

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """Yield the events of one answer. Raises ChatError."""
        body = {"model": request.model, "messages": chat_messages(request), "stream": True}
        model = f"{self.id}/{request.model}"
        # The response begins only when the model is loaded, so it is waited for in a task of its own.
        async with aclosing(_with_patience(self._answer(body, model))) as events:
            async for event in events:
                yield event

    async def _answer(self, body: Mapping[str, Any], model: str) -> AsyncGenerator[Event, None]:
        async with (
            self._client.stream("/api/chat", body, model=model) as answer,
            aclosing(self._read(answer, model)) as events,
        ):
            async for event in events:
                yield event

    async def _read(self, answer: Answer, model: str) -> AsyncGenerator[Event, None]:
        splitter, spoken = ThinkSplitter(), False
        last: Mapping[str, Any] = {}
        async with aclosing(answer.lines()) as lines:
            async for line in lines:
                last = object_of(self._client.parsed(line))
                if error := last.get("error"):
                    raise self._client.refusal(
                        "while answering", error_words(error), names=error_names(error), model=model
                    )
                message = object_of(last.get("message"))
                if isinstance(thinking := message.get("thinking"), str) and thinking:
                    yield ReasoningDelta(thinking)
                content = message.get("content")
                done = last.get("done") is True
                for delta in splitter.feed(content) if isinstance(content, str) else []:
                    spoken = spoken or (isinstance(delta, TextDelta) and not delta.text.isspace())
                    yield delta
                if done:
                    break
        for delta in splitter.end():
            spoken = spoken or (isinstance(delta, TextDelta) and not delta.text.isspace())
            yield delta
        if last.get("done") is not True:
            raise self._client.broken("the stream ended before the answer did")
        cut_off = last.get("done_reason") == "length"
        if not spoken and not cut_off:
            raise AnswerEmpty(provider=self.name)
        yield Finished(_usage(last), "length" if cut_off else "stop")

    async def _show(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Ask for the details of models that are new here, and wait for them only a moment."""
        unknown = [entry["name"] for entry in entries if _mark(entry) not in self._shown]
        marks = {entry["name"]: _mark(entry) for entry in entries}

        async def show(name: str) -> None:
            try:
                self._shown[marks[name]] = object_of(await self._client.ask("/api/show", {"model": name}))
            except ChatError:
                self._shown.pop(marks[name], None)

        tasks = [asyncio.ensure_future(show(name)) for name in unknown]
        if not tasks:
            return
        try:
            await asyncio.wait(tasks, timeout=SHOW_SECONDS)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _model(self, entry: Mapping[str, Any]) -> Model | None:
        """Return the model of an entry, or None if it is not for chatting."""
        details, shown = object_of(entry.get("details")), self._shown.get(_mark(entry), {})
        found = shown.get("capabilities") or entry.get("capabilities")
        abilities = found if isinstance(found, list) else None
        if "bert" in str(details.get("family", "")) or (abilities and "completion" not in abilities):
            return None
        model = Model(self.id, entry["name"], context=_context(shown), size_bytes=number(entry.get("size")))
        if abilities is None:
            return model
        return replace(
            model, vision="vision" in abilities, tools="tools" in abilities, reasoning="thinking" in abilities
        )


async def _with_patience(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """Yield the events, and a status when the first one takes its time: then the model is being loaded."""

    async def next_event() -> Event | None:
        return await anext(events, None)

    async with aclosing(events):
        first = asyncio.ensure_future(next_event())
        try:
            done, _ = await asyncio.wait([first], timeout=LOADING_SECONDS)
            if not done:
                yield Status("loading", "Loading the model")
            event = await first
        finally:
            if first.cancel():
                await asyncio.wait([first])
        if event is not None:
            yield event
        async for event in events:
            yield event


def _mark(entry: Mapping[str, Any]) -> str:
    """Return what changes when a model of the same name is replaced."""
    return f"{entry['name']} {entry.get('digest', '')}"


def _context(shown: Mapping[str, Any]) -> int | None:
    """Return how many tokens a model holds: what its Modelfile says, else what it was trained for."""
    facts = object_of(shown.get("model_info"))
    parameters = re.search(r"^num_ctx\s+(\d+)", str(shown.get("parameters", "")), re.MULTILINE)
    return (
        int(parameters[1]) if parameters else number(facts.get(f"{facts.get('general.architecture')}.context_length"))
    )


def _usage(last: Mapping[str, Any]) -> Usage:
    load, prompt, answer = (number(last.get(f"{name}_duration")) for name in ("load", "prompt_eval", "eval"))
    first = ((load or 0) + (prompt or 0)) / NANOSECONDS if answer else None
    return Usage(
        input_tokens=number(last.get("prompt_eval_count")),
        output_tokens=number(last.get("eval_count")),
        first_token_seconds=first,
        seconds=first + (answer or 0) / NANOSECONDS if first is not None else None,
    )


DIALECT = ProviderDialect("ollama", Ollama, base_url, local=(LOCAL_SERVER,))

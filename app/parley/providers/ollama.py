"""Ollama's own API: it tells more than its imitation of OpenAI's does, such as when a model is being loaded.

The provider. How a chat is written is in `ollama_wire`, how large its window is in `ollama_window`, and the models
that the server keeps are the business of `ollama_library`.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager, suppress
from typing import Any

from parley.errors import AddressWrong, AnswerEmpty, ChatError, ConnectionLost, ModelAbsent, ModelUnknown, PromptTooLong
from parley.events import Event, Finished, Status
from parley.http import Answer
from parley.models import Model
from parley.providers import ollama_library
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint, OneServer, ProviderDialect, object_of, without_endings
from parley.providers.library import LoadedModel, ModelDetails, PullProgress
from parley.providers.ollama_window import Windows
from parley.providers.ollama_wire import (
    UNKNOWN,
    Facts,
    Reading,
    chat_body,
    details_of,
    facts_of,
    model_of,
    same_model,
    tells_windows,
    tokens_refused,
    usage_of,
)
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
"""Silence for longer than this is worth a word."""

SHOW_SECONDS = 0.5
"""How long the list of models waits for details; what comes too late is asked again with the next list."""

ALIVE_SECONDS = 20.0
"""How often a server is looked at that says nothing yet: a large model is loaded, or a long chat read, for minutes."""

FACTS_SECONDS = 2.0
"""How long a chat waits for what is to be known of its model."""

DELETE_SECONDS = EMBED_SECONDS = 60.0
"""Deleting waits for the disk, embedding for a model that may have to be loaded."""

KEEP: Mapping[str, int | str] = {"0": 0, "always": -1}
"""What the setting means to Ollama; other values are as they stand."""

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


class Ollama(OneServer):
    """One Ollama server, and the library of its models."""

    def __init__(self, endpoint: Endpoint, access: Access) -> None:
        self._keep_alive = access.keep_alive
        super().__init__(endpoint, access)
        self._shown: dict[str, Mapping[str, Any]] = {}
        self._facts: dict[str, Facts] = {}
        self._windows = Windows()

    async def models(self) -> list[Model]:
        """Return the models for chatting, by name. Raises ProviderError."""
        return [model for model in await self.installed() if model.purpose == "chat"]

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """Yield the events of one answer. Raises ChatError.

        The window is made larger until the server takes the whole prompt, or the model takes no more.
        """
        facts, in_memory, _ = await asyncio.gather(
            self._facts_of(request.model), self._in_memory(request.model), self._ask_version()
        )
        body = self._with_keep_alive(chat_body(request, facts))
        window, begun = self._windows.choose(body, facts, in_memory), False
        while True:
            if window is not None:
                body["options"] = {**body.get("options", {}), "num_ctx": window}
            words = _words(in_memory, window)
            if words.code == "reloading":
                yield words
            try:
                # The response begins only when the model is loaded, so it is waited for in a task of its own.
                async with aclosing(self._with_patience(body, request.model, words)) as events:
                    async for event in events:
                        begun = begun or not isinstance(event, Status)
                        yield event
                return
            except PromptTooLong as error:
                window = self._windows.larger(body, facts, window, tokens_refused(error.detail))
                if window is None or begun:
                    raise

    async def embed(self, model: str, texts: Sequence[str], dimensions: int | None = None) -> list[list[float]]:
        """Return one vector for each text. Raises ChatError, also where a text is longer than the model takes."""
        wanted = {"dimensions": dimensions} if dimensions else {}
        body = self._with_keep_alive({"model": model, "input": list(texts), "truncate": False, **wanted})
        with self._absent_told(model):
            found = object_of(
                await self._client.ask("/api/embed", body, model=self._full(model), seconds=EMBED_SECONDS)
            ).get("embeddings")
        vectors = found if isinstance(found, list) else []
        if len(vectors) != len(texts) or not all(map(_is_vector, vectors)):
            raise self._client.broken(f"{len(vectors)} vectors for {len(texts)} texts")
        return [[float(value) for value in vector] for vector in vectors]

    # --- the library
    async def version(self) -> str:
        return str(object_of(await self._client.ask("/api/version")).get("version") or "")

    async def installed(self) -> list[Model]:
        """Return all models, by name. Raises ProviderError."""
        listed = object_of(await self._client.ask("/api/tags")).get("models")
        if not isinstance(listed, list):
            detail = "it has no list of models"
            raise AddressWrong(provider=self.name, address=self._client.address, detail=detail)
        entries = [entry for entry in map(object_of, listed) if isinstance(entry.get("name"), str)]
        await self._show(entries)
        self._facts = {entry["name"]: facts_of(self._shown.get(_mark(entry), {}), entry) for entry in entries}
        models = [model_of(self.id, entry, self._facts[entry["name"]]) for entry in entries]
        return sorted(models, key=lambda model: model.name)

    async def loaded(self) -> list[LoadedModel]:
        return await ollama_library.loaded(self._client, FACTS_SECONDS)

    async def details(self, name: str) -> ModelDetails:
        with self._absent_told(name):
            shown = await self._client.ask("/api/show", {"model": name}, model=self._full(name))
        return details_of(name, object_of(shown))

    async def pull(self, name: str) -> AsyncGenerator[PullProgress, None]:
        async with aclosing(ollama_library.pull(self._client, name, name)) as steps:
            async for step in steps:
                yield step

    async def delete(self, name: str) -> None:
        with self._absent_told(name):
            await self._client.ask(
                "/api/delete", {"model": name}, method="DELETE", model=self._full(name), seconds=DELETE_SECONDS
            )

    async def unload(self, name: str) -> None:
        body = {"model": name, "messages": [], "keep_alive": 0}
        with self._absent_told(name):
            await self._client.ask("/api/chat", body, method="POST", model=self._full(name))

    # --- asking
    async def _with_patience(self, body: Mapping[str, Any], name: str, words: Status) -> AsyncGenerator[Event, None]:
        """Yield the events of an answer, and a status when the first one takes its time.

        It is told again for as long as the server has the model in memory: who is at work is not silent.
        """
        answer = self._answer(body, name)

        async def next_event() -> Event | None:
            return await anext(answer, None)

        async with aclosing(answer):
            first = asyncio.ensure_future(next_event())
            try:
                done, _ = await asyncio.wait([first], timeout=LOADING_SECONDS)
                if not done and words.code != "reloading":
                    yield words
                while not done:
                    done, _ = await asyncio.wait([first], timeout=ALIVE_SECONDS)
                    if not done and await self._in_memory(name):
                        yield words
                event = await first
            finally:
                if first.cancel():
                    await asyncio.wait([first])
            if event is not None:
                yield event
            async for event in answer:
                yield event

    async def _answer(self, body: Mapping[str, Any], name: str) -> AsyncGenerator[Event, None]:
        with self._absent_told(name):
            async with (
                self._client.stream("/api/chat", body, model=self._full(name)) as answer,
                aclosing(self._read(answer, body, name)) as events,
            ):
                async for event in events:
                    yield event

    async def _read(self, answer: Answer, body: Mapping[str, Any], name: str) -> AsyncGenerator[Event, None]:
        reading = Reading()
        async with aclosing(answer.lines()) as lines:
            async for line in lines:
                said = object_of(self._client.parsed(line))
                if error := said.get("error"):
                    raise self._client.refusal(
                        "while answering", error_words(error), names=error_names(error), model=self._full(name)
                    )
                for event in reading.take(said):
                    yield event
                if reading.done:
                    break
        for event in reading.end():
            yield event
        if not reading.done:
            raise ConnectionLost(provider=self.name, detail="the stream ended before the answer did")
        if not reading.spoken and reading.reason != "length":
            raise AnswerEmpty(provider=self.name)
        usage = usage_of(reading.last)
        self._windows.learn(body, usage.input_tokens)
        yield Finished(usage, reading.reason)

    # --- what is to be known before
    async def _ask_version(self) -> None:
        """Ask once whether the server tells the windows of the models in memory."""
        if self._windows.told is None:
            with suppress(ChatError):  # it is the chat that tells what is wrong
                self._windows.told = tells_windows(await self.version())

    async def _in_memory(self, name: str) -> LoadedModel | None:
        """Return the model if it is in memory."""
        try:
            return next((model for model in await self.loaded() if same_model(model.name, name)), None)
        except ChatError:  # it is the chat that tells what is wrong
            return None

    async def _facts_of(self, name: str) -> Facts:
        """Return what is known of a model, and ask if that is nothing."""
        for known in (name, f"{name}:latest"):
            if (facts := self._facts.get(known)) and facts != UNKNOWN:
                return facts
        try:
            shown = object_of(await self._client.ask("/api/show", {"model": name}, seconds=FACTS_SECONDS))
        except ChatError:  # it is the chat that tells what is wrong
            return UNKNOWN
        self._facts[name] = facts_of(shown, {})
        return self._facts[name]

    # --- small things
    def _with_keep_alive(self, body: dict[str, Any]) -> dict[str, Any]:
        wanted = self._keep_alive()
        return body | {"keep_alive": KEEP.get(wanted, wanted)} if wanted not in ("", "server") else body

    def _full(self, name: str) -> str:
        return f"{self.id}/{name}"

    @contextmanager
    def _absent_told(self, name: str) -> Iterator[None]:
        """Say of a model that is not there that it can be fetched."""
        try:
            yield
        except ModelUnknown as error:
            raise ModelAbsent(model=self._full(name), detail=error.detail) from error

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


def _words(in_memory: LoadedModel | None, window: int | None) -> Status:
    """Return what to say while nothing comes."""
    if in_memory is None:
        return Status("loading", "Loading the model")
    if window is not None and in_memory.context is not None and window > in_memory.context:
        return Status("reloading", "Loading the model anew, with room for this longer chat")
    return Status("reading", "The model is reading the chat")


def _mark(entry: Mapping[str, Any]) -> str:
    """Return what changes when a model of the same name is replaced."""
    return f"{entry['name']} {entry.get('digest', '')}"


def _is_vector(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(number) in (int, float) for number in value)


DIALECT = ProviderDialect("ollama", Ollama, base_url, local=(LOCAL_SERVER,))

"""Any server that speaks like OpenAI: the vendor itself, others who sell models so, and the local servers.

The Responses API where it is at home, else chat completions. What is peculiar to a server stands in `openai_rows`.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import urlsplit

from parley.errors import (
    AddressWrong,
    AnswerBroken,
    AnswerEmpty,
    AnswerWithheld,
    ChatError,
    ConnectionLost,
    KeyMissing,
    KeyRefused,
    ProviderError,
    ProviderFailed,
    ProviderUnreachable,
    RequestRefused,
)
from parley.events import Event, Finished, Status
from parley.http import Answer, bearer
from parley.models import Model
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import (
    Access,
    Endpoint,
    OneServer,
    ProviderDialect,
    number,
    object_of,
    with_scheme,
    without_endings,
)
from parley.providers.openai_chat import Manner, chat_body
from parley.providers.openai_models import entries_of, in_order, known_models, lmstudio_model, model_of
from parley.providers.openai_repair import refused, without
from parley.providers.openai_reply import ChatReply
from parley.providers.openai_responses import ResponsesReply, responses_body
from parley.providers.openai_rows import KINDS, LOCAL_SERVERS, VENDORS, Habits, habits_of
from parley.providers.openai_usage import FAILURES, usage_of
from parley.refusals import error_names, error_words

Reply = ChatReply | ResponsesReply

CHAT, RESPONSES = "/chat/completions", "/responses"

LOADING_LOOK_SECONDS = 1.0
"""How often a server that still loads its model is asked again."""

AFTER_FINISH_SECONDS = 5.0
"""How long a finished answer waits for its usage and its proper end."""

END_SECONDS = 0.05
"""How long the end of the bytes is waited for where the answer has been said to be over."""

EMBEDDED_AT_ONCE = 64
EMBED_SECONDS = 120.0


def base_url(typed: str) -> str:
    """Return the base URL that a person meant: a host alone gets its path, a pasted path loses its end."""
    url = without_endings(with_scheme(typed), ("/chat/completions", "/completions", "/models", "/responses"))
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if parts.path.strip("/"):
        return url
    return next((row.base_url for row in VENDORS if urlsplit(row.base_url).hostname == parts.hostname), f"{url}/v1")


class OpenAI(OneServer):
    """One OpenAI-compatible server."""

    def __init__(
        self,
        endpoint: Endpoint,
        access: Access,
        habits: Habits | None = None,
        authorize: Callable[[str], Mapping[str, str]] = bearer,
    ) -> None:
        self._habits = habits or habits_of(endpoint)
        super().__init__(endpoint, access, authorize=authorize, headers=self._habits.headers, kinds=KINDS)
        self._unknown: dict[str, frozenset[str]] = {}
        """By model, what it has been found not to take."""
        self._chat_only: set[str] = set()

    # -- lists

    async def models(self) -> list[Model]:
        """Return the models for chatting and for embedding, by name. Raises ProviderError."""
        if self.id == "lmstudio" and (found := await self._lmstudio_models()) is not None:
            return in_order(found, self._endpoint.preferred)
        if self._habits.known:
            found = await self._models_without_list()
        else:
            entries = await self._entries()
            owners = {entry.get("owned_by") or "" for entry in entries}
            if self._endpoint.owned_by is not None and self._endpoint.owned_by not in owners:
                raise self._stranger("another program answers there")
            older = owners == {"llamacpp"} and not any("n_ctx" in object_of(entry.get("meta")) for entry in entries)
            context = await self._llamacpp_context() if older else None
            made = (model_of(self.id, entry, self._habits, context=context) for entry in entries)
            found = [model for model in made if model]
        return in_order(found, self._endpoint.preferred)

    async def _entries(self) -> list[Mapping[str, Any]]:
        entries = entries_of(await self._client.ask(self._habits.models_path))
        if entries is None:
            raise self._stranger("it has no list of models")
        return entries

    async def _models_without_list(self) -> list[Model]:
        """Return the models that are known. An empty question, which costs nothing, tells whether the key is right."""
        try:
            await self._client.ask(CHAT, {})
        except ProviderError as error:
            if isinstance(error, (KeyMissing, KeyRefused, ProviderUnreachable)):
                raise
        return known_models(self.id, self._habits)

    async def _lmstudio_models(self) -> list[Model] | None:
        """Return what LM Studio's own list says, which knows contexts and abilities, or None if it has none."""
        try:
            entries = entries_of(await self._client.ask(f"{self._root}/api/v0/models"))
        except ProviderError:
            return None
        return None if entries is None else [lmstudio_model(self.id, entry) for entry in entries]

    async def _llamacpp_context(self) -> int | None:
        """Ask a llama.cpp of before 2026 how many tokens a request may hold: fewer than the model was trained for."""
        try:
            properties = object_of(await self._client.ask(f"{self._root}/props"))
        except ChatError:
            return None
        return number(object_of(properties.get("default_generation_settings")).get("n_ctx"))

    @property
    def _root(self) -> str:
        return self._endpoint.base_url.rstrip("/").removesuffix("/v1")

    def _stranger(self, detail: str) -> ProviderError:
        return AddressWrong(provider=self.name, address=self._client.address, detail=detail)

    # -- answers

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """Yield the events of one answer. Raises ChatError."""
        model, waiting = f"{self.id}/{request.model}", False
        path, body = self._written(request)
        missed: set[str] = set()
        while True:
            began = False
            try:
                async with self._client.stream(path, body, model=model) as answer:
                    began = True
                    self._unknown[request.model] = self._unknown.get(request.model, frozenset()) | missed
                    reply: Reply = ResponsesReply(self.id) if path == RESPONSES else ChatReply(self.id)
                    async with aclosing(self._read(answer, reply, model)) as batches:
                        async for events in batches:
                            for event in events:
                                yield event
                return
            except AddressWrong:
                if began or path != RESPONSES:
                    raise
                self._chat_only.add(request.model)
                path, body = self._written(request)
            except RequestRefused as error:
                if began or not (name := refused(body, error.detail)):
                    raise
                missed.add(name)
                body = without(body, name, error.detail)
            except ProviderFailed as error:
                if began or "loading model" not in error.detail.lower():
                    raise
                if not waiting:
                    yield Status("loading", "Loading the model")
                waiting = True
                await asyncio.sleep(LOADING_LOOK_SECONDS)

    def _written(self, request: ProviderRequest) -> tuple[str, dict[str, Any]]:
        """Return where a request goes, and its body."""
        name, habits = self._vendors_name(request), self._habits
        told = request.about.parameters if request.about else None
        taken = habits.takes(name) if told is None else told
        effort = habits.effort_of(name, request.parameters.effort) if request.parameters.effort else ""
        manner = Manner(habits, self.id, taken, effort)
        chats = not habits.responses or request.model in self._chat_only
        if chats or (habits.chat_only and re.search(habits.chat_only, name)):
            path, body = CHAT, chat_body(request, manner)
        else:
            path, body = RESPONSES, responses_body(request, manner)
        for unknown in self._unknown.get(request.model, ()):
            body = without(body, unknown)
        return path, body

    def _vendors_name(self, request: ProviderRequest) -> str:
        """Return the vendor's own name of the model."""
        return request.model

    async def _read(self, answer: Answer, reply: Reply, model: str) -> AsyncGenerator[list[Event], None]:
        if "json" in answer.content_type:
            yield self._taken(reply, await answer.json(), model)
            reply.reason = reply.reason or "stop"
        elif answer.content_type == "text/html":
            raise self._client.broken("a web page came instead of an answer")
        else:
            async with aclosing(answer.batches()) as batches:
                while (batch := await self._next(batches, reply)) is not None:
                    events, error, over = self._taken_together(reply, batch, model)
                    if events:
                        yield events
                    if error:
                        raise error
                    if over:
                        with suppress(TimeoutError, AnswerBroken):  # read to its end, a connection can be used again
                            async with asyncio.timeout(END_SECONDS):
                                await anext(batches, None)
                        break
        yield reply.end()
        yield [self._finished(reply, model)]

    async def _next(self, batches: AsyncGenerator[list[str], None], reply: Reply) -> list[str] | None:
        """Return what comes next, or None at the end. A finished answer is not kept waiting for that."""
        if not reply.reason:
            return await anext(batches, None)
        try:
            async with asyncio.timeout(AFTER_FINISH_SECONDS):
                return await anext(batches, None)
        except (TimeoutError, AnswerBroken):
            return None

    def _taken_together(
        self, reply: Reply, batch: Sequence[str], model: str
    ) -> tuple[list[Event], ChatError | None, bool]:
        """Return the events that came together, the error that ended them, and whether the answer is over."""
        events: list[Event] = []
        try:
            for data in batch:
                if data == "[DONE]" or data.strip() == "[DONE]":
                    reply.reason = reply.reason or "stop"
                    return events, None, True
                if not data.isspace() and data:  # a blank one keeps alive
                    events += self._taken(reply, self._client.parsed(data), model)
        except ChatError as error:
            return events, None if reply.reason and isinstance(error, AnswerBroken) else error, bool(reply.reason)
        return events, None, False

    def _taken(self, reply: Reply, value: Any, model: str) -> list[Event]:
        """Return the events of one chunk. Raises ChatError if it is an error."""
        if not isinstance(value, dict):
            return []
        if "error" in value or value.get("type") in ("error", "response.failed") or value.get("object") == "error":
            error = value.get("error") or object_of(value.get("response")).get("error")
            if error or value.get("type") in ("error", "response.failed") or value.get("object") == "error":
                return self._withheld(reply, {"error": error} if error else value, model)
        return reply.take(value)

    def _withheld(self, reply: Reply, value: Mapping[str, Any], model: str) -> list[Event]:
        """Raise what an error in the stream means, unless it is the vendor's safety after some words."""
        told = object_of(value.get("error") or value)
        status = next((code for code in (told.get("code"), told.get("status")) if type(code) is int), 0)
        error = self._client.refusal(
            status if 400 <= status < 600 else "while answering",
            error_words(value),
            names=error_names(value),
            model=model,
        )
        if not isinstance(error, AnswerWithheld) or not reply.spoken:
            raise error
        reply.reason = "filtered"
        return []

    def _finished(self, reply: Reply, model: str) -> Finished:
        """Return how an answer ended. Raises ChatError if that is no good end."""
        reason = reply.reason
        if not reason:
            raise ConnectionLost(provider=self.name, detail="the stream ended before the answer did")
        if reason in FAILURES:
            raise self._client.refusal("while answering", f"finish_reason: {reason}", names=[reason], model=model)
        if not reply.spoken:
            if reason == "filtered":
                raise AnswerWithheld(provider=self.name)
            if reason != "length":
                raise AnswerEmpty(provider=self.name, detail="" if reason == "stop" else reason)
        known = reason in ("length", "tool_calls", "filtered")
        return Finished(usage_of(reply.usage), reason if known else "stop")

    # -- vectors

    async def embed(self, model: str, texts: Sequence[str], dimensions: int | None = None) -> list[list[float]]:
        """Return one vector for each text, in their order. Raises ChatError."""
        vectors: list[list[float]] = []
        for start in range(0, len(texts), EMBEDDED_AT_ONCE):
            batch = list(texts[start : start + EMBEDDED_AT_ONCE])
            body = {"model": model, "input": batch} | ({"dimensions": dimensions} if dimensions else {})
            named = f"{self.id}/{model}"
            answer = object_of(await self._client.ask("/embeddings", body, model=named, seconds=EMBED_SECONDS))
            found = _vectors(answer.get("data"), len(batch))
            if found is None:
                raise self._client.broken("there is not one vector for each text")
            vectors += found
        return vectors


def _vectors(data: Any, count: int) -> list[list[float]] | None:
    """Return the vectors of an answer in the order of the texts, or None if they are not all there."""
    entries = [object_of(entry) for entry in data] if isinstance(data, list) else []
    by_index = {entry.get("index", place): entry.get("embedding") for place, entry in enumerate(entries)}
    vectors = [by_index.get(place) for place in range(count)]
    if len(entries) != count:
        return None
    numbers = (int, float)
    if not all(isinstance(vector, list) and all(isinstance(x, numbers) for x in vector) for vector in vectors):
        return None
    return [[float(x) for x in vector] for vector in vectors if isinstance(vector, list)]


DIALECT = ProviderDialect("openai", OpenAI, base_url, vendors=VENDORS, local=LOCAL_SERVERS)

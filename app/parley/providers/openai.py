"""Any server that speaks OpenAI's chat completions: the vendor itself, and the local servers that imitate it.

A vendor is one row of `VENDORS`; a server found on this computer is one row of `LOCAL_SERVERS`.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from parley.errors import (
    AddressWrong,
    AnswerBroken,
    AnswerEmpty,
    ChatError,
    ProviderError,
    ProviderFailed,
    RequestRefused,
)
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
    with_scheme,
    without_endings,
)
from parley.providers.thinking import Delta, ThinkSplitter
from parley.refusals import error_names, error_words

VENDORS = (
    Endpoint(
        "openai",
        "OpenAI",
        "https://api.openai.com/v1",
        key_env=("OPENAI_API_KEY",),
        url_env=("OPENAI_BASE_URL",),
        preferred=("gpt-5", "gpt-4.1", "gpt-4o"),
    ),
    Endpoint("groq", "Groq", "https://api.groq.com/openai/v1", key_env=("GROQ_API_KEY",)),
    Endpoint("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", key_env=("OPENROUTER_API_KEY",)),
)

LOCAL_SERVERS = (
    Endpoint("lmstudio", "LM Studio", "http://127.0.0.1:1234/v1"),
    Endpoint("llamacpp", "llama.cpp", "http://127.0.0.1:8080/v1", owned_by="llamacpp"),
    Endpoint("localai", "LocalAI", "http://127.0.0.1:8080/v1", owned_by=""),
    Endpoint("vllm", "vLLM", "http://127.0.0.1:8000/v1", owned_by="vllm"),
    Endpoint("jan", "Jan", "http://127.0.0.1:1337/v1"),
)

LOADING_LOOK_SECONDS = 1.0
"""How often a server that still loads its model is asked again."""

AFTER_FINISH_SECONDS = 5.0
"""How long a finished answer waits for its usage and its proper end."""

_NO_CHAT = re.compile(
    r"(^|[/_.-])(embed|embedding|embeddings|whisper|tts|dall-e|moderation|transcribe|rerank|reranker|realtime|sora"
    r"|davinci|babbage|gpt-image)([/_.:-]|\d|$)",
    re.IGNORECASE,
)


def base_url(typed: str) -> str:
    """Return the base URL that a person meant: the server's root gets its /v1, a pasted path loses its end."""
    url = without_endings(with_scheme(typed), ("/chat/completions", "/completions", "/models"))
    try:
        return url if urlsplit(url).path.strip("/") else f"{url}/v1"
    except ValueError:
        return url


class OpenAI:
    """One OpenAI-compatible server."""

    def __init__(self, endpoint: Endpoint, access: Access) -> None:
        self._endpoint = endpoint
        self._client = Client(endpoint.name, endpoint.base_url, key=access.key, redact=access.redact)
        self._takes_usage_option = True

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
        if self.id == "lmstudio" and (found := await self._lmstudio_models()) is not None:
            return _sorted(found, self._endpoint.preferred)
        listed = object_of(await self._client.ask("/models")).get("data")
        if not isinstance(listed, list):
            raise self._stranger("it has no list of models")
        entries = [entry for entry in listed if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
        owners = {entry.get("owned_by") or "" for entry in entries}
        if self._endpoint.owned_by is not None and self._endpoint.owned_by not in owners:
            raise self._stranger("another program answers there")
        older = owners == {"llamacpp"} and not any("n_ctx" in object_of(entry.get("meta")) for entry in entries)
        context = await self._llamacpp_context() if older else None
        models = [_model(self.id, entry, context) for entry in entries if not _NO_CHAT.search(entry["id"])]
        return _sorted(models, self._endpoint.preferred)

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """Yield the events of one answer. Raises ChatError."""
        body = {"model": request.model, "messages": chat_messages(request), "stream": True}
        with_usage, waiting = self._takes_usage_option, False
        while True:
            began = False
            options = {"stream_options": {"include_usage": True}} if with_usage else {}
            model = f"{self.id}/{request.model}"
            try:
                async with self._client.stream("/chat/completions", body | options, model=model) as answer:
                    began, self._takes_usage_option = True, with_usage
                    async with aclosing(self._read(answer, model)) as events:
                        async for event in events:
                            yield event
                return
            except RequestRefused:
                if began or not with_usage:
                    raise
                with_usage = False
            except ProviderFailed as error:
                if began or "loading model" not in error.detail.lower():
                    raise
                if not waiting:
                    yield Status("loading", "Loading the model")
                waiting = True
                await asyncio.sleep(LOADING_LOOK_SECONDS)

    async def _read(self, answer: Answer, model: str) -> AsyncGenerator[Event, None]:
        reply = _Reply()
        if "json" in answer.content_type:
            for event in self._taken(reply, await answer.json(), model):
                yield event
            reply.reason = reply.reason or "stop"
        elif answer.content_type == "text/html":
            raise self._client.broken("a web page came instead of an answer")
        else:
            async with aclosing(answer.events()) as stream:
                while (data := await self._next(stream, reply)) is not None:
                    chunk = self._client.parsed(data) if data.strip() else None  # a blank one keeps alive
                    for event in self._taken(reply, chunk, model):
                        yield event
        for delta in reply.splitter.end():
            yield reply.noted(delta)
        if not reply.reason:
            raise self._client.broken("the stream ended before the answer did")
        if not reply.spoken and reply.reason != "length":
            raise AnswerEmpty(provider=self.name, detail="" if reply.reason == "stop" else reply.reason)
        yield Finished(reply.usage, "length" if reply.reason == "length" else "stop")

    async def _next(self, stream: AsyncIterator[str], reply: "_Reply") -> str | None:
        """Return the data of the next event, or None at the end. A finished answer does not wait long for it."""
        try:
            async with asyncio.timeout(AFTER_FINISH_SECONDS if reply.reason else None):
                data = await anext(stream, None)
        except (TimeoutError, AnswerBroken):
            if reply.reason:
                return None
            raise
        if data is not None and data.strip() == "[DONE]":
            reply.reason = reply.reason or "stop"
            return None
        return data

    def _taken(self, reply: "_Reply", value: Any, model: str) -> Iterator[Event]:
        """Yield the deltas of one chunk. Raises ChatError if it is an error."""
        chunk = object_of(value)
        if (error := chunk.get("error")) or chunk.get("object") == "error":
            error = error or chunk
            status = next((code for code in (object_of(error).get("code"), object_of(error).get("status")) if code), "")
            numbered = isinstance(status, int) and 400 <= status < 600
            status = status if numbered else "while answering"
            raise self._client.refusal(status, error_words(chunk), names=error_names(chunk), model=model)
        yield from reply.take(chunk)

    async def _lmstudio_models(self) -> list[Model] | None:
        """Return what LM Studio's own list says, which knows contexts and abilities, or None if it has none."""
        root = self._endpoint.base_url.rstrip("/").removesuffix("/v1")
        try:
            listed = object_of(await self._client.ask(f"{root}/api/v0/models")).get("data")
        except ProviderError:
            return None
        if not isinstance(listed, list):
            return None
        entries = [object_of(entry) for entry in listed if isinstance(object_of(entry).get("id"), str)]
        return [_lmstudio_model(self.id, entry) for entry in entries if entry.get("type") != "embeddings"]

    async def _llamacpp_context(self) -> int | None:
        """Ask a llama.cpp of before 2026 how many tokens a request may hold: fewer than the model was trained for."""
        root = self._endpoint.base_url.rstrip("/").removesuffix("/v1")
        try:
            properties = object_of(await self._client.ask(f"{root}/props"))
        except ChatError:
            return None
        return number(object_of(properties.get("default_generation_settings")).get("n_ctx"))

    def _stranger(self, detail: str) -> ProviderError:
        return AddressWrong(provider=self.name, address=self._client.address, detail=detail)


@dataclass
class _Reply:
    """What is known of an answer so far."""

    splitter: ThinkSplitter = field(default_factory=ThinkSplitter)
    reason: str = ""
    usage: Usage | None = None
    spoken: bool = False

    def take(self, chunk: Mapping[str, Any]) -> Iterator[Event]:
        """Yield the deltas of a chunk, or of a whole answer that came at once."""
        self.usage = _usage(chunk) or self.usage
        choices = chunk.get("choices")
        choice = object_of(choices[0] if isinstance(choices, list) and choices else None)
        delta = object_of(choice.get("delta") or choice.get("message"))
        for thought in (delta.get("reasoning_content"), delta.get("reasoning")):
            if isinstance(thought, str) and thought:
                yield ReasoningDelta(thought)
                break
        for event in _content(delta.get("content") or delta.get("refusal")):
            for split in self.splitter.feed(event.text) if isinstance(event, TextDelta) else [event]:
                yield self.noted(split)
        if isinstance(reason := choice.get("finish_reason"), str):
            self.reason = reason

    def noted(self, delta: Delta) -> Event:
        """Remember whether anything has been said, and return the delta."""
        self.spoken = self.spoken or (isinstance(delta, TextDelta) and not delta.text.isspace())
        return delta


def _content(content: Any) -> Iterator[Delta]:
    """Yield the text of a delta: a string, or with some vendors a list of typed parts."""
    if isinstance(content, str):
        yield TextDelta(content)
    elif isinstance(content, list):
        for part in map(object_of, content):
            if isinstance(text := part.get("text"), str):
                yield TextDelta(text)
            elif isinstance(thinking := part.get("thinking"), str):
                yield ReasoningDelta(thinking)
            elif isinstance(thinking, list):
                yield ReasoningDelta("".join(str(object_of(piece).get("text", "")) for piece in thinking))


def _usage(chunk: Mapping[str, Any]) -> Usage | None:
    """Return the tokens of a chunk, and llama.cpp's own timings where it gives them."""
    usage, timings = object_of(chunk.get("usage")), object_of(chunk.get("timings"))
    if not usage and not timings:
        return None
    details = object_of(usage.get("completion_tokens_details"))
    prompt = [timings.get(name) for name in ("prompt_n", "cache_n")]
    first = seconds = None
    match timings.get("prompt_ms"), timings.get("predicted_ms"):
        case (int() | float() as before, int() | float() as after):
            first, seconds = before / 1000, (before + after) / 1000
    return Usage(
        input_tokens=number(usage.get("prompt_tokens"), sum(count for count in prompt if type(count) is int)),
        output_tokens=number(usage.get("completion_tokens"), timings.get("predicted_n")),
        first_token_seconds=first,
        seconds=seconds,
        reasoning_tokens=number(details.get("reasoning_tokens")),
    )


def _model(provider: str, entry: Mapping[str, Any], context: int | None) -> Model:
    """Return a model from an entry of `/models`; vendors add what they know under names of their own."""
    meta, architecture = object_of(entry.get("meta")), object_of(entry.get("architecture"))
    inputs, abilities = architecture.get("input_modalities"), entry.get("supported_parameters")
    context = context or number(
        entry.get("max_model_len"),
        entry.get("context_length"),
        entry.get("context_window"),
        entry.get("max_context_length"),
        meta.get("n_ctx"),
        meta.get("n_ctx_train"),
    )
    return Model(
        provider,
        entry["id"],
        label=label if isinstance(label := entry.get("name"), str) else "",
        context=context,
        vision="image" in inputs if isinstance(inputs, list) else None,
        tools="tools" in abilities if isinstance(abilities, list) else None,
        reasoning="reasoning" in abilities if isinstance(abilities, list) else None,
        size_bytes=number(meta.get("size")),
    )


def _lmstudio_model(provider: str, entry: Mapping[str, Any]) -> Model:
    abilities = entry.get("capabilities")
    return Model(
        provider,
        entry["id"],
        context=number(entry.get("loaded_context_length"), entry.get("max_context_length")),
        vision=entry.get("type") == "vlm",
        tools="tool_use" in abilities if isinstance(abilities, list) else None,
    )


def _sorted(models: Iterable[Model], preferred: tuple[str, ...]) -> list[Model]:
    """Return the models in an order that does not change from day to day."""
    ranks = {name: rank for rank, name in enumerate(preferred)}
    return sorted(models, key=lambda model: (ranks.get(model.name, len(ranks)), model.name.casefold(), model.name))


DIALECT = ProviderDialect("openai", OpenAI, base_url, vendors=VENDORS, local=LOCAL_SERVERS)

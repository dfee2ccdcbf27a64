"""Google's Gemini API: `generateContent` as https://ai.google.dev/api/generate-content has it, streamed.

What is sent is made by `gemini_requests`, what comes is read by `gemini_reply`, and what is known of the models stands
in `gemini_models`.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from typing import Any

from parley.errors import (
    AddressWrong,
    AnswerBroken,
    AnswerEmpty,
    AnswerWithheld,
    ChatError,
    ConnectionLost,
    KeyRefused,
    ModelRetired,
    ModelUnknown,
    NoCredit,
    Overloaded,
    PromptTooLong,
    ProviderFailed,
    RateLimited,
    RequestRefused,
)
from parley.events import Event, Finished
from parley.http import Answer
from parley.models import Model
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import (
    Access,
    Endpoint,
    OneServer,
    ProviderDialect,
    object_of,
    with_scheme,
    without_endings,
)
from parley.providers.gemini_models import HOTTEST, PREFIX, entries_of, hottest_of, in_order, model_of
from parley.providers.gemini_reply import CUT_OFF, WITHHELD, Reply
from parley.providers.gemini_requests import body_of, path_of, wire_name
from parley.refusals import Kinds, error_names, error_words, retry_delay_in

VENDORS = (
    Endpoint(
        "gemini",
        "Google Gemini",
        "https://generativelanguage.googleapis.com/v1beta",
        dialect="gemini",
        key_env=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        url_env=("GOOGLE_GEMINI_BASE_URL",),
        preferred=(
            "gemini-3.8-flash",
            "gemini-flash-latest",
            "gemini-3.7-flash",
            "gemini-3.6-flash",
            "gemini-3.5-flash",
            "gemini-2.5-flash",
        ),
    ),
)

KINDS: Kinds = {
    "api_key_invalid": KeyRefused,
    "unauthenticated": KeyRefused,
    "unavailable": Overloaded,
    "model_capacity_exhausted": Overloaded,
    "deadline_exceeded": ProviderFailed,
    "aborted": ProviderFailed,
    "cancelled": ProviderFailed,
}

AFTER_FINISH_SECONDS = 5.0
"""How long a finished answer waits for its usage and its proper end."""

EMBED_SECONDS = 60.0
TEXTS_AT_ONCE = 100
PAGE_SIZE = 1000
MOST_PAGES = 20

_NO_CREDIT = (
    r"\blimit: 0\b|credits? (is|are) depleted|spending cap|enable billing|billing (account )?(is )?(disabled|not)"
)
_RETIRED = r"\bmodels?\b.*\b(no longer (available|supported)|(has been|is) (retired|deprecated|shut ?down))"
_TOO_LONG = r"token count.*exceeds|exceeds the maximum number of tokens"


def base_url(typed: str) -> str:
    """Return the base URL that a person meant: with its version, without what follows in documents."""
    url = without_endings(with_scheme(typed).partition("/models")[0], ("/openai/chat/completions", "/openai"))
    _, _, place = url.partition("://")
    return url if "/" in place or not place else f"{url}/v1beta"


class Gemini(OneServer):
    """Google's service, or a server that speaks like it."""

    def __init__(self, endpoint: Endpoint, access: Access) -> None:
        super().__init__(endpoint, access, authorize=_authorize, kinds=KINDS)
        self._hottest: dict[str, float] = {}

    async def models(self) -> list[Model]:
        """Return the models for chatting, then those that embed texts. Raises ProviderError."""
        entries: dict[str, Mapping[str, Any]] = {}
        token = ""
        for _ in range(MOST_PAGES):
            page = object_of(await self._client.ask(_page_path(token)))
            if not entries and not isinstance(page.get("models"), list):
                detail = "it has no list of models"
                raise AddressWrong(provider=self.name, address=self._client.address, detail=detail)
            entries |= {entry["name"]: entry for entry in entries_of(page)}
            following = page.get("nextPageToken")
            if not isinstance(following, str) or following in ("", token):
                break
            token = following
        self._hottest = {name.removeprefix(PREFIX): hottest_of(entry) for name, entry in entries.items()}
        models = (model_of(self.id, entry) for entry in entries.values())
        return in_order((model for model in models if model), self._endpoint.preferred)

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """Yield the events of one answer. Raises ChatError."""
        model = f"{self.id}/{request.model}"
        body = body_of(request, self.id, self._hottest.get(request.model, HOTTEST))
        path = f"{path_of(request.model)}:streamGenerateContent?alt=sse"
        reply = Reply({wire_name(tool.name): tool.name for tool in request.tools})
        with _meant(model):
            async with (
                self._client.stream(path, body, model=model) as answer,
                aclosing(self._read(answer, reply, model)) as events,
            ):
                async for event in events:
                    yield event

    async def embed(self, model: str, texts: Sequence[str], dimensions: int | None = None) -> list[list[float]]:
        """Return one vector for each text, in their order. Raises ChatError."""
        vectors: list[list[float]] = []
        path, named = path_of(model), f"{self.id}/{model}"
        wanted = {"outputDimensionality": dimensions} if dimensions else {}
        with _meant(named):
            for start in range(0, len(texts), TEXTS_AT_ONCE):
                requests = [
                    {"model": path.removeprefix("/"), "content": {"parts": [{"text": text}]}, **wanted}
                    for text in texts[start : start + TEXTS_AT_ONCE]
                ]
                answer = await self._client.ask(
                    f"{path}:batchEmbedContents", {"requests": requests}, model=named, seconds=EMBED_SECONDS
                )
                found = _vectors(answer)
                if len(found) != len(requests):
                    raise self._client.broken(f"{len(found)} vectors for {len(requests)} texts")
                vectors += found
        return vectors

    async def _read(self, answer: Answer, reply: Reply, model: str) -> AsyncGenerator[Event, None]:
        if "json" in answer.content_type:  # a server that takes no notice of alt=sse: the chunks as one array
            for event in self._taken(reply, await answer.json(), model):
                yield event
        elif answer.content_type == "text/html":
            raise self._client.broken("a web page came instead of an answer")
        else:
            async with aclosing(answer.events()) as stream:
                async for data in stream:
                    for event in self._taken(reply, self._chunk(data), model):
                        yield event
                    if reply.reason:
                        break
                while reply.reason and (rest := await _rest(stream)) is not None:
                    for event in self._taken(reply, self._chunk(rest), model):
                        yield event
            if not reply.reason and (stray := answer.stray.strip()):
                # In the middle of an answer errors come as plain JSON, line by line, without "data:".
                for event in self._taken(reply, self._client.parsed(stray), model):
                    yield event
        last = self._end(reply)
        for event in reply.signatures():
            yield event
        yield last

    def _chunk(self, data: str) -> Any:
        """Return the value of an event; blank ones keep alive, and OpenAI's end may come from a proxy."""
        return None if not data or data.isspace() or data.strip() == "[DONE]" else self._client.parsed(data)

    def _taken(self, reply: Reply, value: Any, model: str) -> Iterator[Event]:
        """Yield the events of a chunk, or of several. Raises ChatError if one is an error."""
        for chunk in map(object_of, value if isinstance(value, list) else (value,)):
            if error := chunk.get("error"):
                code = object_of(error).get("code")
                status = code if isinstance(code, int) and 400 <= code < 600 else "while answering"
                words, names, after = error_words(chunk), error_names(chunk), retry_delay_in(chunk)
                raise self._client.refusal(status, words, names=names, model=model, retry_after=after)
            yield from reply.take(chunk)

    def _end(self, reply: Reply) -> Finished:
        """Return how the answer ended. Raises ChatError where it is none."""
        why = f"{reply.reason}: {reply.message}" if reply.message else reply.reason
        if not reply.reason:
            raise ConnectionLost(provider=self.name, detail="the stream ended before the answer did")
        if reply.reason in CUT_OFF:
            return Finished(reply.usage, "length")
        if reply.withheld or reply.reason in WITHHELD:
            if not reply.spoken:
                raise AnswerWithheld(provider=self.name, detail=why)
            return Finished(reply.usage, "filtered")
        if not reply.spoken:
            raise AnswerEmpty(provider=self.name, detail="" if why == "STOP" else why)
        if reply.reason != "STOP":
            raise self._client.broken(why)
        return Finished(reply.usage, "tool_calls" if reply.called else "stop")


@contextmanager
def _meant(model: str) -> Iterator[None]:
    """Tell errors apart that Google gives one name: a quota of nothing, a model that is gone, a prompt too long."""
    try:
        yield
    except (RateLimited, RequestRefused, AddressWrong, ModelUnknown) as error:
        kind = _kind_of(error)
        if kind is None:
            raise
        facts = {"model": model, **error.fields, "detail": error.detail}
        raise kind(**facts) from error


def _kind_of(error: ChatError) -> type[ChatError] | None:
    """Return what an error means more exactly, or None if it means what it says."""
    if isinstance(error, RateLimited | RequestRefused) and re.search(_NO_CREDIT, error.detail, re.IGNORECASE):
        return NoCredit
    if isinstance(error, RateLimited):
        return None
    if re.search(_RETIRED, error.detail, re.IGNORECASE):
        return ModelRetired
    too_long = isinstance(error, RequestRefused) and re.search(_TOO_LONG, error.detail, re.IGNORECASE)
    return PromptTooLong if too_long else None


async def _rest(stream: AsyncIterator[str]) -> str | None:
    """Return the data of the next event of a finished answer, which waits for it no more than a moment."""
    try:
        async with asyncio.timeout(AFTER_FINISH_SECONDS):
            return await anext(stream, None)
    except (TimeoutError, AnswerBroken):
        return None


def _authorize(key: str) -> dict[str, str]:
    return {"x-goog-api-key": key}


def _page_path(token: str) -> str:
    from urllib.parse import quote

    return f"/models?pageSize={PAGE_SIZE}" + (f"&pageToken={quote(token, safe='')}" if token else "")


def _vectors(answer: Any) -> list[list[float]]:
    listed = object_of(answer).get("embeddings")
    found = [object_of(entry).get("values") for entry in listed] if isinstance(listed, list) else []
    return [
        [float(value) for value in values]
        for values in found
        if isinstance(values, list) and values and all(isinstance(value, int | float) for value in values)
    ]


DIALECT = ProviderDialect("gemini", Gemini, base_url, vendors=VENDORS)

"""Anthropic's Messages API: the vendor itself, and the servers that imitate it.

What a request holds is in `anthropic_request`, what an answer brings in `anthropic_reply`, what the models take in
`anthropic_models`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing
from typing import Any
from urllib.parse import quote, urlsplit

from parley.errors import (
    AddressWrong,
    AnswerBroken,
    AnswerEmpty,
    AnswerWithheld,
    ChatError,
    ConnectionLost,
    ModelRetired,
    ModelUnknown,
    NoCredit,
    PromptTooLong,
    ProviderError,
    RequestRefused,
)
from parley.events import Event, Finished
from parley.http import Answer, bearer
from parley.models import Model
from parley.providers.anthropic_models import LATEST, TAKES, Traits, model_of, retired_on, traits_in, traits_of
from parley.providers.anthropic_reply import Reply
from parley.providers.anthropic_request import asked
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
from parley.refusals import Kinds, error_names, told

VENDOR = Endpoint(
    "anthropic",
    "Anthropic",
    "https://api.anthropic.com",
    dialect="anthropic",
    key_env=("ANTHROPIC_API_KEY",),
    url_env=("ANTHROPIC_BASE_URL",),
    preferred=("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"),
)

VERSION = "2023-06-01"
"""The newer 2026-10-21 only takes things away: temperature and top_p, for those models too that have them."""

PAGE = 1000
MOST_PAGES = 20

AFTER_FINISH_SECONDS = 5.0
"""How long a finished answer waits for its proper end."""

KINDS: Kinds = {
    "not_found_error": ModelUnknown,
    "contract_spend_limit_reached": NoCredit,
    "enforced_spend_limit_reached": NoCredit,
    "linked_organization_spend_limit_reached": NoCredit,
    "linked_organization_billing_unavailable": NoCredit,
}

STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The status that an error has which comes in the middle of a stream."""

_OF_LATER_MODELS = ("prefill", "thinking.type", "temperature", "top_p")
"""Words of refusals by which a model is known for a later Claude: a proxy may give it any name."""

_NO_CREDIT = ("credit balance", "usage limit", "spend limit", "spending limit")
_TOO_LONG = ("exceed context limit", "prompt is too long")


def base_url(typed: str) -> str:
    """Return the server's address from what was typed or pasted: without the version and what stands behind it."""
    return without_endings(with_scheme(typed), ("/v1/messages", "/messages", "/v1/models", "/v1"))


class Anthropic(OneServer):
    """One server that speaks the Messages API."""

    def __init__(self, endpoint: Endpoint, access: Access) -> None:
        super().__init__(
            endpoint,
            access,
            authorize=_key_headers if _is_vendor(endpoint.base_url) else _key_headers_for_others,
            headers={"anthropic-version": VERSION},
            kinds=KINDS,
        )
        self._traits: dict[str, Traits] = {}
        self._learned: dict[str, Traits] = {}

    async def models(self) -> list[Model]:
        """Return the models, the preferred and then the newest ones first, as the vendor lists them.

        Raises ProviderError.
        """
        entries = [entry for entry in await self._listed() if entry.get("lifecycle") != "retired"]
        self._traits = {entry["id"]: traits_in(entry) for entry in entries}
        models = [model_of(self.id, entry, self._traits[entry["id"]]) for entry in entries]
        ranks = {name: rank for rank, name in enumerate(self._endpoint.preferred)}
        return sorted(models, key=lambda model: ranks.get(model.name, len(ranks)))

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """Yield the events of one answer. Raises ChatError."""
        model = f"{self.id}/{request.model}"
        traits = self._learned.get(request.model) or self._traits.get(request.model)
        traits = traits or traits_of(request.model, request.about)
        thoughts = True
        while True:
            began = False
            # In a thread: pictures are megabytes, and are written out as text here.
            body, seam, with_thoughts = await asyncio.to_thread(asked, request, traits, self.id, thoughts=thoughts)
            try:
                async with self._client.stream("/v1/messages", body, model=model) as answer:
                    began = True
                    async with aclosing(self._read(answer, Reply(seam, aloud=not traits.claude), model)) as events:
                        async for event in events:
                            yield event
                return
            except RequestRefused as error:
                words = error.detail.lower()
                if not began and with_thoughts and "signature" in words:
                    # It holds only for what stood before it, and older messages that no longer fit are left out.
                    thoughts = False
                elif not began and not traits.claude and any(sign in words for sign in _OF_LATER_MODELS):
                    traits = self._learned[request.model] = LATEST
                else:
                    self._learned.pop(request.model, None)
                    raise _exactly(error, model) from None
            except ModelUnknown as error:
                if began:
                    raise
                raise await self._gone(error, request.model) from error

    async def _read(self, answer: Answer, reply: Reply, model: str) -> AsyncGenerator[Event, None]:
        if "json" in answer.content_type:
            for event in reply.take_whole(self._checked(await answer.json(), model)):
                yield event
        elif answer.content_type == "text/html":
            raise self._client.broken("a web page came instead of an answer")
        else:
            async with aclosing(answer.events()) as stream:
                async for data in stream:
                    for event in self._taken(data, reply, model):
                        yield event
                    if reply.reason:
                        break
                while not reply.ended and (last_data := await self._next(stream)) is not None:
                    for event in self._taken(last_data, reply, model):
                        yield event
        for event in self._concluded(reply):
            yield event

    def _concluded(self, reply: Reply) -> Iterator[Event]:
        """Yield what ends an answer. Raises ChatError if it is none."""
        if not reply.reason:
            raise ConnectionLost(provider=self.name, detail="the stream ended before the answer did")
        yield from reply.rest()
        if not reply.spoken and reply.reason == "filtered":
            raise AnswerWithheld(provider=self.name, detail=reply.refusal)
        if not reply.spoken and reply.reason != "length":
            raise AnswerEmpty(provider=self.name)
        yield Finished(reply.usage, reply.reason)

    async def _next(self, stream: AsyncIterator[str]) -> str | None:
        """Return what comes behind a finished answer, or None at the end, for which it does not wait long."""
        try:
            async with asyncio.timeout(AFTER_FINISH_SECONDS):
                return await anext(stream, None)
        except (TimeoutError, AnswerBroken):
            return None

    def _taken(self, data: str, reply: Reply, model: str) -> Iterable[Event]:
        """Return what an event brings; nothing where it only keeps the connection alive. Raises ChatError."""
        if not data.startswith("{"):
            data = data.strip()
            if data == "[DONE]":  # as imitators end
                reply.ended = True
            if data in ("", "[DONE]"):
                return ()
        try:
            event = self._client.parsed(data)
        except AnswerBroken:
            if not reply.reason:
                raise
            return ()  # a finished answer does not become a broken one
        return reply.take(self._checked(event, model))

    def _checked(self, value: Any, model: str) -> Mapping[str, Any]:
        """Return an event. Raises ChatError if it is an error."""
        event = object_of(value)
        if event.get("type") != "error" and not event.get("error"):
            return event
        names = error_names(event)
        status: int | str = next((STATUSES[name] for name in names if name in STATUSES), "while answering")
        raise _exactly(self._client.refusal(status, told(event), names=names, model=model), model)

    async def _listed(self) -> list[Mapping[str, Any]]:
        """Return the entries of the list of models.

        Vendors that put this API below `/anthropic` mostly have none there, but one beside it, for their own API.
        """
        try:
            return await self._pages("/v1/models")
        except AddressWrong:
            above = self._client.base_url.removesuffix("/anthropic")
            if above == self._client.base_url:
                raise
            return await self._pages(f"{above}/v1/models")

    async def _pages(self, place: str) -> list[Mapping[str, Any]]:
        entries: list[Mapping[str, Any]] = []
        after = ""
        for _ in range(MOST_PAGES):
            try:
                page = object_of(await self._client.ask(f"{place}?limit={PAGE}{after}"))
            except ModelUnknown as error:
                raise self._stranger(error.detail) from error
            rows = page.get("data")
            if not isinstance(rows, list):
                raise self._stranger("it has no list of models")
            entries += [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
            last = page.get("last_id")
            if page.get("has_more") is not True or not isinstance(last, str) or f"&after_id={quote(last)}" == after:
                break
            after = f"&after_id={quote(last)}"
        return entries

    async def _gone(self, error: ModelUnknown, name: str) -> ChatError:
        """Return the error for a model that is not found. The vendor still knows those that it has retired."""
        day = retired_on(name) if self.id == VENDOR.id else ""
        if not day:
            try:
                entry = object_of(await self._client.ask(f"/v1/models/{quote(name, safe='')}"))
            except ChatError:
                return error
            if entry.get("lifecycle") != "retired":
                return error
            day = str(entry.get("retires_at") or "")[:10]
        return ModelRetired(model=f"{self.id}/{name}", detail=" · ".join(filter(None, (error.detail, day))))

    def _stranger(self, detail: str) -> ProviderError:
        return AddressWrong(provider=self.name, address=self._client.address, detail=detail)


def _exactly(error: ChatError, model: str) -> ChatError:
    """Return the error that a refused request means: the vendor has one name for many, and tells them by its words."""
    words = error.detail.lower()
    if not isinstance(error, RequestRefused):
        return error
    kinds = ((NoCredit, _NO_CREDIT), (PromptTooLong, _TOO_LONG))
    kind = next((kind for kind, signs in kinds if any(sign in words for sign in signs)), None)
    return kind(detail=error.detail, **error.fields | {"model": model}) if kind else error


def _key_headers(key: str) -> dict[str, str]:
    return {"x-api-key": key}


def _key_headers_for_others(key: str) -> dict[str, str]:
    """Return the key in both of its places: some imitators look into the one, some into the other."""
    return _key_headers(key) | bearer(key)


def _is_vendor(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host == "anthropic.com" or host.endswith(".anthropic.com")


DIALECT = ProviderDialect("anthropic", Anthropic, base_url, vendors=(VENDOR,), takes=TAKES)

"""Refusals: what an error that a server answers with means, from its status, its words and its names for it."""

import json
import re
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

from parley.errors import (
    AccessBlocked,
    AddressWrong,
    AnswerWithheld,
    ChatError,
    KeyRefused,
    ModelRetired,
    ModelStopped,
    ModelTooLarge,
    ModelUnknown,
    NoCredit,
    Overloaded,
    PageInstead,
    PromptTooLong,
    ProviderFailed,
    ProxyLoginNeeded,
    RateLimited,
    RegionRefused,
    RequestRefused,
    RequestTooLarge,
)

Kinds = Mapping[str, type[ChatError]]
"""A vendor's names for errors, in lower case: its `code`, `type` or `status`, and what each of them means."""

KINDS: Kinds = {
    "insufficient_quota": NoCredit,
    "billing_hard_limit_reached": NoCredit,
    "billing_error": NoCredit,
    "insufficient_balance": NoCredit,
    "invalid_api_key": KeyRefused,
    "authentication_error": KeyRefused,
    "rate_limit_exceeded": RateLimited,
    "rate_limit_error": RateLimited,
    "overloaded_error": Overloaded,
    "server_overloaded": Overloaded,
    "context_length_exceeded": PromptTooLong,
    "model_not_found": ModelUnknown,
    "content_filter": AnswerWithheld,
    "content_policy_violation": AnswerWithheld,
    "request_too_large": RequestTooLarge,
    "unsupported_country_region_territory": RegionRefused,
}
"""Names that several vendors use, and mean alike."""

DEEPEST = 12
"""How far an error is looked into: no vendor's is deeper, and a hostile one must not exhaust the stack."""

_MODEL_UNKNOWN = re.compile(
    r"model_not_found|\bmodels?\b.*\b(not found|(does not|doesn.t|not) exist|not loaded)"
    r"|\b(no such|unknown|invalid|not a valid) model\b|no models? (is )?loaded",
    re.IGNORECASE | re.DOTALL,
)
_RETIRED = re.compile(
    r"deprecated|decommissioned|retired|discontinued|sunset|shut ?down|no longer (available|supported|in service)",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"context[ _-](length|size|window)|maximum context|exceed_context|too many (input |prompt )?tokens"
    r"|(prompt|input|request|conversation) (is )?too (long|large)|reduce the length|context the overflows",
    re.IGNORECASE,
)
_SERVER_OF_MODELS: tuple[tuple[re.Pattern[str], type[ChatError]], ...] = (
    (
        re.compile(
            r"requires more (system )?memory|out of memory|(insufficient|not enough) (system |free )?(memory|resources)"
            r"|cudamalloc failed|unable to allocate",
            re.IGNORECASE,
        ),
        ModelTooLarge,
    ),
    (re.compile(r"runner (process )?(has terminated|no longer running)|runner has unexpectedly", re.I), ModelStopped),
)
"""What servers say that run models themselves."""

_NO_CREDIT = re.compile(
    r"credit balance is too low|insufficient (balance|credit|fund)|(no|any|not enough|out of|more) credits?\b"
    r"|spending limit|enable billing",
    re.IGNORECASE,
)
_REGION = re.compile(
    r"location is not supported|not (available|supported) in your (country|region)|country, region,? or territory",
    re.IGNORECASE,
)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


_BY_STATUS: Mapping[int, type[ChatError]] = {
    401: KeyRefused,
    402: NoCredit,
    403: KeyRefused,
    404: AddressWrong,
    405: AddressWrong,
    406: AddressWrong,
    407: ProxyLoginNeeded,
    408: ProviderFailed,
    409: ProviderFailed,
    410: AddressWrong,
    413: RequestTooLarge,
    415: AddressWrong,
    421: AddressWrong,
    425: ProviderFailed,
    426: AddressWrong,
    429: RateLimited,
    451: RegionRefused,
    511: PageInstead,
    529: Overloaded,
}
"""What a status means where nothing else tells. 408, 409 and 425 pass: the same request may succeed a moment later."""


def kind_of(
    status: int, words: str, names: Iterable[str] = (), kinds: Kinds | None = None, *, page: bool = False
) -> type[ChatError]:
    """Return the error that a refusal means: by its names, first the vendor's own `kinds`, else by status and words.

    `page`: a web page came, which no provider says anything with.
    """
    known = {**KINDS, **(kinds or {})}
    for name in names:
        if found := known.get(name.lower()):
            return _or_retired(found, words)
    match status:
        case 400 | 401 | 403 | 429 if _NO_CREDIT.search(words):
            return NoCredit
        case 400 | 403 if _REGION.search(words):
            return RegionRefused
        case 403 if page:
            return AccessBlocked
        case 400 | 413 | 422 | 500 if _TOO_LONG.search(words):
            return PromptTooLong
        case 400 | 404 | 422 if _MODEL_UNKNOWN.search(words):
            return _or_retired(ModelUnknown, words)
    if found := _BY_STATUS.get(status):
        return found
    if status >= 500:
        return next((kind for pattern, kind in _SERVER_OF_MODELS if pattern.search(words)), ProviderFailed)
    return AddressWrong if status < 400 else RequestRefused


def _or_retired(kind: type[ChatError], words: str) -> type[ChatError]:
    """Return the more exact error for a model that was there once."""
    return ModelRetired if kind is ModelUnknown and _RETIRED.search(words) else kind


def retry_after_of(headers: Mapping[str, str]) -> float | None:
    """Return in how many seconds a server wants to be asked again: a number, or a date (RFC 9110, 10.2.3)."""
    if milliseconds := _seconds(headers.get("retry-after-ms", "")):
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    if (seconds := _seconds(value)) is not None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def retry_delay_in(value: Any) -> float | None:
    """Return the `retryDelay` in a JSON error of Google's, such as `"38.9s"` (google.rpc.RetryInfo)."""
    value = value[0] if isinstance(value, list) and value else value
    error = value.get("error") if isinstance(value, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and delay.endswith("s"):
            return _seconds(delay.removesuffix("s"))
    return None


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def vendor_names(body: bytes) -> list[str]:
    """Return the names that an error body gives to what went wrong: its `code`, `type` or `status`."""
    try:
        return error_names(json.loads(body.decode("utf-8", "replace")))
    except (ValueError, RecursionError):
        return []


def error_names(value: Any, depth: int = DEEPEST) -> list[str]:
    """Return the names in a JSON error, the most exact first."""
    if isinstance(value, list):
        return [name for member in value for name in error_names(member, depth - 1)] if depth > 0 else []
    if not isinstance(value, dict) or depth <= 0:
        return []
    below = [value.get(key) for key in ("error", "innererror", "errors", "details")]
    inner = [name for member in below for name in error_names(member, depth - 1)]
    names = (value.get(key) for key in ("error_code", "code", "reason", "type", "status"))
    return inner + [name for name in names if isinstance(name, str)]


def vendor_delay(body: bytes) -> float | None:
    """Return in how many seconds an error body wants to be asked again, or None."""
    try:
        return retry_delay_in(json.loads(body.decode("utf-8", "replace")))
    except (ValueError, RecursionError):
        return None


def vendor_words(body: bytes) -> str:
    """Return what an error body says, in whichever of the usual forms."""
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("<"):
        title = _TITLE.search(text)
        return title.group(1).strip() if title else ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return told(value) or text


def told(value: Any) -> str:
    """Return what a JSON error says, and the number by which the vendor finds the request, where it gives one."""
    request_id = value.get("request_id") if isinstance(value, dict) else None
    return " · ".join(filter(None, (error_words(value), request_id if isinstance(request_id, str) else "")))


def error_words(value: Any, depth: int = DEEPEST) -> str:
    """Return what a JSON error says: its message, with the code or type where the message does not hold it."""
    if depth <= 0:
        return ""
    if isinstance(value, list) and value:
        return error_words(value[0], depth - 1)
    if not isinstance(value, dict):
        return _unwrapped(value) if isinstance(value, str) else ""
    for name in ("error", "detail", "errors"):
        if words := error_words(value.get(name), depth - 1):
            return words
    message = next((str(value[name]) for name in ("message", "msg") if value.get(name)), "")
    code = next((value[name] for name in ("code", "type") if isinstance(value.get(name), str)), "")
    return f"{message} ({code})" if message and code and code not in message else message or code


def _unwrapped(words: str) -> str:
    """Return what an error says that is JSON inside of a text: so servers pass on what another one has said."""
    if words.startswith("{"):
        with suppress(ValueError, RecursionError):
            return error_words(json.loads(words)) or words
    return words

"""HTTP for providers: what is asked, what came of it.

Knows no vendor. Makes `ChatError` of exceptions and statuses, and server-sent events or lines of bytes.
"""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from functools import lru_cache
from inspect import isawaitable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from parley import http_session
from parley.bodies import encoded, is_short
from parley.errors import (
    AddressWrong,
    AnswerBroken,
    AuthoritiesUnreadable,
    ChatError,
    ConnectionLost,
    KeyMissing,
    KeyRefused,
    PageInstead,
    ProviderTimeout,
    ProviderUnreachable,
    ProxyFailed,
)
from parley.http_session import Session, Way
from parley.network import Network, ProxyImpossible, kind_of_failure, leads_away, login_apart
from parley.readers import EventReader, LineReader
from parley.refusals import Kinds, kind_of, retry_after_of, vendor_delay, vendor_names, vendor_words

if TYPE_CHECKING:
    from aiohttp import ClientResponse

KeySource = Callable[[], "str | Awaitable[str | None] | None"]
"""Gives the key of a provider, at once or after a look into the keychain."""

ASK_SECONDS = 5.0
MAX_LINE = 32 * 1024 * 1024
"""A picture of 20 MB in base64 is one line."""
MAX_BODY = 64 * 1024 * 1024
MAX_ERROR_BODY = 64 * 1024
MAX_DETAIL = 500


async def as_found() -> Network:
    """Return what counts where nobody has set anything."""
    return Network()


def bearer(key: str) -> dict[str, str]:
    """Return the header in which most vendors want the key."""
    return {"Authorization": f"Bearer {key}"}


class Client:
    """The connections to one provider's server. `key` and `network` are asked anew for every request.

    `provider` is the name that people read in errors. `headers` go with every request. `kinds` are the vendor's own
    names for errors. `redact` takes keys out of the vendor's words. `network` says which proxy and certificates a
    person has set.
    """

    def __init__(
        self,
        provider: str,
        base_url: str,
        *,
        key: KeySource = lambda: None,
        authorize: Callable[[str], Mapping[str, str]] = bearer,
        headers: Mapping[str, str] | None = None,
        kinds: Kinds | None = None,
        redact: Callable[[str], str] = str,
        network: Callable[[], Awaitable[Network]] = as_found,
    ) -> None:
        self.provider = provider
        self.base_url = base_url.rstrip("/")
        self._key = key
        self._authorize = authorize
        self._headers = dict(headers or {})
        self._kinds = kinds or {}
        self._redact = redact
        self._network = network
        self._opening = asyncio.Lock()
        self._session: Session | None = None
        self._former: list[Session] = []
        self._built_for = Network()
        self._proxy = ""
        self._closings = 0

    @property
    def address(self) -> str:
        """Return the server's address as it may be shown: without a password in it."""
        return without_password(self.base_url)

    async def close(self) -> None:
        """Close all connections."""
        self._closings += 1
        sessions = [*self._former, *([self._session] if self._session else [])]
        self._session, self._former = None, []
        for session in sessions:
            await session.close()

    async def ask(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        method: str = "",
        model: str = "",
        seconds: float = ASK_SECONDS,
    ) -> Any:
        """Return the JSON at a path below the base URL, or at a full URL. Raises ChatError.

        The method is GET, with a body POST, if none is named. Of an empty body None is returned.
        """
        try:
            async with asyncio.timeout(seconds), self._sent(path, body, model, method) as answer:
                content = await answer.whole()
        except TimeoutError as error:
            raise ProviderTimeout(provider=self.provider, seconds=seconds) from error
        if method and not content.strip():
            return None
        try:
            return self.parsed(content)
        except AnswerBroken as error:  # a server of another kind answers there
            raise AddressWrong(provider=self.provider, address=self.address, detail=error.detail) from error

    @asynccontextmanager
    async def stream(self, path: str, body: Mapping[str, Any], *, model: str = "") -> AsyncGenerator["Answer", None]:
        """Send JSON and give the answer while it comes; leaving the block closes the connection.

        Raises ChatError, also for what goes wrong while the block reads the answer.
        """
        async with self._sent(path, body, model) as answer:
            yield answer

    def broken(self, detail: str) -> AnswerBroken:
        """Return the error for an answer that cannot be read."""
        return AnswerBroken(provider=self.provider, detail=self._fit(detail))

    def refusal(
        self,
        status: int | str,
        words: str,
        *,
        names: Iterable[str] = (),
        model: str = "",
        key_sent: bool = True,
        retry_after: float | None = None,
        page: bool = False,
    ) -> ChatError:
        """Return the error for a status, the vendor's own words about it, and its names for it.

        `page`: they came as a web page.
        """
        words = words[: 4 * MAX_DETAIL]
        kind = kind_of(status if isinstance(status, int) else 500, words, names, self._kinds, page=page)
        if kind is KeyRefused and not key_sent:
            kind = KeyMissing
        if issubclass(kind, AddressWrong):
            words = f"{status}: {words}"
        facts = self._facts(words) | {"status": status, "model": model or self.provider}
        return kind(retry_after=retry_after, **facts)

    def parsed(self, text: bytes | str) -> Any:
        """Return the value of a JSON text. Raises AnswerBroken."""
        try:
            return json.loads(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
        except (ValueError, RecursionError) as error:
            raise self.broken(f"not JSON: {text[:200]!r}") from error

    @asynccontextmanager
    async def _sent(
        self, path: str, body: Mapping[str, Any] | None, model: str = "", method: str = ""
    ) -> AsyncGenerator["Answer", None]:
        session = await self._open()
        found = self._key()
        key = await found if isawaitable(found) else found
        headers = {**self._headers, **(self._authorize(key) if key else {})}
        content = None
        if body is not None:
            content = encoded(body) if is_short(body) else await asyncio.to_thread(encoded, body)
            headers["Content-Type"] = "application/json"
        place = path if "://" in path else self.base_url + path
        if not is_sendable(place):  # by itself the parser of URLs leaves some out: another address would be asked
            raise ProviderUnreachable(**self._facts("a control character is in the address"))
        url, login = login_apart(place)
        if login:  # whoever has written it into the address means it
            headers |= {"Authorization": f"Basic {base64.b64encode(login.encode('utf-8', 'replace')).decode()}"}
        method = method or ("GET" if body is None else "POST")
        if key and not is_sendable(key):
            raise self.refusal(401, "it has characters that no key has")
        with self.mapped():
            response = await session.send(method, url, content, headers)
        answer = Answer(self, response)
        try:
            if not 200 <= response.status < 300:
                raise await self._refused(answer, response, model, key_sent=key is not None)
            if answer.content_type == "text/html":
                raise self._page(vendor_words(await answer.beginning()))
            yield answer
        finally:
            answer.close()

    async def _refused(self, answer: "Answer", response: "ClientResponse", model: str, *, key_sent: bool) -> ChatError:
        """Return the error for an answer whose status is none of success."""
        status, target = response.status, response.headers.get("location", "")
        if 300 <= status < 400 and leads_away(str(response.url), target):
            return self._page(f"{status}: {target}")
        body = await answer.beginning()
        named = retry_after_of(response.headers)
        return self.refusal(
            status,
            vendor_words(body) or target or response.reason or "",
            names=vendor_names(body),
            model=model,
            key_sent=key_sent,
            retry_after=vendor_delay(body) if named is None else named,
            page=answer.content_type == "text/html",
        )

    def _page(self, words: str) -> ChatError:
        """Return the error for a web page in place of an answer: on this computer there is no network to log in to."""
        kind = AddressWrong if is_loopback(self.base_url) else PageInstead
        return kind(**self._facts(words))

    @contextmanager
    def mapped(self) -> Iterator[None]:
        """Turn aiohttp's exceptions into ours."""
        try:
            yield
        except http_session.Unsendable as error:
            raise ProviderUnreachable(**self._facts(str(error))) from None
        except http_session.unmade() as error:
            raise self._unreachable(error) from error
        except http_session.broken() as error:
            kind = AnswerBroken if http_session.is_unreadable(error) else ConnectionLost
            raise kind(provider=self.provider, detail=self._fit(http_session.words_of(error))) from error

    async def _open(self) -> Session:
        network = await self._network()
        if self._session is None or network != self._built_for:
            async with self._opening:
                if self._session and network != self._built_for:
                    self._former.append(self._session)  # what is still being answered goes on
                    self._session = None
                if self._session is None:
                    closings = self._closings
                    way = await asyncio.to_thread(self._way, network)
                    if self._closings != closings:  # nobody would close what is made now
                        raise ConnectionLost(provider=self.provider, detail="closed meanwhile")
                    self._session = Session(way)
                    self._built_for = network
        return self._session

    def _way(self, network: Network) -> Way:
        try:
            way = http_session.way_to(self.base_url, network, near=is_loopback(self.base_url))
        except ProxyImpossible as error:
            raise ProxyFailed(**self._facts(str(error))) from None  # what led to it may hold a password
        except OSError as error:
            raise AuthoritiesUnreadable(**self._facts(str(error))) from error
        except ValueError as error:
            raise self._unreachable(error) from error
        self._proxy = without_password(way.proxy)
        return way

    def _unreachable(self, error: Exception) -> ProviderUnreachable:
        kind, words = kind_of_failure(error, proxied=bool(self._proxy))
        return kind(**self._facts(words))

    def _facts(self, words: str) -> dict[str, Any]:
        """Return what the sentences of errors tell of us, and somebody's words."""
        return {"provider": self.provider, "address": self.address, "proxy": self._proxy, "detail": self._fit(words)}

    def _fit(self, words: str) -> str:
        """Return somebody else's words fit to be kept and shown: without keys, on one line, of bounded length."""
        line = " ".join(self._redact(words[: 4 * MAX_DETAIL]).split())
        return line if len(line) <= MAX_DETAIL else line[: MAX_DETAIL - 1] + "…"


class Answer:
    """An answer that is still coming."""

    def __init__(self, client: Client, response: "ClientResponse") -> None:
        self._client = client
        self._response = response
        self.stray = ""
        """What stood between the events of a stream that has ended, and was none."""

    @property
    def content_type(self) -> str:
        """Return the media type, without its parameters."""
        return str(self._response.headers.get("content-type", "")).partition(";")[0].strip().lower()

    async def batches(self) -> AsyncGenerator[list[str], None]:
        """Yield the data of the server-sent events that come together, which costs less than one by one."""
        reader = EventReader()
        with self._client.mapped():
            while chunk := await self._more():
                if found := reader.feed(chunk):
                    yield found
                self._check(reader.pending, MAX_LINE)
        if found := reader.end():
            yield found
        self.stray = reader.stray

    async def events(self) -> AsyncGenerator[str, None]:
        """Yield the data of each server-sent event."""
        async with aclosing(self.batches()) as batches:
            async for batch in batches:
                for data in batch:
                    yield data

    async def lines(self) -> AsyncGenerator[str, None]:
        """Yield each line that is not blank."""
        reader = LineReader()
        with self._client.mapped():
            while chunk := await self._more():
                for line in reader.feed(chunk):
                    if line.strip():
                        yield line.decode("utf-8", "replace")
                self._check(reader.pending, MAX_LINE)
        for line in reader.end():
            yield line.decode("utf-8", "replace")

    async def json(self) -> Any:
        """Return the whole body, which is JSON. Raises AnswerBroken."""
        return self._client.parsed(await self.whole())

    async def whole(self) -> bytes:
        """Return the whole body. Raises AnswerBroken when it is larger than any honest one."""
        body = bytearray()
        await self._fill(body, MAX_BODY + 1)
        self._check(len(body), MAX_BODY)
        return bytes(body)

    async def beginning(self) -> bytes:
        """Return the beginning of a body, of which no more may have come before the connection broke."""
        body = bytearray()
        with suppress(AnswerBroken):
            await self._fill(body, MAX_ERROR_BODY)
        return bytes(body[:MAX_ERROR_BODY])

    async def _fill(self, body: bytearray, limit: int) -> None:
        with self._client.mapped():
            while len(body) < limit and (chunk := await self._more()):
                body += chunk

    def close(self) -> None:
        """Close the connection unless everything has been read."""
        self._response.close()

    async def _more(self) -> bytes:
        """Return what has come, or nothing at the end. What came before a connection broke is returned first."""
        content = self._response.content
        try:
            return await content.readany()
        except Exception:
            if left := content._read_nowait(-1):  # noqa: SLF001 - the public ones raise before they give what they have
                return left
            raise

    def _check(self, size: int, limit: int) -> None:
        if size > limit:
            raise self._client.broken(f"more than {limit} bytes in one piece")


def without_password(url: str) -> str:
    """Return a URL without the user and password that may stand in it."""
    return login_apart(url)[0]


def is_sendable(text: str) -> bool:
    """Return whether a text has none of the characters that no header and no address can have."""
    return not any(character < " " or character == "\x7f" for character in text)


@lru_cache
def is_loopback(url: str) -> bool:
    """Return whether a URL means this very computer."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False

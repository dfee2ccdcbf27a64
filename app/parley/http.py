"""HTTP for providers: the only module that imports httpx, and only at first use, for it is slow to import.

Knows no vendor. Makes `ChatError` of exceptions and statuses, and server-sent events or lines of bytes.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import lru_cache
from inspect import isawaitable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

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
    ProviderError,
    ProviderTimeout,
    ProviderUnreachable,
    ProxyFailed,
)
from parley.network import Network, ProxyImpossible, kind_of_failure, leads_away, proxy_for, trusted, trusting_nobody
from parley.readers import EventReader, LineReader
from parley.refusals import Kinds, kind_of, retry_after_of, vendor_delay, vendor_names, vendor_words

if TYPE_CHECKING:
    import httpx

KeySource = Callable[[], "str | Awaitable[str | None] | None"]
"""Gives the key of a provider, at once or after a look into the keychain."""

CONNECT_SECONDS = ASK_SECONDS = 5.0
IDLE_SECONDS = 3.0
"""How long an unused connection is kept: shorter than servers keep theirs, so that we never write into a closed one."""

KEPT = 32
"""How many unused connections to a server are kept: as many as programs ask at once through ours."""

COMMAND_LINE = "httpx._main"
"""A part of httpx that is declared missing: it would load click and rich, which are larger than all the rest."""
OTHER_LOOPS = "sniffio"
"""What tells asyncio from other loops. It is declared missing where it is: httpcore looks for it for each request, on
the disk, four times."""
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
        self._client: httpx.AsyncClient | None = None
        self._former: list[httpx.AsyncClient] = []
        self._built_for = Network()
        self._proxy = ""

    @property
    def address(self) -> str:
        """Return the server's address as it may be shown: without a password in it."""
        return without_password(self.base_url)

    async def close(self) -> None:
        """Close all connections."""
        clients = [*self._former, *([self._client] if self._client else [])]
        self._client, self._former = None, []
        for client in clients:
            await client.aclose()

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
        return kind(retry_after=retry_after, **facts) if issubclass(kind, ProviderError) else kind(**facts)

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
        client = await self._open()
        found = self._key()
        key = await found if isawaitable(found) else found
        headers = {"Accept-Encoding": "identity", **self._headers, **(self._authorize(key) if key else {})}
        content = None
        if body is not None:
            content = encoded(body) if is_short(body) else await asyncio.to_thread(encoded, body)
            headers["Content-Type"] = "application/json"
        url = path if "://" in path else self.base_url + path
        with self.mapped():
            method = method or ("GET" if body is None else "POST")
            request = client.build_request(method, url, content=content, headers=headers)
            response = await client.send(request, stream=True)
            answer = Answer(self, response)
            try:
                if not response.is_success:
                    raise await self._refused(answer, response, model, key_sent=key is not None)
                if answer.content_type == "text/html":
                    raise self._page(vendor_words(await answer.up_to(MAX_ERROR_BODY)))
                yield answer
            finally:
                await answer.close()

    async def _refused(self, answer: "Answer", response: "httpx.Response", model: str, *, key_sent: bool) -> ChatError:
        """Return the error for an answer whose status is none of success."""
        status, target = response.status_code, response.headers.get("location", "")
        if response.is_redirect and leads_away(str(response.url), target):
            return self._page(f"{status}: {target}")
        body = await answer.up_to(MAX_ERROR_BODY)
        named = retry_after_of(response.headers)
        return self.refusal(
            status,
            vendor_words(body) or target or response.reason_phrase,
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
        """Turn httpx's exceptions into ours."""
        import httpx

        try:
            yield
        except (httpx.InvalidURL, httpx.HTTPError) as error:
            lost = httpx.UnsupportedProtocol, httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError
            if isinstance(error, (httpx.InvalidURL, *lost)):
                raise self._unreachable(error) from error
            detail = self._fit(str(error) or type(error).__name__)
            kind = ConnectionLost if isinstance(error, httpx.TransportError) else AnswerBroken
            raise kind(provider=self.provider, detail=detail) from error

    async def _open(self) -> "httpx.AsyncClient":
        network = await self._network()
        if self._client is None or network != self._built_for:
            async with self._opening:
                if self._client and network != self._built_for:
                    self._former.append(self._client)  # what is still being answered goes on
                    self._client = None
                if self._client is None:
                    self._client = await asyncio.to_thread(self._build, network)
                    self._built_for = network
        return self._client

    def _build(self, network: Network) -> "httpx.AsyncClient":
        """Import httpx and read the certificates: too slow for the event loop, so this runs in a thread."""
        from importlib.util import find_spec

        sys.modules.setdefault(COMMAND_LINE, None)  # type: ignore[arg-type]
        if find_spec(OTHER_LOOPS) is None:
            sys.modules[OTHER_LOOPS] = None  # type: ignore[assignment]
        import httpx

        limits = httpx.Limits(max_connections=None, max_keepalive_connections=KEPT, keepalive_expiry=IDLE_SECONDS)
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
        try:
            _ = urlsplit(self.base_url).port  # an impossible one is an ExceptionGroup later
            # The proxies of the environment cannot reach this computer.
            proxy = "" if is_loopback(self.base_url) else proxy_for(self.base_url, network)
        except ProxyImpossible as error:
            raise ProxyFailed(**self._facts(str(error))) from None  # what led to it may hold a password
        except (httpx.InvalidURL, ValueError) as error:
            raise self._unreachable(error) from error
        self._proxy = without_password(proxy)
        try:
            near = is_loopback(self.base_url) and self.base_url.startswith("http:")
            context = trusting_nobody() if near else trusted(network)
        except OSError as error:
            raise AuthoritiesUnreadable(**self._facts(str(error))) from error
        way = httpx.Proxy(proxy, ssl_context=context if proxy.startswith("https:") else None) if proxy else None
        transport = httpx.AsyncHTTPTransport(verify=context, limits=limits, proxy=way, trust_env=False)
        return httpx.AsyncClient(
            transport=transport, timeout=timeout, trust_env=False, headers={"User-Agent": "Parley"}
        )

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

    def __init__(self, client: Client, response: "httpx.Response") -> None:
        self._client = client
        self._response = response
        # Kept here so that it outlives the response. Dropped earlier, httpx's generators would close the connection
        # from the garbage collector, where nothing can be awaited, and under qasync it would stay open for good.
        self._chunks = response.aiter_bytes()
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
            async for chunk in self._chunks:
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
            async for chunk in self._chunks:
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
        body = await self.up_to(MAX_BODY + 1)
        self._check(len(body), MAX_BODY)
        return body

    async def up_to(self, limit: int) -> bytes:
        """Return the body's first bytes."""
        body = bytearray()
        async for chunk in self._chunks:
            body += chunk
            if len(body) >= limit:
                break
        return bytes(body[:limit])

    async def close(self) -> None:
        """Close the connection unless everything has been read."""
        await self._response.aclose()

    def _check(self, size: int, limit: int) -> None:
        if size > limit:
            raise self._client.broken(f"more than {limit} bytes in one piece")


def without_password(url: str) -> str:
    """Return a URL without the user and password that may stand in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


@lru_cache
def is_loopback(url: str) -> bool:
    """Return whether a URL means this very computer."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False

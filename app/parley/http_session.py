"""Sessions of aiohttp: through which proxy, with which certificates, how long connections are kept, and what fails.

Imports aiohttp at first use, for it is slow to import.
"""

import base64
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from weakref import WeakSet

from parley.bodies import SHORT
from parley.network import Network, proxy_for, trusted

if TYPE_CHECKING:
    import ssl

    from aiohttp import ClientResponse, ClientSession, TCPConnector

    from parley.http_connections import Attempt

CONNECT_SECONDS = 5.0
PROXY_SECONDS = 15.0
"""How long it may take through a proxy, which has to connect, too, and may look at who asks for what first."""

IDLE_SECONDS = 3.0
"""How long an unused connection is kept: shorter than servers keep theirs, so that we never write into a closed one."""

READ_BYTES = 16 * 1024
"""So much of an answer is read ahead, twice over: what is taken at once keeps others waiting, a window too."""

MAX_HEADER = 64 * 1024
SOCKS = "aiohttp_socks"
SOCKS_PORT = 1080


@dataclass(frozen=True)
class Way:
    """How a server is reached: through which proxy, with its login, and whose certificates are trusted."""

    proxy: str
    certificates: "ssl.SSLContext | None"


def way_to(url: str, network: Network, *, near: bool) -> Way:
    """Find the way, and import what goes it: too slow for the event loop, this belongs in a thread.

    `near`: it is on this computer, which no proxy of the environment can reach. Raises ValueError for an address that
    is none, ProxyImpossible, which is one, and OSError for certificates that cannot be read.
    """
    import parley.http_connections  # noqa: F401 - and with it aiohttp

    scheme = urlsplit(url).scheme
    proxy = "" if near else proxy_for(url, network)
    if proxy.startswith("socks"):
        import aiohttp_socks  # noqa: F401
    return Way(proxy, trusted(network) if "https" in (scheme, urlsplit(proxy).scheme) else None)


class Unsendable(Exception):
    """What was to be sent is no request. The text holds no login, and no key."""


class ProxyBroken(Exception):
    """The proxy went away, or said what no proxy says, before it had led to the server."""


class Session:
    """The connections to a server, by one way. Made in the event loop."""

    def __init__(self, way: Way) -> None:
        import aiohttp

        self._proxied = {} if way.proxy.startswith("socks") else _proxied(way.proxy)
        self._leads_through = bool(way.proxy)
        self._answers: WeakSet[ClientResponse] = WeakSet()
        limit = PROXY_SECONDS if way.proxy else CONNECT_SECONDS
        self._session: ClientSession = aiohttp.ClientSession(
            connector=_connector(way),
            timeout=aiohttp.ClientTimeout(total=None, connect=limit, sock_connect=CONNECT_SECONDS),
            headers={"User-Agent": "Parley", "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=READ_BYTES,
            max_line_size=MAX_HEADER,
            max_field_size=MAX_HEADER,
        )

    async def send(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> "ClientResponse":
        """Send a request; return when the head of the answer has come. Redirects are not followed.

        A kept connection may have ended just when it was used again. If nothing at all has come on it, the request is
        sent once more, on a new one, as browsers do. Raises Unsendable, and what `unmade` and `broken` name.
        """
        import aiohttp

        from parley.http_connections import Attempt

        attempt = Attempt()
        try:
            return await self._send(attempt, method, url, body, headers)
        except aiohttp.ClientConnectionError:
            if self._session.closed or not attempt.unheard:
                raise
        return await self._send(Attempt(new=True), method, url, body, headers)

    async def _send(
        self, attempt: "Attempt", method: str, url: str, body: bytes | None, headers: dict[str, str]
    ) -> "ClientResponse":
        import aiohttp

        from parley.http_connections import ATTEMPT, Pieces

        if self._session.closed:
            raise aiohttp.ClientConnectionError("closed meanwhile")
        data: bytes | Pieces | None = body
        if body and len(body) > SHORT:
            data, headers = Pieces(body, attempt), {**headers, "Content-Length": str(len(body))}
        ATTEMPT.set(attempt)
        try:
            answer = await self._session.request(
                method, url, data=data, headers=headers, allow_redirects=False, **self._proxied
            )
        except aiohttp.InvalidURL as error:  # its text holds all of the address
            raise Unsendable(error.description or error.__cause__ or "the address is none") from None
        except (aiohttp.ClientError, EOFError) as error:
            if self._session.closed:
                raise aiohttp.ClientConnectionError("closed meanwhile") from error
            if self._leads_through and attempt.handler is None and not isinstance(error, unmade()):
                raise ProxyBroken(words_of(error)) from error
            raise
        except ValueError as error:  # of a header, or of a name that can be none
            raise Unsendable(str(error)) from None
        self._answers.add(answer)
        return answer

    async def close(self) -> None:
        """Close all connections. Who still reads an answer hears that it broke off."""
        for answer in [answer for answer in self._answers if not answer.closed]:
            answer.close()  # by itself the session would let them wait for ever, or believe that they have all
        await self._session.close()


def unmade() -> tuple[type[Exception], ...]:
    """Return the exceptions that say that no connection came about."""
    import aiohttp

    socks = sys.modules.get(SOCKS)
    return (
        ProxyBroken,
        aiohttp.NonHttpUrlClientError,
        aiohttp.ClientConnectorError,
        aiohttp.ClientHttpProxyError,
        aiohttp.ConnectionTimeoutError,
        *((socks.ProxyError, socks.ProxyConnectionError, socks.ProxyTimeoutError) if socks else ()),
    )


def broken() -> type[Exception]:
    """Return the exception that says that something else went wrong between us and a server."""
    import aiohttp

    return aiohttp.ClientError


def is_unreadable(error: Exception) -> bool:
    """Return whether an answer came that is none, instead of a connection being lost."""
    import aiohttp

    garbled = aiohttp.http_exceptions.HttpProcessingError
    lost = aiohttp.http_exceptions.TransferEncodingError, aiohttp.http_exceptions.ContentLengthError
    cause = error.__cause__
    return isinstance(error, aiohttp.ClientResponseError) or (
        isinstance(cause, garbled) and not isinstance(cause, lost)
    )


def words_of(error: Exception) -> str:
    """Return what to say of something that `broken` names: without addresses, numbers of errors and statuses."""
    import aiohttp

    if isinstance(error, aiohttp.ClientResponseError):
        return error.message
    if isinstance(error, (aiohttp.ServerDisconnectedError, EOFError)):  # with what had come, in words of Python's
        return "the connection was closed"
    if isinstance(error, OSError):
        return error.strerror if error.errno and error.strerror else "the connection was closed"
    return str(error) or type(error).__name__


def _connector(way: Way) -> "TCPConnector":
    from parley.http_connections import Fresh, Names, through_socks

    options: dict[str, Any] = {"ssl": way.certificates or True, "limit": 0, "keepalive_timeout": IDLE_SECONDS}
    if not way.proxy.startswith("socks"):
        return Fresh(**options, resolver=Names(), use_dns_cache=False)
    parts = urlsplit(way.proxy)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return through_socks(parts.hostname or "", parts.port or SOCKS_PORT, user, password, options)


def _proxied(proxy: str) -> dict[str, Any]:
    """Return what tells aiohttp of an HTTP proxy."""
    parts = urlsplit(proxy)
    if not proxy or not (parts.username or parts.password):
        return {"proxy": proxy or None}
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    # aiohttp makes a Proxy-Authorization of it where the proxy looks for one.
    return {"proxy": plain, "proxy_headers": {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}}

"""Sessions of aiohttp: through which proxy, with which certificates, how long connections are kept, and what fails.

Imports aiohttp at first use, for it is slow to import.
"""

import base64
import sys
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from parley.bodies import SHORT
from parley.network import Network, proxy_for, trusted

if TYPE_CHECKING:
    import ssl

    from aiohttp import ClientResponse, ClientSession, TCPConnector

CONNECT_SECONDS = 5.0
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
    import aiohttp  # noqa: F401

    scheme = urlsplit(url).scheme
    proxy = "" if near else proxy_for(url, network)
    if proxy.startswith("socks"):
        import aiohttp_socks  # noqa: F401
    return Way(proxy, trusted(network) if "https" in (scheme, urlsplit(proxy).scheme) else None)


class Session:
    """The connections to a server, by one way. Made in the event loop."""

    def __init__(self, way: Way) -> None:
        import aiohttp

        self._proxied = {} if way.proxy.startswith("socks") else _proxied(way.proxy)
        self._session: ClientSession = aiohttp.ClientSession(
            connector=_connector(way),
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS),
            headers={"User-Agent": "Parley", "Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=READ_BYTES,
            max_line_size=MAX_HEADER,
            max_field_size=MAX_HEADER,
        )

    async def send(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> "ClientResponse":
        """Send a request; return when the head of the answer has come. Redirects are not followed.

        Raises what `unmade` and `broken` name.
        """
        # What is long is sent piece by piece, so that others have their turn.
        data = BytesIO(body) if body and len(body) > SHORT else body
        return await self._session.request(
            method, url, data=data, headers=headers, allow_redirects=False, **self._proxied
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()


def unmade() -> tuple[type[Exception], ...]:
    """Return the exceptions that say that no connection came about."""
    import aiohttp

    socks = sys.modules.get(SOCKS)
    return (
        aiohttp.InvalidURL,
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


def _connector(way: Way) -> "TCPConnector":
    import aiohttp

    options: dict[str, Any] = {"ssl": way.certificates or True, "limit": 0, "keepalive_timeout": IDLE_SECONDS}
    if not way.proxy.startswith("socks"):
        return aiohttp.TCPConnector(**options)
    from aiohttp_socks import ProxyConnector

    parts = urlsplit(way.proxy)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    host, port = parts.hostname or "", parts.port or SOCKS_PORT
    return ProxyConnector(host, port, username=user or None, password=password or None, rdns=True, **options)


def _proxied(proxy: str) -> dict[str, Any]:
    """Return what tells aiohttp of an HTTP proxy."""
    parts = urlsplit(proxy)
    if not proxy or not (parts.username or parts.password):
        return {"proxy": proxy or None}
    login = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    plain = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    # aiohttp makes a Proxy-Authorization of it where the proxy looks for one.
    return {"proxy": plain, "proxy_headers": {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}}

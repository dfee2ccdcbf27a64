"""Endpoints: where a provider's server is, as plain values, and what makes a provider of them.

A new OpenAI-compatible vendor is one more `Endpoint`; a new wire format is one more `ProviderDialect`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

from parley.http import Client, KeySource, as_found, bearer, is_loopback
from parley.models import Parameters
from parley.network import Network
from parley.providers.base import Provider
from parley.refusals import Kinds


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server. `key_env` and `url_env` name variables of the environment, the first one set counts.

    `owned_by` tells apart servers that share a port by what their list of models says; None takes any.
    `preferred` are the models to start with, best first, where the server's list has no sense of order.
    `key_path` is where the service tells about the key itself, if its list of models is open to everybody.
    """

    id: str
    name: str
    base_url: str
    dialect: str = "openai"
    key_env: tuple[str, ...] = ()
    url_env: tuple[str, ...] = ()
    owned_by: str | None = None
    preferred: tuple[str, ...] = ()
    key_path: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """How a provider gets its key, anew for every request, and takes keys out of other people's words.

    `keep_alive`: for how long a server of models is to keep one in memory after an answer; empty leaves it to it.

    `network` says which proxy and certificates a person has set. All three are handed to `http.Client` as they are.
    """

    key: KeySource = lambda: None
    redact: Callable[[str], str] = str
    keep_alive: Callable[[], str] = str
    network: Callable[[], Awaitable[Network]] = as_found


class RemoteProvider(Provider, Protocol):
    """A provider with a server behind it."""

    async def close(self) -> None:
        """Close the connections."""
        ...


class OneServer:
    """What all providers with one server behind them have in common: who it is, and the connections to it."""

    def __init__(
        self,
        endpoint: Endpoint,
        access: Access,
        *,
        authorize: Callable[[str], Mapping[str, str]] = bearer,
        headers: Mapping[str, str] | None = None,
        kinds: Kinds | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._client = Client(
            endpoint.name,
            endpoint.base_url,
            key=access.key,
            authorize=authorize,
            headers=headers,
            kinds=kinds,
            redact=access.redact,
            network=access.network,
        )

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


@dataclass(frozen=True, slots=True)
class ProviderDialect:
    """A wire format: its name, what makes a provider of an endpoint, and how its base URL is put right.

    `takes` are the parameters that it has.
    """

    name: str
    make: Callable[[Endpoint, Access], RemoteProvider]
    base_url: Callable[[str], str]
    vendors: tuple[Endpoint, ...] = ()
    local: tuple[Endpoint, ...] = ()
    takes: frozenset[str] = frozenset(found.name for found in fields(Parameters))


def with_scheme(url: str) -> str:
    """Return a URL as typed, with http:// or https:// ahead of it."""
    url = url.strip().strip("\"'").strip()
    if not url or "://" in url:
        return url
    try:
        parts = urlsplit(f"//{url}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return f"http://{url}"
    return f"{'http' if port or _is_near(host) else 'https'}://{url}"


def _is_near(host: str) -> bool:
    """Return whether a host is this computer or an address, where certificates are rare."""
    if host == "localhost" or host.endswith(".local") or "." not in host:
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def without_endings(url: str, endings: Sequence[str]) -> str:
    """Return a URL without a trailing slash and without the first of the endings that it has."""
    url = url.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0].rstrip("/")
    for ending in endings:
        if url.endswith(ending):
            return url.removesuffix(ending).rstrip("/")
    return url


def object_of(value: Any) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one where something else stands."""
    return value if isinstance(value, dict) else {}


def number(*values: Any) -> int | None:
    """Return the first positive whole number among JSON values."""
    return next((value for value in values if type(value) is int and value > 0), None)

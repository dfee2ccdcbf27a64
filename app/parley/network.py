"""Network: the way to a server: through which proxy it leads, whose certificates are trusted, and why it failed.

Imports nothing heavy: what needs time (`urllib.request`, `ssl`) is loaded in the thread that builds a connection.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from parley.errors import (
    CertificateBad,
    CertificateExpired,
    CertificateForeign,
    CertificateUnknown,
    ConnectTimeout,
    NoNetwork,
    ProviderUnreachable,
    ProxyFailed,
    ProxyLoginNeeded,
)

if TYPE_CHECKING:
    import ssl

DIRECT = "none"
"""What is set instead of a proxy by whoever wants none, whatever the environment says."""

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables of the environment that name the certificates to trust, in place of the usual ones."""

_EXPIRED = (9, 10)
_UNKNOWN = (18, 19, 20, 21)
_FOREIGN = (62, 64)
"""OpenSSL's numbers (X509_V_ERR_…): not valid yet or no more; of nobody that is known; for another name."""


@dataclass(frozen=True, slots=True)
class Network:
    """What a person has set. Empty: as the environment and the system say.

    `login` is the proxy's `user:password`, percent-encoded.
    """

    proxy: str = ""
    ca_file: str = ""
    login: str = field(default="", repr=False)


class ProxyImpossible(ValueError):
    """The address of a proxy is none. The text does not hold it: a password may stand in it."""


def proxy_for(url: str, network: Network, environ: Mapping[str, str] = os.environ) -> str:
    """Return the proxy that leads to a URL, with user and password if it has them, or an empty text.

    Raises ProxyImpossible.
    """
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    excepted = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if network.proxy == DIRECT or _is_excepted(host, port, excepted):
        return ""
    if network.proxy:
        chosen = with_login(network.proxy, network.login)
    else:
        known = getproxies()
        chosen = known.get(parts.scheme) or known.get("all") or ""
        if not chosen or (not excepted and proxy_bypass(host)):  # the exceptions that macOS and Windows keep
            return ""
    return _checked(chosen)


def is_proxy(text: str) -> bool:
    """Return whether a text can be set as a proxy: empty, `none`, or an address without a password."""
    if text in ("", DIRECT):
        return True
    try:
        return "@" not in text and bool(_checked(text))
    except ProxyImpossible:
        return False


def are_origins(text: str) -> bool:
    """Return whether a text lists origins of web pages, as browsers write them: a scheme, a host, perhaps a port."""
    return all(map(_is_origin, text.replace(",", " ").split()))


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return good and text == f"{parts.scheme}://{parts.netloc}" and "@" not in text and text == text.lower()


def _checked(proxy: str) -> str:
    url = proxy.strip() if "://" in proxy else f"http://{proxy.strip()}"
    scheme, _, rest = url.partition("://")
    scheme = {"socks": "socks5", "socks5a": "socks5h"}.get(scheme.lower(), scheme.lower())
    try:
        parts = urlsplit(f"{scheme}://{rest}")
        good = scheme in PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0 and " " not in rest
    except ValueError as error:
        raise ProxyImpossible("the proxy’s address is none") from error
    if not good:
        raise ProxyImpossible(f"a proxy’s address begins with {', '.join(PROXY_SCHEMES)}, and names a host")
    return parts.geturl()


def without_login(proxy: str) -> tuple[str, str]:
    """Return a proxy's address as it may be shown, and its `user:password`, percent-encoded, or an empty text."""
    scheme, mark, rest = proxy.strip().rpartition("://")
    login, at, place = rest.rpartition("@")
    user, colon, password = (quote(unquote(part), safe="") for part in login.partition(":"))
    return f"{scheme}{mark}{place}", f"{user}{':' if colon else ''}{password}" if at else ""


def with_login(proxy: str, login: str) -> str:
    """Return a proxy's address with its `user:password` in it."""
    scheme, _, rest = proxy.rpartition("://")
    return f"{scheme or 'http'}://{login}@{rest}" if login else proxy


def _is_excepted(host: str, port: int | None, exceptions: str) -> bool:
    """Return whether a host is to be reached directly, by the entries of NO_PROXY: names, addresses and networks."""
    host = host.lower().rstrip(".")
    for entry in exceptions.lower().replace(",", " ").split():
        name, colon, digits = entry.partition(":")
        if colon and digits.isdecimal():
            fits = port == int(digits)
        else:
            fits, name = True, entry.strip("[]")
        name = name.removeprefix("*").lstrip(".")
        if fits and (entry == "*" or (name and (host == name or host.endswith(f".{name}"))) or _is_within(host, name)):
            return True
    return False


def _is_within(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False


def trusted(network: Network, environ: Mapping[str, str] = os.environ) -> "ssl.SSLContext":
    """Return the certificates to trust: those that the environment names, else the system's and Mozilla's.

    The file that a person has set is trusted beside them. Raises OSError, which `ssl.SSLError` is too.
    """
    import ssl

    import certifi

    bundle = next((value for name in BUNDLES if (value := environ.get(name, "").strip())), "")
    folder = environ.get("SSL_CERT_DIR", "").strip()
    if bundle and Path(bundle).is_dir():
        bundle, folder = "", bundle
    if bundle or folder:
        context = ssl.create_default_context(cafile=bundle or None, capath=folder or None)
    else:
        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
    if network.ca_file:
        context.load_verify_locations(network.ca_file)
    # Authorities of companies rarely have all that the newest rules ask for, which Python 3.13 demands by itself.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def login_apart(url: str) -> tuple[str, str]:
    """Return a URL without the user and password that may stand in it, and these as `user:password`, or nothing."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return re.sub(r"(?<=://)[^/]*@", "", url), ""
    login, at, place = parts.netloc.rpartition("@")
    if not at:
        return url, ""
    user, _, password = login.partition(":")
    return parts._replace(netloc=place).geturl(), f"{unquote(user)}:{unquote(password)}" if login else ""


def leads_away(url: str, target: str) -> bool:
    """Return whether a redirect leads from an unencrypted address to another host, as networks with a login do."""
    try:
        here, there = urlsplit(url), urlsplit(target)
        return here.scheme == "http" and bool(there.hostname) and there.hostname != here.hostname
    except ValueError:
        return False


def kind_of_failure(error: Exception, *, proxied: bool) -> tuple[type[ProviderUnreachable], str]:
    """Return which error a connection is that was not made, and the words of the system or the proxy for it.

    What aiohttp and its companion for SOCKS raise is known by its name, for nobody else imports them.
    """
    import socket
    import ssl

    raised, words = type(error).__name__, str(error)
    if raised == "ClientHttpProxyError":
        status, said = getattr(error, "status", 0), getattr(error, "message", "")
        return ProxyLoginNeeded if status == 407 else ProxyFailed, f"{status} {said}"
    if raised == "ProxyError":
        return ProxyLoginNeeded if "auth" in words else ProxyFailed, words
    causes = [cause for cause in _causes(error) if not hasattr(cause, "os_error")]  # aiohttp's only repeat one
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate_kind(cause.verify_code), cause.verify_message
        if isinstance(cause, ssl.SSLError):
            said = (cause.reason or str(cause)).lower().replace("_", " ")
            return ProviderUnreachable, f"no encrypted connection: {said}"
    if (reason := getattr(error, "os_error", None)) is not None:
        words = str(reason) or "the connection was closed"
    told = [cause for cause in causes if isinstance(cause, OSError) and cause.errno]
    words = (_system_words(told[-1]) if told else words) or raised
    if raised in ("ConnectionTimeoutError", "ProxyTimeoutError"):
        return ProxyFailed if proxied else ConnectTimeout, "no connection in time"
    if proxied:
        return ProxyFailed, words
    looked_up = any(isinstance(cause, socket.gaierror) for cause in causes)
    return NoNetwork if looked_up else ProviderUnreachable, words


def _system_words(error: OSError) -> str:
    """Return what the system says; asyncio puts words of its own in the place of most."""
    from socket import gaierror

    number = error.errno or 0
    return error.strerror or "" if isinstance(error, gaierror) or number < 0 else os.strerror(number)


def _certificate_kind(code: int) -> type[CertificateBad]:
    kinds = ((_EXPIRED, CertificateExpired), (_UNKNOWN, CertificateUnknown), (_FOREIGN, CertificateForeign))
    return next((kind for codes, kind in kinds if code in codes), CertificateBad)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that led to it, those of groups too."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        found = waiting.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions
        waiting += [one for one in (found.__cause__, found.__context__) if one is not None]

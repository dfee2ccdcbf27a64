"""Addresses: by which names and numbers this computer is reached, and the sockets on which it listens."""

import errno
import os
import socket
import time
from collections.abc import Sequence
from ipaddress import ip_address
from typing import TYPE_CHECKING

from parley.errors import AddressTaken, SettingInvalid

if TYPE_CHECKING:
    from parley.server.backend import Plan

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
OLD_SECONDS = 5.0
"""How long the list of addresses is good: a computer changes networks."""

PORTS_TRIED = 100
HIGHEST_PORT = 65_535
BACKLOG = 512
_ANYWHERE = {"0.0.0.0", "::", ""}
"""No one address: all of them, as the plan has it."""

_ELSEWHERE = ("192.0.2.1", 9)
"""An address that is nobody's: the way to it tells the network that is used."""


class Names:
    """The hosts that requests may be meant for: of this computer, and those that the settings add."""

    def __init__(self) -> None:
        self._own: frozenset[str] = frozenset()
        self._looked_at = float("-inf")

    def __call__(self, added: str = "") -> frozenset[str]:
        """Return all of them, in small letters. `added` is a list with commas or spaces between."""
        now = time.monotonic()
        if now - self._looked_at > OLD_SECONDS:
            self._looked_at = now
            self._own = LOOPBACK | {host_name(), f"{host_name()}.local"} | set(lan_addresses())
        further = self.added(added)
        return self._own | further if further else self._own

    @staticmethod
    def added(added: str) -> frozenset[str]:
        """Return the names of such a list alone."""
        return frozenset(name.strip("[]").rstrip(".").lower() for name in added.replace(",", " ").split())


def host_name() -> str:
    """Return this computer's name, without its domain, in small letters."""
    return socket.gethostname().partition(".")[0].lower() or "localhost"


def lan_addresses() -> list[str]:
    """Return the addresses of this computer's networks, IPv4 first, without loopback and link-local ones."""
    import ifaddr

    found = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            address = ip_address(text.partition("%")[0])
            if not (address.is_loopback or address.is_link_local):
                found.append(str(address))
    return sorted(dict.fromkeys(found), key=lambda text: ":" in text)


def is_loopback(host: str) -> bool:
    """Return whether a name or an address is this computer's own, where nobody else can reach it."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def url(scheme: str, host: str, port: int) -> str:
    """Return an address as people and programs write it."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def urls(plan: "Plan", port: int) -> list[str]:
    """Return the addresses at which a server can be reached, in the order in which they should be tried."""
    if plan.host not in _ANYWHERE:
        return [url("https" if plan.encrypted else "http", plan.host, port)]
    found = [url("http", "127.0.0.1", port)]
    if plan.open:
        scheme = "https" if plan.encrypted else "http"
        first = _way_out()  # before those of virtual networks, which nobody else can reach
        numbers = sorted(lan_addresses(), key=lambda host: host != first)
        hosts = [host for host in numbers if ":" not in host] or numbers
        found += [url(scheme, host, port) for host in (*hosts, f"{host_name()}.local")]
    return found


def bind(plan: "Plan") -> list[socket.socket]:
    """Return the sockets that listen as planned, all on one port: for IPv4 and, where there is such, for IPv6.

    Raises AddressTaken, and SettingInvalid for an address that this computer lacks.
    """
    places = _places(plan)
    for _ in range(PORTS_TRIED):
        sockets: list[socket.socket] = []
        try:
            for family, host in places:
                port = sockets[0].getsockname()[1] if sockets else plan.port
                if found := _listener(family, host, port, plan, needed=not sockets):
                    sockets.append(found)
        except AddressTaken:
            for each in sockets:
                each.close()
            if plan.port:
                raise
        except BaseException:
            for each in sockets:
                each.close()
            raise
        else:
            return sockets
    raise AddressTaken(host=places[0][1], port=plan.port)


def free_port(plan: "Plan") -> int:
    """Return the next port after the planned one on which nobody listens. Raises AddressTaken without any."""
    from dataclasses import replace

    for port in range(plan.port + 1, min(plan.port + PORTS_TRIED, HIGHEST_PORT) + 1):
        try:
            sockets = bind(replace(plan, port=port))
        except (AddressTaken, SettingInvalid):
            continue
        for each in sockets:
            each.close()
        return port
    raise AddressTaken(host=plan.host or "127.0.0.1", port=plan.port)


def _places(plan: "Plan") -> Sequence[tuple[socket.AddressFamily, str]]:
    """Return where to listen. Raises SettingInvalid."""
    if plan.host in _ANYWHERE:
        four, six = ("0.0.0.0", "::") if plan.open else ("127.0.0.1", "::1")
        return [(socket.AF_INET, four), (socket.AF_INET6, six)]
    try:
        family, _, _, _, place = socket.getaddrinfo(plan.host, plan.port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise _unfit("--host", plan.host, error) from error
    return [(family, str(place[0]))]


def _listener(
    family: socket.AddressFamily, host: str, port: int, plan: "Plan", *, needed: bool
) -> socket.socket | None:
    """Return a socket that listens; None where it is not needed and this computer has no such addresses."""
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        if needed:
            raise _unfit("--host", host, error) from error
        return None
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:  # there that option lets another program take over a port that is in use
            listener.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_EXCLUSIVEADDRUSE"), 1)  # noqa: B009 - Windows'
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressTaken(host=host, port=port, detail=str(error)) from error
        if not needed:
            return None
        if isinstance(error, PermissionError):
            raise _unfit("--port", plan.port, error) from error
        raise _unfit("--host", host, error) from error
    return listener


def _unfit(key: str, value: object, error: Exception) -> SettingInvalid:
    return SettingInvalid(key=key, value=value, expected=getattr(error, "strerror", None) or str(error))


def _way_out() -> str:
    """Return the address that this computer uses to reach others. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            return ""
        return str(probe.getsockname()[0])

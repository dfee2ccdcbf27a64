"""Addresses: by which names and numbers this computer is reached."""

import socket
import time

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
OLD_SECONDS = 5.0
"""How long the list of addresses is good: a computer changes networks."""


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
        further = {name.rstrip(".").lower() for name in added.replace(",", " ").split()}
        return self._own | further if further else self._own


def host_name() -> str:
    """Return this computer's name, without its domain, in small letters."""
    return socket.gethostname().partition(".")[0].lower()


def lan_addresses() -> list[str]:
    """Return the addresses of this computer's networks, IPv4 first, without loopback and link-local ones."""
    from ipaddress import ip_address

    import ifaddr

    found = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            address = ip_address(text.partition("%")[0])
            if not (address.is_loopback or address.is_link_local):
                found.append(str(address))
    return sorted(dict.fromkeys(found), key=lambda text: ":" in text)

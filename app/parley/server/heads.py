"""Head: what the guard reads of a request before anything else of it is."""

import re
from collections.abc import Hashable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from parley.server.dialect import Headers
from parley.server.limits import plain

Scope = MutableMapping[str, Any]

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?)(?::[0-9]{1,5})?")


@dataclass(slots=True)
class Head:
    """The headers of a request by name, several of one name joined as HTTP has it; and what they say."""

    scope: Scope
    headers: dict[bytes, bytes] = field(default_factory=dict)
    extra: Headers = field(default_factory=list)
    """Headers that all answers to it have."""
    limit: tuple[Hashable, int] | None = None
    """What it counts against, and how many requests a minute that may be; None as long as nobody is known."""

    def __post_init__(self) -> None:
        for name, value in self.scope["headers"]:
            self.headers[name] = self.headers[name] + b", " + value if name in self.headers else value

    def header(self, name: bytes) -> str:
        return self.headers.get(name, b"").decode("latin-1").strip()

    @property
    def address(self) -> str:
        client = self.scope.get("client")
        return plain(str(client[0])) if client else ""

    @property
    def host(self) -> str | None:
        """Return the name that is asked for, without the port and an address's brackets; None if it is no name."""
        found = _HOST.fullmatch(self.header(b"host").lower())
        if found is None:
            return None
        if found[1] is None:
            return found[2]
        with suppress(ValueError):
            return str(ip_address(found[1]))
        return None

    @property
    def tokens(self) -> list[str]:
        """Return what is sent to tell who asks. What is no token at all is one that is not good."""
        sent = []
        if b"authorization" in self.headers:
            scheme, _, bearer = self.header(b"authorization").partition(" ")
            sent.append(bearer.strip() if scheme.lower() == "bearer" else "")
        if b"x-api-key" in self.headers:
            sent.append(self.header(b"x-api-key"))
        return sent

    @property
    def length(self) -> int | None:
        """Return how long the body is as the client tells; None if it comes in chunks."""
        if b"transfer-encoding" in self.headers:
            return None
        told = self.header(b"content-length")
        return int(told) if told.isascii() and told.isdecimal() else 0

"""Backend: what the routes of all dialects work with. One for each start of the server."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from parley.errors import AccountUnknown, TokenRefused
from parley.messages import OWNER
from parley.options import Options
from parley.people import Credential
from parley.server.addresses import is_loopback
from parley.server.connections import Caller, Connections
from parley.server.limits import Limits, place_of
from parley.server.news import News
from parley.server.pairing import Pairing

if TYPE_CHECKING:
    from parley.services import Services


CHANNEL = "api"
"""Where conversations come from that are begun over the network, unless a client says otherwise."""

STRANGERS_A_MINUTE = 60
"""So much may be asked from one address without a valid token."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How to serve: what the settings say, or whoever starts the server. `tls` counts for the network only.

    `host` is the one address to listen on; empty for all of this computer's own, or with `lan` of the network.
    """

    host: str = ""
    port: int = 3939
    lan: bool = False
    tls: bool = True
    auth: bool = True

    @classmethod
    def of(cls, options: Options) -> "Plan":
        """Return the plan of the settings."""
        return cls(port=options.server_port, lan=options.server_lan, tls=options.server_tls, auth=options.server_auth)

    @property
    def open(self) -> bool:
        """Return whether other computers can reach it."""
        return self.lan or (self.host != "" and not is_loopback(self.host))

    @property
    def encrypted(self) -> bool:
        """Return whether other computers have to encrypt what they send."""
        return self.open and self.tls


@dataclass(slots=True)
class Backend:
    """Engine, store and settings, and who is connected. `names` tells which hosts we answer to, ports left out.

    `authority` returns the certificate that devices install, if there is one; it takes a while.
    """

    services: "Services"
    plan: Plan
    connections: Connections
    names: Callable[[], frozenset[str]]
    pairing: Pairing = field(default_factory=Pairing)
    authority: Callable[[], bytes | None] = lambda: None
    limits: Limits = field(default_factory=Limits)
    strangers: Limits = field(default_factory=Limits)
    news: News = field(init=False)
    started_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.news = News(self.services)

    @property
    def options(self) -> Options:
        """Return the settings as they are now."""
        return self.services.settings.options

    @property
    def origins(self) -> frozenset[str]:
        """Return the origins of web pages that may ask, besides our own. The settings take no “*” and no “null”."""
        return frozenset(self.options.server_origins.replace(",", " ").split())

    def owner(self, address: str) -> Caller:
        """Return who asks where no token is needed: the person at the desk."""
        return Caller(self.services.store.accounts.get(OWNER), None, address)

    def caller(self, token: str, address: str) -> Caller:
        """Return who asks with a token. Raises TokenRefused, or TooManyRequests after too many of them."""
        try:
            credential: Credential = self.services.credentials.identify(token)
        except TokenRefused:
            self.count_stranger(address)
            raise
        return Caller(credential.account, credential.token, address)

    def count_stranger(self, address: str) -> None:
        """Count what is asked without a valid token. Raises TooManyRequests."""
        self.strangers.take(place_of(address), STRANGERS_A_MINUTE)

    def strangers_left(self, address: str) -> int:
        """Return how much more may be asked without a valid token from there in this minute."""
        return self.strangers.left(place_of(address), STRANGERS_A_MINUTE)

    def still_good(self, caller: Caller) -> bool:
        """Return whether a caller may go on: neither the account nor any of the tokens has been taken back."""
        find = self.services.store.tokens.find
        return self.has(caller.id) and all(find(token.number) is not None for token in caller.tokens)

    def has(self, account: str) -> bool:
        """Return whether there is an account of that id that is not switched off."""
        try:
            return not self.services.store.accounts.get(account).disabled
        except AccountUnknown:
            return False

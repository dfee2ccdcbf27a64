"""Roster: which servers there are, from the table of vendors, the environment, the settings and the keys.

Plain bookkeeping: it asks no server. The catalog does.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from parley.errors import ChatError, KeychainUnusable, KeysUnreadable, SettingInvalid
from parley.keys import PROXY, REDACTED, Keys
from parley.network import Network, without_login
from parley.options import Options, ProviderRow
from parley.providers.endpoints import Access, Endpoint, ProviderDialect, RemoteProvider

logger = logging.getLogger(__name__)

Kind = Literal["added", "local", "service"]

KEYS = "keys"
"""Under this name `problems` holds what is wrong with the file of keys."""


class Roster:
    """The endpoints of this computer. `reserved` are ids that people cannot give to providers of their own."""

    def __init__(
        self,
        keys: Keys,
        dialects: Sequence[ProviderDialect],
        *,
        local: Sequence[Endpoint] | None = None,
        environ: Mapping[str, str] | None = None,
        reserved: Sequence[str] = (),
        keep_alive: Callable[[], str] = str,
    ) -> None:
        self._keys = keys
        self._keep_alive = keep_alive
        self._dialects = {dialect.name: dialect for dialect in dialects}
        self._local_rows = [row for dialect in dialects for row in dialect.local] if local is None else list(local)
        self._vendor_rows = [row for dialect in dialects for row in dialect.vendors]
        self._environ = os.environ if environ is None else environ
        self._reserved = frozenset(reserved)
        self._made: dict[Endpoint, RemoteProvider] = {}
        self._all: list[Endpoint] | None = None
        self._discover = True
        self._proxy = self._ca_file = ""
        self.added: list[Endpoint] = []
        self.problems: dict[str, ChatError] = {}

    def adopt(self, options: Options) -> None:
        """Take over what a person has set."""
        self._discover = options.discover
        self._proxy, self._ca_file = options.proxy.strip(), options.ca_file.strip()
        self.added = []
        self.problems = {}
        self._all = None
        for row in options.providers:
            try:
                self.added.append(self._added(row))
            except SettingInvalid as error:
                logger.warning("providers: %s", error)
                self.problems[row.name] = error

    def all(self) -> list[Endpoint]:
        """Return every endpoint that can be named, one for each id."""
        if self._all is None:
            self._all = self._places()
        return list(self._all)

    def _places(self) -> list[Endpoint]:
        places = (*self.added, *map(self._placed, self._local_rows), *map(self._placed, self._vendor_rows))
        found: dict[str, Endpoint] = {}
        for place in places:
            found.setdefault(place.id, place)
        return list(found.values())

    def set_up(self) -> list[Endpoint]:
        """Return the endpoints that somebody has chosen: added, named in the environment, or given a key."""
        return [place for place in self.all() if self.is_set_up(place)]

    def is_set_up(self, place: Endpoint) -> bool:
        """Return whether somebody has chosen an endpoint: added it, named it in the environment, or given it a key."""
        kind = self.kind(place)
        return kind == "added" or bool(self._url(place)) or (kind == "service" and self._has_key(place))

    def to_look_for(self) -> list[Endpoint]:
        """Return the servers of this computer that may be running, without those that are set up anyway."""
        if not self._discover:
            return []
        set_up = self.set_up()
        ids, taken = {place.id for place in set_up}, {address(place.base_url) for place in set_up}
        rows = {row.id for row in self._local_rows} - ids
        return [place for place in self.all() if place.id in rows and address(place.base_url) not in taken]

    def provider(self, endpoint: Endpoint) -> RemoteProvider:
        """Return the provider of an endpoint, the same one each time."""
        if endpoint not in self._made:
            access = Access(lambda: self._key(endpoint), self._keys.redact, self._keep_alive, self._network)
            self._made[endpoint] = self._dialects[endpoint.dialect].make(endpoint, access)
        return self._made[endpoint]

    def on_trial(self, endpoint: Endpoint, key: str = "") -> tuple[RemoteProvider, Access]:
        """Return a provider for one look, with a key that is not kept, else with the one that is. Close it."""

        def redact(text: str) -> str:
            return self._keys.redact(text.replace(key, REDACTED) if key else text)

        access = Access(lambda: key or self._key(endpoint), redact, self._keep_alive, self._network)
        return self._dialects[endpoint.dialect].make(endpoint, access), access

    def redact(self, text: str) -> str:
        """Return a text without any key."""
        return self._keys.redact(text)

    def kind(self, place: Endpoint) -> Kind:
        """Return whether a person has added it, or it is looked for on this computer, or it is a service."""
        if place in self.added:
            return "added"
        return "local" if place.id in {row.id for row in self._local_rows} else "service"

    def takes(self, provider_id: str) -> frozenset[str]:
        """Return the parameters that a provider's wire format has; none where nobody knows the provider."""
        found = (self._dialects[place.dialect].takes for place in self.all() if place.id == provider_id)
        return next(found, frozenset())

    async def close(self) -> None:
        """Close all connections, those of endpoints that are gone as well."""
        made, self._made = self._made, {}
        for provider in made.values():
            await provider.close()

    def _added(self, row: ProviderRow) -> Endpoint:
        dialect = self._dialects.get(row.dialect)
        if dialect is None:
            expected = f"one of {', '.join(self._dialects)}"
            raise SettingInvalid(key=f"the dialect of {row.name}", value=row.dialect, expected=expected)
        if not row.name or "/" in row.name or row.name in self._reserved:
            raise SettingInvalid(key="a provider’s name", value=row.name, expected="a new one, without “/”")
        key_env = (row.key_env,) if row.key_env else ()
        return Endpoint(row.name, row.name, dialect.base_url(row.base_url), dialect.name, key_env)

    def _placed(self, row: Endpoint) -> Endpoint:
        """Return a row at the address that the environment names, if it names one."""
        if url := self._url(row):
            return replace(row, base_url=self._dialects[row.dialect].base_url(url), owned_by=None)
        # A key meant for a service is not offered to whoever listens on a port of this computer.
        return replace(row, key_env=()) if row in self._local_rows else row

    def _url(self, row: Endpoint) -> str:
        return next((url for name in row.url_env if (url := self._environ.get(name, "").strip())), "")

    def _has_key(self, place: Endpoint) -> bool:
        try:
            found = self._keys.where(place.id, place.key_env) is not None
        except KeysUnreadable as error:
            self.problems[KEYS] = error
            return False
        self.problems.pop(KEYS, None)
        return found

    async def _key(self, place: Endpoint) -> str | None:
        try:
            return await self._keys.find(place.id, place.key_env, place.name)
        except (KeysUnreadable, KeychainUnusable) as error:
            if place.id not in {row.id for row in self._local_rows}:
                raise
            logger.warning("providers: no key can be had; %s is asked without one: %s", place.name, error)
            return None

    async def _network(self) -> Network:
        """Return what a person has set about the way to all servers."""
        login = ""
        if self._proxy:
            try:
                place, login = without_login(await self._keys.find(PROXY) or "")
            except ChatError as error:
                logger.warning("providers: the proxy is asked without user and password: %s", error)
            else:
                login = login if place == self._proxy else ""  # another proxy has no business with it
        return Network(self._proxy, self._ca_file, login)


def address(url: str) -> tuple[str, int | None]:
    """Return the host and port of a URL, with the names of this computer made one."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url, None
    host = "127.0.0.1" if host in ("localhost", "::1") else host
    return host, port or {"http": 80, "https": 443}.get(parts.scheme)

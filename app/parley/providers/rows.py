"""Rows: the servers that a person adds. What they typed is checked and tidied here, for every door alike."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from parley.errors import KeychainUnusable, ProviderUnknown, SettingInvalid
from parley.keys import Keys
from parley.options import ProviderRow
from parley.providers.catalog import BUILT_IN, Catalog
from parley.providers.endpoints import ProviderDialect
from parley.settings import Settings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCHEMES = ("http", "https")

Fault = Literal["name", "taken", "variable", "address", "password"]
"""What is wrong with a row: no name, a name of our own, no variable, no address, or one with a password in it."""


class RowFaulty(Exception):
    """What was typed cannot be kept. It holds none of it: a key may have got into the wrong field."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault: Fault = fault


@dataclass(frozen=True, slots=True)
class Removed:
    """What `remove` took away, for `put_back`."""

    row: ProviderRow
    place: int
    key: str | None = field(repr=False)


def tidied(
    name: str, address: str, dialect: str, key_env: str = "", dialects: Sequence[ProviderDialect] = BUILT_IN
) -> ProviderRow:
    """Return the row that a person meant. Raises RowFaulty."""
    if not _NAME.fullmatch(name):
        raise RowFaulty("name")
    if key_env and not _VARIABLE.fullmatch(key_env):
        raise RowFaulty("variable")
    return ProviderRow(name, tidied_address(address, dialect, dialects), dialect, key_env)


def tidied_address(typed: str, dialect: str, dialects: Sequence[ProviderDialect] = BUILT_IN) -> str:
    """Return the base URL that a person meant. Raises RowFaulty."""
    url = next(found.base_url for found in dialects if found.name == dialect)(typed)
    try:
        parts = urlsplit(url)
        good = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise RowFaulty("address") from error
    if parts.username is not None or parts.password is not None:
        raise RowFaulty("password")
    if not good or not url.isprintable() or " " in url:
        raise RowFaulty("address")
    return url


class Rows:
    """Keeps the rows and their keys."""

    def __init__(self, settings: Settings, keys: Keys, catalog: Catalog) -> None:
        self._settings = settings
        self._keys = keys
        self._catalog = catalog

    @property
    def all(self) -> tuple[ProviderRow, ...]:
        """Return the rows, in the order in which they were added."""
        return self._settings.options.providers

    async def keep(self, row: ProviderRow, key: str = "") -> None:
        """Add a row, or change the one of that name, and keep its key if one is given.

        Raises RowFaulty for a name of our own, and ChatError.
        """
        known = row.name in (kept.name for kept in self.all)
        if not known and self._is_built_in(row.name):
            raise RowFaulty("taken")
        if key:
            await self._keys.keep(row.name, key)
        changed = tuple(row if kept.name == row.name else kept for kept in self.all)
        self._settings.update(providers=changed if known else (*changed, row))

    async def remove(self, name: str) -> Removed:
        """Take a row away, and its key. Raises ProviderUnknown if there is none, and ChatError."""
        place = next((number for number, row in enumerate(self.all) if row.name == name), None)
        if place is None:
            raise ProviderUnknown(provider=name)
        removed = Removed(self.all[place], place, await self._stored_key(name))
        self._settings.update(providers=tuple(row for row in self.all if row.name != name))
        await self._keys.forget(name)
        return removed

    async def put_back(self, removed: Removed) -> None:
        """Undo a removal. Raises ChatError."""
        rows = [row for row in self.all if row.name != removed.row.name]
        rows.insert(removed.place, removed.row)
        if removed.key:
            await self._keys.keep(removed.row.name, removed.key)
        self._settings.update(providers=tuple(rows))

    async def _stored_key(self, name: str) -> str | None:
        try:
            return await self._keys.find(name)
        except (SettingInvalid, KeychainUnusable):  # nobody could use it, or give it back
            return None

    def _is_built_in(self, name: str) -> bool:
        try:
            self._catalog.get(name)
        except ProviderUnknown:
            return False
        return True

"""The objects that the doors (desktop, server, command line) share. `main` builds them; nobody else does."""

from dataclasses import dataclass
from typing import Protocol

from parley.engine import ChatEngine
from parley.keys import Keys
from parley.paths import Paths
from parley.providers.catalog import Catalog
from parley.settings import Settings
from parley.store import Store


class ServerSwitch(Protocol):
    """Server mode as the desktop sees it."""

    @property
    def address(self) -> str | None: ...

    async def start(self) -> None:
        """Listen. Raises AddressTaken."""
        ...

    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Services:
    """One data directory, opened."""

    paths: Paths
    settings: Settings
    keys: Keys
    store: Store
    catalog: Catalog
    engine: ChatEngine

    async def tidy(self) -> None:
        """Empty the trash of what has been in it for longer than the setting says. Raises StoreError."""
        days = self.settings.options.trash_days
        await self.store.conversations.purge(days)
        await self.store.messages.purge(days)

    async def close(self) -> None:
        """Stop turns, then providers, then the store: what had come is saved before the file is closed."""
        await self.engine.close()
        await self.catalog.close()
        await self.store.close()

"""The objects that the doors (desktop, server, command line) share. `main` builds them; nobody else does."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from parley.keys import Keys
from parley.messages import OWNER
from parley.paths import Paths, resources
from parley.settings import Settings
from parley.store import Store

if TYPE_CHECKING:
    from parley.accounts import Credentials
    from parley.attachments import Attachments
    from parley.embeddings import Embeddings
    from parley.engine import ChatEngine
    from parley.models import Model
    from parley.options import Options
    from parley.pricing import Prices
    from parley.providers.catalog import Catalog
    from parley.serving import ServerSwitch
    from parley.turn import Turn


class Services:
    """One data directory, opened. Catalog and engine are made when they are first asked for: no list waits for them."""

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        keys: Keys,
        store: Store,
        make_catalog: Callable[[Settings, Keys], "Catalog"],
        make_server: "Callable[..., ServerSwitch]",
    ) -> None:
        self.paths = paths
        self.settings = settings
        self.keys = keys
        self.store = store
        self._make_catalog = make_catalog
        self._make_server = make_server

    @cached_property
    def catalog(self) -> "Catalog":
        """Return the providers of this computer and their models."""
        return self._make_catalog(self.settings, self.keys)

    @cached_property
    def engine(self) -> "ChatEngine":
        """Return what starts turns."""
        from parley.engine import ChatEngine

        return ChatEngine(self.store, self.catalog, self.settings, self.prices)

    @cached_property
    def attachments(self) -> "Attachments":
        """Return what keeps files that are sent along or made."""
        from parley.attachments import Attachments

        return Attachments(self.store, self.settings)

    @cached_property
    def embeddings(self) -> "Embeddings":
        """Return what makes vectors of texts."""
        from parley.embeddings import Embeddings

        return Embeddings(self.store, self.catalog, self.settings, self.prices)

    @cached_property
    def credentials(self) -> "Credentials":
        """Return what checks passwords and tokens."""
        from parley.accounts import Credentials

        return Credentials(self.store)

    @cached_property
    def server(self) -> "ServerSwitch":
        """Return server mode, off as long as nobody starts it."""
        return self._make_server(self)

    def planned_server(self, plan: "Callable[[Options], object]") -> "ServerSwitch":
        """Return server mode with a plan of its own, made of the settings; it takes the place of `server`."""
        made = self._make_server(self, plan)
        vars(self)["server"] = made
        return made

    @cached_property
    def prices(self) -> "Prices":
        """Return what models cost."""
        from parley.pricing import Prices

        return Prices(resources() / "prices.json", self.paths.prices)

    @property
    def known_models(self) -> "list[Model]":
        """Return the models as they were last listed: none before anybody has asked for them."""
        return self.catalog.cached_models() if "catalog" in vars(self) else []

    def turns(self, conversation_id: str) -> "list[Turn]":
        """Return the turns of a conversation that this process knows: none before it has made an engine."""
        return self.engine.turns(conversation_id) if "engine" in vars(self) else []

    def turn(self, reply_id: str, *, account: str | None = OWNER) -> "Turn | None":
        """Return the turn of a reply, if this process knows it."""
        return self.engine.turn(reply_id, account=account) if "engine" in vars(self) else None

    async def tidy(self) -> None:
        """Empty the trash of what has been in it for longer than the setting says, and of files not used.

        Raises StoreError.
        """
        days = self.settings.options.trash_days
        await self.store.conversations.purge(days)
        await self.store.messages.purge(days)
        await self.store.files.purge(days)

    async def close(self) -> None:
        """Stop the server, turns, providers, then the store: what had come is saved before the file is closed."""
        made = vars(self)
        if "server" in made:
            await self.server.stop()
        if "engine" in made:
            await self.engine.close()
        if "catalog" in made:
            await self.catalog.close()
        if "credentials" in made:
            self.credentials.close()
        await self.store.close()

"""Embeddings: texts -> vectors, by whichever provider makes them, within what an account may use and the budget."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from parley.budget import Budget
from parley.errors import NoEmbeddings
from parley.messages import OWNER, Usage
from parley.permits import Permits
from parley.pricing import Prices
from parley.providers.base import Embedder
from parley.providers.catalog import Catalog
from parley.settings import Settings
from parley.store import Store
from parley.tokens import in_text


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors in the order of the texts, who made them (`provider/model`), and about how many tokens were read."""

    vectors: list[list[float]]
    model: str
    tokens: int


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """What somebody waits for, and what it will have cost."""

    account: str
    usage: Usage


class Embeddings:
    """Asks providers for vectors. What that costs is written down; the texts are kept nowhere."""

    def __init__(self, store: Store, catalog: Catalog, settings: Settings, prices: Prices) -> None:
        self._store = store
        self._catalog = catalog
        self._prices = prices
        self._permits = Permits(store)
        self._budget = Budget(settings, store.spending)
        self._under_way: list[_Asked] = []

    async def embed(
        self, texts: Sequence[str], model: str = "", *, dimensions: int | None = None, account: str = OWNER
    ) -> Embedded:
        """Return one vector for each text. `dimensions`: how many numbers each is to have.

        Without a model it is the first one for that which the account may use, else the default one, for some servers'
        models do both. Raises ChatError, NoEmbeddings also where a model makes vectors of other lengths.
        """
        provider, name = await self._catalog.offered(model or await self._first(account))
        id, about = f"{provider.id}/{name}", self._catalog.known(provider.id, name)
        coming = [asked for asked in self._under_way if asked.account == account]
        self._permits.demand(account, provider.id, name, coming)
        self._budget.demand(self._prices.of(id, about))
        if not isinstance(provider, Embedder):
            raise NoEmbeddings(model=id)
        usage = self._prices.priced(Usage(sum(map(in_text, texts)), 0, estimated=True), id, about)
        if usage.cost is None and provider.local:
            usage = replace(usage, cost=0.0)
        asked = _Asked(account, usage)
        self._under_way.append(asked)
        try:
            try:
                vectors = await provider.embed(name, texts, dimensions)
            except asyncio.CancelledError:  # whoever asked has gone, but they were wished for
                self._store.spending.add_soon(id, usage, account)
                raise
            await self._store.spending.add(id, usage, account)
        finally:
            self._under_way.remove(asked)
        if dimensions and any(len(vector) != dimensions for vector in vectors):
            raise NoEmbeddings(model=id, detail=f"its vectors have {len(vectors[0])} numbers, not {dimensions}")
        return Embedded(vectors, id, usage.input_tokens or 0)

    async def _first(self, account: str) -> str:
        permissions = self._permits.of(account)
        await self._catalog.models()
        for model in self._catalog.cached_models("embedding"):
            if permissions.allows_model(model.provider, model.name):
                return model.id
        return await self._catalog.default_model()

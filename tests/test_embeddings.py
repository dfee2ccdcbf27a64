"""Vectors of texts: who makes them, who may ask for them, what they cost."""

import asyncio
from collections.abc import Sequence

import pytest

from parley.embeddings import Embeddings
from parley.errors import BudgetSpent, ModelForbidden, NoEmbeddings, TokensSpent
from parley.messages import Usage
from parley.models import Model, Price
from parley.people import Permissions
from parley.pricing import Prices
from parley.providers.catalog import Catalog
from parley.settings import Settings
from parley.store.store import Store
from tests.conftest import ScriptedProvider, Until


class Embedding(ScriptedProvider):
    """One that makes vectors as well."""

    async def embed(self, model: str, texts: Sequence[str], dimensions: int | None = None) -> list[list[float]]:
        return [[float(len(text)), 0.5, 1.0] for text in texts]


DEAR = Price(input=2.0, output=0.0)


@pytest.fixture
def provider() -> ScriptedProvider:
    models = [Model("scripted", "one"), Model("scripted", "vectors", purpose="embedding", price=DEAR)]
    return Embedding("scripted", models)


@pytest.fixture
def embeddings(store: Store, catalog: Catalog, settings: Settings) -> Embeddings:
    return Embeddings(store, catalog, settings, Prices())


async def test_vectors_and_what_they_cost(embeddings: Embeddings, store: Store) -> None:
    made = await embeddings.embed(["abcd", "ab"], "vectors")
    assert (made.vectors, made.model, made.tokens) == ([[4.0, 0.5, 1.0], [2.0, 0.5, 1.0]], "scripted/vectors", 2)
    (spent,) = store.spending.by_model()
    assert (spent.key, spent.input_tokens, spent.output_tokens, spent.cost) == ("scripted/vectors", 2, 0, 4e-6)
    assert spent.estimated


async def test_without_a_model(embeddings: Embeddings, provider: ScriptedProvider, catalog: Catalog) -> None:
    assert (await embeddings.embed(["a"])).model == "scripted/vectors"
    provider.listed = provider.listed[:1]
    await catalog.models(refresh=True)
    assert (await embeddings.embed(["a"])).model == "scripted/one"


async def test_what_cannot_be_had(embeddings: Embeddings) -> None:
    with pytest.raises(NoEmbeddings, match="guide/manual"):
        await embeddings.embed(["a"], "guide")
    with pytest.raises(NoEmbeddings) as caught:
        await embeddings.embed(["a"], "vectors", dimensions=2)
    assert "3 numbers, not 2" in caught.value.detail


async def test_what_an_account_may_not(embeddings: Embeddings, store: Store) -> None:
    ann = await store.accounts.add("ann@example.org", "Ann", "user", (), "")
    await store.accounts.change(ann.id, permissions=Permissions(models=frozenset({"guide"})))
    with pytest.raises(ModelForbidden):
        await embeddings.embed(["a"], "vectors", account=ann.id)
    with pytest.raises(ModelForbidden):
        await embeddings.embed(["a"], account=ann.id)


async def test_a_budget_that_is_spent(embeddings: Embeddings, store: Store, settings: Settings) -> None:
    settings.update(budget=1.0, budget_stops=True)
    await store.spending.add("scripted/one", Usage(1, 1, cost=1.0))
    with pytest.raises(BudgetSpent):
        await embeddings.embed(["a"], "vectors")


async def test_many_at_once_stay_within_what_an_account_may(
    embeddings: Embeddings, provider: ScriptedProvider, store: Store, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of what is under way has been written down yet, nor of what nobody waits for any more."""
    go_on = asyncio.Event()

    async def slowly(model: str, texts: Sequence[str], dimensions: int | None = None) -> list[list[float]]:
        await go_on.wait()
        return [[1.0] for _ in texts]

    monkeypatch.setattr(provider, "embed", slowly)
    ann = await store.accounts.add("ann@example.org", "Ann", "user", (), "")
    await store.accounts.change(ann.id, permissions=Permissions(tokens_a_month=100))
    first = asyncio.create_task(embeddings.embed(["word " * 200], "vectors", account=ann.id))
    await asyncio.sleep(0)
    with pytest.raises(TokensSpent):
        await embeddings.embed(["a"], "vectors", account=ann.id)
    first.cancel()
    await until(lambda: store.spending.tokens_this_month(ann.id) > 100)
    go_on.set()
    with pytest.raises(TokensSpent):
        await embeddings.embed(["a"], "vectors", account=ann.id)


async def test_vectors_of_the_wrong_length_cost_something_too(embeddings: Embeddings, store: Store) -> None:
    with pytest.raises(NoEmbeddings):
        await embeddings.embed(["abcd"], "vectors", dimensions=2)
    assert [spent.input_tokens for spent in store.spending.by_model()] == [1]

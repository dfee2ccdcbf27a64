"""A catalog that looks for servers only where a test says."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from parley.keys import Keys
from parley.providers import catalog as catalog_module
from parley.providers.catalog import Catalog
from parley.providers.endpoints import Endpoint, ProviderDialect
from parley.providers.guide import Guide
from parley.settings import Settings


@pytest.fixture
def environ() -> dict[str, str]:
    return {}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.json")


@pytest.fixture
def keys(tmp_path: Path, environ: dict[str, str]) -> Keys:
    return Keys(tmp_path / "keys.json", environ)


Make = Callable[..., Catalog]


@pytest.fixture
async def make(settings: Settings, keys: Keys, environ: dict[str, str]) -> AsyncIterator[Make]:
    """Make catalogs that look for servers only where the test says."""
    made: list[Catalog] = []

    def make(*local: Endpoint, dialects: tuple[ProviderDialect, ...] = catalog_module.BUILT_IN) -> Catalog:
        guide = Guide(lambda words, limit: [])
        made.append(Catalog(settings, keys, guide, dialects=dialects, local=local, environ=environ))
        return made[-1]

    yield make
    for catalog in made:
        await catalog.close()

"""Lists of models that outlive the program and the network."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parley.answers import Answers
from parley.errors import ModelRetired, ModelUnknown, ProviderUnreachable
from parley.keys import Keys
from parley.messages import OWNER
from parley.models import Model, Price
from parley.options import ProviderRow
from parley.permits import Permits
from parley.pricing import Prices
from parley.providers.catalog import Catalog
from parley.providers.endpoints import Endpoint, ProviderDialect
from parley.providers.guide import Guide
from parley.providers.shelf import Shelf
from parley.settings import Settings
from parley.store import Store
from tests.conftest import ScriptedProvider, scripted_dialect
from tests.providers.helpers import question

CLOUD = Endpoint("cloud", "Cloud", "https://example.com/v1")
ALL = Model(
    "cloud",
    "big",
    label="Big",
    context=1000,
    vision=True,
    tools=False,
    max_output=10,
    quantization="Q4",
    parameters=frozenset({"seed", "stop"}),
    price=Price(1.0, 2.5, cached_input=0.1),
    purpose="embedding",
)
GONE = ProviderUnreachable(provider="Cloud", address="x")

Start = Callable[[], Catalog]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models.json"


@pytest.fixture
def cloud() -> ScriptedProvider:
    return ScriptedProvider("cloud", [Model("cloud", "big"), Model("cloud", "small")])


@pytest.fixture
async def start(settings: Settings, keys: Keys, path: Path, cloud: ScriptedProvider) -> AsyncIterator[Start]:
    """Start the catalog anew, with what the ones before have left on the disk."""
    settings.update(providers=(ProviderRow("cloud", "https://example.com", "scripted"),))
    made: list[Catalog] = []

    def start() -> Catalog:
        guide = Guide(lambda words, limit: [])
        dialects: list[ProviderDialect] = [scripted_dialect(cloud)]
        made.append(Catalog(settings, keys, guide, dialects=dialects, local=(), environ={}, shelf=Shelf(path)))
        return made[-1]

    yield start
    for catalog in made:
        await catalog.close()


def names(catalog: Catalog) -> list[str]:
    return [model.id for model in catalog.cached_models()]


def test_all_that_is_known_of_a_model_is_kept(path: Path) -> None:
    Shelf(path).put({CLOUD: [ALL]})
    assert Shelf(path).lists([CLOUD]) == {"cloud": [ALL]}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_list_belongs_to_its_address(path: Path) -> None:
    Shelf(path).put({CLOUD: [ALL]})
    assert Shelf(path).lists([replace(CLOUD, base_url="https://elsewhere.com")]) == {}


def test_a_model_that_left_and_came_back(path: Path) -> None:
    shelf = Shelf(path)
    shelf.put({CLOUD: [ALL, Model("cloud", "small")]})
    assert not shelf.gone(CLOUD, "small")
    shelf.put({CLOUD: [ALL]})
    shelf.put({CLOUD: [ALL]})
    assert Shelf(path).gone(CLOUD, "small")
    assert not shelf.gone(CLOUD, "never heard of")
    shelf.put({CLOUD: [ALL, Model("cloud", "small")]})
    assert not Shelf(path).gone(CLOUD, "small")


@pytest.mark.parametrize("content", ["{", "[]", '{"cloud": 1}', '{"cloud": {"address": "https://example.com/v1"}}'])
def test_a_damaged_file_is_no_failure(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
    shelf = Shelf(path)
    assert shelf.lists([CLOUD]) == {}
    shelf.put({CLOUD: [ALL]})
    assert Shelf(path).lists([CLOUD]) == {"cloud": [ALL]}


def test_two_processes_keep_theirs(path: Path) -> None:
    one, other = Shelf(path), Shelf(path)
    one.put({CLOUD: [ALL]})
    other.put({replace(CLOUD, id="second"): [ALL]})
    assert set(Shelf(path).lists([CLOUD, replace(CLOUD, id="second")])) == {"cloud", "second"}


async def test_the_next_start_knows_the_models_at_once(start: Start) -> None:
    await start().models()
    assert names(start()) == ["cloud/big", "cloud/small", "guide/manual"]


async def test_they_are_there_without_a_network(start: Start, cloud: ScriptedProvider) -> None:
    await start().models()
    cloud.problem = GONE
    catalog = start()
    await catalog.models(refresh=True)
    assert names(catalog) == ["cloud/big", "cloud/small", "guide/manual"]
    assert catalog.problems == {"cloud": GONE}
    assert await catalog.default_model() == "cloud/big"


async def test_an_old_list_is_asked_for_again(
    start: Start, cloud: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = start()
    await catalog.models()
    cloud.listed = [Model("cloud", "new")]
    await catalog.models()
    assert names(catalog) == ["cloud/big", "cloud/small", "guide/manual"]
    monkeypatch.setattr("parley.providers.catalog.OLD_SECONDS", 0.0)
    await catalog.models()
    assert names(catalog) == ["cloud/new", "guide/manual"]


async def test_a_model_out_of_service(start: Start, cloud: ScriptedProvider, settings: Settings, store: Store) -> None:
    catalog = start()
    await catalog.models()
    cloud.listed = [Model("cloud", "big")]
    await catalog.models(refresh=True)
    assert catalog.retired("cloud", "small")
    answers = Answers(catalog, settings, Prices(), store.spending, Permits(store))
    for name, kind in (("small", ModelRetired), ("other", ModelUnknown)):
        cloud.says(ModelUnknown(model=name))
        with pytest.raises(ModelUnknown) as caught:
            _ = [event async for event in answers.events(cloud, question(model=name), OWNER)]
        assert type(caught.value) is kind

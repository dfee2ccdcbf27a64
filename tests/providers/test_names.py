from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from parley.errors import ModelAmbiguous, ModelUnknown, ProviderUnknown
from parley.options import ProviderRow
from parley.providers import catalog as catalog_module
from parley.providers.catalog import Catalog
from parley.settings import Settings
from tests.fakes import FakeOllama, FakeOpenAI
from tests.providers.conftest import Make
from tests.providers.sockets import unused_port
from tests.providers.test_catalog import LLAMACPP


class TestNames:
    @pytest.fixture
    async def catalog(self, make: Make, settings: Settings) -> AsyncIterator[Catalog]:
        async with (
            FakeOpenAI("gpt-4o", "Mixed", "org/model", "both") as box,
            FakeOllama("llama3.2:latest", "both") as other,
        ):
            settings.update(providers=(ProviderRow("box", box.root), ProviderRow("other", other.url, dialect="ollama")))
            yield make()

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("box/gpt-4o", ("box", "gpt-4o")),
            (" box/gpt-4o ", ("box", "gpt-4o")),
            ("box/never-heard-of", ("box", "never-heard-of")),
            ("box/org/model", ("box", "org/model")),
            ("org/model", ("box", "org/model")),
            ("gpt-4o", ("box", "gpt-4o")),
            ("mixed", ("box", "Mixed")),
            ("llama3.2", ("other", "llama3.2:latest")),
            ("llama3.2:latest", ("other", "llama3.2:latest")),
            ("guide/manual", ("guide", "manual")),
            ("manual", ("guide", "manual")),
            ("guide", ("guide", "manual")),
        ],
    )
    async def test_resolved(self, catalog: Catalog, name: str, expected: tuple[str, str]) -> None:
        provider, model = await catalog.resolve(name)
        assert (provider.id, model) == expected

    async def test_a_named_provider_is_not_asked(self, make: Make, settings: Settings) -> None:
        async with FakeOpenAI() as box:
            settings.update(providers=(ProviderRow("box", box.root),))
            await make().resolve("box/anything")
            assert box.requests == []

    async def test_ambiguous(self, catalog: Catalog) -> None:
        with pytest.raises(ModelAmbiguous, match="box/both, other/both"):
            await catalog.resolve("both")

    async def test_unknown(self, catalog: Catalog) -> None:
        with pytest.raises(ModelUnknown, match="llama3") as caught:
            await catalog.resolve("llama3.1")
        assert caught.value.detail == "Did you mean other/llama3.2:latest?"
        with pytest.raises(ProviderUnknown, match="bax") as other:
            await catalog.resolve("bax/gpt-4o")
        assert other.value.detail == "Did you mean box?"
        for name in ("", "/", "box/", "/gpt", "zzz"):
            with pytest.raises((ModelUnknown, ProviderUnknown)):
                await catalog.resolve(name)

    async def test_a_model_added_since_is_found(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        async with FakeOpenAI("tiny", owned_by="llamacpp") as llamas:
            catalog = make(replace(LLAMACPP, base_url=llamas.url))
            await catalog.models()
            llamas.models.append({"id": "new", "owned_by": "llamacpp"})
            with pytest.raises(ModelUnknown):
                await catalog.resolve("new")
            monkeypatch.setattr(catalog_module, "FRESH_SECONDS", 0.0)
            provider, _ = await catalog.resolve("new")
            assert provider.id == "llamacpp"


class TestDefault:
    async def test_the_chosen_one_without_asking(self, make: Make, settings: Settings) -> None:
        settings.update(default_model="box/big")
        assert await make().default_model() == "box/big"

    async def test_it_stays_while_it_is_there(self, make: Make) -> None:
        async with FakeOpenAI("m", owned_by="llamacpp") as llamas:
            catalog = make(replace(LLAMACPP, base_url=llamas.url))
            assert await catalog.default_model() == "llamacpp/m"
            llamas.models.insert(0, {"id": "a", "owned_by": "llamacpp"})
            await catalog.models(refresh=True)
            assert await catalog.default_model() == "llamacpp/m"
            del llamas.models[1]
            await catalog.models(refresh=True)
            assert await catalog.default_model() == "llamacpp/a"

    async def test_a_server_started_later_takes_over_from_the_guide(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = FakeOpenAI("m", owned_by="llamacpp")
        server.port = unused_port()
        catalog = make(replace(LLAMACPP, base_url=server.url))
        assert await catalog.default_model() == "guide/manual"
        async with server:
            assert await catalog.default_model() == "guide/manual"
            monkeypatch.setattr(catalog_module, "FRESH_SECONDS", 0.0)
            assert await catalog.default_model() == "llamacpp/m"

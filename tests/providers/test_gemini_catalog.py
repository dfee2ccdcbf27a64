"""Gemini among the other providers: found by its key, added by hand, its models sorted by what they are for."""

from parley.keys import Keys
from parley.options import ProviderRow
from parley.providers.gemini import VENDORS
from parley.providers.rows import tidied_address
from parley.settings import Settings
from tests.providers.conftest import Make
from tests.providers.fake_gemini import MODEL, FakeGemini, listed
from tests.providers.helpers import events_of, question, text_of

EMBEDDING = listed("gemini-embedding-2", "embedContent")


async def test_keys_of_the_environment(make: Make, environ: dict[str, str]) -> None:
    async with FakeGemini() as server:
        environ["GOOGLE_GEMINI_BASE_URL"] = server.root
        for name in VENDORS[0].key_env:
            server.key = f"key-of-{name}"
            environ[name] = server.key
            catalog = make()
            assert [model.id for model in await catalog.models()] == [f"gemini/{MODEL}", "guide/manual"]
            assert await catalog.default_model() == f"gemini/{MODEL}"
            provider, model = await catalog.resolve(MODEL)
            assert text_of(await events_of(provider, question(model=model))) == "Hello, world!"
            del environ[name]


async def test_one_that_a_person_adds(make: Make, settings: Settings, keys: Keys) -> None:
    async with FakeGemini() as server:
        server.key = "some-key-1234"
        keys.set("mine", server.key)
        address = tidied_address(f"{server.root}/v1beta/models", "gemini")
        settings.update(providers=(ProviderRow("mine", address, "gemini"),))
        assert [model.id for model in await make().models()] == [f"mine/{MODEL}", "guide/manual"]


async def test_models_that_only_embed_are_not_offered_for_chatting(make: Make, environ: dict[str, str]) -> None:
    async with FakeGemini() as server:
        environ["GOOGLE_GEMINI_BASE_URL"] = server.root
        server.models = [EMBEDDING]
        catalog = make()
        assert [model.id for model in await catalog.models()] == ["guide/manual"]
        assert await catalog.default_model() == "guide/manual"
        assert [model.id for model in catalog.cached_models("embedding")] == ["gemini/gemini-embedding-2"]
        assert catalog.known("gemini", "gemini-embedding-2") is not None

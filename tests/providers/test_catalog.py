import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from parley.errors import (
    InternalError,
    KeyMissing,
    KeyRefused,
    KeysUnreadable,
    ProviderFailed,
    ProviderTimeout,
    ProviderUnknown,
    ProviderUnreachable,
    SettingInvalid,
)
from parley.keys import Keys
from parley.options import ProviderRow
from parley.providers import catalog as catalog_module
from parley.providers import ollama
from parley.providers.catalog import Catalog
from parley.providers.endpoints import Access, Endpoint, ProviderDialect
from parley.providers.openai_rows import LOCAL_SERVERS, VENDORS
from parley.settings import Settings
from tests.conftest import ScriptedProvider
from tests.fakes import FakeOllama, FakeOpenAI
from tests.providers.conftest import Make
from tests.providers.helpers import events_of, question, text_of
from tests.providers.sockets import FakeServer, bytes_handler, response, silence, unused_port

LLAMACPP = Endpoint("llamacpp", "llama.cpp", "", owned_by="llamacpp")
LOCALAI = Endpoint("localai", "LocalAI", "", owned_by="")
OLLAMA = ollama.LOCAL_SERVER


def ids(catalog: Catalog) -> list[str]:
    return [provider.id for provider in catalog.providers()]


async def names(catalog: Catalog, *, refresh: bool = False) -> list[str]:
    return [model.id for model in await catalog.models(refresh)]


class TestFirstStart:
    async def test_only_the_guide(self, make: Make) -> None:
        catalog = make(replace(OLLAMA, base_url=f"http://127.0.0.1:{unused_port()}"))
        assert [model.id for model in catalog.cached_models()] == ["guide/manual"]
        assert await names(catalog) == ["guide/manual"]
        assert ids(catalog) == ["guide"]
        assert catalog.problems == {}
        assert await catalog.default_model() == "guide/manual"
        provider, model = await catalog.resolve("guide/manual")
        assert "not a language model" in text_of(await events_of(provider, question("hi", model)))

    async def test_local_servers_are_found(self, make: Make) -> None:
        async with FakeOllama("llama3.2:latest") as ollamas, FakeOpenAI("tiny", owned_by="llamacpp") as llamas:
            catalog = make(
                replace(OLLAMA, base_url=ollamas.url),
                replace(LLAMACPP, base_url=llamas.url),
                replace(LOCALAI, base_url=llamas.url),
            )
            assert await names(catalog) == ["ollama/llama3.2:latest", "llamacpp/tiny", "guide/manual"]
            assert ids(catalog) == ["ollama", "llamacpp", "guide"]
            assert catalog.problems == {}
            assert catalog.known("llamacpp", "tiny")
            assert (found := catalog.known("ollama", "llama3.2:latest"))
            assert found.context == 8192
            assert catalog.known("ollama", "nope") is catalog.known("nope", "nope") is None

    async def test_which_parameters_apply(self, make: Make) -> None:
        async with FakeOpenAI("tiny", owned_by="llamacpp") as llamas:
            llamas.models[0]["supported_parameters"] = ["temperature", "seed", "something_new"]
            catalog = make(replace(LLAMACPP, base_url=llamas.url))
            taken, known = catalog.parameters_of("llamacpp/tiny")
            assert not known  # its list has not been read
            assert {"temperature", "stop", "effort", "json"} <= taken
            await catalog.models()
            assert catalog.parameters_of("llamacpp/tiny") == (frozenset({"temperature", "seed"}), True)
            assert catalog.parameters_of("llamacpp/other") == (taken, False)
            assert catalog.parameters_of("guide/manual") == (frozenset(), True)
            assert "seed" not in catalog.parameters_of("anthropic/claude")[0]
            assert catalog.parameters_of("nobody/knows") == catalog.parameters_of("") == (frozenset(), False)

    async def test_models_that_only_embed_stand_apart(self, make: Make) -> None:
        async with FakeOpenAI("tiny", "nomic-embed-text", owned_by="llamacpp") as llamas:
            catalog = make(replace(LLAMACPP, base_url=llamas.url))
            assert await names(catalog) == ["llamacpp/tiny", "guide/manual"]
            assert [model.id for model in catalog.cached_models("embedding")] == ["llamacpp/nomic-embed-text"]
            assert [model.name for model in (await catalog.try_out(Endpoint("x", "x", llamas.url))).models] == ["tiny"]

    async def test_who_comes_while_they_are_asked_waits_for_them(self, make: Make) -> None:
        async with FakeOpenAI("tiny", owned_by="llamacpp") as llamas:
            catalog = make(replace(LLAMACPP, base_url=llamas.url))
            asking = asyncio.get_running_loop().create_task(catalog.models(refresh=True))
            await asyncio.sleep(0)
            assert await names(catalog) == ["llamacpp/tiny", "guide/manual"]
            assert await catalog.default_model() == "llamacpp/tiny"
            await asking
            assert len(llamas.asked("/v1/models")) == 1

    async def test_a_server_is_tried_out_without_being_kept(self, make: Make) -> None:
        async with FakeOpenAI("tiny") as server:
            server.key = "secret-key-1234"
            catalog, place = make(), Endpoint("mine", "mine", server.url)
            with pytest.raises(KeyMissing):
                await catalog.try_out(place)
            with pytest.raises(KeyRefused) as refused:
                await catalog.try_out(place, "another-key-5678")
            assert "5678" not in refused.value.detail
            assert [model.id for model in (await catalog.try_out(place, server.key)).models] == ["mine/tiny"]
            assert ids(catalog) == ["guide"]
            assert "mine" not in [known.endpoint.id for known in catalog.places()]

    async def test_they_are_asked_again_only_on_request(self, make: Make) -> None:
        async with FakeOpenAI("tiny", owned_by="llamacpp") as llamas:
            catalog = make(replace(LLAMACPP, base_url=llamas.url))
            await asyncio.gather(*(catalog.models() for _ in range(5)))
            await catalog.models()
            assert len(llamas.asked("/v1/models")) == 1
            llamas.models[0]["id"] = "bigger"
            assert await names(catalog, refresh=True) == ["llamacpp/bigger", "guide/manual"]
        assert await names(catalog, refresh=True) == ["guide/manual"]
        assert catalog.problems == {}

    async def test_a_server_that_is_gone_is_named_in_the_error(self, make: Make) -> None:
        port = unused_port()
        catalog = make(replace(LLAMACPP, base_url=f"http://127.0.0.1:{port}/v1"))
        provider, model = await catalog.resolve("llamacpp/tiny")
        with pytest.raises(ProviderUnreachable, match=f"llama.cpp cannot be reached at http://127.0.0.1:{port}"):
            await events_of(provider, question(model=model))

    async def test_nothing_is_looked_for_when_that_is_off(self, make: Make, settings: Settings) -> None:
        async with FakeOpenAI("tiny", owned_by="llamacpp") as llamas:
            settings.update(discover=False)
            catalog = make(replace(LLAMACPP, base_url=llamas.url))
            assert await names(catalog) == ["guide/manual"]
            assert llamas.requests == []
            settings.update(discover=True)
            assert await names(catalog) == ["llamacpp/tiny", "guide/manual"]
            settings.update(discover=False)
            assert ids(catalog) == ["guide"]

    async def test_another_program_on_the_port_is_no_model_server(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with FakeServer(bytes_handler(response("<html>"))) as stranger, FakeServer(silence) as mute:
            rows = [Endpoint("a", "A", f"{stranger.url}/v1"), Endpoint("b", "B", f"{mute.url}/v1")]
            catalog = make(*rows)
            monkeypatch.setattr(catalog_module, "LIST_SECONDS", 0.2)
            assert await names(catalog) == ["guide/manual"]
            assert catalog.problems == {}


class TestAddedProviders:
    async def test_they_come_first_and_follow_the_settings(self, make: Make, settings: Settings) -> None:
        async with FakeOpenAI("big") as box, FakeOllama("small:1b") as other:
            catalog = make()
            assert ids(catalog) == ["guide"]
            settings.update(providers=(ProviderRow("box", box.root), ProviderRow("other", other.url, dialect="ollama")))
            assert ids(catalog) == ["box", "other", "guide"]
            assert await names(catalog) == ["box/big", "other/small:1b", "guide/manual"]
            kept = catalog.get("box")
            settings.update(providers=(ProviderRow("box", box.root),))
            assert await names(catalog) == ["box/big", "guide/manual"]
            assert catalog.get("box") is kept
            settings.update(theme="dark")
            assert len(box.asked("/v1/models")) == 2
            await catalog.models()
            assert len(box.asked("/v1/models")) == 2
            with pytest.raises(ProviderUnknown):
                catalog.get("other")

    async def test_a_removed_provider_finishes_its_answer(self, make: Make, settings: Settings) -> None:
        async with FakeOpenAI("big") as box:
            settings.update(providers=(ProviderRow("box", box.root),))
            catalog = make()
            stream = catalog.get("box").stream(question(model="big"))
            events = [await anext(stream)]
            settings.update(providers=())
            await catalog.models()
            events += [event async for event in stream]
            assert text_of(events) == "Hello, world!"

    async def test_keys(self, make: Make, settings: Settings, keys: Keys, environ: dict[str, str]) -> None:
        async with FakeOpenAI("big") as box:
            box.key = "right"
            settings.update(providers=(ProviderRow("box", box.root, key_env="BOX_KEY"),))
            catalog = make()
            environ["BOX_KEY"] = "wrong"
            assert await names(catalog) == ["guide/manual"]
            assert isinstance(catalog.problems["box"], KeyRefused)
            assert ids(catalog) == ["box", "guide"]
            environ["BOX_KEY"] = "right"
            assert await names(catalog, refresh=True) == ["box/big", "guide/manual"]
            assert catalog.problems == {}
            del environ["BOX_KEY"]
            keys.set("box", "right")
            assert await names(catalog, refresh=True) == ["box/big", "guide/manual"]

    async def test_one_of_the_same_id_or_address_takes_precedence(self, make: Make, settings: Settings) -> None:
        async with FakeOpenAI("tiny", owned_by="llamacpp") as llamas:
            row = replace(LLAMACPP, base_url=llamas.url)
            settings.update(providers=(ProviderRow("box", f"http://localhost:{llamas.port}"),))
            assert await names(make(row)) == ["box/tiny", "guide/manual"]
            settings.update(providers=(ProviderRow("llamacpp", llamas.root),))
            assert await names(make(row)) == ["llamacpp/tiny", "guide/manual"]

    @pytest.mark.parametrize(
        "row",
        [
            ProviderRow("box", "http://127.0.0.1:9", dialect="telepathy"),
            ProviderRow("a/b", "http://127.0.0.1:9"),
            ProviderRow("", "http://127.0.0.1:9"),
            ProviderRow("guide", "http://127.0.0.1:9"),
        ],
    )
    async def test_a_row_that_makes_no_sense(
        self, make: Make, settings: Settings, row: ProviderRow, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING):
            settings.update(providers=(row,))
            catalog = make()
        assert isinstance(catalog.problems[row.name], SettingInvalid)
        assert await names(catalog) == ["guide/manual"]
        assert caplog.messages


class TestEnvironment:
    async def test_vendors_appear_with_their_keys(
        self, make: Make, keys: Keys, environ: dict[str, str], caplog: pytest.LogCaptureFixture
    ) -> None:
        async with FakeOpenAI("gpt-4o") as vendor:
            vendor.key = "sk-0123456789abcdefghij"
            environ["OPENAI_BASE_URL"] = vendor.url
            environ["OPENAI_API_KEY"] = f" {vendor.key}\n"
            catalog = make()
            assert await names(catalog) == ["openai/gpt-4o", "guide/manual"]
            assert await catalog.default_model() == "openai/gpt-4o"
        environ.clear()
        assert ids(catalog) == ["guide"]
        environ["GROQ_API_KEY"] = "x"
        keys.set("openrouter", "y")
        assert ids(catalog) == ["groq", "openrouter", "guide"]

    async def test_an_impossible_key_is_a_problem_of_its_provider(self, make: Make, environ: dict[str, str]) -> None:
        environ["OPENAI_API_KEY"] = "“sk-quoted”"
        environ["OPENAI_BASE_URL"] = "http://127.0.0.1:9"
        catalog = make()
        assert await names(catalog) == ["guide/manual"]
        assert isinstance(catalog.problems["openai"], SettingInvalid)
        assert "quoted" not in str(catalog.problems["openai"])

    async def test_ollama_host(self, make: Make, environ: dict[str, str], settings: Settings) -> None:
        async with FakeOllama("llama3.2:latest") as server:
            settings.update(discover=False)
            environ["OLLAMA_HOST"] = f"0.0.0.0:{server.port}"
            environ["OLLAMA_API_KEY"] = "cloud-key"
            catalog = make(OLLAMA)
            assert await names(catalog) == ["ollama/llama3.2:latest", "guide/manual"]
            assert server.requests[0].headers["authorization"] == "Bearer cloud-key"
        assert await names(catalog, refresh=True) == ["guide/manual"]
        assert isinstance(catalog.problems["ollama"], ProviderUnreachable)

    async def test_a_key_for_a_service_is_not_offered_to_a_port_of_this_computer(
        self, make: Make, environ: dict[str, str]
    ) -> None:
        async with FakeOllama() as server:
            environ["OLLAMA_API_KEY"] = "cloud-key"
            await make(replace(OLLAMA, base_url=server.url)).models()
            assert all("authorization" not in request.headers for request in server.requests)

    async def test_a_broken_file_of_keys(self, make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        (tmp_path / "keys.json").write_text("{")
        async with FakeOpenAI("tiny", owned_by="llamacpp") as llamas:
            catalog = make(replace(LLAMACPP, base_url=llamas.url))
            with caplog.at_level(logging.WARNING):
                assert await names(catalog) == ["llamacpp/tiny", "guide/manual"]
            assert isinstance(catalog.problems["keys"], KeysUnreadable)
            assert "without one" in caplog.text
            with pytest.raises(KeysUnreadable):
                await events_of(catalog.get("openai"), question())


class TestProblems:
    async def test_one_bad_provider_does_not_spoil_the_others(
        self, make: Make, settings: Settings, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[[str], None]
    ) -> None:
        expect_log("bug could not be asked")
        monkeypatch.setattr(catalog_module, "LIST_SECONDS", 1.5)
        buggy = ScriptedProvider("bug")
        buggy.problem = ZeroDivisionError("oops")
        dialect = ProviderDialect("buggy", lambda endpoint, access: buggy, str)
        async with (
            FakeOpenAI("big") as box,
            FakeServer(silence) as mute,
            FakeServer(bytes_handler(response("oops", 500))) as failing,
        ):
            settings.update(
                providers=(
                    ProviderRow("mute", mute.url),
                    ProviderRow("failing", failing.url),
                    ProviderRow("gone", f"http://127.0.0.1:{unused_port()}"),
                    ProviderRow("bug", "", dialect="buggy"),
                    ProviderRow("box", box.root),
                )
            )
            catalog = make(dialects=(*catalog_module.BUILT_IN, dialect))
            assert await names(catalog) == ["box/big", "guide/manual"]
            kinds = {name: type(error) for name, error in catalog.problems.items()}
            assert kinds == {
                "mute": ProviderTimeout,
                "failing": ProviderFailed,
                "gone": ProviderUnreachable,
                "bug": InternalError,
            }
            assert ids(catalog) == ["mute", "failing", "gone", "bug", "box", "guide"]

    async def test_closing_ends_a_listing(self, make: Make, settings: Settings) -> None:
        async with FakeServer(silence) as mute:
            settings.update(providers=(ProviderRow("mute", mute.url),))
            catalog = make()
            waiting = asyncio.create_task(catalog.models())
            while not mute.requests:
                await asyncio.sleep(0.001)
            await catalog.close()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await asyncio.wait_for(mute.all_gone.wait(), 1)

    async def test_giving_up_waiting_does_not_end_it(self, make: Make) -> None:
        async with FakeOpenAI("tiny", owned_by="llamacpp") as llamas:
            catalog = make(replace(LLAMACPP, base_url=llamas.url))
            first = asyncio.create_task(catalog.models())
            await asyncio.sleep(0)
            first.cancel()
            assert "llamacpp/tiny" in await names(catalog)
            assert len(llamas.asked("/v1/models")) == 1


def test_the_tables() -> None:
    rows = [*VENDORS, *LOCAL_SERVERS, OLLAMA]
    assert len({row.id for row in rows}) == len(rows)
    makers = {dialect.name: dialect for dialect in catalog_module.BUILT_IN}
    for row in rows:
        assert makers[row.dialect].base_url(row.base_url) == row.base_url
        assert makers[row.dialect].make(row, Access()).id == row.id

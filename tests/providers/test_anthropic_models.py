"""The list of models, in pages, as platform.claude.com/docs/en/api/models/list has it."""

from typing import Any

import pytest

from parley.errors import AddressWrong
from parley.models import Model
from parley.options import ProviderRow
from parley.providers.anthropic import VENDOR, Anthropic
from parley.providers.catalog import BUILT_IN
from parley.providers.endpoints import Access, Endpoint
from parley.settings import Settings
from tests.providers.anthropic_fake import FakeAnthropic, capabilities, info
from tests.providers.conftest import Make
from tests.providers.sockets import Exchange, FakeServer


async def listed(server: FakeServer, **fields: Any) -> list[Model]:
    endpoint = Endpoint("anthropic", "Anthropic", server.url, dialect="anthropic", **fields)
    provider = Anthropic(endpoint, Access(lambda: "sk-ant-right"))
    try:
        return await provider.models()
    finally:
        await provider.close()


async def test_all_pages() -> None:
    names = [f"claude-opus-6-{number}" for number in range(7)]
    async with FakeAnthropic(*map(info, names)) as server:
        server.page = 3
        assert [model.name for model in await listed(server)] == names
        assert [request.path for request in server.requests] == [
            "/v1/models?limit=1000",
            f"/v1/models?limit=1000&after_id={names[2]}",
            f"/v1/models?limit=1000&after_id={names[5]}",
        ]


async def test_pages_that_never_end() -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.respond({"data": [{"id": "m"}], "has_more": True, "last_id": "m"})

    async with FakeServer(handle) as server:
        assert {model.name for model in await listed(server)} == {"m"}
        assert len(server.requests) == 2


async def test_what_it_says() -> None:
    facts = {"max_input_tokens": 300_000, "max_tokens": 9000}
    abilities = capabilities("enabled", "disabled", effort=False, vision=False)
    async with FakeAnthropic(info("claude-nova-1", "Claude Nova", **facts, capabilities=abilities)) as server:
        (model,) = await listed(server)
    assert model == Model(
        "anthropic",
        "claude-nova-1",
        label="Claude Nova",
        context=300_000,
        vision=False,
        tools=True,
        reasoning=True,
        max_output=9000,
        parameters=frozenset({"temperature", "top_p", "max_tokens", "stop", "effort", "json", "schema"}),
    )


async def test_preferred_ones_first_and_no_retired_ones() -> None:
    names = ("claude-new-9", "claude-haiku-5-5", "claude-opus-5-5")
    async with FakeAnthropic(*map(info, names), info("claude-opus-5", lifecycle="retired")) as server:
        models = await listed(server, preferred=VENDOR.preferred)
    assert [model.name for model in models] == ["claude-opus-5-5", "claude-haiku-5-5", "claude-new-9"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"object": "model", "owned_by": "openai"}, {}),
        ({"max_model_len": 8192, "owned_by": "vllm"}, {"context": 8192}),
        ({"meta": {"n_ctx": 4096}, "owned_by": "llamacpp"}, {"context": 4096}),
        ({"capabilities": {"thinking": 3, "effort": []}, "display_name": None}, {"vision": False}),
    ],
)
async def test_lists_of_imitators(entry: dict[str, Any], expected: dict[str, Any]) -> None:
    async def handle(exchange: Exchange) -> None:
        await exchange.respond({"object": "list", "data": [None, {}, {"id": 3}, {"id": "glm-5"} | entry]})

    async with FakeServer(handle) as server:
        assert await listed(server) == [Model("anthropic", "glm-5", **expected)]


async def test_a_list_beside_the_api() -> None:
    """As with DeepSeek, api-docs.deepseek.com/guides/anthropic_api: it names no list below /anthropic."""

    async def handle(exchange: Exchange) -> None:
        if exchange.request.path.startswith("/v1/models"):
            await exchange.respond({"object": "list", "data": [{"id": "deepseek-flash", "object": "model"}]})
        else:
            await exchange.respond({"detail": "Not Found"}, 404)

    async with FakeServer(handle) as server:
        endpoint = Endpoint("deep", "Deep", f"{server.url}/anthropic", dialect="anthropic")
        provider = Anthropic(endpoint, Access(lambda: "key"))
        assert [model.id for model in await provider.models()] == ["deep/deepseek-flash"]
        await provider.close()
        endpoint = Endpoint("deep", "Deep", f"{server.url}/claude", dialect="anthropic")
        provider = Anthropic(endpoint, Access(lambda: "key"))
        with pytest.raises(AddressWrong):
            await provider.models()
        await provider.close()


async def test_the_catalog_finds_it(make: Make, environ: dict[str, str], settings: Settings) -> None:
    async with FakeAnthropic() as server:
        environ |= {"ANTHROPIC_API_KEY": "sk-ant-right", "ANTHROPIC_BASE_URL": f"{server.url}/v1/"}
        settings.update(providers=(ProviderRow("work", f"{server.url}/v1/messages", "anthropic", "ANTHROPIC_API_KEY"),))
        catalog = make(dialects=BUILT_IN)
        ids = [model.id for model in await catalog.models()]
    assert ids[:2] == ["work/claude-opus-5-5", "anthropic/claude-opus-5-5"]
    assert catalog.problems == {}

"""Ollama's dialect: what the model is asked, and our own provider on the other end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from parley.errors import ModelAbsent, RateLimited
from parley.events import Finished, ReasoningDelta, Status, TextDelta, ToolCalled
from parley.messages import Image, Reasoning, Role, Text, ToolCall, ToolResult, Usage
from parley.models import Model, Parameters, ToolSpec
from parley.people import Permissions
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.providers.library import LoadedModel, ModelDetails, PullProgress
from parley.providers.ollama import Ollama, base_url
from tests.conftest import ScriptedProvider, Until
from tests.server.asked import Embedding, message, parts_of
from tests.server.conftest import Site

PNG = b"\x89PNG\r\n\x1a\n"
SENT_PNG = "iVBORw0KGgo="
TOOL = {"type": "function", "function": {"name": "get_time", "description": "The time", "parameters": {}}}


def question(**fields: Any) -> dict[str, Any]:
    return {"model": "scripted/one", "stream": False, "messages": [{"role": "user", "content": "Hi"}], **fields}


async def asked(site: Site, provider: ScriptedProvider, **fields: Any) -> ProviderRequest:
    """Return what the model is asked for a question."""
    answer = await site.owner.client.post("/api/chat", json=question(**fields))
    assert answer.status_code == 200, answer.text
    return provider.requests[-1]


async def test_all_that_is_said(site: Site, provider: ScriptedProvider) -> None:
    request = await asked(
        site,
        provider,
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What is it?", "images": [SENT_PNG, f"data:image/png;base64,{SENT_PNG}"]},
            {
                "role": "assistant",
                "content": "I look.",
                "thinking": "Hm",
                "tool_calls": [
                    {"function": {"name": "get_time", "arguments": {"tz": "Zürich"}}},
                    {"id": "x", "function": {"name": "get_time", "arguments": '{"tz": "CET"}'}},
                    {"function": {"name": "get_date"}},
                ],
            },
            {"role": "tool", "tool_name": "get_date", "content": "Monday"},
            {"role": "tool", "tool_call_id": "x", "content": "12:00", "images": [SENT_PNG]},
            {"role": "tool", "content": "13:00"},
            {"role": "system", "content": "Now in French."},
            {"role": "user", "content": "And?"},
        ],
    )
    assert request.instruction == "Be brief."
    calls = [
        ToolCall("call_0", "get_time", '{"tz": "Zürich"}'),
        ToolCall("x", "get_time", '{"tz": "CET"}'),
        ToolCall("call_2", "get_date", "{}"),
    ]
    results = [ToolResult("call_2", "Monday"), ToolResult("x", "12:00"), ToolResult("call_0", "13:00")]
    assert parts_of(request) == [
        (Role.USER, [Image("image/png", PNG), Image("image/png", PNG), Text("What is it?")]),
        (Role.ASSISTANT, [Reasoning("Hm"), Text("I look."), *calls, *results]),
        (Role.USER, [Image("image/png", PNG)]),
        (Role.SYSTEM, [Text("Now in French.")]),
        (Role.USER, [Text("And?")]),
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {}),
        (
            {
                "options": {
                    "temperature": 1,
                    "top_p": 0.5,
                    "seed": -1,
                    "num_predict": 9,
                    "stop": ["a", ""],
                    "num_ctx": 9,
                }
            },
            {"temperature": 1, "top_p": 0.5, "seed": 2**31 - 1, "max_tokens": 9, "stop": ("a",)},
        ),
        ({"options": {"num_predict": -1, "stop": "x"}}, {"stop": ("x",)}),
        ({"think": True}, {"effort": "medium"}),
        ({"think": False}, {"effort": "none"}),
        ({"think": "high"}, {"effort": "high"}),
        ({"format": "json"}, {"json": True}),
        ({"format": ""}, {}),
        ({"format": {"type": "object"}}, {"schema": {"type": "object"}}),
        ({"options": None, "think": None, "format": None, "tools": None, "keep_alive": -1, "truncate": False}, {}),
    ],
)
async def test_wishes(site: Site, provider: ScriptedProvider, fields: dict[str, Any], expected: dict[str, Any]) -> None:
    assert (await asked(site, provider, **fields)).parameters == Parameters(**expected)


async def test_tools(site: Site, provider: ScriptedProvider) -> None:
    request = await asked(site, provider, tools=[TOOL])
    assert list(request.tools) == [ToolSpec("get_time", "The time", {"type": "object", "properties": {}})]


async def test_what_a_model_is_known_not_to_do(site: Site, provider: ScriptedProvider) -> None:
    provider.listed[0] = Model("scripted", "one", tools=False, reasoning=False, vision=True, context=4096)
    await site.services.catalog.models()
    for fields, word in (({"tools": [TOOL]}, "tools"), ({"think": True}, "thinking")):
        answer = await site.owner.client.post("/api/chat", json=question(**fields))
        assert (answer.status_code, word in answer.json()["error"]) == (400, True)
    assert (await asked(site, provider, think=False)).parameters.effort == "none"
    shown = (await site.owner.client.post("/api/show", json={"model": "one"})).json()
    assert shown["capabilities"] == ["completion", "vision"]
    assert shown["model_info"]["scripted.context_length"] == 4096


async def test_an_account_asks_only_what_it_may(site: Site, provider: ScriptedProvider) -> None:
    ann = await site.person()
    allowed = Permissions(models=frozenset({"scripted/two"}))
    await site.services.store.accounts.change(ann.account.id, permissions=allowed)
    for path, body in (
        ("/api/chat", question()),
        ("/api/chat", {"model": "one"}),
        ("/api/generate", {"model": "one", "prompt": "Hi"}),
        ("/api/show", {"model": "one"}),
    ):
        answer = await ann.client.post(path, json=body)
        assert (answer.status_code, "error" in answer.json()) == (403, True), path
    assert (await ann.client.post("/api/chat", json=question(model="two"))).status_code == 200
    listed = (await ann.client.get("/api/tags")).json()
    assert [model["name"] for model in listed["models"]] == ["scripted/two"]


async def test_nothing_is_kept(site: Site, provider: ScriptedProvider) -> None:
    await asked(site, provider)
    assert not site.services.store.conversations.page()


async def test_who_goes_away_stops_the_answer(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    async with site.owner.client.stream("POST", "/api/chat", json=question(stream=True)) as answer:
        async for line in answer.aiter_lines():
            if "Hello" in line:
                break
    await until(lambda: not provider.streaming, 5)


class Library(ScriptedProvider):
    """A provider that keeps models of its own."""

    unloaded = ""

    async def version(self) -> str:
        return "0.1.2"

    async def installed(self) -> list[Model]:
        return self.listed

    async def loaded(self) -> list[LoadedModel]:
        return [LoadedModel("one", 9, 5, 4096, 1_700_000_000.0), LoadedModel("two")]

    async def details(self, name: str) -> ModelDetails:
        return ModelDetails(name, "llama", "8B", "Q4", "gguf", 8192, ("completion",), "stop x", "Hello", "{{.}}", "MIT")

    async def pull(self, name: str) -> AsyncIterator[PullProgress]:
        yield PullProgress("done")

    async def delete(self, name: str) -> None: ...

    async def unload(self, name: str) -> None:
        self.unloaded = name


class TestALibrary:
    @pytest.fixture
    def provider(self) -> Library:
        return Library(
            models=[Model("scripted", "one", quantization="Q4", size_bytes=7), Model("scripted", "two:latest")]
        )

    async def test_what_is_known(self, site: Site) -> None:
        shown = (await site.owner.client.post("/api/show", json={"model": "one"})).json()
        assert shown["details"] == {
            "parent_model": "",
            "format": "gguf",
            "family": "llama",
            "families": ["llama"],
            "parameter_size": "8B",
            "quantization_level": "Q4",
        }
        assert [shown[name] for name in ("license", "template", "parameters", "system")] == [
            "MIT",
            "{{.}}",
            "stop x",
            "Hello",
        ]
        assert shown["model_info"]["llama.context_length"] == 8192
        tags = (await site.owner.client.get("/api/tags")).json()["models"]
        assert (tags[0]["size"], tags[0]["details"]["quantization_level"]) == (7, "Q4")
        one, two = (await site.owner.client.get("/api/ps")).json()["models"]
        assert (one["name"], one["size"], one["size_vram"], one["context_length"]) == ("scripted/one", 9, 5, 4096)
        assert (one["expires_at"], two["expires_at"]) == ("2023-11-14T22:13:20.000000Z", "0001-01-01T00:00:00Z")

    async def test_leaving_the_memory(self, site: Site, provider: Library) -> None:
        for name, meant in (("two", "two:latest"), ("scripted/two:latest", "two:latest"), ("one:latest", "one")):
            body = {"model": name, "keep_alive": 0}
            answer = (await site.owner.client.post("/api/generate", json=body)).json()
            assert (answer["done_reason"], provider.unloaded) == ("unload", meant), name


class TestVectors:
    @pytest.fixture
    def provider(self) -> Embedding:
        return Embedding()

    async def test_each_text_has_one(self, site: Site) -> None:
        ask = site.owner.client.post
        answer = (await ask("/api/embed", json={"model": "one", "input": ["a", "bcdef"]})).json()
        assert answer.pop("total_duration") >= 0
        assert answer == {
            "model": "one",
            "embeddings": [[1.0, 0.5], [5.0, 0.5]],
            "load_duration": 0,
            "prompt_eval_count": 3,
        }
        (spent,) = site.services.store.spending.by_model()
        assert (spent.key, spent.input_tokens, spent.cost, spent.unpriced) == ("scripted/one", 3, 0.0, 0)
        assert (await ask("/api/embed", json={"model": "one", "input": []})).json()["embeddings"] == []
        body = {"model": "one", "input": "a", "dimensions": 2, "truncate": True, "options": {}, "keep_alive": 0}
        assert (await ask("/api/embed", json=body)).json()["embeddings"] == [[1.0, 0.5]]
        refused = await ask("/api/embed", json=body | {"dimensions": 9})
        assert (refused.status_code, "2 numbers, not 9" in refused.json()["error"]) == (400, True)
        assert (await ask("/api/embeddings", json={"model": "one", "prompt": "abc"})).json() == {
            "embedding": [3.0, 0.5]
        }
        assert (await ask("/api/embeddings", json={"model": "one", "prompt": ""})).json() == {"embedding": []}

    async def test_who_may_not_gets_none(self, site: Site) -> None:
        ann = await site.person()
        allowed = Permissions(models=frozenset({"scripted/two"}))
        await site.services.store.accounts.change(ann.account.id, permissions=allowed)
        answer = await ann.client.post("/api/embed", json={"model": "one", "input": "a"})
        assert answer.status_code == 403
        assert (await ann.client.post("/api/embed", json={"model": "two", "input": "a"})).status_code == 200
        spent = site.services.store.spending.by_model(account=ann.account.id)
        assert [each.key for each in spent] == ["scripted/two"]


async def test_a_failure_that_takes_long_is_still_a_refusal(
    site: Site, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines have no room for pings, and clients such as Open WebUI pass over an error that is one of them."""
    monkeypatch.setattr("parley.server.streams.PING_SECONDS", 0.01)
    gate = asyncio.Event()
    provider.says(gate, RateLimited(provider="Acme"))
    asking = asyncio.create_task(site.owner.client.post("/api/chat", json=question(stream=True)))
    done, _ = await asyncio.wait({asking}, timeout=0.2)
    assert not done
    gate.set()
    answer = await asking
    assert (answer.status_code, list(answer.json())) == (429, ["error"])


async def test_our_own_provider(site: Site, provider: ScriptedProvider) -> None:
    provider.listed[0] = Model("scripted", "one", context=4096, reasoning=True, vision=True)
    ours = Ollama(Endpoint("parley", "Parley", base_url(site.url)), Access(lambda: site.owner.token))
    provider.says(
        ReasoningDelta("Let me "),
        ReasoningDelta("see."),
        "It is",
        " \N{SNOWMAN}\n",
        ToolCalled(ToolCall("t", "get_time", '{"tz": "Zürich"}')),
        Finished(Usage(input_tokens=40, output_tokens=12, first_token_seconds=1.5, seconds=3.5), "tool_calls"),
    )
    models = await ours.models()
    request = ProviderRequest(
        "scripted/one",
        [message(Role.USER, Image("image/png", PNG), Text("Hi"))],
        "Be brief.",
        Parameters(temperature=0.5, effort="high", max_tokens=99),
        [ToolSpec("get_time", "The time")],
    )
    *said, last = [event async for event in ours.stream(request) if not isinstance(event, Status)]
    with pytest.raises(ModelAbsent):
        _ = [event async for event in ours.stream(ProviderRequest("scripted/nope", request.messages))]
    await ours.close()
    one = next(model for model in models if model.name == "scripted/one")
    assert (one.context, one.vision, one.reasoning) == (4096, True, True)
    assert said == [
        ReasoningDelta("Let me "),
        ReasoningDelta("see."),
        TextDelta("It is"),
        TextDelta(" \N{SNOWMAN}\n"),
        ToolCalled(ToolCall("t", "get_time", '{"tz": "Zürich"}')),
    ]
    assert isinstance(last, Finished)
    assert last.usage
    assert (last.reason, last.usage.input_tokens, last.usage.output_tokens) == ("tool_calls", 40, 12)
    assert (last.usage.first_token_seconds, last.usage.seconds) == (1.5, 3.5)
    heard = provider.requests[0]
    assert parts_of(heard) == [(Role.USER, [Image("image/png", PNG), Text("Hi")])]
    assert heard.instruction == "Be brief."
    assert (heard.parameters.temperature, heard.parameters.effort) == (0.5, "medium")
    assert [tool.name for tool in heard.tools] == ["get_time"]

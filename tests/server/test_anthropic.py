"""Anthropic's dialect: what the model is asked, and our own provider on the other end."""

import asyncio
import json
from typing import Any

import pytest

from parley.errors import ModelUnknown
from parley.events import Finished, ReasoningDelta, TextDelta, ToolCalled
from parley.messages import Image, Reasoning, Role, Text, ToolCall, ToolResult, Usage
from parley.models import Parameters, ToolSpec
from parley.people import Permissions
from parley.providers.anthropic import Anthropic, base_url
from parley.providers.anthropic_reply import REDACTED
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.settings import Settings
from tests.conftest import ScriptedProvider, Until
from tests.server.asked import message, parts_of
from tests.server.conftest import Site
from tests.server.exchange import events_of

PNG = b"\x89PNG\r\n\x1a\n"
SENT_PNG = {"type": "base64", "media_type": "image/jpeg", "data": "iVBORw0KGgo="}
TOOL = {"name": "get_time", "description": "The time", "input_schema": {"type": "object", "properties": {}}}


def question(**fields: Any) -> dict[str, Any]:
    return {"model": "scripted/one", "max_tokens": 99, "messages": [{"role": "user", "content": "Hi"}], **fields}


async def asked(site: Site, provider: ScriptedProvider, **fields: Any) -> ProviderRequest:
    """Return what the model is asked for a question."""
    answer = await site.owner.client.post("/v1/messages", json=question(**fields))
    assert answer.status_code == 200, answer.text
    return provider.requests[-1]


async def test_all_that_is_said(site: Site, provider: ScriptedProvider) -> None:
    request = await asked(
        site,
        provider,
        system=[{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Be kind."}],
        messages=[
            {
                "role": "user",
                "content": [{"type": "image", "source": SENT_PNG}, {"type": "text", "text": "What is it?"}],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm", "signature": "proof"},
                    {"type": "redacted_thinking", "data": "secret"},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "t1", "name": "get_time", "input": {"tz": "Zürich"}},
                    {"type": "tool_use", "id": "t2", "name": "get_time", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "And?"},
                    {"type": "tool_result", "tool_use_id": "t1", "is_error": True},
                    {
                        "type": "tool_result",
                        "tool_use_id": "t2",
                        "content": [
                            {"type": "text", "text": "12:00"},
                            {"type": "image", "source": SENT_PNG},
                            {"type": "search_result", "source": "http://a", "title": "A", "content": []},
                        ],
                    },
                    {
                        "type": "document",
                        "title": "T",
                        "source": {"type": "text", "media_type": "text/plain", "data": "D"},
                    },
                ],
            },
            {"role": "assistant", "content": "It is"},
        ],
    )
    assert request.instruction == "Be brief.\n\nBe kind."
    assert parts_of(request) == [
        (Role.USER, [Image("image/png", PNG), Text("What is it?")]),
        (
            Role.ASSISTANT,
            [
                Reasoning("Hm", None, "proof"),
                Reasoning("", None, f"{REDACTED}secret"),
                Text("I look."),
                ToolCall("t1", "get_time", '{"tz": "Zürich"}'),
                ToolCall("t2", "get_time", "{}"),
                ToolResult("t1", "", failed=True),
                ToolResult("t2", "12:00\nA\nhttp://a"),
            ],
        ),
        (Role.USER, [Image("image/png", PNG)]),
        (Role.USER, [Text("And?"), Text("T\n\nD")]),
        (Role.ASSISTANT, [Text("It is")]),
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"max_tokens": 99}),
        (
            {"max_tokens": 7, "temperature": 1, "top_p": 0.5, "stop_sequences": ["a", "", "b", "c", "d", "e"]},
            {"max_tokens": 7, "temperature": 1, "top_p": 0.5, "stop": tuple("abcde")},
        ),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, {"effort": "minimal"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 16_000}}, {"effort": "medium"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 64_000}}, {"effort": "high"}),
        ({"thinking": {"type": "disabled"}}, {"effort": "none"}),
        ({"thinking": {"type": "adaptive"}}, {"effort": "high"}),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}}, {"effort": "high"}),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
            {"schema": {"type": "object"}},
        ),
        ({"system": None, "stream": None, "thinking": None, "tools": None, "tool_choice": None, "top_k": 5}, {}),
    ],
)
async def test_wishes(site: Site, provider: ScriptedProvider, fields: dict[str, Any], expected: dict[str, Any]) -> None:
    assert (await asked(site, provider, **fields)).parameters == Parameters(**{"max_tokens": 99, **expected})


@pytest.mark.parametrize(
    ("sent", "choice"),
    [
        (None, "auto"),
        ({"type": "auto", "disable_parallel_tool_use": True}, "auto"),
        ({"type": "none"}, "none"),
        ({"type": "any"}, "required"),
        ({"type": "tool", "name": "get_time"}, "get_time"),
    ],
)
async def test_tools(site: Site, provider: ScriptedProvider, sent: dict[str, Any] | None, choice: str) -> None:
    request = await asked(site, provider, tools=[TOOL], tool_choice=sent)
    assert list(request.tools) == [ToolSpec("get_time", "The time", {"type": "object", "properties": {}})]
    assert request.tool_choice == choice


async def test_an_account_asks_only_what_it_may(site: Site, provider: ScriptedProvider) -> None:
    ann = await site.person()
    await site.services.store.accounts.change(
        ann.account.id, permissions=Permissions(models=frozenset({"scripted/two"}))
    )
    answer = await ann.client.post("/v1/messages", json=question())
    assert (answer.status_code, answer.json()["error"]["type"]) == (403, "permission_error")
    assert (await ann.client.post("/v1/messages", json=question(model="scripted/two"))).status_code == 200
    listed = (await ann.client.get("/v1/models", headers={"anthropic-version": "2023-06-01"})).json()
    assert [model["id"] for model in listed["data"]] == ["scripted/two"]


async def test_more_than_is_taken(site: Site, settings: Settings) -> None:
    settings.update(server_json_mib=1)
    answer = await site.owner.client.post("/v1/messages", json=question(system="x" * 1_100_000))
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, "request_too_large")


async def test_nothing_is_kept(site: Site, provider: ScriptedProvider) -> None:
    await asked(site, provider)
    assert not site.services.store.conversations.page()


async def test_who_goes_away_stops_the_answer(site: Site, provider: ScriptedProvider, until: Until) -> None:
    provider.says("Hello", asyncio.Event())
    async with site.owner.client.stream("POST", "/v1/messages", json=question(stream=True)) as answer:
        async for line in answer.aiter_lines():
            if "Hello" in line:
                break
    await until(lambda: not provider.streaming, 5)
    provider.says(asyncio.Event())
    asking = asyncio.create_task(site.owner.client.post("/v1/messages", json=question(stream=True)))
    await until(lambda: provider.streaming)
    asking.cancel()
    await until(lambda: not provider.streaming, 5)


async def test_arguments_that_are_none(site: Site, provider: ScriptedProvider) -> None:
    for stream in (False, True):
        provider.says(ToolCalled(ToolCall("t", "get_time", '{"tz": ')), Finished(None, "tool_calls"))
        answer = await site.owner.client.post("/v1/messages", json=question(stream=stream, tools=[TOOL]))
        if stream:
            assert '"partial_json":"{}"' in answer.text
        else:
            assert answer.json()["content"][0]["input"] == {}


async def test_nothing_to_add_after_a_result(site: Site, provider: ScriptedProvider) -> None:
    call = {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "get_time", "input": {}}]}
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "12:00"}]}
    asked = question(messages=[*question()["messages"], call, result], tools=[TOOL])
    for stream in (False, True):
        provider.says()
        answer = await site.owner.client.post("/v1/messages", json={**asked, "stream": stream})
        assert answer.status_code == 200, answer.text
        if stream:
            assert [event["event"] for event in events_of(answer.text)] == [
                "message_start",
                "message_delta",
                "message_stop",
            ]
        else:
            assert (answer.json()["content"], answer.json()["stop_reason"]) == ([], "end_turn")
    provider.says()
    assert (await site.owner.client.post("/v1/messages", json=question())).status_code == 502


async def test_our_own_provider(site: Site, provider: ScriptedProvider) -> None:
    ours = Anthropic(Endpoint("parley", "Parley", base_url(site.url)), Access(lambda: site.owner.token))
    provider.listed[0] = type(provider.listed[0])("scripted", "one", context=1000, max_output=100)
    provider.says(
        ReasoningDelta("Let me "),
        ReasoningDelta("see."),
        ReasoningDelta("", "proof"),
        "It is",
        " \N{SNOWMAN}\n",
        ToolCalled(ToolCall("t", "get_time", '{"tz": "Zürich"}')),
        Finished(Usage(input_tokens=40, output_tokens=12, cached_tokens=30, cache_writing_tokens=3), "tool_calls"),
    )
    tool = ToolSpec("get_time", "The time", {"type": "object", "properties": {}})
    request = ProviderRequest(
        "scripted/one", [message(Role.USER, Image("image/png", PNG), Text("Hi"))], "Be brief.", tools=[tool]
    )
    events = [event async for event in ours.stream(request)]
    models = await ours.models()
    with pytest.raises(ModelUnknown):
        _ = [event async for event in ours.stream(ProviderRequest("scripted/nope", request.messages))]
    await ours.close()
    *said, last = events
    assert said == [
        ReasoningDelta("Let me "),
        ReasoningDelta("see."),
        ReasoningDelta("", "proof"),
        TextDelta("It is"),
        TextDelta(" \N{SNOWMAN}\n"),
        ToolCalled(ToolCall("t", "get_time", json.dumps({"tz": "Zürich"}, ensure_ascii=False))),
    ]
    assert isinstance(last, Finished)
    assert last.usage
    assert (last.reason, last.usage.input_tokens, last.usage.cached_tokens) == ("tool_calls", 40, 30)
    assert (last.usage.cache_writing_tokens, last.usage.output_tokens) == (3, 12)
    heard = provider.requests[0]
    assert parts_of(heard) == [(Role.USER, [Image("image/png", PNG), Text("Hi")])]
    assert (heard.instruction, list(heard.tools)) == ("Be brief.", [tool])
    assert (models[0].name, models[0].context, models[0].max_output) == ("scripted/one", 1000, 100)

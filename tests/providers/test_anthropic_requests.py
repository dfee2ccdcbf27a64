"""What is sent: judged by the rules that the fake server has from the vendor's documents."""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, product
from typing import Any, get_args

import pytest

from parley.messages import Image, Message, MessageStatus, Part, Reasoning, Role, Text, ToolCall, ToolResult
from parley.models import Effort, Model, Parameters, ToolSpec
from parley.providers.anthropic_models import IMITATOR, Traits, model_of, traits_in, traits_of
from parley.providers.anthropic_request import asked, bounded
from parley.providers.base import ProviderRequest
from tests.providers.anthropic_fake import DOCUMENTED, faults
from tests.providers.helpers import said

PNG = Image("image/png", b"\x89PNG\r\n")
CALL, OTHER = ToolCall("toolu_1", "get_time", '{"tz": "UTC"}'), ToolCall("toolu_2", "list_files", "{}")
TOOLS = (ToolSpec("get_time", "Tells the time", {"type": "object", "properties": {"tz": {"type": "string"}}}),)
NEWEST = traits_of("claude-opus-5-5")
OLDER = traits_of("claude-haiku-4-5")
each_model = pytest.mark.parametrize("entry", DOCUMENTED, ids=lambda entry: str(entry["id"]))


def turn(role: Role, *parts: Part, model: str = "") -> Message:
    return Message("m", "c", None, role, parts, MessageStatus.COMPLETE, 0.0, model)


def body_of(request: ProviderRequest, traits: Traits = NEWEST, *, thoughts: bool = True) -> Any:
    """Return the body as it arrives."""
    return json.loads(json.dumps(asked(request, traits, "anthropic", thoughts=thoughts).body))


def unmarked(messages: Any) -> Any:
    """Return messages without the marks for the cache."""
    return [
        {
            "role": message["role"],
            "content": [{k: v for k, v in block.items() if k != "cache_control"} for block in message["content"]],
        }
        for message in messages
    ]


def answer(*parts: Part, model: str = "anthropic/m") -> Message:
    return turn(Role.ASSISTANT, *parts, model=model)


QUESTION = turn(Role.USER, Text("What time is it?"))
THOUGHT = Reasoning("Hm", 1.0, "sig")

HISTORIES: dict[str, Sequence[Message]] = {
    "question": [QUESTION],
    "picture": [turn(Role.USER, PNG, Text("What is it?"), Image("image/bmp", b"BM"))],
    "nothing": [],
    "blank": [turn(Role.USER, Text(" \n")), answer(Text("")), turn(Role.USER, Text("Hi"))],
    "broken off": [QUESTION, answer(THOUGHT, Text("It is \n"))],
    "answer first": [answer(Text("It is noon. ")), QUESTION],
    "answer alone": [answer(Text("It is noon. "))],
    "painted": [QUESTION, answer(PNG), turn(Role.USER, Text("Again"))],
    "results": [
        QUESTION,
        answer(THOUGHT, Text("I look."), CALL, OTHER, ToolResult("toolu_2", ""), ToolResult("toolu_1", "12:00")),
    ],
    "results unsigned": [QUESTION, answer(Reasoning("Hm"), CALL, ToolResult("toolu_1", "12:00"))],
    "two rounds": [
        QUESTION,
        answer(
            THOUGHT,
            CALL,
            ToolResult("toolu_1", "x", failed=True),
            Reasoning("", 1.0, "redacted_thinking:abc"),
            OTHER,
            ToolResult("toolu_2", "y"),
        ),
    ],
    "said after": [
        QUESTION,
        answer(CALL, ToolResult("toolu_1", "12:00"), Text("Noon.")),
        turn(Role.USER, Text("Thanks")),
    ],
    "said after, broken off": [QUESTION, answer(CALL, ToolResult("toolu_1", "12:00"), Text("Noon "))],
    "never run": [QUESTION, answer(Text("I look."), CALL), turn(Role.USER, Text("Go on"))],
    "ids of others": [
        QUESTION,
        answer(ToolCall("", "a b", "{"), ToolCall("", "c.d", "[]"), ToolResult("", "1"), ToolResult("", "2")),
        answer(ToolCall("call:1|x", "a b", ""), ToolResult("call:1|x", "3")),
        turn(Role.USER, Text("So?")),
        answer(ToolCall("call:1|x", "a b", ""), ToolResult("call:1|x", "3"), ToolResult("unasked", "4")),
    ],
    "system among them": [turn(Role.SYSTEM, Text("Be brief.")), QUESTION, turn(Role.SYSTEM, Text("Be kind."))],
}

WISHES: list[Parameters] = [
    Parameters(),
    Parameters(temperature=1.7, top_p=0.5, max_tokens=700, seed=3, stop=("\n", "END"), json=True),
    Parameters(top_p=0.5, max_tokens=10**9, schema={"type": "object", "properties": {"n": {"type": "integer"}}}),
]


def requests(model: str) -> Iterator[tuple[str, ProviderRequest]]:
    """Yield all that can be asked: every history with every wish, effort and choice of a tool."""
    for (name, history), wish, effort in product(HISTORIES.items(), WISHES, get_args(Effort)):
        for tools, choice in ((), "auto"), (TOOLS, "auto"), (TOOLS, "none"), (TOOLS, "required"), (TOOLS, "get_time"):
            parameters = replace(wish, effort=effort)
            messages = [replace(found, model=found.model and f"anthropic/{model}") for found in history]
            label = f"{name}, {parameters}, {choice if tools else 'no tools'}"
            yield label, ProviderRequest(model, messages, "Be brief.", parameters, tools, choice)


class TestRules:
    @each_model
    def test_nothing_is_sent_that_is_refused(self, entry: dict[str, Any]) -> None:
        traits = traits_in(entry)
        for label, request in requests(entry["id"]):
            for thoughts in True, False:
                body = asked(request, traits, "anthropic", thoughts=thoughts).body
                assert list(faults(dict(body), entry)) == [], label

    @each_model
    def test_the_table_says_what_the_list_says(self, entry: dict[str, Any]) -> None:
        assert traits_of(entry["id"]) == traits_in(entry) == traits_in({"id": entry["id"]})


class TestMessages:
    def test_the_whole_of_it(self) -> None:
        messages = [QUESTION, answer(Text("Noon.")), turn(Role.USER, Text("Sure?")), turn(Role.USER, PNG, Text("Look"))]
        kept = {"cache_control": {"type": "ephemeral"}}
        assert body_of(ProviderRequest("m", messages, "Be brief.", tools=TOOLS)) == {
            "model": "m",
            "max_tokens": 64_000,
            "stream": True,
            "thinking": {"type": "adaptive", "display": "summarized"},
            "tools": [{"name": "get_time", "description": "Tells the time", "input_schema": TOOLS[0].schema}],
            "tool_choice": {"type": "auto"},
            "system": [{"type": "text", "text": "Be brief."} | kept],
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "What time is it?"} | kept]},
                {"role": "assistant", "content": [{"type": "text", "text": "Noon."}]},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Sure?"},
                        {
                            "type": "image",
                            "source": {
                                "type": "base64",
                                "media_type": "image/png",
                                "data": b64encode(PNG.data).decode(),
                            },
                        },
                        {"type": "text", "text": "Look"} | kept,
                    ],
                },
            ],
        }

    def test_calls_and_results(self) -> None:
        messages = unmarked(body_of(ProviderRequest("m", HISTORIES["results"], tools=TOOLS))["messages"])
        assert messages[1:] == [
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm", "signature": "sig"},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "toolu_1", "name": "get_time", "input": {"tz": "UTC"}},
                    {"type": "tool_use", "id": "toolu_2", "name": "list_files", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "12:00"},
                    {"type": "tool_result", "tool_use_id": "toolu_2"},
                ],
            },
        ]

    def test_failed_and_forgotten_ones(self) -> None:
        blocks = body_of(ProviderRequest("m", HISTORIES["two rounds"], tools=TOOLS))["messages"][2]["content"]
        assert blocks[0]["is_error"] is True
        blocks = body_of(ProviderRequest("m", HISTORIES["never run"], tools=TOOLS))["messages"][2]["content"]
        assert [block["type"] for block in blocks] == ["tool_result", "text"]
        assert (blocks[0]["content"], blocks[0]["is_error"]) == ("The tool was not run.", True)

    def test_results_find_their_calls(self) -> None:
        blocks = body_of(ProviderRequest("m", HISTORIES["ids of others"]))["messages"][2]["content"]
        assert [block.get("content") for block in blocks] == ["1", "2"]

    def test_tools_that_are_gone_are_named_and_not_called(self) -> None:
        body = body_of(ProviderRequest("m", HISTORIES["said after"]))
        assert body["tools"] == [
            {"name": "get_time", "input_schema": {"type": "object"}} | {"cache_control": {"type": "ephemeral"}}
        ]
        assert body["tool_choice"] == {"type": "none"}

    def test_pictures_that_it_cannot_see_are_told(self) -> None:
        content = body_of(ProviderRequest("m", HISTORIES["picture"]))["messages"][0]["content"]
        assert [block["type"] for block in content] == ["image", "text", "text"]
        assert "image/bmp" in content[2]["text"]
        content = body_of(ProviderRequest("m", HISTORIES["picture"]), replace(NEWEST, vision=False))["messages"][0][
            "content"
        ]
        assert [block["type"] for block in content] == ["text", "text", "text"]

    def test_instructions_among_the_messages(self) -> None:
        body = body_of(ProviderRequest("m", HISTORIES["system among them"], "You are Q."))
        assert [block["text"] for block in body["system"]] == ["You are Q.", "Be brief.\n\nBe kind."]
        assert len(body["messages"]) == 1


class TestThoughts:
    """build-with-claude/thinking: they go back unchanged where the model is to think on from its calls."""

    def kinds(self, messages: Sequence[Message], *, thoughts: bool = True) -> list[list[str]]:
        request = ProviderRequest("m", messages, tools=TOOLS, parameters=Parameters(effort="high"))
        sent = body_of(request, thoughts=thoughts)["messages"]
        return [[block["type"] for block in message["content"]] for message in sent if message["role"] == "assistant"]

    def test_all_rounds_of_the_last_turn(self) -> None:
        assert self.kinds(HISTORIES["two rounds"]) == [["thinking", "tool_use"], ["redacted_thinking", "tool_use"]]
        assert self.kinds(HISTORIES["two rounds"], thoughts=False) == [["tool_use"], ["tool_use"]]

    def test_not_those_of_another_model(self) -> None:
        messages = [replace(found, model="anthropic/other") for found in HISTORIES["two rounds"]]
        assert self.kinds(messages) == [["tool_use"], ["tool_use"]]

    def test_not_those_of_earlier_turns_or_without_a_call(self) -> None:
        assert self.kinds([*HISTORIES["two rounds"], turn(Role.USER, Text("And?"))]) == [["tool_use"], ["tool_use"]]
        assert self.kinds([QUESTION, answer(THOUGHT, Text("Noon."))]) == [["text"]]

    def test_the_prefix_of_a_signature_never_changes(self) -> None:
        """A signature holds for what was sent before it: the next round, and the next turn, send the same again."""
        first = [
            QUESTION,
            answer(Reasoning("A", 1.0, "old"), CALL, ToolResult("toolu_1", "x"), Text("Noon.")),
            turn(Role.USER, Text("And?")),
        ]
        second = [*first, answer(THOUGHT, OTHER, ToolResult("toolu_2", "y"))]
        bodies = [body_of(ProviderRequest("m", messages, "Be brief.", tools=TOOLS)) for messages in (first, second)]
        before, after = (unmarked(body["messages"]) for body in bodies)
        assert after[: len(before)] == before
        assert bodies[0]["system"] == bodies[1]["system"]
        assert bodies[0]["tools"] == bodies[1]["tools"]


class TestCache:
    def marks(self, body: Any) -> list[str]:
        """Return where marks stand."""
        blocks = [("tools", tool) for tool in body.get("tools", [])] + [
            ("system", told) for told in body.get("system", [])
        ]
        blocks += [
            (f"{at}.{message['role']}", block)
            for at, message in enumerate(body["messages"])
            for block in message["content"]
        ]
        return [place for place, block in blocks if "cache_control" in block]

    def test_instruction_and_the_last_two_turns(self) -> None:
        messages = [said(Role.USER if at % 2 == 0 else Role.ASSISTANT, f"{at}") for at in range(9)]
        assert self.marks(body_of(ProviderRequest("m", messages, "Be brief.", tools=TOOLS))) == [
            "system",
            "6.user",
            "8.user",
        ]
        assert self.marks(body_of(ProviderRequest("m", messages, tools=TOOLS))) == ["tools", "6.user", "8.user"]
        assert self.marks(body_of(ProviderRequest("m", messages[:1]))) == ["0.user"]

    def test_a_longer_conversation_begins_with_what_was_kept(self) -> None:
        messages = [said(Role.USER if at % 2 == 0 else Role.ASSISTANT, f"{at}") for at in range(9)]
        bodies = [body_of(ProviderRequest("m", messages[:size], "Be brief.")) for size in range(1, 10, 2)]
        for before, after in pairwise(bodies):
            assert unmarked(after["messages"])[: len(before["messages"])] == unmarked(before["messages"])
            last = f"{len(before['messages']) - 1}.user"
            assert last in self.marks(before)
            assert last in self.marks(after)


class TestParameters:
    def body(self, traits: Traits = OLDER, about: Model | None = None, **parameters: Any) -> Any:
        tools, choice = parameters.pop("tools", ()), parameters.pop("choice", "auto")
        request = ProviderRequest("m", [QUESTION], "", Parameters(**parameters), tools, choice, about)
        return body_of(request, traits)

    def test_tokens(self) -> None:
        assert self.body()["max_tokens"] == 64_000
        assert self.body(NEWEST)["max_tokens"] == 64_000
        assert self.body(max_tokens=100)["max_tokens"] == 100
        assert self.body(max_tokens=10**6)["max_tokens"] == 64_000
        assert self.body(IMITATOR)["max_tokens"] == 8192
        assert self.body(replace(IMITATOR, context=8000))["max_tokens"] == 2000

    def test_sampling(self) -> None:
        assert self.body(temperature=0.2, top_p=0.9)["temperature"] == 0.2
        assert "top_p" not in self.body(temperature=0.2, top_p=0.9)
        assert self.body(top_p=0.9)["top_p"] == 0.9
        assert self.body(temperature=1.5)["temperature"] == 1
        assert "temperature" not in self.body(temperature=0.2, effort="high"), "not while it thinks"
        assert "temperature" not in self.body(NEWEST, temperature=0.2), "newer models take none"

    def test_effort(self) -> None:
        def thinks(name: str, effort: Effort, **more: Any) -> tuple[Any, Any]:
            body = self.body(traits_of(name), effort=effort, **more)
            return body.get("thinking"), body.get("output_config", {}).get("effort")

        adaptive = {"type": "adaptive", "display": "summarized"}
        assert thinks("claude-opus-5-5", "") == (adaptive, None)
        assert thinks("claude-opus-5-5", "high") == (adaptive, "high")
        assert thinks("claude-opus-5-5", "minimal") == (adaptive, "low")
        assert thinks("claude-opus-5-5", "none") == (adaptive, "low"), "it cannot be told not to think"
        assert thinks("claude-sonnet-5-5", "none") == ({"type": "between_tools"}, None)
        assert thinks("claude-haiku-5-5", "none") == ({"type": "disabled"}, None)
        assert thinks("claude-opus-4-8", "") == (None, None)
        assert thinks("claude-opus-4-8", "none") == ({"type": "disabled"}, None)
        assert thinks("claude-opus-4-8", "medium") == (adaptive, "medium")
        assert thinks("claude-sonnet-4-6", "low") == (adaptive, "low")
        assert thinks("claude-opus-4-5", "high") == ({"type": "enabled", "budget_tokens": 24_000}, "high")
        assert thinks("claude-haiku-4-5", "low") == ({"type": "enabled", "budget_tokens": 4096}, None)
        assert thinks("claude-haiku-4-5", "high", max_tokens=4000) == ({"type": "enabled", "budget_tokens": 2000}, None)
        assert thinks("claude-haiku-4-5", "high", max_tokens=2000) == (None, None), "too little to think and to answer"
        assert thinks("claude-3-haiku-20240307", "high") == (None, None)
        assert thinks("claude-3-haiku-20240307", "none") == (None, None)
        assert thinks("glm-5", "none") == ({"type": "disabled"}, None), "those of others may think by themselves"
        assert thinks("glm-5", "low") == ({"type": "enabled", "budget_tokens": 4096}, None)

    def test_a_tool_that_has_to_be_called(self) -> None:
        for choice, wanted in ("required", {"type": "any"}), ("get_time", {"type": "tool", "name": "get_time"}):
            body = self.body(tools=TOOLS, choice=choice, effort="high")
            assert (body["tool_choice"], "thinking" in body) == (wanted, False)
            body = self.body(traits_of("claude-opus-5"), tools=TOOLS, choice=choice)
            assert (body["tool_choice"], body["thinking"]) == (wanted, {"type": "disabled"})
            assert self.body(NEWEST, tools=TOOLS, choice=choice)["tool_choice"] == {"type": "auto"}

    def test_stops(self) -> None:
        assert self.body(stop=("END", "\n", "*"))["stop_sequences"] == ["END", "*"]
        assert "stop_sequences" not in self.body(stop=(" ",))

    def test_a_form(self) -> None:
        schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
        bound = {"format": {"type": "json_schema", "schema": schema | {"additionalProperties": False}}}
        assert self.body(schema=schema, json=True)["output_config"] == bound
        body = self.body(traits_of("glm-5"), schema=schema)
        assert body["system"][0]["text"].endswith(json.dumps(schema))
        assert "one JSON object" in self.body(json=True)["system"][0]["text"]

    def test_what_the_list_does_not_name_is_left_out(self) -> None:
        about = Model("anthropic", "m", parameters=frozenset({"max_tokens"}))
        body = self.body(about=about, temperature=0.2, stop=("END",), effort="high", max_tokens=50)
        assert body.keys() == {"model", "max_tokens", "stream", "messages"}
        assert body["max_tokens"] == 50


class TestNames:
    @pytest.mark.parametrize(
        ("name", "same"),
        [
            ("anthropic/claude-opus-4.8", "claude-opus-4-8"),
            ("anthropic.claude-sonnet-4-6-v1:0", "claude-sonnet-4-6"),
            ("claude-opus-4-5@20251101", "claude-opus-4-5"),
            ("claude-haiku-5-5-20261001", "claude-haiku-5-5"),
            ("claude-opus-6", "claude-opus-5-5"),
            ("claude-mythos-5-2", "claude-fable-5-2"),
        ],
    )
    def test_names_of_other_vendors_and_later_ones(self, name: str, same: str) -> None:
        assert traits_of(name) == traits_of(same)

    def test_what_the_table_never_heard_of(self) -> None:
        assert traits_of("glm-5") is IMITATOR
        later = traits_of("claude-sonata-7")
        assert (later.samples, later.goes_on, later.can_be_forced, later.thinks) == (False, False, False, True)

    def test_what_was_listed_goes_before_the_table(self) -> None:
        about = Model("anthropic", "claude-opus-5-5", context=500_000, vision=False, max_output=1000)
        traits = traits_of("claude-opus-5-5", about)
        assert traits == replace(NEWEST, context=500_000, vision=False, max_output=1000)
        assert traits_of("claude-opus-5-5", Model("anthropic", "claude-opus-5-5")) == NEWEST

    def test_old_ones(self) -> None:
        assert traits_of("claude-opus-4-20250514").max_output == 32_000
        assert traits_of("claude-3-5-sonnet-20241022").max_output == 8192
        assert traits_of("claude-3-7-sonnet-20250219").parameters >= {"effort", "temperature"}

    def test_models_say_what_they_take(self) -> None:
        found = {entry["id"]: model_of("anthropic", entry, traits_in(entry)) for entry in DOCUMENTED}
        assert found["claude-opus-5-5"] == Model(
            "anthropic",
            "claude-opus-5-5",
            label="claude-opus-5-5",
            context=1_000_000,
            vision=True,
            tools=True,
            reasoning=True,
            max_output=128_000,
            parameters=frozenset({"max_tokens", "stop", "json", "schema", "effort"}),
        )
        assert {"temperature", "top_p"} <= (found["claude-haiku-4-5-20251001"].parameters or frozenset())


def test_schemas_that_are_none_do_no_harm() -> None:
    assert bounded(True) is True
    assert bounded({"type": "object", "properties": 3})["properties"] == {}

"""What Gemini is asked, and what is known of its models."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from parley.errors import ProviderUnreachable
from parley.messages import Image, Message, MessageStatus, Part, Reasoning, Role, Text, ToolCall, ToolResult
from parley.models import Model, Parameters, ToolSpec
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint
from parley.providers.gemini import VENDORS, Gemini
from parley.providers.gemini_models import model_of, traits_of
from parley.providers.gemini_requests import GO_ON, NO_RESULT, UNSEEN, UNSIGNED, body_of, path_of, wire_name
from tests.providers.fake_gemini import MODEL, FakeGemini, listed
from tests.providers.sockets import FakeServer, bytes_handler, response

USER, ASSISTANT, SYSTEM = Role.USER, Role.ASSISTANT, Role.SYSTEM
TIME = ToolSpec("get_time", "Tell the time", {"type": "object", "properties": {"tz": {"type": "string"}}})
ALL = Parameters(0.5, 0.9, 100, 7, ("END", ""), "low")
CHAT = frozenset({"max_tokens", "seed", "stop", "json", "schema"})


def message(role: Role, *parts: Part | str, model: str = "") -> Message:
    built = tuple(Text(part) if isinstance(part, str) else part for part in parts)
    return Message("m", "c", None, role, built, MessageStatus.COMPLETE, 0.0, model=model)


def body(*messages: Message, model: str = MODEL, **fields: Any) -> dict[str, Any]:
    return body_of(ProviderRequest(model, messages or [message(USER, "Hi")], **fields), "gemini")


def config(model: str = MODEL, parameters: Parameters = ALL, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = body(model=model, parameters=parameters, **fields).get("generationConfig", {})
    return found


def user(*texts: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": text} for text in texts]}


class TestMessages:
    def test_the_plainest_one(self) -> None:
        assert body(model="gemini-2.0-flash") == {"contents": [user("Hi")]}

    def test_a_conversation(self) -> None:
        turns = [message(USER, "One"), message(ASSISTANT, "Two"), message(USER, "Three"), message(USER, "Four")]
        sent = body(message(SYSTEM, "In French."), *turns, instruction="Be brief.")
        assert sent["contents"] == [user("One"), {"role": "model", "parts": [{"text": "Two"}]}, user("Three\n\nFour")]
        assert sent["systemInstruction"] == {"parts": [{"text": "Be brief."}, {"text": "In French."}]}

    def test_images(self) -> None:
        (content,) = body(message(USER, Image("image/png", b"\x89PNG"), "What is this?"))["contents"]
        picture = {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}
        assert content["parts"] == [picture, {"text": "What is this?"}]

    @pytest.mark.parametrize(
        ("model", "about", "seen"),
        [
            ("gemma-3-1b-it", None, False),
            ("gemma-3-27b-it", None, True),
            (MODEL, Model("gemini", MODEL, vision=False), False),
            ("tuned", Model("gemini", "tuned"), True),
        ],
    )
    def test_images_are_named_to_models_that_cannot_see(self, model: str, about: Model | None, seen: bool) -> None:
        said = message(USER, Image("image/png", b"png"), "What is this?")
        (content,) = body_of(ProviderRequest(model, [said], about=about), "gemini")["contents"]
        assert ("inlineData" in content["parts"][0]) is seen
        assert content["parts"][0] == {"text": UNSEEN} or seen

    def test_pictures_that_a_model_made(self) -> None:
        """With their signature, or with Google's word for that of another model: thought-signatures, in its docs."""
        picture = Image("image/png", b"\x89PNG")
        data = {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}}
        said = message(ASSISTANT, "Here:", picture, Reasoning("", None, "c2ln"))
        sent = body(message(USER, "Draw"), said, message(USER, "Again"))["contents"]
        assert sent[1] == {"role": "model", "parts": [{"text": "Here:"}, data | {"thoughtSignature": "c2ln"}]}
        sent = body(message(USER, "Draw"), message(ASSISTANT, picture), message(USER, "Again"))["contents"]
        assert sent[1] == {"role": "model", "parts": [data | {"thoughtSignature": UNSIGNED}]}
        old = body(message(ASSISTANT, picture), message(USER, "Again"), model="gemini-2.5-flash-image")["contents"]
        assert old[0] == {"role": "model", "parts": [data]}

    def test_a_models_own_last_words_are_not_the_end(self) -> None:
        """From 3.5 Flash-Lite on such a request is refused: whats-new-gemini-3.6."""
        contents = body(message(USER, "One"), message(ASSISTANT, "Tw"))["contents"]
        assert contents[1:] == [{"role": "model", "parts": [{"text": "Tw"}]}, user(GO_ON)]

    def test_nothing_empty_is_sent(self) -> None:
        contents = body(message(USER, "One"), message(ASSISTANT, Reasoning("Hm"), ""), message(USER, "Two"))["contents"]
        assert contents == [user("One"), user("Two")]

    @pytest.mark.parametrize("model", ["gemma-3-27b-it", "gemma-4-31b-it"])
    def test_open_models_are_instructed_by_the_first_message(self, model: str) -> None:
        """Those of before Gemma 4 refuse an instruction of its own; all of them read this."""
        sent = body(model=model, instruction="Be brief.")
        assert sent["contents"] == [user("Be brief."), user("Hi")]
        assert "systemInstruction" not in sent


class TestTools:
    REPLY = (
        Text("Looking."),
        Reasoning("", signature="dGV4dA=="),
        ToolCall("1", "get_time", '{"tz": "UTC"}', "c2ln"),
        ToolCall("2", "get_time", "not JSON"),
        ToolResult("2", "No such zone", failed=True),
        ToolResult("1", "12:00"),
        Reasoning("Hm", signature="dGhvdWdodA=="),
        Text("Noon."),
        Reasoning("", signature="bGFzdA=="),
    )

    def test_rounds_and_signatures_go_back_in_their_place(self) -> None:
        contents = body(message(USER, "Time?"), message(ASSISTANT, *self.REPLY, model="gemini/x"), message(USER, "So?"))
        assert contents["contents"][1:4] == [
            {
                "role": "model",
                "parts": [
                    {"text": "Looking.", "thoughtSignature": "dGV4dA=="},
                    {
                        "functionCall": {"id": "1", "name": "get_time", "args": {"tz": "UTC"}},
                        "thoughtSignature": "c2ln",
                    },
                    {"functionCall": {"id": "2", "name": "get_time", "args": {}}},
                ],
            },
            {
                "role": "user",
                "parts": [
                    {"functionResponse": {"id": "1", "name": "get_time", "response": {"output": "12:00"}}},
                    {"functionResponse": {"id": "2", "name": "get_time", "response": {"error": "No such zone"}}},
                ],
            },
            {
                "role": "model",
                "parts": [
                    {"text": "Hm", "thought": True, "thoughtSignature": "dGhvdWdodA=="},
                    {"text": "Noon.", "thoughtSignature": "bGFzdA=="},
                ],
            },
        ]

    @pytest.mark.parametrize(
        ("model", "signature"), [(MODEL, UNSIGNED), ("gemini-flash-latest", UNSIGNED), ("gemini-2.5-flash", None)]
    )
    def test_anothers_signatures_are_not_sent(self, model: str, signature: str | None) -> None:
        reply = message(ASSISTANT, *self.REPLY, model="anthropic/x")
        _, first, _, last, _ = body(message(USER, "Time?"), reply, message(USER, "So?"), model=model)["contents"]
        assert first["parts"][0] == {"text": "Looking."}
        assert [part.get("thoughtSignature") for part in first["parts"][1:]] == [signature, None]
        assert last["parts"] == [{"text": "Noon."}]

    def test_a_signature_alone(self) -> None:
        contents = body(message(USER, "1"), message(ASSISTANT, Reasoning("", signature="c2ln")), message(USER, "2"))
        assert contents["contents"][1]["parts"] == [{"text": "", "thoughtSignature": "c2ln"}]

    def test_every_call_has_its_result(self) -> None:
        contents = body(message(USER, "1"), message(ASSISTANT, ToolCall("", "f", "{}"), ToolCall("2", "f", "{}")))
        assert [part["functionResponse"] for part in contents["contents"][2]["parts"]] == [
            {"name": "f", "response": {"error": NO_RESULT}},
            {"id": "2", "name": "f", "response": {"error": NO_RESULT}},
        ]
        assert contents["contents"][-1]["role"] == "user"

    def test_declarations(self) -> None:
        tools = [TIME, ToolSpec("now", "The time here")]
        assert body(tools=tools)["tools"] == [
            {
                "functionDeclarations": [
                    {
                        "name": "get_time",
                        "description": "Tell the time",
                        "parametersJsonSchema": {"type": "object", "properties": {"tz": {"type": "string"}}},
                    },
                    {"name": "now", "description": "The time here"},
                ]
            }
        ]

    @pytest.mark.parametrize(
        ("choice", "expected"),
        [
            ("auto", None),
            ("none", {"mode": "NONE"}),
            ("required", {"mode": "ANY"}),
            ("get_time", {"mode": "ANY", "allowedFunctionNames": ["get_time"]}),
        ],
    )
    def test_choice(self, choice: str, expected: Any) -> None:
        sent = body(tools=[TIME], tool_choice=choice)
        assert sent.get("toolConfig") == (expected and {"functionCallingConfig": expected})
        assert "toolConfig" not in body(tool_choice=choice)

    def test_models_without_tools_get_none(self) -> None:
        assert "tools" not in body(model="gemma-3-27b-it", tools=[TIME])
        assert "tools" not in body(tools=[TIME], about=Model("gemini", MODEL, tools=False))

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("get_time", "get_time"),
            ("a.b:c-d", "a.b:c-d"),
            ("1st", "_1st"),
            ("-x", "_-x"),
            ("zeit sägen", "zeit_s_gen"),
        ],
    )
    def test_names(self, name: str, expected: str) -> None:
        assert wire_name(name) == expected
        assert len(wire_name(name * 99)) <= 128


class TestParameters:
    def test_all(self) -> None:
        assert config("gemini-3.5-flash") == {
            "temperature": 0.5,
            "topP": 0.9,
            "maxOutputTokens": 100,
            "seed": 7,
            "stopSequences": ["END"],
            "thinkingConfig": {"includeThoughts": True, "thinkingLevel": "LOW"},
        }

    @pytest.mark.parametrize(
        ("model", "takes"),
        [
            ("gemini-2.5-flash", True),
            ("gemini-3.1-pro-preview", True),
            ("gemini-3.1-flash-lite", True),
            ("gemini-3.5-flash", True),
            ("gemini-3.5-flash-lite", False),
            ("gemini-3.6-flash", False),
            ("gemini-3.8-flash", False),
            ("gemini-flash-latest", False),
            ("gemini-4-hydrogen", False),
            ("gemma-4-31b-it", True),
            ("claude-by-a-proxy", True),
        ],
    )
    def test_the_newest_take_no_temperature(self, model: str, takes: bool) -> None:
        """https://ai.google.dev/gemini-api/docs/generate-content/whats-new-gemini-3.6"""
        assert ("temperature" in config(model)) == ("topP" in config(model)) == takes
        assert "maxOutputTokens" in config(model)

    def test_limits(self) -> None:
        wild = Parameters(9.0, 3.0, 10**6, 2**31 + 1, tuple("abcdefg"))
        about = Model("gemini", "gemini-2.5-flash", max_output=65_536)
        sent = config("gemini-2.5-flash", wild, about=about)
        assert sent["temperature"] == 2.0
        assert sent["topP"] == 1.0
        assert sent["maxOutputTokens"] == 65_536
        assert sent["seed"] == 1
        assert sent["stopSequences"] == list("abcde")
        request = ProviderRequest("gemini-2.5-flash", [message(USER, "Hi")], parameters=wild)
        assert body_of(request, "gemini", hottest=1.0)["generationConfig"]["temperature"] == 1.0

    def test_what_the_list_says_goes_first(self) -> None:
        about = Model("gemini", MODEL, reasoning=False, parameters=frozenset({"temperature"}))
        assert config(parameters=ALL, about=about) == {"temperature": 0.5}
        assert config(parameters=Parameters(), about=about) == {}

    @pytest.mark.parametrize(
        ("model", "effort", "expected"),
        [
            ("gemini-3.8-flash", "", {"includeThoughts": True}),
            ("gemini-3.8-flash", "none", {"includeThoughts": True, "thinkingLevel": "LOW"}),
            ("gemini-3.8-flash", "minimal", {"includeThoughts": True, "thinkingLevel": "LOW"}),
            ("gemini-3.8-flash", "medium", {"includeThoughts": True, "thinkingLevel": "MEDIUM"}),
            ("gemini-3.6-flash", "none", {"includeThoughts": True, "thinkingLevel": "MINIMAL"}),
            ("gemini-3.5-flash-lite", "minimal", {"includeThoughts": True, "thinkingLevel": "MINIMAL"}),
            ("gemini-3.1-pro-preview", "minimal", {"includeThoughts": True, "thinkingLevel": "LOW"}),
            ("gemini-3-pro-preview", "medium", {"includeThoughts": True, "thinkingLevel": "HIGH"}),
            ("gemini-pro-latest", "none", {"includeThoughts": True, "thinkingLevel": "LOW"}),
            ("gemini-2.5-flash", "", {"includeThoughts": True}),
            ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
            ("gemini-2.5-flash-lite", "minimal", {"includeThoughts": True, "thinkingBudget": 512}),
            ("gemini-2.5-pro", "none", {"includeThoughts": True, "thinkingBudget": 128}),
            ("gemini-2.5-pro", "high", {"includeThoughts": True, "thinkingBudget": 24576}),
            ("gemini-2.0-flash", "high", None),
            ("gemma-4-31b-it", "", None),
            ("gemma-4-31b-it", "low", {"thinkingLevel": "HIGH"}),
            ("gemma-4-31b-it", "none", {"thinkingLevel": "MINIMAL"}),
            ("gemma-3-27b-it", "high", None),
            ("something-else", "high", None),
        ],
    )
    def test_thinking(self, model: str, effort: Any, expected: Any) -> None:
        assert config(model, Parameters(effort=effort)).get("thinkingConfig") == expected

    def test_json(self) -> None:
        schema = {"type": "object", "properties": {"a": {"const": 1}}, "$schema": "x"}
        assert config(parameters=Parameters(json=True))["responseMimeType"] == "application/json"
        sent = config(parameters=Parameters(schema=schema))
        assert sent["responseMimeType"] == "application/json"
        assert sent["responseJsonSchema"] == {"type": "object", "properties": {"a": {"enum": [1]}}}
        assert "responseMimeType" not in config("gemma-3-27b-it", Parameters(schema=schema))

    def test_json_with_tools_only_where_both_are_taken(self) -> None:
        wanted = Parameters(json=True)
        assert "responseMimeType" in config(parameters=wanted, tools=[TIME])
        assert "responseMimeType" not in config("gemini-2.5-flash", wanted, tools=[TIME])


def test_paths() -> None:
    assert path_of("gemini-3.8-flash") == "/models/gemini-3.8-flash"
    assert path_of("tunedModels/my model") == "/tunedModels/my%20model"
    assert path_of("a?b#c") == "/models/a%3Fb%23c"


@pytest.fixture
async def server() -> AsyncIterator[FakeGemini]:
    async with FakeGemini() as server:
        yield server


@pytest.fixture
async def provider(server: FakeGemini) -> AsyncIterator[Gemini]:
    provider = Gemini(replace(VENDORS[0], base_url=server.url), Access(lambda: "some-key"))
    yield provider
    await provider.close()


class TestModels:
    async def test_the_list_is_read_page_by_page(self, server: FakeGemini, provider: Gemini) -> None:
        server.models = [
            listed("gemini-2.5-flash", thinking=True),
            listed("gemma-3-1b-it", inputTokenLimit=32768, outputTokenLimit=8192),
            listed("gemini-3.1-pro-preview", thinking=True),
            listed("gemini-embedding-2", "embedContent", inputTokenLimit=8192, outputTokenLimit=1),
            listed("gemini-3.8-flash", thinking=True, displayName="Gemini 3.8 Flash"),
        ]
        models = await provider.models()
        assert [model.name for model in models] == [
            "gemini-3.8-flash",
            "gemini-2.5-flash",
            "gemini-3.1-pro-preview",
            "gemma-3-1b-it",
            "gemini-embedding-2",
        ]
        assert models[0] == Model(
            "gemini",
            "gemini-3.8-flash",
            "Gemini 3.8 Flash",
            1_048_576,
            vision=True,
            tools=True,
            reasoning=True,
            audio=True,
            max_output=65_536,
            parameters=CHAT | {"effort"},
        )
        assert models[1].parameters == CHAT | {"effort", "temperature", "top_p"}
        gemma = models[3]
        assert (gemma.vision, gemma.tools, gemma.reasoning, gemma.audio) == (False, False, False, None)
        assert gemma.parameters == frozenset({"max_tokens", "seed", "stop", "temperature", "top_p"})
        assert (models[4].purpose, models[4].context) == ("embedding", 8192)
        assert len(server.requests) == 3
        assert parse_qs(urlsplit(server.requests[1].path).query) == {"pageSize": ["1000"], "pageToken": ["page/2"]}

    @pytest.mark.parametrize(
        "name", ["gemini-3-pro-image", "gemini-2.5-flash-image-preview", "nano-banana-pro-preview"]
    )
    def test_what_draws_is_asked_for_pictures(self, name: str) -> None:
        """https://ai.google.dev/gemini-api/docs/image-generation"""
        model = model_of("gemini", listed(name))
        assert model
        assert (model.draws, model.tools) == (True, False)
        config = body_of(ProviderRequest(name, [message(USER, "Draw")], about=model), "gemini")["generationConfig"]
        assert config["responseModalities"] == ["TEXT", "IMAGE"]

    def test_what_cannot_chat_is_left_out(self) -> None:
        others = [
            listed("imagen-4.0-generate-001", "predict"),
            listed("veo-3.1-generate-preview", "predictLongRunning"),
            listed("aqa", "generateAnswer"),
            listed("gemini-3.8-live", "bidiGenerateContent"),
            listed("gemini-2.5-flash-preview-tts"),
            *map(listed, ("gemini-omni-flash-preview", "lyria-3-pro-preview")),
            *map(listed, ("gemini-2.5-flash-native-audio-latest", "gemini-2.5-computer-use-preview-10-2025")),
            {"name": "models/x", "supportedGenerationMethods": None},
        ]
        assert [model_of("gemini", entry) for entry in others] == [None] * len(others)
        chat = [
            "gemini-flash-latest",
            "gemini-robotics-er-1.6-preview",
            "learnlm-2.0-flash",
            "tuned-imagery",
            "gemma-4",
        ]
        assert all(model_of("gemini", listed(name)) for name in chat)

    async def test_temperatures_are_kept_within_what_the_list_says(self, server: FakeGemini, provider: Gemini) -> None:
        server.models = [listed("gemini-2.5-flash", maxTemperature=1.5), listed("gemma-4", maxTemperature="x")]
        await provider.models()
        for name, expected in (("gemini-2.5-flash", 1.5), ("gemma-4", 2.0)):
            request = ProviderRequest(name, [message(USER, "Hi")], parameters=Parameters(temperature=9.0))
            assert [event async for event in provider.stream(request)]
            assert server.requests[-1].json["generationConfig"]["temperature"] == expected

    async def test_a_list_without_an_end(self) -> None:
        page = {"models": [listed(MODEL)], "nextPageToken": "again"}
        async with FakeServer(bytes_handler(response(page))) as server:
            provider = Gemini(Endpoint("box", "Box", server.url), Access())
            assert [model.id for model in await provider.models()] == [f"box/{MODEL}"]
            assert len(server.requests) == 2
            await provider.close()

    async def test_odd_entries_do_no_harm(self, server: FakeGemini, provider: Gemini) -> None:
        odd = listed("odd", displayName=3, inputTokenLimit="many", thinking="yes", maxTemperature=-1)
        server.models = [None, "x", {}, {"name": 3}, odd]  # type: ignore[list-item]
        (model,) = await provider.models()
        assert (model.name, model.label, model.context, model.reasoning) == ("odd", "", None, False)

    @pytest.mark.parametrize("body", [{}, [], {"models": None}, {"data": []}, "text", 3])
    async def test_a_stranger(self, body: Any) -> None:
        async with FakeServer(bytes_handler(response(json.dumps(body), content_type="application/json"))) as server:
            provider = Gemini(Endpoint("box", "Box", server.url), Access())
            with pytest.raises(ProviderUnreachable):
                await provider.models()
            await provider.close()

    def test_new_names_are_taken_for_the_newest(self) -> None:
        assert traits_of("gemini-5-nitrogen").signs
        assert traits_of("gemini-5-nitrogen").levels == ("low", "medium", "high")
        assert not traits_of("gemini-robotics-er-1.5-preview").levels
        assert not traits_of("gemma-3n-e4b-it").tools

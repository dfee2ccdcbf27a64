"""What holds for Gemini's requests and answers whatever they hold."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from parley.messages import Image, Message, MessageStatus, Part, Reasoning, Role, Text, ToolCall, ToolResult
from parley.models import Parameters, ToolSpec
from parley.providers.base import ProviderRequest
from parley.providers.gemini_models import model_of
from parley.providers.gemini_reply import Reply
from parley.providers.gemini_requests import body_of
from parley.providers.schemas import KEPT, plain

NAMES = [
    "candidates", "content", "parts", "text", "thought", "thoughtSignature", "functionCall", "name", "args", "id",
    "finishReason", "finishMessage", "usageMetadata", "promptTokenCount", "promptFeedback", "blockReason", "error",
    "supportedGenerationMethods", "thinking", "maxTemperature", "inputTokenLimit", "displayName",
]  # fmt: skip
WORDS = [
    "type", "properties", "items", "anyOf", "oneOf", "allOf", "enum", "const", "required", "$ref", "$defs",
    "additionalProperties", "prefixItems", "format", "nullable", "exclusiveMinimum", "minimum",
]  # fmt: skip
MODELS = ("gemini-3.8-flash", "gemini-2.5-pro", "gemma-3-27b-it", "gemma-4-31b-it", "gemini-flash-latest", "x")


def values(names: list[str]) -> st.SearchStrategy[Any]:
    """Return JSON whose names are those that mean something."""
    plain_ones = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=4)
    plain_ones |= st.sampled_from(["STOP", "generateContent", "string", "object", "array", "#", "#/$defs/a", "#/items"])
    return st.recursive(
        plain_ones,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*names, "a"]), inner, max_size=4),
        max_leaves=20,
    )


parts = st.lists(
    st.one_of(
        st.builds(Text, st.text(max_size=5)),
        st.builds(Reasoning, st.text(max_size=5), st.none(), st.sampled_from(["", "c2ln"])),
        st.builds(Image, st.just("image/png"), st.binary(max_size=3)),
        st.builds(ToolCall, st.sampled_from("123"), st.text(max_size=5), st.sampled_from(["{}", "x"]), st.just("c2ln")),
        st.builds(ToolResult, st.sampled_from("123"), st.text(max_size=5), st.booleans()),
    ),
    max_size=6,
)


def message(role: Role, found: list[Part]) -> Message:
    return Message("m", "c", None, role, tuple(found), MessageStatus.COMPLETE, 0.0)


@given(st.lists(values(NAMES), max_size=4))
def test_any_chunks_are_read(chunks: list[Any]) -> None:
    reply = Reply({})
    for chunk in chunks:
        if isinstance(chunk, dict):
            assert all(list(reply.take(chunk)))
    assert isinstance(reply.reason + reply.message, str)
    assert reply.usage is None or reply.usage.input_tokens != 0


@given(st.dictionaries(st.sampled_from(NAMES), values(NAMES)))
def test_any_entry_of_the_list_is_read(entry: dict[str, Any]) -> None:
    model = model_of("gemini", {**entry, "name": "models/gemini-3.8-flash"})
    assert model is None or model.name == "gemini-3.8-flash"


@given(values(WORDS))
def test_any_schema_becomes_a_plain_one(schema: Any) -> None:
    written = plain(schema if isinstance(schema, dict) else {"items": schema})
    json.dumps(written)
    check_plain(written)


def check_plain(schema: dict[str, Any]) -> None:
    assert schema.keys() <= set(KEPT)
    below = [schema.get("items"), schema.get("additionalProperties"), *schema.get("anyOf", ())]
    for member in (*below, *schema.get("prefixItems", ()), *schema.get("properties", {}).values()):
        if isinstance(member, dict):
            check_plain(member)
    assert set(schema.get("required", ())) <= set(schema.get("properties", {}))


@given(
    st.lists(st.builds(message, st.sampled_from(Role), parts), min_size=1, max_size=6),
    st.sampled_from(MODELS),
    st.sampled_from(["", "none", "low", "high"]),
)
def test_any_conversation_can_be_sent(messages: list[Message], model: str, effort: Any) -> None:
    request = ProviderRequest(model, messages, "Be brief.", Parameters(effort=effort), [ToolSpec("f")])
    body = body_of(request, "gemini")
    json.dumps(body)
    contents = body["contents"]
    for content, following in zip(contents, [*contents[1:], None], strict=False):
        assert content["parts"]
        calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
        if calls:
            assert following
            answers = [part["functionResponse"] for part in following["parts"]]
            assert [(call.get("id"), call["name"]) for call in calls] == [(it.get("id"), it["name"]) for it in answers]
    assert not contents or contents[-1]["role"] == "user"

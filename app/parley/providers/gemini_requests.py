"""Requests to Gemini: the messages, parameters and tools of a `ProviderRequest` as `generateContent` takes them.

The wire format is that of https://ai.google.dev/api/generate-content and https://ai.google.dev/api/caching#Content.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from parley.messages import Image, Message, Part, Reasoning, Role, Text, ToolCall, ToolResult
from parley.models import ToolSpec
from parley.providers.base import ProviderRequest
from parley.providers.gemini_models import HOTTEST, Traits, parameters_of, thinking, traits_of
from parley.providers.prompts import arguments, entries, rounds
from parley.providers.schemas import plain

GO_ON = "Go on with your answer exactly where it broke off. Do not repeat anything, and say nothing about this."
"""A request may not end with what the model has said itself."""

NO_RESULT = "The call was not carried out."
UNSEEN = "(An image, which this model cannot see.)"
UNSIGNED = "skip_thought_signature_validator"
"""Google's word for the signature of a call, or of a picture, that another model has made."""

MOST_STOPS = 5
SEEDS = 2**31

Json = dict[str, Any]
Number = TypeVar("Number", int, float)


def body_of(request: ProviderRequest, provider: str, hottest: float = HOTTEST) -> Json:
    """Return the body of a request. `provider` is the one whose signatures are sent back; others' are left out."""
    traits = traits_of(request.model)
    if request.about and request.about.vision is not None:
        traits = replace(traits, vision=request.about.vision)
    messages = [_unsigned(message, provider) for message in request.messages]
    contents = _contents([message for message in messages if message.role is not Role.SYSTEM], traits)
    said = (request.instruction, *(message.text for message in messages if message.role is Role.SYSTEM))
    instruction = [{"text": text} for text in said if text.strip()]
    body: Json = {"contents": contents}
    if instruction and traits.instruction:
        body["systemInstruction"] = {"parts": instruction}
    elif instruction:
        contents.insert(0, {"role": "user", "parts": instruction})
    tools = _tools(request, traits)
    if config := _config(request, traits, hottest, with_tools=bool(tools)):
        body["generationConfig"] = config
    return body | tools


def wire_name(name: str) -> str:
    """Return the name of a tool as Gemini takes it: of letters, digits and `_.:-`, and a letter or `_` first."""
    name = re.sub(r"[^A-Za-z0-9_.:-]", "_", name)
    return (name if name[:1].isalpha() or name[:1] == "_" else f"_{name}")[:128]


def path_of(model: str) -> str:
    """Return the path of a model, whose name may be a path already (`tunedModels/…`)."""
    from urllib.parse import quote

    return "/" + quote(model if "/" in model else f"models/{model}", safe="/")


def _unsigned(message: Message, provider: str) -> Message:
    """Return a message without the signatures of another vendor's model."""
    if not message.model or message.model.partition("/")[0] == provider:
        return message
    parts = (
        replace(part, signature="") if isinstance(part, Reasoning | ToolCall) and part.signature else part
        for part in message.parts
    )
    return replace(message, parts=tuple(parts))


def _contents(messages: Sequence[Message], traits: Traits) -> list[Json]:
    contents: list[Json] = []
    for entry in entries(messages):
        if entry.role is Role.ASSISTANT:
            for said, results in rounds(entry.parts):
                contents += _round(said, results, traits)
        else:
            said = [part for part in entry.parts if isinstance(part, Text | Image)]
            contents.append({"role": "user", "parts": _parts(said, traits)})
    contents = [content for content in contents if content["parts"]]
    if contents and contents[-1]["role"] == "model":
        contents.append({"role": "user", "parts": [{"text": GO_ON}]})
    return contents


def _round(said: Sequence[Part], results: Sequence[ToolResult], traits: Traits) -> Iterator[Json]:
    """Yield what the model said, and what came of its calls: of each one something, in their order."""
    parts = _parts(said, traits)
    if traits.signs:
        for part in parts:
            if "inlineData" in part:
                part.setdefault("thoughtSignature", UNSIGNED)
    yield {"role": "model", "parts": parts}
    came = {result.call_id: result for result in results}
    responses = []
    for call in said:
        if isinstance(call, ToolCall):
            result = came.get(call.id, ToolResult(call.id, NO_RESULT, failed=True))
            answer = {"error" if result.failed else "output": result.text}
            responses.append({"functionResponse": {**_named(call), "response": answer}})
    yield {"role": "user", "parts": responses}


def _parts(parts: Sequence[Part], traits: Traits) -> list[Json]:
    """Return parts as they are sent: thoughts only with their signature.

    A signature without a thought is that of the text or picture before it. The first of several calls signs for all of
    them.
    """
    sent: list[Json] = []
    for before, part in zip((None, *parts), parts, strict=False):
        match part:
            case Text(text) if text:
                sent.append({"text": text})
            case Image() if traits.vision is False:
                sent.append({"text": UNSEEN})
            case Image(media_type, data):
                sent.append({"inlineData": {"mimeType": media_type, "data": b64encode(data).decode()}})
            case Reasoning(thought, _, signature) if signature and thought:
                sent.append({"text": thought, "thought": True, "thoughtSignature": signature})
            case Reasoning(_, _, signature) if signature:
                if not sent or sent[-1].keys() not in ({"text"}, {"inlineData"}):
                    sent.append({"text": ""})
                sent[-1]["thoughtSignature"] = signature
            case ToolCall(_, _, written, signature):
                first = not isinstance(before, ToolCall)
                signature = signature or (UNSIGNED if traits.signs and first else "")
                call: Json = {"functionCall": {**_named(part), "args": arguments(written)}}
                sent.append(call | ({"thoughtSignature": signature} if signature else {}))
    return sent


def _named(call: ToolCall) -> Json:
    return ({"id": call.id} if call.id else {}) | {"name": wire_name(call.name)}


def _config(request: ProviderRequest, traits: Traits, hottest: float, *, with_tools: bool) -> Json:
    about, asked = request.about, request.parameters
    reasoning = traits.thinks if about is None else about.reasoning is True
    known = about.parameters if about else None
    takes = parameters_of(traits, reasoning=reasoning) if known is None else known
    structured = (asked.json or asked.schema is not None) and (traits.json_with_tools or not with_tools)
    schema = plain(asked.schema) if structured and asked.schema is not None else None
    wanted: list[tuple[str, str, Any]] = [
        ("temperature", "temperature", _within(asked.temperature, hottest)),
        ("top_p", "topP", _within(asked.top_p, 1.0)),
        ("max_tokens", "maxOutputTokens", _within(asked.max_tokens, about and about.max_output)),
        ("seed", "seed", None if asked.seed is None else asked.seed % SEEDS),
        ("stop", "stopSequences", [stop for stop in asked.stop if stop][:MOST_STOPS] or None),
        ("json", "responseMimeType", "application/json" if structured else None),
        ("schema", "responseJsonSchema", schema or None),
    ]
    config = {name: value for parameter, name, value in wanted if value is not None and parameter in takes}
    how = thinking(traits, asked.effort if "effort" in takes else "") if reasoning and traits.family else {}
    drawn = {"responseModalities": ["TEXT", "IMAGE"]} if traits.draws else {}
    return config | ({"thinkingConfig": how} if how else {}) | drawn


def _within(value: Number | None, most: Number | None) -> Number | None:
    """Return a number that is neither below zero nor above the most that is taken."""
    if value is None:
        return None
    return max(value, 0) if most is None else min(max(value, 0), most)


def _tools(request: ProviderRequest, traits: Traits) -> Json:
    able = request.about.tools if request.about and request.about.tools is not None else traits.tools
    if not request.tools or able is False:
        return {}
    match request.tool_choice:
        case "auto":
            calling: Json = {}
        case "none":
            calling = {"mode": "NONE"}
        case "required":
            calling = {"mode": "ANY"}
        case name:
            calling = {"mode": "ANY", "allowedFunctionNames": [wire_name(name)]}
    tools = {"tools": [{"functionDeclarations": [_declaration(tool) for tool in request.tools]}]}
    return tools | ({"toolConfig": {"functionCallingConfig": calling}} if calling else {})


def _declaration(tool: ToolSpec) -> Mapping[str, Any]:
    declaration = {"name": wire_name(tool.name), "description": tool.description}
    schema = plain(tool.schema)
    # One without parameters is declared without a schema: an object without properties is refused.
    return declaration | ({"parametersJsonSchema": {**schema, "type": "object"}} if schema.get("properties") else {})

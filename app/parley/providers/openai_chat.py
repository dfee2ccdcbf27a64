"""Writing chat completions: what is sent to OpenAI's `/chat/completions` and to its many imitations.

https://developers.openai.com/api/docs/api-reference/chat, and what vendors' documents say beyond it (`openai_rows`).
"""

import hashlib
import json
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parley.messages import Image, Message, Part, Reasoning, Role, Text, ToolCall, ToolResult
from parley.models import Parameters, ToolSpec
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import object_of
from parley.providers.openai_rows import Habits
from parley.providers.prompts import entries, rounds, with_pictures_asked

JSON_WANTED = "Answer with JSON."
"""Said where JSON is asked for and no message speaks of it, for many servers refuse that."""

GO_ON = "Go on exactly where you stopped."
NO_ANSWER = "(I gave no answer.)"
NOT_DONE = "The tool was not run."
UNSEEN = "(An image, which this model cannot see.)"

_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Manner:
    """How a request is to be written: for whom, with which parameters, and what its effort is called there."""

    habits: Habits
    provider: str
    taken: frozenset[str]
    effort: str = ""


def chat_body(request: ProviderRequest, manner: Manner) -> dict[str, Any]:
    """Return the request."""
    habits = manner.habits
    messages = chat_messages(request, manner)
    body: dict[str, Any] = {"model": request.model, "messages": messages, "stream": True}
    if habits.usage_option:
        body["stream_options"] = {"include_usage": True}
    if tools := tools_of(request):
        body["tools"] = [{"type": "function", "function": _function(tool)} for tool in tools]
        if request.tool_choice in ("none", "required"):
            body["tool_choice"] = request.tool_choice
        elif request.tool_choice != "auto":
            body["tool_choice"] = {"type": "function", "function": {"name": request.tool_choice}}
    if request.about and request.about.draws:
        body["modalities"] = ["image", "text"]
    body |= _parameters(request.parameters, manner)
    if "response_format" in body and not wants_json(request):
        messages.insert(0, {"role": "system", "content": JSON_WANTED})
    last = messages[-1] if messages else {}
    if last.get("role") == "assistant":
        last |= habits.prefill
        body |= habits.continuing
        if habits.user_last:
            messages.append({"role": "user", "content": GO_ON})
    return body


def tools_of(request: ProviderRequest) -> Sequence[ToolSpec]:
    """Return the tools, unless the model is known to call none."""
    return () if request.about and request.about.tools is False else request.tools


def wants_json(request: ProviderRequest) -> bool:
    """Return whether somebody has said the word."""
    said = (request.instruction, *(message.text for message in request.messages))
    return any("json" in text.casefold() for text in said)


def format_of(parameters: Parameters, taken: frozenset[str]) -> dict[str, Any] | None:
    """Return the form that the answer is to have, flat: as the Responses API wants it."""
    if parameters.schema is not None and "schema" in taken:
        schema = dict(parameters.schema)
        return {"type": "json_schema", "name": "answer", "schema": schema, "strict": _is_strict(schema)}
    wanted = parameters.json or parameters.schema is not None
    return {"type": "json_object"} if wanted and "json" in taken else None


def _parameters(asked: Parameters, manner: Manner) -> dict[str, Any]:
    habits, taken, effort = manner.habits, manner.taken, manner.effort
    sent: dict[str, Any] = {}
    for name, wire in (
        ("temperature", "temperature"),
        ("top_p", "top_p"),
        ("max_tokens", habits.max_tokens),
        ("seed", habits.seed),
    ):
        if name in taken and (value := getattr(asked, name)) is not None:
            sent[wire] = value
    if asked.stop and "stop" in taken:
        sent["stop"] = list(asked.stop)
    if effort and "effort" in taken:
        match habits.effort:
            case "word":
                sent["reasoning_effort"] = effort
            case "object":
                sent["reasoning"] = {"effort": effort}
            case "switch":
                sent["thinking"] = {"type": "disabled" if effort == "none" else "enabled"}
                sent |= {} if effort == "none" else {"reasoning_effort": effort}
            case "template":
                known = {} if effort == "none" else {"reasoning_effort": effort}
                sent |= known | {"chat_template_kwargs": {"enable_thinking": effort != "none"} | known}
    if wanted := format_of(asked, taken):
        kind = wanted.pop("type")
        sent["response_format"] = {"type": kind} | ({kind: wanted} if wanted else {})
    return sent


def _function(tool: ToolSpec) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "parameters": dict(tool.schema)}


def _is_strict(schema: Any) -> bool:
    """Return whether a schema is one that can be insisted on: all fields of all objects are named and required."""
    if isinstance(schema, list):
        return all(map(_is_strict, schema))
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object":
        names = set(object_of(schema.get("properties")))
        if schema.get("additionalProperties") is not False or names != set(schema.get("required", ())):
            return False
    return all(map(_is_strict, schema.values()))


# -- messages


def chat_messages(request: ProviderRequest, manner: Manner) -> list[dict[str, Any]]:
    """Return the messages: each round of a reply is one, followed by the results of its calls."""
    sent: list[dict[str, Any]] = []
    if request.instruction.strip():
        sent.append({"role": "system", "content": request.instruction})
    sees = request.about is None or request.about.vision is not False
    for role, parts in entries(with_something(with_pictures_asked(request.messages))):
        if role is not Role.ASSISTANT:
            if sent and sent[-1]["role"] == "tool" and manner.habits.tools_answered:
                sent.append({"role": "assistant", "content": NO_ANSWER})
            if sent and sent[-1]["role"] == role == Role.SYSTEM:
                sent[-1]["content"] += "\n\n" + _text(parts)
            else:
                sent.append({"role": str(role), "content": _content(parts, sees)})
            continue
        for said, results in rounds(parts):
            sent += _round(said, results, manner)
    return sent


def with_something(messages: Iterable[Message]) -> list[Message]:
    """Return the messages without empty replies, which are refused."""
    return [
        message
        for message in messages
        if message.role is not Role.ASSISTANT
        or any(isinstance(part, ToolCall) or (isinstance(part, Text) and part.text) for part in message.parts)
    ]


def results_of(calls: Sequence[ToolCall], results: Sequence[ToolResult]) -> Iterator[tuple[ToolCall, str]]:
    """Yield each call with what came of it: servers refuse calls without a result, and results without a call."""
    known = {result.call_id: result.text for result in results}
    for call in calls:
        yield call, known.get(call.id, NOT_DONE)


def _round(said: Sequence[Part], results: Sequence[ToolResult], manner: Manner) -> Iterator[dict[str, Any]]:
    habits = manner.habits
    calls = [part for part in said if isinstance(part, ToolCall)]
    text = _text(said)
    if not calls and not text:
        return
    message: dict[str, Any] = {"role": "assistant", "content": text or None if calls else text}
    if calls:
        message["tool_calls"] = [
            {
                "id": _tool_id(call.id, habits.tool_ids),
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in calls
        ]
    thoughts = [part for part in said if isinstance(part, Reasoning)]
    if habits.thoughts == "reasoning_content" and calls:
        message["reasoning_content"] = "".join(part.text for part in thoughts)
    details = [item for part in thoughts for item in signed(part.signature, manner.provider)]
    if habits.thoughts == "reasoning_details" and details:
        message["reasoning_details"] = details
    yield message
    for call, outcome in results_of(calls, results):
        yield {"role": "tool", "tool_call_id": _tool_id(call.id, habits.tool_ids), "content": outcome}


def _content(parts: Sequence[Part], sees: bool) -> str | list[dict[str, Any]]:
    if not any(isinstance(part, Image) for part in parts):
        return _text(parts)
    content: list[dict[str, Any]] = []
    for part in parts:
        if isinstance(part, Text):
            content.append({"type": "text", "text": part.text})
        elif isinstance(part, Image) and sees:
            content.append({"type": "image_url", "image_url": {"url": part.url}})
        elif isinstance(part, Image):
            content.append({"type": "text", "text": UNSEEN})
    return content if sees else "\n\n".join(item["text"] for item in content)


def _text(parts: Sequence[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


def _tool_id(id: str, letters: int) -> str:
    """Return an id of so many letters for one that another vendor may have given."""
    if not letters or (len(id) == letters and id.isascii() and id.isalnum()):
        return id
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in hashlib.sha256(id.encode()).digest()[:letters])


# -- signatures


def signature(provider: str, items: Sequence[Mapping[str, Any]]) -> str:
    """Return what a provider wants back with a thought, as it is kept."""
    return json.dumps({"provider": provider, "items": items}, ensure_ascii=False, separators=(",", ":"))


def signed(kept: str, provider: str) -> list[dict[str, Any]]:
    """Return what this provider wants back with a thought; nothing where another one has signed it."""
    try:
        value = object_of(json.loads(kept)) if kept.startswith("{") else {}
    except (ValueError, RecursionError):
        return []
    items = value.get("items") if value.get("provider") == provider else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []

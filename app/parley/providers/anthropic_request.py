"""What Anthropic's Messages API is asked: the body of a request, by the rules of the model that it is for.

Parameters that the model does not take are left out. Knows nothing of connections.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

from parley.messages import Image, Message, Part, Reasoning, Role, Text, ToolCall, ToolResult
from parley.models import Effort, ToolSpec
from parley.providers.anthropic_models import ADAPTIVE, BETWEEN_TOOLS, MANUAL, OFF, Traits
from parley.providers.anthropic_reply import REDACTED
from parley.providers.base import ProviderRequest
from parley.providers.prompts import arguments, entries, rounds, with_pictures_asked

Block = dict[str, Any]

IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})

BUDGETS: Mapping[Effort, int] = {"minimal": 1024, "low": 4096, "medium": 12_000, "high": 24_000}
"""How many tokens a model may think that wants to be told a number."""
LEAST_BUDGET = 1024

CACHED_TURNS = 2
"""After so many of the last turns of a person the vendor keeps what it has read. With the instruction and the tools
that is one mark less than the four that it allows."""

KEPT: Mapping[str, str] = {"type": "ephemeral"}

NO_BEGINNING = "[The beginning of this conversation is left out.]"
NOT_RUN = "The tool was not run."
ANY_OBJECT = "Answer with one JSON object and nothing else: no code fence, no remark."
THIS_OBJECT = ANY_OBJECT + " It has to fit this JSON Schema: "
GO_ON = (
    "Your answer broke off. Go on exactly where it ended: repeat nothing, make no remark about it, and begin with the "
    "very next character, be it a blank or a line break. It ended with:\n\n"
)
END_QUOTED = 300


class Asked(NamedTuple):
    """A body to send, the blank end of the text in it that the model goes on from, and whether it holds thoughts."""

    body: Mapping[str, Any]
    seam: str
    with_thoughts: bool


def asked(request: ProviderRequest, traits: Traits, provider: str, *, thoughts: bool = True) -> Asked:
    """Return what is sent for a request. Without `thoughts`, signed ones of before stay here.

    `provider` is the first half of the names of the models that signed them.
    """
    chat = _Chat(request, traits, f"{provider}/{request.model}", thoughts=thoughts)
    given = _allowed(request, traits)
    parameters = request.parameters
    most = traits.usual_output
    if "max_tokens" in given and parameters.max_tokens:
        most = min(parameters.max_tokens, traits.max_output or parameters.max_tokens)
    body: dict[str, Any] = {"model": request.model, "max_tokens": most, "stream": True}
    thinking, level = _thinking(traits, parameters.effort if "effort" in given else "", most)
    choice = _tool_choice(request, traits)
    kind = thinking["type"] if thinking else OFF
    began_without = kind == MANUAL and chat.among_tools and not chat.with_thoughts
    if kind in (ADAPTIVE, MANUAL) and (choice["type"] in ("any", "tool") or chat.goes_on or began_without):
        # None of these goes with thinking. Where a round of tools began without a thought it goes on without.
        kind, thinking = OFF, {"type": OFF} if traits.thinks and OFF in traits.thinking else None
    if thinking:
        body["thinking"] = thinking
    if kind in (OFF, BETWEEN_TOOLS):
        body |= _sampling(request, given)
    if "stop" in given and (stops := [stop for stop in parameters.stop if stop.strip()]):
        body["stop_sequences"] = stops
    output, words = _format(request, traits, given - {"schema"} if chat.goes_on else given)
    if level:
        output["effort"] = level
    if output:
        body["output_config"] = output
    if tools := _tools(request.tools) or chat.tools_of_before:
        body["tools"] = tools
        body["tool_choice"] = choice if request.tools else {"type": "none"}
    if system := _system(request, words):
        body["system"] = system
    _mark_for_the_cache(tools, system, chat.messages)
    body["messages"] = chat.messages
    return Asked(body, chat.seam, chat.with_thoughts)


class _Chat:
    """The messages in turn, as the format wants them.

    Roles alternate, a person begins, and results stand at once behind their calls.
    """

    def __init__(self, request: ProviderRequest, traits: Traits, model: str, *, thoughts: bool) -> None:
        self.messages: list[Block] = []
        self.seam = ""
        self.with_thoughts = False
        self._names: set[str] = set()
        self._ids: set[str] = set()
        shown = with_pictures_asked(request.messages)
        said = [message for message in shown if message.role is not Role.SYSTEM]
        turns = entries(said)
        for number, (role, parts) in enumerate(turns):
            if role is Role.ASSISTANT:
                last = number == len(turns) - 1
                self._answer(parts, signed=thoughts and last and _is_from(said[-1], model))
            else:
                self._add("user", _content(parts, sees=traits.vision is not False))
        if not self.messages or self.messages[0]["role"] != "user":
            self.messages.insert(0, {"role": "user", "content": [_text(NO_BEGINNING)]})
        broken_off = self.messages[-1]["role"] == "assistant"
        self.goes_on = broken_off and traits.goes_on
        self.among_tools = self.messages[-1]["content"][0]["type"] == "tool_result"
        if broken_off:
            self._go_on(traits)

    @property
    def tools_of_before(self) -> list[Block]:
        """Return the tools that were called: the format wants them named, though none may be called now."""
        return [{"name": name, "input_schema": {"type": "object"}} for name in sorted(self._names)]

    def _answer(self, parts: Sequence[Part], *, signed: bool) -> None:
        for said, results in rounds(parts):
            ids = [self._id_for(part.id) for part in said if isinstance(part, ToolCall)]
            self._add("assistant", list(self._said(said, ids, signed=signed)))
            waiting = list(results)
            calls = [part for part in said if isinstance(part, ToolCall)]
            self._add("user", [_result(new, _taken(waiting, call.id)) for call, new in zip(calls, ids, strict=True)])

    def _said(self, parts: Sequence[Part], ids: Sequence[str], *, signed: bool) -> Iterator[Block]:
        """Yield what the model said. Thoughts go back only where it called tools, and is to think on from there."""
        fresh = iter(ids)
        for part in parts:
            match part:
                case Text(text) if text.strip():
                    yield _text(text)
                case Reasoning(text, _, signature) if signature and signed and ids:
                    self.with_thoughts = True
                    yield _thought(text, signature)
                case ToolCall(_, name, written):
                    self._names.add(_plain(name))
                    fields = {"id": next(fresh), "name": _plain(name), "input": arguments(written)}
                    yield {"type": "tool_use", **fields}

    def _id_for(self, call_id: str) -> str:
        """Return the id of a call as the format has it: of plain characters, and one of its own."""
        plain = new = _plain(call_id)
        numbers = count(2)
        while new in self._ids:
            new = f"{plain}_{next(numbers)}"
        self._ids.add(new)
        return new

    def _add(self, role: str, blocks: list[Block]) -> None:
        if not blocks:
            return
        if self.messages and self.messages[-1]["role"] == role:
            self.messages[-1]["content"] += blocks
        else:
            self.messages.append({"role": role, "content": blocks})

    def _go_on(self, traits: Traits) -> None:
        """Let the model go on from the end of its answer: by itself, or by being asked to where it refuses that."""
        last = self.messages[-1]["content"][-1]
        text = last["text"]  # after calls the results came, and images are words here
        if traits.goes_on:
            last["text"] = text.rstrip()
            self.seam = text[len(last["text"]) :]
        else:
            self._add("user", [_text(GO_ON + text[-END_QUOTED:].strip())])


def _allowed(request: ProviderRequest, traits: Traits) -> frozenset[str]:
    """Return the names of the parameters that are set and that the model takes."""
    about = request.about
    taken = traits.parameters if about is None or about.parameters is None else about.parameters & traits.parameters
    return request.parameters.given & taken


def _thinking(traits: Traits, effort: Effort, most: int) -> tuple[Block | None, str]:
    """Return how the model is to think, and with how much effort; without a wish it is left to the model.

    Where it thinks by itself its thoughts are asked for in words all the same: it would not show them.
    """
    level = "low" if effort == "minimal" else effort
    if effort == "none":
        kind = next((kind for kind in (OFF, BETWEEN_TOOLS) if kind in traits.thinking), "")
        if kind:
            return {"type": kind}, ""
        level = "low"  # it cannot be told not to think
    elif not effort and not traits.thinks:
        return None, ""
    if not level or level not in traits.efforts:
        level = ""
    if ADAPTIVE in traits.thinking:
        return {"type": ADAPTIVE, "display": "summarized"}, level
    budget = min(BUDGETS.get(effort, 0), most // 2)
    if MANUAL in traits.thinking and budget >= LEAST_BUDGET:
        return {"type": MANUAL, "budget_tokens": budget}, level
    return None, level


def _sampling(request: ProviderRequest, given: frozenset[str]) -> Block:
    """Return temperature or top_p, for the models that take one take no other; the scale ends at 1."""
    for name in ("temperature", "top_p"):
        value = getattr(request.parameters, name)
        if name in given and value is not None:
            return {name: min(value, 1.0)}
    return {}


def _format(request: ProviderRequest, traits: Traits, given: frozenset[str]) -> tuple[Block, str]:
    """Return what binds the answer to a form, and the words that ask for it where the format has nothing for that."""
    schema = request.parameters.schema
    if schema is not None and "schema" in given:
        if traits.structured:
            return {"format": {"type": "json_schema", "schema": bounded(schema)}}, ""
        return {}, THIS_OBJECT + json.dumps(schema, ensure_ascii=False)
    return {}, ANY_OBJECT if "json" in given else ""


_KEPT_OF_SCHEMAS = frozenset(("$ref", "enum", "const", "type", "required", "description", "title"))
_FORMATS = frozenset(["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"])


def bounded(schema: Any) -> Any:
    """Return a schema as the vendor takes it: closed objects, and what it cannot check told in the description."""
    if not isinstance(schema, dict):
        return schema
    told: list[str] = []
    kept: Block = {}
    for name, value in schema.items():
        if name in ("properties", "$defs", "definitions") and isinstance(value, dict):
            kept[name] = {key: bounded(inner) for key, inner in value.items()}
        elif name in ("anyOf", "oneOf", "allOf") and isinstance(value, list):
            kept["anyOf" if name == "oneOf" else name] = [bounded(inner) for inner in value]
        elif name == "items":
            kept[name] = bounded(value)
        elif (
            name in _KEPT_OF_SCHEMAS
            or (name == "format" and value in _FORMATS)
            or (name == "minItems" and value in (0, 1))
        ):
            kept[name] = value
        elif name not in ("additionalProperties", "$schema", "$id"):
            told.append(f"{name}: {value}")
    if kept.get("type") == "object":
        kept.setdefault("properties", {})
        kept["additionalProperties"] = False
    if told:
        kept["description"] = "\n\n".join(filter(None, (kept.get("description", ""), f"{{{', '.join(told)}}}")))
    return kept


def _tools(tools: Sequence[ToolSpec]) -> list[Block]:
    return [
        {"name": tool.name}
        | ({"description": tool.description} if tool.description else {})
        | {"input_schema": {"type": "object", **tool.schema}}
        for tool in tools
    ]


def _tool_choice(request: ProviderRequest, traits: Traits) -> Block:
    choice = request.tool_choice
    if not request.tools or choice in ("auto", "none"):
        return {"type": choice if choice == "none" else "auto"}
    if not traits.can_be_forced:
        return {"type": "auto"}
    return {"type": "any"} if choice == "required" else {"type": "tool", "name": choice}


def _system(request: ProviderRequest, words: str) -> list[Block]:
    told = [entry.text for entry in entries([found for found in request.messages if found.role is Role.SYSTEM])]
    return [_text(text) for text in (request.instruction, *told, words) if text.strip()]


def _mark_for_the_cache(tools: list[Block], system: list[Block], messages: list[Block]) -> None:
    """Mark how far the vendor is to keep what it has read: the instruction with the tools, and the last turns."""
    for unchanging in (system or tools)[-1:]:
        unchanging["cache_control"] = KEPT
    turns = [message for message in messages if message["role"] == "user"]
    for message in turns[-CACHED_TURNS:]:
        message["content"][-1]["cache_control"] = KEPT


def _content(parts: Sequence[Part], *, sees: bool) -> list[Block]:
    blocks: list[Block] = []
    for part in parts:
        match part:
            case Text(text) if text.strip():
                blocks.append(_text(text))
            case Image(media_type, data) if sees and media_type in IMAGE_TYPES:
                source = {"type": "base64", "media_type": media_type, "data": b64encode(data).decode()}
                blocks.append({"type": "image", "source": source})
            case Image():
                blocks.append(_text(_unseen(part)))
    return blocks


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _thought(text: str, signature: str) -> Block:
    if signature.startswith(REDACTED):
        return {"type": "redacted_thinking", "data": signature.removeprefix(REDACTED)}
    return {"type": "thinking", "thinking": text, "signature": signature}


def _result(call_id: str, result: ToolResult | None) -> Block:
    """Return what came of a call. Each one wants a result, or the whole request is refused."""
    block: Block = {"type": "tool_result", "tool_use_id": call_id}
    text = NOT_RUN if result is None else result.text
    if text.strip():
        block["content"] = text
    if result is None or result.failed:
        block["is_error"] = True
    return block


def _taken(results: list[ToolResult], call_id: str) -> ToolResult | None:
    """Take the result of a call out of a list."""
    found = next((result for result in results if result.call_id == call_id), None)
    if found:
        results.remove(found)
    return found


def _unseen(image: Image) -> str:
    return f"[A picture of type {image.media_type}, which cannot be shown to you.]"


def _plain(name: str) -> str:
    """Return an id or a name with only those characters that the format takes in it."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name) or "_"


def _is_from(message: Message, model: str) -> bool:
    """Return whether a model has written a message; of one without a name nobody knows, and the vendor may say."""
    return message.model in ("", model)

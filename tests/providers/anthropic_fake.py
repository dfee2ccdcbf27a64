"""A server that speaks Anthropic's Messages API as its documents have it, and refuses what they say is refused.

platform.claude.com/docs/en: build-with-claude/streaming (events), api/errors (bodies, request ids),
api/models/list (pages, capabilities, lifecycle), build-with-claude/thinking and effort (what each model takes),
build-with-claude/prompt-caching (four marks). It knows nothing of Parley.
"""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.providers.sockets import Exchange, FakeServer

REQUEST_ID = "req_011CSHoEeqs5C35K2UUqR7Fy"

Event = dict[str, Any]


def stream(*events: Event) -> bytes:
    """Return events as the vendor sends them: each with its name."""
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode() for event in events
    )


def begin(**usage: int) -> Event:
    """Return the first event of a stream."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5-5", "content": []}
    ends = {"stop_reason": None, "stop_sequence": None}
    return {
        "type": "message_start",
        "message": message | ends | {"usage": {"input_tokens": 25, "output_tokens": 1} | usage},
    }


def block(index: int, start: Event, *deltas: Event) -> list[Event]:
    """Return the events of a block of content."""
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def text(index: int, *pieces: str) -> list[Event]:
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in pieces))


def thinking(index: int, signature: str, *pieces: str) -> list[Event]:
    """Return a thought; without pieces it is one that is not shown."""
    deltas: list[Event] = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
    deltas.append({"type": "signature_delta", "signature": signature})
    return block(index, {"type": "thinking", "thinking": "", "signature": ""}, *deltas)


def redacted(index: int, data: str) -> list[Event]:
    return block(index, {"type": "redacted_thinking", "data": data})


def tool_use(index: int, call_id: str, name: str, *pieces: str) -> list[Event]:
    start = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
    return block(index, start, *({"type": "input_json_delta", "partial_json": piece} for piece in pieces))


def end(reason: str = "end_turn", *, details: Event | None = None, **usage: Any) -> list[Event]:
    """Return the last two events of a stream."""
    delta = {"stop_reason": reason, "stop_sequence": None} | ({"stop_details": details} if details else {})
    return [
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 15} | usage},
        {"type": "message_stop"},
    ]


HELLO = [begin(), {"type": "ping"}, *text(0, "Hello", ", ", "world", "!"), *end()]


def error(kind: str, message: str, **details: Any) -> Event:
    """Return an error body as the vendor documents it."""
    inner = {"type": kind, "message": message} | ({"details": details} if details else {})
    return {"type": "error", "error": inner, "request_id": REQUEST_ID}


def capabilities(
    *thinking_types: str, effort: bool = True, vision: bool = True, structured: bool = True
) -> dict[str, Any]:
    """Return what the list says of a model."""

    def supported(yes: bool) -> dict[str, bool]:
        return {"supported": yes}

    kinds = ("adaptive", "between_tools", "disabled", "enabled")
    types = {kind: supported(kind in thinking_types) for kind in kinds}
    return {
        "batch": supported(True),
        "effort": supported(effort) | {level: supported(effort) for level in ("low", "medium", "high", "max")},
        "image_input": supported(vision),
        "structured_outputs": supported(structured),
        "thinking": supported(bool(thinking_types)) | {"types": types},
    }


def info(name: str, label: str = "", **fields: Any) -> dict[str, Any]:
    """Return an entry of the list of models."""
    facts = {"type": "model", "id": name, "display_name": label or name, "created_at": "2026-09-22T00:00:00Z"}
    limits = {"max_input_tokens": 1_000_000, "max_tokens": 128_000, "lifecycle": "active"}
    return (
        facts | limits | {"capabilities": capabilities("adaptive"), "deprecated_at": None, "retires_at": None} | fields
    )


class FakeAnthropic(FakeServer):
    """The vendor. `recording` is what it answers with; `recordings` by the model's name go before it."""

    def __init__(self, *models: dict[str, Any], recording: Sequence[Event] = HELLO) -> None:
        super().__init__()
        self.models = list(models) or [info("claude-opus-5-5", "Claude Opus 5.5")]
        self.recording = recording
        self.recordings: dict[str, Sequence[Event]] = {}
        self.error: tuple[int, Event] | None = None
        self.headers: dict[str, str] = {}
        self.key = "sk-ant-right"
        self.page = 1000

    @property
    def bodies(self) -> list[Any]:
        """Return what was asked of models."""
        return [request.json for request in self.requests if request.path == "/v1/messages"]

    async def answer(self, exchange: Exchange) -> None:
        request, parts = exchange.request, urlsplit(exchange.request.path)
        sent = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        if sent != self.key:
            await self._refuse(exchange, 401, error("authentication_error", "invalid x-api-key"))
        elif "anthropic-version" not in request.headers:
            await self._refuse(exchange, 400, error("invalid_request_error", "anthropic-version: header is required"))
        elif (request.method, parts.path) == ("GET", "/v1/models"):
            await exchange.respond(self._listed(parse_qs(parts.query)))
        elif request.method == "GET" and parts.path.startswith("/v1/models/"):
            found = next((model for model in self.models if model["id"] == parts.path.rpartition("/")[2]), None)
            missing = error("not_found_error", f"model: {parts.path.rpartition('/')[2]}")
            await (exchange.respond(found) if found else self._refuse(exchange, 404, missing))
        elif (request.method, parts.path) == ("POST", "/v1/messages"):
            await self._message(exchange)
        else:
            await self._refuse(exchange, 404, error("not_found_error", "Not found"))

    def _listed(self, query: dict[str, list[str]]) -> dict[str, Any]:
        rows = [model for model in self.models if model.get("lifecycle") != "retired"]
        after = query.get("after_id", [""])[0]
        first = next((place + 1 for place, model in enumerate(rows) if model["id"] == after), 0)
        limit = min(int(query.get("limit", ["20"])[0]), self.page)
        page = rows[first : first + limit]
        ids = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
        return {"data": page, "has_more": first + limit < len(rows)} | ids

    async def _message(self, exchange: Exchange) -> None:
        body = exchange.request.json
        model = next((model for model in self.models if model["id"] == body["model"]), None)
        if self.error:
            await self._refuse(exchange, *self.error)
        elif model is None or model.get("lifecycle") == "retired":
            await self._refuse(exchange, 404, error("not_found_error", f"model: {body['model']}"))
        elif wrong := next(faults(body, model), None):
            await self._refuse(exchange, 400, error("invalid_request_error", wrong))
        else:
            events = self.recordings.get(body["model"], self.recording)
            await exchange.stream("text/event-stream; charset=utf-8", (stream(event) for event in events))

    async def _refuse(self, exchange: Exchange, status: int, body: Event) -> None:
        await exchange.respond(body, status, request_id=REQUEST_ID, **self.headers)


def faults(body: dict[str, Any], model: dict[str, Any]) -> Iterator[str]:
    """Yield why the vendor refuses a request, in its words where they are known."""
    kinds = model["capabilities"]["thinking"]["types"]
    allowed = {kind for kind, value in kinds.items() if value["supported"]}
    thought = body.get("thinking", {}).get("type")
    if not 0 < body.get("max_tokens", 0) <= model["max_tokens"]:
        yield f"max_tokens: {body.get('max_tokens')} > {model['max_tokens']}, which is the maximum allowed"
    if thought and thought not in allowed:
        yield f'"thinking.type.{thought}" is not supported for this model.'
    if thought == "enabled" and not 1024 <= body["thinking"]["budget_tokens"] < body["max_tokens"]:
        yield "`max_tokens` must be greater than `thinking.budget_tokens`"
    samples = [name for name in ("temperature", "top_p", "top_k") if name in body]
    if samples and "adaptive" in allowed and "enabled" not in allowed:
        yield f"`{samples[0]}` is deprecated for this model."
    if samples and thought in ("enabled", "adaptive"):
        yield "`temperature` may only be set to 1 when thinking is enabled."
    if len(samples) > 1:
        yield "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
    if not 0 <= body.get("temperature", 0) <= 1:
        yield "temperature: range: 0..1"
    if "effort" in body.get("output_config", {}) and not model["capabilities"]["effort"]["supported"]:
        yield "This model does not support the effort parameter."
    if "format" in body.get("output_config", {}) and not model["capabilities"]["structured_outputs"]["supported"]:
        yield "output_config.format: not supported for this model"
    if any(not stop.strip() for stop in body.get("stop_sequences", [])):
        yield "stop_sequences: each stop sequence must contain non-whitespace"
    if json.dumps(body).count('"cache_control"') > 4:
        yield "A maximum of 4 blocks with cache_control may be provided."
    yield from _choice_faults(body, allowed, thought)
    yield from _message_faults(body, allowed, thought)


def _choice_faults(body: dict[str, Any], allowed: set[str], thought: str | None) -> Iterator[str]:
    choice = body.get("tool_choice", {}).get("type")
    if choice and not body.get("tools"):
        yield "tool_choice may only be specified while providing tools"
    if choice in ("any", "tool") and allowed and "disabled" not in allowed:
        yield "Forced tool use is not supported for this model."
    if choice in ("any", "tool") and thought in ("enabled", "adaptive"):
        yield "Thinking may not be enabled when tool_choice forces tool use."
    if choice == "tool" and body["tool_choice"]["name"] not in [tool["name"] for tool in body["tools"]]:
        yield f"Tool '{body['tool_choice']['name']}' not found in provided tools"


def _message_faults(body: dict[str, Any], allowed: set[str], thought: str | None) -> Iterator[str]:
    messages = body["messages"]
    roles = [message["role"] for message in messages]
    if not roles or roles[0] != "user":
        yield 'messages: first message must use the "user" role'
    if any(one == other for one, other in pairwise(roles)):
        yield 'messages: roles must alternate between "user" and "assistant"'
    blocks = [block for message in messages for block in message["content"]] + body.get("system", [])
    if any(block["type"] == "text" and not block["text"].strip() for block in blocks):
        yield "messages: text content blocks must contain non-whitespace text"
    if any(not message["content"] for message in messages):
        yield "messages: all messages must have non-empty content"
    yield from _call_faults(body, [block["id"] for block in blocks if block["type"] == "tool_use"])
    yield from _last_faults(body, allowed, thought)


def _call_faults(body: dict[str, Any], calls: list[str]) -> Iterator[str]:
    messages = body["messages"]
    if len(calls) != len(set(calls)):
        yield "messages: `tool_use` ids must be unique"
    if not all(re.fullmatch("[a-zA-Z0-9_-]+", call) for call in calls):
        yield "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"
    if calls and not body.get("tools"):
        yield "Requests which include `tool_use` or `tool_result` blocks must define tools"
    for message, after in zip(messages, [*messages[1:], {"content": []}], strict=True):
        wanted = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
        came = [block["tool_use_id"] for block in after["content"] if block["type"] == "tool_result"]
        if wanted != came:
            yield f"`tool_use` ids were found without `tool_result` blocks immediately after: {wanted}"
        if "tool_result" in [block["type"] for block in after["content"]][len(came) :]:
            yield "tool_result blocks must stand first"


def _last_faults(body: dict[str, Any], allowed: set[str], thought: str | None) -> Iterator[str]:
    messages = body["messages"]
    last = messages[-1]["content"]
    if messages[-1]["role"] == "assistant":
        if "adaptive" in allowed:
            yield "This model does not support assistant message prefill."
        if thought in ("enabled", "adaptive"):
            yield "Prefill is not supported with extended thinking."
        if "format" in body.get("output_config", {}):
            yield "Prefill is not supported with output_config.format."
        if last[-1]["type"] == "text" and last[-1]["text"] != last[-1]["text"].rstrip():
            yield "messages: final assistant content cannot end with trailing whitespace"
    if thought == "enabled" and last[0]["type"] == "tool_result":
        first = next(message for message in reversed(messages) if message["role"] == "assistant")["content"][0]["type"]
        if first not in ("thinking", "redacted_thinking"):
            yield f"Expected `thinking` or `redacted_thinking`, but found `{first}`."


_OLD: dict[str, Any] = {"max_input_tokens": 200_000, "max_tokens": 64_000}

DOCUMENTED = [
    info("claude-fable-5-2"),
    info("claude-opus-5-5"),
    info("claude-sonnet-5-5", capabilities=capabilities("adaptive", "between_tools")),
    info("claude-haiku-5-5", capabilities=capabilities("adaptive", "disabled")),
    info("claude-opus-5", capabilities=capabilities("adaptive", "disabled")),
    info("claude-opus-4-8", capabilities=capabilities("adaptive", "disabled")),
    info("claude-sonnet-4-6", capabilities=capabilities("adaptive", "disabled", "enabled")),
    info("claude-opus-4-5-20251101", **_OLD, capabilities=capabilities("disabled", "enabled")),
    info("claude-haiku-4-5-20251001", **_OLD, capabilities=capabilities("disabled", "enabled", effort=False)),
]
"""One model for each set of rules, as build-with-claude/thinking, effort and models/overview have them."""

"""The Responses API: what is sent to OpenAI's own `/responses`, and Azure's, and what is read from it.

Nothing is stored there; a model's thoughts come back encrypted, are kept as signatures and sent again.
https://developers.openai.com/api/docs/api-reference/responses, and the types of openai-python 3.54.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from parley.events import Event, ImageMade, ReasoningDelta, TextDelta, ToolCalled
from parley.messages import Image, Part, Reasoning, Role, Text, ToolCall, ToolResult
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import object_of
from parley.providers.openai_chat import (
    GO_ON,
    JSON_WANTED,
    UNSEEN,
    Manner,
    format_of,
    results_of,
    signature,
    signed,
    tools_of,
    wants_json,
    with_something,
)
from parley.providers.openai_usage import REASONS
from parley.providers.pictures import picture
from parley.providers.prompts import entries, rounds, with_pictures_asked


def responses_body(request: ProviderRequest, manner: Manner) -> dict[str, Any]:
    """Return the request."""
    asked, taken, thinks = request.parameters, manner.taken, "effort" in manner.taken
    items = input_items(request, manner.provider, thinks=thinks)
    if manner.habits.user_last and items and items[-1].get("role") == "assistant":
        items.append({"role": "user", "content": GO_ON})
    body: dict[str, Any] = {"model": request.model, "input": items}
    body |= {"stream": True, "store": False}
    if request.instruction.strip():
        body["instructions"] = request.instruction
    if thinks:
        body["include"] = ["reasoning.encrypted_content"]
        body["reasoning"] = {"summary": "auto"} | ({"effort": manner.effort} if manner.effort else {})
    if tools := tools_of(request):
        body["tools"] = [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.schema),
                "strict": False,
            }
            for tool in tools
        ]
        if request.tool_choice in ("none", "required"):
            body["tool_choice"] = request.tool_choice
        elif request.tool_choice != "auto":
            body["tool_choice"] = {"type": "function", "name": request.tool_choice}
    for name, wire in (("temperature", "temperature"), ("top_p", "top_p"), ("max_tokens", "max_output_tokens")):
        if name in taken and (value := getattr(asked, name)) is not None:
            body[wire] = value
    if wanted := format_of(asked, taken):
        body["text"] = {"format": wanted}
        if not wants_json(request):
            body["input"].insert(0, {"role": "developer", "content": JSON_WANTED})
    return body


def input_items(request: ProviderRequest, provider: str, *, thinks: bool) -> list[dict[str, Any]]:
    """Return the messages as items: texts, calls, their results, and for models that think their thoughts."""
    items: list[dict[str, Any]] = []
    sees = request.about is None or request.about.vision is not False
    for role, parts in entries(with_something(with_pictures_asked(request.messages))):
        if role is Role.ASSISTANT:
            for said, results in rounds(parts):
                items += _round(said, results, provider, thinks=thinks)
        else:
            items.append({"role": str(role), "content": [item for part in parts for item in _content(part, sees)]})
    return items


def _round(
    said: Sequence[Part], results: Sequence[ToolResult], provider: str, *, thinks: bool
) -> Iterator[dict[str, Any]]:
    thoughts: list[dict[str, Any]] = []
    for part in said:
        match part:
            case Reasoning() if thinks:
                thoughts += signed(part.signature, provider)
            case Text() if part.text:
                yield from thoughts
                yield {"role": "assistant", "content": part.text}
                thoughts = []
            case ToolCall():
                yield from thoughts  # one without what followed it is refused
                yield {"type": "function_call", "call_id": part.id, "name": part.name, "arguments": part.arguments}
                thoughts = []
    for call, outcome in results_of([part for part in said if isinstance(part, ToolCall)], results):
        yield {"type": "function_call_output", "call_id": call.id, "output": outcome}


def _content(part: Part, sees: bool) -> Iterator[dict[str, Any]]:
    if isinstance(part, Text):
        yield {"type": "input_text", "text": part.text}
    elif isinstance(part, Image):
        picture = {"type": "input_image", "image_url": part.url, "detail": "auto"}
        yield picture if sees else {"type": "input_text", "text": UNSEEN}


class ResponsesReply:
    """What is known of an answer so far. `usage` is what was said of the tokens, as it came."""

    def __init__(self, provider: str) -> None:
        self.reason = ""
        self.spoken = False
        self.usage: Mapping[str, Any] = {}
        self._provider = provider
        self._called = False
        self._streamed: set[str] = set()
        """The items of which deltas have come."""
        self._thought = False

    def take(self, chunk: Mapping[str, Any]) -> list[Event]:
        """Return what an event means, or a whole answer that came at once. What is not known is left out."""
        match chunk.get("type"):
            case "response.output_text.delta" | "response.refusal.delta":
                return self._say(chunk.get("delta"), chunk.get("item_id"))
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                return self._think(chunk.get("delta"), chunk.get("item_id"))
            case "response.reasoning_summary_part.added" if chunk.get("summary_index") and self._thought:
                return [ReasoningDelta("\n\n")]
            case "response.output_item.done":
                return self._done(object_of(chunk.get("item")))
            case "response.completed" | "response.incomplete" | "response.done":
                self._finish(object_of(chunk.get("response")))
            case None if chunk.get("object") == "response":
                output = chunk.get("output")
                items = map(object_of, output) if isinstance(output, list) else ()
                found = [event for item in items for event in self._done(item)]
                self._finish(chunk)
                return found
        return []

    def end(self) -> list[Event]:
        """Return what was held back: nothing here."""
        return []

    def _say(self, text: Any, item: Any) -> list[Event]:
        if not isinstance(text, str) or not text:
            return []
        self._streamed.add(str(item))
        self.spoken = self.spoken or not text.isspace()
        return [TextDelta(text)]

    def _think(self, text: Any, item: Any) -> list[Event]:
        if not isinstance(text, str) or not text:
            return []
        self._streamed.add(str(item))
        self._thought = True
        return [ReasoningDelta(text)]

    def _done(self, item: Mapping[str, Any]) -> list[Event]:
        """Take an item that is complete; its text only where that did not come in pieces."""
        came = str(item.get("id")) in self._streamed
        match item.get("type"):
            case "reasoning":
                self._thought = False
                words = "" if came else "\n\n".join(_texts(item.get("summary") or item.get("content")))
                sealed = isinstance(item.get("encrypted_content"), str)
                kept = {name: item.get(name) for name in ("id", "type", "encrypted_content")}
                kept["summary"] = item.get("summary") or []
                proof = signature(self._provider, [kept]) if sealed else ""
                return [ReasoningDelta(words, proof)] if words or proof else []
            case "message" if not came:
                return [event for text in _texts(item.get("content")) for event in self._say(text, item.get("id"))]
            case "image_generation_call":
                if image := _picture(item):
                    self.spoken = True
                    return [ImageMade(image)]
            case "function_call":
                id, name, arguments = item.get("call_id"), item.get("name"), item.get("arguments")
                if isinstance(id, str) and isinstance(name, str) and name:
                    self._called = self.spoken = True
                    written = arguments if isinstance(arguments, str) and arguments else "{}"
                    return [ToolCalled(ToolCall(id, name, written))]
        return []

    def _finish(self, response: Mapping[str, Any]) -> None:
        self.usage = object_of(response.get("usage"))
        reason = object_of(response.get("incomplete_details")).get("reason")
        if response.get("status") == "incomplete" and isinstance(reason, str):
            self.reason = REASONS.get(reason, "length")
        else:
            self.reason = "tool_calls" if self._called else "stop"


def _picture(item: Mapping[str, Any]) -> Image | None:
    """Return the picture of a call that makes one: base64 alone, PNG unless it says otherwise."""
    form = item.get("output_format")
    return picture(f"image/{form if isinstance(form, str) else 'png'}", item.get("result"))


def _texts(content: Any) -> list[str]:
    parts = map(object_of, content) if isinstance(content, list) else ()
    found = (part.get("text") or part.get("refusal") for part in parts)
    return [text for text in found if isinstance(text, str) and text]

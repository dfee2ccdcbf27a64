"""Writing responses: https://developers.openai.com/api/docs/api-reference/responses/object."""

import time
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel

from parley.events import Finished
from parley.messages import Part, Reasoning, Text, ToolCall, Usage
from parley.server.dialects.openai.answers import new_id, proof
from parley.server.dialects.openai.response_shapes import ResponseQuestion

INCOMPLETE = {"length": "max_output_tokens", "filtered": "content_filter"}
"""Reasons for which an answer is not whole, and what they are called here."""

ENCRYPTED = "reasoning.encrypted_content"


class InputDetails(BaseModel):
    """What was read."""

    cached_tokens: int
    cache_write_tokens: int


class OutputDetails(BaseModel):
    """What was written."""

    reasoning_tokens: int


class ResponseUsage(BaseModel):
    """How many tokens were read and written."""

    input_tokens: int
    input_tokens_details: InputDetails
    output_tokens: int
    output_tokens_details: OutputDetails
    total_tokens: int


class ResponseBody(BaseModel):
    """A whole answer. `output` holds messages, calls of functions and thoughts, each with its `type`."""

    id: str
    object: Literal["response"]
    created_at: int
    completed_at: int | None
    status: Literal["completed", "incomplete", "failed", "in_progress"]
    model: str
    output: list[dict[str, Any]]
    usage: ResponseUsage | None
    error: dict[str, Any] | None
    incomplete_details: dict[str, Any] | None
    instructions: str | None
    max_output_tokens: int | None
    temperature: float | None
    top_p: float | None
    text: dict[str, Any]
    reasoning: dict[str, Any]
    tools: list[dict[str, Any]]
    tool_choice: str | dict[str, Any]
    parallel_tool_calls: bool
    metadata: dict[str, Any]
    background: bool
    store: bool
    truncation: str
    previous_response_id: str | None
    user: str | None


class Frame:
    """What a response says of itself, whatever is answered: most of it repeats the question."""

    def __init__(self, asked: ResponseQuestion) -> None:
        self.one_call = asked.parallel_tool_calls is False
        self.encrypted = ENCRYPTED in (asked.include or ())
        self._created = int(time.time())
        self._facts = {"id": new_id("resp_"), "object": "response", "created_at": self._created}
        self._question = _repeated(asked)

    def response(
        self,
        status: str,
        model: str,
        output: Sequence[dict[str, Any]] = (),
        *,
        usage: Usage | None = None,
        error: dict[str, Any] | None = None,
        reason: str = "",
    ) -> dict[str, Any]:
        """Return the response as it is now. `reason`: why it is not whole."""
        ended = int(time.time()) if status == "completed" else None
        return {
            **self._facts,
            "completed_at": ended,
            "status": status,
            "model": model,
            "output": list(output),
            "usage": usage_of(usage) if usage else None,
            "error": error,
            "incomplete_details": {"reason": reason} if reason else None,
            **self._question,
        }

    def ended(self, model: str, output: Sequence[dict[str, Any]], last: Finished, usage: Usage) -> dict[str, Any]:
        """Return the response as it is in the end."""
        reason = INCOMPLETE.get(last.reason, "")
        return self.response("incomplete" if reason else "completed", model, output, usage=usage, reason=reason)

    def items(self, parts: Sequence[Part]) -> list[dict[str, Any]]:
        """Return what a model has said as items."""
        items: list[dict[str, Any]] = []
        for part in parts:
            match part:
                case Text(text):
                    items.append(message_item(new_id("msg_"), "completed", text))
                case Reasoning(text, _, signature) if text or (signature and self.encrypted):
                    items.append(reasoning_item(new_id("rs_"), text, signature if self.encrypted else ""))
                case ToolCall() if not (self.one_call and any(item["type"] == "function_call" for item in items)):
                    items.append(call_item(new_id("fc_"), "completed", part))
        return items


def message_item(id: str, status: str, text: str | None = None) -> dict[str, Any]:
    """Return a message; without a text it has just begun."""
    content = [] if text is None else [text_part(text)]
    return {"id": id, "type": "message", "status": status, "role": "assistant", "content": content}


def text_part(text: str) -> dict[str, Any]:
    """Return the text of a message."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def reasoning_item(id: str, text: str = "", signature: str = "") -> dict[str, Any]:
    """Return a thought; without words it has just begun, or the vendor tells none."""
    item: dict[str, Any] = {"id": id, "type": "reasoning", "summary": [summary_part(text)] if text else []}
    return item | ({"encrypted_content": signature} if signature else {})


def summary_part(text: str) -> dict[str, Any]:
    """Return the words of a thought."""
    return {"type": "summary_text", "text": text}


def call_item(id: str, status: str, call: ToolCall, arguments: str | None = None) -> dict[str, Any]:
    """Return a wish to call a function, with all its arguments if no others are given."""
    written = call.arguments if arguments is None else arguments
    facts = {"id": id, "type": "function_call", "status": status, "call_id": call.id}
    return facts | {"name": call.name, "arguments": written} | proof(call)


def usage_of(usage: Usage) -> dict[str, Any]:
    """Return how many tokens were read and written."""
    read, written = usage.input_tokens or 0, usage.output_tokens or 0
    cached = {"cached_tokens": usage.cached_tokens or 0, "cache_write_tokens": usage.cache_writing_tokens or 0}
    return {
        "input_tokens": read,
        "input_tokens_details": cached,
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens or 0},
        "total_tokens": read + written,
    }


def _repeated(asked: ResponseQuestion) -> dict[str, Any]:
    form = asked.text.format.model_dump(by_alias=True, exclude_none=True) if asked.text and asked.text.format else None
    choice = asked.tool_choice
    return {
        "instructions": asked.instructions,
        "max_output_tokens": asked.max_output_tokens,
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "text": {"format": form or {"type": "text"}},
        "reasoning": {"effort": asked.reasoning.effort if asked.reasoning else None, "summary": None},
        "tools": [{**tool.model_dump(), "strict": False} for tool in asked.tools or ()],
        "tool_choice": choice.model_dump() if isinstance(choice, BaseModel) else choice or "auto",
        "parallel_tool_calls": asked.parallel_tool_calls is not False,
        "metadata": asked.metadata or {},
        "background": False,
        "store": False,
        "truncation": "disabled",
        "previous_response_id": None,
        "user": None,
    }

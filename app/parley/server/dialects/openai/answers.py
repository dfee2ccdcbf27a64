"""Writing chat completions, whole and in chunks: https://developers.openai.com/api/docs/api-reference/chat/object.

A chunk is three pieces of bytes, two of which are made once: at fifty streams that is what the time goes into.
"""

import time
from typing import Any, Literal
from uuid import uuid4

from pydantic import BaseModel

from parley.errors import ServerEnding
from parley.events import Event, Failed, Finished, ImageMade, ReasoningDelta, Started, Stopped, TextDelta, ToolCalled
from parley.messages import Image, Part, Reasoning, Text, ToolCall, Usage
from parley.server.dialect import to_json
from parley.server.dialects.openai.problems import error_body
from parley.server.problems import Problem
from parley.server.streams import sse
from parley.turn import Turn

REASONS = {"filtered": "content_filter"}
"""Reasons to end that have another name here."""

DONE = b"data: [DONE]\n\n"


class CalledFunction(BaseModel):
    """What is to be called, and the JSON of its arguments as the model wrote it."""

    name: str
    arguments: str


class AnsweredCall(BaseModel):
    """A model's wish to call a function."""

    id: str
    type: Literal["function"]
    function: CalledFunction
    extra_content: dict[str, Any] | None = None


class AnsweredAddress(BaseModel):
    """An address that holds a whole picture (`data:image/png;base64,…`)."""

    url: str


class AnsweredImage(BaseModel):
    """A picture that the model made, as OpenRouter tells of it."""

    type: Literal["image_url"]
    image_url: AnsweredAddress
    index: int


class AnsweredMessage(BaseModel):
    """What the model says."""

    role: Literal["assistant"]
    content: str | None
    refusal: str | None
    reasoning_content: str | None = None
    images: list[AnsweredImage] | None = None
    tool_calls: list[AnsweredCall] | None = None


class Choice(BaseModel):
    """The answer, and why it ended."""

    index: int
    message: AnsweredMessage
    logprobs: None
    finish_reason: Literal["stop", "length", "tool_calls", "content_filter"]


class PromptDetails(BaseModel):
    """What was read."""

    cached_tokens: int
    audio_tokens: int


class CompletionDetails(BaseModel):
    """What was written."""

    reasoning_tokens: int
    audio_tokens: int


class CompletionUsage(BaseModel):
    """How many tokens were read and written."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails
    completion_tokens_details: CompletionDetails


class ChatCompletion(BaseModel):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: CompletionUsage
    system_fingerprint: str | None
    service_tier: str | None


def completion(turn: Turn, last: Finished, usage: Usage, *, one_call: bool) -> dict[str, Any]:
    """Return a whole answer. With `one_call` there is at most one."""
    message = message_of(turn.parts, one_call=one_call)
    reason = REASONS.get(last.reason, last.reason)
    return {
        "id": new_id("chatcmpl-"),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": turn.model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reason}],
        "usage": usage_of(usage),
        "system_fingerprint": None,
        "service_tier": None,
    }


def message_of(parts: tuple[Part, ...], *, one_call: bool) -> dict[str, Any]:
    """Return what the model says as one message."""
    text = "".join(part.text for part in parts if isinstance(part, Text))
    thought = "".join(part.text for part in parts if isinstance(part, Reasoning))
    calls = [part for part in parts if isinstance(part, ToolCall)][: 1 if one_call else None]
    message: dict[str, Any] = {"role": "assistant", "content": text if text or not calls else None, "refusal": None}
    if thought:
        message["reasoning_content"] = thought
    if images := [part for part in parts if isinstance(part, Image)]:
        message["images"] = [image_of(image, place) for place, image in enumerate(images)]
    if calls:
        message["tool_calls"] = [call_of(call) for call in calls]
    return message


def image_of(image: Image, place: int) -> dict[str, Any]:
    """Return a picture as OpenRouter tells of it: https://openrouter.ai/docs/features/multimodal/image-generation."""
    return {"type": "image_url", "image_url": {"url": image.url}, "index": place}


def call_of(call: ToolCall) -> dict[str, Any]:
    """Return a wish to call a function. The vendor's proof of it stands where Google has put it."""
    made: dict[str, Any] = {"id": call.id, "type": "function"}
    made["function"] = {"name": call.name, "arguments": call.arguments}
    return made | proof(call)


def proof(call: ToolCall) -> dict[str, Any]:
    """Return what tells a vendor's proof of a call, if there is one."""
    return {"extra_content": {"google": {"thought_signature": call.signature}}} if call.signature else {}


def usage_of(usage: Usage) -> dict[str, Any]:
    """Return how many tokens were read and written."""
    read, written = usage.input_tokens or 0, usage.output_tokens or 0
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens or 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens or 0, "audio_tokens": 0},
    }


def new_id(prefix: str) -> str:
    """Return a new id as this API has them."""
    return prefix + uuid4().hex


def error_event(problem: Problem) -> bytes:
    """Return the event that ends a stream early."""
    return sse(to_json(error_body(problem)))


class Chunks:
    """Writes the events of one turn as chunks."""

    def __init__(self, turn: Turn, *, with_usage: bool, one_call: bool) -> None:
        self._turn = turn
        self._with_usage = with_usage
        self._one_call = one_call
        self._id = new_id("chatcmpl-")
        self._created = int(time.time())
        self._calls = 0
        self._images = 0
        self._head = b""
        self._tail = b',"logprobs":null,"finish_reason":null}]' + (b',"usage":null}\n\n' if with_usage else b"}\n\n")

    def render(self, events: list[Event], _: int) -> bytes:
        """Return the chunks of some events."""
        return b"".join(map(self._chunk, events))

    def _chunk(self, event: Event) -> bytes:
        match event:
            case TextDelta(text):
                return b'%s{"content":%s}%s' % (self._head or self._begin(), to_json(text), self._tail)
            case ReasoningDelta(text) if text:
                return b'%s{"reasoning_content":%s}%s' % (self._head or self._begin(), to_json(text), self._tail)
            case ImageMade(image):
                delta = to_json({"images": [image_of(image, self._images)]})
                self._images += 1
                return b"%s%s%s" % (self._head or self._begin(), delta, self._tail)
            case ToolCalled(call) if not (self._one_call and self._calls):
                delta = to_json({"tool_calls": [{"index": self._calls, **call_of(call)}]})
                self._calls += 1
                return b"%s%s%s" % (self._head or self._begin(), delta, self._tail)
            case Finished():
                return self._end(event)
            case Failed(failure):
                return error_event(Problem.from_failure(failure))
            case Stopped():
                return error_event(Problem.of(ServerEnding()))
            case Started():
                self._head = b""
        return b""

    def _begin(self) -> bytes:
        """Return the chunk that says who speaks, and the beginning of the next one."""
        facts = {"id": self._id, "object": "chat.completion.chunk", "created": self._created}
        facts |= {"model": self._turn.model, "system_fingerprint": None}
        self._head = b'data: %s,"choices":[{"index":0,"delta":' % to_json(facts)[:-1]
        return b'%s{"role":"assistant","content":"","refusal":null}%s%s' % (self._head, self._tail, self._head)

    def _end(self, last: Finished) -> bytes:
        reason = b'"finish_reason":"%s"' % REASONS.get(last.reason, last.reason).encode()
        pieces = [self._head or self._begin(), b"{}", self._tail.replace(b'"finish_reason":null', reason)]
        if self._with_usage:
            told = to_json(usage_of(last.usage or self._turn.usage))
            pieces += [self._head.partition(b'"choices"')[0], b'"choices":[],"usage":%s}\n\n' % told]
        return b"".join((*pieces, DONE))

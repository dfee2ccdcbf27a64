"""Rendering: what happens in a turn, as clients of this API are told of it."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from parley.events import (
    Event,
    Failed,
    Finished,
    ImageMade,
    ReasoningDelta,
    Status,
    Stopped,
    TextDelta,
    ToolCalled,
    ToolFinished,
    ToolStarted,
)
from parley.messages import Usage
from parley.server.application import json_response
from parley.server.dialect import to_json
from parley.server.dialects.mingly.problems import error_message
from parley.server.problems import Problem
from parley.server.streams import EventStream, outcome, rendered, sse
from parley.turn import Turn

Notices = Sequence[tuple[str, str]]
"""What is said ahead of an answer: codes and words."""


async def whole(turn: Turn, request: Request, *, detach: bool = False) -> Response:
    """Return the answer to a request, once it is whole. Raises TurnFailed."""
    last = await outcome(turn, request, detach=detach)
    metadata = metadata_of(turn, last.usage if isinstance(last, Finished) else None)
    return json_response({"response": turn.text, "conversationId": turn.conversation_id, "metadata": metadata})


def streamed(turn: Turn, notices: Notices = (), *, detach: bool = False) -> EventStream:
    """Return the answer to a request while it comes. Its headers tell where it is kept."""
    ahead = b"".join(sse(to_json(status_message(code, words))) for code, words in notices)
    pieces = rendered(turn, lambda events, number: render(turn, events, number), detach=detach, ahead=ahead)
    headers = {"X-Conversation-Id": turn.conversation_id, "X-Message-Id": turn.reply_id}
    return EventStream(pieces, problem=last_words, headers=headers)


def last_words(problem: Problem) -> bytes:
    """Return what a stream says when it has to end early."""
    return sse(to_json(error_message(problem)))


def render(turn: Turn, events: Sequence[Event], number: int, **further: Any) -> bytes:
    """Return events as server-sent ones: their ids are the reply's id and their numbers in the turn."""
    told = ((f"{turn.reply_id}:{number + place}", message_of(turn, event)) for place, event in enumerate(events))
    return b"".join(sse(to_json({**message, **further}), id=id) for id, message in told if message)


def status_message(code: str, text: str) -> dict[str, Any]:
    """Return what says what an answer waits for, or lacks."""
    return {"type": "status", "status": code, "content": text}


def message_of(turn: Turn, event: Event) -> dict[str, Any] | None:
    """Return an event as clients of this API know it, if they do."""
    ids = {"conversationId": turn.conversation_id, "messageId": turn.reply_id}
    match event:
        case TextDelta(text):
            return {"type": "token", "content": text}
        case ReasoningDelta(text) if text:
            return {"type": "reasoning", "content": text}
        case ImageMade(image, files):
            return {"type": "image", "content": image.url, "files": list(files)}
        case Status(code, text):
            return status_message(code, text)
        case ToolCalled(call):
            return _tool("called", call.id, call.name, arguments=call.arguments)
        case ToolStarted(id, name, label):
            return _tool("started", id, name, content=label)
        case ToolFinished(result, name, label, files):
            facts = {"failed": result.failed, "title": result.title, "files": list(files)}
            return _tool("finished", result.call_id, name, content=label, **facts)
        case Finished(usage):
            return {"type": "done", "metadata": metadata_of(turn, usage), **ids}
        case Stopped():
            return {"type": "done", "metadata": metadata_of(turn, None), **ids}
        case Failed(failure, retry_after):
            return {**error_message(Problem.from_failure(failure, retry_after)), **ids}
    return None


def _tool(state: str, id: str, name: str, **further: Any) -> dict[str, Any]:
    return {"type": "tool", "state": state, "id": id, "name": name, **further}


def metadata_of(turn: Turn, usage: Usage | None) -> dict[str, Any]:
    """Return what an answer cost, and who gave it."""
    return metadata(usage or turn.usage, turn.model)


def metadata(usage: Usage, asked: str) -> dict[str, Any]:
    """Return what an answer of a model, named `provider/model`, cost."""
    provider, _, model = asked.partition("/")
    incoming, outgoing = usage.input_tokens or 0, usage.output_tokens or 0
    return {
        "tokensUsed": incoming + outgoing,
        "inputTokens": incoming,
        "outputTokens": outgoing,
        "cost": usage.cost or 0.0,
        "latencyMs": round((usage.seconds or 0.0) * 1000),
        "provider": provider,
        "model": model,
    }

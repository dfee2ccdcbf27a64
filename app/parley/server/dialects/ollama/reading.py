"""What a question of Ollama's API asks for, in our words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from parley.errors import RequestInvalid
from parley.messages import Reasoning, Text, ToolCall
from parley.models import Effort, Parameters, ToolSpec
from parley.server.asking import (
    Question,
    Talk,
    checked,
    effort_of,
    image_from_text,
    seed_of,
    stops_of,
)
from parley.server.dialects.ollama.shapes import Asked, Call, Chat, Entry, Generate, Options

_NAMES: Mapping[str, str] = {"max_tokens": "num_predict"}

_IMPOSSIBLE: Mapping[str, str] = {
    "suffix": "this server does not fill gaps in texts",
    "template": "this server leaves templates to the providers",
    "raw": "this server leaves templates to the providers, and sends nothing without one",
    "context": "this server does not go on from tokens, send the conversation to /api/chat",
}


def read_chat(sent: Chat, model: str) -> Question:
    """Return what is asked. Raises RequestInvalid."""
    talk = Talk()
    for number, entry in enumerate(sent.messages or ()):
        _take(talk, entry, f"messages.{number}")
    tools = [
        ToolSpec(tool.function.name, tool.function.description or "", tool.function.parameters or _NOTHING)
        for tool in sent.tools or ()
    ]
    return Question(talk, model, _parameters(sent), tools)


def read_generate(sent: Generate, model: str) -> Question:
    """Return what is asked. Raises RequestInvalid, also for what only Ollama itself could do."""
    for name, problem in _IMPOSSIBLE.items():
        if getattr(sent, name):
            raise RequestInvalid(problem=f"{name}: {problem}")
    talk = Talk()
    talk.system(sent.system or "")
    talk.user(*map(image_from_text, sent.images or ()), *([Text(sent.prompt)] if sent.prompt else []))
    return Question(talk, model, _parameters(sent))


_NOTHING: Mapping[str, Any] = {"type": "object", "properties": {}}


def _take(talk: Talk, entry: Entry, where: str) -> None:
    text = [Text(entry.content)] if entry.content else []
    match entry.role:
        case "system":
            talk.system(entry.content or "")
        case "user":
            talk.user(*map(image_from_text, entry.images or ()), *text)
        case "assistant":
            thoughts = [Reasoning(entry.thinking)] if entry.thinking else []
            talk.assistant(*thoughts, *text, *map(_call, entry.tool_calls or (), range(len(entry.tool_calls or ()))))
        case "tool":
            call = _answered(talk.open_calls, entry)
            if call is None:
                raise RequestInvalid(problem=f"{where}: no call before it waits for this result")
            talk.result(call.id, entry.content or "", pictures=list(map(image_from_text, entry.images or ())))


def _call(call: Call, number: int) -> ToolCall:
    given = call.function.arguments
    written = given if isinstance(given, str) else json.dumps(given or {}, ensure_ascii=False)
    return ToolCall(call.id or f"call_{number}", call.function.name, written)


def _answered(waiting: Sequence[ToolCall], entry: Entry) -> ToolCall | None:
    """Return the call that a result belongs to: of its id, else of its name, else the first that waits."""
    if entry.tool_call_id:
        return next((call for call in waiting if call.id == entry.tool_call_id), None)
    if entry.tool_name:
        return next((call for call in waiting if call.name == entry.tool_name), None)
    return waiting[0] if waiting else None


def _parameters(sent: Asked) -> Parameters:
    given = sent.options or Options()
    wanted = Parameters(
        temperature=given.temperature,
        top_p=given.top_p,
        max_tokens=given.num_predict if given.num_predict and given.num_predict > 0 else None,
        seed=seed_of(given.seed),
        effort=_effort(sent),
        json=sent.format == "json",
        schema=sent.format if isinstance(sent.format, dict) else None,
    )
    # Only some vendors take no more sequences: whoever is asked decides.
    return replace(checked(wanted, _NAMES), stop=stops_of(given.stop))


def _effort(sent: Asked) -> Effort:
    """Return how long the model is to think: where it is only to think at all, not too long."""
    if isinstance(sent.think, bool):
        return "medium" if sent.think else "none"
    return effort_of(sent.think, "think")

"""Reading what a chat completion is asked with."""

from collections.abc import Sequence
from typing import Any

from parley.errors import RequestInvalid
from parley.messages import Image, Part, Reasoning, Text, ToolCall
from parley.models import Parameters, ToolSpec
from parley.server.asking import Question, Talk, checked, effort_of, image_from_url, seed_of, stops_of
from parley.server.dialects.openai.shapes import (
    AllowedTools,
    Call,
    ChatMessage,
    ChatQuestion,
    Content,
    ImagePart,
    NamedTool,
    RefusalPart,
    TextPart,
)


def question_of(asked: ChatQuestion) -> Question:
    """Return the question. Raises RequestInvalid, also for what is asked for and cannot be had."""
    _demand_possible(asked)
    talk = Talk()
    for number, message in enumerate(asked.messages):
        _tell(talk, message, number)
    tools = [
        spec(tool.function.name, tool.function.description, tool.function.parameters) for tool in asked.tools or ()
    ]
    return Question(talk, asked.model or "", _parameters(asked), *_chosen(asked, tools))


def _chosen(asked: ChatQuestion, tools: list[ToolSpec]) -> tuple[list[ToolSpec], str]:
    match asked.tool_choice:
        case NamedTool(function=function):
            return chosen(tools, function.name)
        case AllowedTools(allowed_tools=allowed):
            return chosen(tools, allowed.mode, [tool.function.name for tool in allowed.tools])
        case choice:
            return chosen(tools, choice or "auto")


def spec(name: str, description: str | None, schema: dict[str, object] | None) -> ToolSpec:
    """Return a function that the model may wish to call."""
    return ToolSpec(name, description or "", schema) if schema else ToolSpec(name, description or "")


def chosen(tools: list[ToolSpec], choice: str, allowed: Sequence[str] | None = None) -> tuple[list[ToolSpec], str]:
    """Return the tools that may be called, and which is to be, as the engine takes it.

    `choice` is a tool's name or one of auto, none and required; `allowed` names all that may be called, if not all may.
    Raises RequestInvalid for one that is not there.
    """
    known = {tool.name for tool in tools}
    for name in (*(allowed or ()), choice):
        if name not in known | {"auto", "none", "required"}:
            raise RequestInvalid.of_field("tool_choice", f"there is no tool named “{name[:80]}”")
    left = tools if allowed is None else [tool for tool in tools if tool.name in allowed]
    if choice == "required" and not left:
        raise RequestInvalid.of_field("tool_choice", "it asks for a tool, and there are none")
    return left, choice


def proof_of(extra: dict[str, Any] | None) -> str:
    """Return a vendor's proof of a call, from where Google has put it."""
    google = (extra or {}).get("google")
    proof = google.get("thought_signature") if isinstance(google, dict) else None
    return proof if isinstance(proof, str) else ""


def _demand_possible(asked: ChatQuestion) -> None:
    if asked.n is not None and asked.n != 1:
        raise RequestInvalid.of_field("n", "one answer is given at a time")
    if asked.logprobs:
        raise RequestInvalid.of_field("logprobs", "they are not told")
    if asked.functions:
        raise RequestInvalid.of_field("functions", "they have become “tools”")
    if "audio" in (asked.modalities or ()):
        raise RequestInvalid.of_field("modalities", "answers are text")


def _parameters(asked: ChatQuestion) -> Parameters:
    form = asked.response_format
    schema = form.json_schema.schema_ if form and form.json_schema else None
    if form and form.type == "json_schema" and schema is None:
        raise RequestInvalid.of_field("response_format.json_schema.schema", "a schema is needed")
    most = asked.max_tokens if asked.max_completion_tokens is None else asked.max_completion_tokens
    parameters = Parameters(
        asked.temperature,
        asked.top_p,
        most,
        seed_of(asked.seed),
        stops_of(asked.stop),
        effort_of(asked.reasoning_effort),
        json=form is not None and form.type == "json_object",
        schema=schema if form and form.type == "json_schema" else None,
    )
    name = "max_tokens" if asked.max_completion_tokens is None else "max_completion_tokens"
    return checked(parameters, {"max_tokens": name})


def _tell(talk: Talk, message: ChatMessage, number: int) -> None:
    parts = _parts(message.content, number)
    text = "".join(part.text for part in parts if isinstance(part, Text))
    match message.role:
        case "system" | "developer":
            talk.system(text)
        case "user":
            talk.user(*parts)
        case "assistant":
            thought = [Reasoning(message.reasoning_content)] if message.reasoning_content else []
            talk.assistant(*thought, *parts, *map(_call, message.tool_calls or ()))
        case "tool":
            if not message.tool_call_id:
                raise RequestInvalid.of_field(
                    f"messages.{number}.tool_call_id", "it is needed with what came of a call"
                )
            pictures = [part for part in parts if isinstance(part, Image)]
            talk.result(message.tool_call_id, text, pictures=pictures)


def _parts(content: Content | None, number: int) -> list[Part]:
    if isinstance(content, str):
        return [Text(content)] if content else []
    parts: list[Part] = []
    for place, part in enumerate(content or ()):
        match part:
            case TextPart(text=text) | RefusalPart(refusal=text):
                parts.append(Text(text))
            case ImagePart(image_url=where):
                name = f"messages.{number}.content.{place}.image_url"
                parts.append(picture(where if isinstance(where, str) else where.url, name))
    return parts


def picture(url: str, name: str) -> Image:
    """Return a picture. Raises RequestInvalid, which names the field."""
    try:
        return image_from_url(url)
    except RequestInvalid as error:
        raise RequestInvalid(problem=error.fields["problem"], invalid={name: [error.fields["problem"]]}) from error


def _call(call: Call) -> ToolCall:
    return ToolCall(call.id, call.function.name, call.function.arguments, proof_of(call.extra_content))

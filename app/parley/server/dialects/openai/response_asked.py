"""Reading what a response is asked with."""

from collections.abc import Sequence

from parley.errors import RequestInvalid
from parley.messages import Image, Part, Reasoning, Text, ToolCall
from parley.models import Parameters, ToolSpec
from parley.server.asking import Question, Talk, checked, effort_of
from parley.server.dialects.openai.asked import chosen, picture, proof_of, spec
from parley.server.dialects.openai.response_shapes import (
    AllowedFunctions,
    CallItem,
    ImageContent,
    Item,
    MessageItem,
    NamedFunction,
    OutputItem,
    Parts,
    ReasoningItem,
    RefusalContent,
    ResponseQuestion,
    TextContent,
)

STATEFUL = ("previous_response_id", "conversation", "background", "prompt")
"""What needs a server that keeps responses or prompts."""


def question_of(asked: ResponseQuestion) -> Question:
    """Return the question. Raises RequestInvalid, also for what is asked for and cannot be had."""
    for name in STATEFUL:
        if getattr(asked, name):
            raise RequestInvalid.of_field(name, "nothing is kept here; send the whole of it as “input”")
    talk = Talk()
    talk.system(asked.instructions or "")
    if isinstance(asked.input, str):
        talk.user(*([Text(asked.input)] if asked.input else []))
    else:
        _tell(talk, asked.input)
    tools = [spec(tool.name, tool.description, tool.parameters) for tool in asked.tools or ()]
    return Question(talk, asked.model or "", _parameters(asked), *_chosen(asked, tools))


def _chosen(asked: ResponseQuestion, tools: list[ToolSpec]) -> tuple[list[ToolSpec], str]:
    match asked.tool_choice:
        case NamedFunction(name=name):
            return chosen(tools, name)
        case AllowedFunctions(mode=mode, tools=allowed):
            return chosen(tools, mode, [tool.name for tool in allowed])
        case choice:
            return chosen(tools, choice or "auto")


def _parameters(asked: ResponseQuestion) -> Parameters:
    form = asked.text.format if asked.text else None
    schema = form.schema_ if form and form.type == "json_schema" else None
    if form and form.type == "json_schema" and schema is None:
        raise RequestInvalid.of_field("text.format.schema", "a schema is needed")
    parameters = Parameters(
        asked.temperature,
        asked.top_p,
        asked.max_output_tokens,
        effort=effort_of(asked.reasoning.effort if asked.reasoning else None, "reasoning.effort"),
        json=form is not None and form.type == "json_object",
        schema=schema,
    )
    return checked(parameters, {"max_tokens": "max_output_tokens"})


def _tell(talk: Talk, items: Sequence[Item]) -> None:
    """Take the items. What a model has said stands in several, which together are one reply."""
    said: list[Part] = []
    for number, item in enumerate(items):
        match item:
            case ReasoningItem():
                said.append(_thought(item))
                continue
            case CallItem():
                said.append(ToolCall(item.call_id, item.name, item.arguments, proof_of(item.extra_content)))
                continue
            case MessageItem(role="assistant"):
                said += _parts(item.content, f"input.{number}.content")
                continue
        if said:
            talk.assistant(*said)
            said = []
        if isinstance(item, OutputItem):
            parts = _parts(item.output, f"input.{number}.output")
            pictures = [part for part in parts if isinstance(part, Image)]
            try:
                talk.result(item.call_id, _text(parts), pictures=pictures)
            except RequestInvalid as error:
                raise RequestInvalid.of_field(f"input.{number}.call_id", error.fields["problem"]) from error
        elif item.role == "user":
            talk.user(*_parts(item.content, f"input.{number}.content"))
        else:
            talk.system(_text(_parts(item.content, f"input.{number}.content")))
    if said:
        talk.assistant(*said)


def _thought(item: ReasoningItem) -> Reasoning:
    told = item.content or item.summary or ()
    return Reasoning("\n\n".join(part.text for part in told), signature=item.encrypted_content or "")


def _parts(content: Parts, name: str) -> list[Part]:
    if isinstance(content, str):
        return [Text(content)] if content else []
    parts: list[Part] = []
    for place, part in enumerate(content):
        match part:
            case TextContent(text=text) | RefusalContent(refusal=text):
                parts.append(Text(text))
            case ImageContent(image_url=url):
                if url is None:
                    raise RequestInvalid.of_field(
                        f"{name}.{place}", "a picture needs an image_url; files are not kept here"
                    )
                parts.append(picture(url, f"{name}.{place}.image_url"))
    return parts


def _text(parts: Sequence[Part]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))

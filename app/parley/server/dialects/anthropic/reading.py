"""What a question of Anthropic's API asks for, in our words."""

import json
from collections.abc import Sequence
from dataclasses import replace

from parley.errors import RequestInvalid
from parley.messages import Image, Part, Reasoning, Text, ToolCall
from parley.models import Effort, Parameters, ToolSpec
from parley.providers.anthropic_reply import REDACTED
from parley.server.asking import Question, Talk, checked, effort_of, image_from_base64, stops_of
from parley.server.dialects.anthropic.shapes import (
    Base64Source,
    Block,
    Counted,
    DocumentBlock,
    Entry,
    ImageBlock,
    RedactedBlock,
    SearchResultBlock,
    Sent,
    Shown,
    TextBlock,
    TextSource,
    ThinkingBlock,
    ToolResultBlock,
    ToolUseBlock,
)

BUDGETS: Sequence[tuple[int, Effort]] = ((2048, "minimal"), (8192, "low"), (20_000, "medium"))
"""Up to so many tokens of thinking mean that effort; more mean a high one."""


def read(sent: Counted) -> Question:
    """Return what is asked. Raises RequestInvalid for what cannot be done here, naming its place."""
    talk = Talk()
    for block in sent.system or ():
        talk.system(block.text)
    for number, entry in enumerate(sent.messages):
        _take(talk, entry, f"messages.{number}.content")
    tools, choice = _tools(sent)
    return Question(talk, sent.model, _parameters(sent), tools, choice)


def _take(talk: Talk, entry: Entry, where: str) -> None:
    blocks = [(block, f"{where}.{number}") for number, block in enumerate(entry.content)]
    match entry.role:
        case "assistant":
            talk.assistant(*(_of_model(block, place) for block, place in blocks))
        case "system":
            talk.system("\n\n".join(_only_text(block, place) for block, place in blocks))
        case "user":
            open_calls = {call.id for call in talk.open_calls}
            for block, place in blocks:
                if isinstance(block, ToolResultBlock):
                    if block.tool_use_id not in open_calls:
                        problem = f"{place}: no tool_use block before it waits for “{block.tool_use_id[:80]}”"
                        raise RequestInvalid(problem=problem)
                    open_calls.discard(block.tool_use_id)
                    _take_result(talk, block, place)
            if said := [_of_person(block, place) for block, place in blocks if not isinstance(block, ToolResultBlock)]:
                talk.user(*said)


def _take_result(talk: Talk, block: ToolResultBlock, where: str) -> None:
    shown = [_of_person(inner, f"{where}.content.{number}") for number, inner in enumerate(block.content or ())]
    words = "\n".join(part.text for part in shown if isinstance(part, Text))
    pictures = [part for part in shown if isinstance(part, Image)]
    talk.result(block.tool_use_id, words, failed=bool(block.is_error), pictures=pictures)


def _of_model(block: Block, where: str) -> Part:
    match block:
        case TextBlock():
            return Text(block.text)
        case ThinkingBlock():
            return Reasoning(block.thinking, None, block.signature)
        case RedactedBlock():
            return Reasoning("", None, REDACTED + block.data)
        case ToolUseBlock():
            return ToolCall(block.id, block.name, json.dumps(block.input, ensure_ascii=False))
    raise RequestInvalid(problem=f"{where}: an assistant does not send a block of the type {block.type}")


def _of_person(block: Block | Shown, where: str) -> Text | Image:
    match block:
        case TextBlock():
            return Text(block.text)
        case ImageBlock(source=Base64Source() as source):
            return image_from_base64(source.data)
        case ImageBlock(source=source):
            problem = f"{where}.source: images of the type {source.type} are not fetched here, send the bytes in base64"
            raise RequestInvalid(problem=problem)
        case DocumentBlock(source=TextSource() as source):
            return Text("\n\n".join(filter(None, (block.title, block.context, source.data))))
        case DocumentBlock(source=source):
            problem = f"{where}.source: documents of the type {source.type} are not read here, send their text"
            raise RequestInvalid(problem=problem)
        case SearchResultBlock():
            return Text("\n".join((block.title, block.source, *(inner.text for inner in block.content))))
    raise RequestInvalid(problem=f"{where}: a user does not send a block of the type {block.type}")


def _only_text(block: Block, where: str) -> str:
    if isinstance(block, TextBlock):
        return block.text
    raise RequestInvalid(problem=f"{where}: a system message is text")


def _tools(sent: Counted) -> tuple[list[ToolSpec], str]:
    tools = []
    for number, tool in enumerate(sent.tools or ()):
        if tool.type not in (None, "custom") or tool.input_schema is None:
            problem = f"tools.{number}: only tools with an input_schema, which you run yourself, can be offered here"
            raise RequestInvalid(problem=problem)
        tools.append(ToolSpec(tool.name, tool.description or "", tool.input_schema))
    choice = sent.tool_choice
    if choice is None or choice.type in ("auto", "none"):
        return tools, choice.type if choice else "auto"
    if not tools or (choice.type == "tool" and choice.name not in (tool.name for tool in tools)):
        raise RequestInvalid(problem="tool_choice: there is no such tool among the tools")
    return tools, "required" if choice.type == "any" else choice.name


def _parameters(sent: Counted) -> Parameters:
    config = sent.output_config
    schema = config.format.schema_ if config and config.format else None
    if not isinstance(sent, Sent):
        return Parameters(schema=schema)
    wanted = Parameters(
        temperature=sent.temperature,
        top_p=sent.top_p,
        max_tokens=sent.max_tokens,
        stop=stops_of(sent.stop_sequences),
        effort=_effort(sent),
        schema=schema,
    )
    # Only some vendors take no more sequences: whoever is asked decides.
    checked(replace(wanted, stop=()))
    return wanted


def _effort(sent: Counted) -> Effort:
    """Return how long the model is to think; empty where nothing is said."""
    thinking, config = sent.thinking, sent.output_config
    if thinking and thinking.type == "disabled":
        return "none"
    if config and config.effort:
        return effort_of(config.effort)
    if thinking is None or thinking.type == "between_tools":
        return ""
    if thinking.budget_tokens is None:
        return "high"  # as the vendor has it where a model is to think as it sees fit
    return next((effort for most, effort in BUDGETS if thinking.budget_tokens <= most), "high")

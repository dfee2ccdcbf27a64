"""The bodies of Anthropic's API, as far as they mean something here. What is further sent is ignored."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from parley.server.received import Received


class TextBlock(Received):
    """A text."""

    type: Literal["text"]
    text: str


class Base64Source(Received):
    """The bytes of an image."""

    type: Literal["base64"]
    media_type: Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
    data: str


class ElsewhereSource(Received):
    """An image that somebody else keeps."""

    type: Literal["url", "file"]


class ImageBlock(Received):
    """An image."""

    type: Literal["image"]
    source: Annotated[Base64Source | ElsewhereSource, Field(discriminator="type")]


class TextSource(Received):
    """The text of a document."""

    type: Literal["text"]
    data: str


class OtherSource(Received):
    """A document that would have to be fetched, or read by another program."""

    type: Literal["base64", "url", "file", "content"]


class DocumentBlock(Received):
    """A document. Only plain text can be passed on."""

    type: Literal["document"]
    source: Annotated[TextSource | OtherSource, Field(discriminator="type")]
    title: str | None = None
    context: str | None = None


class SearchResultBlock(Received):
    """What a search of the client has found."""

    type: Literal["search_result"]
    source: str
    title: str
    content: list[TextBlock]


class ThinkingBlock(Received):
    """What a model has thought, with its vendor's proof of it."""

    type: Literal["thinking"]
    thinking: str
    signature: str = ""


class RedactedBlock(Received):
    """A thought that only its vendor can read."""

    type: Literal["redacted_thinking"]
    data: str


class ToolUseBlock(Received):
    """A call of a tool."""

    type: Literal["tool_use"]
    id: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]
    input: dict[str, Any]


def _in_blocks(content: Any) -> Any:
    """Return a text as the one block that it stands for."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


Shown = Annotated[TextBlock | ImageBlock | DocumentBlock | SearchResultBlock, Field(discriminator="type")]


class ToolResultBlock(Received):
    """What came of a call."""

    type: Literal["tool_result"]
    tool_use_id: str
    content: Annotated[
        list[Shown] | None, BeforeValidator(_in_blocks, json_schema_input_type=str | list[Shown] | None)
    ] = None
    is_error: bool | None = None


Block = Annotated[
    TextBlock
    | ImageBlock
    | DocumentBlock
    | SearchResultBlock
    | ThinkingBlock
    | RedactedBlock
    | ToolUseBlock
    | ToolResultBlock,
    Field(discriminator="type"),
]


class Entry(Received):
    """One message of the conversation."""

    role: Literal["user", "assistant", "system"]
    content: Annotated[list[Block], BeforeValidator(_in_blocks, json_schema_input_type=str | list[Block])]


class Tool(Received):
    """A tool that the client runs. The vendor's own ones have another type."""

    type: str | None = None
    name: Annotated[str, Field(min_length=1, max_length=128)]
    description: str | None = None
    input_schema: dict[str, Any] | None = None


class ToolChoice(Received):
    """Which tools the model is to call: as it likes, none, at least one, or the one of that name."""

    type: Literal["auto", "none", "any", "tool"]
    name: str = ""


class Thinking(Received):
    """How the model is to think. The budget is in tokens."""

    type: Literal["enabled", "disabled", "adaptive", "between_tools"]
    budget_tokens: Annotated[int, Field(ge=1)] | None = None
    display: Literal["summarized", "omitted"] | None = None


class OutputFormat(Received):
    """The JSON Schema of the answer."""

    type: Literal["json_schema"]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]


class OutputConfig(Received):
    """How much the model is to work on the answer, and the form of that."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: OutputFormat | None = None


System = Annotated[list[TextBlock], BeforeValidator(_in_blocks, json_schema_input_type=str | list[TextBlock])]


class Counted(Received):
    """A question whose tokens are to be counted."""

    model: Annotated[str, Field(min_length=1)]
    messages: Annotated[list[Entry], Field(min_length=1)]
    system: System | None = None
    tools: list[Tool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None


class Sent(Counted):
    """A question."""

    max_tokens: Annotated[int, Field(ge=1)]
    stream: bool | None = None
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    stop_sequences: list[str] | None = None


class Usage(BaseModel):
    """The tokens of an answer. Those of the input are counted without those of the cache."""

    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int


class Answer(BaseModel):
    """A whole answer."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[dict[str, Any]]
    stop_reason: Literal["end_turn", "max_tokens", "tool_use", "refusal"]
    stop_sequence: str | None
    usage: Usage


class Count(BaseModel):
    """About how many tokens a question has."""

    input_tokens: int


class ModelInfo(BaseModel):
    """A model. What is not known of it is null, or the beginning of 1970."""

    type: Literal["model"] = "model"
    id: str
    display_name: str
    created_at: str = "1970-01-01T00:00:00Z"
    lifecycle: Literal["active"] = "active"
    max_input_tokens: int | None
    max_tokens: int | None


class ModelList(BaseModel):
    """A page of the models."""

    data: list[ModelInfo]
    has_more: bool
    first_id: str | None
    last_id: str | None

"""What a response is asked with: https://developers.openai.com/api/docs/api-reference/responses/create."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from parley.server.dialects.openai.shapes import MOST_MESSAGES
from parley.server.received import Received


class TextContent(Received):
    """Some text."""

    type: Literal["input_text", "output_text", "text", "summary_text", "reasoning_text"]
    text: str


class RefusalContent(Received):
    """What a model said instead of an answer."""

    type: Literal["refusal"]
    refusal: str


class ImageContent(Received):
    """A picture in a `data:` address."""

    type: Literal["input_image"]
    image_url: str | None = None


Part = Annotated[TextContent | ImageContent | RefusalContent, Field(discriminator="type")]
Parts = Annotated[
    Annotated[str, Tag("str")] | Annotated[list[Part], Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, list) else "str"),
]


class MessageItem(Received):
    """A message."""

    type: Literal["message"] = "message"
    role: Literal["user", "assistant", "system", "developer"]
    content: Parts


class CallItem(Received):
    """A model's wish to call a function."""

    type: Literal["function_call"]
    call_id: str
    name: str
    arguments: str
    extra_content: dict[str, Any] | None = None


class OutputItem(Received):
    """What came of a call."""

    type: Literal["function_call_output"]
    call_id: str
    output: Parts


class ReasoningItem(Received):
    """What a model has thought. `encrypted_content` is the vendor's proof of it."""

    type: Literal["reasoning"]
    summary: list[TextContent] | None = None
    content: list[TextContent] | None = None
    encrypted_content: str | None = None


Item = Annotated[
    Annotated[MessageItem, Tag("message")]
    | Annotated[CallItem, Tag("function_call")]
    | Annotated[OutputItem, Tag("function_call_output")]
    | Annotated[ReasoningItem, Tag("reasoning")],
    Discriminator(lambda value: value.get("type", "message") if isinstance(value, dict) else "message"),
]
Input = Annotated[
    Annotated[str, Tag("str")] | Annotated[list[Item], Tag("list"), Field(max_length=MOST_MESSAGES)],
    Discriminator(lambda value: "list" if isinstance(value, list) else "str"),
]


class FunctionTool(Received):
    """A function that the model may wish to call, and the JSON Schema of its arguments."""

    type: Literal["function"]
    name: Annotated[str, Field(min_length=1)]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class NamedFunction(Received):
    """The function that is to be called."""

    type: Literal["function"]
    name: str


class AllowedFunctions(Received):
    """Which functions may be called."""

    type: Literal["allowed_tools"]
    mode: Literal["auto", "required"]
    tools: list[NamedFunction]


class TextFormat(Received):
    """Which form the answer has."""

    type: Literal["text", "json_object", "json_schema"]
    schema_: Annotated[dict[str, Any] | None, Field(alias="schema")] = None


class TextOptions(Received):
    """How the answer is written."""

    format: TextFormat | None = None


class ReasoningOptions(Received):
    """How long the model is to think."""

    effort: str | None = None


class ResponseQuestion(Received):
    """What is asked. Without a model the default one answers; nothing is stored, whatever `store` says."""

    input: Input
    model: str | None = None
    instructions: str | None = None
    stream: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    text: TextOptions | None = None
    reasoning: ReasoningOptions | None = None
    tools: list[FunctionTool] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedFunction | AllowedFunctions | None = None
    parallel_tool_calls: bool | None = None
    metadata: dict[str, Any] | None = None
    include: list[str] | None = None
    previous_response_id: str | None = None
    conversation: Any = None
    background: bool | None = None
    prompt: Any = None

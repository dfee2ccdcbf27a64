"""What a chat completion is asked with: https://developers.openai.com/api/docs/api-reference/chat/create."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from parley.server.received import Received

MOST_MESSAGES = 10_000
"""More of them are no talk, and would keep all others waiting."""


class TextPart(Received):
    """Some text."""

    type: Literal["text"]
    text: str


class RefusalPart(Received):
    """What a model said instead of an answer."""

    type: Literal["refusal"]
    refusal: str


class ImageUrl(Received):
    """Where a picture is: in a `data:` address."""

    url: str


class ImagePart(Received):
    """A picture."""

    type: Literal["image_url"]
    image_url: ImageUrl | str


ContentPart = Annotated[TextPart | ImagePart | RefusalPart, Field(discriminator="type")]
Content = Annotated[
    Annotated[str, Tag("str")] | Annotated[list[ContentPart], Tag("list")],
    Discriminator(lambda value: "list" if isinstance(value, list) else "str"),
]
"""Told apart by hand: so what is wrong is told of one of them only."""


class FunctionCall(Received):
    """A call of a function, its arguments as the JSON that the model wrote."""

    name: str
    arguments: str = "{}"


class Call(Received):
    """A model's wish to call a function. `extra_content` holds the vendor's proof of it."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCall
    extra_content: dict[str, Any] | None = None


class ChatMessage(Received):
    """One message. A `tool` tells what came of a call."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Content | None = None
    tool_calls: list[Call] | None = None
    tool_call_id: str | None = None
    reasoning_content: str | None = None


class Function(Received):
    """A function that the model may wish to call, and the JSON Schema of its arguments."""

    name: Annotated[str, Field(min_length=1)]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(Received):
    """A tool: of functions only."""

    type: Literal["function"]
    function: Function


class FunctionName(Received):
    """A function by its name."""

    name: str


class NamedTool(Received):
    """The function that is to be called."""

    type: Literal["function"]
    function: FunctionName


class AllowedList(Received):
    """Which functions may be called."""

    mode: Literal["auto", "required"]
    tools: list[NamedTool]


class AllowedTools(Received):
    """The choice of some of the functions."""

    type: Literal["allowed_tools"]
    allowed_tools: AllowedList


class StreamOptions(Received):
    """What a stream tells beside the answer."""

    include_usage: bool | None = None


def tells_usage(options: StreamOptions | None) -> bool:
    """Return whether a stream is to end with its usage."""
    return options is not None and bool(options.include_usage)


class JsonSchema(Received):
    """A form for the answer."""

    name: str | None = None
    schema_: Annotated[dict[str, Any] | None, Field(alias="schema")] = None


class ResponseFormat(Received):
    """Which form the answer has."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class ChatQuestion(Received):
    """What is asked. Without a model the default one answers."""

    messages: Annotated[list[ChatMessage], Field(max_length=MOST_MESSAGES)]
    model: str | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    n: int | None = None
    logprobs: bool | None = None
    modalities: list[str] | None = None
    reasoning_effort: str | None = None
    response_format: ResponseFormat | None = None
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | AllowedTools | None = None
    parallel_tool_calls: bool | None = None
    functions: list[Any] | None = None

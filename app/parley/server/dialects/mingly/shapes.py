"""The bodies of Mingly's API."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from parley.models import LIMITS
from parley.server.received import Received

_LEAST_TEMPERATURE, _MOST_TEMPERATURE = LIMITS["temperature"]
_MOST_TOKENS = int(LIMITS["max_tokens"][1])

RequestId = Annotated[str, Field(max_length=200)] | int
"""By which a client of the socket tells its questions apart."""


class Health(BaseModel):
    """How the server is. `uptime` is in whole seconds."""

    status: str
    version: str
    uptime: int
    providers: dict[str, bool]


class Info(BaseModel):
    """Which server this is, and what it has. `models` holds those of each provider."""

    name: str
    version: str
    mode: str
    providers: list[str]
    models: dict[str, list[str]]
    maxSessions: int
    activeSessions: int


class ProviderShape(BaseModel):
    """A provider and its models. `configured`: it can be asked."""

    id: str
    name: str
    models: list[str]
    configured: bool


class AssistantShape(BaseModel):
    """Somebody to talk to."""

    id: str
    slug: str
    name: str
    description: str
    model: str


class Said(Received):
    """One message of a conversation that a client keeps itself."""

    role: Literal["system", "user", "assistant"]
    content: str


class Wanted(Received):
    """Who is to answer, and how. Without a model a provider's first one is asked."""

    provider: str | None = None
    model: str | None = None
    detach: bool = False


class Question(Wanted):
    """What is asked. Without a conversation a new one begins.

    `messages` take the place of `message`: the last of them is asked, those before it begin a new conversation; one
    that goes on has them already.
    """

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["message"]}, {"required": ["messages"]}]})

    message: str | None = None
    messages: Annotated[list[Said], Field(min_length=1, max_length=10_000)] | None = None
    conversationId: str | None = None
    temperature: Annotated[float, Field(ge=_LEAST_TEMPERATURE, le=_MOST_TEMPERATURE)] | None = None
    maxTokens: Annotated[int, Field(ge=1, le=_MOST_TOKENS)] | None = None
    attachments: Annotated[list[str], Field(default_factory=list, max_length=100)]
    assistantId: str | None = None
    mood: str | None = None
    web: bool = False
    tools: bool = False
    knowledge: Annotated[list[str], Field(default_factory=list, max_length=100)]


class Frame(Question):
    """A question over the socket."""

    requestId: RequestId | None = None


class Again(Wanted):
    """Answer again: the last message, or another one. `stream`: as server-sent events."""

    messageId: str | None = None
    stream: bool = False


class Edit(Wanted):
    """Another text of a message. `inPlace`: nothing is asked, and the text of before is gone.

    Otherwise another version of a person's message is sent, and answered.
    """

    content: str
    inPlace: bool = False
    stream: bool = False


class Metadata(BaseModel):
    """What an answer cost, and who gave it. `cost` is in US dollars."""

    tokensUsed: int
    inputTokens: int
    outputTokens: int
    cost: float
    latencyMs: int
    provider: str
    model: str


class Answer(BaseModel):
    """A whole answer."""

    response: str
    conversationId: str
    metadata: Metadata


class Problem(BaseModel):
    """What went wrong."""

    error: str
    code: str


class NewConversation(Received):
    """A conversation to be made."""

    title: str = ""
    provider: str | None = None
    model: str | None = None


class ConversationShape(BaseModel):
    """A conversation. Times are in ISO 8601."""

    id: str
    title: str
    provider: str
    model: str
    createdAt: str
    updatedAt: str
    messageCount: int
    pinned: bool
    archived: bool
    folderId: str | None


class FileShape(BaseModel):
    """A file that is kept, without its bytes. `size` is in bytes."""

    id: str
    name: str
    mediaType: str
    size: int
    origin: str
    createdAt: str
    conversationId: str | None
    messageId: str | None


class MessageShape(BaseModel):
    """A message. `parentId` is the one it was said below; those with the same are versions of each other.

    `error` says why an answer failed, `metadata` what it cost. `images` are addresses that hold all of each;
    `files` are those that were first sent with it, or that were made for it.
    """

    id: str
    parentId: str | None
    role: str
    content: str
    createdAt: str
    status: str
    provider: str | None
    model: str | None
    reasoning: str
    images: list[str]
    files: list[FileShape]
    error: Problem | None
    metadata: Metadata | None


class ConversationWithMessages(ConversationShape):
    """A conversation with the messages of the branch shown, which ends with `leafId`; or with all of them."""

    leafId: str | None
    messages: list[MessageShape]


class ConversationChange(Received):
    """What is to be different. What is not there stays; `folderId` null takes it out of its folder."""

    title: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    pinned: bool | None = None
    archived: bool | None = None
    folderId: str | None = None
    provider: str | None = None
    model: str | None = None


class FolderShape(BaseModel):
    """Where conversations are put together."""

    id: str
    name: str
    createdAt: str


class NewFolder(Received):
    """A folder to be made, or its new name."""

    name: Annotated[str, Field(min_length=1, max_length=1000)]


class HitShape(BaseModel):
    """Where words were found: in a message, or, without one, in the title. `marks` are places in the snippet."""

    conversationId: str
    messageId: str | None
    title: str
    snippet: str
    marks: list[tuple[int, int]]
    role: str | None
    createdAt: str

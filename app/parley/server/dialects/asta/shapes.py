"""The bodies of Asta's API. What is further sent is ignored."""

from typing import Annotated

from pydantic import BaseModel, Field

from parley.server.received import Received

FolderName = Annotated[str, Field(max_length=1000)]


class Question(Received):
    """What is said. `message` and `conversationId` are other names of fields; `model` is an addition of ours."""

    text: str | None = None
    message: str | None = None
    provider: str | None = None
    model: str | None = None
    conversation_id: str | None = None
    conversationId: str | None = None
    mood: str | None = None
    web: bool | None = None
    image_base64: str | None = None
    image_mime: str | None = None
    channel: Annotated[str, Field(max_length=64)] | None = None


class Answer(BaseModel):
    """A whole answer, and the provider that gave it."""

    reply: str
    conversation_id: str
    provider: str


class Listed(BaseModel):
    """A conversation. `approx_tokens` is about what its last answer has cost, the question with all before it."""

    id: str
    title: str
    created_at: str
    last_active: str
    message_count: int
    approx_tokens: int
    folder_id: str | None


class Conversations(BaseModel):
    """Conversations, the latest first."""

    conversations: list[Listed]


class Said(BaseModel):
    """A message."""

    role: str
    content: str


class Messages(BaseModel):
    """The latest messages of a conversation, oldest first."""

    conversation_id: str
    messages: list[Said]


class Cutting(Received):
    """How many messages are to stay."""

    keep_count: Annotated[int, Field(ge=0)]


class Cut(BaseModel):
    """How many messages have stayed, and how many have not."""

    ok: bool
    conversation_id: str
    keep_count: int
    kept: int
    deleted: int


class Done(BaseModel):
    """It is done."""

    ok: bool


class Folder(BaseModel):
    """Where conversations are put together. Colours are not kept: all have that of a new one."""

    id: str
    name: str
    color: str = "#6366F1"
    created_at: str


class Folders(BaseModel):
    """The folders of an account, by name."""

    folders: list[Folder]


class NewFolder(Received):
    """What a folder is to be called."""

    name: FolderName


class FolderChange(Received):
    """What is to be changed of a folder."""

    name: FolderName | None = None


class Moving(Received):
    """The folder for a conversation, or none."""

    folder_id: str | None


class Moved(Done):
    """Where a conversation is now."""

    conversation_id: str
    folder_id: str | None

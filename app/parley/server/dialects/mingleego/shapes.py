"""The bodies of Mingleego's API."""

from typing import Annotated

from pydantic import BaseModel, Field

from parley.server.received import Received


class Interaction(Received):
    """What an assistant is asked. With a conversation it is answered there, otherwise nothing of it is kept."""

    assistantId: Annotated[str, Field(min_length=1)]
    prompt: Annotated[str, Field(min_length=1)]
    fileIds: list[str] | None = None
    conversationId: str | None = None


class Completion(BaseModel):
    """An answer, and the address of the file that was made, if one was."""

    text: str
    fileUrl: str | None


class AssistantName(BaseModel):
    """An assistant that can be asked."""

    id: str
    name: str

"""The bodies of Mingly's API."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Health(BaseModel):
    """How the server is. `uptime` is in whole seconds."""

    status: str
    version: str
    uptime: int
    providers: dict[str, bool]


class Question(BaseModel):
    """What is asked. Without a conversation a new one begins."""

    model_config = ConfigDict(strict=True)

    message: Annotated[str, Field(min_length=1)]
    provider: str | None = None
    model: str | None = None
    conversationId: str | None = None
    detach: bool = False


class Metadata(BaseModel):
    """What an answer cost, and who gave it."""

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

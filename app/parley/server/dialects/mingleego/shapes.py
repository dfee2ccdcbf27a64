"""The bodies of Mingleego's API."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class Interaction(BaseModel):
    """What an assistant is asked. With a conversation it is answered there, otherwise nothing of it is kept."""

    model_config = ConfigDict(strict=True)

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


class Refusal(BaseModel):
    """Why a request is refused."""

    error: str
    message: str


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "BAD_REQUEST, or INVALID_BODY"},
    401: {"model": Refusal, "description": "UNAUTHORIZED"},
    404: {"model": Refusal, "description": "NOT_FOUND"},
    413: {"model": Refusal, "description": "PAYLOAD_TOO_LARGE"},
    429: {"model": Refusal, "description": "RATE_LIMITED"},
    500: {"model": Refusal, "description": "INTERNAL_ERROR, PROVIDER_ERROR, or UNAVAILABLE"},
    "default": {"model": Refusal, "description": "Another reason"},
}

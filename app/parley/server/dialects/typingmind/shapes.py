"""The bodies of TypingMind's API."""

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, Field

from parley.people import Account
from parley.server.received import Received
from parley.server.times import moment

T = TypeVar("T")


class Listed(BaseModel, Generic[T]):
    """What lists come in."""

    data: list[T]


class NewUser(Received):
    """Somebody to add."""

    email: str
    tags: Annotated[list[str], Field(default_factory=list)]


class UserChange(Received):
    """What is to be different about a user."""

    tags: list[str]


class User(BaseModel):
    """An account. Its number is a text here."""

    id: str
    email: str
    createdAt: str
    tags: list[str]


class Character(BaseModel):
    """An assistant."""

    id: str
    title: str
    description: str
    instruction: str
    defaultModel: str
    createdAt: str


class Chatlog(BaseModel):
    """A conversation as one text. `recordedAt` is when its latest message came."""

    chatID: str
    chatTitle: str
    createdAt: str
    recordedAt: str
    conversationText: str


def user_of(account: Account) -> User:
    """Return an account as it goes over the wire."""
    return User(
        id=str(account.number), email=account.email, createdAt=moment(account.created_at), tags=list(account.tags)
    )

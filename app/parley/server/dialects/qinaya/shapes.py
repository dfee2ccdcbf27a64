"""The bodies of Qinaya's API."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from parley.messages import Conversation, Message, Mood, Role
from parley.people import AccountPreferences
from parley.server.received import Received
from parley.server.times import exact_moment

T = TypeVar("T")

_TAG = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$"
"""What the name of a language looks like."""

Name = Annotated[str, Field(min_length=1, max_length=255)]
Title = Annotated[str, Field(max_length=255)]
_MOST_UNKNOWN = 100
LanguageTag = Annotated[str, Field(pattern=_TAG)]


class Data(BaseModel, Generic[T]):
    """What every answer comes in."""

    data: T


class Pagination(BaseModel):
    """Which part of a list an answer is. Pages are counted from 1."""

    current_page: int
    per_page: int
    total: int
    last_page: int


class Meta(BaseModel):
    """What is said about an answer."""

    pagination: Pagination


class Page(BaseModel, Generic[T]):
    """A part of a list."""

    data: list[T]
    meta: Meta


class Notice(BaseModel):
    """What somebody who logs in is told."""

    notice: str


class Login(Received):
    """Who wants a token, and for which device."""

    email: Annotated[str, Field(min_length=1)]
    password: Annotated[str, Field(min_length=1)]
    device_name: Name


class NewToken(Received):
    """The name of a further token."""

    name: Name


class UserFacts(BaseModel):
    """An account."""

    id: int
    name: str
    email: str


class LoggedIn(BaseModel):
    """A token, which is told this once, and whose it is."""

    token: str
    token_type: Literal["Bearer"] = "Bearer"
    user: UserFacts


class LoginAnswer(Data[LoggedIn]):
    """What a login is answered with."""

    meta: Notice


class TokenFacts(BaseModel):
    """A named token, which is told this once."""

    token: str
    token_type: Literal["Bearer"] = "Bearer"
    name: str


class Flags(BaseModel):
    """Whether a provider is ready that the account may use."""

    has_credentials: bool


class Me(UserFacts):
    """The account that asks."""

    flags: Flags


class PreferencesFacts(BaseModel):
    """What the account prefers; null is nothing in particular."""

    model: str | None
    language: str | None
    dictation_language: str | None
    theme: str | None
    mood: str | None


class PreferencesChange(Received):
    """What is to be preferred from now on. What is not named stays; null takes a preference back."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = None
    language: LanguageTag | None = None
    dictation_language: LanguageTag | None = None
    theme: Literal["system", "light", "dark"] | None = None
    mood: Literal["serious", "friendly", "normal"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _few(cls, sent: Any) -> Any:
        """Look no further at what has more fields than could be told one by one."""
        if isinstance(sent, dict) and len(sent) > _MOST_UNKNOWN:
            raise ValueError("there are too many fields")
        return sent


class NewConversation(Received):
    """A conversation to begin. Without a title its first message gives it one."""

    title: Title | None = None
    model: str | None = None


class ConversationChange(Received):
    """What is to be different about a conversation. What is not named stays; null takes its model back."""

    title: Annotated[str, Field(pattern=r"\S", max_length=255)] | None = None
    model: str | None = None


class ConversationFacts(BaseModel):
    """A conversation."""

    id: str
    title: str
    model: str | None
    mood: Mood | None
    pinned: bool
    message_count: int
    created_at: str
    updated_at: str


class MessageFacts(BaseModel):
    """A message. Who has said it is `user` or `assistant`; the model is null for what a person has said."""

    id: str
    role: Role
    content: str
    model: str | None
    status: str
    created_at: str


class WholeConversation(ConversationFacts):
    """A conversation and the messages of the branch shown, oldest first."""

    messages: list[MessageFacts]


class Words(Received):
    """What is said. With `stream` it is answered at once, and the reply is read from the conversation's stream."""

    content: Annotated[str, Field(min_length=1)]
    model: str | None = None
    stream: bool = False


class Again(Received):
    """Who is to answer again; if nobody is named, the conversation's model."""

    model: str | None = None


class Exchange(BaseModel):
    """What was said, and the reply to it."""

    message: MessageFacts
    reply: MessageFacts


def page_of(items: list[Any], page: int, per_page: int, total: int) -> dict[str, Any]:
    """Return a part of a list in its envelope."""
    last = max(1, -(-total // per_page))
    pagination = Pagination(current_page=page, per_page=per_page, total=total, last_page=last)
    return {"data": items, "meta": {"pagination": pagination}}


def conversation_facts(conversation: Conversation) -> ConversationFacts:
    """Return a conversation as it goes over the wire."""
    return ConversationFacts(
        id=conversation.id,
        title=conversation.title,
        model=conversation.model or None,
        mood=conversation.mood,
        pinned=conversation.pinned,
        message_count=conversation.message_count,
        created_at=exact_moment(conversation.created_at),
        updated_at=exact_moment(conversation.updated_at),
    )


def message_facts(message: Message) -> MessageFacts:
    """Return a message as it goes over the wire."""
    return MessageFacts(
        id=message.id,
        role=message.role,
        content=message.text,
        model=message.model or None,
        status=message.status,
        created_at=exact_moment(message.created_at),
    )


def preferences_facts(preferences: AccountPreferences) -> PreferencesFacts:
    """Return preferences as they go over the wire."""
    return PreferencesFacts(
        model=preferences.model or None,
        language=preferences.language or None,
        dictation_language=preferences.dictation_language or None,
        theme=preferences.theme or None,
        mood=preferences.mood or None,
    )

"""ChatRequest: something to say to the engine."""

from dataclasses import dataclass

from parley.messages import OWNER, Image, Role
from parley.models import NO_PARAMETERS, Parameters
from parley.store import Earlier
from parley.store.idempotency import Claim


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Something to say. Without a model the conversation's is asked, then its assistant's.

    Without a conversation a new one begins; instruction and parameters are for that. Without an instruction it has
    that of the settings; an empty one is none. An assistant (its id, slug or name) and a mood that are given belong to
    the conversation from now on.
    """

    text: str
    conversation_id: str | None = None
    model: str = ""
    instruction: str | None = None
    parameters: Parameters = NO_PARAMETERS
    images: tuple[Image, ...] = ()
    files: tuple[str, ...] = ()
    """Ids or handles of files: pictures are sent as such, texts ahead of the question."""

    history: tuple[Earlier, ...] = ()
    """What a new conversation begins with: it was said elsewhere."""

    channel: str = "desktop"
    account: str = OWNER
    assistant: str = ""
    mood: str = ""
    tools: frozenset[str] = frozenset()
    """Names of tools that may be called, besides those of the assistant; only those that the account may use are."""

    from_draft: bool = False
    """It was kept as the draft of that conversation, which is gone once it is sent."""

    claim: Claim | None = None
    """The request that wants this, if it may come again."""

    @property
    def first_said(self) -> str:
        """Return what a person said first: the title of a new conversation is made of it."""
        return next((earlier.text for earlier in self.history if earlier.role is Role.USER), self.text)

"""Asking: what is said becomes what the engine is asked, with a model of the provider that is named."""

from collections.abc import Mapping

from parley.engine import ChatRequest
from parley.errors import (
    ChatError,
    ConversationForeign,
    ConversationUnknown,
    KeyMissing,
    NoModel,
    ProviderUnknown,
    RequestInvalid,
)
from parley.messages import Conversation
from parley.providers.catalog import Catalog
from parley.server.asking import image_from_text
from parley.server.backend import CHANNEL, Backend
from parley.server.connections import Caller
from parley.server.dialects.asta.shapes import Question
from parley.server.streams import begun
from parley.turn import Turn

DEFAULT = "default"
OURS: Mapping[str, str] = {"google": "gemini", "claude": "anthropic"}
"""What Asta calls a provider, and what we do."""

THEIRS = {ours: theirs for theirs, ours in OURS.items()}


async def ask(backend: Backend, caller: Caller, question: Question) -> Turn:
    """Send a question. Raises ChatError, and then nothing has been stored."""
    text = question.message if question.text is None else question.text
    if text is None and not question.image_base64:
        raise RequestInvalid.of_field("text", "it is missing")
    id = question.conversation_id or question.conversationId
    conversation = conversation_of(backend, caller, id) if id else None
    request = ChatRequest(
        text or "",
        id or None,
        model=await _model(backend, caller, question, conversation),
        images=(image_from_text(question.image_base64),) if question.image_base64 else (),
        channel=question.channel or CHANNEL,
        account=caller.id,
        mood=question.mood or "",
    )
    return await begun(backend.services.engine.send(request))


def conversation_of(backend: Backend, caller: Caller, id: str) -> Conversation:
    """Return a conversation of the account. Raises ConversationUnknown, and ConversationForeign for another's."""
    conversations = backend.services.store.conversations
    try:
        return conversations.get(id, account=caller.id)
    except ConversationUnknown:
        if any(owner != caller.id for _, owner in conversations.owners([id], [])):
            raise ConversationForeign from None
        raise


def provider_of(backend: Backend, turn: Turn) -> str:
    """Return what Asta calls the provider that answers a turn; before it does, the one that is to."""
    model = turn.model or backend.services.store.messages.get(turn.reply_id, account=turn.account).model
    provider = model.partition("/")[0]
    return THEIRS.get(provider, provider)


async def _model(backend: Backend, caller: Caller, question: Question, conversation: Conversation | None) -> str:
    """Return which model is asked: empty leaves it to the conversation, and to what is usual.

    Of a provider alone it is the one that the conversation has of it, else the usual one, else the first.
    """
    provider = (question.provider or DEFAULT).strip().lower()
    if provider == DEFAULT:
        return question.model or ""
    provider = OURS.get(provider, provider)
    catalog = backend.services.catalog
    try:
        catalog.get(provider)
    except ProviderUnknown as error:
        raise RequestInvalid(problem=f"provider: {str(error).rstrip('.')}", detail=error.detail) from error
    if question.model:
        return f"{provider}/{question.model}"
    usual = (conversation.model if conversation else "", backend.options.default_model)
    listed = [model.id for model in await catalog.models() if model.provider == provider]
    allows = caller.account.permissions.allows_model
    for model in (*(name for name in usual if name.startswith(f"{provider}/")), *listed):
        if allows(*model.partition("/")[::2]):
            return model
    raise _nothing_of(catalog, provider)


def _nothing_of(catalog: Catalog, provider: str) -> ChatError:
    """Return why a provider has no model to ask."""
    if provider in catalog.problems:
        return catalog.problems[provider]
    usable = provider in (each.id for each in catalog.providers())
    found = catalog.get(provider)
    return NoModel() if usable or found.local else KeyMissing(provider=found.name)

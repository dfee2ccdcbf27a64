"""Asking: what a client wants to know becomes what the engine is asked, within the limit of questions."""

from dataclasses import replace

from parley.engine import ChatRequest
from parley.errors import NoModel, RequestInvalid
from parley.messages import Role
from parley.models import Parameters
from parley.server.backend import CHANNEL, Backend
from parley.server.connections import Caller
from parley.server.dialects.mingly.shapes import Question, Wanted
from parley.server.streams import begun
from parley.store import Earlier
from parley.turn import Turn

ALIASES = {"google": "gemini"}
"""What this API calls a provider, and what we do."""

LOCAL = "local"
"""What this API calls a provider on this computer, whichever it is."""


async def ask(backend: Backend, caller: Caller, question: Question) -> Turn:
    """Send a question. Raises ChatError, TooManyRequests too, and then nothing has been stored."""
    said, history = _said(question)
    take_question(backend, caller)
    model = await model_of(backend, caller, question)
    parameters = Parameters(temperature=question.temperature, max_tokens=question.maxTokens)
    if question.conversationId and parameters.given:
        await _set_parameters(backend, caller, question.conversationId, parameters)
    request = ChatRequest(
        said,
        question.conversationId,
        model=model,
        instruction=_instruction(question),
        parameters=parameters,
        files=tuple(question.attachments),
        history=history,
        channel=CHANNEL,
        account=caller.id,
        assistant=question.assistantId or "",
        mood=question.mood or "",
        tools=backend.services.engine.toolbox.names if question.tools else frozenset(),
    )
    return await begun(backend.services.engine.send(request))


def take_question(backend: Backend, caller: Caller) -> None:
    """Count a question to a model. Raises TooManyRequests."""
    backend.limits.take(("llm", caller.key), backend.options.server_llm_calls)


async def model_of(backend: Backend, caller: Caller, wanted: Wanted) -> str:
    """Return which model is wanted, as the engine takes it; empty if none is named.

    A model may be named with its provider, too. A provider alone means its first model that the account may use.
    Raises ProviderUnknown and NoModel.
    """
    if not wanted.provider:
        return wanted.model or ""
    catalog = backend.services.catalog
    ids = {provider.id for provider in catalog.providers()}
    provider = wanted.provider
    if provider not in ids:
        local = (each.id for each in catalog.providers() if each.local and each.id != catalog.guide)
        provider = next(local, provider) if provider == LOCAL else ALIASES.get(provider, provider)
    if wanted.model:
        named = wanted.model.startswith(f"{provider}/") and not catalog.known(provider, wanted.model)
        return wanted.model if named else f"{provider}/{wanted.model}"
    catalog.get(provider)  # raises ProviderUnknown
    permissions = backend.services.store.accounts.get(caller.id).permissions
    models = (model for model in await catalog.models() if model.provider == provider)
    for model in models:
        if permissions.allows_model(provider, model.name):
            return model.id
    raise NoModel


def notices_of(backend: Backend, caller: Caller, question: Question) -> list[tuple[str, str]]:
    """Return what of a question cannot be done, each as a code and words: the answer is given without."""
    permissions = backend.services.store.accounts.get(caller.id).permissions
    tools = any(permissions.allows_tool(name) for name in backend.services.engine.toolbox.names)
    wishes = (
        (question.web, "web_unavailable", "The web cannot be searched yet."),
        (question.tools and not tools, "tools_unavailable", "This account may use no tools."),
        (bool(question.knowledge), "knowledge_unavailable", "No documents can be searched yet."),
    )
    return [(code, words) for wished, code, words in wishes if wished]


async def _set_parameters(backend: Backend, caller: Caller, id: str, given: Parameters) -> None:
    """Answer as a question in a conversation wants it, from now on. Raises ConversationUnknown."""
    conversations = backend.services.store.conversations
    before = conversations.get(id, account=caller.id).parameters
    wanted = replace(before, **{name: getattr(given, name) for name in given.given})
    if wanted != before:
        await conversations.set_parameters(id, wanted, account=caller.id)


def _said(question: Question) -> tuple[str, tuple[Earlier, ...]]:
    """Return what is said now, and what was said before it elsewhere. Raises RequestInvalid."""
    earlier = question.messages or []
    said = question.message
    if said is None:
        if not earlier:
            raise RequestInvalid.of_field("message", "Field required")
        *earlier, last = earlier
        if last.role != "user":
            raise RequestInvalid(problem="messages: the last one must be the user’s")
        said = last.content
    return said, tuple(Earlier(Role(each.role), each.content) for each in earlier if each.role != "system")


def _instruction(question: Question) -> str | None:
    """Return the system messages, or None without any."""
    found = [said.content for said in question.messages or () if said.role == "system"]
    return "\n\n".join(found) if found else None

"""AI characters: the assistants of this server."""

from fastapi import APIRouter

from parley.assistants import Assistant
from parley.server.backend import Backend
from parley.server.dialects.typingmind.shapes import Character, Listed
from parley.server.times import moment


def routes(backend: Backend) -> APIRouter:
    """Return the route of characters."""
    router = APIRouter()

    @router.get("/ai-characters")
    async def characters() -> Listed[Character]:
        """Return all assistants."""
        return Listed(data=list(map(_character, backend.services.store.assistants.all())))

    return router


def _character(assistant: Assistant) -> Character:
    return Character(
        id=assistant.id,
        title=assistant.name,
        description=assistant.description,
        instruction=assistant.instruction,
        defaultModel=assistant.model,
        createdAt=moment(assistant.created_at),
    )

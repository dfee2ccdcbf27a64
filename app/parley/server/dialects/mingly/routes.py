"""The routes that tell about the server itself."""

import time

from fastapi import APIRouter

from parley import __version__
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.dialects.mingly.shapes import Health


def routes(backend: Backend) -> APIRouter:
    """Return the routes of this dialect."""
    router = APIRouter()

    @router.get("/health")
    async def health(caller: Asking) -> Health:
        """Tell that the server is well, and which providers can be used."""
        usable = {provider.id for provider in backend.services.catalog.providers()}
        seeds = {"anthropic": "anthropic", "openai": "openai", "google": "gemini"}
        told = {name: id in usable for name, id in seeds.items()}
        told["local"] = any(provider.local for provider in backend.services.catalog.providers())
        uptime = int(time.monotonic() - backend.started_at)
        return Health(status="ok", version=__version__, uptime=uptime, providers=told)

    return router

"""The routes that tell about the server itself: how it is, and who can be asked."""

import asyncio
import time
from contextlib import suppress

from fastapi import APIRouter

from parley import __version__
from parley.models import Model
from parley.server.addresses import host_name
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.connections import Caller
from parley.server.dialects.mingly.asking import ALIASES, LOCAL
from parley.server.dialects.mingly.shapes import AssistantShape, Health, Info, ProviderShape
from parley.server.dialects.mingly.socket import Sessions

HEALTH_SECONDS = 1.0
"""How long the first question after the health of the server waits until its providers have been found."""

_VENDORS = ("anthropic", "openai", "google")
"""Of these it is told in any case whether they can be asked."""


def routes(backend: Backend, sessions: Sessions) -> APIRouter:
    """Return the routes that tell about the server."""
    router = APIRouter()
    catalog = backend.services.catalog

    @router.get("/health")
    async def health(caller: Asking) -> Health:
        """Tell that the server is well, and which providers can be used."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HEALTH_SECONDS):
                await catalog.models()
        usable = [provider for provider in catalog.providers() if provider.id != catalog.guide]
        ids = {provider.id for provider in usable}
        told = {name: bool(ids & {name, ALIASES.get(name)}) for name in _VENDORS}
        told[LOCAL] = any(provider.local for provider in usable)
        uptime = int(time.monotonic() - backend.started_at)
        return Health(status="ok", version=__version__, uptime=uptime, providers=told | dict.fromkeys(ids, True))

    @router.get("/info")
    async def info(caller: Asking) -> Info:
        """Tell which server this is, which models it has, and how many sessions are open."""
        models = await _models(backend, caller)
        return Info(
            name=f"Parley on {host_name()}",
            version=__version__,
            mode="server",
            providers=list(models),
            models=models,
            maxSessions=backend.options.server_sessions,
            activeSessions=len(sessions),
        )

    @router.get("/providers")
    async def providers(caller: Asking) -> list[ProviderShape]:
        """List the providers, those that can be asked first, each with the models that one may use."""
        models = await _models(backend, caller)
        usable = catalog.providers()
        ids = {provider.id for provider in usable}
        others = [place.endpoint for place in catalog.places() if place.endpoint.id not in ids]
        return [
            *(ProviderShape(id=each.id, name=each.name, models=models[each.id], configured=True) for each in usable),
            *(ProviderShape(id=each.id, name=each.name, models=[], configured=False) for each in others),
        ]

    @router.get("/assistants")
    async def assistants(caller: Asking) -> list[AssistantShape]:
        """List the assistants that one can talk to."""
        found = backend.services.store.assistants.all()
        return [
            AssistantShape(id=each.id, slug=each.slug, name=each.name, description=each.description, model=each.model)
            for each in found
        ]

    return router


async def _models(backend: Backend, caller: Caller) -> dict[str, list[str]]:
    """Return the names of the models of each provider that can be asked: those that an account may use."""
    permissions = backend.services.store.accounts.get(caller.id).permissions
    found: dict[str, list[str]] = {}
    listed: list[Model] = await backend.services.catalog.models()
    for provider in backend.services.catalog.providers():
        own = (model.name for model in listed if model.provider == provider.id)
        found[provider.id] = [name for name in own if permissions.allows_model(provider.id, name)]
    return found

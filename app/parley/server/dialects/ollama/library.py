"""The models: which there are, which are in memory, what is known of one. None is fetched, made or deleted here."""

import hashlib
from contextlib import suppress
from typing import Any

from fastapi import APIRouter

from parley.errors import ChatError, LibraryClosed, ModelForbidden, RequestInvalid
from parley.models import Model
from parley.providers.library import LoadedModel, ModelDetails, ModelLibrary, libraries
from parley.server.application import Asking
from parley.server.asking import allowed_models
from parley.server.backend import Backend
from parley.server.dialects.ollama.naming import abilities, meant
from parley.server.dialects.ollama.shapes import Details, Listed, Models, Named, Running, RunningModels, Shown, Version
from parley.server.times import exact_moment

VERSION = "0.14.0"
"""Clients look at it for what can be asked: this is the first that has all of what is here."""

NEVER = "0001-01-01T00:00:00Z"
"""The time that nobody knows, as Go writes it."""

_CLOSED = {"pull": "POST", "push": "POST", "create": "POST", "copy": "POST", "delete": "DELETE"}


def routes(backend: Backend) -> APIRouter:
    """Return the routes about models."""
    router = APIRouter()

    @router.get("/api/version")
    async def version_of_ollama(caller: Asking) -> Version:
        """Tell as which version of Ollama this server answers."""
        return Version(version=VERSION)

    @router.get("/api/tags")
    async def list_models_like_ollama(caller: Asking) -> Models:
        """Return the models that the account may use."""
        return Models(models=[_listed(model) for model in await allowed_models(backend, caller)])

    @router.get("/api/ps")
    async def list_models_in_memory(caller: Asking) -> RunningModels:
        """Return the models in memory, of those servers that tell."""
        running = []
        for library in libraries(backend.services.catalog.providers()):
            with suppress(ChatError):  # one that cannot be asked has none
                running += [_running(library, loaded) for loaded in await library.loaded()]
        allows = caller.account.permissions.allows_model
        return RunningModels(models=[each for each in running if allows(*each.name.partition("/")[::2])])

    @router.post("/api/show")
    async def show_model_like_ollama(sent: Named, caller: Asking) -> Shown:
        """Return what is known of a model."""
        wanted = sent.model or sent.name
        if not wanted:
            raise RequestInvalid.of_field("model", "it is missing")
        provider, name = await meant(backend, wanted)
        if not caller.account.permissions.allows_model(provider.id, name):
            raise ModelForbidden(model=f"{provider.id}/{name}")
        details = await provider.details(name) if isinstance(provider, ModelLibrary) else ModelDetails(name)
        return _shown(backend.services.catalog.known(provider.id, name) or Model(provider.id, name), details)

    for name, method in _CLOSED.items():
        router.add_api_route(f"/api/{name}", _refuse, methods=[method], name=f"{name}_like_ollama")
    return router


async def _refuse(caller: Asking) -> None:
    """Refuse: the models of this computer are not changed from elsewhere."""
    raise LibraryClosed


def _listed(model: Model) -> Listed:
    return Listed(
        name=model.id,
        model=model.id,
        modified_at=NEVER,
        size=model.size_bytes or 0,
        digest=_digest(model.id),
        details=Details(quantization_level=model.quantization),
        capabilities=abilities(model),
    )


def _running(library: ModelLibrary, loaded: LoadedModel) -> Running:
    name = f"{library.id}/{loaded.name}"
    return Running(
        name=name,
        model=name,
        size=loaded.size_bytes or 0,
        digest=_digest(name),
        details=Details(),
        expires_at=NEVER if loaded.until is None else exact_moment(loaded.until),
        size_vram=loaded.graphics_bytes or 0,
        context_length=loaded.context or 0,
    )


def _shown(model: Model, details: ModelDetails) -> Shown:
    family = details.family or model.provider
    info: dict[str, Any] = {"general.architecture": family, "general.basename": model.name}
    if context := model.context or details.context:
        info[f"{family}.context_length"] = context
    return Shown(
        license=details.license,
        modelfile="",
        parameters=details.parameters,
        template=details.template,
        system=details.instruction,
        details=Details(
            format=details.format,
            family=details.family,
            families=[details.family] if details.family else [],
            parameter_size=details.parameter_size,
            quantization_level=details.quantization or model.quantization,
        ),
        model_info=info,
        capabilities=abilities(model),
        modified_at=NEVER,
    )


def _digest(name: str) -> str:
    """Return what stands for the digest of a model's files, which nobody knows of all models."""
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()

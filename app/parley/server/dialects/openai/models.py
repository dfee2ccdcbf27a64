"""The list of models: https://developers.openai.com/api/docs/api-reference/models."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from parley.errors import ModelUnknown
from parley.models import Model
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.connections import Caller


class ListedModel(BaseModel):
    """A model. Nobody knows when it was made. What follows `owned_by` is told where it is known."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str
    name: str | None = None
    context_length: int | None = None
    max_completion_tokens: int | None = None
    type: Literal["chat", "embedding"]


class ModelList(BaseModel):
    """All models that the account may use."""

    object: Literal["list"] = "list"
    data: list[ListedModel]


def routes(backend: Backend) -> APIRouter:
    """Return the routes of models."""
    router = APIRouter()
    catalog = backend.services.catalog

    @router.get("/v1/models", response_model_exclude_none=True)
    async def models(caller: Asking) -> ModelList:
        """List the models, those that embed texts last."""
        found = [*await catalog.models(), *catalog.cached_models("embedding")]
        return ModelList(data=[_listed(model) for model in found if _allowed(caller, model)])

    @router.get("/v1/models/{id:path}", response_model_exclude_none=True)
    async def model(id: str, caller: Asking) -> ListedModel:
        """Tell about one model. Its name may have slashes."""
        await catalog.models()
        provider, name = await catalog.offered(id)
        found = catalog.known(provider.id, name)
        if found is None or not _allowed(caller, found):
            raise ModelUnknown(model=id)
        return _listed(found)

    return router


def _allowed(caller: Caller, model: Model) -> bool:
    return caller.account.permissions.allows_model(model.provider, model.name)


def _listed(model: Model) -> ListedModel:
    return ListedModel(
        id=model.id,
        owned_by=model.provider,
        name=model.label or None,
        context_length=model.context,
        max_completion_tokens=model.max_output,
        type=model.purpose,
    )

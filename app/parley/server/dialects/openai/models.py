"""The list of models: https://developers.openai.com/api/docs/api-reference/models."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from parley.errors import ModelUnknown
from parley.models import Model
from parley.server.application import Asking
from parley.server.asking import allowed_models
from parley.server.backend import Backend


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
        return ModelList(data=list(map(_listed, await allowed_models(backend, caller))))

    @router.get("/v1/models/{id:path}", response_model_exclude_none=True)
    async def model(id: str, caller: Asking) -> ListedModel:
        """Tell about one model. Its name may have slashes."""
        await catalog.models()
        provider, name = await catalog.offered(id)
        found = catalog.known(provider.id, name)
        if found is None or not caller.account.permissions.allows_model(found.provider, found.name):
            raise ModelUnknown(model=id)
        return _listed(found)

    return router


def _listed(model: Model) -> ListedModel:
    return ListedModel(
        id=model.id,
        owned_by=model.provider,
        name=model.label or None,
        context_length=model.context,
        max_completion_tokens=model.max_output,
        type=model.purpose,
    )

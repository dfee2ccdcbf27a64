"""The list of models, in Anthropic's shape: for its own programs, which ask where OpenAI's do."""

from typing import Annotated

from fastapi import APIRouter, Query

from parley.errors import ModelUnknown
from parley.models import Model
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.connections import Caller
from parley.server.dialects.anthropic.shapes import ModelInfo, ModelList


def routes(backend: Backend) -> APIRouter:
    """Return the routes about models."""
    router = APIRouter()

    async def allowed(caller: Caller) -> list[Model]:
        models = await backend.services.catalog.models()
        allows = caller.account.permissions.allows_model
        return [model for model in models if allows(model.provider, model.name)]

    @router.get("/v1/models")
    async def list_models_for_anthropic(
        caller: Asking,
        limit: Annotated[int, Query(ge=1, le=1000)] = 20,
        after_id: str = "",
        before_id: str = "",
    ) -> ModelList:
        """Return a page of the models that the account may use."""
        found = await allowed(caller)
        ids = [model.id for model in found]
        if before_id:
            end = ids.index(before_id) if before_id in ids else 0
            start = max(0, end - limit)
            more = start > 0
        else:
            start = ids.index(after_id) + 1 if after_id in ids else 0
            end = start + limit
            more = end < len(ids)
        page = [_info(model) for model in found[start:end]]
        first, last = (page[0].id, page[-1].id) if page else (None, None)
        return ModelList(data=page, has_more=more, first_id=first, last_id=last)

    @router.get("/v1/models/{id:path}")
    async def get_model_for_anthropic(id: str, caller: Asking) -> ModelInfo:
        """Return one model."""
        model = next((model for model in await allowed(caller) if id in (model.id, model.name)), None)
        if model is None:
            raise ModelUnknown(model=id)
        return _info(model)

    return router


def _info(model: Model) -> ModelInfo:
    return ModelInfo(
        id=model.id,
        display_name=model.label or model.name,
        max_input_tokens=model.context,
        max_tokens=model.max_output,
    )

"""Which model a client means: Ollama's own programs add `:latest` to names without a tag."""

from parley.errors import ModelUnknown, RequestInvalid
from parley.models import Model
from parley.providers.base import Provider
from parley.server.backend import Backend

LATEST = ":latest"


async def meant(backend: Backend, name: str) -> tuple[Provider, str]:
    """Return the provider and the model of a name. Raises ModelUnknown, ModelAmbiguous and ProviderUnknown."""
    catalog = backend.services.catalog
    if not name.endswith(LATEST):
        return await catalog.offered(name)
    try:
        provider, model = await catalog.offered(name.removesuffix(LATEST))
    except ModelUnknown:
        return await catalog.offered(name)
    tagged = model + LATEST
    return provider, tagged if catalog.known(provider.id, tagged) else model


def demand_able(model: Model | None, name: str, *, tools: bool, thinks: bool) -> None:
    """Raise RequestInvalid if a model is known not to do what is wanted of it."""
    if model is not None and ((tools and model.tools is False) or (thinks and model.reasoning is False)):
        what = "tools" if tools and model.tools is False else "thinking"
        raise RequestInvalid(problem=f"“{name}” does not support {what}")


def abilities(model: Model) -> list[str]:
    """Return what a model can do. Tools are among it where nobody says, for most can call them."""
    if model.purpose == "embedding":
        return ["embedding"]
    known = {"completion": True, "vision": model.vision, "tools": model.tools is not False, "thinking": model.reasoning}
    return [name for name, can in known.items() if can]

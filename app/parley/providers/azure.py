"""Azure OpenAI: OpenAI's API under a person's own address, with deployments of models under names of their own.

Its v1 API, which needs no dated version: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from parley.errors import AddressWrong, RequestRefused
from parley.providers.base import ProviderRequest
from parley.providers.endpoints import Access, Endpoint, ProviderDialect, with_scheme
from parley.providers.openai import OpenAI
from parley.providers.openai_models import entries_of
from parley.providers.openai_rows import OPENAI

DEPLOYMENTS = "/openai/deployments?api-version=2022-12-01"
"""The list of deployments, which later versions have left to the management of a subscription."""


def base_url(typed: str) -> str:
    """Return the v1 address of a resource, from its name, its address, or any address that the portal shows."""
    name = typed.strip().strip("\"'").strip()
    if name and not set(name) & set("./:"):
        return f"https://{name}.openai.azure.com/openai/v1"
    url = with_scheme(name)
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    path = parts.path.partition("/openai")[0].partition("/api/projects")[0].rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path}/openai/v1"


def api_key(key: str) -> dict[str, str]:
    """Return the header in which Azure wants the key."""
    return {"api-key": key}


class Azure(OpenAI):
    """One resource. Its models are its deployments."""

    def __init__(self, endpoint: Endpoint, access: Access) -> None:
        super().__init__(endpoint, access, OPENAI, api_key)

    async def _entries(self) -> list[Mapping[str, Any]]:
        """Return the deployments; where they are not told, all models that could be deployed."""
        try:
            root = self._endpoint.base_url.removesuffix("/openai/v1")
            entries = entries_of(await self._client.ask(f"{root}{DEPLOYMENTS}"))
        except (AddressWrong, RequestRefused):
            entries = None
        if entries is None:
            return await super()._entries()
        return [entry for entry in entries if entry.get("status", "succeeded") == "succeeded"]

    def _vendors_name(self, request: ProviderRequest) -> str:
        """Return the model that is deployed, which stands in the list."""
        return (request.about.label if request.about else "") or request.model


DIALECT = ProviderDialect("azure", Azure, base_url)

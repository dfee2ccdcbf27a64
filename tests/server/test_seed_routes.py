"""Every route that the documents name is there, and stands in /openapi.json under its dialect."""

import re

import pytest

from parley.server.dialects import BUILT_IN
from tests.server.conftest import Site
from tests.server.seed_routes import ROUTES

SERVED = {dialect.name for dialect in BUILT_IN}


def plain(path: str) -> str:
    """Return a path with nameless parameters: what a document calls them is its own affair."""
    return re.sub(r":\w+|\{\w+(:\w+)?\}", "{}", path)


@pytest.mark.parametrize("dialect", sorted(SERVED & ROUTES.keys()))
async def test_every_route_of_a_document(site: Site, dialect: str) -> None:
    described = (await site.owner.client.get("/openapi.json")).json()["paths"]
    found = {
        (method.upper(), plain(path)): operation
        for path, operations in described.items()
        for method, operation in operations.items()
        if dialect in operation.get("tags", ())
    }
    missing = [route for route in ((method, plain(path)) for method, path in ROUTES[dialect]) if route not in found]
    assert not missing
    undescribed = [route for route, operation in found.items() if not operation.get("description")]
    assert not undescribed


async def test_each_path_answers_errors_in_its_own_dialect(site: Site) -> None:
    for path, fields in (
        ("/nothing", {"error", "code"}),
        ("/api/v1/nothing", {"code", "message", "details"}),
        ("/api/v1/users/x/y", {"message"}),
        ("/api/v1/usersx", {"code", "message", "details"}),
        ("/api/v1/chatlogs/x", {"message"}),
        ("/api/v1/conversations/x/y", {"code", "message", "details"}),
    ):
        for client in (site.owner.client, site.anyone):
            answer = await client.get(path)
            assert answer.status_code == (404 if client is site.owner.client else 401)
            body = answer.json()
            assert set(body if isinstance(body["error"], str) else body["error"]) == fields, path

"""`/openapi.json`: every route of every dialect, and what is answered when something goes wrong."""

from typing import Any

import pytest
from fastapi.routing import APIRoute

from parley.server.backend import Backend, Plan
from parley.server.connections import Connections
from parley.server.description import refusal_schema
from parley.server.dialect import Dialect
from parley.server.dialects import BUILT_IN
from parley.server.problems import KINDS, Problem
from tests.server.conftest import Site


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Return whether a value fits a schema of the few words that refusals need."""
    if "anyOf" in schema:
        return any(fits(value, each) for each in schema["anyOf"])
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": float, "boolean": bool}
    if "type" not in schema:
        return True
    if schema["type"] == "null":
        return value is None
    if type(value) is not kinds[schema["type"]]:
        return False
    if isinstance(value, list):
        return all(fits(each, schema["items"]) for each in value)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        rest = schema.get("additionalProperties", {})
        there = set(schema.get("required", ())) <= value.keys()
        return there and all(fits(each, known.get(name, rest)) for name, each in value.items())
    return True


@pytest.mark.parametrize("dialect", BUILT_IN, ids=lambda dialect: str(dialect.name))
def test_refusals_are_described(dialect: Dialect) -> None:
    schema = refusal_schema(dialect)
    assert schema["required"]
    problems = [Problem(kind, error.code, "No.") for error, kind in KINDS.items()]
    problems += [Problem(problem.kind, problem.code, "No.", "words", 5, {"x": ["y", "z"]}) for problem in problems]
    assert all(fits(dialect.body(problem), schema) for problem in problems)
    assert not fits({"other": "shape"}, schema)


async def test_every_route_of_every_dialect(site: Site) -> None:
    document = (await site.owner.client.get("/openapi.json")).json()
    assert document["paths"]["/live"]["get"]["security"] == []
    assert set(document["components"]["securitySchemes"]) == {"bearer", "key"}
    ids = [operation["operationId"] for operations in document["paths"].values() for operation in operations.values()]
    assert len(ids) == len(set(ids))
    for dialect in BUILT_IN:
        name = f"{dialect.name.capitalize()}Refusal"
        assert document["components"]["schemas"][name]["type"] == "object"
        routes = routes_of(dialect, site)
        assert routes
        for path, route in routes:
            if not route.include_in_schema:
                continue
            for method in route.methods or ():
                operation = document["paths"][path][method.lower()]
                assert dialect.name in operation["tags"]
                assert operation["summary"]
                for status in ("4XX", "5XX"):
                    assert "#/components/schemas/" in str(operation["responses"][status])
                assert "HTTPValidationError" not in str(operation)
                assert (operation.get("security") == []) == (path in dialect.public)


def routes_of(dialect: Dialect, site: Site) -> list[tuple[str, APIRoute]]:
    """Return the routes that a dialect has, with their addresses, those of the routers within its own too."""
    backend = Backend(site.services, Plan(), Connections(), frozenset)
    found: list[tuple[str, APIRoute]] = []
    waiting: list[tuple[str, Any]] = [("", dialect.routes(backend))]
    while waiting:
        prefix, each = waiting.pop()
        if isinstance(each, APIRoute):
            found.append((prefix + each.path_format, each))
        context = getattr(each, "include_context", None)
        within = getattr(getattr(each, "original_router", each), "routes", [])
        waiting += [(prefix + context.prefix if context else prefix, one) for one in within]
    return found


async def test_a_conversation_without_messages(site: Site) -> None:
    made = (await site.owner.client.post("/conversations", json={"title": "Empty"})).json()
    for tree in ("", "?tree=1"):
        answer = await site.owner.client.get(f"/conversations/{made['id']}{tree}")
        assert (answer.status_code, answer.json()["messages"]) == (200, [])


async def test_what_is_told_of_methods(site: Site) -> None:
    """`Allow` names what an address is asked with, all of it and nothing else."""
    paths = (await site.owner.client.get("/openapi.json")).json()["paths"]
    for path, operations in paths.items():
        wanted = {method.upper() for method in operations} | {"OPTIONS"} | ({"HEAD"} if "get" in operations else set())
        place = path.replace("{id}", "1")
        for method, status in (("OPTIONS", 204), ("TRACE", 405)):
            answer = await site.owner.client.request(method, place)
            assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (status, wanted), path
    for place in ("/", "/docs", "/live"):
        answer = await site.owner.client.post(place, json={})
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS"), place
    for nowhere in ("/nothing", "/api/v1/nothing"):
        answer = await site.anyone.options(nowhere)
        assert (answer.status_code, answer.headers.get("allow")) == (204, None)
    assert (await site.anyone.post("/live")).status_code == 405


async def test_what_only_one_of_two_dialects_knows_may_be_anything(site: Site) -> None:
    operation = (await site.owner.client.get("/openapi.json")).json()["paths"]["/v1/models"]["get"]
    (limit,) = [each for each in operation["parameters"] if each["name"] == "limit"]
    assert {} in limit["schema"]["anyOf"]
    assert not limit["required"]
    assert (await site.owner.client.get("/v1/models?limit=0")).status_code == 200
    anthropic = {"anthropic-version": "2023-06-01"}
    assert (await site.owner.client.get("/v1/models?limit=0", headers=anthropic)).status_code == 400


async def test_what_is_streamed(site: Site) -> None:
    """Each route that streams says so, TypingMind's too."""
    paths = (await site.owner.client.get("/openapi.json")).json()["paths"]
    for path in ("/api/v1/chat/completions", "/v1/chat/completions", "/v1/messages", "/v1/responses", "/chat/stream"):
        assert "text/event-stream" in paths[path]["post"]["responses"]["200"]["content"], path

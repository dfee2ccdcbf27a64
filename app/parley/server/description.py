"""Description: all routes as OpenAPI has them. Where dialects share an address, one operation stands for all."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI

from parley import __version__

UNREADABLE = "422"
"""How FastAPI answers what does not fit a route; each dialect has a status of its own for that."""

REFUSAL = {"description": "What went wrong, in the words of this dialect", "content": {"application/json": {}}}


def described(sections: Iterable[tuple[str, APIRouter]]) -> dict[str, Any]:
    """Return the OpenAPI document of the routes of all dialects, which are named."""
    book = FastAPI(title="Parley", version=__version__)
    for name, router in sections:
        book.include_router(router, prefix=f"/{name}")
    document = book.openapi()
    paths: dict[str, dict[str, Any]] = {}
    for path, operations in document["paths"].items():
        own = "/" + path.split("/", 2)[2]
        for method, operation in operations.items():
            operation["responses"].pop(UNREADABLE, None)
            if not {"4XX", "5XX"} & operation["responses"].keys():
                operation["responses"].setdefault("default", REFUSAL)
            there = paths.setdefault(own, {})
            there[method] = _joined(there[method], operation) if method in there else operation
    return {**document, "paths": paths}


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the operation that is either of two: who asks decides which, by headers or by the body."""
    joined = {**one, "tags": [*one.get("tags", ()), *other.get("tags", ())]}
    for name in ("summary", "description"):
        joined[name] = " — ".join(filter(None, (each.get(name) for each in (one, other))))
    if parameters := _parameters(one.get("parameters", []), other.get("parameters", [])):
        joined["parameters"] = parameters
    bodies = [each["requestBody"] for each in (one, other) if "requestBody" in each]
    if bodies:
        joined["requestBody"] = {
            "content": _contents([body["content"] for body in bodies]),
            "required": len(bodies) == 2 and all(body.get("required") for body in bodies),
        }
    joined["responses"] = {
        status: _response([each["responses"][status] for each in (one, other) if status in each["responses"]])
        for status in [*one["responses"], *(status for status in other["responses"] if status not in one["responses"])]
    }
    return joined


def _parameters(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the parameters of both; only what both want has to be there."""
    named = [{(each["name"], each["in"]): each for each in each_side} for each_side in (one, other)]
    return [
        {**parameter, "required": parameter["in"] == "path" or all(key in side for side in named)}
        if parameter.get("required")
        else parameter
        for key, parameter in {**named[1], **named[0]}.items()
    ]


def _response(responses: list[dict[str, Any]]) -> dict[str, Any]:
    contents = [response["content"] for response in responses if "content" in response]
    return {**responses[0], "content": _contents(contents)} if contents else responses[0]


def _contents(contents: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the bodies by their type; where there are several of a type, any of them may come."""
    schemas: dict[str, list[Any]] = {}
    for content in contents:
        for kind, body in content.items():
            schemas.setdefault(kind, []).append(body.get("schema", {}))
    return {
        kind: {"schema": found[0] if all(each == found[0] for each in found) else {"anyOf": found}}
        for kind, found in schemas.items()
    }

"""Description: all routes as OpenAPI has them. Where dialects share an address, one operation stands for all."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from itertools import product
from typing import Any

from fastapi import APIRouter, FastAPI

from parley import __version__
from parley.server.dialect import Dialect
from parley.server.problems import Kind, Problem

UNREADABLE = "422"
"""How FastAPI answers what does not fit a route; each dialect has a status of its own for that."""

REFUSALS = ("4XX", "5XX")
LIVE = {
    "get": {
        "summary": "Live",
        "description": "Tell that the server is there.",
        "operationId": "live",
        "tags": ["mingly"],
        "responses": {"204": {"description": "It is there"}},
    }
}
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
}
"""How a token is sent; either suffices."""

STREAM = "text/event-stream"
_ANY_FIELD = "…"


def described(sections: Iterable[tuple[Dialect, APIRouter]]) -> dict[str, Any]:
    """Return the OpenAPI document of the routes of all dialects."""
    book = FastAPI(title="Parley", version=__version__)
    dialects = {}
    for dialect, router in sections:
        dialects[dialect.name] = dialect
        book.include_router(router, prefix=f"/{dialect.name}")
    document = book.openapi()
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for dialect in dialects.values():
        schemas[_refusal_name(dialect)] = refusal_schema(dialect)
    native = next(dialect for dialect in dialects.values() if "" in dialect.prefixes)
    paths: dict[str, dict[str, Any]] = {"/live": deepcopy(LIVE)}
    _complete(paths["/live"]["get"], native, is_public=True)
    public = {path for dialect in dialects.values() for path in dialect.public}
    for path, operations in document["paths"].items():
        _, name, rest = path.split("/", 2)
        own = f"/{rest}"
        for method, operation in operations.items():
            _complete(operation, dialects[name], is_public=own in public)
            there = paths.setdefault(own, {})
            there[method] = _joined(there[method], operation) if method in there else operation
    document["components"]["securitySchemes"] = SCHEMES
    return {**document, "paths": paths, "security": [{name: []} for name in SCHEMES]}


def refusal_schema(dialect: Dialect) -> dict[str, Any]:
    """Return the schema of what a dialect says when something went wrong, from all that it can say."""
    details, times = ("", "words"), (None, 1)
    fields: tuple[Mapping[str, list[str]], ...] = ({}, {_ANY_FIELD: ["words"]})
    problems = (
        Problem(kind, "code", "Sentence.", detail, seconds, invalid)
        for kind, detail, seconds, invalid in product(Kind, details, times, fields)
    )
    return _schema([dialect.body(problem) for problem in problems])


def _complete(operation: dict[str, Any], dialect: Dialect, *, is_public: bool) -> None:
    """Say what a dialect answers when something goes wrong, in the place of what FastAPI would."""
    responses = operation["responses"]
    responses.pop(UNREADABLE, None)
    schema = {"$ref": f"#/components/schemas/{_refusal_name(dialect)}"}
    refusal = {"description": "What went wrong", "content": {"application/json": {"schema": schema}}}
    for response in responses.values():
        contents = response.get("content", {})
        if STREAM in contents:
            contents[STREAM] = {}  # a schema would be that of each event
    for status in REFUSALS:
        responses.setdefault(status, refusal)
    if is_public:
        operation["security"] = []


def _refusal_name(dialect: Dialect) -> str:
    return f"{dialect.name.capitalize()}Refusal"


def _schema(values: list[Any]) -> dict[str, Any]:
    """Return a schema that fits all of some values."""
    found: list[dict[str, Any]] = []
    if objects := [value for value in values if isinstance(value, dict)]:
        names = dict.fromkeys(name for each in objects for name in each)
        parts = {name: _schema([each[name] for each in objects if name in each]) for name in names}
        schema: dict[str, Any] = {"type": "object"}
        if _ANY_FIELD in parts:
            schema["additionalProperties"] = parts.pop(_ANY_FIELD)
        if parts:
            schema |= {
                "properties": parts,
                "required": [name for name in parts if all(name in each for each in objects)],
            }
        found.append(schema)
    if lists := [value for value in values if isinstance(value, list)]:
        found.append({"type": "array", "items": _schema([item for each in lists for item in each])})
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    found += [{"type": name} for kind, name in kinds.items() if any(type(value) is kind for value in values)]
    return {} if not found else found[0] if len(found) == 1 else {"anyOf": found}


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
    """Return the parameters of both. One that only one of them knows means nothing to the other: it may be anything."""
    named = [{(each["name"], each["in"]): each for each in each_side} for each_side in (one, other)]
    return [
        parameter
        if all(key in side for side in named)
        else {**parameter, "required": False, "schema": {"anyOf": [parameter["schema"], {}]}}
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

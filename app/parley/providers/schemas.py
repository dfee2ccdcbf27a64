"""JSON Schemas as narrow wire formats take them: without references, and with the common keywords only.

What is left out makes a schema looser, never stricter. Whoever checks arguments does it against the whole one.
"""

from collections.abc import Mapping
from typing import Any

KEPT = (
    "type", "format", "title", "description", "enum", "items", "prefixItems", "minItems", "maxItems", "minimum",
    "maximum", "anyOf", "properties", "additionalProperties", "required", "propertyOrdering",
)  # fmt: skip
FORMATS = ("date-time", "date", "time", "int32", "int64", "float", "double")
MOST_NODES = 5_000
DEEPEST = 50
"""A schema that unfolds to more than this is cut: it is a mistake, or meant to harm."""


def plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema of the kept keywords that takes all that this one takes."""
    return _Unfolding(schema).node(schema, ())


class _Unfolding:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._left = MOST_NODES
        self._depth = 0

    def node(self, schema: Any, within: tuple[str, ...]) -> dict[str, Any]:
        """Return a part of the schema; `within` are the references that led to it."""
        self._left -= 1
        if not isinstance(schema, Mapping) or self._left < 0 or self._depth >= DEEPEST:
            return {}
        self._depth += 1
        found = self._unfolded(schema, within)
        self._depth -= 1
        return _tidied(found)

    def _unfolded(self, schema: Mapping[str, Any], within: tuple[str, ...]) -> dict[str, Any]:
        schema, within = self._resolved(schema, within)
        schema = _with_all(schema, [self._resolved(member, within)[0] for member in _nodes(schema.get("allOf"))])
        found = _renamed(schema)
        if "items" in found:
            found["items"] = self.node(found["items"], within)
        if not isinstance(found.get("additionalProperties", True), bool):
            found["additionalProperties"] = self.node(found["additionalProperties"], within)
        for name in ("anyOf", "prefixItems"):
            if name in found:
                found[name] = [self.node(member, within) for member in _nodes(found[name])]
        if "properties" in found:
            properties = _mapping(found["properties"])
            found["properties"] = {str(name): self.node(member, within) for name, member in properties.items()}
            found.setdefault("type", "object")
        return found

    def _resolved(
        self, schema: Mapping[str, Any], within: tuple[str, ...]
    ) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """Return what a reference means, with what stands beside it. One that leads to itself means anything."""
        while isinstance(reference := schema.get("$ref"), str):
            beside = {name: value for name, value in schema.items() if name != "$ref"}
            target = {} if reference in within else self._target(reference)
            schema, within = {**target, **beside}, (*within, reference)
        return schema, within

    def _target(self, reference: str) -> Mapping[str, Any]:
        """Return what a JSON Pointer (RFC 6901) within the schema points to."""
        found: Any = self._root if reference.startswith("#") else None
        for step in reference.removeprefix("#").split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list):
                found = found[int(name)] if name.isdecimal() and int(name) < len(found) else None
            else:
                found = found.get(name) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}


def _nodes(value: Any) -> list[Mapping[str, Any]]:
    return [member for member in value if isinstance(member, Mapping)] if isinstance(value, list) else []


def _with_all(schema: Mapping[str, Any], members: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return a schema with what the members of its `allOf` ask for."""
    whole: dict[str, Any] = {}
    for member in (*members, schema):
        properties = {**_mapping(whole.get("properties")), **_mapping(member.get("properties"))}
        required = [*_list(whole.get("required")), *_list(member.get("required"))]
        whole |= member
        whole |= ({"properties": properties} if properties else {}) | ({"required": required} if required else {})
    return whole


def _renamed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the kept keywords, and others as those that say nearly the same."""
    found = {name: value for name, value in schema.items() if name in KEPT and value is not None}
    if "const" in schema:
        found["enum"] = [schema["const"]]
    if isinstance(either := schema.get("oneOf"), list):
        found.setdefault("anyOf", either)
    for name, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(value := schema.get(name), int | float) and not isinstance(value, bool):
            found.setdefault(limit, value)
    if isinstance(items := found.get("items"), list):  # a tuple, as schemas were written before 2020
        found["prefixItems"] = items
        del found["items"]
    if schema.get("nullable") is True and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    return found


def _tidied(found: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without what would be refused: odd formats, odd values, names that are not there."""
    if found.get("format") not in FORMATS:
        found.pop("format", None)
    if "enum" in found:
        values = _list(found.pop("enum"))
        if values and all(isinstance(value, str | int | float) and not isinstance(value, bool) for value in values):
            found["enum"] = values
        elif values and all(isinstance(value, bool) for value in values):
            found["type"] = "boolean"
    for name in ("anyOf", "prefixItems"):
        if not found.get(name, True):
            del found[name]
    if "required" in found:
        names = _mapping(found.get("properties"))
        required = [name for name in dict.fromkeys(map(str, _list(found.pop("required")))) if name in names]
        found |= {"required": required} if required else {}
    if found.get("type") == "array" and "prefixItems" not in found:
        found.setdefault("items", {})
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

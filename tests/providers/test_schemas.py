"""JSON Schemas as narrow wire formats take them."""

from typing import Any

import pytest

from parley.providers.schemas import plain

TEXT = {"type": "string"}


def within(member: Any, **more: Any) -> dict[str, Any]:
    """Return what becomes of a property."""
    found: dict[str, Any] = plain({"type": "object", "properties": {"a": member}, **more})["properties"]["a"]
    return found


def test_what_is_kept() -> None:
    schema = {
        "type": "object",
        "title": "T",
        "properties": {
            "n": {"type": "integer", "minimum": 1, "maximum": 3, "description": "How many"},
            "when": {"type": "string", "format": "date-time"},
            "kind": {"type": "string", "enum": ["a", "b"]},
            "list": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 3},
            "either": {"anyOf": [TEXT, {"type": "null"}]},
            "pair": {"type": "array", "prefixItems": [TEXT, TEXT]},
            "maybe": {"type": ["string", "null"]},
        },
        "required": ["n"],
        "additionalProperties": False,
        "propertyOrdering": ["n"],
    }
    assert plain(schema) == schema


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ({"type": "string", "pattern": "^a", "minLength": 1, "default": "a", "examples": ["a"]}, TEXT),
        ({"type": "string", "format": "uri"}, TEXT),
        ({"const": "a"}, {"enum": ["a"]}),
        ({"const": True}, {"type": "boolean"}),
        ({"type": ["string", "null"], "enum": ["a", None]}, {"type": ["string", "null"]}),
        ({"enum": []}, {}),
        ({"oneOf": [TEXT, {"type": "integer"}]}, {"anyOf": [TEXT, {"type": "integer"}]}),
        ({"exclusiveMinimum": 0, "exclusiveMaximum": 9.5}, {"minimum": 0, "maximum": 9.5}),
        ({"type": "number", "minimum": 1, "exclusiveMinimum": True}, {"type": "number", "minimum": 1}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"type": "array", "items": [TEXT, TEXT]}, {"type": "array", "prefixItems": [TEXT, TEXT]}),
        ({"type": "object", "required": ["x"]}, {"type": "object"}),
        ({"properties": {"x": TEXT}, "required": ["y", "x", "x"]},
         {"type": "object", "properties": {"x": TEXT}, "required": ["x"]}),
        ({"type": "object", "additionalProperties": {"type": "string", "pattern": "x"}},
         {"type": "object", "additionalProperties": TEXT}),
        ({"allOf": [{"properties": {"x": TEXT}, "required": ["x"]}, {"properties": {"y": TEXT}, "required": ["y"]}],
          "description": "both"},
         {"type": "object", "properties": {"x": TEXT, "y": TEXT}, "required": ["x", "y"], "description": "both"}),
        (True, {}),
        (None, {}),
    ],
)  # fmt: skip
def test_what_becomes_of_others(member: Any, expected: Any) -> None:
    assert within(member) == expected


def test_references_are_unfolded() -> None:
    definitions = {"Zone": {"type": "string", "$comment": "x"}, "a/b~": {"type": "integer"}}
    assert within({"$ref": "#/$defs/Zone", "description": "Where"}, **{"$defs": definitions}) == {
        "type": "string",
        "description": "Where",
    }
    assert within({"$ref": "#/$defs/a~1b~0"}, **{"$defs": definitions}) == {"type": "integer"}
    assert within({"$ref": "#/properties/b"}) == {}
    assert within({"allOf": [{"$ref": "#/definitions/Zone"}]}, definitions=definitions) == TEXT
    assert within({"$ref": "#/anyOf/0"}, anyOf=[TEXT]) == TEXT
    assert within({"$ref": "https://example.com/x"}) == {}
    assert "$defs" not in plain({"$defs": definitions})


def test_what_leads_to_itself_means_anything() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}, "name": TEXT}}
    assert plain(tree) == {
        "type": "object",
        "properties": {"left": {"type": "object", "properties": {"left": {}, "name": TEXT}}, "name": TEXT},
    }
    assert within({"$ref": "#/properties/a"}) == {}


def test_what_grows_without_measure_is_cut() -> None:
    doubled = {f"d{n}": {"properties": {"x": {"$ref": f"#/$defs/d{n + 1}"}, "y": {"$ref": f"#/$defs/d{n + 1}"}}}
               for n in range(40)}  # fmt: skip
    assert plain({"$ref": "#/$defs/d0", "$defs": doubled})["type"] == "object"
    deep: dict[str, Any] = {}
    for _ in range(500):
        deep = {"type": "array", "items": deep}
    assert plain(deep)["type"] == "array"


@pytest.mark.parametrize(
    "odd",
    [
        {"properties": []},
        {"properties": {"a": 3}, "required": "a"},
        {"anyOf": 3, "oneOf": {}, "allOf": "x", "enum": "x"},
        {"items": 3, "prefixItems": None},
        {"$ref": 3},
        {"additionalProperties": [], "type": {}},
    ],
)
def test_odd_schemas_do_no_harm(odd: dict[str, Any]) -> None:
    assert isinstance(plain(odd), dict)

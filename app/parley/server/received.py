"""Received: the base of what clients send, whatever their dialect."""

from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema

_HOLDS_MANY = ("list", "dict")


def _fail_fast(schema: Any) -> None:
    """Have all that holds many values be read no further than to the first that is wrong."""
    if isinstance(schema, dict):
        if schema.get("type") in _HOLDS_MANY:
            schema["fail_fast"] = True
        for part in schema.values():
            _fail_fast(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            _fail_fast(part)


class Received(BaseModel):
    """Part of a body: of exactly these types; further fields are left out.

    Of a list only the first fault is told. A body has room for millions of them, and the list of all would take
    gigabytes and minutes.
    """

    model_config = ConfigDict(strict=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        _fail_fast(schema)
        return schema

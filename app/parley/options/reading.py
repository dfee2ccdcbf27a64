"""What can be told of an option by its declaration: its type, its limits, and whether a value fits."""

from collections.abc import Iterator
from dataclasses import Field, fields
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from parley.errors import SettingInvalid, SettingUnknown
from parley.options.declared import Page
from parley.options.table import Options


def visible_options(page: Page | None = None) -> Iterator[Field[Any]]:
    """Yield the options that people may set, in their order: all of them, or those of one page."""
    for found in fields(Options):
        if not found.metadata.get("hidden") and page in (None, found.metadata["page"]):
            yield found


def values_of(found: Field[Any]) -> type[Any] | tuple[str, ...]:
    """Return an option's type, or the texts that it chooses from."""
    kind = kind_of(found)
    return tuple(get_args(kind)) if get_origin(kind) is Literal else kind


def expected(found: Field[Any]) -> str:
    """Return in words which values an option takes."""
    kind = kind_of(found)
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(get_args(kind))
    if kind is bool:
        return "on or off"
    limits = (found.metadata.get("minimum"), found.metadata.get("maximum"))
    noun = found.metadata.get("words") or {int: "a whole number", float: "a number"}.get(kind, "text")
    return noun if None in limits else f"{noun} from {limits[0]:g} to {limits[1]:g}"


def value_text(value: object) -> str:
    """Return an option's value as people read and type it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def option_of(key: str) -> Field[Any]:
    """Return the option of a name. Raises SettingUnknown."""
    if found := next((option for option in fields(Options) if option.name == key), None):
        return found
    raise SettingUnknown(key=key)


def kind_of(found: Field[Any]) -> Any:
    """Return the type of an option's values."""
    return get_type_hints(Options)[found.name]


def from_text(found: Field[Any], text: str) -> Any:
    """Return the value that a person has typed. Raises SettingInvalid."""
    kind = kind_of(found)
    words = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}
    if kind is bool:
        value: Any = words.get(text.strip().lower())
    elif kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            value = None
    else:
        value = text
    if value is None or found.metadata.get("hidden"):
        raise SettingInvalid(key=found.name, value=text, expected=expected(found))
    return value


def checked(found: Field[Any], value: Any) -> Any:
    """Return the value in the option's own type. Raises SettingInvalid."""
    kind = kind_of(found)
    origin = get_origin(kind)
    if kind is float and type(value) is int:
        value = float(value)
    if origin is Literal:
        good = value in get_args(kind)
    elif origin is tuple:
        good = isinstance(value, tuple) and all(isinstance(row, get_args(kind)[0]) for row in value)
    elif origin in (Union, UnionType):
        good = isinstance(value, kind)
    else:
        good = type(value) is kind and (kind is not str or _is_whole(value))
    low, high = found.metadata.get("minimum"), found.metadata.get("maximum")
    within = (low is None or value >= low) and (high is None or value <= high) if good else False
    if not within:
        raise SettingInvalid(key=found.name, value=value, expected=expected(found))
    if (check := found.metadata.get("check")) and not check(value):
        raise SettingInvalid(key=found.name, value="…", expected=expected(found))  # a password may stand in it
    return value


def _is_whole(text: str) -> bool:
    """Return whether a text can be written: no half of a character is in it."""
    return text.encode("utf-8", "ignore").decode() == text

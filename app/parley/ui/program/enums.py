"""Qt's enumerations, made in a quarter of the time.

PySide has Python make all enumerations of a class when the class is first used: some three hundred of them, with over
four thousand members, before the first paint. Python makes each with care for all that people write into such classes.
Here is what that comes to for names of whole numbers; anything else is left to Python. A test compares the two.
"""

import sys
from collections.abc import Mapping
from enum import Enum, EnumType, Flag, FlagBoundary, IntEnum, IntFlag
from functools import cache
from itertools import pairwise
from typing import Any

BASES = {Enum, IntEnum, Flag, IntFlag}
BOOKS = {"_member_names_", "_member_map_", "_value2member_map_"}
"""Where Python enters every member."""
MORE_BOOKS = {"_hashable_values_", "_unhashable_values_", "_unhashable_values_map_"}
"""Which not all its releases have. Whole numbers come into the first."""
NOTHING_MORE = {"qualname": None, "type": None, "start": 1}

_with_care = EnumType._create_  # type: ignore[attr-defined]


def make_enums_quickly() -> None:
    """Take the place of Python's way to make an enumeration of a list."""
    EnumType._create_ = _create  # type: ignore[attr-defined]


def _create(
    cls: type[Enum],
    class_name: str,
    names: Any,
    *,
    module: str | None = None,
    boundary: FlagBoundary | None = None,
    **facts: Any,
) -> type[Enum]:
    module = module or sys._getframe(2).f_globals.get("__name__")  # noqa: SLF001 - who asks, as Python looks for them
    is_list = isinstance(names, list) and not (names and isinstance(names[0], str))
    if cls in BASES and is_list and facts == NOTHING_MORE:
        members, space = dict(names), _space(cls, boundary)
        if len(members) == len(names) and space and _are_plain(members, cls):
            return _made(cls, class_name, members, {**space, "__module__": module})
    return _with_care(cls, class_name, names, module=module, boundary=boundary, **facts)  # type: ignore[no-any-return]


@cache
def _space(base: type[Enum], boundary: FlagBoundary | None) -> Mapping[str, Any]:
    """Return what is in an enumeration without members; nothing if there is more to it than we know."""
    empty = _with_care(base, "Empty", (), module=__name__, boundary=boundary)
    space = {name: value for name, value in vars(empty).items() if name not in ("__dict__", "__weakref__")}
    books = {name for name, value in space.items() if isinstance(value, list | dict | set)}
    return space if BOOKS <= books <= BOOKS | MORE_BOOKS else {}


@cache
def _taken(base: type[Enum]) -> frozenset[str]:
    """Return the names that mean something in an enumeration already."""
    return frozenset(name for known in (*base.__mro__, EnumType) for name in dir(known))


def _are_plain(members: Mapping[str, object], base: type[Enum]) -> bool:
    numbers = {type(value) for value in members.values()} <= {int}
    return numbers and "_" not in {name[:1] for name in members} and _taken(base).isdisjoint(members)


def _made(base: type[Enum], name: str, members: Mapping[str, int], space: Mapping[str, Any]) -> type[Enum]:
    own: dict[str, Any] = {
        key: value.copy() if isinstance(value, list | dict) else value for key, value in space.items()
    }
    made: Any = type.__new__(EnumType, name, (base,), own)
    names, by_name, by_value = own["_member_names_"], own["_member_map_"], own["_value2member_map_"]
    new, takes_value, is_flag = made._new_member_, made._use_args_, issubclass(base, Flag)
    every = single = 0
    for key, value in members.items():
        member = by_value.get(value)
        if member is None:
            member = new(made, value) if takes_value else new(made)
            member._value_, member._name_, member.__objclass__, member._sort_order_ = value, key, made, len(names)
            by_value[value] = member
            is_single = value != 0 and not value & (value - 1)
            if is_flag:
                every |= value
                single |= value if is_single else 0
            if is_single or not is_flag:
                names.append(key)
        by_name[key] = member
        type.__setattr__(made, key, member)
    if "_hashable_values_" in own:
        own["_hashable_values_"].extend(by_value)
    if is_flag:
        made._flag_mask_, made._singles_mask_, made._all_bits_ = every, single, 2 ** every.bit_length() - 1
        if any(members[one] > members[following] for one, following in pairwise(names)):
            made._iter_member_ = made._iter_member_by_def_
    return made  # type: ignore[no-any-return]

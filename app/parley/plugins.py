"""Finds what speaks to model servers and to clients: the built-in dialects, then those of installed plugins.

A plugin is a package with an entry point in the group `parley`. What that names, a module as a rule, has a function
`register_providers(register)`, which calls `register` with each `ProviderDialect`, or `register_dialects(register)`,
which does so with each `Dialect` of the server.
"""

import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from parley.providers.catalog import BUILT_IN
from parley.providers.endpoints import ProviderDialect

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from parley.server.dialect import Dialect

logger = logging.getLogger(__name__)

GROUP = "parley"


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Named = TypeVar("Named", bound=_Named)


def provider_dialects() -> list[ProviderDialect]:
    """Return all dialects of providers, the built-in ones first. A plugin that fails is logged and left out."""
    return _with_plugins(BUILT_IN, "register_providers")


def server_dialects() -> "list[Dialect]":
    """Return all dialects of the server, likewise."""
    from parley.server.dialects import BUILT_IN

    return _with_plugins(BUILT_IN, "register_dialects")


def _with_plugins(built_in: Sequence[Named], function: str) -> list[Named]:
    found = {dialect.name: dialect for dialect in built_in}
    for point in _entry_points():
        for dialect in _registered_by(point, function):
            if found.setdefault(dialect.name, dialect) is not dialect:
                logger.error("plugin %s: there is a dialect %s already", point.name, dialect.name)
    return list(found.values())


def _entry_points() -> "tuple[EntryPoint, ...]":
    """Return the entry points of our group. Where no package declares one, which is quickly seen, nothing is loaded."""
    if not any(f"[{GROUP}]" in text for text in _declarations()):
        return ()
    from importlib.metadata import entry_points

    return tuple(entry_points(group=GROUP))


def _declarations() -> Iterator[str]:
    """Yield what the installed packages declare as their entry points."""
    for place in sys.path:
        try:
            packages = [folder for folder in Path(place).iterdir() if folder.suffix in (".dist-info", ".egg-info")]
        except OSError:
            continue  # an archive, or a place that is not there
        for package in packages:
            try:
                yield (package / "entry_points.txt").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue  # most packages have none


def _registered_by(point: "EntryPoint", function: str) -> list[Any]:
    registered: list[Any] = []
    try:
        register_all = getattr(point.load(), function, None)
        if register_all is not None:
            register_all(registered.append)
    except Exception:
        logger.exception("plugin %s failed and is left out", point.name)
        return []
    return registered

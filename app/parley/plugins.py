"""Finds what speaks to model servers: the built-in dialects, then those of installed plugins.

A plugin is a package with an entry point in the group `parley`. What that names, a module as a rule,
has a function `register_providers(register)`, which calls `register` with each `ProviderDialect`.
"""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from parley.providers.catalog import BUILT_IN
from parley.providers.endpoints import ProviderDialect

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

logger = logging.getLogger(__name__)

GROUP = "parley"


def provider_dialects() -> list[ProviderDialect]:
    """Return all dialects, the built-in ones first. A plugin that fails is logged and left out."""
    found = {dialect.name: dialect for dialect in BUILT_IN}
    for point in _entry_points():
        for dialect in _registered_by(point):
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


def _registered_by(point: "EntryPoint") -> list[ProviderDialect]:
    registered: list[ProviderDialect] = []
    try:
        register_providers = getattr(point.load(), "register_providers", None)
        if register_providers is not None:
            register_providers(registered.append)
    except Exception:
        logger.exception("plugin %s failed and is left out", point.name)
        return []
    return registered

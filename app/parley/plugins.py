"""Finds what speaks to model servers: the built-in dialects, then those of installed plugins.

A plugin is a package with an entry point in the group `parley`. What that names, a module as a rule,
has a function `register_providers(register)`, which calls `register` with each `ProviderDialect`.
"""

import logging
from importlib.metadata import EntryPoint, entry_points

from parley.providers import ollama, openai
from parley.providers.endpoints import ProviderDialect

logger = logging.getLogger(__name__)

GROUP = "parley"

BUILT_IN: tuple[ProviderDialect, ...] = (ollama.DIALECT, openai.DIALECT)


def provider_dialects() -> list[ProviderDialect]:
    """Return all dialects, the built-in ones first. A plugin that fails is logged and left out."""
    found = {dialect.name: dialect for dialect in BUILT_IN}
    for point in entry_points(group=GROUP):
        for dialect in _registered_by(point):
            if found.setdefault(dialect.name, dialect) is not dialect:
                logger.error("plugin %s: there is a dialect %s already", point.name, dialect.name)
    return list(found.values())


def _registered_by(point: EntryPoint) -> list[ProviderDialect]:
    registered: list[ProviderDialect] = []
    try:
        register_providers = getattr(point.load(), "register_providers", None)
        if register_providers is not None:
            register_providers(registered.append)
    except Exception:
        logger.exception("plugin %s failed and is left out", point.name)
        return []
    return registered

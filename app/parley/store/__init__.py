"""The store: one SQLite file. The only package with SQL.

`Store` is the way in: `store.conversations`, `store.messages`, `store.turns`, `store.drafts`, `store.search`,
`store.accounts`, `store.tokens`, `store.assistants`, `store.folders`, `store.files`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from parley.store.changes import (
    ACCOUNT,
    ASSISTANT,
    CONVERSATION,
    EVERYTHING,
    FILE,
    FOLDER,
    MESSAGE,
    SPENDING,
    TOKEN,
    Change,
)
from parley.store.conversations import Cursor
from parley.store.scope import ANYONE
from parley.store.shelves import NETWORK, PINNED, Network, Spot
from parley.store.store import Store
from parley.store.turns import LEAF, Earlier

if TYPE_CHECKING:
    from parley.store.backup import restore
    from parley.store.check import Finding
    from parley.store.manual import ManualIndex, Section
    from parley.store.search import Hit

__all__ = [
    "ACCOUNT",
    "ANYONE",
    "ASSISTANT",
    "CONVERSATION",
    "EVERYTHING",
    "FILE",
    "FOLDER",
    "LEAF",
    "MESSAGE",
    "NETWORK",
    "PINNED",
    "SPENDING",
    "TOKEN",
    "Change",
    "Cursor",
    "Earlier",
    "Finding",
    "Hit",
    "ManualIndex",
    "Network",
    "Section",
    "Spot",
    "Store",
    "restore",
]

_LATER = {"restore": "backup", "Finding": "check", "ManualIndex": "manual", "Section": "manual", "Hit": "search"}
"""What the list of conversations is read without: the modules are loaded when these are asked for."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)

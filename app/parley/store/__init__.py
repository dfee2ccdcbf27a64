"""The store: one SQLite file. The only package with SQL.

`Store` is the way in: `store.conversations`, `store.messages`, `store.turns`, `store.drafts`, `store.search`.
"""

from parley.store.backup import restore
from parley.store.changes import CONVERSATION, EVERYTHING, MESSAGE, Change
from parley.store.check import Finding
from parley.store.conversations import Cursor
from parley.store.manual import ManualIndex, Section
from parley.store.search import Hit
from parley.store.store import Store
from parley.store.turns import LEAF

__all__ = [
    "CONVERSATION",
    "EVERYTHING",
    "LEAF",
    "MESSAGE",
    "Change",
    "Cursor",
    "Finding",
    "Hit",
    "ManualIndex",
    "Section",
    "Store",
    "restore",
]

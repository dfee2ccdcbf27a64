"""Whose rows a method reaches: those of one account, to whom all others are unknown; or, inside Parley, everybody's."""

import sqlite3
from typing import Final

from parley.errors import AccountUnknown

ANYONE: Final = None
"""Stands for all accounts: for what Parley does by itself, never for what somebody asks for."""

OF_CONVERSATION = "(SELECT account_id FROM conversations WHERE id = conversation_id)"
"""Whose a message is."""


def scope(account: str | None, column: str = "account_id") -> tuple[str, tuple[str, ...]]:
    """Return the end of a condition that lets only an account's rows through, and its values."""
    return ("", ()) if account is None else (f" AND {column} = ?", (account,))


def demand_there(connection: sqlite3.Connection, account: str) -> None:
    """Raise AccountUnknown if an account has been removed, inside a write: nobody would see what is kept for it."""
    query = "SELECT 1 FROM accounts WHERE id = ? AND removed_at IS NOT NULL"
    if connection.execute(query, (account,)).fetchone():
        raise AccountUnknown(account=account)

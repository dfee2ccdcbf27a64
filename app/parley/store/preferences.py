"""Preferences: what people have chosen for themselves, from wherever they ask."""

import json
import sqlite3
import time
from dataclasses import asdict, fields

from parley.people import NO_PREFERENCES, AccountPreferences
from parley.store import rows
from parley.store.changes import ACCOUNT, note
from parley.store.database import Database

_SELECT = "SELECT chosen FROM preferences WHERE account_id = ?"


class Preferences:
    """The preferences of a store's accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, account: str) -> AccountPreferences:
        """Return what an account prefers."""
        row = self._database.row(_SELECT, (account,))
        return _preferences(row[0]) if row else NO_PREFERENCES

    async def change(self, account: str, **values: str) -> AccountPreferences:
        """Change those preferences that are given; an empty text takes one back. Return all of them."""

        def change(connection: sqlite3.Connection) -> AccountPreferences:
            row = connection.execute(_SELECT, (account,)).fetchone()
            changed = {**(asdict(_preferences(row[0])) if row else {}), **values}
            chosen = rows.to_json({name: value for name, value in changed.items() if value})
            connection.execute(
                "INSERT INTO preferences(account_id, chosen, updated_at) VALUES (?, ?, ?) ON CONFLICT(account_id)"
                " DO UPDATE SET chosen = excluded.chosen, updated_at = excluded.updated_at",
                (account, chosen, time.time()),
            )
            note(connection, ACCOUNT, account)
            return _preferences(chosen)

        return await self._database.write(change)


def forget(connection: sqlite3.Connection, account: str) -> None:
    """Forget what an account prefers, inside a write."""
    connection.execute("DELETE FROM preferences WHERE account_id = ?", (account,))


def _preferences(chosen: str) -> AccountPreferences:
    """Return what was stored. What this version does not know is left out."""
    stored, known = json.loads(chosen), {each.name for each in fields(AccountPreferences)}
    return AccountPreferences(**{name: value for name, value in stored.items() if name in known})

"""Accounts: who may ask, what they may use, and the hashes of their passwords, which never leave by other ways.

An account that is removed leaves its row behind without a word about the person: its number is never given again, and
what it has spent stays in the ledger.
"""

import json
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from parley.errors import AccountExists, AccountUnknown, OwnerStays
from parley.messages import OWNER
from parley.people import (
    EVERYTHING,
    Account,
    AccountRole,
    Permissions,
    permissions_from_json,
    permissions_to_json,
)
from parley.store import idempotency, preferences, rows
from parley.store.changes import ACCOUNT, CONVERSATION, FILE, FOLDER, TOKEN, note
from parley.store.database import Database
from parley.store.words import one_line, storable

COLUMNS = "a.number, a.id, a.email, a.name, a.role, a.created_at, a.tags, a.disabled, a.permissions"
_DIGITS = 19
"""From so many on a number is none that SQLite holds."""

_SELECT = f"SELECT {COLUMNS} FROM accounts a WHERE a.removed_at IS NULL"


class Accounts:
    """The accounts of a store. Those that have been removed are unknown."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Account]:
        """Return all accounts, oldest first: the owner's is the first."""
        return [account(row) for row in self._database.rows(f"{_SELECT} ORDER BY a.number")]

    def get(self, id: str) -> Account:
        """Return the account of an id. Raises AccountUnknown."""
        return self._one("a.id = ?", id, id)

    def of_number(self, number: int) -> Account:
        """Return the account of a number. Raises AccountUnknown."""
        return self._one("a.number = ?", number, str(number))

    def of_email(self, email: str) -> Account:
        """Return the account of an e-mail address, in whatever case. Raises AccountUnknown."""
        return self._one("a.email = ?", folded(email), email)

    def find(self, text: str) -> Account:
        """Return the account of an e-mail address, a number, or `owner`. Raises AccountUnknown."""
        text = text.strip()
        if text == OWNER:
            return self.get(OWNER)
        is_number = text.isascii() and text.isdecimal() and len(text) < _DIGITS
        return self.of_number(int(text)) if is_number else self.of_email(text)

    def password(self, email: str) -> tuple[Account, str] | None:
        """Return the account of an e-mail address and the hash of its password, empty if it has none; or None."""
        query = f"SELECT a.password, {COLUMNS} FROM accounts a WHERE a.removed_at IS NULL AND a.email = ?"
        row = self._database.row(query, (folded(email),))
        return (account(row[1:]), str(row[0])) if row else None

    async def add(
        self, email: str, name: str, role: AccountRole = "user", tags: Sequence[str] = (), password: str = ""
    ) -> Account:
        """Add an account; `password` is a hash. Raises AccountExists."""

        def add(connection: sqlite3.Connection) -> str:
            _demand_free(connection, email)
            number = connection.execute("SELECT max(number) + 1 FROM accounts").fetchone()[0]
            now = time.time()
            values = (number, str(number), folded(email), _name(name), role, _tags(tags), password, now, now)
            connection.execute(
                "INSERT INTO accounts(number, id, email, name, role, tags, password, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            note(connection, ACCOUNT, str(number))
            return str(number)

        return self.get(await self._database.write(add))

    async def change(
        self,
        id: str,
        *,
        email: str | None = None,
        name: str | None = None,
        tags: Sequence[str] | None = None,
        role: AccountRole | None = None,
        disabled: bool | None = None,
        permissions: Permissions | None = None,
    ) -> Account:
        """Change what is given. Raises AccountUnknown, AccountExists and OwnerStays."""
        if id == OWNER and (role is not None or disabled is not None or permissions is not None):
            raise OwnerStays
        given: dict[str, Any] = {
            "email": None if email is None else folded(email),
            "name": None if name is None else _name(name),
            "tags": None if tags is None else _tags(tags),
            "role": role,
            "disabled": disabled,
            "permissions": None if permissions is None else rows.to_json(permissions_to_json(permissions)),
        }
        values = {column: value for column, value in given.items() if value is not None}

        def change(connection: sqlite3.Connection) -> None:
            if email is not None:
                _demand_free(connection, email, but=id)
            columns = "".join(f"{column} = ?, " for column in values)
            query = f"UPDATE accounts SET {columns}updated_at = ? WHERE id = ? AND removed_at IS NULL"
            if not connection.execute(query, (*values.values(), time.time(), storable(id))).rowcount:
                raise AccountUnknown(account=id)
            note(connection, ACCOUNT, id)

        await self._database.write(change)
        return self.get(id)

    async def set_password(self, id: str, password: str, *, all_tokens: bool = False) -> int:
        """Give an account another password, a hash, and revoke the tokens that came by the one before, or all.

        Return how many ended. Raises AccountUnknown.
        """

        def change(connection: sqlite3.Connection) -> int:
            now = time.time()
            query = "UPDATE accounts SET password = ?, updated_at = ? WHERE id = ? AND removed_at IS NULL"
            if not connection.execute(query, (password, now, storable(id))).rowcount:
                raise AccountUnknown(account=id)
            query = (
                "UPDATE tokens SET revoked_at = ?, updated_at = ? WHERE account_id = ? AND revoked_at IS NULL"
                " AND (by_password OR ?) RETURNING number"
            )
            ended = connection.execute(query, (now, now, id, all_tokens)).fetchall()
            note(connection, ACCOUNT, id)
            note(connection, TOKEN, *[str(number) for (number,) in ended])
            return len(ended)

        return await self._database.write(change)

    async def set_hash(self, id: str, before: str, after: str) -> None:
        """Keep a password under another hash, if it is still the same password."""

        def change(connection: sqlite3.Connection) -> None:
            query = "UPDATE accounts SET password = ?, updated_at = ? WHERE id = ? AND password = ?"
            connection.execute(query, (after, time.time(), storable(id), before))

        await self._database.write(change)

    async def remove(self, id: str) -> None:
        """Remove an account: its tokens are revoked, its conversations go to the owner's trash, its files to the
        owner.

        Raises AccountUnknown, and OwnerStays for the owner's.
        """
        if id == OWNER:
            raise OwnerStays

        def remove(connection: sqlite3.Connection) -> None:
            now = time.time()
            query = (
                "UPDATE accounts SET email = NULL, name = '', tags = '[]', password = '', permissions = '',"
                " removed_at = ?, updated_at = ? WHERE id = ? AND removed_at IS NULL"
            )
            if not connection.execute(query, (now, now, storable(id))).rowcount:
                raise AccountUnknown(account=id)
            query = "UPDATE tokens SET revoked_at = ? WHERE account_id = ? AND revoked_at IS NULL RETURNING number"
            note(connection, TOKEN, *[str(number) for (number,) in connection.execute(query, (now, id)).fetchall()])
            query = (
                "UPDATE conversations SET account_id = ?, deleted_at = coalesce(deleted_at, ?), folder_id = NULL,"
                " updated_at = ? WHERE account_id = ? RETURNING id"
            )
            idempotency.forget(connection, id)
            preferences.forget(connection, id)
            moved = connection.execute(query, (OWNER, now, now, id)).fetchall()
            note(connection, CONVERSATION, *[conversation for (conversation,) in moved])
            query = "UPDATE files SET account_id = ?, updated_at = ? WHERE account_id = ? RETURNING id"
            note(connection, FILE, *[file for (file,) in connection.execute(query, (OWNER, now, id)).fetchall()])
            query = "DELETE FROM folders WHERE account_id = ? RETURNING id"
            note(connection, FOLDER, *[folder for (folder,) in connection.execute(query, (id,)).fetchall()])
            note(connection, ACCOUNT, id)

        await self._database.write(remove)

    def _one(self, condition: str, value: object, asked: str) -> Account:
        row = self._database.row(f"{_SELECT} AND {condition}", (value,))
        if row is None:
            raise AccountUnknown(account=asked)
        return account(row)


def account(row: Sequence[Any]) -> Account:
    """Return the account of a row of COLUMNS."""
    number, id, email, name, role, created_at, tags, disabled, stored = row
    permissions = permissions_from_json(json.loads(stored)) if stored else Permissions()
    allowed = EVERYTHING if id == OWNER else permissions
    return Account(number, id, email or "", name, role, created_at, tuple(json.loads(tags)), bool(disabled), allowed)


def folded(email: str) -> str:
    """Return an e-mail address as it is compared and kept."""
    from unicodedata import normalize

    return storable(normalize("NFC", email.strip().casefold()))


def _name(name: str) -> str:
    return one_line(storable(name))


def _tags(tags: Sequence[str]) -> str:
    return rows.to_json(list(dict.fromkeys(one_line(tag) for tag in tags)))


def _demand_free(connection: sqlite3.Connection, email: str, but: str = "") -> None:
    if connection.execute("SELECT 1 FROM accounts WHERE email = ? AND id <> ?", (folded(email), but)).fetchone():
        raise AccountExists(email=folded(email))

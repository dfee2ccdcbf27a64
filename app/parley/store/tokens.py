"""Tokens: what programs ask with. Of their secrets only SHA-256 digests are kept."""

import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from parley.errors import AccountUnknown, LoginWrong, TokenRefused, TokenUnknown
from parley.people import Credential, Token
from parley.store import accounts
from parley.store.changes import TOKEN, note
from parley.store.database import Database
from parley.store.scope import ANYONE, scope
from parley.store.words import one_line, storable

MOST = 100
"""Of further tokens of one account, but for an admin's, those go that were used longest ago: programs that log in at
each start leave one behind every time, and each token has limits of its own.
"""

_COLUMNS = "t.number, t.account_id, t.name, t.admin, t.created_at, t.used_at, t.by_password"
_SIZE = len(_COLUMNS.split(", "))
_GOOD = "t.revoked_at IS NULL AND a.removed_at IS NULL"


class Tokens:
    """The tokens of a store. Those that have been revoked are unknown, and their numbers are never given again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, account: str | None = ANYONE) -> list[Token]:
        """Return the tokens of an account, or of all, oldest first."""
        condition, values = scope(account, "t.account_id")
        query = (
            f"SELECT {_COLUMNS} FROM tokens t JOIN accounts a ON a.id = t.account_id"
            f" WHERE {_GOOD}{condition} ORDER BY t.number"
        )
        return [_token(row) for row in self._database.rows(query, values)]

    def find(self, number: int) -> tuple[Credential, bytes] | None:
        """Return a token with its account, and the digest of its secret; or None."""
        query = (
            f"SELECT t.digest, {_COLUMNS}, {accounts.COLUMNS} FROM tokens t JOIN accounts a ON a.id = t.account_id"
            f" WHERE {_GOOD} AND t.number = ?"
        )
        row = self._database.row(query, (number,))
        if row is None:
            return None
        digest, *facts = row
        return Credential(accounts.account(facts[_SIZE:]), _token(facts[:_SIZE])), bytes(digest)

    async def add(
        self,
        account: str,
        name: str,
        digest: bytes,
        *,
        admin: bool = False,
        password: str | None = None,
        maker: int | None = None,
    ) -> Token:
        """Keep a new token; see `MOST` for what becomes of the others.

        `password` is the hash of the one that somebody has just logged in with, `maker` the number of the token that
        it is asked for with: it ends with the password, or if that one does. Raises AccountUnknown; LoginWrong if
        there is another password by now, and TokenRefused if the maker is good no longer.
        """

        def add(connection: sqlite3.Connection) -> Token:
            query = "SELECT password FROM accounts WHERE id = ? AND removed_at IS NULL"
            found = connection.execute(query, (storable(account),)).fetchone()
            if found is None:
                raise AccountUnknown(account=account)
            if password is not None and found[0] != password:
                raise LoginWrong
            by_password = password is not None or (maker is not None and _is_by_password(connection, maker))
            row = connection.execute(
                "INSERT INTO tokens AS t(account_id, name, digest, admin, by_password, created_at, updated_at)"
                f" VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING {_COLUMNS.replace('t.', '')}",
                (account, one_line(storable(name)), digest, admin, by_password, time.time(), time.time()),
            ).fetchone()
            note(connection, TOKEN, str(row[0]), *([] if admin else _revoked_beyond(connection, account)))
            return _token(row)

        return await self._database.write(add)

    async def rename(self, number: int, name: str, account: str | None = ANYONE) -> None:
        """Give a token another name. Raises TokenUnknown, for others' too."""
        await self._set(number, account, name=one_line(storable(name)))

    async def revoke(self, number: int, account: str | None = ANYONE) -> None:
        """Let a token be good no longer. Raises TokenUnknown, for others' too."""
        await self._set(number, account, revoked_at=time.time())

    def mark_used(self, number: int) -> None:
        """Remember that a token has just been used, without waiting for it."""

        def mark(connection: sqlite3.Connection) -> None:
            query = "UPDATE tokens SET used_at = ? WHERE number = ? AND revoked_at IS NULL"
            if connection.execute(query, (time.time(), number)).rowcount:
                note(connection, TOKEN, str(number))

        self._database.write_later(mark)

    async def _set(self, number: int, account: str | None, **values: Any) -> None:
        def change(connection: sqlite3.Connection) -> None:
            condition, whose = scope(account)
            columns = ", ".join(f"{name} = ?" for name in values)
            query = f"UPDATE tokens SET {columns}, updated_at = ? WHERE number = ? AND revoked_at IS NULL{condition}"
            if not connection.execute(query, (*values.values(), time.time(), number, *whose)).rowcount:
                raise TokenUnknown(token=number)
            note(connection, TOKEN, str(number))

        await self._database.write(change)


def _revoked_beyond(connection: sqlite3.Connection, account: str) -> list[str]:
    """Revoke what an account has beyond `MOST`, inside a write. Return the numbers."""
    good = "account_id = :account AND admin = 0 AND revoked_at IS NULL"
    latest = "max(coalesce(used_at, 0), created_at) DESC, number DESC"
    query = (
        f"UPDATE tokens SET revoked_at = :now, updated_at = :now WHERE {good} AND number NOT IN"
        f" (SELECT number FROM tokens WHERE {good} ORDER BY {latest} LIMIT :most) RETURNING number"
    )
    values = {"account": account, "now": time.time(), "most": MOST}
    return [str(number) for (number,) in connection.execute(query, values).fetchall()]


def _is_by_password(connection: sqlite3.Connection, number: int) -> bool:
    """Return whether a token ends with the password, inside a write. Raises TokenRefused if it is good no longer."""
    query = "SELECT by_password FROM tokens WHERE number = ? AND revoked_at IS NULL"
    found = connection.execute(query, (number,)).fetchone()
    if found is None:
        raise TokenRefused
    return bool(found[0])


def _token(row: Sequence[Any]) -> Token:
    number, account_id, name, admin, created_at, used_at, by_password = row
    return Token(number, account_id, name, bool(admin), created_at, used_at, bool(by_password))

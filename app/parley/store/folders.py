"""Folders, each of one account. One that is removed leaves its conversations behind, in no folder."""

import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from parley.errors import FolderNameless, FolderUnknown
from parley.messages import OWNER, Folder, new_id
from parley.store.changes import CONVERSATION, FOLDER, note
from parley.store.database import Database
from parley.store.room import demand_room
from parley.store.scope import demand_there, scope
from parley.store.words import one_line, storable

_COLUMNS = "id, name, created_at, account_id"
_SELECT = f"SELECT {_COLUMNS} FROM folders"


class Folders:
    """The folders of a store. To an account those of others are unknown."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, account: str = OWNER) -> list[Folder]:
        """Return the folders of an account, by name."""
        found = [_folder(row) for row in self._database.rows(f"{_SELECT} WHERE account_id = ?", (account,))]
        return sorted(found, key=lambda folder: (folder.name.casefold(), folder.id))

    def get(self, id: str, *, account: str | None = OWNER) -> Folder:
        """Return one folder. Raises FolderUnknown."""
        condition, whose = scope(account)
        row = self._database.row(f"{_SELECT} WHERE id = ?{condition}", (id, *whose))
        if row is None:
            raise FolderUnknown(folder=id)
        return _folder(row)

    async def add(self, name: str, *, account: str = OWNER) -> Folder:
        """Add a folder. Several may have one name. Raises FolderNameless, AccountUnknown and DiskLow."""
        folder = Folder(new_id(), _name(name), time.time(), account)

        def add(connection: sqlite3.Connection) -> None:
            demand_there(connection, account)
            demand_room(connection, account)
            query = f"INSERT INTO folders({_COLUMNS}, updated_at) VALUES (?, ?, ?, ?, ?)"
            values = (folder.id, folder.name, folder.created_at, account, folder.created_at)
            connection.execute(query, values)
            note(connection, FOLDER, folder.id)

        await self._database.write(add)
        return folder

    async def rename(self, id: str, name: str, *, account: str | None = OWNER) -> Folder:
        """Give a folder another name, and return it. Raises FolderUnknown and FolderNameless."""
        name = _name(name)

        def rename(connection: sqlite3.Connection) -> Folder:
            condition, whose = scope(account)
            query = f"UPDATE folders SET name = ?, updated_at = ? WHERE id = ?{condition} RETURNING {_COLUMNS}"
            row = connection.execute(query, (name, time.time(), storable(id), *whose)).fetchone()
            if row is None:
                raise FolderUnknown(folder=id)
            note(connection, FOLDER, id)
            return _folder(row)

        return await self._database.write(rename)

    async def remove(self, id: str, *, account: str | None = OWNER) -> None:
        """Remove a folder; its conversations are in none then. Raises FolderUnknown."""

        def remove(connection: sqlite3.Connection) -> None:
            condition, whose = scope(account)
            query = f"SELECT 1 FROM folders WHERE id = ?{condition}"
            if connection.execute(query, (storable(id), *whose)).fetchone() is None:
                raise FolderUnknown(folder=id)
            query = "UPDATE conversations SET folder_id = NULL, updated_at = ? WHERE folder_id = ? RETURNING id"
            left = connection.execute(query, (time.time(), id)).fetchall()
            note(connection, CONVERSATION, *[conversation for (conversation,) in left])
            connection.execute("DELETE FROM folders WHERE id = ?", (id,))
            note(connection, FOLDER, id)

        await self._database.write(remove)


def demand_of_same_account(connection: sqlite3.Connection, folder_id: str, conversation_id: str) -> None:
    """Raise FolderUnknown unless a folder belongs to whom a conversation belongs, inside a write."""
    query = "SELECT 1 FROM folders f JOIN conversations c ON c.account_id = f.account_id WHERE f.id = ? AND c.id = ?"
    if connection.execute(query, (storable(folder_id), storable(conversation_id))).fetchone() is None:
        raise FolderUnknown(folder=folder_id)


def _folder(row: Sequence[Any]) -> Folder:
    return Folder(*row)


def _name(name: str) -> str:
    """Return a name as it is kept. Raises FolderNameless."""
    kept = one_line(storable(name))
    if not kept:
        raise FolderNameless
    return kept

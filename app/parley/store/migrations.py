"""Brings a file up to date, step by step. Each runs in a transaction together with the record that it has run."""

import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING

from parley.errors import StoreNewer, StoreUnreadable
from parley.store.directory import connect
from parley.store.problems import told
from parley.store.steps import APPLICATION_ID, STEPS, Step

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

SET = "parley"
TABLE = "_sqlite_migrations"


def is_store(connection: sqlite3.Connection) -> bool:
    """Return whether a file bears our mark."""
    return bool(connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID)


def pending(connection: sqlite3.Connection, path: "Path", steps: Iterable[Step] = STEPS) -> list[str]:
    """Return the names of the steps that this file has not taken. Reads only.

    Raises StoreUnreadable if the file is no database of ours, and StoreNewer if it has taken steps that we do not know.
    """
    known = [step.__name__ for step in steps]
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if tables <= {TABLE}:
        return known
    if not is_store(connection) or TABLE not in tables:
        raise StoreUnreadable(path=path, detail="a database of another program")
    applied = {name for (name,) in connection.execute(f"SELECT name FROM {TABLE} WHERE migration_set = ?", (SET,))}
    if unknown := applied.difference(known):
        raise StoreNewer(path=path, detail=", ".join(sorted(unknown)))
    if not applied or set(known[: len(applied)]) != applied:
        raise StoreUnreadable(path=path, detail="the record of its schema is damaged")
    return known[len(applied) :]


def migrate(path: "Path", steps: Iterable[Step] = STEPS) -> None:
    """Take the steps that are pending. A step that fails leaves the file as it was before that step."""
    from sqlite_utils import Database, Migrations

    migrations = Migrations(SET)
    for step in steps:
        migrations()(step)
    with told(path), closing(connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        migrations.apply(Database(connection))
    logger.info("%s is up to date", path)

"""Assistants. One that is removed is unknown, but conversations that were begun with it go on with it."""

import json
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from parley.assistants import Assistant, slug_of
from parley.errors import AssistantExists, AssistantNameless, AssistantUnknown
from parley.messages import new_id
from parley.models import NO_PARAMETERS, Parameters, parameters_from_json
from parley.store import rows
from parley.store.changes import ASSISTANT, note
from parley.store.database import Database
from parley.store.words import one_line, storable

_COLUMNS = "id, slug, name, created_at, description, instruction, model, parameters, tools, knowledge"
_LIVING = f"SELECT {_COLUMNS} FROM assistants WHERE deleted_at IS NULL"


class Assistants:
    """The assistants of a store. They belong to everybody who may ask this computer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Assistant]:
        """Return all assistants, by name."""
        found = [_assistant(row) for row in self._database.rows(_LIVING)]
        return sorted(found, key=lambda assistant: (assistant.name.casefold(), assistant.slug))

    def get(self, id: str) -> Assistant:
        """Return the assistant of a conversation, removed or not. Raises AssistantUnknown."""
        row = self._database.row(f"SELECT {_COLUMNS} FROM assistants WHERE id = ?", (id,))
        if row is None:
            raise AssistantUnknown(assistant=id)
        return _assistant(row)

    def find(self, text: str) -> Assistant:
        """Return the assistant of an id, a slug or a name. Raises AssistantUnknown."""
        try:
            slug = slug_of(text)
        except AssistantNameless:
            raise AssistantUnknown(assistant=text) from None
        row = self._database.row(f"{_LIVING} AND ? IN (id, slug)", (slug,))
        if row is None:
            raise AssistantUnknown(assistant=text)
        return _assistant(row)

    async def add(
        self,
        name: str,
        *,
        instruction: str = "",
        description: str = "",
        model: str = "",
        parameters: Parameters = NO_PARAMETERS,
        tools: Sequence[str] = (),
        knowledge: Sequence[str] = (),
    ) -> Assistant:
        """Add an assistant. Raises AssistantExists and AssistantNameless."""
        id, now = new_id(), time.time()
        values = _values(name, instruction, description, model, parameters, tools, knowledge)

        def add(connection: sqlite3.Connection) -> None:
            _demand_free(connection, values["slug"], name)
            given = {"id": id, **values, "created_at": now, "updated_at": now}
            marks = ", ".join("?" * len(given))
            query = f"INSERT INTO assistants({', '.join(given)}) VALUES ({marks})"
            connection.execute(query, list(given.values()))
            note(connection, ASSISTANT, id)

        await self._database.write(add)
        return self.get(id)

    async def put(self, assistant: Assistant) -> None:
        """Keep an assistant as it is now, under its id. Its slug follows its name.

        Raises AssistantUnknown, AssistantExists and AssistantNameless.
        """
        values = _values(
            assistant.name,
            assistant.instruction,
            assistant.description,
            assistant.model,
            assistant.parameters,
            assistant.tools,
            assistant.knowledge,
        )

        def put(connection: sqlite3.Connection) -> None:
            _demand_free(connection, values["slug"], assistant.name, but=assistant.id)
            columns = ", ".join(f"{column} = ?" for column in values)
            query = f"UPDATE assistants SET {columns}, updated_at = ? WHERE id = ? AND deleted_at IS NULL"
            if not connection.execute(query, (*values.values(), time.time(), storable(assistant.id))).rowcount:
                raise AssistantUnknown(assistant=assistant.name)
            note(connection, ASSISTANT, assistant.id)

        await self._database.write(put)

    async def remove(self, id: str) -> None:
        """Remove an assistant. Raises AssistantUnknown."""

        def remove(connection: sqlite3.Connection) -> None:
            now = time.time()
            query = "UPDATE assistants SET deleted_at = ?, updated_at = ? WHERE id = ? AND deleted_at IS NULL"
            if not connection.execute(query, (now, now, storable(id))).rowcount:
                raise AssistantUnknown(assistant=id)
            note(connection, ASSISTANT, id)

        await self._database.write(remove)

    async def restore(self, id: str) -> None:
        """Take a removal back. Raises AssistantUnknown, and AssistantExists if another one has its name by now."""

        def restore(connection: sqlite3.Connection) -> None:
            query = "SELECT slug, name FROM assistants WHERE id = ? AND deleted_at IS NOT NULL"
            found = connection.execute(query, (storable(id),)).fetchone()
            if found is None:
                raise AssistantUnknown(assistant=id)
            slug, name = found
            _demand_free(connection, slug, name, but=id)
            query = "UPDATE assistants SET deleted_at = NULL, updated_at = ? WHERE id = ?"
            connection.execute(query, (time.time(), storable(id)))
            note(connection, ASSISTANT, id)

        await self._database.write(restore)


def _assistant(row: Sequence[Any]) -> Assistant:
    *facts, parameters, tools, knowledge = row
    stored = parameters_from_json(json.loads(parameters)) if parameters else NO_PARAMETERS
    made: Any = (*facts, stored, tuple(json.loads(tools)), tuple(json.loads(knowledge)))
    return Assistant(*made)


def _values(
    name: str,
    instruction: str,
    description: str,
    model: str,
    parameters: Parameters,
    tools: Sequence[str],
    knowledge: Sequence[str],
) -> dict[str, str]:
    """Return the columns of an assistant. Raises AssistantNameless."""
    return {
        "slug": slug_of(storable(name)),
        "name": one_line(storable(name)),
        "description": one_line(storable(description)),
        "instruction": storable(instruction),
        "model": storable(model),
        "parameters": rows.parameters_to_text(parameters),
        "tools": rows.to_json(list(dict.fromkeys(tools))),
        "knowledge": rows.to_json(list(dict.fromkeys(knowledge))),
    }


def _demand_free(connection: sqlite3.Connection, slug: str, name: str, but: str = "") -> None:
    query = "SELECT 1 FROM assistants WHERE slug = ? AND id <> ? AND deleted_at IS NULL"
    if connection.execute(query, (slug, storable(but))).fetchone():
        raise AssistantExists(assistant=one_line(name))

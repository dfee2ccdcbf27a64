"""Shelf: the lists of models as servers told them last, in a small file: for the next start, and without a network."""

import json
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from parley.errors import ChatError
from parley.files import alone, write_private
from parley.models import Model, Price
from parley.providers.endpoints import Endpoint, object_of

logger = logging.getLogger(__name__)

MOST_GONE = 1000
"""Names of models that are remembered after they have left a list."""


class Shelf:
    """The models of each server. A list belongs to an address: of another one nothing is known. None keeps nothing.

    It is a cache: what cannot be read or written is logged, and is no failure.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._told = self._read()

    def lists(self, endpoints: Iterable[Endpoint]) -> dict[str, list[Model]]:
        """Return what these servers told last, by their ids."""
        return {place.id: found for place in endpoints if (found := self._models(place)) is not None}

    def gone(self, endpoint: Endpoint, name: str) -> bool:
        """Return whether a model was in an earlier list of a server, and is in its last one no more."""
        return name in self._row(endpoint).get("gone", ())

    def put(self, told: Mapping[Endpoint, list[Model]]) -> None:
        """Keep what servers have told now. Waits for the disk."""
        changed = {place.id: self._shelved(place, models) for place, models in told.items()}
        if not changed or self._path is None:
            self._told |= changed
            return
        try:
            with alone(self._path):
                self._told = self._read() | changed
                write_private(self._path, json.dumps(self._told, ensure_ascii=False))
        except ChatError as error:
            self._told |= changed
            logger.warning("the lists of models are not kept: %s", error)

    def _shelved(self, place: Endpoint, models: list[Model]) -> dict[str, Any]:
        names = {model.name for model in models}
        before = self._row(place)
        known = [*before.get("gone", ()), *(entry["name"] for entry in before.get("models", ()))]
        gone = [name for name in dict.fromkeys(known) if name not in names][-MOST_GONE:]
        rows = [_to_json(model) for model in models]
        return {"address": place.base_url, "at": int(time.time()), "models": rows, "gone": gone}

    def _models(self, place: Endpoint) -> list[Model] | None:
        row = self._row(place)
        try:
            return [_from_json(entry) for entry in row["models"]]
        except (KeyError, TypeError, ValueError):
            return None

    def _row(self, place: Endpoint) -> Mapping[str, Any]:
        row = object_of(self._told.get(place.id))
        return row if row.get("address") == place.base_url else {}

    def _read(self) -> dict[str, Any]:
        if self._path is None:
            return {}
        try:
            return dict(object_of(json.loads(self._path.read_text(encoding="utf-8"))))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            logger.warning("the kept lists of models cannot be read: %s", error)
            return {}


def _to_json(model: Model) -> dict[str, Any]:
    """Return what of a model says something."""
    defaults = {found.name: found.default for found in fields(Model)}
    row = {name: value for name, value in asdict(model).items() if value != defaults[name]}
    if model.parameters is not None:
        row["parameters"] = sorted(model.parameters)
    return row


def _from_json(row: Mapping[str, Any]) -> Model:
    known = {found.name for found in fields(Model)}
    values = {name: value for name, value in row.items() if name in known}
    if values.get("parameters") is not None:
        values["parameters"] = frozenset(values["parameters"])
    if values.get("price") is not None:
        values["price"] = Price(**values["price"])
    return Model(**values)

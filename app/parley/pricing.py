"""Pricing: tokens -> US dollars, by a person's own table, by what a provider's list says, or by the table that ships.

A table is a JSON object: `provider/model` -> the fields of `Price`, in dollars for a million tokens. A model's dated
versions cost what the model does.
"""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from parley.messages import Usage
from parley.models import Model, Price

logger = logging.getLogger(__name__)

MILLION = 1_000_000

_VERSION = r"([-@](\d{8}|\d{4}-\d{2}-\d{2}|\d{3,4}|latest|preview(-[\d-]+)?|exp(-[\d-]+)?))?(:[a-z]+)?"
"""What follows a model's name in that of one of its versions: a date, a number, a word; with some vendors a tariff."""


class Prices:
    """What models cost. `own` is a file that a person may keep; it is read when it is first needed."""

    def __init__(self, shipped: Path | None = None, own: Path | None = None) -> None:
        self._shipped_path, self._own_path = shipped, own

    def of(self, model_id: str, listed: Model | None = None) -> Price | None:
        """Return what a model costs, or None where nobody says: it may be free, or run on this computer."""
        if own := _found(self._own, model_id):
            return own
        return listed.price if listed and listed.price else _found(self._shipped, model_id)

    def priced(self, usage: Usage, model_id: str, listed: Model | None = None) -> Usage:
        """Return the usage with its cost. What the vendor has told itself stays."""
        price = None if usage.cost is not None else self.of(model_id, listed)
        return usage if price is None else replace(usage, cost=cost_of(usage, price))

    @cached_property
    def _own(self) -> Mapping[str, Price]:
        return _read(self._own_path)

    @cached_property
    def _shipped(self) -> Mapping[str, Price]:
        return _read(self._shipped_path)


def cost_of(usage: Usage, price: Price) -> float | None:
    """Return what tokens cost, in US dollars, or None where there are none to count."""
    if usage.input_tokens is None and usage.output_tokens is None:
        return None
    cached, writing = usage.cached_tokens or 0, usage.cache_writing_tokens or 0
    plain = max(0, (usage.input_tokens or 0) - cached - writing)
    cached_price = price.input if price.cached_input is None else price.cached_input
    writing_price = price.input if price.cache_writing is None else price.cache_writing
    read = plain * price.input + cached * cached_price + writing * writing_price
    return (read + (usage.output_tokens or 0) * price.output) / MILLION


def _found(table: Mapping[str, Price], model_id: str) -> Price | None:
    """Return the price of a model, or of that which it is a version of: the longest name counts."""
    if price := table.get(model_id):
        return price
    names = (name for name in table if model_id.startswith(name))
    versions = [name for name in names if re.fullmatch(_VERSION, model_id[len(name) :])]
    return table[max(versions, key=len)] if versions else None


def _read(path: Path | None) -> Mapping[str, Price]:
    """Return the table of a file. A row that cannot be read is logged and left out."""
    if path is None:
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        logger.warning("the prices in %s cannot be read: %s", path.name, error)
        return {}
    return dict(filter(None, (_row(name, row) for name, row in rows.items()))) if isinstance(rows, dict) else {}


def _row(name: str, row: Any) -> tuple[str, Price] | None:
    if name.startswith("#"):  # a remark
        return None
    try:
        price = Price(**row)
    except TypeError:
        price = Price(-1, -1)
    values: tuple[Any, ...] = (price.input, price.output, price.cached_input or 0, price.cache_writing or 0)
    if all(isinstance(value, int | float) and 0 <= value < MILLION for value in values):
        return name, price
    logger.warning("the price of %s cannot be read", name)
    return None

"""Pricing: tokens -> US dollars, by a person's own table, by what a provider's list says, or by the table that ships.

A table is a JSON object: `provider/model` -> the fields of `Price`, in dollars for a million tokens. A model's dated
versions cost what the model does; `provider/*` is every model of a provider that has no row.
"""

import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import floor, log10
from pathlib import Path
from typing import Any, NamedTuple

from parley.messages import Usage
from parley.models import Model, Price

logger = logging.getLogger(__name__)

MILLION = 1_000_000
DIGITS = 2
"""So many digits of a small amount say something."""
FINEST = 6
"""Nobody wants to know more decimals of a dollar."""
_NOTHING = {"input": 0, "output": 0}
MOST_ASKED = 1000
"""So many answers are remembered: looking through all versions of all names takes a while."""
REMARK = "#"
"""A row whose name begins with it is no price."""

_VERSION = r"([-@](\d{8}|\d{4}-\d{2}-\d{2}|\d{3,4}|latest|preview(-[\d-]+)?|exp(-[\d-]+)?))?(:[a-z]+)?"
"""What follows a model's name in that of one of its versions: a date, a number, a word; with some vendors a tariff."""


class Problem(NamedTuple):
    """What cannot be read in a table: the row of a model, or the whole file, and why."""

    model: str
    reason: str


class Prices:
    """What models cost. `own` is a file that a person may keep; what is changed in it holds at once."""

    def __init__(self, shipped: Path | None = None, own: Path | None = None) -> None:
        self._shipped, self._own = _Table(shipped), _Table(own)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return what is wrong in a person's own table."""
        self._own.look()
        return self._own.problems

    def look(self) -> bool:
        """Read a person's own table again if it has changed, and return whether it has."""
        return self._own.look()

    def of(self, model_id: str, listed: Model | None = None) -> Price | None:
        """Return what a model costs, or None where nobody says: it may be free, or run on this computer."""
        if own := self._own.price(model_id):
            return own
        return listed.price if listed and listed.price else self._shipped.price(model_id)

    def priced(self, usage: Usage, model_id: str, listed: Model | None = None) -> Usage:
        """Return the usage with its cost. What the vendor has told itself stays."""
        price = None if usage.cost is not None else self.of(model_id, listed)
        return usage if price is None else replace(usage, cost=cost_of(usage, price))


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


def decimals(dollars: float) -> int:
    """Return how many decimals an amount is told with: cents, and of less than one what says something."""
    if dollars == 0 or abs(dollars) >= 1:
        return 2
    places = min(FINEST, max(2, DIGITS - 1 - floor(log10(abs(dollars)))))
    while places > 2 and round(dollars, places) == round(dollars, places - 1):  # no zero at the end
        places -= 1
    return places


def example(models: Iterable[str] = ()) -> str:
    """Return a table to begin with: rows for these models that count for nothing until their remark sign is gone."""
    remark = f"US dollars for a million tokens. Take the {REMARK} from a row, and put in what the provider asks."
    full = {"input": 1.25, "output": 10, "cached_input": 0.125, "cache_writing": 1.25}
    rows: dict[str, Any] = {REMARK: remark, f"{REMARK}provider/model": full, f"{REMARK}provider/*": _NOTHING}
    rows |= {f"{REMARK}{model}": _NOTHING for model in models}
    lines = (f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(row)}" for name, row in rows.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


class _Table:
    """The prices of a file, read when they are first needed and whenever it has changed."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._rows: Mapping[str, Price] = {}
        self._asked: dict[str, Price | None] = {}
        self.problems: tuple[Problem, ...] = ()

    def look(self) -> bool:
        """Read the file if it is not the one that was seen last."""
        seen = _fingerprint(self._path)
        if seen == self._seen:
            return False
        self._seen = seen
        found: list[Problem] = []
        self._rows = _read(self._path, found) if self._path and seen else {}
        self._asked.clear()
        self.problems = tuple(found)
        for model, reason in found:
            logger.warning("%s: %s", f"the price of {model} cannot be read" if model else "no prices", reason)
        return True

    def price(self, model_id: str) -> Price | None:
        """Return the price of a model, or of that which it is a version of: the longest name counts."""
        self.look()
        if model_id not in self._asked:
            if len(self._asked) >= MOST_ASKED:
                self._asked.clear()
            self._asked[model_id] = self._found(model_id)
        return self._asked[model_id]

    def _found(self, model_id: str) -> Price | None:
        rows = self._rows
        if price := rows.get(model_id):
            return price
        names = (name for name in rows if model_id.startswith(name))
        versions = [name for name in names if re.fullmatch(_VERSION, model_id[len(name) :])]
        return rows[max(versions, key=len)] if versions else rows.get(f"{model_id.partition('/')[0]}/*")


def _fingerprint(path: Path | None) -> tuple[int, int, int] | None:
    try:
        facts = path.stat() if path else None
    except OSError:
        return None
    return (facts.st_mtime_ns, facts.st_ino, facts.st_size) if facts else None


def _read(path: Path, problems: list[Problem]) -> Mapping[str, Price]:
    """Return the table of a file. What cannot be read is left out and told."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        problems.append(Problem("", f"{path.name} cannot be read: {error}"))
        return {}
    if not isinstance(rows, dict):
        problems.append(Problem("", f"{path.name} cannot be read: it is no JSON object"))
        return {}
    table = {}
    for name, row in rows.items():
        if name.startswith(REMARK):
            continue
        if reason := _fault(name, row):
            problems.append(Problem(name, reason))
        else:
            table[name] = Price(**row)
    return table


def _fault(name: str, row: Any) -> str:
    """Return why a row is no price, or nothing."""
    if not all(name.partition("/")):
        return "its name is not provider/model"
    if not isinstance(row, dict) or not {"input", "output"} <= row.keys():
        return "it has no input and output"
    if unknown := sorted(row.keys() - Price.__slots__):
        return f"it has an unknown {unknown[0]}"
    for field, value in row.items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not 0 <= value < MILLION:
            return f"its {field} is no number of dollars"
    return ""

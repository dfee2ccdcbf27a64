"""What tokens cost."""

import json
import logging
from pathlib import Path

import pytest

from parley.messages import Usage
from parley.models import Model, Price
from parley.pricing import Prices, cost_of


def table(path: Path, rows: object) -> Path:
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_each_kind_of_token_has_its_price() -> None:
    price = Price(input=10.0, output=100.0, cached_input=1.0, cache_writing=20.0)
    usage = Usage(1_000_000, 10_000, cached_tokens=500_000, cache_writing_tokens=100_000)
    assert cost_of(usage, price) == pytest.approx(4.0 + 0.5 + 2.0 + 1.0)
    assert cost_of(usage, Price(10.0, 100.0)) == pytest.approx(10.0 + 1.0)
    assert cost_of(Usage(), price) is None
    assert cost_of(Usage(100, None), Price(0.0, 0.0)) == 0.0


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("a/big", 1.0),
        ("a/big-2026-01-31", 1.0),
        ("a/big-20260131", 1.0),
        ("a/big-0613", 1.0),
        ("a/big-latest", 1.0),
        ("a/big-preview-05-06", 1.0),
        ("a/big:free", 1.0),
        ("a/big-mini", 2.0),
        ("a/big-mini-2026-01-31", 2.0),
        ("a/big-5", 3.0),
        ("a/bigger", None),
        ("a/big-nano", None),
        ("b/big", None),
    ],
)
def test_versions_cost_what_the_model_does(tmp_path: Path, model: str, price: float | None) -> None:
    rows = {"a/big": 1.0, "a/big-mini": 2.0, "a/big-5": 3.0}
    prices = Prices(table(tmp_path / "p.json", {name: {"input": cost, "output": 9} for name, cost in rows.items()}))
    found = prices.of(model)
    assert (found.input if found else None) == price


def test_ones_own_table_comes_first_then_the_list(tmp_path: Path) -> None:
    shipped = table(tmp_path / "shipped.json", {"a/x": {"input": 1, "output": 1}, "a/y": {"input": 1, "output": 1}})
    own = table(tmp_path / "own.json", {"#": "mine", "a/x": {"input": 3, "output": 3}})
    prices = Prices(shipped, own)
    listed = Model("a", "x", price=Price(2.0, 2.0))
    assert prices.of("a/x", listed) == Price(3, 3)
    assert prices.of("a/y", listed) == Price(2.0, 2.0)
    assert prices.of("a/y") == Price(1, 1)


def test_what_the_vendor_says_stays() -> None:
    assert Prices().priced(Usage(1, 1, cost=0.25), "a/x", Model("a", "x", price=Price(9.0, 9.0))).cost == 0.25


@pytest.mark.parametrize("row", [1, {"input": "1", "output": 1}, {"input": -1, "output": 1}, {"input": 1}])
def test_a_row_that_is_none_is_left_out(tmp_path: Path, row: object, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        prices = Prices(None, table(tmp_path / "own.json", {"a/x": row, "a/y": {"input": 1, "output": 1}}))
        assert (prices.of("a/x"), prices.of("a/y")) == (None, Price(1, 1))
    assert "the price of a/x cannot be read" in caplog.text


def test_a_file_that_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "own.json"
    path.write_text("{", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert Prices(None, path).of("a/x") is None
    assert "own.json cannot be read" in caplog.text
    assert Prices(None, tmp_path / "missing.json").of("a/x") is None

"""What tokens cost."""

import json
import logging
from pathlib import Path

import pytest

from parley.messages import Usage
from parley.models import Model, Price
from parley.paths import resources
from parley.pricing import Prices, Problem, cost_of, decimals
from parley.providers.catalog import BUILT_IN


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


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (1, "it has no input and output"),
        ({"input": 1}, "it has no input and output"),
        ({"input": "1", "output": 1}, "its input is no number of dollars"),
        ({"input": 1, "output": -1}, "its output is no number of dollars"),
        ({"input": 1, "output": True}, "its output is no number of dollars"),
        ({"input": 1, "output": 1, "cached": 1}, "it has an unknown cached"),
    ],
)
def test_a_row_that_is_none_is_left_out(
    tmp_path: Path, row: object, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        prices = Prices(None, table(tmp_path / "own.json", {"a/x": row, "a/y": {"input": 1, "output": 1}}))
        assert (prices.of("a/x"), prices.of("a/y")) == (None, Price(1, 1))
    assert prices.problems == (Problem("a/x", reason),)
    assert f"the price of a/x cannot be read: {reason}" in caplog.text


@pytest.mark.parametrize("text", ["{", "[1]", "[" * 100_000])
def test_a_file_that_is_none(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "own.json"
    path.write_text(text, encoding="utf-8")
    prices = Prices(None, path)
    with caplog.at_level(logging.WARNING):
        assert prices.of("a/x") is None
        assert prices.of("a/y") is None
    assert caplog.text.count("own.json cannot be read") == 1
    assert [problem.model for problem in prices.problems] == [""]
    missing = Prices(None, tmp_path / "missing.json")
    assert (missing.of("a/x"), missing.problems) == (None, ())


def test_a_name_without_a_provider_is_told(tmp_path: Path) -> None:
    prices = Prices(None, table(tmp_path / "own.json", {"x": {"input": 1, "output": 1}}))
    assert prices.problems == (Problem("x", "its name is not provider/model"),)


def test_what_is_changed_in_ones_own_table_holds_at_once(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    prices = Prices(None, path)
    assert prices.of("a/x") is None
    assert not prices.look()
    table(path, {"a/x": {"input": 1, "output": 1}})
    assert prices.of("a/x") == Price(1, 1)
    table(path, {"a/x": {"input": 25, "output": 1}})
    assert prices.look()
    assert not prices.look()
    assert prices.of("a/x") == Price(25, 1)
    path.unlink()
    assert prices.of("a/x") is None


def test_a_provider_may_have_one_price_for_the_rest(tmp_path: Path) -> None:
    rows = {"a/*": {"input": 0, "output": 0}, "a/x": {"input": 1, "output": 1}}
    prices = Prices(None, table(tmp_path / "own.json", rows))
    assert prices.of("a/x-latest") == Price(1, 1)
    other = prices.of("a/other")
    assert other is not None
    assert other.free
    assert prices.of("b/x") is None


@pytest.mark.parametrize(
    ("dollars", "told"),
    [(0, 2), (12.5, 2), (0.5, 2), (0.05, 2), (0.012, 3), (0.0003, 4), (0.00031, 5), (0.0000123, 6)],
)
def test_small_amounts_can_be_read(dollars: float, told: int) -> None:
    assert decimals(dollars) == told


def shipped() -> dict[str, dict[str, float]]:
    rows = json.loads((resources() / "prices.json").read_text(encoding="utf-8"))
    return {name: row for name, row in rows.items() if not name.startswith("#")}


def test_the_table_that_ships_is_read_whole(caplog: pytest.LogCaptureFixture) -> None:
    prices = Prices(resources() / "prices.json")
    with caplog.at_level(logging.WARNING):
        assert all(prices.of(name) == Price(**row) for name, row in shipped().items())
    assert not caplog.text
    assert list(shipped()) == sorted(shipped())
    known = {*(endpoint.id for dialect in BUILT_IN for endpoint in dialect.vendors)} - {"openrouter"}  # tells its own
    assert known <= {name.partition("/")[0] for name in shipped()}


@pytest.mark.parametrize(("name", "row"), shipped().items(), ids=lambda value: value if isinstance(value, str) else "")
def test_no_price_is_absurd(name: str, row: dict[str, float]) -> None:
    assert 0.01 <= row["input"] <= 150
    embeds = "embed" in name
    assert row["output"] == 0 if embeds else row["input"] <= row["output"] <= 600
    assert row["output"] <= 20 * row["input"]
    assert 0 < row.get("cached_input", row["input"]) <= row["input"]
    assert row["input"] <= row.get("cache_writing", row["input"]) <= 2 * row["input"]


def test_the_versions_that_are_asked_for_are_found() -> None:
    prices = Prices(resources() / "prices.json")
    asked = (
        "openai/gpt-5.1-2025-11-13", "anthropic/claude-haiku-4-5-20251001", "gemini/gemini-3-pro-preview",
        "mistral/mistral-large-latest", "xai/grok-4-0709", "azure/gpt-4o", "deepseek/deepseek-v4-pro-0813",
    )  # fmt: skip
    assert all(map(prices.of, asked))

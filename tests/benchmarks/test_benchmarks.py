"""The benchmarks run: a tiny size of each, so that they do not rot. What they measure is nobody's business here."""

import json
from pathlib import Path

import pytest

from parley.store import Store
from tests.benchmarks import __main__ as bench
from tests.benchmarks import parts
from tests.benchmarks.data import Data, build
from tests.benchmarks.figures import Figure, Target, percentile, table
from tests.benchmarks.memory import ROLLUP, memory
from tests.benchmarks.plan import TINY
from tests.benchmarks.saying import PIECE, TOKEN, Saying
from tests.benchmarks.sessions import SessionFailed, session


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return build(tmp_path_factory.mktemp("bench") / "data", TINY.conversations, TINY.messages)


@pytest.mark.parametrize("name", parts.PARTS)
def test_every_part_measures_something(name: str, data: Data) -> None:
    figures = list(parts.PARTS[name](TINY, data))
    assert figures
    assert all(figure.samples and min(figure.samples) >= 0 for figure in figures)
    assert len(table(figures).splitlines()) == len(figures) + 1
    assert all(json.loads(json.dumps(figure.facts()))["n"] >= 1 for figure in figures)
    assert parts.summary(figures)


async def test_the_data_has_been_in_use_for_years(data: Data) -> None:
    store = Store.open(data.folder)
    try:
        page = store.conversations.page(limit=1000)
        assert len(page) == TINY.conversations
        assert store.conversations.latest() == store.conversations.get(data.long_id)
        tree = store.conversations.tree(data.long_id)
        assert len(tree.branch()) == len(tree.messages) == TINY.messages
        assert len(store.conversations.tree(data.short_id).branch()) == 4
    finally:
        await store.close()


def test_figures_are_compared_with_their_baseline_and_their_target() -> None:
    figure = Figure("paint", "ms", [3.0, 1.0, 2.0], [1.0], Target(1.6, "ratio"))
    assert (figure.median, figure.ratio, figure.missed) == (2.0, 2.0, True)
    assert figure.facts()["target"] == "ratio ≤ 1.6"
    assert not Figure("paint", "ms", [3.0], [], Target(1.6, "ratio")).missed
    assert not Figure("paint", "ms", [3.0], [], Target(3.0, "p95")).missed
    assert table([figure]).splitlines()[1].endswith("!")


def test_percentiles_are_samples() -> None:
    assert percentile(range(101), 0.95) == 95
    assert percentile([4.0], 0.95) == 4.0


def test_what_a_model_says_comes_partly_at_once() -> None:
    saying = Saying("mixed", rate=100, seconds=1.0, size=10_000)
    assert saying.paced == 100 * TOKEN
    assert saying.pieces == -(-(10_000 - saying.paced) // PIECE)
    assert Saying("mixed", rate=1000, seconds=9.0, size=500).pieces == 0


@pytest.mark.skipif(not Path(ROLLUP.format("self")).exists(), reason="memory is read where Linux tells it")
def test_memory_is_told_in_megabytes() -> None:
    told = memory()
    assert 5 < told["pss"] <= told["rss"] < 5000


def test_a_session_that_fails_says_why() -> None:
    with pytest.raises(SessionFailed, match="no_such_module"):
        session("no_such_module")


def test_unknown_parts_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["no-such-part"])
    assert "no-such-part" in capsys.readouterr().err


def test_table_and_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bench, "QUICK", TINY)
    file = tmp_path / "figures.json"
    assert bench.main(["--quick", "--json", str(file), "search"]) == 0
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told["run"]["parts"].keys() == {"search"}
    assert told["figures"][0]["name"] in capsys.readouterr().out

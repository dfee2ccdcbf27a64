"""`parley models`: the list, and the models that an Ollama keeps."""

import asyncio
import io
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from parley.cli import streams
from parley.cli.models import progress_line
from parley.main import main
from parley.providers.library import PullProgress
from tests.fakes import FakeOllama, OllamaModel, Pull


@pytest.fixture
def server() -> Iterator[FakeOllama]:
    """A fake Ollama on a loop of its own: the command has one, too."""
    loop = asyncio.new_event_loop()
    server = FakeOllama(OllamaModel("fake:latest", ("completion", "vision", "tools")))
    server.library["small:latest"] = Pull(files=(2_000_000_000, 500))
    loop.run_until_complete(server.__aenter__())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield server
    asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


class Cli:
    """The program in this process."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._data = data
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        self.err = ""

    def __call__(self, *words: str, code: int = 0, stdin: str = "") -> str:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        self._capsys.readouterr()
        assert main(["--data-dir", str(self._data), *words]) == code
        out, self.err = self._capsys.readouterr()
        return out


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, server: FakeOllama) -> Cli:
    cli = Cli(tmp_path / "data", capsys, monkeypatch)
    cli("settings", "set", "discover", "off")
    cli("provider", "add", "here", "--base-url", server.root, "--dialect", "ollama")
    return cli


def test_the_list_tells_size_and_quantisation(cli: Cli) -> None:
    head, row = cli("models").splitlines()[:2]
    assert head.split() == ["MODEL", "CONTEXT", "SIZE", "CAN"]
    assert row.split(None, 1)[0] == "here/fake:latest"
    assert "8k" in row
    assert "2.0 GB Q4_K_M" in row
    assert "vision, tools" in row
    (found, _) = json.loads(cli("models", "--json"))
    assert (found["id"], found["quantization"]) == ("here/fake:latest", "Q4_K_M")


@pytest.mark.parametrize("typed", ["small", "here/small", "ollama pull small", "small:latest"])
def test_a_model_is_fetched(cli: Cli, typed: str) -> None:
    assert cli("models", "pull", typed) == ""
    assert "is there" in cli.err
    assert "here/small:latest" in cli("models")


def test_on_a_terminal_one_line_tells_how_far_it_is(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "is_terminal", lambda stream: stream is sys.stderr)
    cli("models", "pull", "small")
    assert "25 %, 500 MB of 2.0 GB" in cli.err
    assert cli.err.count("\n") == 1


def test_what_fails_says_why(cli: Cli, server: FakeOllama) -> None:
    cli("models", "pull", "nope", code=1)
    assert "no model named “nope”" in cli.err
    server.library["small:latest"].error = "max retries exceeded"
    cli("models", "pull", "small", code=1)
    assert "max retries exceeded" in cli.err
    server.library["small:latest"].error = ""
    cli("models", "pull", "small")
    cli("models", "pull", " ", code=2)


def test_without_ollama(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    cli = Cli(tmp_path / "data", capsys, monkeypatch)
    for words in (("pull", "small"), ("show", "small"), ("rm", "--yes", "small")):
        cli("models", *words, code=1)
        assert "Ollama cannot be reached at http://127.0.0.1:9" in cli.err


def test_the_doctor_knows_how_to_get_one(cli: Cli, server: FakeOllama) -> None:
    server.models.clear()
    assert "here is running, but has no model. “parley models pull llama3.2” fetches one." in cli("doctor")


def test_one_is_shown(cli: Cli, server: FakeOllama) -> None:
    server.in_memory["fake:latest"] = 8192
    out = cli("models", "show", "fake")
    assert "quantization    Q4_K_M" in out
    assert "in memory, with room for 8192 tokens" in out
    assert "license         A licence\n                of two lines" in out
    found = json.loads(cli("models", "show", "here/fake", "--json"))
    assert (found["id"], found["context"], found["loaded"]) == ("here/fake:latest", 8192, True)
    assert found["size_bytes"] == server.models[0].size
    cli("models", "show", "nope", code=1)
    assert "no model named “nope”" in cli.err


def test_one_is_deleted_after_a_question(cli: Cli, server: FakeOllama, monkeypatch: pytest.MonkeyPatch) -> None:
    cli("models", "rm", "fake", code=2)
    assert "--yes" in cli.err
    monkeypatch.setattr(streams, "is_terminal", lambda stream: stream is sys.stdin)
    cli("models", "rm", "fake", code=1, stdin="n\n")
    assert server.models
    cli("models", "rm", "fake", stdin="y\n")
    assert "here/fake:latest is deleted" in cli.err
    assert not server.models
    cli("models", "rm", "--yes", "fake", code=1)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (PullProgress("preparing"), "Asking for it…"),
        (PullProgress("downloading", 500_000_000, 2_000_000_000), "25 %, 500 MB of 2.0 GB"),
        (
            PullProgress("downloading", 500_000_000, 2_000_000_000, 10_000_000.0),
            "25 %, 500 MB of 2.0 GB, 10 MB/s, 2:30 left",
        ),
        (
            PullProgress("downloading", 500_000_000, 2_000_000_000, 0.0),
            "25 %, 500 MB of 2.0 GB, nothing comes; Ollama goes on trying",
        ),
        (PullProgress("checking", 1, 1), "Checking what has come…"),
    ],
)
def test_how_far_it_is_in_words(step: PullProgress, words: str) -> None:
    assert progress_line(step) == words

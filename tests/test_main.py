"""The composition root: objects, exit codes, and a quick start."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

import parley
from parley import main as main_module
from parley.cli import commands, streams
from parley.errors import StoreUnreadable
from parley.main import has_display, main, open_services
from parley.paths import Paths
from parley.plugins import provider_dialects
from parley.providers.catalog import BUILT_IN

HEAVY = ("aiohttp", "PySide6", "uvicorn", "sqlite_utils", "markdown_it", "pygments", "numpy", "filelock", "qasync")


def modules_after(*words: str) -> set[str]:
    """Return the modules that a command has imported, in a process of its own."""
    program = (
        "import sys, json\nfrom parley.main import main\n"
        f"try:\n    main({list(words)!r})\nfinally:\n    print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_help_imports_next_to_nothing() -> None:
    imported = modules_after("--help")
    assert not imported.intersection((*HEAVY, "asyncio", "sqlite3", "parley.store", "parley.engine"))


def test_reading_commands_import_neither_network_nor_window(data: Path) -> None:
    words = ("--data-dir", str(data))
    assert main([*words, "conversations"]) == 0  # makes the database, which needs more
    for command in (["conversations"], ["search", "words"], ["settings", "list"], ["provider", "list"], ["show", "0"]):
        imported = modules_after(*words, *command)
        assert not imported.intersection(HEAVY), command


def test_services_are_opened_and_closed(data: Path) -> None:
    import asyncio

    async def live() -> None:
        services = open_services(Paths(data))
        assert services.store.conversations.page() == []
        assert services.catalog.get("guide").name == "Guide"
        (model,) = [model for model in services.catalog.cached_models() if model.provider == "guide"]
        turn = await services.engine.complete([], model.id)
        turn.stop()
        await services.close()

    asyncio.run(live())


async def test_the_guide_answers_from_the_manual(data: Path) -> None:
    from parley.events import Finished
    from parley.messages import Message, MessageStatus, Role, Text

    services = open_services(Paths(data))
    question = Message("m", "", None, Role.USER, (Text("How do I make a backup?"),), MessageStatus.COMPLETE, 0.0)
    turn = await services.engine.complete([question], "guide/manual")
    assert isinstance(await turn.wait(), Finished)
    assert "parley backup" in turn.text
    await services.close()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["nonsense"], 2),
        (["chat", "--nonsense"], 2),
        (["chat", "-c", "a", "--last", "hi"], 2),
        (["chat", "--last", "-s", "Be brief.", "hi"], 2),
        (["conversations", "--limit", "0"], 2),
        (["serve", "--port", "70000"], 2),
        (["provider"], 2),
        (["show", "0000"], 1),
        (["settings", "get", "nonsense"], 1),
    ],
)
def test_exit_codes(data: Path, words: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data-dir", str(data), *words]) == code
    out, err = capsys.readouterr()
    assert bool(out) == (code == 0)
    if code:
        assert err.startswith("parley: ")
        assert len(err.splitlines()) == 1


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"Parley {parley.__version__}\n"


def test_the_data_directory_may_stand_anywhere(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = data.with_name("other")
    assert main(["--data-dir", str(data), "settings", "set", "theme", "dark"]) == 0
    assert main(["settings", "get", "theme", "--data-dir", str(data)]) == 0
    assert main(["settings", f"--data-dir={data}", "get", "theme"]) == 0
    assert main(["--data-dir", str(other), "settings", "get", "theme"]) == 0
    assert main(["--data-dir", str(other), "settings", "get", "theme", "--data-dir", str(data)]) == 0
    assert capsys.readouterr().out.split() == ["dark", "dark", "system", "dark"]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Let every command fail in a certain way."""

    def fail_with(error: BaseException) -> None:
        def run(*_: object) -> int:
            raise error

        monkeypatch.setattr(commands, "run", run)

    return fail_with


def test_an_error_is_one_sentence(
    data: Path, failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(StoreUnreadable(path="/x", detail="file is not a database"))
    assert main(["--data-dir", str(data), "models"]) == 1
    assert capsys.readouterr().err == f"parley: {StoreUnreadable(path='/x')}\n"


def test_a_bug_is_one_line_and_a_traceback_in_the_log(
    data: Path,
    failing: Callable[[BaseException], None],
    capsys: pytest.CaptureFixture[str],
    expect_log: Callable[[str], None],
) -> None:
    expect_log("ZeroDivisionError")
    failing(ZeroDivisionError("oops"))
    assert main(["--data-dir", str(data), "models"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    log = data / "logs" / "parley.log"
    assert line == f"parley: Parley made a mistake of its own. The log has the details: {log}"
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_ctrl_c_is_no_error(
    data: Path, failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(KeyboardInterrupt())
    assert main(["--data-dir", str(data), "models"]) == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("platform", "env", "there"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":4711"}, False),
        ("linux", {"DISPLAY": "localhost:4711.0"}, False),
        ("linux", {"DISPLAY": "nonsense"}, False),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"DISPLAY": ":0", "QT_QPA_PLATFORM": "offscreen"}, False),
        ("linux", {"DISPLAY": ":0", "QT_QPA_PLATFORM": "minimal:x"}, False),
        ("darwin", {}, True),
        ("win32", {}, True),
        ("win32", {"QT_QPA_PLATFORM": "offscreen"}, False),
    ],
)
def test_a_display_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, platform: str, env: dict[str, str], there: bool
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(main_module, "sys", SimpleNamespace(platform=platform))
    assert has_display() is there


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="window servers of Linux")
@pytest.mark.parametrize("name", ["", "unix"])
def test_a_window_server_is_asked(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0/tmp/.X11-unix/X{os.getpid()}")
        server.listen()
        monkeypatch.setenv("DISPLAY", f"{name}:{os.getpid()}.0")
        assert has_display()


def test_a_distant_window_server_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(main_module, "X_PORT", server.getsockname()[1] - 10)
        monkeypatch.setenv("DISPLAY", "127.0.0.1:10.0")
        assert has_display()


PLUGIN = """
from parley.providers import openai
from parley.providers.endpoints import ProviderDialect

def register_providers(register):
    register(ProviderDialect("mine", openai.OpenAI, str))
"""
BROKEN = "raise ZeroDivisionError"
TAKEN = PLUGIN.replace('"mine"', '"openai"')


def test_plugins_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expect_log: Callable[[str], None]) -> None:
    expect_log("plugin broken failed")
    expect_log("there is a dialect openai already")
    for name, text in (("good", PLUGIN), ("broken", BROKEN), ("taken", TAKEN), ("empty", "")):
        (tmp_path / f"parley_test_{name}.py").write_text(text, encoding="utf-8")
        facts = tmp_path / f"parley_test_{name}-1.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: parley-test-{name}\nVersion: 1\n", "utf-8")
        (facts / "entry_points.txt").write_text(f"[parley]\n{name} = parley_test_{name}\n", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert [dialect.name for dialect in provider_dialects()] == [*(dialect.name for dialect in BUILT_IN), "mine"]


def test_without_a_display_there_is_a_hint(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data-dir", str(data)]) == 3
    assert "parley serve" in capsys.readouterr().err
    assert not data.exists()


def test_control_characters_do_not_reach_a_terminal() -> None:
    assert streams.printable("a\x1b[31mb\x07\r\tc\n\x9bd") == "a\ufffd[31mb\ufffd\ufffd\tc\n\ufffdd"


@pytest.mark.skipif(os.name == "nt", reason="POSIX file descriptors")
def test_closed_streams_are_replaced(data: Path) -> None:
    script = f'exec "{sys.executable}" -m parley --data-dir "{data}" settings list 0<&- 1>&- 2>&-'
    assert subprocess.run(["/bin/sh", "-c", script], check=False).returncode == 0

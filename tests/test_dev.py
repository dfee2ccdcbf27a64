"""dev.py: the command line, what the system must have, and environments that are set up once and repaired."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dev

VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
PYTHON = dev.Python(sys.executable, VERSION)
ENVIRONMENT = dev.Environment(".venv", ("requirements.txt",), editable=False)
WITH_DEVELOPMENT = dev.Environment(".venv", ("requirements.txt", "requirements-dev.txt"), editable=False)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project: its locks ask for nothing, so that no network is needed."""
    (tmp_path / "packaging").mkdir()
    for lock in WITH_DEVELOPMENT.locks:
        (tmp_path / "packaging" / lock).write_text("# nothing\n")
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "PACKAGING", tmp_path / "packaging")
    return tmp_path


@pytest.fixture
def environment(project: Path) -> Path:
    """The folder of an environment that is ready."""
    ENVIRONMENT.prepare(PYTHON)
    return project / ".venv"


def run_dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(dev.ROOT / "dev.py"), *arguments], capture_output=True, text=True, check=False
    )


def test_without_a_command_it_says_how_to_use_it() -> None:
    done = run_dev()
    assert (done.returncode, done.stdout) == (2, "")
    assert "run [ARGUMENTS]" in done.stderr


def test_help_goes_to_standard_output() -> None:
    done = run_dev("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"    {command} " in done.stdout for command in dev.COMMANDS)


def test_failures_are_said_in_one_place(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_: list[str]) -> None:
        dev.run_quietly([sys.executable, "-c", "print('the reason'); raise SystemExit(3)"], "It could not be done.")

    monkeypatch.setitem(dev.COMMANDS, "run", fail)
    assert dev.main(["run"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("dev: It could not be done.")
    assert "the reason" in said


def test_interruption_has_the_usual_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: list[str]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(dev.COMMANDS, "run", interrupt)
    assert dev.main(["run"]) == 130


@pytest.mark.parametrize(("arguments", "browser"), [(["-q"], False), (["--full", "-q"], True)])
def test_only_the_long_tests_need_a_browser(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], browser: bool
) -> None:
    needed: list[str] = []

    def set_up(environments: list[dev.Environment], sections: list[str]) -> None:
        needed.extend([*(environment.name for environment in environments), *sections])

    monkeypatch.setattr(dev, "set_up", set_up)
    monkeypatch.setattr(dev, "hand_over", lambda command, env: needed.append(command[-1]))
    monkeypatch.chdir(dev.ROOT)
    dev.test(arguments)
    assert (".venv-browser" in needed, "browser" in needed, needed[-1]) == (browser, browser, "-q")


@pytest.mark.parametrize(
    ("arguments", "desktop"),
    [
        ([], True),
        (["--data-dir", "serve"], True),
        (["--data-dir=here"], True),
        (["serve"], False),
        (["--data-dir", "here", "chat", "Hello"], False),
        (["--help"], False),
    ],
)
def test_desktop_is_what_opens_without_a_command(arguments: list[str], desktop: bool) -> None:
    assert dev.means_desktop(arguments) is desktop


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert not dev.has_display()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert dev.has_display()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert not dev.has_display()


def test_the_running_python_is_used_if_it_is_supported() -> None:
    python = dev.find_python()
    assert python.version == VERSION
    assert Path(python.command).parent != Path(sys.executable).parent, "an environment must not be built of itself"


def test_an_unsupported_python_finds_a_supported_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = f"python{VERSION}"
    (tmp_path / name).symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    assert dev.find_python().version == VERSION
    (tmp_path / name).unlink()
    with pytest.raises(dev.SetupError, match="and this is 3\\.10"):
        dev.find_python()


def test_each_row_of_system_packages_has_all_columns() -> None:
    for section in ("qt", "tests", "browser", "build"):
        rows = dev.system_needs(section)
        assert rows
        assert all(len(row) == 1 + len(dev.INSTALL_COMMANDS) for row in rows)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux needs packages")
def test_missing_libraries_fonts_and_programs_are_found(project: Path) -> None:
    (project / "packaging" / "system-packages.txt").write_text(
        "# A comment\n\n[qt]\nlibc.so.6 a b c d\nlibnone.so e f g h\n\n[tests]\n"
        "sh a b c d\nno-such-program i j k l\nNoSuchFont.ttf m n o p\n"
    )
    assert dev.missing_from_system(PYTHON, "qt") == [["libnone.so", "e", "f", "g", "h"]]
    assert [row[0] for row in dev.missing_from_system(PYTHON, "tests")] == ["no-such-program", "NoSuchFont.ttf"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux needs packages")
@pytest.mark.parametrize(
    ("manager", "command"),
    [
        ("apt-get", "sudo apt-get install --no-install-recommends e m"),
        ("dnf", "sudo dnf install f n"),
        ("pacman", "sudo pacman -S --needed g o"),
        ("zypper", "sudo zypper install h p"),
    ],
)
def test_who_is_not_root_is_told_what_to_type(
    project: Path, monkeypatch: pytest.MonkeyPatch, manager: str, command: str
) -> None:
    (project / "packaging" / "system-packages.txt").write_text(
        "[qt]\nlibnone.so.1 e f g h\n\n[tests]\nno-such-program m n o p\n"
    )
    (project / manager).write_text("#!/bin/sh\n")
    (project / manager).chmod(0o755)
    monkeypatch.setenv("PATH", str(project))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(dev.SetupError, match="missing from this system") as error:
        dev.prepare_system(PYTHON, ["qt", "tests"])
    assert command in str(error.value).splitlines()[2]


def test_environment_is_made_once_and_grows(environment: Path) -> None:
    assert ENVIRONMENT.is_ready(VERSION)
    before = (environment / dev.STAMP).stat().st_mtime_ns
    ENVIRONMENT.prepare(PYTHON)
    assert (environment / dev.STAMP).stat().st_mtime_ns == before
    assert not WITH_DEVELOPMENT.is_ready(VERSION)
    (environment / "mine").touch()
    WITH_DEVELOPMENT.prepare(PYTHON)
    assert WITH_DEVELOPMENT.is_ready(VERSION)
    assert (environment / "mine").exists()


def test_changed_lock_makes_the_environment_anew(environment: Path) -> None:
    (environment / "mine").touch()
    (dev.PACKAGING / "requirements.txt").write_text("# still nothing\n")
    assert not ENVIRONMENT.is_ready(VERSION)
    ENVIRONMENT.prepare(PYTHON)
    assert ENVIRONMENT.is_ready(VERSION)
    assert not (environment / "mine").exists(), "what a lock no longer names must not linger"


def test_interrupted_set_up_is_done_again(environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dev.Environment, "install", interrupt)
        with pytest.raises(KeyboardInterrupt):
            WITH_DEVELOPMENT.prepare(PYTHON)
    assert not ENVIRONMENT.is_ready(VERSION), "half of an installation may be there"
    (environment / "half").touch()
    WITH_DEVELOPMENT.prepare(PYTHON)
    assert WITH_DEVELOPMENT.is_ready(VERSION)
    assert not (environment / "half").exists()


def test_unusable_environments_are_not_ready(
    environment: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not ENVIRONMENT.is_ready("3.99"), "made with another Python"
    (environment / dev.STAMP).write_text(json.dumps(["not", "a", "stamp"]))
    assert not ENVIRONMENT.is_ready(VERSION)
    ENVIRONMENT.remember(ENVIRONMENT.wanted(VERSION))
    assert ENVIRONMENT.is_ready(VERSION)
    moved = tmp_path_factory.mktemp("moved")
    shutil.copytree(environment, moved / ".venv", symlinks=True)
    with monkeypatch.context() as patch:
        patch.setattr(dev, "ROOT", moved)
        assert not ENVIRONMENT.is_ready(VERSION), "its scripts name the old place"
    Path(ENVIRONMENT.python).unlink()
    assert not ENVIRONMENT.is_ready(VERSION), "its Python is gone"

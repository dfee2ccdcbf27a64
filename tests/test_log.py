"""The log file: private, bounded, without keys, and never in anybody's way."""

import asyncio
import logging
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from parley import log
from parley.keys import Keys

ROOT = Path(__file__).parent.parent
logger = logging.getLogger("parley.test")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "logs" / "parley.log"


def test_nothing_is_made_before_something_is_written(path: Path) -> None:
    with log.logging_to(path):
        logger.debug("not of interest")
    assert not path.parent.parent.exists()


def test_what_is_written_is_private(path: Path) -> None:
    with log.logging_to(path):
        logger.info("hello %s", "there")
        logging.getLogger("somebody.else").info("chatter")
        logging.getLogger("somebody.else").warning("careful")
    text = path.read_text(encoding="utf-8")
    assert f"{os.getpid()} INFO parley.test: hello there" in text
    assert "careful" in text
    assert "chatter" not in text
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(("level", "expected"), [("debug", "abc"), ("WARNING", "c"), ("nonsense", "bc"), ("", "bc")])
def test_the_environment_chooses_the_level(
    path: Path, monkeypatch: pytest.MonkeyPatch, level: str, expected: str
) -> None:
    monkeypatch.setenv("PARLEY_LOG", level)
    with log.logging_to(path):
        logger.debug("a")
        logger.info("b")
        logger.warning("c")
    assert "".join(line[-1] for line in path.read_text(encoding="utf-8").splitlines()) == expected


def test_keys_are_taken_out_of_lines_and_tracebacks(
    path: Path, tmp_path: Path, expect_log: Callable[[str], None]
) -> None:
    expect_log("it failed")
    keys = Keys(tmp_path / "keys.json", environ={})
    keys.set("x", "very-secret-word")
    with log.logging_to(path):
        log.redact_with(keys.redact)
        logger.warning("Authorization: Bearer abcdefghijklmnop, very-secret-word")
        try:
            raise ValueError("very-secret-word")
        except ValueError:
            logger.exception("it failed")
    text = path.read_text(encoding="utf-8")
    assert "ValueError" in text
    assert "very-secret-word" not in text
    assert "abcdefghijklmnop" not in text


def test_it_turns_over_and_stays_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MAX_BYTES", 2000)
    with log.logging_to(path):
        for number in range(200):
            logger.info("line %03d %s", number, "x" * 50)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["parley.log", "parley.log.1", "parley.log.2"]
    assert all(file.stat().st_size <= 2000 for file in files)
    assert "line 199" in path.read_text(encoding="utf-8")
    if os.name == "posix":
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@pytest.mark.skipif(os.name == "nt", reason="Windows does not rename an open file")
def test_a_file_that_another_process_turned_over_is_followed(path: Path) -> None:
    with log.logging_to(path):
        logger.info("before")
        path.rename(path.with_suffix(".log.1"))
        logger.info("after")
    assert "after" in path.read_text(encoding="utf-8")
    assert "after" not in path.with_suffix(".log.1").read_text(encoding="utf-8")


def test_a_log_that_cannot_be_made_is_silent(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path.parent.parent.write_text("a file in its place", encoding="utf-8")
    with log.logging_to(path):
        logger.warning("lost")
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_silent(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path.parent.mkdir(parents=True)
    path.symlink_to("/dev/full")
    with log.logging_to(path):
        logger.warning("lost")
    assert capfd.readouterr() == ("", "")


def test_uncaught_exceptions_and_warnings_are_logged(path: Path, expect_log: Callable[[str], None]) -> None:
    expect_log("uncaught exception")

    def fail() -> None:
        raise ZeroDivisionError("in a thread")

    hooks = sys.excepthook, threading.excepthook
    with log.logging_to(path):
        thread = threading.Thread(target=fail, name="worker")
        thread.start()
        thread.join()
        sys.excepthook(ValueError, ValueError("in the main thread"), None)
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt("Ctrl+C"), None)
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(True)
            warnings.warn("old-fashioned", stacklevel=1)
    text = path.read_text(encoding="utf-8")
    assert "in thread worker" in text
    assert "in the main thread" in text
    assert "Ctrl+C" not in text
    assert "old-fashioned" in text
    assert hooks == (sys.excepthook, threading.excepthook)


async def test_what_a_loop_reports_is_logged(path: Path, expect_log: Callable[[str], None]) -> None:
    expect_log("event loop: it went wrong")
    loop = asyncio.get_running_loop()
    with log.logging_to(path):
        log.loop_exception(loop, {"message": "it went wrong", "exception": ValueError("why")})
    assert "ValueError: why" in path.read_text(encoding="utf-8")


WRITE = """
import logging, sys
from pathlib import Path
from parley import log

log.MAX_BYTES = 20_000
with log.logging_to(Path(sys.argv[1])):
    for number in range(300):
        logging.getLogger("parley").info("%s %03d %s", sys.argv[2], number, "x" * 60)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows does not rename an open file")
def test_two_processes_write_whole_lines(path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "app")}
    command = [sys.executable, "-c", WRITE, str(path)]
    processes = [subprocess.Popen([*command, name], env=env, stderr=subprocess.PIPE) for name in ("one", "two")]
    for process in processes:
        assert process.communicate(timeout=60)[1] == b""
    for file in path.parent.iterdir():
        for line in file.read_text(encoding="utf-8").splitlines():
            assert line.endswith("x" * 60)

"""Runs the installed `parley` on a data directory of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.peers.tiny_engine import TinyEngine

PROGRAM = Path(sys.executable).with_name("parley.exe" if os.name == "nt" else "parley")
SECONDS = 60.0


class Parley:
    """The program on one data directory."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.env = {**os.environ, "PARLEY_DATA_DIR": str(data)}
        self._started: list[subprocess.Popen[bytes]] = []

    def __call__(
        self, *words: str, stdin: str | bytes = b"", code: int | None = 0, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, and check its exit code and that it shows no traceback."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [PROGRAM, *words], input=data, env=self.env | (env or {}), capture_output=True, timeout=SECONDS, check=False
        )
        out, err = done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
        assert "Traceback" not in err, err
        assert code is None or done.returncode == code, f"exit code {done.returncode}\n{out}\n{err}"
        return subprocess.CompletedProcess(words, done.returncode, out, err)

    def json(self, *words: str) -> Any:
        """Return what a command prints as JSON."""
        return json.loads(self(*words).stdout)

    def fails(self, *words: str, stdin: str | bytes = b"") -> str:
        """Run a command that fails with exit code 1, and return its one line on standard error."""
        done = self(*words, stdin=stdin, code=1)
        (line,) = done.stderr.splitlines()
        assert line.startswith("parley: ")
        return line

    def start(self, *words: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start a command and return the process; it is killed when the test ends."""
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen([PROGRAM, *words], env=self.env, **{**streams, **options})
        self._started.append(process)
        return process

    def messages(self, conversation: str = "") -> list[dict[str, Any]]:
        """Return the messages of a conversation, by default of the newest."""
        conversation = conversation or self.json("conversations", "--json")[0]["id"]
        messages: list[dict[str, Any]] = self.json("show", conversation, "--format", "json")["messages"]
        return messages

    def end(self) -> None:
        """Kill what is still running."""
        for process in self._started:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


def text_of(message: dict[str, Any]) -> str:
    """Return the text of a message as `show --format json` has it."""
    return "".join(part["text"] for part in message["parts"] if part["kind"] == "text")


def wait_for(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait until another process has made a condition true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} seconds"
        time.sleep(0.02)


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Press Ctrl+C."""
    process.send_signal(signal.SIGINT)


@pytest.fixture
def parley(tmp_path: Path) -> Iterator[Parley]:
    program = Parley(tmp_path / "data")
    program("settings", "set", "discover", "off")
    yield program
    program.end()


@pytest.fixture
def tiny(parley: Parley, tiny_engine: TinyEngine) -> Parley:
    """The program with the real engine as its provider `tiny`."""
    parley("provider", "add", "tiny", "--base-url", tiny_engine.url)
    return parley

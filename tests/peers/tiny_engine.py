"""Starts and ends a real llama.cpp server on the tiny model, in a process and a virtual environment of its own.

with TinyEngine.start() as engine:
    ...  # engine.url is the base URL that OpenAI-compatible clients want, engine.model the model's name
"""

import hashlib
import http.client
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, Self

from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".venv-peers"
PYTHON = PEERS / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
MODEL = "tiny"
START_SECONDS = 60.0  # a loaded machine is slow; it takes about one second on a quiet one
STOP_SECONDS = 10.0


class EngineFailed(Exception):
    """The engine could not be made ready; the message holds its log."""


def tiny_model() -> Path:
    """Return the model file, made once for each version of its maker."""
    if not PYTHON.exists():
        raise EngineFailed(f"{PEERS.name} is missing: `python3 dev.py test` sets it up.")
    sources = [ROOT / "tests/peers/make_tiny_gguf.py", ROOT / "tests/peers/replies.py"]
    version = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    path = PEERS / "models" / version / f"{MODEL}.gguf"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):  # test processes run side by side
        if not path.exists():
            draft = path.with_suffix(".draft")
            command = [str(PYTHON), "-m", "tests.peers.make_tiny_gguf", str(draft)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise EngineFailed(f"The tiny model could not be made:\n{done.stderr}")
            draft.replace(path)
    return path


class TinyEngine:
    """A running llama.cpp server; `start` returns when it answers."""

    model = MODEL

    def __init__(self, process: subprocess.Popen[bytes], log_file: IO[bytes]) -> None:
        self._process = process
        self._log_file = log_file
        self.address = ""
        """`http://127.0.0.1:PORT`, without a path."""

    @property
    def url(self) -> str:
        """The base URL that OpenAI-compatible clients want."""
        return f"{self.address}/v1"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.address.rpartition(":")[2])

    @classmethod
    def start(cls) -> Self:
        """Start a server on a free port and wait until it is healthy."""
        command = [str(PYTHON), "-m", "tests.peers.tiny_llama_server", str(tiny_model()), "--until-eof"]
        log_file = tempfile.NamedTemporaryFile(prefix="tiny-engine-", suffix=".log", delete=False)  # noqa: SIM115
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=log_file, stderr=log_file)
        engine = cls(process, log_file)
        try:
            engine._wait_until_healthy()
        except BaseException:
            engine.stop()
            raise
        return engine

    def stop(self) -> None:
        """End the server for sure; a second call does nothing."""
        if self._log_file.closed:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._log_file.close()
        Path(self._log_file.name).unlink()

    def log(self) -> str:
        """Return what the server has printed so far."""
        return Path(self._log_file.name).read_text(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise EngineFailed(f"The engine ended with code {self._process.returncode}:\n{self.log()}")
            if self._is_healthy():
                return
            time.sleep(0.05)
        raise EngineFailed(f"The engine was not ready after {START_SECONDS:.0f} s:\n{self.log()}")

    def _is_healthy(self) -> bool:
        # Not from the start of a line: the engine's own words, on the other stream, may be in front of it.
        found = re.search(r"listening (http://[\d.]+:\d+)\s*$", self.log(), re.MULTILINE)
        if found is None:
            return False
        self.address = found[1]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

"""Processes that are measured, one at a time."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FOREIGN = re.compile(r"PARLEY_|.*_API_KEY$|.*_BASE_URL$|OLLAMA_HOST$|.*_proxy$|PYTHON(?!PATH|HOME)", re.IGNORECASE)
"""What a developer's environment may hold, and what would be measured with it: keys, and Pythons that compile anew."""

LONGEST = 600.0


class SessionFailed(Exception):
    """A measured process has not done what it should."""


def environment() -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if not FOREIGN.match(name)}
    return {"QT_QPA_PLATFORM": "offscreen", **env}


def session(module: str, *arguments: str, at: int = 0) -> dict[str, Any]:
    """Run a module that writes its result to a file, whose name is put among the arguments; return the result.

    `spawned` is added to it: when the process was begun.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        words = [*arguments[:at], str(file), *arguments[at:]]
        command = [sys.executable, "-m", f"tests.benchmarks.{module}", *words]
        spawned = time.time()
        done = subprocess.run(
            command, env=environment(), capture_output=True, text=True, errors="replace", timeout=LONGEST, check=False
        )
        if done.returncode or not file.exists():
            raise SessionFailed(f"{module} {arguments} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        result: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if "error" in result:
        raise SessionFailed(result["error"])
    return {"spawned": spawned, **result}


def drive(folder: Path, script: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Run the program on a data directory, with a script behind it."""
    return session("driver", str(folder), script, json.dumps(options), at=1)


@contextmanager
def model_server(module: str = "model", *arguments: str) -> Iterator[str]:
    """Run a model server; give its base URL."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments]
    with subprocess.Popen(
        command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        address = process.stdout.readline().strip()
        if not address:
            raise SessionFailed("the model server does not start")
        try:
            yield address
        finally:
            process.stdin.close()

"""A real browser, in a process and a virtual environment of its own.

with Browser.start() as browser:
    await browser.open("http://127.0.0.1:3939/", "return ask('/live')")
"""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

ENVIRONMENT = Path(__file__).resolve().parents[2] / ".venv-browser"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


class Browser:
    """One page at a time, in a fresh profile each. What scripts can call is in chromium.js."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.said: list[str] = []
        """What the console of the page has complained of."""

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[Self]:
        """Start a browser; it ends with the context."""
        command = [PYTHON, Path(__file__).with_name("chromium.py")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            yield cls(process)

    async def open(self, url: str, script: str, **values: object) -> Any:
        """Open a page and return what a script comes to in it: the body of a function, which knows the values."""
        return await asyncio.to_thread(self._order, url, script, values)

    async def run(self, script: str, **values: object) -> Any:
        """Run another script in the page that is open."""
        return await asyncio.to_thread(self._order, None, script, values)

    def _order(self, url: str | None, script: str, values: dict[str, object]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"url": url, "script": script, "values": values}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the browser ended with code {self._process.wait()}"
        answer = json.loads(line)
        self.said = answer["said"]
        assert "failed" not in answer, (answer["failed"], self.said)
        return answer["value"]

"""The benchmarks: a table of figures, and JSON. Nothing is asserted; compare ratios, and targets with a grain of salt.

Each figure is printed with its least, middle and 95th of a hundred samples, as a multiple of a baseline taken in
the same run, and beside what the project wants of it. A busy machine makes everything slower: see the load.
"""

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parley.errors import ChatError
from tests.benchmarks.data import build
from tests.benchmarks.figures import Figure, table
from tests.benchmarks.parts import PARTS, summary
from tests.benchmarks.plan import FULL, QUICK, Plan
from tests.benchmarks.sessions import SessionFailed


def load() -> list[float]:
    """Return how busy the machine is and was, where that is known."""
    return [round(value, 1) for value in os.getloadavg()] if hasattr(os, "getloadavg") else []


def measure(plan: Plan, names: Sequence[str]) -> tuple[list[Figure], dict[str, Any]]:
    """Measure these parts, printing what comes; return the figures and what is to be known of the run."""
    figures: list[Figure] = []
    facts: dict[str, Any] = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load_before": load(),
        "parts": {},
        "failed": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        data = build(Path(folder) / "data", plan.conversations, plan.messages)
        print(f"data built in {time.monotonic() - began:.0f} s; load {load()}", file=sys.stderr, flush=True)
        for name in names:
            began = time.monotonic()
            try:
                figures += PARTS[name](plan, data)
            except (SessionFailed, ChatError, OSError, sqlite3.Error, subprocess.SubprocessError):
                facts["failed"][name] = traceback.format_exc()
                print(facts["failed"][name], file=sys.stderr)
            facts["parts"][name] = {"seconds": round(time.monotonic() - began, 1), "load": load()}
            print(f"{name}: {facts['parts'][name]}", file=sys.stderr, flush=True)
    return figures, facts


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmarks."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of: {', '.join(PARTS)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="less of everything, in below two minutes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    figures, facts = measure(QUICK if arguments.quick else FULL, arguments.parts or list(PARTS))
    facts["load_after"] = load()
    print(f"Python {facts['python']}, {facts['system']}, {facts['cores']} cores", end="; ")
    print(f"load {facts['load_before']} before, {facts['load_after']} after\n")
    if figures:
        print(table(figures))
        print(f"\n{summary(figures)}")
    if arguments.json:
        text = json.dumps({"run": facts, "figures": [figure.facts() for figure in figures]}, indent=1)
        arguments.json.write_text(text + "\n", encoding="utf-8")
    return 1 if facts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

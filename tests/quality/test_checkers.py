"""Formatting, lint and import rules; the checkers are configured in pyproject.toml."""

import subprocess
import sys

import pytest

from tests.quality.repository import ROOT

CHECKERS = {
    "format": ["-m", "ruff", "format", "--check", "--diff"],
    "lint": ["-m", "ruff", "check"],
    "imports": ["-c", "import sys; from importlinter.cli import lint_imports_command as main; sys.exit(main())"],
}


@pytest.mark.parametrize("checker", CHECKERS)
def test_checker_finds_nothing(checker: str) -> None:
    done = subprocess.run(
        [sys.executable, *CHECKERS[checker]], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

"""Every function is typed, and mypy agrees (strict)."""

import subprocess
import sys

import pytest

from tests.quality.repository import ROOT


def mypy(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(900)  # the first run, without a cache, on a slow machine
def test_types() -> None:
    mypy()


@pytest.mark.timeout(900)
def test_types_of_packaging_scripts() -> None:
    # One by one and outside of packages: as `packaging.build` it would stand in for PyPI's `packaging`.
    for script in sorted((ROOT / "packaging").glob("*.py")):
        mypy("--no-explicit-package-bases", "--no-namespace-packages", str(script))

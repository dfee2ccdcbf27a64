"""The program that runs where no Python is: made by packaging/build.py, tried out by packaging/smoke.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], capture_output=True, encoding="utf-8", check=False)


@pytest.mark.full
@pytest.mark.timeout(1800)  # a minute or two; more where .venv-build has to be made first
def test_frozen_program_does_what_a_person_expects(tmp_path: Path) -> None:
    done = run(ROOT / "dev.py", "build", "--smoke", "--into", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tmp_path / "parley"
    frozen = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    unwanted = ("Qml", "Quick", "Pdf", "gtk", "tkinter", "numpy", "pytest")
    assert not [name for name in frozen for word in unwanted if word in name]


@pytest.mark.skipif(os.name == "nt", reason="needs a shell script")
def test_smoke_says_what_is_wrong(tmp_path: Path) -> None:
    program = tmp_path / "parley"
    program.write_text("#!/bin/sh\necho something else\nexit 7\n")
    program.chmod(0o755)
    done = run(ROOT / "packaging" / "smoke.py", program)
    assert done.returncode == 1
    assert done.stderr.startswith("!!  “parley --version” ended with 7")
    assert "Traceback" not in done.stderr

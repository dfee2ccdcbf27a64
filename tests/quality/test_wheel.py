"""The wheel holds the program with its resources and translations, and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.quality.repository import PROGRAM, ROOT, project_files


def shipped() -> set[str]:
    """Return what the wheel should hold beside its metadata."""
    places = {PROGRAM: "parley", ROOT / "resources": "parley/resources", ROOT / "translations": "parley/translations"}
    return {
        f"{target}/{path.relative_to(folder).as_posix()}"
        for folder, target in places.items()
        for path in project_files()
        if path.is_relative_to(folder)
    }


def test_wheel_holds_the_program_and_its_resources(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    metadata = {name for name in names if ".dist-info/" in name}
    compiled = {name for name in names if name.endswith(".qm")}
    assert names - metadata - compiled == shipped()
    assert any(name.endswith("entry_points.txt") for name in metadata)

"""Small disks: file systems of their own, which can be filled up."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """Put a file system of that size at a place. Skips the test where that is not possible."""
    place.mkdir()
    mount = shutil.which("mount")
    if sys.platform != "linux" or os.geteuid() != 0 or not mount:
        pytest.skip("needs to mount a file system")
    options = f"size={megabytes}m"
    done = subprocess.run([mount, "-t", "tmpfs", "-o", options, "parley-test", place], check=False, capture_output=True)
    if done.returncode:
        pytest.skip("mounting is not permitted")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


class Ballast:
    """What fills a disk up."""

    def __init__(self, disk: Path) -> None:
        self._path = disk / "ballast"

    def fill(self, leave: int = 0) -> None:
        """Leave so many bytes free."""
        with self._path.open("ab", buffering=0) as file:
            while (free := shutil.disk_usage(self._path.parent).free - leave) > 0:
                file.write(bytes(min(free, 1 << 20)))

    def drop(self) -> None:
        """Take it away."""
        self._path.unlink()

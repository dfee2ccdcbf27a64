"""The project speaks of itself alone: no file names the machine that it was written on."""

import os
import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from tests.quality.repository import ROOT, project_files

LARGE = 5_000_000
INDEX_VARIABLES = re.compile(r"(PIP|UV)_\w*(INDEX|FIND_LINKS)\w*")
PUBLIC_HOSTS = {"pypi.org", "files.pythonhosted.org"}


def is_telling(folder: Path) -> bool:
    """Tell whether a folder's path says something about the machine, unlike /tmp and /."""
    common = {Path("/"), Path(tempfile.gettempdir()).resolve(), Path("/home"), Path("/usr/src"), Path("/srv")}
    return folder not in common


def configured_indexes() -> str:
    """Return what this machine says about package indexes: pip's settings and the environment."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    settings = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    lines = [line for line in settings if re.search(r"index|find-links", line)]
    return "\n".join([*lines, *(value for name, value in os.environ.items() if INDEX_VARIABLES.fullmatch(name))])


@cache
def telling_words() -> frozenset[str]:
    """Return the paths and hosts of this machine that no file should hold."""
    folders = [folder for folder in (ROOT, ROOT.parent, Path.home()) if is_telling(folder)]
    words = {f"{folder.as_posix()}/" for folder in folders}
    for address in re.findall(r"[a-z]+://[^\s'\"]+", configured_indexes()):
        place = urlsplit(address)
        words |= {place.hostname} if place.hostname else {place.path}
    return frozenset(words - PUBLIC_HOSTS)


def test_no_file_names_this_machine() -> None:
    found = []
    for path in project_files():
        if path.stat().st_size > LARGE:
            continue
        text = path.read_bytes().decode("utf-8", errors="ignore")
        # A longer path that merely ends alike ("/var/work/") is none of this machine's.
        found += [
            f"{path.relative_to(ROOT)}: {word}"
            for word in telling_words()
            if re.search(rf"(?<![\w.~-]){re.escape(word)}", text)
        ]
    assert not found, "\n".join(found)


def test_no_large_files() -> None:
    large = [str(path.relative_to(ROOT)) for path in project_files() if path.stat().st_size > LARGE]
    assert not large

"""The file of settings as it lies on the disk: read whole, written anew and swapped in."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from parley.errors import SettingsUnreadable
from parley.files import write_private


def fingerprint(path: Path) -> tuple[int, int] | None:
    """Return what changes with the file, or None if there is none. Raises SettingsUnreadable."""
    try:
        facts = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SettingsUnreadable(path=path, detail=str(error)) from error
    return facts.st_mtime_ns, facts.st_ino


def read(path: Path) -> dict[str, Any]:
    """Return the entries of the file. Raises SettingsUnreadable."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsUnreadable(path=path, detail=str(error)) from error
    if not isinstance(stored, dict):
        raise SettingsUnreadable(path=path, detail="not a JSON object")
    return stored


def write(path: Path, stored: Mapping[str, Any]) -> None:
    """Put a new file in the place of the old one. Raises StoreReadOnly and StoreFull."""
    write_private(path, json.dumps(stored, indent=2, ensure_ascii=False, sort_keys=True) + "\n")

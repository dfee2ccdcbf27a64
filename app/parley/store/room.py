"""Room: the last of the disk is the owner's, whose computer it is."""

import sqlite3
from pathlib import Path
from shutil import disk_usage

from parley.errors import DiskLow
from parley.messages import OWNER

MOST_KEPT = 256 * 1024 * 1024
"""Bytes that others than the owner leave free; of a small disk it is the twentieth part."""

_PART = 20


def demand_room(place: Path | sqlite3.Connection, account: str | None) -> None:
    """Raise DiskLow if somebody other than the owner would take the last of the disk that a place is on."""
    if account in (None, OWNER):
        return
    if isinstance(place, sqlite3.Connection):
        _, _, path = place.execute("PRAGMA database_list").fetchone()
        place = Path(path).parent
    try:
        disk = disk_usage(place)
    except OSError:  # what is the matter is told when it is written to
        return
    if disk.free < min(MOST_KEPT, disk.total // _PART):
        raise DiskLow(path=place)

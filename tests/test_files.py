"""Small files of ours: whole or not at all, private, one writer at a time."""

import stat
import sys
import threading
from pathlib import Path

import pytest

from parley.errors import StoreReadOnly
from parley.files import alone, write_private


def test_a_file_is_replaced_and_private(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "file.json"
    write_private(path, "one")
    write_private(path, "two")
    assert path.read_text(encoding="utf-8") == "two"
    assert list(path.parent.iterdir()) == [path]
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(StoreReadOnly):
        write_private(target, "text")
    assert list(tmp_path.iterdir()) == [target]


def test_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "count"
    write_private(path, "0")

    def count() -> None:
        for _ in range(25):
            with alone(path):
                write_private(path, str(int(path.read_text(encoding="utf-8")) + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text(encoding="utf-8") == "100"

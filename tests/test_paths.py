"""Where things live: in a checkout, an installed wheel and a frozen build."""

import sys
from pathlib import Path

import pytest

from parley import paths
from parley.paths import Paths, data_paths, resources, translations


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARLEY_DATA_DIR", str(tmp_path / "environment"))
    assert data_paths(tmp_path / "chosen").data == tmp_path / "chosen"
    assert data_paths().data == tmp_path / "environment"


def test_otherwise_it_is_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_DATA_DIR", "")
    assert data_paths().data.name == "parley"


def test_the_path_is_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    assert data_paths("here").data == tmp_path / "here"
    assert data_paths("~/there").data == tmp_path / "home" / "there"


def test_a_portable_build_keeps_its_data_beside_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PARLEY_DATA_DIR")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "parley"))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert data_paths().data != tmp_path / "data"
    (tmp_path / paths.PORTABLE_MARK).touch()
    assert data_paths().data == tmp_path / "data"


def test_all_files_are_in_the_data_folder(tmp_path: Path) -> None:
    places = Paths(tmp_path)
    for place in (places.settings, places.keys, places.log):
        assert place.is_relative_to(tmp_path)


def test_what_ships_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert (resources() / "help" / "index.md").is_file()
    assert translations() == resources().parent / "translations"
    (tmp_path / "parley" / "resources").mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "parley" / "paths.py"))
    assert resources() == tmp_path / "parley" / "resources"

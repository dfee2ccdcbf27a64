"""Where data, settings, logs and resources live: in a checkout, an installed wheel and a frozen build alike."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

PORTABLE_MARK = "portable.txt"
"""A file of this name beside the program keeps all data in a folder `data` there."""


@dataclass(frozen=True, slots=True)
class Paths:
    """The places of one data directory."""

    data: Path

    @property
    def settings(self) -> Path:
        """Return the settings file."""
        return self.data / "settings.json"

    @property
    def keys(self) -> Path:
        """Return the file of provider keys, readable by its owner only."""
        return self.data / "keys.json"

    @property
    def words(self) -> Path:
        """Return the file of words that a person has added to the dictionary."""
        return self.data / "words.txt"

    @property
    def log(self) -> Path:
        """Return the log file."""
        return self.data / "logs" / "parley.log"


def data_paths(chosen: str | os.PathLike[str] | None = None) -> Paths:
    """Return the paths of the data directory: `--data-dir`, else `PARLEY_DATA_DIR`, else portable, else the user's."""
    named = chosen or os.environ.get("PARLEY_DATA_DIR")
    if named:
        return Paths(Path(named).expanduser().absolute())
    program = Path(sys.executable).parent
    if getattr(sys, "frozen", False) and (program / PORTABLE_MARK).exists():
        return Paths(program / "data")
    from platformdirs import user_data_path

    return Paths(user_data_path("parley", appauthor=False))


def resources() -> Path:
    """Return the folder of icons, styles and help pages."""
    return _shipped("resources")


def translations() -> Path:
    """Return the folder of interface languages."""
    return _shipped("translations")


def _shipped(name: str) -> Path:
    package = Path(__file__).parent
    installed = package / name
    return installed if installed.is_dir() else package.parent.parent / name

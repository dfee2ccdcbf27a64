"""Where data, settings, logs and resources live: in a checkout, an installed wheel and a frozen build alike."""

import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

PORTABLE_MARK = "portable.txt"
"""A file of this name beside the program keeps all data in a folder `data` there."""


DATABASE = "parley.db"


class Paths(NamedTuple):
    """The places of one data directory.

    A folder that was moved is still named as before: `home` is that name, and the file `pointer` beside it says where
    the data is. `lost` is where it should be and is not, on a disk that is not connected.
    """

    data: Path
    home: Path | None = None
    lost: Path | None = None

    @property
    def pointer(self) -> Path:
        """Return the file that says where the data has been moved to. It outlives the old folder."""
        home = self.home or self.data
        return home.with_name(f"{home.name}.moved")

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
    def models(self) -> Path:
        """Return the file of the lists of models as servers told them last."""
        return self.data / "models.json"

    @property
    def prices(self) -> Path:
        """Return the file of prices that a person may keep."""
        return self.data / "prices.json"

    @property
    def certificates(self) -> Path:
        """Return the folder of the certificates that were made on this computer, and of their keys."""
        return self.data / "certificates"

    @property
    def log(self) -> Path:
        """Return the log file."""
        return self.data / "logs" / "parley.log"


def data_paths(chosen: str | os.PathLike[str] | None = None) -> Paths:
    """Return the paths of the data directory: `--data-dir`, else `PARLEY_DATA_DIR`, else portable, else the user's."""
    named = chosen or os.environ.get("PARLEY_DATA_DIR")
    if named:
        return followed(Path(named).expanduser().absolute())
    program = Path(sys.executable).parent
    if getattr(sys, "frozen", False) and (program / PORTABLE_MARK).exists():
        return followed(program / "data")
    from platformdirs import user_data_path

    return followed(user_data_path("parley", appauthor=False))


def followed(home: Path) -> Paths:
    """Return the paths of a data directory, wherever it has been moved to."""
    places = moves(Paths(home))
    if not places or places[0] == home:
        return Paths(home)
    if not (places[0] / DATABASE).exists():
        return Paths(home, lost=places[0])
    return Paths(places[0], home)


def moves(paths: Paths) -> list[Path]:
    """Return where the data has been moved to and the folders that it was in before; nothing if it was not moved."""
    try:
        told = json.loads(paths.pointer.read_text(encoding="utf-8"))
        return [Path(told["data"]), *map(Path, told["before"])]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError, KeyError, TypeError):
        return [paths.pointer]  # there is no data in it: it counts as lost


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

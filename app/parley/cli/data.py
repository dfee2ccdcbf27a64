"""`parley data`: where the data is, and another place for it."""

import sys
from argparse import Namespace
from pathlib import Path

from parley.cli import streams
from parley.cli.shell import Shell
from parley.errors import FileProblem
from parley.store.moving import Hindrance, MoveRefused, move, old_folders

_HINDRANCES: dict[Hindrance, str] = {
    "same": "the data is in this folder already",
    "inside": "it is inside the data folder",
    "file": "it is no folder",
    "not_empty": "it holds other things; name an empty folder, or a new one",
    "not_writable": "it cannot be written",
    "network": "it is on a network share, where a database can be damaged",
    "no_room": "there is not enough room",
    "fixed": "it cannot be written, so that the new place would not be remembered",
    "in_use": "another Parley is using the data; close it first",
}


def data(arguments: Namespace, shell: Shell) -> int:
    """Print where the data is, or move it."""
    if arguments.action == "where":
        streams.say(str(shell.paths.data))
        return 0
    before = shell.paths.data
    try:
        moved = move(shell.paths, Path(arguments.folder), _tell)
    except MoveRefused as error:
        raise FileProblem(path=error.path, problem=_HINDRANCES[error.hindrance]) from error
    finally:
        if streams.is_terminal(sys.stderr):
            streams.write_error("\r")
    streams.note(f"The data is in {moved.data} now.")
    for folder in old_folders(moved):
        streams.note(f"{folder} has been kept{' as it was' if folder == before else ''}. Remove it when you like.")
    return 0


def _tell(done: int, whole: int) -> None:
    if streams.is_terminal(sys.stderr):
        streams.write_error(f"\r{done * 100 // whole} %")

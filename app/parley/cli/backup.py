"""`parley backup` and `parley restore`."""

import sys
from argparse import Namespace
from pathlib import Path

from parley.cli import streams
from parley.cli.parser import UsageError
from parley.cli.shell import Shell

_DATABASE = "parley.db"


def backup(arguments: Namespace, shell: Shell) -> int:
    """Write a copy of all conversations."""
    path = Path(arguments.file).absolute()
    with shell.store() as store:
        shell.run(store.backup(path))
    streams.note(f"All conversations are in {path} ({path.stat().st_size / 1e6:.1f} MB).")
    return 0


def restore(arguments: Namespace, shell: Shell) -> int:
    """Put a backup in the place of all conversations; what was there is kept beside it."""
    from parley.store import restore as restore_store

    there = shell.paths.data / _DATABASE
    if there.exists() and not arguments.yes and not _agreed(shell.paths.data):
        streams.note("Nothing has been changed.")
        return 1
    kept = restore_store(Path(arguments.file), shell.paths.data)
    streams.note(f"The conversations in {shell.paths.data} are those of {arguments.file} now.")
    if kept is not None:
        streams.note(f"What was there before is kept in {kept}.")
    return 0


def _agreed(data: Path) -> bool:
    if not streams.is_terminal(sys.stdin):
        raise UsageError(f"this would replace the conversations in {data}: add --yes if that is what you want")
    streams.write_error(f"This replaces the conversations in {data}. Those are kept beside it. Go on? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")

"""Composition root: arguments -> objects -> the desktop, or one command."""

import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from parley import log
from parley.cli import streams
from parley.errors import ChatError, DataFolderGone
from parley.paths import Paths, data_paths, resources

if TYPE_CHECKING:
    from argparse import Namespace

    from parley.keys import Keys
    from parley.options import Options
    from parley.providers.catalog import Catalog
    from parley.providers.guide import SearchManual
    from parley.server import Plan
    from parley.services import Services
    from parley.serving import ServerSwitch
    from parley.settings import Settings

logger = logging.getLogger(__name__)

DONE, FAILED, WRONG_USAGE, NO_DISPLAY = range(4)
SIGNALLED = 128
"""Added to a signal's number, as shells do: 130 after Ctrl+C."""
X_PORT = 6000
DISPLAY_SECONDS = 3.0
OUTPUT_GONE = SIGNALLED + 13

NO_DISPLAY_HINT = (
    "There is no display to open the window on. “parley chat” chats in this terminal, "
    "“parley serve” runs without a window."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    streams.prepare()
    words = sys.argv[1:] if argv is None else argv
    try:
        arguments = _parsed(words) if words else None  # the window does not wait for the parsers
    except SystemExit as ended:
        return _flushed(int(ended.code or DONE))
    paths = data_paths(arguments.data_dir if arguments else None)
    with log.logging_to(paths.log):
        return _guarded(arguments, paths)


def open_services(paths: Paths) -> "Services":
    """Build the objects that the doors share. Raises ChatError."""
    from parley.keychain import Keychain
    from parley.keys import Keys
    from parley.services import Services
    from parley.settings import Settings
    from parley.store import Store

    _demand_there(paths)
    keys = Keys(paths.keys, keychain=Keychain())
    log.redact_with(keys.redact)
    settings = Settings(paths.settings)
    return Services(paths, settings, keys, Store.open(paths.data), partial(_make_catalog, paths), _make_server)


def _parsed(words: Sequence[str]) -> "Namespace":
    from parley.cli.parser import parse

    return parse(words)


def _make_catalog(paths: Paths, settings: "Settings", keys: "Keys") -> "Catalog":
    from parley.plugins import provider_dialects
    from parley.providers.catalog import Catalog
    from parley.providers.guide import Guide
    from parley.providers.shelf import Shelf

    guide, shelf = Guide(_manual_search()), Shelf(paths.models)
    return Catalog(settings, keys, guide, dialects=provider_dialects(), shelf=shelf)


def _make_server(services: "Services", plan: "Callable[[Options], Plan] | None" = None) -> "ServerSwitch":
    from parley.plugins import server_dialects
    from parley.server import EmbeddedServer, Plan

    return EmbeddedServer(services, plan or Plan.of, dialects=server_dialects)


def _demand_there(paths: Paths) -> None:
    """Raise DataFolderGone if the data was moved to where it is not: nothing is begun anew in its place."""
    if paths.lost:
        raise DataFolderGone(path=paths.lost, pointer=paths.pointer)


def _manual_search() -> "SearchManual":
    """Return the manual's search as the Guide takes it: neither the store nor the providers know each other."""
    from parley.providers.guide import Section
    from parley.store import ManualIndex

    index = ManualIndex(resources() / "help")

    def search(question: str, limit: int) -> list[Section]:
        return [Section(found.page, found.title, found.anchor, found.text) for found in index.search(question, limit)]

    return search


def has_display() -> bool:
    """Return whether a window could be seen."""
    if os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0] in ("offscreen", "minimal"):
        return False
    if not sys.platform.startswith("linux") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    return _x_server_answers(os.environ.get("DISPLAY", ""))


def _x_server_answers(display: str) -> bool:
    """Return whether a window server listens. Qt would end the whole process if none does."""
    import socket

    host, _, number = display.rpartition(":")
    number = number.partition(".")[0]
    if not number.isdecimal():
        return False
    if host not in ("", "unix"):
        try:
            socket.create_connection((host.strip("[]"), X_PORT + int(number)), DISPLAY_SECONDS).close()
        except OSError:
            return False
        return True
    with socket.socket(socket.AF_UNIX) as local:
        for place in (f"\0/tmp/.X11-unix/X{number}", f"/tmp/.X11-unix/X{number}"):
            try:
                local.connect(place)
            except OSError:
                continue
            return True
    return False


def _guarded(arguments: "Namespace | None", paths: Paths) -> int:
    """Run what was asked for. Whatever goes wrong becomes one line and an exit code."""
    try:
        code = _command(arguments, paths) if arguments and arguments.command else _desktop(paths)
    except ChatError as error:
        streams.complain(error)
        return _flushed(FAILED)
    except streams.OutputGone:
        streams.give_up_output()
        return OUTPUT_GONE
    except KeyboardInterrupt:
        return SIGNALLED + signal.SIGINT
    except Exception:
        logger.exception("a command failed")
        streams.note(f"Parley made a mistake of its own. The log has the details: {paths.log}")
        return _flushed(FAILED)
    return _flushed(code)


def _flushed(code: int) -> int:
    """Return the exit code, once all results are written."""
    try:
        streams.flush_output()
    except streams.OutputGone:
        streams.give_up_output()
        return OUTPUT_GONE
    except ChatError as error:
        streams.give_up_output()
        streams.complain(error)
        return FAILED
    return code


def _command(arguments: "Namespace", paths: Paths) -> int:
    from parley.cli.commands import run
    from parley.cli.parser import UsageError
    from parley.cli.shell import Shell

    _demand_there(paths)
    shell = Shell(paths, open_services)
    try:
        with shell.signals():
            return run(arguments, shell)
    except UsageError as error:
        streams.note(str(error))
        return WRONG_USAGE
    except KeyboardInterrupt:
        return SIGNALLED + shell.ended_by
    finally:
        shell.close()


def _desktop(paths: Paths) -> int:
    if not has_display():
        streams.note(NO_DISPLAY_HINT)
        return NO_DISPLAY
    gc.disable()  # nothing that is loaded now will be garbage, and looking for it takes a tenth of the start
    try:
        from parley.ui.program.bindings import load_qt

        load_qt()
        from parley.ui.desktop import run
    except ImportError as error:
        if error.name and error.name.startswith("parley"):
            raise
        logger.exception("Qt cannot be loaded")
        streams.note(f"The window cannot be opened, for Qt does not start here ({error}). {NO_DISPLAY_HINT}")
        return NO_DISPLAY
    return run(paths, open_services)

"""`parley doctor`: looks at everything that a chat needs, and says what to do."""

import http.client
import os
import platform
import shutil
import socket
import stat
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version

from parley import __version__
from parley.cli import streams, tables
from parley.cli.shell import Shell
from parley.errors import AddressTaken, ChatError, KeyMissing
from parley.keys import Keys
from parley.options import Options
from parley.paths import Paths
from parley.providers.catalog import BUILT_IN, Catalog
from parley.providers.guide import PROVIDER as GUIDE
from parley.providers.library import libraries
from parley.render.math import Formula, FormulaError, draw
from parley.settings import Settings
from parley.store import Finding

ENOUGH_SPACE = 200_000_000
LIVE_SECONDS = 2.0

_MARKS = {True: "ok", False: "!!"}


def doctor(arguments: Namespace, shell: Shell) -> int:
    """Print what was found. The exit code is 1 when something is wrong."""
    found: list[Finding] = []
    for finding in _findings(shell):
        found.append(finding)
        if not arguments.json:
            mark = _MARKS[finding.ok]
            streams.say(f"{mark}  {finding.subject:<9}  {tables.one_line(finding.text)}", flush=True)
    if arguments.json:
        streams.say_json([{"subject": one.subject, "ok": one.ok, "text": one.text} for one in found])
    return 0 if all(one.ok for one in found) else 1


def _findings(shell: Shell) -> Iterator[Finding]:
    yield Finding("versions", True, _versions())
    yield from _data(shell.paths)
    yield from _settings(shell.paths)
    yield from _keys_file(shell.paths)
    yield from _services(shell)
    yield _formulas()
    yield _port(shell.paths)


def _versions() -> str:
    try:
        qt = version("PySide6-Essentials")
    except PackageNotFoundError:
        qt = "none"
    system = f"{platform.system()} {platform.release()}"
    return f"Parley {__version__}, Python {platform.python_version()}, Qt for Python {qt}, {system}"


def _data(paths: Paths) -> Iterator[Finding]:
    yield Finding("data", True, f"{paths.data}; the log is {paths.log}")
    place = paths.data
    while not os.path.exists(place):  # noqa: PTH110 - that of Path raises in locked ones
        place = place.parent
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        yield Finding("disk", False, f"The free space of {place} is unknown: {error.strerror}.")
        return
    enough = free >= ENOUGH_SPACE
    advice = "" if enough else " Free some space: answers cannot be saved on a full disk."
    yield Finding("disk", enough, f"{free / 1e9:.1f} GB are free.{advice}")


def _settings(paths: Paths) -> Iterator[Finding]:
    try:
        Settings(paths.settings)
    except ChatError as error:
        yield _problem("settings", error)
    else:
        yield Finding("settings", True, str(paths.settings) if paths.settings.exists() else "all as they came")


def _keys_file(paths: Paths) -> Iterator[Finding]:
    try:
        mode = paths.keys.stat().st_mode
    except FileNotFoundError:
        yield Finding("keys", True, "there is no file of keys")
        return
    except OSError as error:
        yield Finding("keys", False, f"{paths.keys} cannot be read: {error.strerror}.")
        return
    if sys.platform != "win32" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        text = f"Others could read {paths.keys}. Parley narrows its permissions when it reads it; change the keys."
        yield Finding("keys", False, text)
    else:
        yield Finding("keys", True, f"{paths.keys}, for its owner only")


def _services(shell: Shell) -> Iterator[Finding]:
    """Open everything as the other commands do, and look at the parts."""
    try:
        with shell.services() as services:
            for finding in shell.run(services.store.check()):
                yield Finding("store", finding.ok, f"{finding.subject}: {finding.text}")
            yield from _known_keys(services.settings.options, services.keys)
            failure = shell.run(services.keys.look())
            place = f"the file {shell.paths.keys}: no keychain ({failure})" if failure else "the keychain"
            yield Finding("keys", True, f"new ones go into {place}")
            shell.run(services.catalog.models(refresh=True))
            yield from _providers(services.catalog)
            yield from _default_model(services.settings.options.default_model, services.catalog)
    except ChatError as error:
        yield _problem("open", error)


def _known_keys(options: Options, keys: Keys) -> Iterator[Finding]:
    """Tell of which providers there is a key, never the key."""
    names = {vendor.id: vendor.key_env for dialect in BUILT_IN for vendor in dialect.vendors}
    names |= {row.name: (row.key_env,) if row.key_env else () for row in options.providers}
    try:
        places = {name: keys.where(name, variables) for name, variables in names.items()}
    except ChatError as error:
        yield _problem("keys", error)
        return
    known = [f"{name} ({place})" for name, place in places.items() if place]
    yield Finding("keys", True, f"known for {', '.join(known)}" if known else "none is known")
    for row in options.providers:
        if row.key_env and not os.environ.get(row.key_env):
            yield Finding("keys", False, f"{row.name} wants its key from {row.key_env}, which is not set.")


def _providers(catalog: Catalog) -> Iterator[Finding]:
    models, problems = catalog.cached_models(), catalog.problems
    for provider in catalog.providers():
        if provider.id not in problems:
            count = sum(model.provider == provider.id for model in models)
            yield Finding("provider", True, f"{provider.id}: {tables.counted(count, 'model')}")
    for name, error in problems.items():
        advice = f" “parley provider add {name} … --key-stdin” keeps a key." if isinstance(error, KeyMissing) else ""
        yield Finding("provider", False, f"{name}: {error}{advice}")
    if all(model.provider == GUIDE for model in models):
        text = "No language model is found; only the Guide answers. Start Ollama or LM Studio, or set a service’s key."
        empty = [library for library in libraries(catalog.providers()) if library.id not in problems]
        if empty:
            text = f"{empty[0].name} is running, but has no model. “parley models pull llama3.2” fetches one."
        yield Finding("provider", True, text)


def _default_model(name: str, catalog: Catalog) -> Iterator[Finding]:
    if not name:
        return
    listed = catalog.cached_models()
    if name in [found for model in listed for found in (model.id, model.name)]:
        yield Finding("model", True, f"{name} is the default")
    else:
        text = f"The default model {name} is in no list. “parley settings set default_model …” chooses another one."
        yield Finding("model", False, text)


def _formulas() -> Finding:
    """Draw one: its libraries and their fonts may be missing, and the window would show the source only."""
    try:
        draw(Formula(r"\frac{a}{b}"))
    except (ImportError, OSError, FormulaError) as error:
        return Finding(
            "formulas", False, f"They cannot be drawn ({type(error).__name__}: {error}). Install Parley again."
        )
    return Finding("formulas", True, "can be drawn")


def _port(paths: Paths) -> Finding:
    """Tell whether server mode could listen where the settings say. Parley's own server may be there already."""
    try:
        port = Settings(paths.settings).options.server_port
    except ChatError:
        port = Options().server_port
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return _taken(port)
    return Finding("port", True, f"{port} is free for server mode")


def _taken(port: int) -> Finding:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIVE_SECONDS)
    try:
        connection.request("GET", "/live")
        ours = connection.getresponse().status == http.client.NO_CONTENT
    except (OSError, http.client.HTTPException):
        ours = False
    finally:
        connection.close()
    if ours:
        return Finding("port", True, f"Parley’s server answers on {port}")
    return _problem("port", AddressTaken(host="127.0.0.1", port=port))


def _problem(subject: str, error: ChatError) -> Finding:
    return Finding(subject, False, streams.sentence(error))

"""`parley provider`: model servers that a person has added."""

import re
import sys
from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from parley.cli import streams, tables
from parley.cli.shell import Shell
from parley.errors import ChatError, ProviderUnknown, SettingInvalid
from parley.keys import Keys
from parley.settings import ProviderRow, Settings

if TYPE_CHECKING:
    from parley.services import Services

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCHEMES = ("http", "https")
_HIDDEN = "…"
"""Stands for a value that must not be repeated on the screen."""


def provider(arguments: Namespace, shell: Shell) -> int:
    """Add, list or remove."""
    match arguments.action:
        case "add":
            _add(arguments, shell)
        case "list":
            _list(arguments, shell)
        case "remove":
            _remove(arguments.name, shell)
    return 0


def _add(arguments: Namespace, shell: Shell) -> None:
    """Keep the server, then ask it for its models: that it does not answer now is no failure."""
    row = _row(arguments)
    with shell.services() as services:
        rows = services.settings.options.providers
        if row.name not in (known.name for known in rows):
            _refuse_built_in(row.name, services)
        if arguments.key_stdin:
            services.keys.set(row.name, _key())
        services.settings.update(providers=(*(known for known in rows if known.name != row.name), row))
        try:
            models = shell.run(services.catalog.get(row.name).models())
        except ChatError as error:
            streams.note(f"{row.name} is added, but it gives no list of models now.")
            streams.complain(error)
        else:
            example = f", such as {models[0].id}" if models else ""
            streams.note(f"{row.name} is added: it answers, with {tables.counted(len(models), 'model')}{example}.")


def _row(arguments: Namespace) -> ProviderRow:
    """Return what is to be kept. Raises SettingInvalid."""
    if not _NAME.fullmatch(arguments.name):
        raise SettingInvalid(key="NAME", value=arguments.name, expected="letters, digits, “-” and “_”, 64 at most")
    if arguments.key_env and not _VARIABLE.fullmatch(arguments.key_env):
        expected = "the name of an environment variable, not the key itself"
        raise SettingInvalid(key="--key-env", value=_HIDDEN, expected=expected)
    return ProviderRow(
        arguments.name, _url(arguments.base_url, arguments.dialect), arguments.dialect, arguments.key_env
    )


def _url(typed: str, dialect: str) -> str:
    """Return the tidied base URL. Raises SettingInvalid."""
    from parley.providers.catalog import BUILT_IN

    url = next(found.base_url for found in BUILT_IN if found.name == dialect)(typed)
    problem = SettingInvalid(key="--base-url", value=typed, expected="an address such as http://127.0.0.1:8080/v1")
    try:
        parts = urlsplit(url)
        good = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise problem from error
    if parts.username is not None or parts.password is not None:
        expected = "an address without a password; keys are given with --key-stdin or --key-env"
        raise SettingInvalid(key="--base-url", value=_HIDDEN, expected=expected)
    if not good or not url.isprintable() or " " in url:
        raise problem
    return url


def _refuse_built_in(name: str, services: "Services") -> None:
    try:
        services.catalog.get(name)
    except ProviderUnknown:
        return
    raise SettingInvalid(key="NAME", value=name, expected="a name that Parley does not use itself")


def _key() -> str:
    """Return the key from standard input; on a terminal it is not shown."""
    if not streams.is_terminal(sys.stdin):
        return streams.piped_text().strip()
    from getpass import getpass

    return getpass("Key: ").strip()


def _list(arguments: Namespace, shell: Shell) -> None:
    rows, keys = Settings(shell.paths.settings).options.providers, Keys(shell.paths.keys)
    places = [keys.where(row.name, (row.key_env,) if row.key_env else ()) for row in rows]
    if arguments.json:
        streams.say_json([asdict(row) | {"key": place} for row, place in zip(rows, places, strict=True)])
    elif rows:
        cells = [(row.name, row.dialect, place or "-", row.base_url) for row, place in zip(rows, places, strict=True)]
        tables.say_table(("NAME", "SPEAKS", "KEY", "ADDRESS"), cells)
    else:
        streams.note("No server has been added. “parley models” lists what was found without that.")


def _remove(name: str, shell: Shell) -> None:
    opened = Settings(shell.paths.settings)
    kept = tuple(row for row in opened.options.providers if row.name != name)
    if len(kept) == len(opened.options.providers):
        raise ProviderUnknown(provider=name)
    opened.update(providers=kept)
    Keys(shell.paths.keys).remove(name)

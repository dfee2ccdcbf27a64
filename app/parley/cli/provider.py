"""`parley provider`: model servers that a person has added."""

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from parley.cli import streams, tables
from parley.cli.parser import UsageError
from parley.cli.shell import Shell
from parley.errors import ChatError, ProviderUnknown, SettingInvalid
from parley.keys import Keys
from parley.providers.endpoints import Endpoint
from parley.providers.rows import RowFaulty, Rows, tidied
from parley.settings import Settings

_HIDDEN = "…"
"""Stands for a value that must not be repeated on the screen."""


def provider(arguments: Namespace, shell: Shell) -> int:
    """Add, list or remove; keep, forget or tell the place of a key."""
    match arguments.action:
        case "key":
            _key_of(arguments, shell)
        case "add":
            _add(arguments, shell)
        case "list":
            _list(arguments, shell)
        case "remove":
            _remove(arguments.name, shell)
    return 0


def _add(arguments: Namespace, shell: Shell) -> None:
    """Keep the server, then ask it for its models: that it does not answer now is no failure."""
    with _faults_told(arguments):
        row = tidied(arguments.name, arguments.base_url, arguments.dialect, arguments.key_env)
    with shell.services() as services:
        rows = Rows(services.settings, services.keys, services.catalog)
        with _faults_told(arguments):
            shell.run(rows.keep(row, _typed_key() if arguments.key_stdin else ""))
        if arguments.key_stdin:
            _tell_failure(services.keys)
        try:
            listed = shell.run(services.catalog.get(row.name).models())
        except ChatError as error:
            streams.note(f"{row.name} is added, but it gives no list of models now.")
            streams.complain(error)
        else:
            models = [model for model in listed if model.purpose == "chat"]
            example = f", such as {models[0].id}" if models else ""
            streams.note(f"{row.name} is added: it answers, with {tables.counted(len(models), 'model')}{example}.")


@contextmanager
def _faults_told(arguments: Namespace) -> Iterator[None]:
    """Raise SettingInvalid, in the words of the command line, for what cannot be kept."""
    try:
        yield
    except RowFaulty as error:
        key, value, expected = {
            "name": ("NAME", arguments.name, "letters, digits, “-” and “_”, 64 at most"),
            "taken": ("NAME", arguments.name, "a name that Parley does not use itself"),
            "variable": ("--key-env", _HIDDEN, "the name of an environment variable, not the key itself"),
            "address": ("--base-url", arguments.base_url, "an address such as http://127.0.0.1:8080/v1"),
            "password": (
                "--base-url",
                _HIDDEN,
                "an address without a password; keys are given with --key-stdin or --key-env",
            ),
        }[error.fault]
        raise SettingInvalid(key=key, value=value, expected=expected) from error


def _typed_key() -> str:
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
    with shell.services() as services:
        shell.run(Rows(services.settings, services.keys, services.catalog).remove(name))


def _key_of(arguments: Namespace, shell: Shell) -> None:
    """Do what is wanted with the key of one provider, or with all of them."""
    with shell.services() as services:
        keys, name = services.keys, arguments.name
        known = {place.endpoint.id: place.endpoint for place in services.catalog.places()}
        if arguments.move:
            shell.run(keys.move())
            _tell_failure(keys)
        elif not name and (arguments.set or arguments.forget):
            raise UsageError("whose key? Name a provider: “parley provider key NAME --set”")
        if name and name not in known:
            services.catalog.get(name)  # raises ProviderUnknown, with the names that are like it
            raise ProviderUnknown(provider=name)
        if arguments.set:
            shell.run(keys.keep(name, _typed_key()))
            _tell_failure(keys)
        elif arguments.forget and (left := shell.run(keys.forget(name))):
            streams.note(f"The keychain cannot be used now: “{left}” of “Parley” is still in it.")
        places = [known[name]] if name else list(known.values())
        _say_places(keys, places, as_json=arguments.json)


def _say_places(keys: Keys, endpoints: Sequence[Endpoint], *, as_json: bool) -> None:
    """Print where keys are kept, never the keys."""
    places = [(endpoint.id, keys.where(endpoint.id, endpoint.key_env), endpoint) for endpoint in endpoints]
    if as_json:
        streams.say_json([{"name": name, "key": place} for name, place, _ in places])
        return
    names = {None: "-", "keychain": "in the keychain", "file": f"in the file {keys.path}"}
    cells = [(name, names.get(place) or f"from {keys.variable(found.key_env)}") for name, place, found in places]
    tables.say_table(("NAME", "KEY"), cells)


def _tell_failure(keys: Keys) -> None:
    if failure := keys.failure:
        streams.note(f"The keychain cannot be used: {failure.words or failure.trouble}")

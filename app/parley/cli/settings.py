"""`parley settings`."""

from argparse import Namespace
from dataclasses import Field
from typing import Any

from parley.cli import streams, tables
from parley.cli.shell import Shell
from parley.errors import SettingUnknown
from parley.settings import Settings, expected, value_text, visible_options


def settings(arguments: Namespace, shell: Shell) -> int:
    """List, get or set options."""
    opened = Settings(shell.paths.settings)
    match arguments.action:
        case "list":
            _list(opened, arguments.json)
        case "get":
            streams.say(value_text(getattr(opened.options, _visible(arguments.key).name)))
        case "set":
            opened.set_text(_visible(arguments.key).name, arguments.value)
    return 0


def _visible(key: str) -> Field[Any]:
    for found in visible_options():
        if found.name == key:
            return found
    raise SettingUnknown(key=key)


def _list(opened: Settings, as_json: bool) -> None:
    if as_json:
        streams.say_json([_as_json(found, getattr(opened.options, found.name)) for found in visible_options()])
        return
    rows = [
        (found.name, value_text(getattr(opened.options, found.name)) or "-", f"{_help(found)} ({expected(found)})")
        for found in visible_options()
    ]
    tables.say_table(("KEY", "VALUE", "MEANING"), rows)


def _as_json(found: Field[Any], value: object) -> dict[str, object]:
    return {
        "key": found.name,
        "value": value,
        "default": found.default,
        "label": found.metadata["label"],
        "help": found.metadata["help"],
        "expected": expected(found),
    }


def _help(found: Field[Any]) -> str:
    return str(found.metadata["help"] or f"{found.metadata['label']}.")

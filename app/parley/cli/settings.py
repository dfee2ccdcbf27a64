"""`parley settings`."""

from argparse import Namespace
from dataclasses import Field
from typing import Any

from parley.cli import streams, tables
from parley.cli.shell import Shell
from parley.errors import SettingUnknown
from parley.options import expected, value_text, visible_options
from parley.settings import Settings


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
            if arguments.key == "default_model" and arguments.value.strip():
                _warn_of_model(arguments.value.strip(), shell)
    return 0


def _warn_of_model(name: str, shell: Shell) -> None:
    """Say if nobody offers the model now. It is set all the same: its server may be off."""
    with shell.services() as services:
        models = shell.run(services.catalog.models())
        if name in [known for model in models for known in (model.id, model.name)]:
            return
        head, slash, _ = name.partition("/")
        problem = services.catalog.problems.get(head) if slash else None
        if problem:
            streams.note(f"It is set, but it is not known whether “{name}” is there now.")
            streams.complain(problem)
        else:
            streams.note(f"It is set, but nobody offers a model “{name}” now. “parley models” lists what there is.")


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
        "help": _help(found),
        "expected": expected(found),
    }


def _help(found: Field[Any]) -> str:
    help = found.metadata["help"] or f"{found.metadata['label']}."
    return f"{help} {found.metadata.get('typed', '')}".strip()

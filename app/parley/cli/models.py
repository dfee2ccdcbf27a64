"""`parley models`."""

from argparse import Namespace

from parley.cli import streams, tables
from parley.cli.shell import Shell
from parley.models import Model

_ABILITIES = ("vision", "tools", "reasoning")


def models(arguments: Namespace, shell: Shell) -> int:
    """List the models; what is wrong with a provider goes to standard error."""
    with shell.services() as services:
        found = shell.run(services.catalog.models(refresh=True))
        for problem in services.catalog.problems.values():
            streams.complain(problem)
    if arguments.json:
        streams.say_json([_as_json(model) for model in found])
    else:
        tables.say_table(("MODEL", "CONTEXT", "CAN"), [_as_row(model) for model in found])
    return 0


def _as_json(model: Model) -> dict[str, object]:
    return {
        "id": model.id,
        "provider": model.provider,
        "name": model.name,
        "label": model.label,
        "context": model.context,
        "vision": model.vision,
        "tools": model.tools,
        "reasoning": model.reasoning,
        "size_bytes": model.size_bytes,
    }


def _as_row(model: Model) -> tuple[str, str, str]:
    abilities = [ability for ability in _ABILITIES if getattr(model, ability)]
    return model.id, tables.size(model.context), ", ".join(abilities)

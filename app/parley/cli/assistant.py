"""`parley assistant`: instructions with a name, to chat with."""

from argparse import Namespace

from parley.assistants import Assistant
from parley.cli import streams, tables
from parley.cli.shell import Shell
from parley.models import parameters_to_json


def assistant(arguments: Namespace, shell: Shell) -> int:
    """Add, list, show or remove."""
    with shell.store() as store:
        match arguments.action:
            case "add":
                added = shell.run(
                    store.assistants.add(
                        arguments.name,
                        instruction=arguments.instruction,
                        description=arguments.description,
                        model=arguments.model,
                        tools=arguments.tool,
                        knowledge=arguments.knowledge,
                    )
                )
                streams.note(f"{added.name} is added. “parley chat --assistant {added.slug}” asks it.")
            case "list":
                _list(arguments, store.assistants.all())
            case "show":
                _show(arguments, store.assistants.find(arguments.name))
            case "remove":
                found = store.assistants.find(arguments.name)
                shell.run(store.assistants.remove(found.id))
                streams.note(f"{found.name} is removed. Conversations that were begun with it go on with it.")
    return 0


def _list(arguments: Namespace, found: list[Assistant]) -> None:
    if arguments.json:
        streams.say_json([_as_json(each) for each in found])
    elif found:
        cells = [(each.slug, each.model or "-", each.name, each.description) for each in found]
        tables.say_table(("SLUG", "MODEL", "NAME", "DESCRIPTION"), cells)
    else:
        streams.note("There are no assistants yet. “parley assistant add NAME --instruction TEXT” adds one.")


def _show(arguments: Namespace, found: Assistant) -> None:
    if arguments.json:
        streams.say_json(_as_json(found))
        return
    facts = {
        "Slug": found.slug,
        "Description": found.description,
        "Model": found.model,
        "Tools": ", ".join(found.tools),
        "Knowledge": ", ".join(found.knowledge),
        "Parameters": ", ".join(f"{name} {value}" for name, value in parameters_to_json(found.parameters).items()),
    }
    streams.say(f"# {found.name}\n")
    for name, value in facts.items():
        if value:
            streams.say(f"{name}: {value}")
    streams.say(f"\n{found.instruction}")


def _as_json(found: Assistant) -> dict[str, object]:
    return {
        "id": found.id,
        "slug": found.slug,
        "name": found.name,
        "description": found.description,
        "instruction": found.instruction,
        "model": found.model,
        "parameters": parameters_to_json(found.parameters),
        "tools": list(found.tools),
        "knowledge": list(found.knowledge),
        "created_at": tables.iso(found.created_at),
    }

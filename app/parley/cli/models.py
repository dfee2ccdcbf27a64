"""`parley models`: what can be asked, and the models that Ollama keeps: fetched, shown, deleted."""

import sys
from argparse import Namespace
from contextlib import aclosing
from typing import TYPE_CHECKING

from parley.cli import streams, tables
from parley.cli.parser import UsageError
from parley.cli.shell import Shell
from parley.errors import ChatError, ModelUnknown, ProviderUnknown
from parley.models import Model
from parley.providers.library import ModelDetails, ModelLibrary, PullProgress, libraries
from parley.providers.ollama_library import pulled_name

if TYPE_CHECKING:
    from parley.services import Services

_ABILITIES = ("vision", "tools", "reasoning")
_GIGABYTE, _MEGABYTE = 1e9, 1e6


def models(arguments: Namespace, shell: Shell) -> int:
    """List the models, or do something with one that a server on this computer keeps."""
    match arguments.action:
        case "pull":
            return _pull(arguments, shell)
        case "rm":
            return _remove(arguments, shell)
        case "show":
            return _show(arguments, shell)
        case _:
            return _list(arguments, shell)


def _list(arguments: Namespace, shell: Shell) -> int:
    """List the models; what is wrong with a provider goes to standard error."""
    with shell.services() as services:
        found = shell.run(services.catalog.models(refresh=True))
        for problem in services.catalog.problems.values():
            streams.complain(problem)
    if arguments.json:
        streams.say_json([_as_json(model) for model in found])
    else:
        tables.say_table(("MODEL", "CONTEXT", "SIZE", "CAN"), [_as_row(model) for model in found])
    return 0


def _pull(arguments: Namespace, shell: Shell) -> int:
    """Fetch a model, with a line that tells how far it is."""
    with shell.services() as services:
        library, name = shell.run(_named(services, pulled_name(arguments.name)))
        try:
            shell.run(_pulled(library, name))
        except KeyboardInterrupt:
            _end_line()
            streams.note("Stopped. What has come is kept: the same command goes on from there.")
            raise
        except ChatError:
            _end_line()
            raise
    _end_line()
    streams.note(f"{library.id}/{name} is there.")
    return 0


async def _pulled(library: ModelLibrary, name: str) -> None:
    async with aclosing(library.pull(name)) as steps:
        async for step in steps:
            if streams.is_terminal(sys.stderr):
                streams.write_error("\r\x1b[K" + tables.fitted(progress_line(step)))


def progress_line(step: PullProgress) -> str:
    """Return on one line how far a model is."""
    if step.stage == "preparing":
        return "Asking for it…"
    if step.stage in ("checking", "done"):
        return "Checking what has come…"
    share = step.completed * 100 // step.total if step.total else 0
    words = [f"{share} %", f"{_size(step.completed)} of {_size(step.total)}"]
    if step.speed:
        words.append(f"{_size(step.speed)}/s")
    if (left := step.seconds_left) is not None:
        words.append(f"{int(left) // 60}:{int(left) % 60:02} left")
    elif step.speed == 0:
        words.append("nothing comes; Ollama goes on trying")
    return ", ".join(words)


def _remove(arguments: Namespace, shell: Shell) -> int:
    """Delete a model, after a question."""
    with shell.services() as services:
        library, name = shell.run(_kept(services, arguments.name))
        if not arguments.yes and not _agreed(f"{library.id}/{name}"):
            streams.note("Nothing has been changed.")
            return 1
        shell.run(library.delete(name))
    streams.note(f"{library.id}/{name} is deleted.")
    return 0


def _agreed(model: str) -> bool:
    if not streams.is_terminal(sys.stdin):
        raise UsageError(f"this would delete {model}: add --yes if that is what you want")
    streams.write_error(f"This deletes {model}; it can only be fetched anew. Go on? [y/N] ")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _show(arguments: Namespace, shell: Shell) -> int:
    """Tell what is known of a model."""
    with shell.services() as services:
        library, name = shell.run(_kept(services, arguments.name))
        details = shell.run(library.details(name))
        loaded = shell.run(library.loaded())
        model = next((model for model in shell.run(library.installed()) if model.name == name), None)
    here = next((found for found in loaded if found.name == name), None)
    facts = _facts(details, model.size_bytes if model else None)
    if arguments.json:
        streams.say_json({"id": f"{library.id}/{name}", **facts, "loaded": here is not None})
        return 0
    memory = f"in memory, with room for {here.context or '?'} tokens" if here else "not in memory"
    rows = [*((key.replace("_", " "), str(value)) for key, value in facts.items() if value), ("state", memory)]
    width = max(len(key) for key, _ in rows)
    for key, value in rows:
        lines = value.strip().splitlines() or [""]
        streams.say(f"{key:<{width}}  {lines[0]}")
        for line in lines[1:]:
            streams.say(f"{'':<{width}}  {line}".rstrip())
    return 0


def _facts(details: ModelDetails, size: int | None) -> dict[str, object]:
    return {
        "family": details.family,
        "parameter_size": details.parameter_size,
        "quantization": details.quantization,
        "format": details.format,
        "size_bytes": size,
        "context": details.context,
        "abilities": ", ".join(details.abilities),
        "parameters": details.parameters,
        "instruction": details.instruction,
        "template": details.template,
        "license": details.license,
    }


async def _named(services: "Services", name: str) -> tuple[ModelLibrary, str]:
    """Return the library that a name means, the first one if it names none, and the rest of the name.

    Raises ChatError.
    """
    if not name:
        raise UsageError("name a model, such as llama3.2")
    await services.catalog.models(refresh=True)
    head, slash, tail = name.partition("/")
    found = libraries(services.catalog.providers())
    if slash and tail:
        for library in found:
            if library.id == head:
                return library, tail
    if found:
        return found[0], name
    usual = services.catalog.get("ollama")  # to be told that it cannot be reached
    if isinstance(usual, ModelLibrary):
        return usual, name.removeprefix(f"{usual.id}/")
    raise ProviderUnknown(provider="ollama")


async def _kept(services: "Services", typed: str) -> tuple[ModelLibrary, str]:
    """Return the library that keeps a model, and the model's full name. Raises ChatError, ModelUnknown if none does."""
    library, name = await _named(services, pulled_name(typed))
    named = typed.strip().startswith(f"{library.id}/")
    for place in [library] if named else [library, *libraries(services.catalog.providers())]:
        names = [model.name for model in await place.installed()]
        if found := next((full for full in (name, f"{name}:latest") if full in names), None):
            return place, found
    raise ModelUnknown(model=typed)


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
        "quantization": model.quantization,
    }


def _as_row(model: Model) -> tuple[str, str, str, str]:
    abilities = [ability for ability in _ABILITIES if getattr(model, ability)]
    size = " ".join(filter(None, (_size(model.size_bytes) if model.size_bytes else "", model.quantization)))
    return model.id, tables.size(model.context), size, ", ".join(abilities)


def _size(count: float) -> str:
    """Return a number of bytes as people say it."""
    return f"{count / _GIGABYTE:.1f} GB" if count >= _GIGABYTE else f"{count / _MEGABYTE:.0f} MB"


def _end_line() -> None:
    if streams.is_terminal(sys.stderr):
        streams.write_error("\r\x1b[K")

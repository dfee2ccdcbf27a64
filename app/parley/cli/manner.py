"""How `parley chat` is to be answered: the parameters that were given, and what is to be said about them before."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from parley.cli.parser import AUTO, UsageError
from parley.models import NO_PARAMETERS, Parameters, fits

if TYPE_CHECKING:
    from parley.messages import Image
    from parley.services import Services

OPTIONS = {
    "temperature": "--temperature",
    "top_p": "--top-p",
    "max_tokens": "--max-tokens",
    "seed": "--seed",
    "stop": "--stop",
    "effort": "--effort",
    "json": "--json-mode",
}


def given(arguments: Namespace) -> Mapping[str, Any]:
    """Return the parameters that were given. Raises UsageError."""
    stop = None if arguments.stop is None else tuple(filter(None, arguments.stop))
    if stop is not None and not fits("stop", stop):
        raise UsageError("at most four --stop can be given")
    found = {**vars(arguments), "stop": stop, "json": arguments.json_mode}
    return {name: found[name] for name in OPTIONS if found[name] is not None}


def changed(parameters: Parameters, given: Mapping[str, Any]) -> Parameters:
    """Return parameters with those that were given; `auto` leaves one to the model again."""
    values = {name: getattr(NO_PARAMETERS, name) if value == AUTO else value for name, value in given.items()}
    return replace(parameters, **values)


async def remarks(services: "Services", model: str, wanted: Parameters, images: Sequence["Image"]) -> list[str]:
    """Return what a person should know before it is sent: what the model does not take. Raises ChatError."""
    if wanted == NO_PARAMETERS and not images:
        return []
    catalog = services.catalog
    provider, name = await catalog.resolve(model or await catalog.default_model())
    about = catalog.known(provider.id, name)
    if about is None and catalog.stale:
        await catalog.models()
        about = catalog.known(provider.id, name)
    found = []
    if images and about is not None and about.vision is False:
        found.append(f"{about.id} cannot see images: it is only told that there are some.")
    taken, _ = catalog.parameters_of(f"{provider.id}/{name}")
    if left := [option for name_, option in OPTIONS.items() if name_ in wanted.given - taken]:
        found.append(f"{provider.id}/{name} does not take {' and '.join(left)}: it is answered without.")
    return found

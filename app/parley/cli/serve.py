"""`parley serve`: server mode without a window."""

import asyncio
import sys
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from parley.cli import streams
from parley.cli.parser import UsageError
from parley.cli.shell import Shell
from parley.errors import InternalError, SettingsUnreadable
from parley.messages import OWNER

if TYPE_CHECKING:
    from parley.options import Options
    from parley.server import Plan
    from parley.services import Services
    from parley.serving import ServerSwitch

LOOK_SECONDS = 0.5
"""How often it is seen whether another process has changed the settings."""

FIRST_TOKEN = "parley serve"


def serve(arguments: Namespace, shell: Shell) -> int:
    """Run until Ctrl+C or SIGTERM; running answers are kept."""
    plan = _planned(arguments)
    with shell.services() as services:
        try:
            shell.run(_serve(services, plan))
        except KeyboardInterrupt:
            streams.note("Ending")
    return 0


def _planned(arguments: Namespace) -> "Callable[[Options], Plan]":
    """Return how the settings and the words of the command become a plan. Raises UsageError."""
    from parley.server import Plan
    from parley.server.addresses import is_loopback

    elsewhere = arguments.host != "" and not is_loopback(arguments.host)
    if arguments.no_auth and (arguments.lan or elsewhere):
        raise UsageError("the local network cannot be served without keys: leave out --no-auth")
    given: dict[str, object] = {"host": arguments.host}
    if arguments.host:
        given["lan"] = elsewhere
    if arguments.lan:
        given["lan"] = True
    if arguments.port is not None:
        given["port"] = arguments.port
    if arguments.no_auth:
        given |= {"auth": False, "lan": False}
    return lambda options: replace(Plan.of(options), **given)  # type: ignore[arg-type]


async def _serve(services: "Services", plan: "Callable[[Options], Plan]") -> None:
    server = services.planned_server(plan)
    await server.start()
    await services.tidy()
    changed = asyncio.Event()
    unsubscribe = server.subscribe(changed.set)
    services.store.start_watching()
    following = asyncio.create_task(_follow_settings(services))
    try:
        said: list[str] = []
        noted: list[str] = []
        while server.state != "off":
            if server.state == "on":
                planned = plan(services.settings.options)
                lines, notes = _told(server, planned), _notes(server, planned)
                if lines != said:
                    for line in lines:
                        streams.say(line)
                    if not said:
                        await _give_token(services, planned)
                    streams.flush_output()
                for note in notes:
                    if note not in noted:
                        streams.note(note)
                said, noted = lines, notes
            await changed.wait()
            changed.clear()
        raise server.problem or InternalError
    finally:
        following.cancel()
        unsubscribe()
        services.store.stop_watching()


def _told(server: "ServerSwitch", plan: "Plan") -> list[str]:
    """Return what is said of a server that is on."""
    address, *others = server.addresses
    lines = [f"Parley listens on {address} (Ctrl+C ends it)", *(f"On the network: {other}" for other in others)]
    if plan.encrypted and server.certificates:
        lines.append(f"Certificate of this computer (SHA-256): {server.certificates.fingerprint}")
    return lines


def _notes(server: "ServerSwitch", plan: "Plan") -> list[str]:
    """Return what people should know about it."""
    notes = [str(warning) for warning in server.warnings]
    if plan.open and not plan.encrypted:
        notes.append("Connections are not encrypted: everybody on the network can read tokens and chats.")
    if not plan.auth:
        notes.append("No token is asked for: every program on this computer can ask, and read all chats.")
    return notes


async def _give_token(services: "Services", plan: "Plan") -> None:
    """At the first start there is no token yet, and without one nobody gets an answer."""
    if not plan.auth or services.store.tokens.all():
        return
    if not streams.is_terminal(sys.stdout):
        streams.note("Nobody has a token yet. “parley token create NAME” makes one.")
        return
    _, token = await services.credentials.issue(services.store.accounts.get(OWNER), FIRST_TOKEN)
    streams.say(f"Your token, which is shown only now: {token}")


async def _follow_settings(services: "Services") -> None:
    """Take over what other processes change in the settings."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            services.settings.reload()
        except SettingsUnreadable as error:
            streams.note(str(error))
            return

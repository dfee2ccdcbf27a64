"""`parley serve`: server mode without a window."""

import asyncio
from argparse import Namespace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from parley.cli import streams
from parley.cli.parser import UsageError
from parley.cli.shell import Shell

if TYPE_CHECKING:
    from parley.services import Services


def serve(arguments: Namespace, shell: Shell) -> int:
    """Run until Ctrl+C or SIGTERM; running answers are kept."""
    if arguments.lan or not _is_loopback(arguments.host):
        raise UsageError("this version serves this computer only: leave out --lan, and --host unless it is 127.0.0.1")
    from parley.server import EmbeddedServer, Plan

    with shell.services() as services:
        server = EmbeddedServer(services, Plan(arguments.host, arguments.port))
        shell.run(server.start())
        try:
            shell.run(services.tidy())
            streams.say(f"Parley listens on {server.address} (Ctrl+C ends it)", flush=True)
            shell.run(_wait(services))
        except KeyboardInterrupt:
            streams.note("Ending")
        finally:
            shell.run(server.stop())
    return 0


async def _wait(services: "Services") -> None:
    """Wait until somebody ends us."""
    services.store.start_watching()
    try:
        await asyncio.Event().wait()
    finally:
        services.store.stop_watching()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False

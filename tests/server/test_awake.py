"""Keeping the computer awake, by a helper that ends with us."""

import os
import sys
from collections.abc import Callable

import pytest

from parley.errors import AwakeRefused
from parley.server import EmbeddedServer, Plan
from parley.server.awake import Awake, awake_command
from parley.server.neighbours import Neighbours
from parley.services import Services
from parley.settings import Settings
from tests.conftest import Until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows needs no helper")

WAITS = [sys.executable, "-c", "import sys; sys.stdin.read()"]
STAYS = [sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); print(); time.sleep(60)"]
FAILS = [sys.executable, "-c", "raise SystemExit(1)"]


def helper(awake: Awake) -> Callable[[], int | None]:
    process = awake._helper
    assert process
    return process.poll


async def test_the_helper_lives_as_long_as_it_is_wished() -> None:
    awake = Awake(lambda: WAITS)
    awake.release()
    awake.keep()
    poll = helper(awake)
    awake.keep()
    assert poll() is None
    awake.release()
    assert poll() is not None
    awake.keep()
    awake.release()


async def test_a_helper_that_does_not_end_is_ended() -> None:
    awake = Awake(lambda: STAYS)
    awake.keep()
    poll = helper(awake)
    awake.release()
    assert poll() is not None


async def test_a_refusal_is_found_out_sooner_or_later(until: Until) -> None:
    awake = Awake(lambda: FAILS)
    awake.keep()
    poll = helper(awake)
    await until(lambda: poll() is not None)
    with pytest.raises(AwakeRefused):
        awake.keep()
    awake.release()
    for nothing in (lambda: None, lambda: ["/no/such/program"]):
        awake = Awake(nothing)
        with pytest.raises(AwakeRefused):
            awake.keep()
        awake.release()


async def test_the_setting_keeps_it_awake_while_it_is_on(services: Services, settings: Settings, until: Until) -> None:
    awake = Awake(lambda: WAITS)
    server = EmbeddedServer(services, Plan(port=0))
    server._neighbours = Neighbours(services, awake=awake)
    await server.start()
    assert awake._helper is None
    settings.update(server_keep_awake=True)
    await until(lambda: awake._helper is not None)
    poll = helper(awake)
    await server.stop()
    assert poll() is not None


def test_each_system_has_its_command() -> None:
    assert awake_command("darwin") == ["caffeinate", "-i", "-w", str(os.getpid())]
    linux = awake_command("linux", lambda name: f"/usr/bin/{name}")
    assert linux
    assert (linux[0], linux[-1]) == ("systemd-inhibit", "cat")
    assert awake_command("linux", lambda name: None) is None


async def test_a_refusal_is_a_warning(services: Services, settings: Settings, until: Until) -> None:
    settings.update(server_keep_awake=True)
    server = EmbeddedServer(services, Plan(port=0))
    server._neighbours = Neighbours(services, awake=Awake(lambda: FAILS))
    await server.start()
    await until(lambda: [type(warning) for warning in server.warnings] == [AwakeRefused])
    assert server.state == "on"
    await server.stop()

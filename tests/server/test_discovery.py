"""Announcing by mDNS, spoken and heard on the loopback interface."""

import gc
from collections.abc import AsyncIterator

import pytest
from zeroconf.asyncio import AsyncZeroconf

from parley import __version__
from parley.errors import AnnounceFailed
from parley.server import EmbeddedServer, Plan
from parley.server.discovery import SERVICE, Announced, Announcement
from parley.server.neighbours import Neighbours
from parley.services import Services
from parley.settings import Settings
from tests.conftest import Until

LOOPBACK = ["127.0.0.1"]
DESK = Announced("desk", 3939, True, ("192.168.1.5", "fd00::5"))


@pytest.fixture
async def listener() -> AsyncIterator[AsyncZeroconf]:
    listener = AsyncZeroconf(interfaces=LOOPBACK)
    yield listener
    await listener.async_close()


async def test_who_looks_finds_it(listener: AsyncZeroconf) -> None:
    announcement = Announcement(LOOPBACK)
    await announcement.begin(DESK)
    try:
        found = await listener.async_get_service_info(SERVICE, f"Parley on desk.{SERVICE}", 5000)
        assert found
        assert (found.port, found.server) == (3939, "desk.local.")
        assert found.parsed_addresses() == ["192.168.1.5", "fd00::5"]
        assert found.decoded_properties == {"version": __version__, "tls": "1", "path": "/"}
        await announcement.begin(DESK)  # nothing new
        await announcement.begin(Announced("desk", 4000, False, ("127.0.0.1",)))
    finally:
        await announcement.end()
        await announcement.end()
    later = AsyncZeroconf(interfaces=LOOPBACK)
    assert await later.async_get_service_info(SERVICE, f"Parley on desk.{SERVICE}", 500) is None
    await later.async_close()


async def test_two_of_one_name_live_side_by_side(listener: AsyncZeroconf) -> None:
    first, second = Announcement(LOOPBACK), Announcement(LOOPBACK)
    await first.begin(DESK)
    try:
        await second.begin(Announced("desk", 3940, True, ("192.168.1.6",)))
        found = await listener.async_get_service_info(SERVICE, f"Parley on desk-2.{SERVICE}", 5000)
        assert found
        assert found.port == 3940
    finally:
        await first.end()
        await second.end()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # zeroconf forgets a socket
async def test_what_cannot_be_announced_is_a_sentence() -> None:
    announcement = Announcement(["192.0.2.1"])
    with pytest.raises(AnnounceFailed):
        await announcement.begin(DESK)
    await announcement.end()
    gc.collect()


async def test_a_long_name_is_cut(listener: AsyncZeroconf) -> None:
    announcement = Announcement(LOOPBACK)
    await announcement.begin(Announced("x" * 63, 3939, True, ("127.0.0.1",)))
    name = f"Parley on {'x' * 50}.{SERVICE}"
    assert await listener.async_get_service_info(SERVICE, name, 5000)
    await announcement.end()


async def test_the_setting_announces_only_on_the_network(services: Services, settings: Settings) -> None:
    told: list[Announced | None] = []

    class Listening(Announcement):
        async def begin(self, announced: Announced) -> None:
            told.append(announced)

        async def end(self) -> None:
            told.append(None)

    settings.update(server_announce=True)
    neighbours = Neighbours(services, announcement=Listening())
    await neighbours.look(Plan(port=0), 4000)
    assert told == [None]
    await neighbours.look(Plan(port=0, lan=True), 4000)
    announced = told[-1]
    assert announced
    assert (announced.port, announced.encrypted) == (4000, True)
    settings.update(server_announce=False)
    await neighbours.look(Plan(port=0, lan=True), 4000)
    await neighbours.end()
    assert told[-2:] == [None, None]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # zeroconf forgets a socket
async def test_a_server_that_cannot_be_announced_is_on_all_the_same(
    services: Services, settings: Settings, until: Until
) -> None:
    settings.update(server_announce=True)
    server = EmbeddedServer(services, Plan(port=0, lan=True))
    server._neighbours = Neighbours(services, announcement=Announcement(["192.0.2.1"]))
    await server.start()
    try:
        await until(lambda: [type(warning) for warning in server.warnings] == [AnnounceFailed])
        assert server.state == "on"
        settings.update(server_announce=False)
        await until(lambda: not server.warnings)
    finally:
        await server.stop()
        gc.collect()

"""Sliding windows, and who counts as one."""

import pytest

from parley.errors import TooManyRequests
from parley.server.limits import MOST_KEYS, Limits, place_of, plain
from parley.settings import Settings
from tests.server.conftest import Site


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def seconds_to_wait(limits: Limits, key: str, most: int) -> int:
    with pytest.raises(TooManyRequests) as refused:
        limits.take(key, most)
    return int(refused.value.fields["seconds"])


def test_a_window_slides() -> None:
    clock = Clock()
    limits = Limits(clock)
    assert limits.take("ann", 2) == 1
    clock.now += 30.5
    assert limits.take("ann", 2) == 0
    assert (limits.left("ann", 2), limits.left("ben", 2)) == (0, 2)
    assert seconds_to_wait(limits, "ann", 2) == 30  # rounded up: earlier would be refused again
    clock.now += 29.4
    assert seconds_to_wait(limits, "ann", 2) == 1
    clock.now += 0.1
    assert limits.take("ann", 2) == 0
    assert seconds_to_wait(limits, "ann", 2) == 31


def test_who_waits_as_long_as_told_is_let_in() -> None:
    clock = Clock()
    limits = Limits(clock)
    for _ in range(500):
        limits.take("ann", 500)
        clock.now += 0.07
    for _ in range(50):
        clock.now += seconds_to_wait(limits, "ann", 500) if limits.left("ann", 500) == 0 else 0
        limits.take("ann", 500)


def test_what_is_refused_does_not_count() -> None:
    clock = Clock()
    limits = Limits(clock)
    limits.take("ann", 1)
    for _ in range(100):
        clock.now += 0.5
        seconds_to_wait(limits, "ann", 1)
    clock.now += 10
    limits.take("ann", 1)


def test_a_limit_that_is_lowered_or_none() -> None:
    clock = Clock()
    limits = Limits(clock)
    for _ in range(10):
        limits.take("ann", 10)
        clock.now += 1
    assert seconds_to_wait(limits, "ann", 3) == 57  # until only two of the ten are left
    assert seconds_to_wait(limits, "ann", 0) == 60
    assert limits.left("ann", 3) == 0


def test_keys_are_bounded() -> None:
    limits = Limits(Clock())
    limits.take("first", 1)
    for number in range(MOST_KEYS + 10):
        limits.take(number, 1)
    assert len(limits._taken) == MOST_KEYS
    assert limits.left("first", 1) == 1


def test_places() -> None:
    assert place_of("192.168.1.5") == "192.168.1.5"
    assert place_of("2001:db8:1:2:3:4:5:6") == place_of("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    assert place_of("2001:db8:1:3::1") != place_of("2001:db8:1:2::1")
    assert place_of("fe80::1%eth0") == "fe80::/64"
    assert place_of("testclient") == "testclient"
    assert plain("::ffff:192.168.1.5") == "192.168.1.5"
    assert plain("::1") == "::1"


async def test_over_the_limit(site: Site, settings: Settings) -> None:
    settings.update(server_requests=3)
    ann = await site.person()
    statuses = [(await site.owner.client.get("/health")).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    answer = await site.owner.client.get("/no/such/route")
    assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMITED")
    assert 50 < int(answer.headers["retry-after"]) <= 60
    assert (await ann.client.get("/health")).status_code == 200


async def test_strangers_push_nobody_out(site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has reached the limit cannot have it forgotten by asking without a token from many places."""
    settings.update(server_requests=1)
    monkeypatch.setattr("parley.server.limits.MOST_KEYS", 1)
    assert (await site.owner.client.get("/health")).status_code == 200
    for _ in range(5):
        assert (await site.anyone.get("/health")).status_code == 401
    assert (await site.owner.client.get("/health")).status_code == 429

"""Pairing: a code that is shown gives one device a token."""

import asyncio

import httpx
import pytest

from parley.errors import AccountUnknown, PairingRefused, ServerOff
from parley.server.pairing import OFFER_SECONDS, Pairing, device_name
from tests.server.conftest import Site, client

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/19.0 Mobile/15E148 Safari/604.1"
)


async def pair(site: Site, code: str, **more: str) -> httpx.Response:
    return await site.anyone.post("/pair", json={"code": code, **more}, headers={"User-Agent": IPHONE})


async def test_a_code_gives_an_ordinary_token_once(site: Site) -> None:
    ann = await site.person()
    offer = site.server.offer(ann.account.id)
    assert offer.url == f"{site.url}/#pair={offer.code}"
    assert len(offer.code) >= 22  # 128 bits
    answer = await pair(site, offer.code)
    assert answer.status_code == 200
    paired = answer.json()
    assert (paired["name"], paired["account"]) == ("iPhone, Safari", "ann")
    device = client(site.url, paired["token"])
    assert (await device.get("/health")).status_code == 200
    await device.aclose()
    (token,) = [each for each in site.services.store.tokens.all() if each.name == "iPhone, Safari"]
    assert (token.account_id, token.admin) == (ann.account.id, False)
    again = await pair(site, offer.code)
    assert (again.status_code, again.json()["code"]) == (401, "UNAUTHORIZED")


async def test_the_owner_gets_an_ordinary_token_too(site: Site) -> None:
    answer = await pair(site, site.server.offer("owner").code, name="  Küche\n\u202eTablet ")
    number = int(answer.json()["token"].partition("|")[0])
    found = site.services.store.tokens.find(number)
    assert found
    assert (found[0].token.name, found[0].token.admin) == ("Küche Tablet", False)


async def test_wrong_used_and_late_codes_are_answered_alike(site: Site) -> None:
    used = site.server.offer("owner").code
    await pair(site, used)
    replaced = site.server.offer("owner").code
    site.server.offer("owner")
    answers = [await pair(site, code) for code in (used, replaced, "Grüße")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


async def test_five_tries_a_minute(site: Site) -> None:
    for _ in range(5):
        assert (await pair(site, "wrong")).status_code == 401
    answer = await pair(site, site.server.offer("owner").code)
    assert (answer.status_code, answer.json()["code"]) == (429, "RATE_LIMITED")
    assert int(answer.headers["retry-after"]) > 0


async def test_many_at_once_get_one_token(site: Site) -> None:
    code = site.server.offer("owner").code
    answers = await asyncio.gather(*(pair(site, code) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]


async def test_an_account_that_is_gone_is_not_paired(site: Site) -> None:
    ann = await site.person()
    code = site.server.offer(ann.account.id).code
    await site.services.store.accounts.remove(ann.account.id)
    assert (await pair(site, code)).status_code == 401


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": 5}, {"code": "x" * 201}, {"code": "x", "name": 1}, []])
async def test_bodies_that_are_none(site: Site, body: object) -> None:
    answer = await site.anyone.post("/pair", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")


async def test_pages_of_other_places_cannot_pair(site: Site) -> None:
    code = site.server.offer("owner").code
    answer = await site.anyone.post("/pair", json={"code": code}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    answer = await site.anyone.post("/pair", json={"code": code}, headers={"Origin": site.url})
    assert answer.status_code == 200


async def test_what_cannot_be_offered(site: Site) -> None:
    with pytest.raises(AccountUnknown):
        site.server.offer("999")
    await site.server.stop()
    with pytest.raises(ServerOff):
        site.server.offer("owner")


def test_a_code_holds_for_five_minutes() -> None:
    now = 0.0
    pairing = Pairing(lambda: now)
    first, second = pairing.offer("owner"), pairing.offer("2")
    now = OFFER_SECONDS - 1
    assert pairing.redeem(f" {first} ") == "owner"
    now = OFFER_SECONDS
    with pytest.raises(PairingRefused):
        pairing.redeem(second)


@pytest.mark.parametrize(
    ("program", "name"),
    [
        (IPHONE, "iPhone, Safari"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36", "Android, Chrome"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Windows, Edge"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Mac, Firefox"),
        ("curl/8.9.1", "a device"),
        ("", "a device"),
    ],
)
def test_devices_are_called_by_what_they_say(program: str, name: str) -> None:
    assert device_name(program) == name

"""What every request passes: host, origin, credential, limits and body."""

import httpx
import pytest

from parley.settings import Settings
from tests.server.conftest import Serve, Site


async def test_only_live_answers_without_a_token(site: Site) -> None:
    assert (await site.anyone.get("/live")).status_code == 204
    for path in ("/health", "/openapi.json", "/no/such/path"):
        answer = await site.anyone.get(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")
        assert answer.headers["www-authenticate"] == "Bearer"
    answers = [await site.owner.client.get(path) for path in ("/health", "/no/such/path")]
    assert answers[0].json()["status"] == "ok"
    numbers = {answer.headers["x-request-id"] for answer in answers}
    assert len(numbers) == 2


@pytest.mark.parametrize("name", ["Authorization", "X-API-Key", "x-api-key"])
async def test_a_token_in_either_header(site: Site, name: str) -> None:
    value = f"Bearer {site.owner.token}" if name == "Authorization" else site.owner.token
    assert (await site.anyone.get("/health", headers={name: value})).status_code == 200
    assert (await site.anyone.get("/health", headers={name: value[:-1]})).status_code == 401


async def test_two_credentials_are_both_good_and_of_one_account(site: Site) -> None:
    ann = await site.person()
    for token, status in ((site.owner.token, 200), (ann.token, 401), ("wrong", 401), ("", 401)):
        answer = await site.owner.client.get("/health", headers={"x-api-key": token})
        assert answer.status_code == status


async def test_a_name_that_is_not_ours(site: Site) -> None:
    answer = await site.owner.client.get("/health", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


async def test_pages_of_other_places(site: Site, settings: Settings) -> None:
    for origin in ("https://evil.example", "null"):
        answer = await site.owner.client.get("/health", headers={"Origin": origin})
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["vary"] == "Origin"
    settings.update(server_origins="https://good.example")
    answer = await site.owner.client.get("/nothing", headers={"Origin": "https://good.example"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (404, "https://good.example")


async def test_a_body_that_is_no_json(site: Site) -> None:
    answer = await site.owner.client.post("/chat", content=b"hello", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")


async def test_no_key_where_none_is_asked_for(serve: Serve) -> None:
    from parley.server import Plan

    site = await serve(Plan(port=0, auth=False))
    assert (await site.anyone.get("/health")).status_code == 200


async def test_a_revoked_token_ends_what_is_open(site: Site) -> None:
    await site.services.store.tokens.revoke(int(site.owner.token.partition("|")[0]))
    assert (await site.owner.client.get("/health")).status_code == 401


async def test_stopping(site: Site) -> None:
    await site.server.stop()
    with pytest.raises(httpx.ConnectError):
        await site.anyone.get("/live")

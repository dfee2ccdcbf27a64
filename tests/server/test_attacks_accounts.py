"""Accounts that try for more than is theirs, and what is left of them once they are switched off."""

import httpx

from parley.server import Plan
from parley.server.addresses import host_name
from parley.server.application import make_application
from parley.server.backend import Backend
from parley.server.connections import Connections
from parley.server.dialects import BUILT_IN
from parley.services import Services
from tests.server.conftest import Serve, Site
from tests.server.raw import asked

LONG = "guide/" + "m" * 100_000


async def test_names_without_end(site: Site) -> None:
    """They would be kept, and come back with every list."""
    ask = site.owner.client
    begun = (await ask.post("/conversations", json={"title": "Hi", "provider": "guide", "model": "manual"})).json()
    for method, path, body in (
        ("POST", "/chat", {"message": "Hi", "model": LONG}),
        ("POST", "/conversations", {"title": "Hi", "provider": "guide", "model": LONG}),
        ("PATCH", f"/conversations/{begun['id']}", {"provider": "guide", "model": LONG}),
        ("POST", "/api/chat", {"text": "Hi", "model": LONG}),
        ("POST", "/api/chat/folders", {"name": "x" * 100_000}),
        ("PUT", "/api/v1/preferences", {"model": LONG}),
    ):
        answer = await ask.request(method, path, json=body)
        assert answer.status_code in (400, 404, 422), path
        assert len(answer.content) < 2000


async def test_names_of_the_network_where_no_token_is_needed(serve: Serve) -> None:
    """Whoever answers for this computer's name in the network could have a page of theirs taken for ours."""
    site = await serve(Plan(port=0, auth=False))
    port = httpx.URL(site.url).port
    for name in (host_name(), f"{host_name()}.local", "desk.example.org"):
        answer = await asked(site, "GET /health HTTP/1.1", host=f"{name}:{port}", token="")
        assert answer.status == (200 if name == "localhost" else 403), name
    site.services.settings.update(server_names="desk.example.org")
    for name in ("desk.example.org", "localhost", "127.0.0.1"):
        answer = await asked(site, "GET /health HTTP/1.1", host=f"{name}:{port}", token="")
        assert answer.status == 200, name


async def test_what_pages_load_where_no_token_is_needed(serve: Serve) -> None:
    """Pictures, scripts and links come without an origin. They are asked for in the name of the person at the desk."""
    site = await serve(Plan(port=0, auth=False))
    site.services.settings.update(server_origins="https://chat.example.org")
    other, listed = {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://chat.example.org"}
    for path in ("/conversations", "/search?q=all", "/v1/models", "/api/v1/chatlogs"):
        assert (await site.anyone.get(path, headers=other)).status_code == 403, path
        assert (await site.anyone.get(path, headers=other | listed)).status_code == 200, path
        for own in ("same-origin", "none"):
            assert (await site.anyone.get(path, headers={"Sec-Fetch-Site": own})).status_code == 200, path
    for path in ("/", "/live"):
        assert (await site.anyone.get(path, headers=other)).is_success, path
    unknown = await site.anyone.get("/api/interactions/files/unknown?until=1&signature=x", headers=other)
    assert unknown.status_code == 404


async def test_many_addresses_of_one_guesser(services: Services) -> None:
    """A computer in an IPv6 network takes as many addresses as it likes: each try would come from another one."""
    backend = Backend(services, Plan(), Connections(), lambda: frozenset({"localhost"}))
    app = make_application(backend, BUILT_IN)
    await services.credentials.add("ann@example.org", "right password")

    async def statuses(path: str, body: dict[str, str], times: int) -> list[int]:
        found = []
        for number in range(times):
            transport = httpx.ASGITransport(app, client=(f"2001:db8::{number + 1:x}", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                found.append((await client.post(path, json=body)).status_code)
        return found

    assert await statuses("/pair", {"code": "wrong"}, 6) == [401] * 5 + [429]
    login = {"email": "ann@example.org", "password": "wrong", "device_name": "x"}
    assert await statuses("/api/v1/auth/login", login, 11) == [401] * 10 + [429]


async def test_nothing_of_anybody_is_kept_by_caches(site: Site) -> None:
    """A cache keeps what was asked with `x-api-key`, of which it knows nothing, and the disk of a browser does."""
    ask = site.owner.client
    for path in ("/conversations", "/api/v1/auth/me", "/v1/models", "/api/chat/conversations", "/unknown"):
        assert (await ask.get(path)).headers["cache-control"] == "no-store", path
    issued = await ask.post("/api/v1/auth/token", json={"name": "x"})
    assert issued.headers["cache-control"] == "no-store"
    assert (await site.anyone.get("/health")).headers["cache-control"] == "no-store"
    assert (await site.anyone.get("/")).headers["cache-control"] == "no-cache"

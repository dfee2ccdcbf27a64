"""A real server on a real socket, with the real engine and a scripted provider behind it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from parley.engine import ChatEngine
from parley.keys import Keys
from parley.paths import Paths
from parley.people import Account, AccountRole
from parley.providers.catalog import Catalog
from parley.server import EmbeddedServer, Plan
from parley.services import Services
from parley.settings import Settings
from parley.store import Store
from tests.providers.sockets import Exchange, FakeServer


@dataclass
class Person:
    """An account with a token, and a client that asks with it."""

    account: Account
    token: str
    client: httpx.AsyncClient

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@dataclass
class Site:
    """The server, what is behind it, and who asks. `anyone` sends no token."""

    server: EmbeddedServer
    services: Services
    owner: Person
    anyone: httpx.AsyncClient
    people: list[Person]

    @property
    def url(self) -> str:
        assert self.server.address
        return self.server.address

    async def person(self, email: str = "ann@example.org", role: AccountRole = "user") -> Person:
        """Add an account with a token."""
        account = await self.services.store.accounts.add(email, email.partition("@")[0], role, (), "")
        person = await self._with_token(account)
        self.people.append(person)
        return person

    async def admin(self) -> Person:
        """Return the owner with an admin's token."""
        person = await self._with_token(self.owner.account, admin=True)
        self.people.append(person)
        return person

    async def _with_token(self, account: Account, *, admin: bool = False) -> Person:
        _, token = await self.services.credentials.issue(account, "tests", admin=admin)
        return Person(account, token, client(self.url, token))


def client(url: str, token: str = "") -> httpx.AsyncClient:
    """Return a client that asks with a token."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=30)


@pytest.fixture
async def services(
    paths: Paths, settings: Settings, store: Store, catalog: Catalog, engine: ChatEngine
) -> AsyncIterator[Services]:
    settings.update(server_llm_calls=100_000, server_requests=1_000_000)

    def no_server(services: Services) -> Any:
        raise AssertionError("tests start their own")

    services = Services(paths, settings, Keys(paths.keys, environ={}), store, lambda *_: catalog, no_server)
    vars(services)["engine"] = engine
    yield services
    services.credentials.close()


Serve = Callable[..., Awaitable[Site]]


@pytest.fixture
async def serve(services: Services) -> AsyncIterator[Serve]:
    """Start servers; they end with the test."""
    sites: list[Site] = []

    async def serve(plan: Plan | None = None) -> Site:
        server = EmbeddedServer(services, plan or Plan(port=0))
        await server.start()
        assert server.address
        account = services.store.accounts.get("owner")
        _, token = await services.credentials.issue(account, "tests")
        owner = Person(account, token, client(server.address, token))
        site = Site(server, services, owner, client(server.address), [owner])
        sites.append(site)
        return site

    yield serve
    for site in sites:
        for person in site.people:
            await person.client.aclose()
        await site.anyone.aclose()
        await site.server.stop()


def socket_of(site: Site, token: str = "") -> str:
    """Return the address of the WebSocket, with a token in it if one is given."""
    return f"{site.url.replace('http', 'ws', 1)}/ws" + (f"?token={quote(token)}" if token else "")


@pytest.fixture
async def elsewhere() -> AsyncIterator[str]:
    """Return the address of a page of another place, for browsers: only theirs knows the name."""

    async def page(exchange: Exchange) -> None:
        await exchange.respond("<!doctype html><title>Elsewhere</title>", content_type="text/html")

    async with FakeServer(page) as server:
        yield f"http://elsewhere.example:{server.port}"


@pytest.fixture
async def site(serve: Serve) -> Site:
    """Return the server as it usually is: on this computer, with keys."""
    return await serve()

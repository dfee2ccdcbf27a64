"""What ends with a token: everything that was opened with it, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from parley.people import Account
from tests.conftest import ScriptedProvider
from tests.server.conftest import Site, client

SECONDS = 10


@dataclass
class Way:
    """One way in which somebody with two tokens, `first` and `second`, follows an answer, or their conversations."""

    path: str = "/conversations/{id}/events"
    headers: tuple[tuple[str, str], ...] = (("Authorization", "Bearer {second}"),)
    first_message: str = '{"type":"subscribe"}'

    def filled(self, id: str, tokens: dict[str, str]) -> "Way":
        headers = tuple((name, value.format(**tokens)) for name, value in self.headers)
        return Way(self.path.format(id=id, **tokens), headers, self.first_message.replace("{second}", tokens["second"]))

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator["asyncio.Task[str]"]:
        """Open it, and give the task that reads it until it ends; it returns the last that was said."""
        if self.path.startswith("/ws"):
            address = url.replace("http", "ws", 1) + self.path
            async with connect(address, additional_headers=list(self.headers)) as socket:
                await socket.send(self.first_message)
                began = asyncio.Event()
                last = asyncio.create_task(_heard(socket, began))
                await asyncio.wait_for(began.wait(), SECONDS)
                yield last
                last.cancel()
            return
        async with (
            httpx.AsyncClient(base_url=url, headers=list(self.headers), timeout=30) as asking,
            asking.stream("GET", self.path) as stream,
        ):
            assert stream.status_code == 200
            lines = stream.aiter_lines()
            await anext(lines)
            last = asyncio.create_task(_read(lines))
            yield last
            last.cancel()


async def _heard(socket: ClientConnection, began: asyncio.Event) -> str:
    said = ""
    try:
        async for message in socket:
            said = str(message)
            began.set()
    except ConnectionClosed:
        pass
    return said


async def _read(lines: AsyncIterator[str]) -> str:
    said = ""
    async for line in lines:
        said = line or said
    return said


BOTH = (("Authorization", "Bearer {first}"), ("x-api-key", "{second}"))
WAYS = {
    "a header": Way(),
    "the other header": Way(headers=(("x-api-key", "{second}"),)),
    "Qinaya": Way("/api/v1/conversations/{id}/stream"),
    "both headers": Way(headers=BOTH),
    "both headers, the other way": Way(headers=(("Authorization", "Bearer {second}"), ("x-api-key", "{first}"))),
    "a socket": Way("/ws"),
    "a socket by its address": Way("/ws?token={second}", ()),
    "a socket by its first message": Way("/ws", (), '{"type":"subscribe","token":"{second}"}'),
    "a socket with both headers": Way("/ws", BOTH),
    "a socket with a header and an address": Way("/ws?token={second}", (("Authorization", "Bearer {first}"),)),
}


async def _two_tokens(site: Site) -> tuple[Account, dict[str, str]]:
    account = (await site.person()).account
    issue = site.services.credentials.issue
    return account, {name: (await issue(account, name))[1] for name in ("first", "second")}


@asynccontextmanager
async def _answered(site: Site, token: str) -> AsyncIterator[tuple[AsyncIterator[str], str]]:
    """Ask; give the lines of the answer behind the first, and the conversation's id."""
    async with (
        client(site.url, token) as asking,
        asking.stream("POST", "/chat/stream", json={"message": "Hi"}) as answer,
    ):
        lines = answer.aiter_lines()
        await anext(lines)
        yield lines, answer.headers["x-conversation-id"]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_a_token_takes_with_it_what_was_opened_with_it(site: Site, provider: ScriptedProvider, way: Way) -> None:
    _, tokens = await _two_tokens(site)
    go_on = asyncio.Event()
    provider.says("Hello", go_on, " there")
    mine = Way(headers=(("Authorization", "Bearer {first}"),))
    async with (
        _answered(site, tokens["first"]) as (lines, id),
        way.filled(id, tokens).open(site.url) as ending,
        mine.filled(id, tokens).open(site.url) as other,
    ):
        await site.services.store.tokens.revoke(int(tokens["second"].partition("|")[0]))
        said = await asyncio.wait_for(ending, SECONDS)
        assert "UNAUTHORIZED" in said or "UNAUTHENTICATED" in said
        assert not other.done()
        go_on.set()
        assert '"done"' in await asyncio.wait_for(_read(lines), SECONDS)
        assert not other.done()
        await site.services.store.tokens.revoke(int(tokens["first"].partition("|")[0]))
        assert "UNAUTHORIZED" in await asyncio.wait_for(other, SECONDS)


async def test_an_account_takes_everything_with_it(site: Site, provider: ScriptedProvider) -> None:
    account, tokens = await _two_tokens(site)
    provider.says("Hello", asyncio.Event())
    async with _answered(site, tokens["first"]) as (lines, id):
        owners = Way("/ws", (("Authorization", f"Bearer {site.owner.token}"),))
        ways = [way.filled(id, tokens) for way in WAYS.values()]
        async with owners.open(site.url) as other:
            opened = [way.open(site.url) for way in ways]
            endings = [await each.__aenter__() for each in opened]
            await site.services.store.accounts.remove(account.id)
            for said in await asyncio.wait_for(asyncio.gather(*endings, _read(lines)), SECONDS):
                assert "UNAUTHORIZED" in said or "UNAUTHENTICATED" in said
            for each in opened:
                await each.__aexit__(None, None, None)
            assert not other.done()

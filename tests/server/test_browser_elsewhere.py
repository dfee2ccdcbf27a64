"""Pages of other places in a real browser: they learn nothing, and nothing is done for them, good tokens or not."""

import json
from urllib.parse import urlsplit

import pytest

from parley.server import Plan
from tests.conftest import ScriptedProvider
from tests.peers.browser import Browser
from tests.server.conftest import Serve, Site, socket_of

pytestmark = pytest.mark.full


async def test_its_sockets_are_refused(
    site: Site, browser: Browser, provider: ScriptedProvider, elsewhere: str
) -> None:
    script = 'return talk(socket, { type: "chat", message: "Hi", token })'
    for socket in (socket_of(site, site.owner.token), socket_of(site)):
        told = await browser.open(elsewhere, script, socket=socket, token=site.owner.token)
        assert (told["opened"], told["heard"], told["code"]) == (False, [], 1006)
    assert (provider.requests, site.server.clients) == ([], [])


ASKS = """
    const asks = [
        post({ message: "Hi" }, bearer(token)),
        { ...post({ message: "Hi" }, bearer(token)), credentials: "include" },
        { method: "POST", body: JSON.stringify({ message: "Hi" }) },
        { method: "POST", body: new URLSearchParams({ message: "Hi" }) },
        { method: "DELETE", headers: { "x-api-key": token } },
        { headers: bearer(token) },
        {},
    ];
    const told = [];
    for (const options of asks) told.push(await ask(root + "/chat", options), await ask(root + "/health", options));
    return told;
"""


@pytest.mark.parametrize("auth", [True, False])
async def test_what_it_asks_is_refused(
    serve: Serve, browser: Browser, provider: ScriptedProvider, elsewhere: str, auth: bool
) -> None:
    site = await serve(Plan(port=0, auth=auth))
    told = await browser.open(elsewhere, ASKS, root=site.url, token=site.owner.token)
    assert told == [{"failed": "TypeError"}] * 14
    assert (provider.requests, site.server.clients) == ([], [])


@pytest.mark.parametrize("auth", [True, False])
async def test_what_it_sends_without_reading_the_answer_does_nothing(
    serve: Serve, browser: Browser, provider: ScriptedProvider, elsewhere: str, auth: bool
) -> None:
    """Simple requests, for which browsers ask nobody: the server gets them, and has to refuse them itself."""
    site = await serve(Plan(port=0, auth=auth))
    script = """
        const body = JSON.stringify({ message: "Hi", title: "Hi" });
        const told = [];
        for (const path of ["/chat", "/chat/stream", "/conversations", "/v1/chat/completions"]) {
            const answer = await fetch(root + path, { method: "POST", mode: "no-cors", body });
            told.push(answer.type);
            navigator.sendBeacon(root + path, body);
        }
        const form = document.createElement("form"), frame = document.createElement("iframe");
        form.method = "post"; form.enctype = "text/plain"; form.target = frame.name = "frame";
        form.action = root + "/chat";
        document.body.append(form, frame);
        form.append(Object.assign(document.createElement("input"), { name: '{"message":"Hi","x":"', value: '"}' }));
        const loaded = new Promise((resolve) => { frame.onload = resolve; });
        form.submit();
        await loaded;
        for (const [kind, name] of [["img", "src"], ["script", "src"]]) {
            const each = document.createElement(kind);
            const over = new Promise((resolve) => { each.onload = each.onerror = ({ type }) => resolve(type); });
            each[name] = root + "/conversations";
            document.body.append(each);
            told.push(await over);
        }
        return told;
    """
    told = await browser.open(elsewhere, script, root=site.url)
    assert told == ["opaque"] * 4 + ["error"] * 2
    assert (provider.requests, site.server.clients) == ([], [])
    assert site.services.store.conversations.page() == []


async def test_it_cannot_frame_the_page(site: Site, browser: Browser, elsewhere: str) -> None:
    script = """
        const frame = document.body.appendChild(document.createElement("iframe"));
        const loaded = new Promise((resolve) => { frame.onload = resolve; });
        frame.src = root + "/";
        await loaded;
    """
    await browser.open(elsewhere, script, root=site.url)
    assert any("frame-ancestors" in line for line in browser.said), browser.said


async def test_a_name_that_was_pointed_at_this_computer(
    site: Site, browser: Browser, provider: ScriptedProvider
) -> None:
    """To the browser, server and page are one origin then: what is left is the name that it asks for."""
    rebound = f"http://rebound.example:{urlsplit(site.url).port}"
    script = """return [
        await ask("/chat", post({ message: "Hi" }, bearer(token))),
        await ask("/"),
        await talk(`${location.origin.replace("http", "ws")}/ws?token=${encodeURIComponent(token)}`),
    ]"""
    *answers, talked = await browser.open(rebound, script, token=site.owner.token)
    assert [(answer["status"], json.loads(answer["text"])["code"]) for answer in answers] == [(403, "FORBIDDEN")] * 2
    assert talked["opened"] is False
    assert (provider.requests, site.server.clients) == ([], [])

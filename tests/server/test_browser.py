"""A real browser asks the server: from its own page, and from pages of other places that may."""

import asyncio
import json
from typing import Any

import pytest

from parley.events import ReasoningDelta
from parley.messages import MessageStatus
from parley.server import Plan
from parley.server.dialects.mingly import socket as mingly
from parley.settings import Settings
from tests.conftest import ScriptedProvider, Until
from tests.peers.browser import Browser
from tests.server.conftest import Serve, Site, socket_of

pytestmark = pytest.mark.full

QUESTION = {"model": "scripted/one", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}


def events(text: str) -> list[Any]:
    """Return the data of server-sent events, the last of OpenAI's left out."""
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


class TestOwnPage:
    """The page at `/`, whose policy lets it ask nobody but its server."""

    async def test_a_socket_with_the_token_in_the_address(
        self, site: Site, browser: Browser, provider: ScriptedProvider
    ) -> None:
        provider.says("Sun", "ny ☀")
        told = await browser.open(
            site.url,
            'return talk(socket, { type: "chat", message: "Hi", requestId: 1 })',
            socket=socket_of(site, site.owner.token),
        )
        *pieces, done = told["heard"]
        assert (told["opened"], told["code"]) == (True, 1000)
        assert [(piece["type"], piece["content"]) for piece in pieces] == [("token", "Sun"), ("token", "ny ☀")]
        assert (done["type"], done["requestId"]) == ("done", 1)
        assert site.services.store.conversations.get(done["conversationId"]).title == "Hi"

    @pytest.mark.parametrize(
        "messages",
        ['{ type: "auth", token }, { type: "chat", message: "Hi" }', '{ type: "chat", message: "Hi", token }'],
    )
    async def test_a_socket_with_the_token_in_the_first_message(
        self, site: Site, browser: Browser, messages: str
    ) -> None:
        script = f"return talk(socket, {messages})"
        told = await browser.open(site.url, script, socket=socket_of(site), token=site.owner.token)
        kinds = [heard["type"] for heard in told["heard"] if heard["type"] != "auth_ok"]
        assert (kinds, told["code"]) == (["token", "done"], 1000)

    @pytest.mark.parametrize(
        ("token", "messages"),
        [("", '{ type: "chat", message: "Hi" }'), ("", '{ type: "auth", token: "1|wrong" }'), ("1|wrong", "")],
    )
    async def test_a_socket_without_a_good_token(
        self, site: Site, browser: Browser, provider: ScriptedProvider, token: str, messages: str
    ) -> None:
        told = await browser.open(site.url, f"return talk(socket, {messages})", socket=socket_of(site, token))
        assert [heard["code"] for heard in told["heard"]] == ["UNAUTHORIZED"]
        assert (told["code"], provider.requests) == (4001, [])

    async def test_a_socket_that_says_nothing(
        self, site: Site, browser: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(mingly, "TOKEN_SECONDS", 0.05)
        told = await browser.open(site.url, "return talk(socket)", socket=socket_of(site))
        assert ([heard["code"] for heard in told["heard"]], told["code"]) == (["UNAUTHORIZED"], 4001)

    async def test_a_whole_answer(self, site: Site, browser: Browser) -> None:
        script = 'return ask("/chat", post({ message: "Hi" }, bearer(token)))'
        told = await browser.open(site.url, script, token=site.owner.token)
        assert (told["status"], json.loads(told["text"])["response"]) == (200, "You said: Hi")
        refused = await browser.run('return ask("/chat", post({ message: "Hi" }))')
        assert (refused["status"], json.loads(refused["text"])["code"]) == (401, "UNAUTHORIZED")

    async def test_events_where_no_token_is_asked_for(
        self, serve: Serve, browser: Browser, provider: ScriptedProvider
    ) -> None:
        """Of all that browsers have, `EventSource` alone sends no headers."""
        site = await serve(Plan(port=0, auth=False))
        gate = asyncio.Event()
        provider.says("One", gate, "two")
        asked = await site.anyone.post("/conversations", json={"title": "Talk"})
        id = asked.json()["id"]
        begin = """
            window.heard = [];
            window.source = new EventSource(`/conversations/${id}/events`);
            window.hears = async (word) => {
                while (!heard.some((data) => data.includes(word))) {
                    if (source.readyState === EventSource.CLOSED) throw new Error(heard);
                    await new Promise((resolve) => setTimeout(resolve, 10));
                }
            };
            source.onmessage = ({ data }) => heard.push(data);
            await new Promise((resolve) => { source.onopen = resolve; });
            fetch("/chat", post({ message: "Hi", conversationId: id }));
            await hears("One");
        """
        await browser.open(site.url, begin, id=id)
        gate.set()
        heard = await browser.run("""await hears('"done"'); source.close(); return heard""")
        tokens = [event["content"] for event in map(json.loads, heard) if event["type"] == "token"]
        assert tokens == ["One", "two"]

    async def test_it_asks_nobody_else(self, site: Site, browser: Browser, elsewhere: str) -> None:
        script = """
            const socket = new WebSocket(elsewhere.replace("http", "ws"));
            const refused = new Promise((resolve, reject) => { socket.onerror = resolve; socket.onopen = reject; });
            return [await ask(elsewhere), (await refused).type];
        """
        assert await browser.open(site.url, script, elsewhere=elsewhere) == [{"failed": "TypeError"}, "error"]
        assert len([line for line in browser.said if "connect-src 'self'" in line]) >= 2, browser.said

    async def test_what_can_be_asked_is_shown(self, site: Site, browser: Browser) -> None:
        script = """
            const id = (name) => document.getElementById(name);
            const soon = async (condition) => {
                while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
            };
            await soon(() => !id("ask").hidden);
            id("key").value = token;
            id("read").click();
            await soon(() => id("routes").children.length);
            const routes = [...document.querySelectorAll(".route")];
            for (const each of routes) each.open = true;
            await soon(() => routes.every((each) => each.dataset.made));
            id("filter").value = "post /v1/chat/completions";
            id("filter").dispatchEvent(new Event("input"));
            const shown = routes.filter((each) => !each.hidden);
            return [routes.length, shown.map((each) => each.querySelector("code").textContent), shown[0].textContent];
        """
        count, paths, text = await browser.open(f"{site.url}/web/docs.html", script, token=site.owner.token)
        api = (await site.owner.client.get("/openapi.json")).json()
        assert count == sum(len(operations) for operations in api["paths"].values())
        assert paths == ["/v1/chat/completions", "/api/v1/chat/completions"]
        assert "stream_options" in text
        assert [line for line in browser.said if "401" not in line] == []

    async def test_the_page_pairs_the_device(self, site: Site, browser: Browser) -> None:
        """As a person does it who has scanned the code."""
        script = """
            const id = (name) => document.getElementById(name);
            id("name").value = "Tablet";
            id("pair").click();
            while (id("paired").hidden && id("problem").hidden) await new Promise((resolve) => setTimeout(resolve, 10));
            return [id("token").textContent, id("whose").textContent, id("problem").textContent, location.hash,
                    id("openai").textContent, getComputedStyle(id("unpaired")).display];
        """
        told = await browser.open(site.server.offer("owner").url, script)
        token, whose, *rest = told
        assert (whose, rest) == ("It is called “Tablet” and asks for owner.", ["", "", f"{site.url}/v1", "none"])
        assert site.services.credentials.identify(token).account.id == "owner"
        assert [line for line in browser.said if "404" not in line] == [], "nothing that its policy forbids"

    @pytest.mark.parametrize("leave", ["stream.stop.abort()", "location.reload()"])
    @pytest.mark.parametrize("path", ["/chat/stream", "/v1/chat/completions"])
    async def test_who_leaves_a_stream_stops_it(
        self, site: Site, browser: Browser, provider: ScriptedProvider, until: Until, path: str, leave: str
    ) -> None:
        provider.says("One", asyncio.Event())
        script = "window.stream = new Stream(path, post(question, bearer(token))); return stream.until('One')"
        question = QUESTION if path.startswith("/v1") else {"message": "Hi"}
        await browser.open(site.url, script, path=path, question=question, token=site.owner.token)
        assert provider.streaming
        await browser.run(leave)
        await until(lambda: not provider.streaming, 5)
        if path == "/chat/stream":
            await until(lambda: not site.services.engine.answering)
            conversation = site.services.store.conversations.page()[0]
            reply = site.services.store.messages.get(conversation.leaf_id or "")
            assert (reply.text, reply.status) == ("One", MessageStatus.STOPPED)

    async def test_encrypted(self, serve: Serve, browser: Browser) -> None:
        site = await serve(Plan(port=0, lan=True))
        own = site.url.replace("http", "https", 1)
        script = """return [await talk(socket, { type: "chat", message: "Hi" }), await ask("/health", {
            headers: bearer(token) }), isSecureContext]"""
        socket = socket_of(site, site.owner.token).replace("ws", "wss", 1)
        told, health, secure = await browser.open(own, script, socket=socket, token=site.owner.token)
        assert ([heard["type"] for heard in told["heard"]], told["code"]) == (["token", "done"], 1000)
        assert (health["status"], secure) == (200, True)


@pytest.mark.parametrize("path", ["/chat/stream", "/v1/chat/completions"])
@pytest.mark.parametrize("place", ["own", "listed"])
async def test_a_stream_comes_as_it_is_said(
    site: Site,
    browser: Browser,
    provider: ScriptedProvider,
    settings: Settings,
    elsewhere: str,
    path: str,
    place: str,
) -> None:
    settings.update(server_origins=elsewhere)
    gate = asyncio.Event()
    provider.says(ReasoningDelta("Hm."), "One ", gate, "two ☀")
    question = QUESTION if path.startswith("/v1") else {"message": "Hi"}
    script = "window.stream = new Stream(address, post(question, bearer(token))); return stream.until('One')"
    page = site.url if place == "own" else elsewhere
    text = await browser.open(page, script, address=site.url + path, question=question, token=site.owner.token)
    assert "two" not in text
    gate.set()
    came = events(await browser.run("return stream.rest()"))
    if path == "/chat/stream":
        assert [event["type"] for event in came] == ["reasoning", "token", "token", "done"]
        assert "".join(event.get("content", "") for event in came[1:]) == "One two ☀"
    else:
        deltas = [event["choices"][0]["delta"] for event in came]
        assert "".join(delta.get("content") or "" for delta in deltas) == "One two ☀"
        assert "".join(delta.get("reasoning_content") or "" for delta in deltas) == "Hm."


class TestListed:
    """A page of another place that may ask (`server_origins`)."""

    @pytest.fixture(autouse=True)
    def listed(self, settings: Settings, elsewhere: str) -> None:
        settings.update(server_origins=f"https://other.example {elsewhere}")

    async def test_a_socket(self, site: Site, browser: Browser, elsewhere: str) -> None:
        script = 'return talk(socket, { type: "chat", message: "Hi", token })'
        told = await browser.open(elsewhere, script, socket=socket_of(site), token=site.owner.token)
        assert ([heard["type"] for heard in told["heard"]], told["code"]) == (["token", "done"], 1000)

    async def test_it_asks_and_reads(self, site: Site, browser: Browser, elsewhere: str) -> None:
        made = (await site.owner.client.post("/conversations", json={"title": "Talk"})).json()["id"]
        script = """return [
            await ask(root + "/chat", post({ message: "Hi" }, { "x-api-key": token })),
            await ask(root + "/health", { headers: bearer(token) }),
            await ask(`${root}/conversations/${made}`, { ...post({ title: "New" }, bearer(token)), method: "PATCH" }),
            await ask(`${root}/conversations/${made}`, { method: "DELETE", headers: bearer(token) }),
        ]"""
        values = {"root": site.url, "token": site.owner.token, "made": made}
        answers = await browser.open(elsewhere, script, **values)
        assert [(answer["status"], answer["type"]) for answer in answers[:3]] == [(200, "cors")] * 3
        assert answers[3]["status"] in (200, 204)
        assert all(answer["number"].startswith("req_") for answer in answers)
        assert json.loads(answers[0]["text"])["response"] == "You said: Hi"
        assert json.loads(answers[2]["text"])["title"] == "New"

    async def test_it_reads_why_it_is_refused(self, site: Site, browser: Browser, elsewhere: str) -> None:
        script = """return [
            await ask(root + "/chat", post({ message: "Hi" })),
            await ask(root + "/chat", { method: "POST", body: "Hi", headers: bearer(token) }),
            await ask(root + "/chat", post({}, bearer(token))),
            await ask(root + "/v1/models/none", { headers: bearer(token) }),
            await ask(root + "/v1/chat/completions", post({ pad: "x".repeat(2 ** 24) }, bearer(token))),
        ]"""
        answers = await browser.open(elsewhere, script, root=site.url, token=site.owner.token)
        assert [answer.get("status") for answer in answers] == [401, 400, 400, 404, 413]
        assert all("error" in json.loads(answer["text"]) for answer in answers)

    async def test_it_is_not_to_send_what_the_browser_keeps(
        self, site: Site, browser: Browser, provider: ScriptedProvider, elsewhere: str
    ) -> None:
        script = 'return ask(root + "/chat", { ...post({ message: "Hi" }, bearer(token)), credentials: "include" })'
        told = await browser.open(elsewhere, script, root=site.url, token=site.owner.token)
        assert (told, provider.requests) == ({"failed": "TypeError"}, [])

    async def test_it_may_no_longer(self, site: Site, browser: Browser, elsewhere: str, settings: Settings) -> None:
        script = 'return ask(root + "/health", { headers: bearer(token) })'
        values = {"root": site.url, "token": site.owner.token}
        assert (await browser.open(elsewhere, script, **values))["status"] == 200
        settings.update(server_origins="")
        assert await browser.run(script, **values) == {"failed": "TypeError"}
